-- What a call is and what became of it; the same as for Postgres, in what SQLite has: ids are 16 bytes, moments
-- microseconds since 1970, JSON is text. Calls, and tables of small rows, live
-- inside their primary key's tree (WITHOUT ROWID).

-- The hot row: read and written at every step, so it holds nothing long.
CREATE TABLE calls (
    id BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    agent TEXT NOT NULL,
    phone TEXT NOT NULL,
    terms TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    history_head BLOB NOT NULL,
    try INTEGER NOT NULL,
    try_due_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    refusals TEXT,
    connection TEXT,
    fence INTEGER NOT NULL,
    lease_owner BLOB,
    lease_until INTEGER,
    attempt BLOB,
    attempts INTEGER NOT NULL,
    look_at INTEGER,
    looks INTEGER NOT NULL,
    looks_absent INTEGER NOT NULL,
    settles_by INTEGER,
    restored_at INTEGER,
    cancel_requested_at INTEGER,
    dialed_at INTEGER,
    answered_at INTEGER,
    ended_at INTEGER,
    ended_reason TEXT,
    ended_by TEXT,
    resolved TEXT,
    transcript_status TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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
    call_id BLOB NOT NULL PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    reference TEXT,
    variables TEXT,
    metadata TEXT,
    not_before INTEGER,
    expires_at INTEGER
) STRICT;

CREATE INDEX call_details_by_reference ON call_details (reference, call_id) WHERE reference IS NOT NULL;

-- What came out of a call; there is no row until something did.
CREATE TABLE results (
    call_id BLOB NOT NULL PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    transcript TEXT,
    turns TEXT,
    transcript_state TEXT,
    transcript_source TEXT,
    transcript_extent TEXT,
    duration_s INTEGER,
    summary TEXT,
    extracted TEXT,
    opt_out TEXT,
    recording TEXT
) STRICT;

-- Requests to providers: at most one ring each.
CREATE TABLE attempts (
    id BLOB NOT NULL PRIMARY KEY,
    call_id BLOB NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    try INTEGER NOT NULL,
    connection TEXT NOT NULL,
    fence INTEGER NOT NULL,
    sent_mark_at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    provider_call TEXT,
    guessed_at INTEGER,
    contradicted_at INTEGER
) STRICT;

-- At most one dial (docs/RELIABILITY.md): a call has at most one attempt that is not proven over,
CREATE UNIQUE INDEX attempts_one_not_proven_over ON attempts (call_id)
    WHERE outcome NOT IN ('not_dialed', 'no_answer', 'busy');
-- and at most one attempt of a try may have dialed.
CREATE UNIQUE INDEX attempts_one_dial_per_try ON attempts (call_id, try) WHERE outcome <> 'not_dialed';
CREATE INDEX attempts_by_call ON attempts (call_id);
CREATE INDEX attempts_by_provider_call ON attempts (provider_call, connection) WHERE provider_call IS NOT NULL;

-- One row per revision of a call, each hash over its row and the hash before it.
CREATE TABLE history (
    call_id BLOB NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    happened_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    what TEXT NOT NULL,
    caused_by TEXT NOT NULL,
    hash BLOB NOT NULL,
    kept_at INTEGER DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER)),
    PRIMARY KEY (call_id, revision)
) STRICT, WITHOUT ROWID;

-- What has changed since a moment, by the database's own clock. A new call is found by its id instead: its row has no
-- moment here, so that accepting a call costs no index more.
CREATE INDEX history_kept ON history (kept_at, call_id, revision) WHERE kept_at IS NOT NULL;

-- Which request made which call.
CREATE TABLE idempotency (
    client TEXT NOT NULL,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    call_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client, operation, key)
) STRICT, WITHOUT ROWID;

-- Authentic webhooks, kept before they are understood. The connection is '' where the result webhook names none. There is
-- no body once it was cleared: what repeats are known by stays for longer.
CREATE TABLE inbox (
    id BLOB NOT NULL PRIMARY KEY,
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    url TEXT,
    headers TEXT NOT NULL,
    body BLOB,
    received_at INTEGER NOT NULL,
    progress TEXT NOT NULL,
    tries INTEGER NOT NULL,
    again_at INTEGER,
    about_attempt BLOB,
    about_provider_call TEXT,
    about_connection TEXT
) STRICT;

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
    sha256 BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    prefix TEXT,
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    replaced_by BLOB
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX keys_by_id ON keys (id);
CREATE UNIQUE INDEX keys_one_first ON keys (kind) WHERE kind = 'first' AND revoked_at IS NULL;

-- Of connections only the tokens in their webhook URLs; all else about them is configuration.
CREATE TABLE connections (
    id TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The one before, and until when it still works.
    previous_token TEXT,
    previous_until INTEGER
) STRICT, WITHOUT ROWID;

-- Small things that outlive a process and are shared by all.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What each connection was asked in the last second, in slots of 20 ms counted from 1970, and until when it pauses.
CREATE TABLE rates (
    connection TEXT NOT NULL PRIMARY KEY,
    taken TEXT NOT NULL,
    paused_until INTEGER
) STRICT, WITHOUT ROWID;

-- What is not dialed now: 'all', 'agent:<key>' or 'connection:<id>'; 'stamp' in a copy that was not taken in yet.
CREATE TABLE holds (
    what TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where clients want to be told. The secrets stand here as they are, since they sign; events are words with blanks between.
CREATE TABLE endpoints (
    id BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    description TEXT,
    secrets TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    failing_since INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX endpoints_by_client ON endpoints (client, id);

-- What clients are told, written with the change it tells of. No body: it is made when it is sent.
CREATE TABLE notices (
    client TEXT NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    call_id BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client, id)
) STRICT, WITHOUT ROWID;

-- One notice on its way to one endpoint. Its next moment is the end of the lease while it is in the air.
CREATE TABLE deliveries (
    id BLOB NOT NULL PRIMARY KEY,
    notice_id BLOB NOT NULL,
    endpoint_id BLOB NOT NULL,
    client TEXT NOT NULL,
    call_id BLOB,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    result TEXT NOT NULL,
    tries INTEGER NOT NULL,
    step INTEGER NOT NULL,
    next_at INTEGER,
    leased_until INTEGER,
    last_status INTEGER,
    last_fault TEXT,
    delivered_at INTEGER
) STRICT, WITHOUT ROWID;

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
    id BLOB NOT NULL PRIMARY KEY,
    happened_at INTEGER NOT NULL,
    key_id BLOB,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    result TEXT NOT NULL,
    times INTEGER NOT NULL,
    request_id TEXT
) STRICT, WITHOUT ROWID;

-- Which calls each key placed within the last day, where calls a day are limited; older rows go when new ones come.
CREATE TABLE spent (
    key_id BLOB NOT NULL,
    call_id BLOB NOT NULL,
    PRIMARY KEY (key_id, call_id)
) STRICT, WITHOUT ROWID;
