export type ClientOptions = {
    baseUrl: `${string}://${string}` | (string & {});
};
/**
 * Somebody who can hold a conversation.
 */
export type Agent = {
    /**
     * What `agent` of a new call holds.
     */
    key: string;
    /**
     * What people call it.
     */
    name: string;
    /**
     * What it is for.
     */
    description: string;
    /**
     * The languages it speaks.
     */
    languages: Array<string>;
    /**
     * Whether calls with it can be placed now.
     */
    available: boolean;
    /**
     * Simulated: never dials.
     */
    test: boolean;
};
/**
 * The public agents.
 */
export type AgentList = {
    /**
     * In the order of their keys.
     */
    data: Array<Agent>;
};
/**
 * A call as it is now.
 */
export type Call = {
    /**
     * The only id of the call a client needs: a UUID that sorts by time.
     */
    call_id: string;
    /**
     * Where the call is. The status of a terminal call never changes.
     */
    status: CallStatus;
    /**
     * `role: text` lines joined by a line feed, roles `agent` and `user`; null until there is one.
     */
    transcript: string | null;
    /**
     * Whole seconds of conversation: null until terminal and where it cannot be known, 0 if nobody answered.
     */
    duration: number | null;
    /**
     * The key of the agent that talks.
     */
    agent: string;
    /**
     * Who is called, in E.164; null once an operator erased the number.
     */
    phone: string | null;
    /**
     * Whether the call is over and its status final.
     */
    terminal: boolean;
    ended_reason: EndedReason | null;
    ended_by: EndedBy | null;
    /**
     * True only where it is proven that nobody was rung, or the status is `no_answer` or `busy` and nobody declined.
     */
    retryable: boolean;
    /**
     * What there is of the words.
     */
    transcript_status: TranscriptStatus;
    /**
     * The transcript, taken apart.
     */
    turns: Array<Turn>;
    /**
     * The client's own id for this call.
     */
    reference: string | null;
    /**
     * As it was sent.
     */
    metadata: {
        [key: string]: string;
    };
    /**
     * As they were sent.
     */
    variables: {
        [key: string]: unknown;
    };
    /**
     * When the call was accepted.
     */
    created_at: string;
    /**
     * When the last try that may have rung was handed over.
     */
    dialed_at: string | null;
    /**
     * When somebody answered.
     */
    answered_at: string | null;
    /**
     * When it was over.
     */
    ended_at: string | null;
    /**
     * By then an open call is terminal, whatever happens; null once it is.
     */
    settles_by: string | null;
    /**
     * The window it may be dialed in.
     */
    schedule: CallSchedule;
    /**
     * When its end was asked for.
     */
    cancel_requested_at: string | null;
    /**
     * False where the end of this call cannot be asked for any more.
     */
    cancel_supported: boolean;
    resolved_status: CallStatus | null;
    /**
     * Tries that may have rung.
     */
    attempts: number;
    /**
     * How often the call has changed: what its `ETag` is made from.
     */
    revision: number;
    /**
     * The conversation in short.
     */
    summary: string | null;
    /**
     * What the agent was asked to find out.
     */
    extracted: {
        [key: string]: unknown;
    };
    /**
     * The one called does not want to be called again.
     */
    opt_out: boolean;
    /**
     * The path on this gateway where its audio can be had; null while there is none.
     */
    recording: string | null;
    /**
     * The hash of the last entry of its timeline.
     */
    history_head: string;
    /**
     * Simulated: no phone rang.
     */
    test: boolean;
};
/**
 * A page of calls, without transcripts, turns and variables.
 */
export type CallList = {
    /**
     * Newest first.
     */
    data: Array<ListedCall>;
    /**
     * Continues the list; null at its end.
     */
    next_cursor: string | null;
};
/**
 * The result of a call.
 */
export type CallResult = {
    /**
     * What is reported.
     */
    event_type: EventType;
    /**
     * The id that whoever placed the call knows it by.
     */
    provider_call_id: string;
    /**
     * How it ended.
     */
    status: ResultStatus;
    /**
     * `role: text` lines, kept byte for byte.
     */
    transcript?: string | null;
    /**
     * Seconds of conversation; a fraction is rounded.
     */
    duration?: number | null;
    /**
     * Why it ended; a word that is not known counts as `unknown`.
     */
    ended_reason?: string | null;
    /**
     * The transcript, taken apart.
     */
    turns?: Array<ResultTurn> | null;
    /**
     * The conversation in short.
     */
    summary?: string | null;
    /**
     * What the agent was asked to find out.
     */
    extracted?: {
        [key: string]: unknown;
    } | null;
    /**
     * The one called does not want to be called again.
     */
    opt_out?: boolean | null;
    /**
     * Where the audio is; never shown to a client.
     */
    recording_url?: string | null;
    /**
     * Whose id `provider_call_id` is, where several could have it.
     */
    connection?: string | null;
    /**
     * The gateway's own id of the attempt, echoed; it matches first.
     */
    attempt_id?: string | null;
};
/**
 * The window a call may be dialed in.
 */
