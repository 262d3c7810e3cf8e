//! Where a client wants to be told, and with which secrets what is sent there is signed.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::delivery::Verdict;
use super::ids::{ClientId, EndpointId};
use super::moment::{elapsed, later};
use super::notice::NoticeType;
use super::secret::Secret;

/// A client has so many endpoints at most.
pub const MOST_ENDPOINTS: u32 = 25;
/// The longest address.
pub const LONGEST_URL: usize = 2_048;
/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 200;
/// So long a secret signs beside the one that took its place.
pub const ROTATION: Duration = Duration::from_hours(24);
/// So many secrets sign at most.
pub const MOST_SECRETS: usize = 5;
/// An endpoint where nothing came through for so long is disabled.
pub const FAILS_FOR: Duration = Duration::from_hours(120);
/// So many deliveries to one endpoint are in the air at once, in all processes together.
pub const AT_ONCE: u32 = 5;

/// An address, as the client gave it. Whether it may be reached is decided where names are resolved.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// `None` when it is empty, longer than [`LONGEST_URL`] bytes, or holds a blank or a control character.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Option<Self> {
        let url = url.into();
        let fits = !url.is_empty() && url.len() <= LONGEST_URL && !url.chars().any(|c| c.is_control() || c.is_whitespace());
        fits.then_some(Self(url))
    }

    /// The address as text. Its path and query may hold a token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointUrl({} bytes)", self.0.len())
    }
}

/// A secret that signs.
#[derive(Debug, Clone)]
pub struct EndpointSecret {
    /// `whsec_` and 32 bytes in base64.
    pub secret: Secret,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when, once another has taken its place.
    pub until: Option<Timestamp>,
}

/// Where a client wants to be told.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose.
    pub client: ClientId,
    /// Where it is.
    pub url: EndpointUrl,
    /// What it wants to be told: one or more of [`NoticeType::CHOICES`], each once.
    pub events: Vec<NoticeType>,
    /// What the client calls it.
    pub description: Option<String>,
    /// The newest first; never empty.
    pub secrets: Vec<EndpointSecret>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// Since then nothing is sent there: by its client, after a 410, or after [`FAILS_FOR`]. What waits, waits on.
    pub disabled_at: Option<Timestamp>,
    /// Nothing has come through since; `None` while it does.
    pub failing_since: Option<Timestamp>,
}

/// How a client changes one.
#[derive(Debug, Clone)]
pub enum EndpointChange {
    /// What is given takes the place of what was.
    Edit {
        /// Another address.
        url: Option<EndpointUrl>,
        /// Other wishes.
        events: Option<Vec<NoticeType>>,
        /// Another description, or none.
        description: Option<Option<String>>,
        /// Nothing is sent there from now on, or again: then it counts as new.
        disabled: Option<bool>,
    },
    /// This secret signs from now on; the one before signs beside it for [`ROTATION`].
    Rotate(Secret),
}

impl Endpoint {
    /// Whether it is told of this. A test comes to whoever asks for it.
    #[must_use]
    pub fn wants(&self, kind: NoticeType) -> bool {
        self.disabled_at.is_none() && self.events.contains(&kind)
    }

    /// What signs at a moment, the newest first.
    pub fn signing(&self, at: Timestamp) -> impl Iterator<Item = &Secret> {
        let alive = self.secrets.iter().filter(move |held| held.until.is_none_or(|until| until > at));
        alive.take(MOST_SECRETS).map(|held| &held.secret)
    }

    /// How many deliveries may be in the air at once: where nothing comes through one tries for all, so that many who do
    /// not answer leave room for those who do.
    #[must_use]
    pub const fn at_once(&self) -> u32 {
        at_once(self.failing_since.is_some())
    }

    /// It as a change makes it.
    #[must_use]
    pub fn changed(mut self, change: EndpointChange, at: Timestamp) -> Self {
        match change {
            EndpointChange::Edit { url, events, description, disabled } => {
                self.url = url.unwrap_or(self.url);
                self.events = events.unwrap_or(self.events);
                self.description = description.unwrap_or(self.description);
                match disabled {
                    Some(true) => self.disabled_at = self.disabled_at.or(Some(at)),
                    Some(false) => (self.disabled_at, self.failing_since) = (None, None),
                    None => {}
                }
            }
            EndpointChange::Rotate(secret) => {
                self.secrets.retain(|held| held.until.is_none_or(|until| until > at));
                for held in &mut self.secrets {
                    held.until = held.until.or(Some(later(at, ROTATION)));
                }
                self.secrets.insert(0, EndpointSecret { secret, created_at: at, until: None });
                self.secrets.truncate(MOST_SECRETS);
            }
        }
        self
    }

    /// What one try says about it: [`FAILS_FOR`] without anything coming through disables it, "gone" does at once.
    pub fn hear(&mut self, verdict: Verdict, at: Timestamp) {
        match verdict {
            Verdict::Void => return,
            Verdict::Accepted => {
                self.failing_since = None;
                return;
            }
            Verdict::Refused | Verdict::Gone => {}
        }
        let since = *self.failing_since.get_or_insert(at);
        if verdict == Verdict::Gone || elapsed(since, at) >= FAILS_FOR {
            self.disabled_at = self.disabled_at.or(Some(at));
        }
    }
}

/// [`Endpoint::at_once`] of one that fails, or does not.
#[must_use]
pub const fn at_once(is_failing: bool) -> u32 {
    if is_failing { 1 } else { AT_ONCE }
}
