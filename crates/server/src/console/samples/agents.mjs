const response = await fetch("http://127.0.0.1:8010/v1/agents", {
  headers: { "Authorization": `Bearer ${process.env.CALLGATE_KEY}` },
});
if (!response.ok) throw new Error(await response.text());

const { data } = await response.json();
for (const agent of data) console.log(agent.key, agent.name);
