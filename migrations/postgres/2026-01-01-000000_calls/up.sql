-- Calls, everything that became of them, and what the program keeps for itself.
-- The same tables on both databases; only the types differ.

create table calls (
    id uuid primary key not null,
    client text not null,
    agent text not null,
    phone text not null,
    state text not null,
    revision integer not null,
    history_head bytea not null,
    try_number smallint not null,
    try_due_at timestamptz not null,
    due_at timestamptz not null,
    refusals jsonb,
    connection text,
    fence integer not null,
    lease_owner uuid,
    lease_until timestamptz,
    attempt_id uuid,
    attempts smallint not null,
    look_at timestamptz,
    looks smallint not null,
    absences smallint not null,
    settles_by timestamptz,
    cancel_requested_at timestamptz,
    dialed_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    ended_reason text,
    ended_by text,
    transcript_status text not null,
    terms jsonb not null,
    created_at timestamptz not null
);

-- What a dispatcher claims, what a reconciler looks at, and what is live on a connection.
create index calls_queued on calls (due_at, id) where state = 'queued';
create index calls_look on calls (look_at) where look_at is not null;
create index calls_live on calls (connection) where state in ('claimed', 'sending', 'unknown', 'placed', 'ringing', 'in_progress', 'processing');
create index calls_leased on calls (lease_owner) where lease_owner is not null;
-- What a client lists, newest first.
create index calls_client on calls (client, id);
create index calls_client_phone on calls (client, phone, id);

create table call_details (
    call_id uuid primary key not null references calls (id),
    client text not null,
    reference text,
    variables jsonb,
    metadata jsonb,
    not_before timestamptz,
    expires_at timestamptz
);
create index call_details_reference on call_details (client, reference) where reference is not null;

create table results (
    call_id uuid primary key not null references calls (id),
    transcript text,
    turns jsonb,
    transcript_extent text,
    transcript_source text,
    transcript_cut_at integer,
    duration_s integer,
    summary text,
    extracted jsonb,
    opt_out text,
    recording text,
    resolved text
);

create table attempts (
    id uuid primary key not null,
    call_id uuid not null references calls (id),
    try_number smallint not null,
    connection text not null,
    fence integer not null,
    sent_mark_at timestamptz not null,
    outcome text not null,
    provider_call text,
    contradicted_at timestamptz
);
-- Nobody is rung twice: the database itself refuses a second attempt of a call whose first is not proven over, and a
-- second one within a try unless the first proved that it did not dial.
create unique index attempts_open on attempts (call_id) where outcome not in ('not_dialed', 'no_answer', 'busy');
create unique index attempts_try on attempts (call_id, try_number) where outcome <> 'not_dialed';
create index attempts_provider_call on attempts (provider_call, connection) where provider_call is not null;

create table history (
    call_id uuid not null references calls (id),
    revision integer not null,
    at timestamptz not null,
    status text not null,
    what text not null,
    caused_by text not null,
    hash bytea not null,
    primary key (call_id, revision)
);

create table idempotency (
    client text not null,
    operation text not null,
    key text not null,
    fingerprint bytea not null,
    call_id uuid not null,
    created_at timestamptz not null,
    primary key (client, operation, key)
);
create index idempotency_created on idempotency (created_at);

create table inbox (
    id uuid primary key not null,
    connection text not null,
    source text not null,
    dedupe_key text not null,
    url text,
    headers jsonb not null,
    body bytea not null,
    received_at timestamptz not null,
    progress text not null,
    tries smallint not null,
    again_at timestamptz,
    attempt_id uuid,
    provider_call text,
    about_connection text
);
create unique index inbox_dedupe on inbox (connection, dedupe_key);
create index inbox_again on inbox (again_at) where again_at is not null;
create index inbox_parked on inbox (provider_call) where progress = 'parked';

create table keys (
    sha256 bytea primary key not null,
    client text not null,
    scopes text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    first_at timestamptz
);

create table connections (
    id text primary key not null,
    webhook_token text not null
);

create table settings (
    name text primary key not null,
    value text not null
);
