//! Every input that the fuzzer found worth keeping, once more.

// What helps tests is held to the lints of tests.
#![cfg(test)]

use std::path::Path;

use callgate_adapters::providers::targets;

fn check(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let mut replayed = 0;
    for entry in std::fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("an input");
        let held = std::panic::catch_unwind(|| run(&bytes));
        assert!(held.is_ok(), "{}", path.display());
        replayed += 1;
    }
    assert!(replayed >= 40, "{target}: {replayed} inputs");
}

#[test]
fn what_the_fuzzer_found_still_holds() {
    check("webhook_body", targets::webhook_body);
    check("signature_headers", targets::signature_headers);
    check("engine_reply", targets::engine_reply);
}
