//! Every reason that their documents name, and how ours differ from what is proposed for them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::testing::document;

/// Where the table of `specs/vapi.ended-reasons.json` says one thing and we another, and why.
const DIFFERENT: [(&str, &str); 5] = [
    (
        "call.in-progress.error-providerfault-outbound-sip-480-temporarily-unavailable",
        "the phone cannot be reached, and we have a word for it",
    ),
    ("call.start.error-vapi-number-outbound-daily-limit", "a limit of the account there, like that on calls at once"),
    ("manually-canceled", "it was stopped on request, and we have a word for it"),
    ("scheduled-call-deleted", "as above"),
    ("call-deleted", "as above"),
];

#[derive(Deserialize)]
struct Table {
    reasons: BTreeMap<String, Row>,
}

#[derive(Deserialize)]
struct Row {
    status: String,
    reason: String,
}

fn table() -> Option<Table> {
    let path = document::path("vapi.ended-reasons.json")?;
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn seen_of(status: &str) -> Seen {
    match status {
        "voicemail" => Seen::Completed,
        word => word.parse().unwrap(),
    }
}

#[test]
fn every_reason_of_their_documents_means_what_is_proposed_but_for_those_listed() {
    let Some(Table { reasons }) = table() else { return };
    assert_eq!(reasons.len(), 607);
    let mut differ = Vec::new();
    for (word, row) in &reasons {
        let proposed = (seen_of(&row.status), EndedReason::from_theirs(&row.reason));
        match of(word) {
            // A carrier's own end is none of the reasons that a carrier refuses for.
            Some(End::Carried) => {
                assert_eq!((row.status.as_str(), row.reason.as_str()), ("completed", "carrier_completed"), "{word}")
            }
            Some(End::Is(seen, reason)) if (seen, reason) == proposed => {}
            Some(End::Is(seen, _)) => {
                assert_eq!(seen, proposed.0, "{word}");
                differ.push(word.as_str());
            }
            None => panic!("{word} is not known"),
        }
    }
    let mut listed: Vec<_> = DIFFERENT.iter().map(|(word, _)| *word).collect();
    listed.sort_unstable();
    assert_eq!(differ, listed);
}

fn check(word: &str, expected: Option<End>) {
    assert_eq!(of(word), expected, "{word}");
}

#[test]
fn words_of_a_known_family_are_known_before_anybody_wrote_them_down() {
    check("customer-ended-call-while-singing", Some(talk(UserHangup)));
    check("call.in-progress.error-providerfault-newest-llm-500-server-error", Some(failed(AgentError)));
    check("call.start.error-something-new", Some(failed(ProviderError)));
    check("call.in-progress.error-providerfault-outbound-sip-486-busy", Some(failed(CarrierRejected)));
    check("call.ending.twilio-completed-call", Some(End::Carried));
}

#[test]
fn whatever_else_is_said_is_not_known() {
    for odd in ["", "Voicemail", "voicemail-2", "completed", "call", "call.in-progress", "ünknown\0"] {
        check(odd, None);
    }
}
