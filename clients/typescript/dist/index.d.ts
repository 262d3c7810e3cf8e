import { Operations } from './generated/sdk.gen.js';
import type { Call, Problem } from './generated/types.gen.js';
export type * from './generated/types.gen.js';
export { WebhookVerificationError } from 'standardwebhooks';
/** Any other answer than 2xx. `problem` says why; there is none at 304, and where something before the gateway answered. */
export declare class CallgateError extends Error {
    readonly response: Response;
    readonly name = "CallgateError";
    readonly problem?: Problem;
    constructor(response: Response, answer: unknown);
    get status(): number;
}
/** The gateway, by its address and a key. */
export declare class Callgate extends Operations {
    constructor(url: string, key: string);
}
/** `data` is the call, as `getCall` shows it; it is empty in a `webhook.test`. */
export type Notice = {
    type: 'call.completed' | 'call.updated';
    timestamp: string;
    data: Call;
} | {
    type: 'webhook.test';
    timestamp: string;
    data: Record<string, never>;
};
/**
 * The notice; throws if it does not come from the gateway, or is older than five minutes.
 * `body` is the body as it came, not JSON that was parsed and written again.
 */
export declare function verifyWebhook(secret: string, body: string | Uint8Array, headers: Headers | Record<string, string | string[] | undefined>): Notice;
