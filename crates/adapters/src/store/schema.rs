//! The tables as diesel sees them. `migrations/` is the truth; a test in `migrations.rs` compares the two.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    calls (id) {
        id -> sql::Id,
        client -> Text,
        agent -> Text,
        phone -> Text,
        terms -> sql::Json,
        created_at -> sql::Instant,
        state -> Text,
        revision -> BigInt,
        history_head -> Binary,
        #[sql_name = "try"]
        try_number -> Integer,
        try_due_at -> sql::Instant,
        due_at -> sql::Instant,
        refusals -> Nullable<sql::Json>,
        connection -> Nullable<Text>,
        fence -> BigInt,
        lease_owner -> Nullable<sql::Id>,
        lease_until -> Nullable<sql::Instant>,
        attempt -> Nullable<sql::Id>,
        attempts -> Integer,
        look_at -> Nullable<sql::Instant>,
        looks -> Integer,
        looks_absent -> Integer,
        settles_by -> Nullable<sql::Instant>,
        restored_at -> Nullable<sql::Instant>,
        cancel_requested_at -> Nullable<sql::Instant>,
        dialed_at -> Nullable<sql::Instant>,
        answered_at -> Nullable<sql::Instant>,
        ended_at -> Nullable<sql::Instant>,
        ended_reason -> Nullable<Text>,
        ended_by -> Nullable<Text>,
        resolved -> Nullable<Text>,
        transcript_status -> Text,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    call_details (call_id) {
        call_id -> sql::Id,
        reference -> Nullable<Text>,
        variables -> Nullable<sql::Json>,
        metadata -> Nullable<sql::Json>,
        not_before -> Nullable<sql::Instant>,
        expires_at -> Nullable<sql::Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    results (call_id) {
        call_id -> sql::Id,
        transcript -> Nullable<Text>,
        turns -> Nullable<sql::Json>,
        transcript_state -> Nullable<Text>,
        transcript_source -> Nullable<Text>,
        transcript_extent -> Nullable<Text>,
        duration_s -> Nullable<BigInt>,
        summary -> Nullable<Text>,
        extracted -> Nullable<sql::Json>,
        opt_out -> Nullable<Text>,
        recording -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    attempts (id) {
        id -> sql::Id,
        call_id -> sql::Id,
        #[sql_name = "try"]
        try_number -> Integer,
        connection -> Text,
        fence -> BigInt,
        sent_mark_at -> sql::Instant,
        outcome -> Text,
        provider_call -> Nullable<Text>,
        guessed_at -> Nullable<sql::Instant>,
        contradicted_at -> Nullable<sql::Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    history (call_id, revision) {
        call_id -> sql::Id,
        revision -> BigInt,
        happened_at -> sql::Instant,
        status -> Text,
        what -> Text,
        caused_by -> Text,
        hash -> Binary,
        kept_at -> Nullable<sql::Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    idempotency (client, operation, key) {
        client -> Text,
        operation -> Text,
        key -> Text,
        fingerprint -> Binary,
        call_id -> sql::Id,
        created_at -> sql::Instant,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    inbox (id) {
        id -> sql::Id,
        connection -> Text,
        kind -> Text,
        dedupe_key -> Text,
        url -> Nullable<Text>,
        headers -> sql::Json,
        body -> Nullable<Binary>,
        received_at -> sql::Instant,
        progress -> Text,
        tries -> Integer,
        again_at -> Nullable<sql::Instant>,
        about_attempt -> Nullable<sql::Id>,
        about_provider_call -> Nullable<Text>,
        about_connection -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    keys (sha256) {
        sha256 -> Binary,
        id -> sql::Id,
        kind -> Text,
        prefix -> Nullable<Text>,
        client -> Text,
        scopes -> Text,
        created_at -> sql::Instant,
        expires_at -> Nullable<sql::Instant>,
        revoked_at -> Nullable<sql::Instant>,
        replaced_by -> Nullable<sql::Id>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    connections (id) {
        id -> Text,
        token -> Text,
        created_at -> sql::Instant,
        previous_token -> Nullable<Text>,
        previous_until -> Nullable<sql::Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    settings (name) {
        name -> Text,
        value -> Text,
        created_at -> sql::Instant,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    rates (connection) {
        connection -> Text,
        taken -> sql::Json,
        paused_until -> Nullable<sql::Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    holds (what) {
        what -> Text,
        reason -> Text,
        created_at -> sql::Instant,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    endpoints (id) {
        id -> sql::Id,
        client -> Text,
        url -> Text,
        events -> Text,
        description -> Nullable<Text>,
        secrets -> sql::Json,
        created_at -> sql::Instant,
        disabled_at -> Nullable<sql::Instant>,
        failing_since -> Nullable<sql::Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    notices (client, id) {
        client -> Text,
        id -> sql::Id,
        kind -> Text,
        call_id -> Nullable<sql::Id>,
        created_at -> sql::Instant,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    deliveries (id) {
        id -> sql::Id,
        notice_id -> sql::Id,
        endpoint_id -> sql::Id,
        client -> Text,
        call_id -> Nullable<sql::Id>,
        kind -> Text,
        created_at -> sql::Instant,
        result -> Text,
        tries -> Integer,
        step -> Integer,
        next_at -> Nullable<sql::Instant>,
        leased_until -> Nullable<sql::Instant>,
        last_status -> Nullable<Integer>,
        last_fault -> Nullable<Text>,
        delivered_at -> Nullable<sql::Instant>,
        last_exchange -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    audit (id) {
        id -> sql::Id,
        happened_at -> sql::Instant,
        key_id -> Nullable<sql::Id>,
        action -> Text,
        object -> Text,
        result -> Text,
        times -> Integer,
        request_id -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    use crate::store::types::sql;

    spent (key_id, call_id) {
        key_id -> sql::Id,
        call_id -> sql::Id,
    }
}

joinable!(call_details -> calls (call_id));
joinable!(results -> calls (call_id));
joinable!(history -> calls (call_id));
table! {
    use diesel::sql_types::{Binary, Text};
    use crate::store::types::sql;

    sessions (sha256) {
        sha256 -> Binary,
        kind -> Text,
        key -> sql::Id,
        created_at -> sql::Instant,
        expires_at -> sql::Instant,
    }
}

allow_tables_to_appear_in_same_query!(sessions, keys);
allow_tables_to_appear_in_same_query!(calls, call_details, results, attempts, history);
allow_tables_to_appear_in_same_query!(endpoints, deliveries);
