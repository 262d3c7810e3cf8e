const response = await fetch("http://127.0.0.1:8010/v1/calls", {
  method: "POST",
  headers: {
    "Authorization": `Bearer ${process.env.CALLGATE_KEY}`,
    "Content-Type": "application/json",
    "Idempotency-Key": "order-1042",
  },
  body: JSON.stringify({ phone: "+996700000000", agent: "akylai" }),
});
if (!response.ok) throw new Error(await response.text());

const { call_id } = await response.json();
console.log(call_id);
