//! What an order becomes, with and without an address for webhooks.

use std::time::Duration;

use callgate_domain::model::{AgentKey, Phone, Voicemail};
use serde_json::json;

use super::*;

fn sent(remote_id: &str, variables: &serde_json::Value, terms: &Terms<'_>) -> Vec<(&'static str, String)> {
    order(
        &PlaceOrder {
            attempt: "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d".parse().unwrap(),
            call: "019ab0c2-7f3e-7a51-9d2c-000000000000".parse().unwrap(),
            phone: Phone::from_stored("+12025550199".to_owned()),
            agent: AgentKey::new("akylai").unwrap(),
            remote_id: remote_id.to_owned(),
            from: None,
            variables: variables.as_object().unwrap().clone(),
            voicemail: Voicemail::Hangup,
            max_duration: Duration::from_mins(10),
            ring_timeout: Duration::from_mins(11),
        },
        terms,
    )
}

fn names(fields: &[(&'static str, String)]) -> Vec<&'static str> {
    fields.iter().map(|(name, _)| *name).collect()
}

fn value<'a>(fields: &'a [(&'static str, String)], name: &str) -> &'a str {
    fields.iter().find(|(held, _)| *held == name).map(|(_, value)| value.as_str()).unwrap()
}

#[test]
fn without_an_address_for_webhooks_nothing_is_told() {
    let fields = sent("https://a.example/twiml", &json!({}), &Terms { from: "+1", webhook_url: None, detects_machines: true });
    assert_eq!(names(&fields), ["To", "From", "Url", "Timeout", "TimeLimit", "MachineDetection", "AsyncAmd"]);
    assert_eq!(value(&fields, "Timeout"), "600");
}

#[test]
fn machines_are_detected_where_that_is_wanted() {
    let terms = Terms { from: "+1", webhook_url: Some("https://gw.example/in"), detects_machines: false };
    let fields = sent("https://a.example/twiml", &json!({}), &terms);
    assert!(!names(&fields).iter().any(|name| name.contains("Amd") || name.contains("Machine")));
    let callback = "https://gw.example/in?attempt_id=019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d#rc=3&rp=ct,rt,5xx";
    assert_eq!(value(&fields, "StatusCallback"), callback);
}

#[test]
fn variables_and_our_reference_are_in_the_query_of_the_twiml() {
    let terms = Terms { from: "+1", webhook_url: None, detects_machines: false };
    let variables = json!({ "name": "Aida & co", "n": 2, "yes": true, "attempt_id": "forged" });
    let url = value(&sent("https://a.example/twiml?lang=ky#top", &variables, &terms), "Url").to_owned();
    let ours = "attempt_id=019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
    assert_eq!(url, format!("https://a.example/twiml?lang=ky&{ours}&n=2&name=Aida+%26+co&yes=true"));
}
