//! Coverage-guided fuzzing of everything that reads what strangers write. Which target runs is `CALLGATE_TARGET`.
//!
//! The targets are plain functions beside what they are about; the tests replay over each what was found worth keeping.
#![no_main]

use std::sync::LazyLock;

#[path = "../../crates/server/tests/it/configuration.rs"]
mod configuration;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| match std::env::var("CALLGATE_TARGET").as_deref() {
    Ok("phone") => callgate_domain::testing::targets::phone,
    Ok("webhook_body") => callgate_adapters::providers::targets::webhook_body,
    Ok("signature_headers") => callgate_adapters::providers::targets::signature_headers,
    Ok("engine_reply") => callgate_adapters::providers::targets::engine_reply,
    Ok("configuration") => configuration::configuration,
    other => panic!("CALLGATE_TARGET is {other:?}; it is phone, webhook_body, signature_headers, engine_reply or configuration"),
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET(bytes));
