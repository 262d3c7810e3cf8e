//! The server's tests, in one binary: the tree mirrors the URLs.
#![cfg(test)]

mod admin;
mod agents;
mod authorization;
mod calls;
mod cli;
mod configuration;
mod corpus;
mod edge;
mod end_to_end;
mod harness;
mod house;
mod openapi;
mod pages;
mod slow;
mod webhook_endpoints;
mod webhooks;
