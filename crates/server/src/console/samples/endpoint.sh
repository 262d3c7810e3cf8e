curl -X POST http://127.0.0.1:8010/v1/webhook-endpoints \
  -H "Authorization: Bearer $CALLGATE_KEY" \
  -H "Content-Type: application/json" \
  -d '{ "url": "https://example.com/hooks/calls" }'
