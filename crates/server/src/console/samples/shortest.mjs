async function ask(path, options = {}) {
  const headers = { "Authorization": `Bearer ${process.env.CALLGATE_KEY}`, ...options.headers };
  const response = await fetch("http://127.0.0.1:8010" + path, { ...options, headers });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

const { call_id } = await ask("/v1/calls", {
  method: "POST",
  headers: { "Content-Type": "application/json", "Idempotency-Key": "order-1042" },
  body: JSON.stringify({ phone: "+996700000000", agent: "akylai" }),
});

let call;
do {
  call = await ask(`/v1/calls/${call_id}?wait=30`);
} while (!call.terminal);
console.log(call.status, call.duration);
console.log(call.transcript);
