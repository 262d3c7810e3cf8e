//! Twilio, for tests. What is said in its calls, the application behind them would have to report.

use callgate_domain::model::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::signature;
use crate::providers::keys::{Keys, Sum};
use crate::providers::theirs::REFERENCE;
use crate::testing::stub::{Asked, Call, Dialect, Done, Ends, Hook, Order, Reply, Stage, TALK_S};

const TOKEN: &str = "stub-twilio-token";
const CALLS: &str = "/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls";

/// Its dialect.
pub struct Twilio;

impl Dialect for Twilio {
    fn kind(&self) -> &'static str {
        super::KIND.name
    }

    fn settings(&self) -> &'static str {
        "account_sid = \"AC00000000000000000000000000000000\"\nauth_token = { env = \"STUB_TWILIO_TOKEN\" }\nfrom = \"+12025550100\""
    }

    fn environment(&self) -> &'static [(&'static str, &'static str)] {
        &[("STUB_TWILIO_TOKEN", TOKEN)]
    }

    fn remote_id(&self) -> &'static str {
        "https://agent.example.com/twiml"
    }

    fn tells_words(&self) -> bool {
        false
    }

    fn id(&self, n: usize, _: &Order) -> String {
        format!("CA{n:032x}")
    }

    fn order(&self, asked: &Asked) -> Option<Order> {
        if (asked.method.as_str(), asked.path.as_str()) != ("POST", &format!("{CALLS}.json")) {
            return None;
        }
        let to = field(&asked.body, "To")?;
        let webhook = field(&asked.body, "StatusCallback");
        let address = webhook.clone().or_else(|| field(&asked.body, "Url")).unwrap_or_default();
        let query = address.split('#').next().unwrap_or_default().split_once('?').map(|(_, query)| query).unwrap_or_default();
        Some(Order { attempt: field(query.as_bytes(), REFERENCE), to, webhook })
    }

    fn accepted(&self, call: &Call) -> Reply {
        Reply::json(201, &told(call))
    }

    fn refused(&self) -> Reply {
        Reply::json(401, &fault(401, 20003))
    }

    fn too_many(&self) -> Reply {
        Reply::json(429, &fault(429, 20429)).with("retry-after", "60")
    }

    fn other(&self, asked: &Asked, calls: &[Call]) -> Done {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let Some(rest) = path.strip_prefix(CALLS) else { return Reply::json(404, &fault(404, 20404)).into() };
        if rest == ".json" {
            let to = field(query.as_bytes(), "To");
            let listed = calls.iter().rev().filter(|call| to.as_ref().is_none_or(|to| *to == call.to)).map(told);
            return Reply::json(200, &json!({ "calls": listed.collect::<Vec<_>>(), "next_page_uri": null, "page": 0 })).into();
        }
        let id = rest.trim_start_matches('/').trim_end_matches(".json");
        match calls.iter().find(|call| call.id == id) {
            None => Reply::json(404, &fault(404, 20404)).into(),
            Some(call) if asked.method == "GET" => Reply::json(200, &told(call)).into(),
            Some(call) if call.stage == Stage::Over => Reply::json(400, &fault(400, 21220)).into(),
            Some(call) => Done { reply: Reply::json(200, &told(call)), cancels: Some(call.id.clone()) },
        }
    }

    fn tells(&self, call: &Call, url: &str, at: Timestamp) -> Option<Hook> {
        let place = match call.stage {
            Stage::Accepted => return None,
            Stage::Ringing => 1,
            Stage::Talking => 2,
            Stage::Over => 3,
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("CallSid", &call.id).append_pair("CallStatus", status(call)).append_pair("To", &call.to);
        form.append_pair("SequenceNumber", &format!("{place}")).append_pair("Timestamp", &date(at)).append_pair("FromCity", "");
        if call.stage == Stage::Over && status(call) == "completed" {
            form.append_pair("CallDuration", &TALK_S.to_string()).append_pair("Duration", "1");
        }
        let body = form.finish().into_bytes();
        let keys = Keys::new(Sum::Sha1, &[Secret::new(TOKEN)?]).ok()?;
        // What stands behind '#' is for Twilio alone: neither sent nor signed.
        let signature = signature::sign(&keys, url.split('#').next().unwrap_or_default(), &body);
        let headers = [("x-twilio-signature", signature), ("content-type", "application/x-www-form-urlencoded".to_owned())];
        Some(Hook { headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body })
    }
}

fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(held, _)| held == name).map(|(_, value)| value.into_owned())
}

fn fault(status: u16, code: u32) -> Value {
    json!({ "code": code, "message": "as asked", "more_info": format!("https://www.twilio.com/docs/errors/{code}"), "status": status })
}

fn status(call: &Call) -> &'static str {
    match (call.stage, call.ends) {
        (Stage::Over, _) if call.is_canceled => "canceled",
        (Stage::Accepted, _) => "queued",
        (Stage::Ringing, _) => "ringing",
        (Stage::Talking, _) => "in-progress",
        (Stage::Over, Ends::Talk) => "completed",
        (Stage::Over, Ends::NoAnswer) => "no-answer",
        (Stage::Over, Ends::Busy) => "busy",
    }
}

fn told(call: &Call) -> Value {
    let duration = (status(call) == "completed").then(|| TALK_S.to_string());
    json!({
        "sid": call.id, "status": status(call), "to": call.to, "direction": "outbound-api",
        "date_created": date(call.placed_at), "duration": duration, "answered_by": null, "end_time": null,
    })
}

fn date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&at).unwrap_or_default()
}
