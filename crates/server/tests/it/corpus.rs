//! Every input that the fuzzer found worth keeping, once more.

use crate::configuration::configuration;
use callgate_domain::testing::targets::replay;

#[test]
fn what_the_fuzzer_found_still_holds() {
    replay(env!("CARGO_MANIFEST_DIR"), "configuration", configuration);
}
