//! The tables, as both migrations make them; a test compares.

use diesel::{allow_columns_to_appear_in_same_group_by_clause, allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    calls (id) {
        id -> IdSql,
        client -> Text,
        agent -> Text,
        phone -> Text,
        state -> Text,
        revision -> Integer,
        history_head -> Binary,
        try_number -> SmallInt,
        try_due_at -> InstantSql,
        due_at -> InstantSql,
        refusals -> Nullable<JsonSql>,
        connection -> Nullable<Text>,
        fence -> Integer,
        lease_owner -> Nullable<IdSql>,
        lease_until -> Nullable<InstantSql>,
        attempt_id -> Nullable<IdSql>,
        attempts -> SmallInt,
        look_at -> Nullable<InstantSql>,
        looks -> SmallInt,
        absences -> SmallInt,
        settles_by -> Nullable<InstantSql>,
        cancel_requested_at -> Nullable<InstantSql>,
        dialed_at -> Nullable<InstantSql>,
        answered_at -> Nullable<InstantSql>,
        ended_at -> Nullable<InstantSql>,
        ended_reason -> Nullable<Text>,
        ended_by -> Nullable<Text>,
        transcript_status -> Text,
        terms -> JsonSql,
        created_at -> InstantSql,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    call_details (call_id) {
        call_id -> IdSql,
        client -> Text,
        reference -> Nullable<Text>,
        variables -> Nullable<JsonSql>,
        metadata -> Nullable<JsonSql>,
        not_before -> Nullable<InstantSql>,
        expires_at -> Nullable<InstantSql>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    results (call_id) {
        call_id -> IdSql,
        transcript -> Nullable<Text>,
        turns -> Nullable<JsonSql>,
        transcript_extent -> Nullable<Text>,
        transcript_source -> Nullable<Text>,
        transcript_cut_at -> Nullable<Integer>,
        duration_s -> Nullable<Integer>,
        summary -> Nullable<Text>,
        extracted -> Nullable<JsonSql>,
        opt_out -> Nullable<Text>,
        recording -> Nullable<Text>,
        resolved -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    attempts (id) {
        id -> IdSql,
        call_id -> IdSql,
        try_number -> SmallInt,
        connection -> Text,
        fence -> Integer,
        sent_mark_at -> InstantSql,
        outcome -> Text,
        provider_call -> Nullable<Text>,
        contradicted_at -> Nullable<InstantSql>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    history (call_id, revision) {
        call_id -> IdSql,
        revision -> Integer,
        at -> InstantSql,
        status -> Text,
        what -> Text,
        caused_by -> Text,
        hash -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    idempotency (client, operation, key) {
        client -> Text,
        operation -> Text,
        key -> Text,
        fingerprint -> Binary,
        call_id -> IdSql,
        created_at -> InstantSql,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    inbox (id) {
        id -> IdSql,
        connection -> Text,
        source -> Text,
        dedupe_key -> Text,
        url -> Nullable<Text>,
        headers -> JsonSql,
        body -> Binary,
        received_at -> InstantSql,
        progress -> Text,
        tries -> SmallInt,
        again_at -> Nullable<InstantSql>,
        attempt_id -> Nullable<IdSql>,
        provider_call -> Nullable<Text>,
        about_connection -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::types::*;

    keys (sha256) {
        sha256 -> Binary,
        client -> Text,
        scopes -> Text,
        created_at -> InstantSql,
        expires_at -> Nullable<InstantSql>,
        revoked_at -> Nullable<InstantSql>,
        first_at -> Nullable<InstantSql>,
    }
}

table! {
    connections (id) {
        id -> Text,
        webhook_token -> Text,
    }
}

table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

joinable!(call_details -> calls (call_id));
joinable!(results -> calls (call_id));
allow_tables_to_appear_in_same_query!(calls, call_details, results, attempts);
allow_columns_to_appear_in_same_group_by_clause!(calls::connection, calls::state);
