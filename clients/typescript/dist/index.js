import { Webhook } from 'standardwebhooks';
import { createClient, createConfig } from './generated/client/index.js';
import { Operations } from './generated/sdk.gen.js';
export { WebhookVerificationError } from 'standardwebhooks';
/** Any other answer than 2xx. `problem` says why; there is none at 304, and where something before the gateway answered. */
export class CallgateError extends Error {
    response;
    name = 'CallgateError';
    problem;
    constructor(response, answer) {
        const problem = answer && typeof answer === 'object' && 'code' in answer ? answer : undefined;
        super(`${response.status}${problem ? ` ${problem.code}: ${problem.detail}` : ''}`);
        this.response = response;
        this.problem = problem;
    }
    get status() {
        return this.response.status;
    }
}
/** The gateway, by its address and a key. */
export class Callgate extends Operations {
    constructor(url, key) {
        const client = createClient(createConfig({ baseUrl: url, auth: key, throwOnError: true }));
        // Without an answer there is nothing to say about it: the network's own error is thrown.
        client.interceptors.error.use((error, response) => (response ? new CallgateError(response, error) : error));
        super({ client });
    }
}
/**
 * The notice; throws if it does not come from the gateway, or is older than five minutes.
 * `body` is the body as it came, not JSON that was parsed and written again.
 */
export function verifyWebhook(secret, body, headers) {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
    const plain = headers instanceof Headers ? Object.fromEntries(headers.entries()) : headers;
    return new Webhook(secret).verify(text, plain);
}
