// Sends the requests of the collection to a gateway, in their order, as the programs that import it do: fills the variables,
// and runs each request's own script on the answer. Usage: node collection.mjs FILE (CALLGATE_URL, CALLGATE_KEY).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

const PROMISED = [
  'POST /v1/calls',
  'GET /v1/calls/{{call_id}}',
  'GET /v1/agents',
  'POST /v1/webhooks/call-completed',
  'GET /v1/calls',
];

const collection = JSON.parse(readFileSync(process.argv[2], 'utf8'));
assert.equal(collection.info.schema, 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json');

const variables = new Map(collection.variable.map(({ key, value }) => [key, value]));
assert.equal(variables.get('key'), '', 'the file holds no key');
variables.set('base_url', process.env.CALLGATE_URL).set('key', process.env.CALLGATE_KEY);

const fill = (text) =>
  text.replaceAll(/\{\{(.+?)\}\}/g, (_, name) => {
    const value = name === '$guid' ? randomUUID() : variables.get(name);
    assert.ok(value, `nothing says what {{${name}}} is`);
    return value;
  });

// What the scripts use of the programs' own interface.
function judge(script, status, body) {
  let judged = 0;
  const to = {
    have: {
      status(promised) {
        assert.equal(status, promised, body);
        judged += 1;
      },
    },
  };
  const pm = {
    test: (_, what) => what(),
    response: { to, json: () => JSON.parse(body) },
    collectionVariables: { set: (name, value) => variables.set(name, value) },
  };
  runInNewContext(script, { pm });
  assert.ok(judged, 'the script says which status it promises');
}

const sent = [];
for (const { name, request, event } of collection.item) {
  // Importers read one or the other.
  const { raw, host, path, query = [] } = request.url;
  const parts = query.map(({ key, value }) => `${key}=${value}`).join('&');
  assert.equal(raw, `${host.join('.')}/${path.join('/')}${parts && `?${parts}`}`, name);

  const headers = new Headers(request.header.map(({ key, value }) => [key, fill(value)]));
  headers.set('Authorization', `Bearer ${fill(collection.auth.bearer.find(({ key }) => key === 'token').value)}`);
  const body = request.body && fill(request.body.raw);
  const answer = await fetch(fill(raw), { method: request.method, headers, body, signal: AbortSignal.timeout(40_000) });
  const text = await answer.text();
  console.log(`${name}: ${answer.status} ${text.slice(0, 100)}`);
  const tests = event.filter(({ listen }) => listen === 'test').flatMap(({ script }) => script.exec);
  judge(tests.join('\n'), answer.status, text);
  sent.push(`${request.method} /${path.join('/')}`);
}
assert.deepEqual(sent, PROMISED);
