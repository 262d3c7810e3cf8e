//! `callgate webhooks`: where one is told of calls, and what became of what was sent there.

mod deliveries;
mod endpoints;

use std::time::Duration;

use callgate_domain::model::{DeliveryResult, NoticeType};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;

use self::deliveries::List;
use super::Global;
use super::client::Client;
use super::out::Out;
use crate::duration;
use crate::failure::{Exit, Failure};

/// Add, test and repair the places that are told of your calls
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  callgate webhooks add https://example.com/hooks/calls\n  callgate webhooks test\n  callgate webhooks list --failed\n"
)]
pub enum Webhooks {
    /// Add an endpoint; prints its secret, once
    #[command(before_help = "Example:\n  callgate webhooks add https://example.com/hooks/calls\n")]
    Add {
        /// https, on port 443, at a public address
        #[arg(value_name = "URL")]
        to: String,
        /// Only this event; may be repeated [default: all]
        #[arg(long = "event", value_name = "EVENT", value_parser = PossibleValuesParser::new(NoticeType::CHOICES.iter().map(|event| event.as_str())))]
        events: Vec<String>,
        /// What you call it
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// The endpoints there are
    #[command(before_help = "Example:\n  callgate webhooks endpoints\n")]
    Endpoints,
    /// What was sent, and what became of it; the newest first
    #[command(before_help = "Examples:\n  callgate webhooks list --failed\n  callgate webhooks list --call CALL_ID\n")]
    List {
        /// Only what failed
        #[arg(long, conflicts_with = "status")]
        failed: bool,
        /// Only with this result
        #[arg(long, value_parser = PossibleValuesParser::new(DeliveryResult::ALL.iter().map(|result| result.as_str())))]
        status: Option<String>,
        /// Only to this endpoint
        #[arg(long, value_name = "ENDPOINT")]
        endpoint: Option<String>,
        /// Only of this call
        #[arg(long, value_name = "CALL_ID")]
        call: Option<String>,
        /// So many: 1 to 200
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// Go on where a page before ended
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Send deliveries again, under the same webhook-id
    #[command(before_help = "Examples:\n  callgate webhooks resend DELIVERY\n  callgate webhooks resend --all-failed\n")]
    Resend {
        /// Which ones
        #[arg(value_name = "DELIVERY", required_unless_present = "all_failed")]
        deliveries: Vec<String>,
        /// All that failed
        #[arg(long, conflicts_with = "deliveries")]
        all_failed: bool,
    },
    /// Send a sample, and wait for what becomes of it
    #[command(before_help = "Example:\n  callgate webhooks test\n")]
    Test {
        /// Which endpoint; not needed where there is one
        endpoint: Option<String>,
        /// Stop waiting after this long
        #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "20s")]
        timeout: Duration,
    },
    /// Send what an endpoint missed: what failed, and what it was never told
    #[command(before_help = "Example:\n  callgate webhooks recover ENDPOINT --since 24h\n")]
    Recover {
        /// Which endpoint
        endpoint: String,
        /// From when on: 10m, 24h, 30d at most
        #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
        since: Duration,
    },
    /// Give an endpoint a new secret; the old one signs as well for 24 hours
    #[command(before_help = "Example:\n  callgate webhooks rotate ENDPOINT\n")]
    Rotate {
        /// Which endpoint
        endpoint: String,
    },
    /// Send to an endpoint again that was disabled
    #[command(before_help = "Example:\n  callgate webhooks enable ENDPOINT\n")]
    Enable {
        /// Which endpoint
        endpoint: String,
    },
    /// Send nothing to an endpoint until it is enabled
    #[command(before_help = "Example:\n  callgate webhooks disable ENDPOINT\n")]
    Disable {
        /// Which endpoint
        endpoint: String,
    },
    /// Remove an endpoint, and its deliveries with it
    #[command(before_help = "Example:\n  callgate webhooks remove ENDPOINT\n")]
    Remove {
        /// Which endpoint
        endpoint: String,
    },
}

impl Webhooks {
    /// Asks, and prints the answer.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        let flags = client.flag(global);
        match self {
            Self::Add { to, events, description } => endpoints::add(&client, &to, &events, description, &flags, out).await,
            Self::Endpoints => endpoints::list(&client, &flags, out).await,
            Self::Rotate { endpoint } => endpoints::rotate(&client, &endpoint, out).await,
            Self::Enable { endpoint } => endpoints::switch(&client, &endpoint, false, out).await,
            Self::Disable { endpoint } => endpoints::switch(&client, &endpoint, true, out).await,
            Self::Remove { endpoint } => endpoints::remove(&client, &endpoint, out).await,
            Self::List { failed, status, endpoint, call, limit, cursor } => {
                let status = if failed { Some(DeliveryResult::Failed.as_str().to_owned()) } else { status };
                deliveries::list(&client, &List { status, endpoint, call, limit, cursor }, &flags, out).await
            }
            Self::Resend { deliveries, all_failed: false } => deliveries::resend(&client, &deliveries, out).await,
            Self::Resend { all_failed: true, .. } => deliveries::resend_failed(&client, out).await,
            Self::Test { endpoint, timeout } => deliveries::test(&client, endpoint, timeout, &flags, out).await,
            Self::Recover { endpoint, since } => deliveries::recover(&client, &endpoint, since, out).await,
        }
    }
}

/// An id of this sort as it is given; what is no id is the id of none.
fn known(id: &str, sort: &str) -> Result<String, Failure> {
    uuid::Uuid::try_parse(id).map(|id| id.to_string()).map_err(|_no_id| missing(id, sort))
}

/// What is not there is named.
fn named(failure: Failure, id: &str, sort: &str) -> Failure {
    if failure.exit == Exit::Missing { missing(id, sort) } else { failure }
}

fn missing(id: &str, sort: &str) -> Failure {
    let list = if sort == ENDPOINT { "webhooks endpoints" } else { "webhooks list" };
    Failure::new(Exit::Missing, format!("there is no {sort} {id}")).then(format!("Look for it: {}", crate::hint::command(list)))
}

const ENDPOINT: &str = "webhook endpoint";
const DELIVERY: &str = "webhook delivery";
