//! Whoever gets the notices: one request each, signed as Standard Webhooks says, with a secret of this run.

use std::time::Duration;

use callgate_adapters::clock::SystemChance;
use callgate_adapters::providers::hmac::StandardWebhooks;
use callgate_domain::model::Secret;
use callgate_domain::ports::Chance;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use url::Url;

use super::notice::Notice;
use crate::failure::{Exit, Failure};

/// As a real notice waits.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);

/// A local address.
pub struct Receiver {
    url: Url,
    http: reqwest::Client,
    secret: Secret,
    signer: StandardWebhooks,
}

/// What came back.
pub enum Received {
    /// An answer.
    Answered(StatusCode),
    /// None, and why.
    Nothing(&'static str),
}

impl Receiver {
    /// With a fresh secret.
    ///
    /// # Errors
    /// HTTP cannot be spoken here.
    pub fn new(url: Url) -> Result<Self, Failure> {
        let mut bytes = [0; 32];
        SystemChance.bytes(&mut bytes);
        let secret = Secret::signing(&bytes);
        let signer = StandardWebhooks::new(std::slice::from_ref(&secret)).map_err(|fault| Failure::new(Exit::Other, fault))?;
        let http = reqwest::Client::builder()
            .user_agent(concat!("callgate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Failure::new(Exit::Other, "HTTP cannot be spoken here").because(&error))?;
        Ok(Self { url, http, secret, signer })
    }

    /// What it verifies with: shown once, to the person who started this.
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Sends a notice, once.
    pub async fn receive(&self, notice: &Notice) -> Received {
        let headers = self.signer.sign(&notice.id, crate::cli::calls::now(), notice.body.as_bytes());
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(notice.body.clone());
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        match request.send().await {
            Ok(answer) => Received::Answered(answer.status()),
            Err(error) if error.is_connect() => Received::Nothing("nobody listens there"),
            Err(error) if error.is_timeout() => Received::Nothing("no answer within 15 s"),
            Err(_broken) => Received::Nothing("the connection broke off"),
        }
    }
}

impl Received {
    /// For a person.
    pub fn words(&self) -> String {
        match self {
            Self::Answered(status) => status.to_string(),
            Self::Nothing(why) => format!("not received: {why}"),
        }
    }

    /// The status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(status) => Some(status.as_u16()),
            Self::Nothing(_) => None,
        }
    }

    /// Why there was none.
    pub fn error(&self) -> Option<&'static str> {
        match self {
            Self::Answered(_) => None,
            Self::Nothing(why) => Some(why),
        }
    }
}
