import { Webhook } from 'standardwebhooks';
import { createClient, createConfig } from './generated/client/index.js';
import { Operations } from './generated/sdk.gen.js';
import type { Call, Problem } from './generated/types.gen.js';

export type * from './generated/types.gen.js';
export { WebhookVerificationError } from 'standardwebhooks';

/** Any other answer than 2xx. `problem` says why; there is none at 304, and where something before the gateway answered. */
export class CallgateError extends Error {
  override readonly name = 'CallgateError';
  readonly problem?: Problem;

  constructor(
    readonly response: Response,
    answer: unknown,
  ) {
    const problem = answer && typeof answer === 'object' && 'code' in answer ? (answer as Problem) : undefined;
    super(`${response.status}${problem ? ` ${problem.code}: ${problem.detail}` : ''}`);
    this.problem = problem;
  }

  get status(): number {
    return this.response.status;
  }
}

/** The gateway, by its address and a key. */
export class Callgate extends Operations {
  constructor(url: string, key: string) {
    const client = createClient(createConfig({ baseUrl: url, auth: key, throwOnError: true }));
    // Without an answer there is nothing to say about it: the network's own error is thrown.
    client.interceptors.error.use((error, response) => (response ? new CallgateError(response, error) : error));
    super({ client });
  }
}

/** `data` is the call, as `getCall` shows it; it is empty in a `webhook.test`. */
export type Notice =
  | { type: 'call.completed' | 'call.updated'; timestamp: string; data: Call }
  | { type: 'webhook.test'; timestamp: string; data: Record<string, never> };

/**
 * The notice; throws if it does not come from the gateway, or is older than five minutes.
 * `body` is the body as it came, not JSON that was parsed and written again.
 */
export function verifyWebhook(
  secret: string,
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
): Notice {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const plain = headers instanceof Headers ? Object.fromEntries(headers.entries()) : headers;
  return new Webhook(secret).verify(text, plain as Record<string, string>) as Notice;
}
