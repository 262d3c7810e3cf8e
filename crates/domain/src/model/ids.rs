//! Identifiers and names. None of them is ever a bare string or UUID in a signature.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// A word that is not one of the known ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{word}' is not a known word")]
pub struct UnknownWord {
    /// What was written instead.
    pub word: String,
}

/// A name that cannot be one: empty, too long, or with characters names do not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' is not a name: 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit")]
pub struct InvalidName {
    /// What was written.
    pub name: String,
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A UUIDv7 of this moment (RFC 9562): sorts by time, so it is a good key in a database.
            #[must_use]
            pub fn new(at: Timestamp, chance: [u8; 10]) -> Self {
                let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid())
            }

            /// An id read back from where it was kept.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The id as a UUID, for where it is kept.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }

            /// The moment the id was made for, to the millisecond; `None` where it is no UUIDv7.
            #[must_use]
            pub fn made_at(self) -> Option<Timestamp> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id!(
    /// A call, as clients know it.
    CallId
);
id!(
    /// One request to a provider to place a call. Carried to the provider as our reference.
    AttemptId
);
id!(
    /// A webhook kept in the inbox.
    InboxId
);
id!(
    /// One running process's worker; made at start.
    WorkerId
);
id!(
    /// Where a client wants to be told.
    EndpointId
);
id!(
    /// Something a client is told: the `webhook-id`, the same on every repeat.
    NoticeId
);
id!(
    /// One notice on its way to one endpoint.
    DeliveryId
);
id!(
    /// An API key, as lists and the audit log name it. It opens nothing.
    KeyId
);
id!(
    /// A line of the audit log.
    AuditId
);

macro_rules! name {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// A name of 1 to 64 characters of `a-z 0-9 _ -`, starting with a letter or digit.
            ///
            /// # Errors
            /// [`InvalidName`] when it is anything else.
            pub fn new(name: impl Into<String>) -> Result<Self, InvalidName> {
                let name = name.into();
                let fits = name.len() <= 64
                    && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                    && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-');
                if fits { Ok(Self(name)) } else { Err(InvalidName { name }) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }
    };
}

name!(
    /// What an integrator calls with: `akylai`, `altai`.
    AgentKey
);
name!(
    /// Whose calls these are. A key belongs to a client.
    ClientId
);
name!(
    /// A configured account with a provider: `vapi_eu`.
    ConnectionId
);
name!(
    /// A kind of provider: `vapi`. Not an enum: the domain does not know which exist.
    ProviderId
);

/// A provider's own id of a call. Opaque, and never shown to a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProviderCallId(String);

impl ProviderCallId {
    /// `None` when it is empty, longer than 256 bytes or holds a control character: no provider makes such an id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let fits = !id.is_empty() && id.len() <= 256 && !id.chars().any(char::is_control);
        fits.then_some(Self(id))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How often a call has changed. Every save compares it; history has one row for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u32);

impl Revision {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Who may write for a call: each claim raises it, and a worker that holds an older one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u32);

impl Fence {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