export type CallSchedule = {
    /**
     * Not dialed before.
     */
    not_before: string | null;
    /**
     * Never rings after.
     */
    expires_at: string | null;
};
/**
 * Where a call is. `completed`, `no_answer`, `busy`, `failed`, `canceled`, `expired` and `blocked` are terminal and final.
 */
export type CallStatus = 'scheduled' | 'queued' | 'dialing' | 'ringing' | 'in_progress' | 'processing' | 'completed' | 'no_answer' | 'busy' | 'failed' | 'canceled' | 'expired' | 'blocked';
/**
 * The id of an accepted call.
 */
export type CreatedCall = {
    /**
     * The only id of the call a client needs.
     */
    call_id: string;
};
/**
 * Who ended a call.
 */
export type EndedBy = 'user' | 'agent' | 'carrier' | 'provider' | 'client' | 'gateway' | 'unknown';
/**
 * Why a call ended.
 */
export type EndedReason = 'user_hangup' | 'agent_hangup' | 'max_duration' | 'silence' | 'voicemail' | 'declined' | 'no_answer' | 'busy' | 'unreachable' | 'invalid_number' | 'carrier_rejected' | 'canceled_by_client' | 'queue_timeout' | 'schedule_expired' | 'suppressed' | 'limit_reached' | 'outside_calling_hours' | 'destination_not_allowed' | 'provider_error' | 'provider_timeout' | 'agent_error' | 'gateway_error' | 'outcome_unknown' | 'unknown';
/**
 * What is reported.
 */
export type EventType = 'call.completed';
/**
 * The process runs.
 */
export type Health = {
    /**
     * Always `ok`.
     */
    status: string;
};
/**
 * A call as a list shows it: without transcript, turns and variables.
 */
export type ListedCall = {
    /**
     * The only id of the call a client needs: a UUID that sorts by time.
     */
    call_id: string;
    /**
     * Where the call is. The status of a terminal call never changes.
     */
    status: CallStatus;
    /**
     * Whole seconds of conversation: null until terminal and where it cannot be known, 0 if nobody answered.
     */
    duration: number | null;
    /**
     * The key of the agent that talks.
     */
    agent: string;
    /**
     * Who is called, in E.164; null once an operator erased the number.
     */
    phone: string | null;
    /**
     * Whether the call is over and its status final.
     */
    terminal: boolean;
    ended_reason: EndedReason | null;
    ended_by: EndedBy | null;
    /**
     * True only where it is proven that nobody was rung, or the status is `no_answer` or `busy` and nobody declined.
     */
    retryable: boolean;
    /**
     * What there is of the words.
     */
    transcript_status: TranscriptStatus;
    /**
     * The client's own id for this call.
     */
    reference: string | null;
    /**
     * As it was sent.
     */
    metadata: {
        [key: string]: string;
    };
    /**
     * When the call was accepted.
     */
    created_at: string;
    /**
     * When the last try that may have rung was handed over.
     */
    dialed_at: string | null;
    /**
     * When somebody answered.
     */
    answered_at: string | null;
    /**
     * When it was over.
     */
    ended_at: string | null;
    /**
     * By then an open call is terminal, whatever happens; null once it is.
     */
    settles_by: string | null;
    /**
     * The window it may be dialed in.
     */
    schedule: CallSchedule;
    /**
     * When its end was asked for.
     */
    cancel_requested_at: string | null;
    /**
     * False where the end of this call cannot be asked for any more.
     */
    cancel_supported: boolean;
    resolved_status: CallStatus | null;
    /**
     * Tries that may have rung.
     */
    attempts: number;
    /**
     * How often the call has changed: what its `ETag` is made from.
     */
    revision: number;
    /**
     * The conversation in short.
     */
    summary: string | null;
    /**
     * What the agent was asked to find out.
     */
    extracted: {
        [key: string]: unknown;
    };
    /**
     * The one called does not want to be called again.
     */
    opt_out: boolean;
    /**
     * The path on this gateway where its audio can be had; null while there is none.
     */
    recording: string | null;
    /**
     * The hash of the last entry of its timeline.
     */
    history_head: string;
    /**
     * Simulated: no phone rang.
     */
    test: boolean;
};
/**
 * What a client wishes for.
 */
export type NewCall = {
    /**
     * An international number. Spaces, dashes, brackets and a leading `00` are normalised to E.164; no country is
     * guessed.
     */
    phone: string;
    /**
     * The key of a public agent: `GET /v1/agents` lists them.
     */
    agent: string;
    /**
     * The client's own id for this call; lists can be searched by it.
     */
    reference?: string | null;
    /**
     * Handed to the agent's conversation: up to 50 entries and 16 KiB.
     */
    variables?: {
        [key: string]: Variable;
    } | null;
    /**
     * Stored and returned unchanged, never sent to whoever carries the call: up to 50 entries and 16 KiB.
     */
    metadata?: {
        [key: string]: string;
    } | null;
    schedule?: NewSchedule | null;
    retry?: NewRetry | null;
    /**
     * Hang up after so many seconds; at most the agent's own limit, which also holds where this is left out.
     */
    max_duration?: number | null;
};
/**
 * A plan for further tries. Whoever declined, or asked not to be called again, is not tried again.
 */
