//! API keys: who asks, and what they may do.
//!
//! A key is looked up by its SHA-256 and what was found is remembered for a few seconds, so a revoked one stops within
//! five. Wrong keys are counted per address and apart from good ones: a good key works from an address that is being
//! throttled. What such an address sends and nobody has seen before is looked up in a narrow lane ([`LANE`]), so that made-up
//! keys never take up the database, which others need.

mod failures;
mod known;

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use callgate_domain::model::{ClientId, KeyId};
use callgate_domain::ports::{Actor, ApiKey, AuditResult, Clock, KeyStore, Reader, Scope, Sessions};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use self::failures::{Failure, Failures};
use self::known::{Known, Seen};
use super::error::{Code, Problem};
use super::throttle::{Policy, Standing, Throttle, seconds};
use crate::gateway::Gateway;

/// Look-ups at once of what throttled addresses send.
const LANE: usize = 2;
/// So long one of them waits for its turn.
const LANE_PATIENCE: Duration = Duration::from_secs(1);
const BEARER: &str = "Bearer";

/// Checks keys.
pub struct Auth {
    keys: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    known: Known,
    sessions: Arc<dyn Sessions>,
    /// Apart from keys: a session is none, and a key is no session.
    signed_in: Known,
    /// Wrong keys by address.
    wrong: Throttle<IpAddr>,
    /// Requests by good key.
    requests: Throttle<KeyId>,
    lane: Semaphore,
    failures: Arc<Failures>,
}

/// What became of a request's key.
pub struct Admission {
    /// Whoever sent it, or why not.
    pub caller: Result<Caller, Problem>,
    /// How the quota of a good key stands, for the answer: nothing where requests are not limited.
    pub quota: Option<[(HeaderName, HeaderValue); 2]>,
}

impl From<Problem> for Admission {
    fn from(problem: Problem) -> Self {
        Self { caller: Err(problem), quota: None }
    }
}

/// Whoever sent a request, known by a key with the scope that its route needs.
#[derive(Debug, Clone)]
pub struct Caller {
    key: Arc<ApiKey>,
    proof: Proof,
    request_id: Arc<str>,
}

/// What a caller showed, by its SHA-256.
#[derive(Debug, Clone, Copy)]
enum Proof {
    Key(known::Sha256),
    Session(known::Sha256),
}

impl Caller {
    /// Whose calls are made.
    pub fn client(&self) -> ClientId {
        self.key.client.clone()
    }

    /// Whose calls are seen.
    pub fn reader(&self) -> Reader {
        if self.key.scopes.contains(&Scope::Admin) { Reader::All } else { Reader::Client(self.key.client.clone()) }
    }

    /// The console has no second way in: what changes something needs a key that may do it.
    ///
    /// # Errors
    /// 403.
    pub fn must(&self, scope: Scope) -> Result<(), Problem> {
        if may(&self.key.scopes, scope) { Ok(()) } else { Err(lacks(scope)) }
    }

    /// Which key it was.
    pub fn key(&self) -> KeyId {
        self.key.id
    }

    /// The session it is signed in by, if it is.
    pub fn session(&self) -> Option<known::Sha256> {
        match self.proof {
            Proof::Session(sha256) => Some(sha256),
            Proof::Key(_) => None,
        }
    }

