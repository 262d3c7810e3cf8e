// A real gateway with a folder of its own, and a receiver of webhooks that can be told to fail.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEY = 'cg_a_key_that_is_long_enough_for_every_browser';
const STARTS_WITHIN = 20_000;

/// Resolves once `what()` gives something true, looked at again and again for so long.
export async function until(what, within = 15_000, why = String(what)) {
  const end = Date.now() + within;
  for (;;) {
    const seen = await what();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${why}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/// A receiver: `fails` makes it answer 500.
export async function receiver() {
  const heard = [];
  const held = { fails: false, heard, close: () => server.close() };
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      heard.push(JSON.parse(body));
      answer.writeHead(held.fails ? 500 : 200).end(held.fails ? 'out of order' : '');
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  held.url = `http://127.0.0.1:${server.address().port}/calls`;
  return held;
}

/// Starts `program` and waits until it is ready.
export async function gateway(program) {
  const folder = mkdtempSync(join(tmpdir(), 'callgate-browser-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'callgate.toml');
  writeFileSync(
    file,
    `[webhooks]\nallow_private = ["127.0.0.0/8"]\n` +
      `[agents.akylai]\nname = "Akylai"\ndescription = "Speaks of visits & bills"\nconnection = "simulator"\n` +
      `[agents.altai]\nname = "<b>Altai</b>"\ndescription = "Алтай сүйлөйт"\nconnection = "simulator"\n`,
  );
  const env = { ...process.env, CALLGATE_KEY: KEY, CALLGATE_DATA_DIR: join(folder, 'data'), CALLGATE_LOG: 'warn' };
  let log = '';
  let child;
  const start = async () => {
    child = spawn(program, ['serve', '--config', file, '--listen', `127.0.0.1:${port}`], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (piece) => (log += piece));
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended:\n${log}`);
      return fetch(`${url}/readyz`).then((answer) => answer.ok, () => false);
    }, STARTS_WITHIN, `the gateway is ready:\n${log}`);
  };
  const stop = () => new Promise((done) => {
    child.once('exit', done);
    child.kill('SIGTERM');
  });
  await start();
  const api = async (method, path, body) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    url,
    key: KEY,
    api,
    start,
    stop,
    place: async (phone, agent = 'akylai', more = {}) => (await api('POST', '/v1/calls', { phone, agent, ...more })).call_id,
    link: async () => (await api('POST', '/v1/admin/console-links')).url,
    ended: (id) => until(async () => (await api('GET', `/v1/calls/${id}`)).terminal, 40_000, `call ${id} ends`),
    close: async () => {
      if (child.exitCode === null) await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