export type NewRetry = {
    /**
     * Which ends are followed by another try; each word once.
     */
    on: Array<RetryOn>;
    /**
     * The most further tries.
     */
    max: number;
    /**
     * Seconds to wait before each further try, at most `max` of them; the last one serves for all beyond the list. 900 where it is left out.
     */
    delays_s?: Array<number> | null;
};
/**
 * A window to dial in.
 */
export type NewSchedule = {
    /**
     * Not dialed before.
     */
    not_before?: string | null;
    /**
     * Never rings after.
     */
    expires_at?: string | null;
};
/**
 * Where a client wants to be told.
 */
export type NewWebhookEndpoint = {
    /**
     * `https` on port 443, without a user, a password or a `#`, at a public address. The operator can allow others.
     */
    url: string;
    /**
     * What it is told, each once; both where it is left out.
     */
    events?: Array<WebhookEvent> | null;
    /**
     * What the client calls it.
     */
    description?: string | null;
};
/**
 * One thing that is not good.
 */
export type NotReady = {
    /**
     * What was looked at.
     */
    check: string;
    /**
     * What was found.
     */
    detail: string;
};
/**
 * Why a request was not done (RFC 9457).
 */
export type Problem = {
    /**
     * Where the code is explained.
     */
    type: string;
    /**
     * The same sentence each time for a code.
     */
    title: string;
    /**
     * The status of the answer.
     */
    status: number;
    /**
     * For a person: what is at fault, and the way out.
     */
    detail: string;
    /**
     * A word that never changes its meaning.
     */
    code: 'bad_request' | 'malformed_json' | 'invalid_query' | 'invalid_header' | 'missing_credentials' | 'invalid_token' | 'not_authentic' | 'insufficient_scope' | 'cross_site' | 'destination_not_allowed' | 'not_found' | 'file_exists' | 'no_recording' | 'method_not_allowed' | 'request_timeout' | 'idempotency_in_progress' | 'possible_duplicate' | 'already_terminal' | 'not_terminal' | 'not_replayable' | 'first_key' | 'key_over' | 'last_admin_key' | 'connection_in_use' | 'ambiguous_provider_call' | 'too_many_endpoints' | 'endpoint_disabled' | 'body_too_large' | 'unsupported_media_type' | 'invalid_body' | 'wrong_type' | 'required' | 'unknown_field' | 'duplicate_field' | 'nul' | 'too_long' | 'out_of_range' | 'invalid' | 'invalid_phone' | 'unknown_agent' | 'unknown_connection' | 'invalid_url' | 'window_passed' | 'invalid_configuration' | 'not_supported_here' | 'not_supported_yet' | 'idempotency_key_reused' | 'rate_limited' | 'limit_reached' | 'range_not_satisfiable' | 'headers_too_large' | 'internal_error' | 'unavailable';
    /**
     * Names the request in the gateway's log.
     */
    request_id: string;
    /**
     * The call that is meant, where it is another than the path's.
     */
    call_id?: string;
    /**
     * Every fault of a body, in its order.
     */
    errors?: Array<{
        /**
         * A JSON pointer into the body; empty for the body itself.
         */
        pointer: string;
        /**
         * What is wrong.
         */
        code: 'bad_request' | 'malformed_json' | 'invalid_query' | 'invalid_header' | 'missing_credentials' | 'invalid_token' | 'not_authentic' | 'insufficient_scope' | 'cross_site' | 'destination_not_allowed' | 'not_found' | 'file_exists' | 'no_recording' | 'method_not_allowed' | 'request_timeout' | 'idempotency_in_progress' | 'possible_duplicate' | 'already_terminal' | 'not_terminal' | 'not_replayable' | 'first_key' | 'key_over' | 'last_admin_key' | 'connection_in_use' | 'ambiguous_provider_call' | 'too_many_endpoints' | 'endpoint_disabled' | 'body_too_large' | 'unsupported_media_type' | 'invalid_body' | 'wrong_type' | 'required' | 'unknown_field' | 'duplicate_field' | 'nul' | 'too_long' | 'out_of_range' | 'invalid' | 'invalid_phone' | 'unknown_agent' | 'unknown_connection' | 'invalid_url' | 'window_passed' | 'invalid_configuration' | 'not_supported_here' | 'not_supported_yet' | 'idempotency_key_reused' | 'rate_limited' | 'limit_reached' | 'range_not_satisfiable' | 'headers_too_large' | 'internal_error' | 'unavailable';
        /**
         * The end of a sentence that begins with the field.
         */
        detail: string;
    }>;
};
/**
 * What a recovery did.
 */