    /// Who does it, for the audit log.
    pub fn actor(&self) -> Actor {
        Actor { key: Some(self.key.id), request_id: Some(self.request_id.as_ref().to_owned()) }
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
    pub fn new(gateway: &Gateway, failures_per_minute: u32, requests_per_second: u32) -> Self {
        let wrong = Policy { name: "wrong-keys", quota: failures_per_minute, window: Duration::from_mins(1) };
        let requests = Policy { name: "default", quota: requests_per_second, window: Duration::from_secs(1) };
        Self {
            keys: Arc::clone(&gateway.key_store),
            clock: Arc::clone(&gateway.clock),
            known: Known::default(),
            sessions: Arc::clone(&gateway.sign_in.sessions),
            signed_in: Known::default(),
            wrong: Throttle::new(wrong),
            requests: Throttle::new(requests),
            lane: Semaphore::new(LANE),
            failures: Arc::new(Failures::new(Arc::clone(&gateway.audit), gateway.stopping.clone())),
        }
    }

    /// Whose key the request carries, if it may do what `scope` says: 401, 403, or 429 where an address sent too many wrong
    /// keys, or a key too many requests.
    pub async fn admit(&self, headers: &HeaderMap, from: IpAddr, scope: Scope, request_id: &Arc<str>) -> Admission {
        self.admit_key(bearer(headers), from, scope, request_id).await
    }

    /// Whoever typed this key: under the same rules as one in a header.
    pub async fn admit_typed(&self, key: &str, from: IpAddr, scope: Scope, request_id: &Arc<str>) -> Admission {
        self.admit_key(Ok(Some(key.as_bytes())), from, scope, request_id).await
    }

    async fn admit_key(
        &self,
        sent: Result<Option<&[u8]>, NotOne>,
        from: IpAddr,
        scope: Scope,
        request_id: &Arc<str>,
    ) -> Admission {
        let from = network(from);
        let found = match sent {
            Ok(Some(key)) => {
                let sha256 = Sha256::digest(key).into();
                match self.find(sha256, from).await {
                    Ok(found) => found.map(|key| (key, sha256)),
                    Err(problem) => return problem.into(),
                }
            }
            Ok(None) => return missing().into(),
            Err(NotOne) => None,
        };
        let Some((key, sha256)) = found else {
            self.failed(Failure { from, key: None, result: AuditResult::InvalidToken }, request_id);
            return self.wrong_key(from).into();
        };
        let policy = self.requests.policy();
        let quota = match self.requests.count(key.id, self.clock.monotonic()) {
            Ok(standing) => standing.map(|standing| policy.headers(standing)),
            Err(wait) => {
                let quota = policy.headers(Standing { left: 0, resets_in: wait });
                return Admission { caller: Err(too_fast(policy, wait)), quota: Some(quota) };
            }
        };
        if !may(&key.scopes, scope) {
            self.failed(Failure { from, key: Some(key.id), result: AuditResult::InsufficientScope }, request_id);
            return Admission { caller: Err(lacks(scope)), quota };
        }
        Admission { caller: Ok(Caller { key, proof: Proof::Key(sha256), request_id: Arc::clone(request_id) }), quota }
    }

    /// Whoever is signed in by this session's secret; `None` where nobody is.
    ///
    /// # Errors
    /// 503.
    pub async fn signed_in(&self, secret: &str, request_id: &Arc<str>) -> Result<Option<Caller>, Problem> {
        let sha256 = Sha256::digest(secret).into();
        let found = match self.signed_in.see(&sha256, self.clock.monotonic()) {
            Seen::Good(key) => Some(key).filter(|key| key.expires_at.is_none_or(|expires_at| expires_at > self.clock.now())),
            Seen::Wrong => None,
            Seen::WasGood | Seen::Never => self.look_up_session(sha256).await?,
        };
        let is_operator = |key: &Arc<ApiKey>| key.scopes.contains(&Scope::Admin);
        let caller = |key| Caller { key, proof: Proof::Session(sha256), request_id: Arc::clone(request_id) };
        Ok(found.filter(is_operator).map(caller))
    }

    /// A session was ended: it is looked up anew.
    pub fn signed_out(&self, session: known::Sha256) {
        self.signed_in.learn(session, None, self.clock.monotonic());
    }

    /// A link that signs nobody in counts as a wrong key: 429 where too many came from this address.
    ///
    /// # Errors
    /// 429.
    pub fn wrong_link(&self, from: IpAddr, request_id: &str) -> Result<(), Problem> {
        let from = network(from);
        self.failed(Failure { from, key: None, result: AuditResult::InvalidToken }, request_id);
        self.wrong.count(from, self.clock.monotonic()).map(drop).map_err(|wait| self.too_many(wait))
    }

    /// Whether a caller's key or session is still good: what goes on for long asks again. While the store cannot be asked it
    /// is.
    pub async fn is_still_good(&self, caller: &Caller) -> bool {
        let (tick, now) = (self.clock.monotonic(), self.clock.now());
        let seen = match &caller.proof {
            Proof::Key(sha256) => self.known.see(sha256, tick),
            Proof::Session(sha256) => self.signed_in.see(sha256, tick),
        };
        match seen {
            Seen::Good(key) => key.expires_at.is_none_or(|expires_at| expires_at > now),
            Seen::Wrong => false,
            Seen::WasGood | Seen::Never => {
                let found = match caller.proof {
                    Proof::Key(sha256) => self.look_up(sha256).await,
                    Proof::Session(sha256) => self.look_up_session(sha256).await,
                };
                found.map_or(true, |found| found.is_some())
            }
        }
    }

    /// This key has changed: it is looked up anew.
    pub fn forget(&self, id: KeyId) {
        self.known.forget(id);
        self.signed_in.forget(id);
    }

    async fn find(&self, sha256: known::Sha256, from: IpAddr) -> Result<Option<Arc<ApiKey>>, Problem> {
        let (tick, now) = (self.clock.monotonic(), self.clock.now());
        match self.known.see(&sha256, tick) {
            Seen::Good(key) => {
                let expired = key.expires_at.is_some_and(|expires_at| expires_at <= now);
                Ok((!expired).then_some(key))
            }
            Seen::Wrong => Ok(None),
            Seen::Never if self.wrong.is_spent(&from, tick) => {
                let Ok(Ok(_place)) = tokio::time::timeout(LANE_PATIENCE, self.lane.acquire()).await else {
                    return Err(self.too_many(LANE_PATIENCE));
                };
                self.look_up(sha256).await
            }
            Seen::WasGood | Seen::Never => self.look_up(sha256).await,
        }
    }

    async fn look_up(&self, sha256: known::Sha256) -> Result<Option<Arc<ApiKey>>, Problem> {
        let tick = self.clock.monotonic();
        let found = self.keys.find(sha256, self.clock.now()).await?.map(Arc::new);
        self.known.learn(sha256, found.as_ref(), tick);
        Ok(found)
    }

    async fn look_up_session(&self, sha256: known::Sha256) -> Result<Option<Arc<ApiKey>>, Problem> {
        let tick = self.clock.monotonic();
        let found = self.sessions.find(sha256, self.clock.now()).await?.map(Arc::new);
        self.signed_in.learn(sha256, found.as_ref(), tick);
        Ok(found)
    }

    fn failed(&self, failure: Failure, request_id: &str) {
        self.failures.note(failure, request_id, self.clock.monotonic());
    }

    fn wrong_key(&self, from: IpAddr) -> Problem {
        let Err(wait) = self.wrong.count(from, self.clock.monotonic()) else {
            return over();
        };
        self.too_many(wait)
    }

    fn too_many(&self, wait: Duration) -> Problem {
        let again = seconds(wait);
        let detail =
            format!("Too many wrong keys came from this address. Try again in {again} seconds, with a good key at once.");
        let headers = self.wrong.policy().headers(Standing { left: 0, resets_in: wait });
        Problem::new(Code::RateLimited, detail).retry_after(again).with_all(headers)
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

/// The key is none, or not any more.
pub fn over() -> Problem {
    let detail = "The key after 'Authorization: Bearer' is unknown, expired or revoked.";
    Problem::new(Code::InvalidToken, detail).with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""))
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
