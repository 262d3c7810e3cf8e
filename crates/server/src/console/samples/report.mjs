const response = await fetch("http://127.0.0.1:8010/v1/webhooks/call-completed", {
  method: "POST",
  headers: {
    "Authorization": `Bearer ${process.env.CALLGATE_KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    event_type: "call.completed",
    provider_call_id: "internal-provider-reference",
    status: "completed",
    transcript: "agent: Hello\nuser: Hi",
    duration: 120,
  }),
});
if (!response.ok) throw new Error(await response.text());

const { status } = await response.json();
console.log(status);