export type Recovery = {
    /**
     * Deliveries that are sent now and were not before.
     */
    count: number;
    /**
     * Whether everything since then was looked at; else ask again.
     */
    complete: boolean;
};
/**
 * What became of a result.
 */
export type ReportAnswer = {
    status: ReportStatus;
};
/**
 * What became of a result.
 */
export type ReportStatus = 'applied' | 'duplicate' | 'ignored' | 'parked' | 'accepted';
/**
 * The words for who speaks: the first four are the agent, the others the user.
 */
export type ResultRole = 'agent' | 'assistant' | 'bot' | 'ai' | 'user' | 'customer' | 'human' | 'caller';
/**
 * How a call ended.
 */
export type ResultStatus = 'completed' | 'no_answer' | 'busy' | 'voicemail' | 'canceled' | 'failed';
/**
 * One turn of a reported conversation.
 */
export type ResultTurn = {
    /**
     * Who speaks: `agent` or `user`, or one of the words that mean them.
     */
    role: ResultRole;
    /**
     * What is said.
     */
    text: string;
    /**
     * Milliseconds after the answer.
     */
    start_ms?: number | null;
    /**
     * Milliseconds after the answer.
     */
    end_ms?: number | null;
    /**
     * Its place; the order of the list is what counts.
     */
    index?: unknown;
};
/**
 * An end that can be followed by another try.
 */
export type RetryOn = 'no_answer' | 'busy';
/**
 * Who speaks.
 */
export type Role = 'agent' | 'user';
/**
 * A page of a call's history.
 */
export type Timeline = {
    /**
     * Oldest first.
     */
    data: Array<TimelineEntry>;
    /**
     * Continues the list; null at its end.
     */
    next_cursor: string | null;
};
/**
 * What caused a change.
 */
export type TimelineBy = 'client' | 'provider' | 'deadline' | 'rule' | 'gateway';
/**
 * One change of a call.
 */
export type TimelineEntry = {
    /**
     * The revision this change made.
     */
    revision: number;
    /**
     * When, with six digits of a second.
     */
    at: string;
    /**
     * The call's status since then.
     */
    status: CallStatus;
    /**
     * What changed.
     */
    what: TimelineWhat;
    /**
     * What caused it.
     */
    by: TimelineBy;
    /**
     * `sha256:` and the SHA-256 in hex over the hash of the entry before (nothing for the first), the call's id, and this
     * entry's revision, at, status, what and by, each as shown and with a line feed between; that of the last entry is
     * the call's `history_head`.
     */
    hash: string;
};
/**
 * What changed.
 */
export type TimelineWhat = 'created' | 'due' | 'claimed' | 'released' | 'sent' | 'accepted' | 'not_dialed' | 'outcome_unknown' | 'ringing' | 'answered' | 'talk_ended' | 'ended' | 'try_again' | 'facts_added' | 'contradicted' | 'earlier_attempt' | 'cancel_requested' | 'restored' | 'erased';
/**
 * What there is of the words.
 */
export type TranscriptStatus = 'pending' | 'available' | 'partial' | 'unavailable' | 'erased';
/**
 * One turn of a conversation.
 */
export type Turn = {
    /**
     * Its place, from 0.
     */
    index: number;
    /**
     * Who speaks.
     */
    role: Role;
    /**
     * What is said.
     */
    text: string;
    /**
     * Milliseconds after the answer.
     */
    start_ms: number | null;
    /**
     * Milliseconds after the answer.
     */
    end_ms: number | null;
};
/**
 * What an agent can be told about a call.
 */
export type Variable = string | number | boolean;
/**
 * One notice on its way to one endpoint.
 */
export type WebhookDelivery = {
    /**
     * Names it for sending it again.
     */
    id: string;
    /**
     * The `webhook-id` of the notice: the same on every repeat.
     */
    event_id: string;
    /**
     * Where it goes.
     */
    endpoint: string;
    /**
     * The call it tells of; null for a sample.
     */
    call_id: string | null;
    /**
     * What it tells.
     */
    type: WebhookType;
    /**
     * What became of it.
     */
    result: WebhookDeliveryResult;
    /**
     * How often it was tried.
     */
    tries: number;
    /**
     * What the receiver answered last; null when it did not.
     */
    last_status: number | null;
    last_fault: WebhookDeliveryFault | null;
    /**
     * When it is tried next; null when it is not.
     */
    next_at: string | null;
    /**
     * When the notice was made.
     */
    created_at: string;
    /**
     * When it came through.
     */
    delivered_at: string | null;
};
/**
 * Why a receiver did not answer.
 */
export type WebhookDeliveryFault = 'blocked_address' | 'no_connection' | 'timed_out' | 'no_call';
/**
 * A page of deliveries.
 */
