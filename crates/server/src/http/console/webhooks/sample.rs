//! What an endpoint is sent, shown on a call that never was: made as every call is, told by what tells every call, and signed
//! by what signs every notice.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use callgate_adapters::providers::hmac::sign_with_all;
use callgate_domain::model::call::{Entry, NewCall};
use callgate_domain::model::moment::{earlier, later};
use callgate_domain::model::{
    AgentKey, Asked, AttemptId, Call, CallEvent, CallId, ClientId, ConnectionId, EndedBy, EndedReason, Evidence, Notice, Phone,
    Placing, ProviderCallId, Secret, Seen, Source, Terms, Transition, WorkerId,
};
use callgate_domain::usecases::deliver::Render;
use jiff::Timestamp;

/// What no real secret is made from.
const KEY: [u8; 32] = [7; 32];
/// What no real id is made from.
const CHANCE: [u8; 10] = [7; 10];
const TRANSCRIPT: &str = "agent: Hello, is this a good time?\nuser: Yes, it is.\nagent: Your parcel comes at five. Goodbye.";

/// A request to an endpoint, as text; `None` only where a rule of calls has changed and this was forgotten.
pub fn sample(render: &Render, now: Timestamp) -> Option<String> {
    let (call, notice) = told(earlier(now, Duration::from_secs(60)))?;
    let body = render(&notice, Some(&call));
    let signed = sign_with_all(&[Secret::signing(&KEY)], &notice.id.to_string(), now, &body).ok()?;
    let headers: Vec<_> = signed.into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let head = format!("POST /hooks/calls\n{CONTENT_TYPE}: application/json\n{}", headers.concat());
    Some(format!("{head}\n{}", indented(std::str::from_utf8(&body).ok()?)))
}

/// A call that was answered, and what its client is told of its end.
fn told(at: Timestamp) -> Option<(Call, Notice)> {
    let answered_at = later(at, Duration::from_secs(6));
    let ended_at = later(at, Duration::from_secs(19));
    let new = NewCall {
        id: CallId::new(at, CHANCE),
        client: ClientId::new("default").ok()?,
        agent: AgentKey::new("akylai").ok()?,
        phone: Phone::parse("+12025550142").ok()?,
        asked: Asked { reference: Some("order-1042".to_owned()), ..Asked::default() },
        terms: Terms {
            max_duration: Duration::from_mins(15),
            ring_timeout: Duration::from_secs(45),
            queue_ttl: Duration::from_mins(15),
            settle_grace: Duration::from_mins(30),
            retry: None,
            test: false,
        },
    };
    let lease = later(at, Duration::from_secs(30));
    let connection = ConnectionId::new("example").ok()?;
    let (call, _) = Call::accept(new, at);
    let (call, _) = step(&call, &CallEvent::Claimed { owner: WorkerId::new(at, CHANCE), connection, until: lease }, at)?;
    let attempt = AttemptId::new(at, CHANCE);
    let (call, _) = step(&call, &CallEvent::SendMarked { attempt, until: lease }, at)?;
    let placing = Placing::Dialed(ProviderCallId::new("example")?);
    let (call, _) = step(&call, &CallEvent::Placed { attempt, placing, other_route: false }, at)?;
    let evidence = Evidence {
        ended_reason: Some(EndedReason::AgentHangup),
        ended_by: Some(EndedBy::Agent),
        answered_at: Some(answered_at),
        ended_at: Some(ended_at),
        transcript: Some(TRANSCRIPT.to_owned()),
        words_final: true,
        duration_s: Some(13),
        ..Evidence::new(Source::Webhook).seen(Seen::Completed)
    };
    let heard = CallEvent::Evidence { attempt: call.attempt.clone()?, evidence: Box::new(evidence) };
    let (ended, entry) = step(&call, &heard, ended_at)?;
    let notice = Notice::of(Some(&call), &ended, &entry)?;
    Some((ended, notice))
}

fn step(call: &Call, event: &CallEvent, at: Timestamp) -> Option<(Call, Entry)> {
    match call.apply(event, at) {
        Ok(Transition::Moved { call, entry, .. }) => Some((*call, entry)),
        Ok(Transition::Ignored(_)) | Err(_) => None,
    }
}

/// JSON on several lines, its fields in the order in which they are sent.
pub fn indented(json: &str) -> String {
    let (mut text, mut depth, mut in_words, mut is_escaped) = (String::with_capacity(json.len() * 2), 0_usize, false, false);
    let mut next = json.chars().peekable();
    while let Some(c) = next.next() {
        let broken = |text: &mut String, depth: usize| {
            text.push('\n');
            text.extend(std::iter::repeat_n("  ", depth));
        };
        match c {
            _ if in_words => {
                in_words = c != '"' || is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                text.push(c);
            }
            '{' | '[' if matches!(next.peek(), Some('}' | ']')) => {
                text.push(c);
                text.extend(next.next());
            }
            '{' | '[' => {
                depth = depth.saturating_add(1);
                text.push(c);
                broken(&mut text, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                broken(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                broken(&mut text, depth);
            }
            ':' => text.push_str(": "),
            '"' => {
                in_words = true;
                text.push(c);
            }
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use callgate_adapters::providers::report;
    use callgate_domain::ports::Connections;
    use serde_json::Value;

    use super::*;
    use crate::http::notices;

    #[test]
    fn the_sample_is_what_a_real_call_is_told_as() {
        let render = notices::render(Arc::new(Connections::new([], report::read_report)));
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        let text = sample(&render, now).expect("the rules of calls permit it");
        let (head, body) = text.split_once("\n\n").unwrap();
        for header in ["POST /hooks/calls", "\nwebhook-id: ", "\nwebhook-timestamp: 1767225600", "\nwebhook-signature: v1,"] {
            assert!(head.contains(header), "{head}");
        }
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["type"], &body["data"]["status"]), (&"call.completed".into(), &"completed".into()), "{body}");
        assert_eq!((&body["data"]["transcript"], &body["data"]["duration"]), (&TRANSCRIPT.into(), &13.into()), "{body}");
    }

    #[test]
    fn json_is_indented_and_its_words_are_left_alone() {
        let json = r#"{"a":"x, {y}: \"z\\","b":[],"c":{"d":[1,2]}}"#;
        let expected =
            "{\n  \"a\": \"x, {y}: \\\"z\\\\\",\n  \"b\": [],\n  \"c\": {\n    \"d\": [\n      1,\n      2\n    ]\n  }\n}";
        assert_eq!(indented(json), expected);
    }
}
