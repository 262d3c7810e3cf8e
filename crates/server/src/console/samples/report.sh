curl -X POST http://127.0.0.1:8010/v1/webhooks/call-completed \
  -H "Authorization: Bearer $CALLGATE_KEY" \
  -H "Content-Type: application/json" \
  -d '{ "event_type": "call.completed",
        "provider_call_id": "internal-provider-reference",
        "status": "completed",
        "transcript": "agent: Hello\nuser: Hi",
        "duration": 120 }'