export type WebhookDeliveryList = {
    /**
     * Newest notice first.
     */
    data: Array<WebhookDelivery>;
    /**
     * Continues the list; null at its end.
     */
    next_cursor: string | null;
};
/**
 * What became of a delivery: `failed` can be sent again on request.
 */
export type WebhookDeliveryResult = 'pending' | 'delivered' | 'failed';
/**
 * Where a client wants to be told. Its secret is shown when it is made, and never again.
 */
export type WebhookEndpoint = {
    /**
     * Names it on these routes.
     */
    id: string;
    /**
     * Where notices go.
     */
    url: string;
    /**
     * What it is told.
     */
    events: Array<WebhookEvent>;
    /**
     * What the client calls it.
     */
    description: string | null;
    /**
     * When it was added.
     */
    created_at: string;
    /**
     * Nothing is sent there since: it was switched off, it answered 410, or nothing came through for 120 hours.
     */
    disabled_at: string | null;
    /**
     * Nothing has come through since; null while it does.
     */
    failing_since: string | null;
    /**
     * Until then the secret before signs as well; null where there is none.
     */
    previous_secret_until: string | null;
};
/**
 * What is to be different; what is left out stays.
 */
export type WebhookEndpointChange = {
    /**
     * As when it is added.
     */
    url?: string;
    /**
     * What it is told from now on.
     */
    events?: Array<WebhookEvent> | null;
    /**
     * Null takes it away.
     */
    description?: string | null;
    /**
     * `true`: nothing is sent there any more. `false`: it is enabled again and counts as new; what waited is sent.
     */
    disabled?: boolean;
};
/**
 * A page of endpoints.
 */
export type WebhookEndpointList = {
    /**
     * Oldest first.
     */
    data: Array<WebhookEndpoint>;
    /**
     * Continues the list; null at its end.
     */
    next_cursor: string | null;
};
/**
 * The same with its secret, which is shown here alone.
 */
export type WebhookEndpointWithSecret = {
    /**
     * Names it on these routes.
     */
    id: string;
    /**
     * Where notices go.
     */
    url: string;
    /**
     * What it is told.
     */
    events: Array<WebhookEvent>;
    /**
     * What the client calls it.
     */
    description: string | null;
    /**
     * When it was added.
     */
    created_at: string;
    /**
     * Nothing is sent there since: it was switched off, it answered 410, or nothing came through for 120 hours.
     */
    disabled_at: string | null;
    /**
     * Nothing has come through since; null while it does.
     */
    failing_since: string | null;
    /**
     * Until then the secret before signs as well; null where there is none.
     */
    previous_secret_until: string | null;
} & {
    /**
     * What its notices are signed with, as Standard Webhooks writes it. Keep it: it is not shown again.
     */
    secret: string;
};
/**
 * What an endpoint is told: `call.completed` once per call, at any terminal status; `call.updated` for each thing learned after that.
 */
export type WebhookEvent = 'call.completed' | 'call.updated';
/**
 * What a notice tells; `webhook.test` is a sample that was asked for.
 */
export type WebhookType = 'call.completed' | 'call.updated' | 'webhook.test';
export type ListCallsData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: {
        /**
         * Calls of one of these statuses, joined by commas.
         */
        status?: Array<CallStatus>;
        /**
         * Calls with this agent.
         */
        agent?: string;
        /**
         * Calls to this number.
         */
        phone?: string;
        /**
         * Calls with this reference, to the letter.
         */
        reference?: string;
        /**
         * Calls accepted after this moment.
         */
        created_after?: string;
        /**
         * Calls accepted before this moment.
         */
        created_before?: string;
        /**
         * Calls on a page; 50 where it is left out.
         */
        limit?: number;
        /**
         * `next_cursor` of the page before.
         */
        cursor?: string;
    };
    url: '/v1/calls';
};
export type ListCallsErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type ListCallsError = ListCallsErrors[keyof ListCallsErrors];
export type ListCallsResponses = {
    /**
     * A page of calls.
     */
    200: CallList;
};
export type ListCallsResponse = ListCallsResponses[keyof ListCallsResponses];
export type CreateCallData = {
    body: NewCall;
    headers?: {
        /**
         * 1 to 255 visible ASCII characters; kept for 7 days.
         */
        'Idempotency-Key'?: string;
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: never;
    url: '/v1/calls';
};
export type CreateCallErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * The body did not arrive within 10 seconds.
     */
    408: Problem;
    /**
     * A request with this key is still running, or the call may be under way already: then `call_id` names it.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not JSON in UTF-8.
     */
    415: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type CreateCallError = CreateCallErrors[keyof CreateCallErrors];
export type CreateCallResponses = {
    /**
     * The call is accepted and durable.
     */
    201: CreatedCall;
};
export type CreateCallResponse = CreateCallResponses[keyof CreateCallResponses];
export type GetCallData = {
    body?: never;
    headers?: {
        /**
         * The `ETag` of what the client has.
         */
        'If-None-Match'?: string;
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What creating the call returned.
         */
        call_id: string;
    };
    query?: {
        /**
         * Hold the answer for up to so many seconds, until the call changes or is over.
         */
        wait?: number;
    };
    url: '/v1/calls/{call_id}';
};
export type GetCallErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such call.
     */
    404: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type GetCallError = GetCallErrors[keyof GetCallErrors];
export type GetCallResponses = {
    /**
     * The call as it is now.
     */
    200: Call;
};
export type GetCallResponse = GetCallResponses[keyof GetCallResponses];
export type CancelCallData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What creating the call returned.
         */
        call_id: string;
    };
    query?: never;
    url: '/v1/calls/{call_id}/cancel';
};
export type CancelCallErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such call.
     */
    404: Problem;
    /**
     * The call is already over.
     */
    409: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type CancelCallError = CancelCallErrors[keyof CancelCallErrors];
