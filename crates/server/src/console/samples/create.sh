curl -X POST http://127.0.0.1:8010/v1/calls \
  -H "Authorization: Bearer $CALLGATE_KEY" \
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: order-1042" \
  -d '{ "phone": "+996700000000", "agent": "akylai" }'
