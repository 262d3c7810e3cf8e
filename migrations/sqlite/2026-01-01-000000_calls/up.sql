-- Calls, everything that became of them, and what the program keeps for itself.
-- The same tables on both databases; only the types differ.

create table calls (
    id blob primary key not null,
    client text not null,
    agent text not null,
    phone text not null,
    state text not null,
    revision integer not null,
    history_head blob not null,
    try_number integer not null,
    try_due_at integer not null,
    due_at integer not null,
    refusals text,
    connection text,
    fence integer not null,
    lease_owner blob,
    lease_until integer,
    attempt_id blob,
    attempts integer not null,
    look_at integer,
    looks integer not null,
    absences integer not null,
    settles_by integer,
    cancel_requested_at integer,
    dialed_at integer,
    answered_at integer,
    ended_at integer,
    ended_reason text,
    ended_by text,
    transcript_status text not null,
    terms text not null,
    created_at integer not null
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
    call_id blob primary key not null references calls (id),
    client text not null,
    reference text,
    variables text,
    metadata text,
    not_before integer,
    expires_at integer
);
create index call_details_reference on call_details (client, reference) where reference is not null;

create table results (
    call_id blob primary key not null references calls (id),
    transcript text,
    turns text,
    transcript_extent text,
    transcript_source text,
    transcript_cut_at integer,
    duration_s integer,
    summary text,
    extracted text,
    opt_out text,
    recording text,
    resolved text
);

create table attempts (
    id blob primary key not null,
    call_id blob not null references calls (id),
    try_number integer not null,
    connection text not null,
    fence integer not null,
    sent_mark_at integer not null,
    outcome text not null,
    provider_call text,
    contradicted_at integer
);
-- Nobody is rung twice: the database itself refuses a second attempt of a call whose first is not proven over, and a
-- second one within a try unless the first proved that it did not dial.
create unique index attempts_open on attempts (call_id) where outcome not in ('not_dialed', 'no_answer', 'busy');
create unique index attempts_try on attempts (call_id, try_number) where outcome <> 'not_dialed';
create index attempts_provider_call on attempts (provider_call, connection) where provider_call is not null;

create table history (
    call_id blob not null references calls (id),
    revision integer not null,
    at integer not null,
    status text not null,
    what text not null,
    caused_by text not null,
    hash blob not null,
    primary key (call_id, revision)
);

create table idempotency (
    client text not null,
    operation text not null,
    key text not null,
    fingerprint blob not null,
    call_id blob not null,
    created_at integer not null,
    primary key (client, operation, key)
);
create index idempotency_created on idempotency (created_at);

create table inbox (
    id blob primary key not null,
    connection text not null,
    source text not null,
    dedupe_key text not null,
    url text,
    headers text not null,
    body blob not null,
    received_at integer not null,
    progress text not null,
    tries integer not null,
    again_at integer,
    attempt_id blob,
    provider_call text,
    about_connection text
);
create unique index inbox_dedupe on inbox (connection, dedupe_key);
create index inbox_again on inbox (again_at) where again_at is not null;
create index inbox_parked on inbox (provider_call) where progress = 'parked';

create table keys (
    sha256 blob primary key not null,
    client text not null,
    scopes text not null,
    created_at integer not null,
    expires_at integer,
    revoked_at integer,
    first_at integer
);

create table connections (
    id text primary key not null,
    webhook_token text not null
);

create table settings (
    name text primary key not null,
    value text not null
);
