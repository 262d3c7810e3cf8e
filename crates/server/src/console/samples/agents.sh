curl http://127.0.0.1:8010/v1/agents \
  -H "Authorization: Bearer $CALLGATE_KEY"
