//! What every store must do: the sentences of the ports, as tests.
//!
//! Each promise is a function that takes a fresh, empty [`Trial`] and panics when the promise is broken. Their names are
//! listed once, in [`store_promises!`](crate::store_promises), so that an adapter runs all of them:
//!
//! ```ignore
//! macro_rules! in_memory {
//!     ($($promise:ident),+) => { $(#[tokio::test] async fn $promise() { store_contract::$promise(&trial()).await })+ };
//! }
//! callgate_domain::store_promises!(in_memory);
//! ```
#![expect(clippy::expect_used, reason = "a promise that is broken must say so at once")]

mod access;
mod calls;
mod claims;
mod copies;
mod figures;
mod finds;
mod holds;
mod inbox;
mod inspection;
mod keys;
mod lists;
mod looks;
mod moves;
mod outbox;
mod quotas;
mod retention;
mod saves;
mod sessions;

use std::sync::Arc;

use jiff::Timestamp;

pub use access::*;
pub use calls::*;
pub use claims::*;
pub use copies::*;
pub use figures::*;
pub use finds::*;
pub use holds::*;
pub use inbox::*;
pub use inspection::*;
pub use keys::*;
pub use lists::*;
pub use looks::*;
pub use moves::*;
pub use outbox::*;
pub use quotas::*;
pub use retention::*;
pub use saves::*;
pub use sessions::*;

use crate::model::call::{By, Entry, NewCall, What};
use crate::model::{Call, Quota};
use crate::ports::{
    Audit, CallStore, Change, Clock, Copies, Figures, Holds, Inbox, Inserted, Inspection, KeyStore, Moves, Outbox, Reader,
    Retention, Sessions, Settings,
};

/// A fresh, empty store, and the clock that it goes by.
#[derive(Clone)]
pub struct Trial {
    /// Calls.
    pub calls: Arc<dyn CallStore>,
    /// What has changed.
    pub moves: Arc<dyn Moves>,
    /// Webhooks.
    pub inbox: Arc<dyn Inbox>,
    /// Where clients want to be told, and what.
    pub outbox: Arc<dyn Outbox>,
    /// API keys.
    pub keys: Arc<dyn KeyStore>,
    /// Console sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The audit log.
    pub audit: Arc<dyn Audit>,
    /// The program's own settings.
    pub settings: Arc<dyn Settings>,
    /// Holds.
    pub holds: Arc<dyn Holds>,
    /// Copies.
    pub copies: Arc<dyn Copies>,
    /// What operators look at.
    pub inspection: Arc<dyn Inspection>,
    /// Figures.
    pub figures: Arc<dyn Figures>,
    /// What may be forgotten.
    pub retention: Arc<dyn Retention>,
    /// Near the store's own: leases are compared with that.
    pub clock: Arc<dyn Clock>,
}

impl Trial {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Stores a call as it was accepted, and then every step that leads to where it is: all of them at once would be
    /// what no worker does.
    async fn hold(&self, call: &Call) {
        let (first, entry) = accepted(call);
        assert_eq!(
            self.calls.insert(vec![(first.clone(), entry)], None, &Quota::default()).await.expect("a new call"),
            Inserted::New
        );
        if *call != first {
            self.calls.save(step(&first, call)).await.expect("its present state");
        }
    }

    /// A call as the store has it.
    async fn read(&self, call: &Call) -> Call {
        self.calls.get(call.id, &Reader::All).await.expect("the call is there")
    }
}

/// The call as it once was accepted.
fn accepted(call: &Call) -> (Call, Entry) {
    let new = NewCall {
        id: call.id,
        client: call.client.clone(),
        agent: call.agent.clone(),
        phone: call.phone.clone(),
        asked: call.asked.clone(),
        terms: call.terms.clone(),
    };
    Call::accept(new, call.created_at)
}

/// From one state of a call to any other, whatever happened between.
fn step(from: &Call, to: &Call) -> Change {
    let entry = Entry {
        revision: to.revision,
        at: to.created_at,
        status: to.status(),
        what: What::FactsAdded,
        by: By::Gateway,
        hash: to.history_head,
    };
    Change::new(from, to.clone(), entry, None, None)
}

