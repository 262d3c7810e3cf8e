-- What a call is and what became of it. Ids are UUIDv7 made by the program; words are those of the model; there are no
-- booleans, since a nullable moment says more. Indexed text is compared byte by byte, so that an upgrade of the
-- machine's locales cannot spoil an index.

-- The hot row: read and written at every step, so it holds nothing long.
CREATE TABLE calls (
    id UUID PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL,
    terms JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    history_head BYTEA NOT NULL,
    try INTEGER NOT NULL,
    try_due_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    refusals JSONB,
    connection TEXT COLLATE "C",
    fence BIGINT NOT NULL,
    lease_owner UUID,
    lease_until TIMESTAMPTZ,
    attempt UUID,
    attempts INTEGER NOT NULL,
    look_at TIMESTAMPTZ,
    looks INTEGER NOT NULL,
    looks_absent INTEGER NOT NULL,
    settles_by TIMESTAMPTZ,
    restored_at TIMESTAMPTZ,
    cancel_requested_at TIMESTAMPTZ,
    dialed_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    ended_reason TEXT,
    ended_by TEXT,
    resolved TEXT,
    transcript_status TEXT NOT NULL
);

-- The queue, in the order it is claimed; the agent stands last so that calls of others are passed over inside the index.
CREATE INDEX calls_due ON calls (due_at, id, agent) WHERE state = 'queued';
-- Whom somebody has to look at, and when.
CREATE INDEX calls_look ON calls (look_at, id, connection) WHERE look_at IS NOT NULL;
-- What takes up a place on its connection; counted wherever calls are claimed.
CREATE INDEX calls_live ON calls (connection, state, looks_absent)
    WHERE state IN ('claimed', 'sending', 'unknown', 'placed', 'ringing', 'in_progress', 'processing');
-- The leases of a worker, prolonged together.
CREATE INDEX calls_leased ON calls (lease_owner) WHERE state = 'claimed';
-- Lists, newest first.
CREATE INDEX calls_by_client ON calls (client, id);
-- Of one client, and of all: what a number is called in a day is counted whoever calls it.
CREATE INDEX calls_by_phone ON calls (phone, id, client);
CREATE INDEX calls_by_agent ON calls (client, agent, id);
-- Whose content is still there, in the order in which it is to be forgotten.
CREATE INDEX calls_to_forget ON calls (ended_at) WHERE ended_at IS NOT NULL AND transcript_status <> 'erased';

-- What the client sent along; there is no row when it sent nothing.
CREATE TABLE call_details (
    call_id UUID PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    reference TEXT COLLATE "C",
    variables JSONB,
    metadata JSONB,
    not_before TIMESTAMPTZ,
    expires_at TIMESTAMPTZ
);

CREATE INDEX call_details_by_reference ON call_details (reference, call_id) WHERE reference IS NOT NULL;

-- What came out of a call; there is no row until something did.
CREATE TABLE results (
    call_id UUID PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    transcript TEXT,
    turns JSONB,
    transcript_state TEXT,
    transcript_source TEXT,
    transcript_extent TEXT,
    duration_s BIGINT,
    summary TEXT,
    extracted JSONB,
    opt_out TEXT,
    recording TEXT
);

-- Requests to providers: at most one ring each.
CREATE TABLE attempts (
    id UUID PRIMARY KEY,
    call_id UUID NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    try INTEGER NOT NULL,
    connection TEXT COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    sent_mark_at TIMESTAMPTZ NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    provider_call TEXT COLLATE "C",
    guessed_at TIMESTAMPTZ,
    contradicted_at TIMESTAMPTZ
);

-- At most one dial (docs/RELIABILITY.md): a call has at most one attempt that is not proven over,
CREATE UNIQUE INDEX attempts_one_not_proven_over ON attempts (call_id)
    WHERE outcome NOT IN ('not_dialed', 'no_answer', 'busy');
-- and at most one attempt of a try may have dialed.
CREATE UNIQUE INDEX attempts_one_dial_per_try ON attempts (call_id, try) WHERE outcome <> 'not_dialed';
CREATE INDEX attempts_by_call ON attempts (call_id);
CREATE INDEX attempts_by_provider_call ON attempts (provider_call, connection) WHERE provider_call IS NOT NULL;

-- One row per revision of a call, each hash over its row and the hash before it.
CREATE TABLE history (
    call_id UUID NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    revision BIGINT NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL,
    status TEXT NOT NULL,
    what TEXT NOT NULL,
    caused_by TEXT NOT NULL,
    hash BYTEA NOT NULL,
    kept_at TIMESTAMPTZ DEFAULT clock_timestamp(),
    PRIMARY KEY (call_id, revision)
);

-- What has changed since a moment, by the database's own clock. A new call is found by its id instead: its row has no
-- moment here, so that accepting a call costs no index more.
CREATE INDEX history_kept ON history (kept_at, call_id, revision) WHERE kept_at IS NOT NULL;

-- Which request made which call.
CREATE TABLE idempotency (
    client TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    fingerprint BYTEA NOT NULL,
    call_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (client, operation, key)
);

