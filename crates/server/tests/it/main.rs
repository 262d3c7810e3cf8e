//! The server's tests, in one binary: the tree mirrors the URLs.
#![cfg(test)]

mod agents;
mod authorization;
mod calls;
mod cli;
mod configuration;
mod corpus;
mod edge;
mod end_to_end;
mod engine;
mod harness;
mod house;
mod killed;
mod log;
mod openapi;
mod pages;
mod process;
mod slow;
mod webhooks;
