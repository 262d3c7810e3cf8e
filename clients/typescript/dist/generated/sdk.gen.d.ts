import type { Client, Options as Options2, TDataShape } from './client/index.js';
import type { AddWebhookEndpointData, AddWebhookEndpointErrors, AddWebhookEndpointResponses, CancelCallData, CancelCallErrors, CancelCallResponses, ChangeWebhookEndpointData, ChangeWebhookEndpointErrors, ChangeWebhookEndpointResponses, CreateCallData, CreateCallErrors, CreateCallResponses, EraseContentData, EraseContentErrors, EraseContentResponses, GetAgentData, GetAgentErrors, GetAgentResponses, GetCallData, GetCallErrors, GetCallResponses, GetHealthData, GetHealthErrors, GetHealthResponses, GetReadinessData, GetReadinessErrors, GetReadinessResponses, GetRecordingData, GetRecordingErrors, GetRecordingResponses, GetTimelineData, GetTimelineErrors, GetTimelineResponses, GetWebhookEndpointData, GetWebhookEndpointErrors, GetWebhookEndpointResponses, ListAgentsData, ListAgentsErrors, ListAgentsResponses, ListCallsData, ListCallsErrors, ListCallsResponses, ListWebhookDeliveriesData, ListWebhookDeliveriesErrors, ListWebhookDeliveriesResponses, ListWebhookEndpointsData, ListWebhookEndpointsErrors, ListWebhookEndpointsResponses, RecoverWebhookEndpointData, RecoverWebhookEndpointErrors, RecoverWebhookEndpointResponses, RemoveWebhookEndpointData, RemoveWebhookEndpointErrors, RemoveWebhookEndpointResponses, ReportResultData, ReportResultErrors, ReportResultResponses, ResendWebhookDeliveryData, ResendWebhookDeliveryErrors, ResendWebhookDeliveryResponses, RotateWebhookSecretData, RotateWebhookSecretErrors, RotateWebhookSecretResponses, StreamCallData, StreamCallErrors, StreamCallResponse, StreamCallResponses, StreamCallsData, StreamCallsErrors, StreamCallsResponse, StreamCallsResponses, TestWebhookEndpointData, TestWebhookEndpointErrors, TestWebhookEndpointResponses } from './types.gen.js';
export type Options<TData extends TDataShape = TDataShape, ThrowOnError extends boolean = boolean, TResponse = unknown> = Options2<TData, ThrowOnError, TResponse> & {
    /**
     * You can provide a client instance returned by `createClient()` instead of
     * individual options. This might be also useful if you want to implement a
     * custom client.
     */
    client?: Client;
    /**
     * You can pass arbitrary values through the `meta` object. This can be
     * used to access values that aren't defined as part of the SDK function.
     */
    meta?: Record<string, unknown>;
};
declare class HeyApiClient {
    protected client: Client;
    constructor(args?: {
        client?: Client;
    });
}
declare class HeyApiRegistry<T> {
    private readonly defaultKey;
    private readonly instances;
    get(key?: string): T;
    set(value: T, key?: string): void;
}
export declare class Operations extends HeyApiClient {
    static readonly __registry: HeyApiRegistry<Operations>;
    constructor(args?: {
        client?: Client;
        key?: string;
    });
    /**
     * List calls.
     *
     * Newest first. An unknown parameter is refused. In `phone` a leading space counts as the
     * `+` that an unescaped query loses.
     *
     * Needs a key with the scope `calls:read`.
     */
    listCalls<ThrowOnError extends boolean = true>(options?: Options<ListCallsData, ThrowOnError>): import("./client/types.gen.js").RequestResult<ListCallsResponses, ListCallsErrors, ThrowOnError, "data">;
    /**
     * Place a call.
     *
     * Answers once the call is durable, before anything is dialed. Send an `Idempotency-Key` with every call: a repetition
     * with the same key and body gets the answer of the first and makes no second call, whatever became of the connection.
     *
     * Needs a key with the scope `calls:write`.
     */
    createCall<ThrowOnError extends boolean = true>(options: Options<CreateCallData, ThrowOnError>): import("./client/types.gen.js").RequestResult<CreateCallResponses, CreateCallErrors, ThrowOnError, "data">;
    /**
     * Read a call.
     *
     * With `If-None-Match` an unchanged call is answered with 304. With `wait` the answer is held until the call changes or
     * is over; with both, until it differs from what the client has.
     *
     * Needs a key with the scope `calls:read`.
     */
    getCall<ThrowOnError extends boolean = true>(options: Options<GetCallData, ThrowOnError>): import("./client/types.gen.js").RequestResult<GetCallResponses, GetCallErrors, ThrowOnError, "data">;
    /**
     * Cancel a call.
     *
     * A call that waits is canceled at once. Of one that may have been sent the end is asked for: it is `canceled` only
     * once that is proven, and `completed` with `canceled_by_client` where somebody had answered.
     *
     * Needs a key with the scope `calls:write`.
     */
    cancelCall<ThrowOnError extends boolean = true>(options: Options<CancelCallData, ThrowOnError>): import("./client/types.gen.js").RequestResult<CancelCallResponses, CancelCallErrors, ThrowOnError, "data">;
    /**
     * Follow a call.
     *
     * Sends `call.updated` with the call as it is now, at once and whenever it has changed; revisions may be skipped. The
     * last event is `call.completed`, at any terminal status; then the stream ends. The event's id is the call's revision:
     * with `Last-Event-ID` a stream goes on where it broke off, and one resumed after its last event is answered with 204.
     *
     * Needs a key with the scope `calls:read`.
     */
    streamCall<ThrowOnError extends boolean = true>(options: Options<StreamCallData, ThrowOnError, StreamCallResponse>): Promise<import("./core/serverSentEvents.gen.js").ServerSentEventsResult<StreamCallResponses, StreamCallErrors>>;
    /**
     * Follow all calls.
     *
     * Sends each call as it is now whenever it has changed: `call.updated`, and `call.completed` once it is over (again,
     * should something be learned after that). Revisions may be skipped. An event's id is an entry of a call's timeline,
     * `<call_id>.<revision>`: with `Last-Event-ID` a stream goes on where it broke off, also at another process and after a
     * restart. It may then repeat what was sent, and never leaves out the last state of a call; keep the highest `revision` of
     * each. An id may stand alone, without an event: it marks a moment. Without `Last-Event-ID` the stream begins now.
     *
     * A client that does not read is cut off, and may resume. A key with scope `admin` follows the calls of all clients.
     *
     * Needs a key with the scope `calls:read`.
     */
    streamCalls<ThrowOnError extends boolean = true>(options?: Options<StreamCallsData, ThrowOnError, StreamCallsResponse>): Promise<import("./core/serverSentEvents.gen.js").ServerSentEventsResult<StreamCallsResponses, StreamCallsErrors>>;
    /**
     * Read a call's timeline.
     *
     * The append-only history of a call: when, what changed, and by what. Each `hash` covers its entry and the hash before
     * it, so whoever kept an earlier one can tell whether anything was changed since.
     *
     * Needs a key with the scope `calls:read`.
     */
    getTimeline<ThrowOnError extends boolean = true>(options: Options<GetTimelineData, ThrowOnError>): import("./client/types.gen.js").RequestResult<GetTimelineResponses, GetTimelineErrors, ThrowOnError, "data">;
    /**
     * Read a call's recording.
     *
     * The audio of a call, as it is kept elsewhere: it may not be there at once, nor for ever. The call's field `recording`
     * says whether there is one. A `Range` of one stretch of bytes is passed on, and answered with 206 where it can be.
     *
     * Needs a key with the scope `calls:read`.
     */
    getRecording<ThrowOnError extends boolean = true>(options: Options<GetRecordingData, ThrowOnError>): import("./client/types.gen.js").RequestResult<GetRecordingResponses, GetRecordingErrors, ThrowOnError, "data">;
    /**
     * Erase a call's content.
     *
     * Transcript, turns, summary, extracted, variables, metadata and recording go, and so does every copy of them that the
     * gateway keeps. The call itself stays, with its times and its end; `transcript_status` is `erased` for good, and content
     * that comes later is dropped. Copies elsewhere are not touched.
     *
     * Needs a key with the scope `calls:write`.
     */
    eraseContent<ThrowOnError extends boolean = true>(options: Options<EraseContentData, ThrowOnError>): import("./client/types.gen.js").RequestResult<EraseContentResponses, EraseContentErrors, ThrowOnError, "data">;
    /**
     * List agents.
     *
     * Needs a key with the scope `agents:read`.
     */
    listAgents<ThrowOnError extends boolean = true>(options?: Options<ListAgentsData, ThrowOnError>): import("./client/types.gen.js").RequestResult<ListAgentsResponses, ListAgentsErrors, ThrowOnError, "data">;
    /**
     * Read an agent.
     *
     * Needs a key with the scope `agents:read`.
     */
    getAgent<ThrowOnError extends boolean = true>(options: Options<GetAgentData, ThrowOnError>): import("./client/types.gen.js").RequestResult<GetAgentResponses, GetAgentErrors, ThrowOnError, "data">;
    /**
     * Report a call's result.
     *
     * Kept before it is answered. The same result again is a `duplicate`; one whose call is not known yet is `parked` and
     * applied when that id appears.
     *
     * Needs a key with the scope `events:write`.
     */
    reportResult<ThrowOnError extends boolean = true>(options: Options<ReportResultData, ThrowOnError>): import("./client/types.gen.js").RequestResult<ReportResultResponses, ReportResultErrors, ThrowOnError, "data">;
    /**
     * List webhook endpoints.
     *
     * Oldest first, without their secrets.
     *
     * Needs a key with the scope `calls:read`.
     */
    listWebhookEndpoints<ThrowOnError extends boolean = true>(options?: Options<ListWebhookEndpointsData, ThrowOnError>): import("./client/types.gen.js").RequestResult<ListWebhookEndpointsResponses, ListWebhookEndpointsErrors, ThrowOnError, "data">;
    /**
     * Add a webhook endpoint.
     *
     * From now on it is told of every call of this client that ends, and of what is learned after that: signed as Standard
     * Webhooks says, at least once each, in no promised order. Its secret is in this answer and never shown again.
     *
     * Needs a key with the scope `calls:write`.
     */
    addWebhookEndpoint<ThrowOnError extends boolean = true>(options: Options<AddWebhookEndpointData, ThrowOnError>): import("./client/types.gen.js").RequestResult<AddWebhookEndpointResponses, AddWebhookEndpointErrors, ThrowOnError, "data">;
    /**
     * Remove a webhook endpoint.
     *
     * Nothing is sent there any more, and its deliveries are gone with it.
     *
     * Needs a key with the scope `calls:write`.
     */
    removeWebhookEndpoint<ThrowOnError extends boolean = true>(options: Options<RemoveWebhookEndpointData, ThrowOnError>): import("./client/types.gen.js").RequestResult<RemoveWebhookEndpointResponses, RemoveWebhookEndpointErrors, ThrowOnError, "data">;
    /**
     * Get a webhook endpoint.
     *
     * Needs a key with the scope `calls:read`.
     */
    getWebhookEndpoint<ThrowOnError extends boolean = true>(options: Options<GetWebhookEndpointData, ThrowOnError>): import("./client/types.gen.js").RequestResult<GetWebhookEndpointResponses, GetWebhookEndpointErrors, ThrowOnError, "data">;
    /**
     * Change a webhook endpoint.
     *
     * Its secret stays; rotate it to change it.
     *
     * Needs a key with the scope `calls:write`.
     */
    changeWebhookEndpoint<ThrowOnError extends boolean = true>(options: Options<ChangeWebhookEndpointData, ThrowOnError>): import("./client/types.gen.js").RequestResult<ChangeWebhookEndpointResponses, ChangeWebhookEndpointErrors, ThrowOnError, "data">;
    /**
     * Rotate the secret of a webhook endpoint.
     *
     * For 24 hours notices carry two signatures, one with the new secret and one with the secret before: a receiver that
     * knows either verifies them. At most five secrets sign at once.
     *
     * Needs a key with the scope `calls:write`.
     */
    rotateWebhookSecret<ThrowOnError extends boolean = true>(options: Options<RotateWebhookSecretData, ThrowOnError>): import("./client/types.gen.js").RequestResult<RotateWebhookSecretResponses, RotateWebhookSecretErrors, ThrowOnError, "data">;
    /**
     * Send a sample to a webhook endpoint.
     *
     * A notice of type `webhook.test`, signed like any other. What became of it is read in its delivery.
     *
     * Needs a key with the scope `calls:write`.
     */
    testWebhookEndpoint<ThrowOnError extends boolean = true>(options: Options<TestWebhookEndpointData, ThrowOnError>): import("./client/types.gen.js").RequestResult<TestWebhookEndpointResponses, TestWebhookEndpointErrors, ThrowOnError, "data">;
    /**
     * Send what a webhook endpoint missed.
     *
     * What failed since a moment is sent again, and what it was never told is sent. A notice
     * keeps its `webhook-id`.
     *
     * Needs a key with the scope `calls:write`.
     */
    recoverWebhookEndpoint<ThrowOnError extends boolean = true>(options: Options<RecoverWebhookEndpointData, ThrowOnError>): import("./client/types.gen.js").RequestResult<RecoverWebhookEndpointResponses, RecoverWebhookEndpointErrors, ThrowOnError, "data">;
    /**
     * List webhook deliveries.
     *
     * Newest notice first. An unknown parameter is refused.
     *
     * Needs a key with the scope `calls:read`.
     */
    listWebhookDeliveries<ThrowOnError extends boolean = true>(options?: Options<ListWebhookDeliveriesData, ThrowOnError>): import("./client/types.gen.js").RequestResult<ListWebhookDeliveriesResponses, ListWebhookDeliveriesErrors, ThrowOnError, "data">;
    /**
     * Send a webhook delivery again.
     *
     * At once, whatever became of it, and on its whole schedule; under the same `webhook-id`.
     *
     * Needs a key with the scope `calls:write`.
     */
    resendWebhookDelivery<ThrowOnError extends boolean = true>(options: Options<ResendWebhookDeliveryData, ThrowOnError>): import("./client/types.gen.js").RequestResult<ResendWebhookDeliveryResponses, ResendWebhookDeliveryErrors, ThrowOnError, "data">;
    /**
     * Whether the process runs.
     */
    getHealth<ThrowOnError extends boolean = true>(options?: Options<GetHealthData, ThrowOnError>): import("./client/types.gen.js").RequestResult<GetHealthResponses, GetHealthErrors, ThrowOnError, "data">;
    /**
     * Whether new calls can be taken.
     *
     * An empty list when everything is good, else what is not.
     */
    getReadiness<ThrowOnError extends boolean = true>(options?: Options<GetReadinessData, ThrowOnError>): import("./client/types.gen.js").RequestResult<GetReadinessResponses, GetReadinessErrors, ThrowOnError, "data">;
}
export {};
