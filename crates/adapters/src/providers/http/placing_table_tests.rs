//! Every status from 100 to 599 with every kind of body: what the contract lists, and nothing beside it.

use std::ops::RangeInclusive;

use callgate_domain::model::{EndedReason, Placing, ProviderCallId, Retry};
use jiff::Timestamp;

use super::{USUAL_WAIT, placing};
use crate::providers::client::Answer;

/// What a body says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    /// The call's id.
    Id,
    /// Nobody was rung.
    NotDialed,
    /// Both at once.
    Both,
    /// Neither, or not so that it can be relied on.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Means {
    Dialed,
    Never,
    Wait,
    Unknown,
}

/// The contract of `CONFIG.md`. Whatever stands in no row is unknown.
const LISTED: [(Says, RangeInclusive<u16>, Means); 8] = [
    (Says::Id, 200..=201, Means::Dialed),
    (Says::Id, 409..=409, Means::Dialed),
    (Says::Both, 200..=201, Means::Dialed),
    (Says::Both, 409..=409, Means::Dialed),
    (Says::NotDialed, 400..=408, Means::Never),
    (Says::NotDialed, 410..=428, Means::Never),
    (Says::NotDialed, 429..=429, Means::Wait),
    (Says::NotDialed, 430..=499, Means::Never),
];