export type CancelCallResponses = {
    /**
     * It is canceled, now or before.
     */
    200: Call;
    /**
     * It may have been sent: its end is asked for, and further tries are dropped.
     */
    202: Call;
};
export type CancelCallResponse = CancelCallResponses[keyof CancelCallResponses];
export type StreamCallData = {
    body?: never;
    headers?: {
        /**
         * The id of the last event that was seen.
         */
        'Last-Event-ID'?: string;
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What creating the call returned.
         */
        call_id: string;
    };
    query?: never;
    url: '/v1/calls/{call_id}/events';
};
export type StreamCallErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such call.
     */
    404: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type StreamCallError = StreamCallErrors[keyof StreamCallErrors];
export type StreamCallResponses = {
    /**
     * Events, until the call is over.
     */
    200: string;
    /**
     * The last event was seen already.
     */
    204: void;
};
export type StreamCallResponse = StreamCallResponses[keyof StreamCallResponses];
export type StreamCallsData = {
    body?: never;
    headers?: {
        /**
         * The id that was seen last.
         */
        'Last-Event-ID'?: string;
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: never;
    url: '/v1/events';
};
export type StreamCallsErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type StreamCallsError = StreamCallsErrors[keyof StreamCallsErrors];
export type StreamCallsResponses = {
    /**
     * Events, without end.
     */
    200: string;
};
export type StreamCallsResponse = StreamCallsResponses[keyof StreamCallsResponses];
export type GetTimelineData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What creating the call returned.
         */
        call_id: string;
    };
    query?: {
        /**
         * Entries on a page; 50 where it is left out.
         */
        limit?: number;
        /**
         * `next_cursor` of the page before.
         */
        cursor?: string;
    };
    url: '/v1/calls/{call_id}/timeline';
};
export type GetTimelineErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such call.
     */
    404: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type GetTimelineError = GetTimelineErrors[keyof GetTimelineErrors];
export type GetTimelineResponses = {
    /**
     * A page of the history, oldest first.
     */
    200: Timeline;
};
export type GetTimelineResponse = GetTimelineResponses[keyof GetTimelineResponses];
export type GetRecordingData = {
    body?: never;
    headers?: {
        /**
         * One stretch of bytes: `bytes=0-1023`.
         */
        Range?: string;
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What creating the call returned.
         */
        call_id: string;
    };
    query?: never;
    url: '/v1/calls/{call_id}/recording';
};
export type GetRecordingErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such call, or it has no recording.
     */
    404: Problem;
    /**
     * There are no such bytes.
     */
    416: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * It cannot be fetched now.
     */
    503: Problem;
};
export type GetRecordingError = GetRecordingErrors[keyof GetRecordingErrors];
export type GetRecordingResponses = {
    /**
     * Audio, byte for byte.
     */
    200: Blob | File;
    /**
     * Audio, byte for byte.
     */
    206: Blob | File;
};
export type GetRecordingResponse = GetRecordingResponses[keyof GetRecordingResponses];
export type EraseContentData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What creating the call returned.
         */
        call_id: string;
    };
    query?: never;
    url: '/v1/calls/{call_id}/content';
};
export type EraseContentErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such call.
     */
    404: Problem;
    /**
     * The call is not over yet.
     */
    409: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type EraseContentError = EraseContentErrors[keyof EraseContentErrors];
export type EraseContentResponses = {
    /**
     * It is gone, now or before.
     */
    204: void;
};
export type EraseContentResponse = EraseContentResponses[keyof EraseContentResponses];
export type ListAgentsData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: never;
    url: '/v1/agents';
};
export type ListAgentsErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type ListAgentsError = ListAgentsErrors[keyof ListAgentsErrors];
export type ListAgentsResponses = {
    /**
     * The public agents.
     */
    200: AgentList;
};
export type ListAgentsResponse = ListAgentsResponses[keyof ListAgentsResponses];
export type GetAgentData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * The agent's key.
         */
        key: string;
    };
    query?: never;
    url: '/v1/agents/{key}';
};
export type GetAgentErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such public agent.
     */
    404: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type GetAgentError = GetAgentErrors[keyof GetAgentErrors];
