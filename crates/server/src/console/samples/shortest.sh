created=$(curl -fsS -X POST http://127.0.0.1:8010/v1/calls \
  -H "Authorization: Bearer $CALLGATE_KEY" \
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: order-1042" \
  -d '{ "phone": "+996700000000", "agent": "akylai" }')
call_id=$(printf '%s' "$created" | grep -oE '[0-9a-f-]{36}')

while call=$(curl -fsS "http://127.0.0.1:8010/v1/calls/$call_id?wait=30" \
  -H "Authorization: Bearer $CALLGATE_KEY")
do
  case $call in *'"terminal":true'*) break ;; esac
done
printf '%s\n' "$call"
