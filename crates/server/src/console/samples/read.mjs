const response = await fetch("http://127.0.0.1:8010/v1/calls/YOUR_CALL_ID?wait=30", {
  headers: { "Authorization": `Bearer ${process.env.CALLGATE_KEY}` },
});
if (!response.ok) throw new Error(await response.text());

const { status, transcript, duration } = await response.json();
console.log(status, transcript, duration);