fn bodies() -> Vec<(Says, Vec<u8>)> {
    let id = |length: usize| format!(r#"{{"provider_call_id":"{}"}}"#, "e".repeat(length));
    let with_long_id = format!(r#"{{"provider_call_id":"{}","dialed":false}}"#, "e".repeat(257));
    let texts = [
        (Says::Id, r#"{"provider_call_id":"eng-1"}"#),
        (Says::Id, "\r\n { \"provider_call_id\" : \"eng-1\" , \"more\" : [ { } ] } \n"),
        (Says::Id, r#"{"provider_call_id":"\u0065ng ы","dialed":true,"reason":"busy"}"#),
        (Says::Id, r#"{"provider_call_id":"eng-1","dialed":null,"reason":null}"#),
        (Says::Id, &id(256)),
        (Says::NotDialed, r#"{"dialed":false}"#),
        (Says::NotDialed, r#"{"error":{"code":7},"reason":"we do not like it","dialed":false}"#),
        (Says::NotDialed, r#"{"dialed":false,"provider_call_id":null,"reason":null}"#),
        (Says::Both, r#"{"provider_call_id":"eng-1","dialed":false}"#),
        (Says::Both, r#"{"dialed":false,"reason":"provider_error","provider_call_id":"eng-1"}"#),
        // Nothing at all, or no JSON.
        (Says::Nothing, ""),
        (Says::Nothing, " "),
        (Says::Nothing, "OK"),
        (Says::Nothing, "<html><body>{\"dialed\":false}</body></html>"),
        (Says::Nothing, "\u{feff}{\"provider_call_id\":\"eng-1\"}"),
        // Cut off, or followed by more.
        (Says::Nothing, r#"{"provider_call_id":"eng-1""#),
        (Says::Nothing, r#"{"provider_call_id":"eng"#),
        (Says::Nothing, r#"{"dialed":false"#),
        (Says::Nothing, r#"{"dialed":fal"#),
        (Says::Nothing, r#"{"dialed":false} {}"#),
        (Says::Nothing, r#"{"provider_call_id":"eng-1"}{"provider_call_id":"eng-2"}"#),
        // JSON of another shape.
        (Says::Nothing, "null"),
        (Says::Nothing, "false"),
        (Says::Nothing, "7"),
        (Says::Nothing, "\"eng-1\""),
        (Says::Nothing, "[]"),
        (Says::Nothing, r#"[{"provider_call_id":"eng-1"}]"#),
        (Says::Nothing, "{}"),
        (Says::Nothing, r#"{"id":"eng-1","status":"queued"}"#),
        (Says::Nothing, r#"{"data":{"provider_call_id":"eng-1","dialed":false}}"#),
        (Says::Nothing, r#"{"Provider_call_id":"eng-1","Dialed":false}"#),
        // An id that is none.
        (Says::Nothing, r#"{"provider_call_id":""}"#),
        (Says::Nothing, r#"{"provider_call_id":null}"#),
        (Says::Nothing, r#"{"provider_call_id":7}"#),
        (Says::Nothing, r#"{"provider_call_id":true}"#),
        (Says::Nothing, r#"{"provider_call_id":["eng-1"]}"#),
        (Says::Nothing, r#"{"provider_call_id":{"id":"eng-1"}}"#),
        (Says::Nothing, r#"{"provider_call_id":"a\u0000"}"#),
        (Says::Nothing, r#"{"provider_call_id":"\ud800"}"#),
        (Says::Nothing, r#"{"provider_call_id":"eng-1","provider_call_id":"eng-2"}"#),
        (Says::Nothing, &id(257)),
        (Says::Nothing, &id(65_536)),
        // A word that it did not dial, and one against it.
        (Says::Nothing, r#"{"dialed":true}"#),
        (Says::Nothing, r#"{"dialed":null}"#),
        (Says::Nothing, r#"{"dialed":"false"}"#),
        (Says::Nothing, r#"{"dialed":0}"#),
        (Says::Nothing, r#"{"dialed":false,"dialed":true}"#),
        (Says::Nothing, r#"{"dialed":false,"dialed":false}"#),
        (Says::Nothing, r#"{"dialed":false,"reason":7}"#),
        (Says::Nothing, r#"{"dialed":false,"provider_call_id":7}"#),
        (Says::Nothing, r#"{"dialed":false,"provider_call_id":""}"#),
        (Says::Nothing, r#"{"dialed":false,"provider_call_id":"a\u0000"}"#),
        (Says::Nothing, &with_long_id),
    ];
    let texts = texts.into_iter().map(|(says, text)| (says, text.as_bytes().to_vec()));
    let bytes = [
        // Not UTF-8, compressed, and nested without end.
        b"{\"provider_call_id\":\"\xff\"}".to_vec(),
        b"{\"dialed\":false,\"reason\":\"\xc3\"}".to_vec(),
        b"{\"provider_call_id\":\"eng-1\",\"more\":\"\xff\"}".to_vec(),
        b"{\"dialed\":false,\"more\":\"\xff\"}".to_vec(),
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
        [b"{\"dialed\":false,\"more\":".to_vec(), vec![b'['; 10_000]].concat(),
    ];
    texts.chain(bytes.map(|bytes| (Says::Nothing, bytes))).collect()
}

fn meaning(placing: &Placing) -> Means {
    match placing {
        Placing::Dialed(_) => Means::Dialed,
        Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Never } => Means::Never,
        Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(USUAL_WAIT) } => Means::Wait,
        Placing::Unknown { reason: EndedReason::OutcomeUnknown } => Means::Unknown,
        odd => panic!("{odd:?}"),
    }
}

#[test]
fn of_all_statuses_and_bodies_only_those_of_the_contract_mean_anything() {
    let bodies = bodies();
    let mut met = [Means::Dialed, Means::Never, Means::Wait, Means::Unknown].map(|means| (means, 0));
    for (says, body) in &bodies {
        for status in 100..=599 {
            let row = LISTED.iter().find(|(word, statuses, _)| word == says && statuses.contains(&status));
            let expected = row.map_or(Means::Unknown, |(.., means)| *means);
            let placed = placing(&Answer { status, retry_after: None, body: body.clone() }, Timestamp::UNIX_EPOCH);
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
            assert_eq!(meaning(&placed), expected, "{status} {shown}");
            met.iter_mut().filter(|(means, _)| *means == expected).for_each(|(_, count)| *count += 1);
        }
    }
    let of = |wanted: &[Says]| bodies.iter().filter(|(says, _)| wanted.contains(says)).count();
    let (named, refused) = (3 * of(&[Says::Id, Says::Both]), of(&[Says::NotDialed]));
    let rest = 500 * bodies.len() - named - 99 * refused;
    assert_eq!(met.map(|(_, count)| count), [named, 98 * refused, refused, rest]);
}

#[test]
fn the_id_that_is_kept_is_the_one_that_came() {
    let body = r#"{"provider_call_id":"\u0065ng ы"}"#.as_bytes().to_vec();
    let placed = placing(&Answer { status: 201, retry_after: None, body }, Timestamp::UNIX_EPOCH);
    assert_eq!(placed, Placing::Dialed(ProviderCallId::new("eng ы").unwrap()));
}