-- Authentic webhooks, kept before they are understood. The connection is '' where the result webhook names none. There is
-- no body once it was cleared: what repeats are known by stays for longer.
CREATE TABLE inbox (
    id UUID PRIMARY KEY,
    connection TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    dedupe_key TEXT COLLATE "C" NOT NULL,
    url TEXT,
    headers JSONB NOT NULL,
    body BYTEA,
    received_at TIMESTAMPTZ NOT NULL,
    progress TEXT COLLATE "C" NOT NULL,
    tries INTEGER NOT NULL,
    again_at TIMESTAMPTZ,
    about_attempt UUID,
    about_provider_call TEXT COLLATE "C",
    about_connection TEXT COLLATE "C"
);

CREATE UNIQUE INDEX inbox_once ON inbox (connection, dedupe_key);
CREATE INDEX inbox_again ON inbox (again_at, id) WHERE again_at IS NOT NULL;
CREATE INDEX inbox_parked ON inbox (about_provider_call) WHERE progress = 'parked';
-- For erasing: what is about an attempt, and what was left over and names a call nobody has.
CREATE INDEX inbox_about ON inbox (about_attempt) WHERE about_attempt IS NOT NULL;
CREATE INDEX inbox_left ON inbox (about_provider_call) WHERE progress IN ('orphaned', 'quarantined');
-- What was handled and is still whole, for as long as `keep_raw` says.
CREATE INDEX inbox_raw ON inbox (received_at) WHERE body IS NOT NULL AND again_at IS NULL;

-- API keys, as the SHA-256 of the whole key.
CREATE TABLE keys (
    sha256 BYTEA PRIMARY KEY,
    id UUID NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    prefix TEXT,
    client TEXT COLLATE "C" NOT NULL,
    scopes TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    replaced_by UUID
);

CREATE UNIQUE INDEX keys_by_id ON keys (id);
CREATE UNIQUE INDEX keys_one_first ON keys (kind) WHERE kind = 'first' AND revoked_at IS NULL;

-- Of connections only the tokens in their webhook URLs; all else about them is configuration.
CREATE TABLE connections (
    id TEXT COLLATE "C" PRIMARY KEY,
    token TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- The one before, and until when it still works.
    previous_token TEXT,
    previous_until TIMESTAMPTZ
);

-- Small things that outlive a process and are shared by all.
CREATE TABLE settings (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- What each connection was asked in the last second, in slots of 20 ms counted from 1970, and until when it pauses.
CREATE TABLE rates (
    connection TEXT COLLATE "C" PRIMARY KEY,
    taken JSONB NOT NULL,
    paused_until TIMESTAMPTZ
);

-- What is not dialed now: 'all', 'agent:<key>' or 'connection:<id>'; 'stamp' in a copy that was not taken in yet.
CREATE TABLE holds (
    what TEXT COLLATE "C" PRIMARY KEY,
    reason TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- Where clients want to be told. The secrets stand here as they are, since they sign; events are words with blanks between.
CREATE TABLE endpoints (
    id UUID PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    description TEXT,
    secrets JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    disabled_at TIMESTAMPTZ,
    failing_since TIMESTAMPTZ
);

CREATE INDEX endpoints_by_client ON endpoints (client, id);

-- What clients are told, written with the change it tells of. No body: it is made when it is sent.
CREATE TABLE notices (
    client TEXT COLLATE "C" NOT NULL,
    id UUID NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    call_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (client, id)
);

-- One notice on its way to one endpoint. Its next moment is the end of the lease while it is in the air.
CREATE TABLE deliveries (
    id UUID PRIMARY KEY,
    notice_id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    call_id UUID,
    kind TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    tries INTEGER NOT NULL,
    step INTEGER NOT NULL,
    next_at TIMESTAMPTZ,
    leased_until TIMESTAMPTZ,
    last_status INTEGER,
    last_fault TEXT,
    delivered_at TIMESTAMPTZ
);

-- What waits for each endpoint, in the order it is sent: the backlog of one is never read for another.
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_at, id) WHERE next_at IS NOT NULL;
-- What is in the air; counted wherever deliveries are taken.
CREATE INDEX deliveries_leased ON deliveries (leased_until, endpoint_id) WHERE leased_until IS NOT NULL;
-- Lists, newest first.
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_by_call ON deliveries (call_id, id);
CREATE INDEX deliveries_failed ON deliveries (endpoint_id, id) WHERE result = 'failed';

-- Which key did what to which thing, and what came of it. Nothing in it is changed.
CREATE TABLE audit (
    id UUID PRIMARY KEY,
    happened_at TIMESTAMPTZ NOT NULL,
    key_id UUID,
    action TEXT COLLATE "C" NOT NULL,
    object TEXT NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    times INTEGER NOT NULL,
    request_id TEXT
);

-- Which calls each key placed within the last day, where calls a day are limited; older rows go when new ones come.
CREATE TABLE spent (
    key_id UUID NOT NULL,
    call_id UUID NOT NULL,
    PRIMARY KEY (key_id, call_id)
);
