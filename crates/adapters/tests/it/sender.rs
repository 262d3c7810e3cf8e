//! Notices on their way out, over real sockets: what arrives, and that nothing ever arrives where it must not.

// What helps tests is held to the lints of tests.
#![cfg(test)]

mod answers;
mod bench;
mod hostile;
mod names;
mod tls;