/// Calls `$run!` with the names of all promises.
#[macro_export]
macro_rules! store_promises {
    ($run:ident) => {
        $run! {
            // calls
            a_new_call_is_read_back_as_it_was_accepted,
            a_call_is_read_back_whole_whatever_it_holds,
            what_a_provider_says_can_always_be_stored,
            another_clients_call_is_not_found,
            a_call_that_is_not_there_is_not_found,
            all_calls_of_a_request_are_stored_or_none,
            the_same_key_and_body_make_one_call,
            the_same_key_with_another_body_is_a_duplicate,
            a_key_belongs_to_its_client_and_its_operation,
            a_key_is_new_again_after_a_week,
            of_64_concurrent_twins_one_makes_a_call,
            many_concurrent_requests_each_make_their_call,
            // quotas
            a_number_rings_no_more_often_in_a_day_than_its_quota,
            a_number_is_counted_whoever_calls_it_and_whatever_became_of_it,
            a_call_counts_as_often_as_it_may_ring,
            a_repetition_is_answered_and_counts_for_nothing,
            a_key_has_so_many_calls_a_day,
            a_call_that_looks_like_an_open_young_one_is_refused,
            a_call_that_is_over_has_no_twin,
            of_64_concurrent_calls_as_many_are_accepted_as_the_quota_says,
            of_concurrent_twins_of_one_key_all_are_refused_together,
            // saves
            of_twenty_concurrent_saves_of_one_revision_exactly_one_wins,
            a_save_of_an_old_revision_writes_nothing,
            a_save_under_an_old_fence_is_refused,
            a_send_mark_under_a_lease_that_holds_is_saved,
            a_send_mark_after_the_lease_ran_out_is_refused,
            a_second_attempt_beside_an_open_one_is_refused,
            a_second_dial_in_one_try_is_refused,
            after_proof_of_no_dial_the_next_attempt_is_welcome,
            a_change_whose_history_row_cannot_be_written_leaves_no_trace,
            an_earlier_attempt_is_saved_with_its_call,
            an_erased_result_is_gone,
            what_an_attempt_left_behind_told_is_gone,
            // claims
            a_claim_takes_what_is_due_and_waits_longest,
            a_claimed_call_carries_route_fence_and_lease,
            concurrent_claims_share_no_call,
            concurrent_claims_never_pass_a_limit,
            concurrent_claims_never_pass_the_limit_of_all,
            in_no_second_more_are_taken_than_the_rate_permits,
            a_connection_at_its_rate_does_not_hold_up_another,
            a_pause_is_kept_by_all,
            a_call_without_room_does_not_hold_up_those_behind_it,
            a_call_whose_routes_are_closed_does_not_hold_up_those_behind_it,
            a_call_goes_past_a_connection_that_is_left_alone,
            calls_that_wait_for_a_full_route_do_not_hold_up_another_agents,
            a_call_of_an_unknown_agent_is_left,
            a_call_to_a_number_that_is_no_longer_allowed_is_blocked_in_the_claim,
            a_call_whose_wait_is_over_ends_in_the_claim,
            an_unknown_call_frees_its_place_after_three_absences,
            a_beat_prolongs_only_what_its_worker_has_in_hand,
            a_beat_does_not_revive_a_lease_that_ran_out,
            // holds
            a_hold_is_listed_until_it_is_lifted,
            a_hold_stops_what_it_names_and_nothing_else,
            a_call_whose_first_route_is_held_waits_for_it,
            what_is_held_does_not_hold_up_those_behind_it,
            a_held_call_whose_wait_is_over_is_still_looked_at,
            after_a_hold_was_put_no_claim_goes_past_it,
            // copies
            in_a_stamped_copy_nothing_is_claimed,
            a_store_that_is_no_copy_is_left_as_it_is,
            every_open_call_of_a_copy_is_marked_and_nothing_that_is_over,
            a_copy_taken_in_claims_what_came_after_it_once_it_is_resumed,
            several_who_take_a_copy_in_mark_each_call_once,
            // finds
            our_id_matches_first,
            their_id_matches_on_its_connection,
            one_connections_reference_never_matches_anothers_call,
            their_id_under_several_connections_is_ambiguous,
            an_unknown_reference_matches_nothing,
            an_earlier_attempt_is_found_too,
            a_call_without_our_reference_is_contested_while_another_attempt_could_have_made_it,
            // lists
            a_list_is_newest_first_and_leaves_out_the_long_parts,
            a_client_lists_its_own_calls_and_an_operator_all,
            pages_are_complete_and_repeat_nothing,
            a_list_is_walked_both_ways,
            a_list_is_counted_no_further_than_is_asked,
            each_filter_filters,
            history_is_gapless_and_comes_in_pages,
            // looks
            a_call_taken_to_be_looked_at_is_given_to_nobody_else,
            only_calls_of_known_connections_or_of_none_are_taken,
            concurrent_looks_share_no_call,
            the_next_look_is_put_off_unless_the_call_has_changed,
            the_next_moment_is_the_earliest_of_all,
            // moves
            every_call_that_changed_is_met_at_its_newest_revision,
            a_new_call_is_met_too_and_only_until_it_changes,
            a_client_meets_its_own_calls_and_an_operator_all,
            whoever_reads_on_behind_a_stretch_misses_and_repeats_nothing,
            long_orders_come_in_stretches_and_each_call_once,
            a_mark_is_found_by_its_change_and_only_by_who_may_see_it,
            calls_are_read_whole_in_the_order_they_are_named,
            // inbox
            a_webhook_is_kept_once_per_connection,
            of_many_concurrent_repetitions_one_is_kept,
            a_kept_webhook_is_taken_whole_and_once,
            only_webhooks_of_known_connections_and_reports_are_taken,
            a_settled_webhook_is_not_taken_again,
            a_parked_webhook_is_taken_when_its_id_appears,
            one_that_is_kept_parked_waits_for_the_sweep_or_for_its_id,
            tries_are_counted_until_it_is_parked,
            one_that_did_not_come_through_twice_is_taken_alone,
            // inspection
            an_operator_sees_a_calls_attempts_and_the_webhooks_about_them,
            what_is_left_over_is_found_by_how_far_it_came,
            a_replayed_webhook_is_taken_again_with_all_its_tries,
            // retention
            an_erased_call_keeps_its_facts_and_nothing_else,
            raw_webhooks_of_an_erased_call_are_empty_and_known_again,
            a_webhook_handled_after_its_call_was_erased_is_kept_empty,
            what_was_left_over_and_names_an_erased_call_is_empty,
            erasing_and_settling_at_once_leave_nothing,
            a_number_that_was_erased_is_found_nowhere,
            content_is_due_when_its_call_was_over_long_enough,
            raw_webhooks_are_cleared_once_handled_and_old,
            webhooks_are_dropped_when_their_time_is_over,
            keys_are_dropped_when_their_time_is_over,
            audit_lines_are_dropped_when_their_time_is_over,
            notices_are_dropped_when_their_time_is_over,
            // outbox
            what_ends_a_call_tells_its_client_in_the_same_commit,
            a_change_that_meets_another_tells_nothing,
            a_call_that_ends_in_a_claim_is_told_too,
            each_endpoint_is_told_what_it_wants_and_of_its_own_client,
            couriers_share_no_delivery,
            five_are_in_the_air_to_one_endpoint_whoever_takes,
            the_backlog_of_one_endpoint_does_not_hide_anothers,
            a_delivery_whose_courier_is_gone_is_taken_again,
            leases_of_a_life_before_end_at_once,
            what_did_not_come_through_is_tried_at_its_moment_and_not_before,
            an_endpoint_that_is_gone_is_disabled_and_what_waits_waits_on,
            how_the_last_try_went_can_be_read_again,
            what_a_receiver_answered_goes_with_the_calls_content,
            what_is_sent_again_keeps_its_notice,
            what_an_endpoint_missed_is_recovered_and_nothing_else,
            an_endpoint_is_changed_by_its_client_alone,
            a_client_has_so_many_endpoints_and_no_more,
            deliveries_come_in_pages_and_each_filter_filters,
            a_test_goes_to_the_endpoint_that_was_asked_for,
            // sessions
            a_session_stands_for_its_key_until_it_is_over,
            a_link_opens_no_console_and_becomes_a_session_once,
            of_many_who_follow_a_link_at_once_one_is_let_in,
            a_session_ends_with_its_key,
            a_session_that_was_ended_is_over,
            // figures
            what_is_live_and_what_ended_last_is_found,
            calls_whose_end_is_not_known_are_counted,
            deliveries_that_come_to_nothing_are_counted,
            webhooks_that_were_left_over_are_spoken_of_for_a_day,
            what_waits_is_counted_whole,
            calls_are_counted_where_they_were_accepted,
            medians_are_of_what_was_answered_and_completed,
            only_what_came_through_at_once_was_delivered_at_the_first_try,
            // keys and settings
            the_first_key_has_every_scope,
            a_new_first_key_replaces_the_one_before,
            a_first_key_that_returns_is_good_again,
            a_key_is_found_as_it_was_made_and_listed_without_what_opens,
            keys_are_listed_newest_first_in_pages,
            a_rotated_key_is_accepted_until_its_grace_is_over,
            a_revoked_key_is_not_found_and_stays_as_it_was_revoked,
            a_key_that_is_not_there_is_not_changed,
            the_first_key_is_changed_by_nobody,
            of_concurrent_revocations_none_takes_the_last_admin,
            audit_lines_are_read_back_newest_first_in_pages,
            every_word_of_the_audit_log_is_read_back,
            a_secret_is_made_once,
            a_webhook_token_is_made_once_per_connection,
            a_webhook_token_that_is_rotated_works_a_while_longer,
            live_calls_are_counted_by_connection,
            the_database_answers,
        }
    };
}
