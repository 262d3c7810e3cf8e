//! API keys: who asks, and what they may do.
//!
//! A key is looked up by its SHA-256 and remembered for a few seconds, so a revoked one stops within five. Wrong keys
//! are counted per address and apart from good ones: a good key works from an address that is being throttled.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use callgate_domain::model::ClientId;
use callgate_domain::ports::{ApiKey, Clock, KeyStore, Reader, Scope};
use sha2::{Digest, Sha256};

use super::error::{Code, Problem};
use super::throttle::{Policy, Standing, Throttle, seconds};

/// A key found is believed for this long.
const BELIEVED: Duration = Duration::from_secs(4);
/// Keys remembered at once.
const REMEMBERED: usize = 1_024;
const BEARER: &str = "Bearer";

/// Checks keys.
pub struct Auth {
    keys: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<[u8; 32], Known>>,
    failures: Throttle<IpAddr>,
    requests: Throttle<[u8; 32]>,
}

/// A key that was found, and until when it is believed.
type Known = (Arc<ApiKey>, Duration);

/// What became of a request's key: who sent it, or why not; and how the quota of a good key stands, for the answer.
pub struct Admission {
    /// Whoever sent it.
    pub caller: Result<Caller, Problem>,
    /// `RateLimit-Policy` and `RateLimit`, where requests are limited.
    pub quota: Option<[(HeaderName, HeaderValue); 2]>,
}

impl From<Problem> for Admission {
    fn from(problem: Problem) -> Self {
        Self { caller: Err(problem), quota: None }
    }
}

/// Whoever sent a request, known by a key with the scope that its route needs.
#[derive(Debug, Clone)]
pub struct Caller(Arc<ApiKey>);

impl Caller {
    /// Whose calls are made.
    pub fn client(&self) -> ClientId {
        self.0.client.clone()
    }

    /// Whose calls are seen.
    pub fn reader(&self) -> Reader {
        if self.0.scopes.contains(&Scope::Admin) { Reader::All } else { Reader::Client(self.0.client.clone()) }
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// The edge let the request through, so the caller is known; a route that asks for one and is open is our mistake.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions_mut().remove::<Self>().ok_or_else(Problem::internal))
    }
}

impl Auth {
    /// Wrong keys are let through so often a minute and address before they are refused unseen, good ones so often a second;
    /// 0 is no limit.
    pub fn new(keys: Arc<dyn KeyStore>, clock: Arc<dyn Clock>, failures_per_minute: u32, requests_per_second: u32) -> Self {
        let failures = Policy { name: "wrong-keys", quota: failures_per_minute, window: Duration::from_mins(1) };
        let requests = Policy { name: "default", quota: requests_per_second, window: Duration::from_secs(1) };
        Self { keys, clock, known: Mutex::default(), failures: Throttle::new(failures), requests: Throttle::new(requests) }
    }

    /// Whose key the request carries, if it may do what `scope` says: 401, 403, or 429 where an address sent too many wrong
    /// keys, or a key too many requests.
    pub async fn admit(&self, headers: &HeaderMap, from: IpAddr, scope: Scope) -> Admission {
        let given = match bearer(headers) {
            Ok(Some(key)) => Some(<[u8; 32]>::from(Sha256::digest(key))),
            Ok(None) => return missing().into(),
            Err(NotOne) => None,
        };
        let Some(sha256) = given else { return self.wrong_key(from).into() };
        let key = match self.find(sha256).await {
            Ok(Some(key)) => key,
            Ok(None) => return self.wrong_key(from).into(),
            Err(problem) => return problem.into(),
        };
        let policy = self.requests.policy();
        match self.requests.count(sha256, self.clock.monotonic()) {
            Ok(standing) => Admission {
                caller: if may(&key.scopes, scope) { Ok(Caller(key)) } else { Err(lacks(scope)) },
                quota: standing.map(|standing| policy.headers(standing)),
            },
            Err(wait) => Admission {
                caller: Err(too_fast(policy, wait)),
                quota: Some(policy.headers(Standing { left: 0, resets_in: wait })),
            },
        }
    }

    async fn find(&self, sha256: [u8; 32]) -> Result<Option<Arc<ApiKey>>, Problem> {
        let (tick, now) = (self.clock.monotonic(), self.clock.now());
        if let Some(key) = self.remembered(&sha256, tick) {
            let expired = key.expires_at.is_some_and(|expires_at| expires_at <= now);
            return Ok((!expired).then_some(key));
        }
        let Some(found) = self.keys.find(sha256, now).await?.map(Arc::new) else { return Ok(None) };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(sha256, (Arc::clone(&found), tick + BELIEVED));
        Ok(Some(found))
    }