export type GetAgentResponses = {
    /**
     * The agent.
     */
    200: Agent;
};
export type GetAgentResponse = GetAgentResponses[keyof GetAgentResponses];
export type ReportResultData = {
    body: CallResult;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: never;
    url: '/v1/webhooks/call-completed';
};
export type ReportResultErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * The body did not arrive within 10 seconds.
     */
    408: Problem;
    /**
     * The id is known under several connections, and none is named. Nothing is kept.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not JSON in UTF-8.
     */
    415: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type ReportResultError = ReportResultErrors[keyof ReportResultErrors];
export type ReportResultResponses = {
    /**
     * It is in its call, was before, or contradicts what is final.
     */
    200: ReportAnswer;
    /**
     * It is kept and will be applied.
     */
    202: ReportAnswer;
};
export type ReportResultResponse = ReportResultResponses[keyof ReportResultResponses];
export type ListWebhookEndpointsData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: {
        /**
         * Endpoints on a page; 50 where it is left out.
         */
        limit?: number;
        /**
         * `next_cursor` of the page before.
         */
        cursor?: string;
    };
    url: '/v1/webhook-endpoints';
};
export type ListWebhookEndpointsErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type ListWebhookEndpointsError = ListWebhookEndpointsErrors[keyof ListWebhookEndpointsErrors];
export type ListWebhookEndpointsResponses = {
    /**
     * A page of endpoints.
     */
    200: WebhookEndpointList;
};
export type ListWebhookEndpointsResponse = ListWebhookEndpointsResponses[keyof ListWebhookEndpointsResponses];
export type AddWebhookEndpointData = {
    body: NewWebhookEndpoint;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: never;
    url: '/v1/webhook-endpoints';
};
export type AddWebhookEndpointErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * The body did not arrive within 10 seconds.
     */
    408: Problem;
    /**
     * There are as many endpoints as there may be.
     */
    409: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not JSON in UTF-8.
     */
    415: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type AddWebhookEndpointError = AddWebhookEndpointErrors[keyof AddWebhookEndpointErrors];
export type AddWebhookEndpointResponses = {
    /**
     * The endpoint, with its secret.
     */
    201: WebhookEndpointWithSecret;
};
export type AddWebhookEndpointResponse = AddWebhookEndpointResponses[keyof AddWebhookEndpointResponses];
export type RemoveWebhookEndpointData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What adding the endpoint returned.
         */
        id: string;
    };
    query?: never;
    url: '/v1/webhook-endpoints/{id}';
};
export type RemoveWebhookEndpointErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such endpoint.
     */
    404: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type RemoveWebhookEndpointError = RemoveWebhookEndpointErrors[keyof RemoveWebhookEndpointErrors];
export type RemoveWebhookEndpointResponses = {
    /**
     * It is removed.
     */
    204: void;
};
export type RemoveWebhookEndpointResponse = RemoveWebhookEndpointResponses[keyof RemoveWebhookEndpointResponses];
export type GetWebhookEndpointData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What adding the endpoint returned.
         */
        id: string;
    };
    query?: never;
    url: '/v1/webhook-endpoints/{id}';
};
export type GetWebhookEndpointErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such endpoint.
     */
    404: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type GetWebhookEndpointError = GetWebhookEndpointErrors[keyof GetWebhookEndpointErrors];
export type GetWebhookEndpointResponses = {
    /**
     * The endpoint, without its secret.
     */
    200: WebhookEndpoint;
};
export type GetWebhookEndpointResponse = GetWebhookEndpointResponses[keyof GetWebhookEndpointResponses];
export type ChangeWebhookEndpointData = {
    body: WebhookEndpointChange;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What adding the endpoint returned.
         */
        id: string;
    };
    query?: never;
    url: '/v1/webhook-endpoints/{id}';
};
export type ChangeWebhookEndpointErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such endpoint.
     */
    404: Problem;
    /**
     * The body did not arrive within 10 seconds.
     */
    408: Problem;
    /**
     * The body is too large.
     */
    413: Problem;
    /**
     * The body is not JSON in UTF-8.
     */
    415: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type ChangeWebhookEndpointError = ChangeWebhookEndpointErrors[keyof ChangeWebhookEndpointErrors];
export type ChangeWebhookEndpointResponses = {
    /**
     * The endpoint as it is now.
     */
    200: WebhookEndpoint;
};
export type ChangeWebhookEndpointResponse = ChangeWebhookEndpointResponses[keyof ChangeWebhookEndpointResponses];
export type RotateWebhookSecretData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What adding the endpoint returned.
         */
        id: string;
    };
    query?: never;
    url: '/v1/webhook-endpoints/{id}/rotate-secret';
};
export type RotateWebhookSecretErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such endpoint.
     */
    404: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type RotateWebhookSecretError = RotateWebhookSecretErrors[keyof RotateWebhookSecretErrors];
