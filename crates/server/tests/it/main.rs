//! The server's tests, in one binary: the tree mirrors the URLs.
#![cfg(test)]

mod admin;
mod agents;
mod authorization;
mod calls;
mod clean_face;
mod cli;
mod configuration;
mod console;
mod corpus;
mod edge;
mod end_to_end;
mod events;
mod harness;
mod headers;
mod house;
mod isolation;
mod lookups;
mod metrics;
mod openapi;
mod pages;
mod slow;
mod stream;
mod webhook_endpoints;
mod webhooks;
mod workers;