    fn remembered(&self, sha256: &[u8; 32], tick: Duration) -> Option<Arc<ApiKey>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(sha256).filter(|(_, until)| *until > tick).map(|(key, _)| Arc::clone(key))
    }

    fn wrong_key(&self, from: IpAddr) -> Problem {
        let Err(wait) = self.failures.count(network(from), self.clock.monotonic()) else {
            let detail = "The key after 'Authorization: Bearer' is unknown, expired or revoked.";
            return Problem::new(Code::InvalidToken, detail)
                .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
        };
        let again = seconds(wait);
        let detail =
            format!("Too many wrong keys came from this address. Try again in {again} seconds, with a good key at once.");
        let quota = self.failures.policy().headers(Standing { left: 0, resets_in: wait });
        quota.into_iter().fold(Problem::new(Code::RateLimited, detail).retry_after(again), |problem, (name, value)| {
            problem.with(name, value)
        })
    }
}

/// The header is there and holds no bearer key.
struct NotOne;

/// What stands after `Bearer`; `None` when no such credentials came.
fn bearer(headers: &HeaderMap) -> Result<Option<&[u8]>, NotOne> {
    let mut given = headers.get_all(AUTHORIZATION);
    let Some(one) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(NotOne);
    }
    let one = one.as_bytes();
    let Some((scheme, key)) = one.split_at_checked(BEARER.len()) else { return Ok(None) };
    match (scheme.eq_ignore_ascii_case(BEARER.as_bytes()), key) {
        (true, [b' ', key @ ..]) => Some(key.trim_ascii()).filter(|key| !key.is_empty()).map(Some).ok_or(NotOne),
        (true, []) => Err(NotOne),
        _ => Ok(None),
    }
}

/// A key with `admin` reads everything; it writes only what its other scopes let it write.
fn may(scopes: &[Scope], wanted: Scope) -> bool {
    let reads = matches!(wanted, Scope::CallsRead | Scope::AgentsRead);
    scopes.iter().any(|held| *held == wanted || (*held == Scope::Admin && reads))
}

fn too_fast(policy: Policy, wait: Duration) -> Problem {
    let (quota, again) = (policy.quota, seconds(wait));
    let detail = format!("This key may send {quota} requests a second, and sent more. Try again in {again} seconds.");
    Problem::new(Code::RateLimited, detail).retry_after(again)
}

fn missing() -> Problem {
    Problem::new(Code::MissingCredentials, "Send your API key in the header 'Authorization: Bearer <key>'.")
        .with(WWW_AUTHENTICATE, HeaderValue::from_static(BEARER))
}

fn lacks(scope: Scope) -> Problem {
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    let problem = Problem::new(Code::InsufficientScope, format!("This needs a key with the scope {scope}."));
    match HeaderValue::try_from(challenge) {
        Ok(challenge) => problem.with(WWW_AUTHENTICATE, challenge),
        Err(_) => problem,
    }
}

/// What is counted as one address: of IPv6, the /64 that one customer has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], expected: Result<Option<&str>, ()>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let expected = expected.map(|key| key.map(str::as_bytes));
        assert_eq!(bearer(&headers).map_err(|NotOne| ()), expected, "{values:?}");
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        check(&["Bearer cg_1"], Ok(Some("cg_1")));
        check(&["bearer  cg_1 "], Ok(Some("cg_1")));
        check(&["BEARER cg_1"], Ok(Some("cg_1")));
    }

    #[test]
    fn other_credentials_are_none_and_broken_ones_are_wrong() {
        check(&[], Ok(None));
        check(&["Basic abc"], Ok(None));
        check(&["Bearercg_1"], Ok(None));
        check(&["Bearer"], Err(()));
        check(&["Bearer "], Err(()));
        check(&["Bearer a", "Bearer a"], Err(()));
    }

    #[test]
    fn an_admin_reads_and_does_not_write() {
        assert!(may(&[Scope::Admin], Scope::CallsRead));
        assert!(may(&[Scope::Admin], Scope::AgentsRead));
        assert!(!may(&[Scope::Admin], Scope::CallsWrite));
        assert!(!may(&[Scope::Admin], Scope::EventsWrite));
        assert!(!may(&[Scope::CallsWrite], Scope::CallsRead));
    }

    #[test]
    fn one_ipv6_customer_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("::ffff:127.0.0.1"), of("127.0.0.1"));
    }
}
