curl "http://127.0.0.1:8010/v1/calls/YOUR_CALL_ID?wait=30" \
  -H "Authorization: Bearer $CALLGATE_KEY"
