// Receives Callgate's notices: verifies each one, and takes none twice.
//
//     npm install standardwebhooks
//     WEBHOOK_SECRET=whsec_... PORT=3000 node receiver.mjs

import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

// While a secret is rotated: both, with a space between them.
const secrets = process.env.WEBHOOK_SECRET.split(" ").map((secret) => new Webhook(secret));

// In memory only for the example: yours belong into a database, and the answer comes after the commit.
const seen = new Set();
const revisions = new Map();

// The notice, or null when nobody signed it who knows one of the secrets.
function verified(body, headers) {
  for (const secret of secrets) {
    try {
      return secret.verify(body, headers);
    } catch {
      continue;
    }
  }
  return null;
}

// At least once, in no order: a repeat is known by its id, an older state by its revision.
function take(id, notice) {
  const { call_id, revision = 0, status } = notice.data;
  if (seen.has(id) || revision < (revisions.get(call_id) ?? 0)) return;
  seen.add(id);
  revisions.set(call_id, revision);
  console.log(notice.type, call_id, status);
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  // The bytes as they came: JSON that was parsed and written again has another signature.
  const notice = verified(Buffer.concat(chunks).toString(), request.headers);
  if (notice) take(request.headers["webhook-id"], notice);
  // Only 2xx is "received"; anything else is sent again.
  response.writeHead(notice ? 204 : 400).end();
}).listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
