//! Names on their way to addresses, with the guard in between: what is checked is what is dialed.
//!
//! A name may stand for something else each time it is asked for, so nothing is gained by asking beforehand. The HTTP
//! client asks here, and gets either an answer that passed whole or none.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::address::{Blocked, Guard, Reach};

/// The longest wait for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The system's resolver holds a thread for each; a slow one holds it for longer than anybody waits.
const MAX_LOOKUPS: usize = 128;

/// Asks for the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of `name`, in the order in which they are to be tried.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's own resolver.
pub struct SystemLookup {
    places: Arc<Semaphore>,
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        // A task of its own: it goes on when nobody waits any more, and keeps its place until it is over.
        let asked = tokio::spawn(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await;
            drop(place);
            addresses.map(|addresses| addresses.map(|address| address.ip()).collect())
        });
        asked.await.map_err(io::Error::other)?
    }
}

/// Why a name was not dialed.
#[derive(Debug, thiserror::Error)]
pub enum Unresolved {
    /// One of its addresses may not be reached.
    #[error("the name stands for an address that notices are not sent to")]
    Blocked(Blocked),
    /// No answer, or an empty one.
    #[error("the name has no address")]
    NotFound(#[source] io::Error),
    /// No answer in time.
    #[error("the name was not answered in time")]
    TimedOut,
}

/// A resolver that lets only what the guard lets through.
#[derive(Clone)]
pub struct Guarded {
    lookup: Arc<dyn Lookup>,
    guard: Arc<Guard>,
    only_listed: bool,
}

impl Guarded {
    /// One that asks `lookup`; with `only_listed` even public addresses are refused.
    pub const fn new(lookup: Arc<dyn Lookup>, guard: Arc<Guard>, only_listed: bool) -> Self {
        Self { lookup, guard, only_listed }
    }

    /// The addresses of `name`, each of which may be reached. One that may not refuses them all: the next answer might
    /// have it first.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let asked = timeout(ANSWER_WITHIN, self.lookup.lookup(name)).await;
        let Ok(answer) = asked else { return Err(Unresolved::TimedOut) };
        let addresses = answer.map_err(Unresolved::NotFound)?;
        if addresses.is_empty() {
            return Err(Unresolved::NotFound(io::Error::from(io::ErrorKind::NotFound)));
        }
        let faults: Vec<Blocked> = addresses.iter().filter_map(|address| self.check(*address).err()).collect();
        match faults.iter().find(|blocked| **blocked == Blocked::Never).or(faults.first()) {
            Some(blocked) => Err(Unresolved::Blocked(*blocked)),
            None => Ok(addresses),
        }
    }

    fn check(&self, address: IpAddr) -> Result<(), Blocked> {
        match self.guard.reach(address)? {
            Reach::Public if self.only_listed => Err(Blocked::Private),
            Reach::Public | Reach::Listed => Ok(()),
        }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guarded = self.clone();
        Box::pin(async move {
            let addresses = guarded.addresses(name.as_str()).await?;
            // Port 0 stands for the URL's own.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
