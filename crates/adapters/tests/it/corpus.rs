//! Every input that the fuzzer found worth keeping, once more.

use callgate_adapters::providers::targets;
use callgate_domain::testing::targets::replay;

#[test]
fn what_the_fuzzer_found_still_holds() {
    replay(env!("CARGO_MANIFEST_DIR"), "webhook_body", targets::webhook_body);
    replay(env!("CARGO_MANIFEST_DIR"), "signature_headers", targets::signature_headers);
    replay(env!("CARGO_MANIFEST_DIR"), "engine_reply", targets::engine_reply);
}
