//! Keys as operators make and change them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::moment::later;
use callgate_domain::model::{ClientId, KeyId};
use callgate_domain::ports::{Actor, Clock, KeyStore, Scope};
use callgate_domain::testing::chance::SeededChance;
use callgate_domain::testing::clock::HandClock;
use callgate_domain::testing::memory::Memory;
use callgate_domain::usecases::keys::{CreateKey, KeyError, MadeKey, fresh, known_by};
use callgate_domain::usecases::{AuditLog, Keys};
use jiff::Timestamp;

use crate::made::at;

const HOUR: Duration = Duration::from_hours(1);

/// What makes keys, where they are kept, and when.
struct Desk {
    keys: Keys,
    store: Arc<Memory>,
    clock: Arc<HandClock>,
}

impl Desk {
    fn new() -> Self {
        let clock = Arc::new(HandClock::at(at(0)));
        let store = Arc::new(Memory::new(clock.clone()));
        let chance = Arc::new(SeededChance::of(7));
        let audit = Arc::new(AuditLog { audit: store.clone(), clock: clock.clone(), chance: chance.clone() });
        Self { keys: Keys { store: store.clone(), audit, clock: clock.clone(), chance }, store, clock }
    }

    async fn made(&self, scopes: &[Scope], expires_at: Option<Timestamp>) -> MadeKey {
        let wish = CreateKey { client: ClientId::new("shop").unwrap(), scopes: scopes.to_vec(), expires_at };
        self.keys.create(wish, Actor::default()).await.unwrap()
    }

    async fn is_good(&self, key: &MadeKey) -> bool {
        self.store.find(known_by(&key.secret), self.clock.now()).await.unwrap().is_some()
    }
}

fn id(of: &MadeKey) -> KeyId {
    of.listed.key.id
}

#[test]
fn no_key_is_made_twice_and_none_needs_escaping() {
    let chance = SeededChance::of(7);
    let keys: BTreeSet<String> = (0..1_000).map(|_| fresh(&chance).expose().to_owned()).collect();
    assert_eq!(keys.len(), 1_000);
    let fits = |key: &String| {
        key.len() == 46 && key.starts_with("cg_") && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    assert!(keys.iter().all(fits));
}

#[tokio::test]
async fn a_key_that_would_be_over_already_is_not_made() {
    let desk = Desk::new();
    for expires_at in [at(-1), at(0)] {
        let wish = CreateKey { client: ClientId::new("shop").unwrap(), scopes: vec![Scope::Admin], expires_at: Some(expires_at) };
        assert!(matches!(desk.keys.create(wish, Actor::default()).await, Err(KeyError::InThePast)));
    }
    assert_eq!(desk.store.all_calls().len() + KeyStore::list(&*desk.store, None, 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn scopes_are_kept_once_each_and_in_their_order() {
    let made = Desk::new().made(&[Scope::Admin, Scope::CallsRead, Scope::Admin], None).await;
    assert_eq!(made.listed.key.scopes, [Scope::CallsRead, Scope::Admin]);
    assert_eq!(made.listed.prefix.as_deref(), made.secret.expose().get(..7));
}

#[tokio::test]
async fn a_rotated_key_and_its_successor_are_good_until_the_grace_is_over() {
    let desk = Desk::new();
    let old = desk.made(&[Scope::CallsRead], Some(later(desk.clock.now(), 48 * HOUR))).await;
    desk.clock.pass(HOUR);
    let (new, replaced) = desk.keys.rotate(id(&old), HOUR, Actor::default()).await.unwrap();
    assert_eq!(new.listed.key.expires_at, Some(later(desk.clock.now(), 48 * HOUR)), "as long a life");
    assert_eq!(replaced.key.expires_at, Some(later(desk.clock.now(), HOUR)));
    assert!(desk.is_good(&old).await && desk.is_good(&new).await);
    assert!(matches!(desk.keys.rotate(id(&old), HOUR, Actor::default()).await, Err(KeyError::Over)), "one takes its place");
    desk.clock.pass(HOUR);
    assert!(!desk.is_good(&old).await && desk.is_good(&new).await);
    assert!(matches!(desk.keys.rotate(id(&old), HOUR, Actor::default()).await, Err(KeyError::Over)));
}

#[tokio::test]
async fn no_grace_is_longer_than_a_week() {
    let desk = Desk::new();
    let old = desk.made(&[Scope::CallsRead], None).await;
    let (_, replaced) = desk.keys.rotate(id(&old), 9_999 * HOUR, Actor::default()).await.unwrap();
    assert_eq!(replaced.key.expires_at, Some(later(desk.clock.now(), 7 * 24 * HOUR)));
}

#[tokio::test]
async fn the_last_key_that_may_operate_is_not_revoked_until_there_is_another() {
    let desk = Desk::new();
    let (last, plain) = (desk.made(&[Scope::Admin], None).await, desk.made(&[Scope::CallsRead], None).await);
    let passing = desk.made(&[Scope::Admin], Some(later(desk.clock.now(), HOUR))).await;
    desk.keys.revoke(id(&passing), Actor::default()).await.unwrap();
    assert!(matches!(desk.keys.revoke(id(&last), Actor::default()).await, Err(KeyError::LastAdmin)));
    assert!(desk.is_good(&last).await);
    desk.keys.revoke(id(&plain), Actor::default()).await.unwrap();
    let (successor, _) = desk.keys.rotate(id(&last), HOUR, Actor::default()).await.unwrap();
    desk.keys.revoke(id(&last), Actor::default()).await.unwrap();
    assert!(!desk.is_good(&last).await && desk.is_good(&successor).await);
}
