//! The server's tests, in one binary: the tree mirrors the URLs.
#![cfg(test)]

mod end_to_end;
mod engine;
mod house;
mod killed;
mod process;