export type RotateWebhookSecretResponses = {
    /**
     * The endpoint, with its new secret.
     */
    200: WebhookEndpointWithSecret;
};
export type RotateWebhookSecretResponse = RotateWebhookSecretResponses[keyof RotateWebhookSecretResponses];
export type TestWebhookEndpointData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What adding the endpoint returned.
         */
        id: string;
    };
    query?: never;
    url: '/v1/webhook-endpoints/{id}/test';
};
export type TestWebhookEndpointErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such endpoint.
     */
    404: Problem;
    /**
     * The endpoint is disabled.
     */
    409: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type TestWebhookEndpointError = TestWebhookEndpointErrors[keyof TestWebhookEndpointErrors];
export type TestWebhookEndpointResponses = {
    /**
     * It is on its way.
     */
    202: WebhookDelivery;
};
export type TestWebhookEndpointResponse = TestWebhookEndpointResponses[keyof TestWebhookEndpointResponses];
export type RecoverWebhookEndpointData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * What adding the endpoint returned.
         */
        id: string;
    };
    query: {
        /**
         * From this moment on; at most 30 days ago.
         */
        since: string;
    };
    url: '/v1/webhook-endpoints/{id}/recover';
};
export type RecoverWebhookEndpointErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such endpoint.
     */
    404: Problem;
    /**
     * The endpoint is disabled.
     */
    409: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type RecoverWebhookEndpointError = RecoverWebhookEndpointErrors[keyof RecoverWebhookEndpointErrors];
export type RecoverWebhookEndpointResponses = {
    /**
     * It is on its way.
     */
    202: Recovery;
};
export type RecoverWebhookEndpointResponse = RecoverWebhookEndpointResponses[keyof RecoverWebhookEndpointResponses];
export type ListWebhookDeliveriesData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: {
        /**
         * To this endpoint.
         */
        endpoint?: string;
        /**
         * Of this call.
         */
        call_id?: string;
        /**
         * With this result.
         */
        status?: WebhookDeliveryResult;
        /**
         * Deliveries on a page; 50 where it is left out.
         */
        limit?: number;
        /**
         * `next_cursor` of the page before.
         */
        cursor?: string;
    };
    url: '/v1/webhook-deliveries';
};
export type ListWebhookDeliveriesErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * The content is not valid: every fault stands in `errors`.
     */
    422: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type ListWebhookDeliveriesError = ListWebhookDeliveriesErrors[keyof ListWebhookDeliveriesErrors];
export type ListWebhookDeliveriesResponses = {
    /**
     * A page of deliveries.
     */
    200: WebhookDeliveryList;
};
export type ListWebhookDeliveriesResponse = ListWebhookDeliveriesResponses[keyof ListWebhookDeliveriesResponses];
export type ResendWebhookDeliveryData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path: {
        /**
         * The delivery's id.
         */
        id: string;
    };
    query?: never;
    url: '/v1/webhook-deliveries/{id}/resend';
};
export type ResendWebhookDeliveryErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * There is no key, or it is not valid.
     */
    401: Problem;
    /**
     * The key may not do this, or the destination may not be called.
     */
    403: Problem;
    /**
     * No such delivery.
     */
    404: Problem;
    /**
     * Its endpoint is disabled.
     */
    409: Problem;
    /**
     * Too many requests.
     */
    429: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type ResendWebhookDeliveryError = ResendWebhookDeliveryErrors[keyof ResendWebhookDeliveryErrors];
export type ResendWebhookDeliveryResponses = {
    /**
     * It is on its way.
     */
    202: WebhookDelivery;
};
export type ResendWebhookDeliveryResponse = ResendWebhookDeliveryResponses[keyof ResendWebhookDeliveryResponses];
export type GetHealthData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: never;
    url: '/healthz';
};
export type GetHealthErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * The gateway cannot do this now.
     */
    503: Problem;
};
export type GetHealthError = GetHealthErrors[keyof GetHealthErrors];
export type GetHealthResponses = {
    /**
     * It runs.
     */
    200: Health;
};
export type GetHealthResponse = GetHealthResponses[keyof GetHealthResponses];
export type GetReadinessData = {
    body?: never;
    headers?: {
        /**
         * A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced.
         */
        'X-Request-Id'?: string;
    };
    path?: never;
    query?: never;
    url: '/readyz';
};
export type GetReadinessErrors = {
    /**
     * The body is not JSON, or the query or a header is not valid.
     */
    400: Problem;
    /**
     * The headers are too large.
     */
    431: Problem;
    /**
     * Something went wrong in the gateway.
     */
    500: Problem;
    /**
     * What is not good.
     */
    503: Array<NotReady>;
};
export type GetReadinessError = GetReadinessErrors[keyof GetReadinessErrors];
export type GetReadinessResponses = {
    /**
     * Everything is good: an empty list.
     */
    200: Array<NotReady>;
};
export type GetReadinessResponse = GetReadinessResponses[keyof GetReadinessResponses];
