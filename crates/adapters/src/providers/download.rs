//! The audio of a call, fetched from where a provider said it is.
//!
//! The address may be anybody's: an engine's word, or where an answer leads. So keys go to the provider's own origin alone,
//! everything else is asked by https on the internet alone, and each step of a redirect is looked at anew.

use std::time::Duration;

use anyhow::anyhow;
use async_trait::async_trait;
use callgate_domain::model::provider::{AudioOrder, Extent};
use callgate_domain::ports::{Audio, AudioBody, ProviderError};
use jiff::Timestamp;
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};
use tokio::time::timeout;
use url::{Host, Url};

use super::client::{Clients, wait_of};
use crate::sender::{Guard, Reach};

const MAX_REDIRECTS: usize = 3;

/// How much is passed on, and how long is waited for more of it.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Of bytes.
    longest: u64,
    /// Without a byte.
    idle: Duration,
}

const USUAL: Bounds = Bounds { longest: 512 * 1024 * 1024, idle: Duration::from_secs(20) };

/// The audio at the address that was told; `keys` are the headers that the provider at `base` asks for.
pub async fn recording(
    clients: &Clients,
    base: &Url,
    keys: &[(&'static str, String)],
    order: &AudioOrder,
    now: Timestamp,
) -> Result<Audio, ProviderError> {
    USUAL.recording(clients, base, keys, order, now).await
}

impl Bounds {
    async fn recording(
        self,
        clients: &Clients,
        base: &Url,
        keys: &[(&'static str, String)],
        order: &AudioOrder,
        now: Timestamp,
    ) -> Result<Audio, ProviderError> {
        let told = order.told.as_deref().ok_or(ProviderError::Gone)?;
        let mut url = Url::parse(told).map_err(|error| ProviderError::Failed(error.into()))?;
        let range = order.range.map(|range| ("range", range.to_string()));
        for _ in 0..=MAX_REDIRECTS {
            let is_own = url.origin() == base.origin() && url.username().is_empty() && url.password().is_none();
            let headers: Vec<_> = keys.iter().filter(|_| is_own).cloned().chain(range.clone()).collect();
            let asked = if is_own {
                timeout(self.idle, clients.fetch(url.clone(), &headers)).await
            } else {
                check_public(&url)?;
                timeout(self.idle, clients.fetch_outside(url.clone(), &headers)).await
            };
            let response = asked.map_err(|_elapsed| failed("nothing came"))??;
            match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => {
                    let location = header(&response, &LOCATION).ok_or_else(|| failed("a redirect leads nowhere"))?;
                    url = url.join(location).map_err(|_error| failed("a redirect leads nowhere"))?;
                }
                200 => return self.audio(response, Extent::Whole),
                206 if range.is_some() => {
                    let part = header(&response, &CONTENT_RANGE).and_then(part_of).ok_or_else(|| failed("a part of nothing"))?;
                    return self.audio(response, part);
                }
                416 if range.is_some() => {
                    let total = header(&response, &CONTENT_RANGE).and_then(|text| text.strip_prefix("bytes */")?.parse().ok());
                    return Ok(Audio {
                        content_type: None,
                        extent: Extent::Outside { total },
                        length: None,
                        body: Box::new(Empty),
                    });
                }
                404 | 410 => return Err(ProviderError::Gone),
                429 | 503 => return Err(ProviderError::Busy { retry_after: wait_of(header(&response, &RETRY_AFTER), now) }),
                status => return Err(ProviderError::Failed(anyhow!("the answer was {status}"))),
            }
        }
        Err(failed("too many redirects"))
    }

    fn audio(self, response: Response, extent: Extent) -> Result<Audio, ProviderError> {
        let length = header(&response, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
        if length.is_some_and(|length| length > self.longest) {
            return Err(failed("the audio is too long"));
        }
        let content_type = header(&response, &CONTENT_TYPE).map(str::to_owned);
        Ok(Audio { content_type, extent, length, body: Box::new(Body { response, left: self.longest, idle: self.idle }) })
    }
}

/// An address that others chose: by https, on the usual port, and on the internet. What its name stands for is checked
/// when it is asked for.
fn check_public(url: &Url) -> Result<(), ProviderError> {
    let reach = |address| Guard::default().reach(address);
    let is_outside = match url.host() {
        Some(Host::Ipv4(address)) => reach(address.into()) == Ok(Reach::Public),
        Some(Host::Ipv6(address)) => reach(address.into()) == Ok(Reach::Public),
        Some(Host::Domain(name)) => name.contains('.'),
        None => false,
    };
    let is_bare = url.username().is_empty() && url.password().is_none();
    let is_plain = url.scheme() != "https" || url.port().is_some();
    if is_outside && is_bare && !is_plain { Ok(()) } else { Err(failed("the audio's address is not on the internet")) }
}

fn failed(why: &'static str) -> ProviderError {
    ProviderError::Failed(anyhow!(why))
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// `bytes 0-99/1000`, or with `*` in place of the whole.
fn part_of(text: &str) -> Option<Extent> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    let fits = first <= last && total.is_none_or(|total: u64| last < total);
    fits.then_some(Extent::Part { first, last, total })
}

struct Body {
    response: Response,
    left: u64,
    idle: Duration,
}

#[async_trait]
impl AudioBody for Body {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ProviderError> {
        let came = timeout(self.idle, self.response.chunk()).await.map_err(|_elapsed| failed("nothing came any more"))?;
        let came = came.map_err(|error| ProviderError::Failed(error.without_url().into()))?;
        let Some(bytes) = came else { return Ok(None) };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or_else(|| failed("the audio is too long"))?;
        Ok(Some(bytes.to_vec()))
    }
}

struct Empty;

#[async_trait]
impl AudioBody for Empty {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ProviderError> {
        Ok(None)
    }
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
