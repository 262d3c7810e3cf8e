const response = await fetch("http://127.0.0.1:8010/v1/webhook-endpoints", {
  method: "POST",
  headers: {
    "Authorization": `Bearer ${process.env.CALLGATE_KEY}`,
    "Content-Type": "application/json",
  },
  body: JSON.stringify({ url: "https://example.com/hooks/calls" }),
});
if (!response.ok) throw new Error(await response.text());

const { id, secret } = await response.json();
console.log(id, secret); // the secret is shown once
