// Accepts calls and reads them by id, as it is plainly done: one statement and one commit a request, two worker processes.
"use strict";

const cluster = require("node:cluster");
const { randomUUID, timingSafeEqual } = require("node:crypto");
const http = require("node:http");
const Database = require("better-sqlite3");

// Two processes write one file: each waits for its turn.
const db = new Database(process.env.DATABASE_PATH, { timeout: 30_000 });
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");

if (cluster.isPrimary) {
  db.exec(`CREATE TABLE IF NOT EXISTS calls (
    id TEXT NOT NULL PRIMARY KEY, phone TEXT NOT NULL, agent TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS calls_by_phone ON calls (phone)`);
  db.close();
  for (let worker = 0; worker < 2; worker += 1) cluster.fork();
} else {
  const insert = db.prepare("INSERT INTO calls (id, phone, agent, status, created_at) VALUES (?, ?, ?, ?, ?)");
  const find = db.prepare("SELECT id AS call_id, phone, agent, status, created_at FROM calls WHERE id = ?");
  const key = Buffer.from(`Bearer ${process.env.API_KEY}`);
  const agents = new Set(["akylai", "altai"]);

  const known = (request) => {
    const told = Buffer.from(request.headers.authorization ?? "");
    return told.length === key.length && timingSafeEqual(told, key);
  };
  const answer = (response, status, body) => {
    const text = JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  };
  const create = (text, response) => {
    let wish;
    try {
      wish = JSON.parse(text);
    } catch {
      return answer(response, 400, { error: "the body is not JSON" });
    }
    if (!/^\+[1-9][0-9]{6,14}$/.test(wish.phone ?? "") || !agents.has(wish.agent)) {
      return answer(response, 422, { error: "phone or agent" });
    }
    const call = { call_id: randomUUID(), phone: wish.phone, agent: wish.agent, status: "queued", created_at: new Date().toISOString() };
    // Commits by itself.
    insert.run(call.call_id, call.phone, call.agent, call.status, call.created_at);
    return answer(response, 201, call);
  };

  const server = http.createServer((request, response) => {
    if (request.url === "/readyz") return answer(response, 200, { status: "ready" });
    if (!known(request)) return answer(response, 401, { error: "the key is not known" });
    if (request.method === "POST" && request.url === "/v1/calls") {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => create(Buffer.concat(parts).toString(), response));
      return undefined;
    }
    const id = /^\/v1\/calls\/([0-9a-f-]{36})$/.exec(request.url);
    const call = id && find.get(id[1]);
    return call ? answer(response, 200, call) : answer(response, 404, { error: "there is no such call" });
  });
  server.listen(Number(process.env.LISTEN_PORT), process.env.LISTEN_HOST);
}
