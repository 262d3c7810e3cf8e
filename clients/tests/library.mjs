// The TypeScript library against a running gateway, and the examples of its README with it.
// Usage: node library.mjs README DOCUMENT (CALLGATE_URL, CALLGATE_KEY), in a folder where the library is installed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { Callgate, CallgateError, verifyWebhook, WebhookVerificationError } from 'callgate-client';

const { CALLGATE_URL: url, CALLGATE_KEY: key } = process.env;
const [readme, document] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));

const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
assert.equal(examples.length, 2);
const load = (name, code) => {
  writeFileSync(name, code);
  return import(resolve(name));
};
const { receive } = await load('verify.mjs', examples[1]);

// Every operation is a method.
const operations = Object.values(JSON.parse(document).paths).flatMap((path) => Object.values(path));
const promised = operations.map(({ operationId }) => operationId).sort();
assert.ok(['createCall', 'getCall', 'listAgents'].every((name) => promised.includes(name)));
const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(Callgate.prototype)).filter((name) => name !== 'constructor');
assert.deepEqual(methods.sort(), promised);

async function all(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

let secret;
const server = createServer(async (request, response) => {
  const body = Buffer.concat(await all(request));
  const answer = receive(secret, body, request.headers);
  server.emit('came', { answer, body, headers: request.headers });
  response.writeHead(answer).end();
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const hooks = `http://127.0.0.1:${server.address().port}/calls`;

const gateway = new Callgate(url, key);
const endpoint = await gateway.addWebhookEndpoint({ body: { url: hooks } });
secret = endpoint.secret;
assert.ok((await gateway.listAgents()).data.some((agent) => agent.key === 'akylai'));

const coming = once(server, 'came', { signal: AbortSignal.timeout(30_000) });
const { call } = await load('place.mjs', `${examples[0]}\nexport { call };`);
assert.equal(call.status, 'completed');
assert.ok(call.test && call.transcript.startsWith('agent: '));

const [{ answer, body, headers }] = await coming;
assert.equal(answer, 204);
const notice = verifyWebhook(secret, body, new Headers(headers));
assert.equal(notice.type, 'call.completed');
assert.equal(notice.data.call_id, call.call_id);

// The same once more is verified; whatever was changed of it is refused, over HTTP and by the library's own error.
const deliver = async (changed, header = {}) => {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('webhook-')));
  const answer = await fetch(hooks, { method: 'POST', body: changed, headers: { ...kept, ...header } });
  return answer.status;
};
assert.equal(await deliver(body), 204);
const other = body.toString().replace('"completed"', '"no_answer"');
assert.notEqual(other, body.toString());
assert.equal(await deliver(other), 400, 'the body was changed, and it was taken');
const wrong = { 'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=' };
assert.equal(await deliver(body, wrong), 400, 'the signature was changed, and it was taken');
assert.equal(await deliver(body, { 'webhook-signature': 'nonsense' }), 400, 'no signature, and it was taken');
const earlier = String(Number(headers['webhook-timestamp']) - 301);
assert.equal(await deliver(body, { 'webhook-timestamp': earlier }), 400, 'the time was changed, and it was taken');
assert.throws(() => verifyWebhook(secret, other, headers), WebhookVerificationError);
secret = `whsec_${'A'.repeat(32)}`;
assert.equal(await deliver(body), 400, 'another secret, and it was taken');

// A list of several.
const ended = (await gateway.listCalls({ query: { status: ['completed', 'failed'] } })).data;
assert.ok(ended.some(({ call_id }) => call_id === call.call_id));

const refused = (status, code) => (error) =>
  error instanceof CallgateError && error.status === status && error.problem.code === code;
await assert.rejects(gateway.createCall({ body: { phone: '12', agent: 'akylai' } }), refused(422, 'invalid_phone'));
await assert.rejects(new Callgate(url, 'cg_wrong').listAgents(), refused(401, 'invalid_token'));

const { stream } = await gateway.streamCall({ path: { call_id: call.call_id }, sseMaxRetryAttempts: 1 });
const last = (await all(stream)).at(-1);
assert.equal(last.status, 'completed', 'a stream ends with the call as it ended');

await gateway.removeWebhookEndpoint({ path: { id: endpoint.id } });
await assert.rejects(gateway.getWebhookEndpoint({ path: { id: endpoint.id } }), refused(404, 'not_found'));
server.closeAllConnections();
server.close();
console.log(`TypeScript: call ${call.call_id} ${call.status}, its notice verified, the tampered ones refused`);
