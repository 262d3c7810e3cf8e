//! Signing in to the console.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::{ClientId, KeyId};
use callgate_domain::ports::{Actor, Clock, Scope, Sessions};
use callgate_domain::testing::chance::SeededChance;
use callgate_domain::testing::clock::HandClock;
use callgate_domain::testing::memory::Memory;
use callgate_domain::usecases::keys::{CreateKey, known_by};
use callgate_domain::usecases::{AuditLog, Keys, SignIn};

use crate::made::at;

struct Door {
    sign_in: SignIn,
    store: Arc<Memory>,
    clock: Arc<HandClock>,
    key: KeyId,
}

impl Door {
    async fn new() -> Self {
        let clock = Arc::new(HandClock::at(at(0)));
        let store = Arc::new(Memory::new(clock.clone()));
        let chance = Arc::new(SeededChance::of(7));
        let audit = Arc::new(AuditLog { audit: store.clone(), clock: clock.clone(), chance: chance.clone() });
        let keys = Keys { store: store.clone(), audit: audit.clone(), clock: clock.clone(), chance: chance.clone() };
        let wish = CreateKey { client: ClientId::new("shop").unwrap(), scopes: vec![Scope::Admin], expires_at: None };
        let key = keys.create(wish, Actor::default()).await.unwrap().listed.key.id;
        Self { sign_in: SignIn { sessions: store.clone(), audit, clock: clock.clone(), chance }, store, clock, key }
    }

    async fn enters(&self, code: &str) -> bool {
        let Some(secret) = self.sign_in.with_link(code, "req_1".to_owned()).await.unwrap() else { return false };
        let found = Sessions::find(&*self.store, known_by(&secret), self.clock.now()).await.unwrap();
        found.expect("a session").id == self.key
    }

    async fn code(&self) -> String {
        self.sign_in.link(self.key, Actor::default()).await.unwrap().code.expose().to_owned()
    }
}

#[tokio::test]
async fn a_code_can_be_typed_as_it_is_read() {
    let door = Door::new().await;
    let code = door.code().await;
    assert!(code.len() == 14 && !code.contains(['I', 'L', 'O', 'U']), "{code}");
    for typed in [code.to_lowercase(), code.replace('-', ""), code.replace('-', " ")] {
        // Each link is good once, so each way of typing has its own.
        let fresh = door.code().await;
        let typed = if typed.contains(' ') {
            fresh.replace('-', " ")
        } else if typed.contains('-') {
            fresh.to_lowercase()
        } else {
            fresh.replace('-', "")
        };
        assert!(door.enters(&typed).await, "{typed}");
        assert!(!door.enters(&typed).await, "a second time");
    }
    for wrong in ["", "-", "7Q4M", &code[1..], &format!("{code}0"), "é", &"A".repeat(10_000), "7Q4M-K2TD-9XW;"] {
        assert!(!door.enters(wrong).await, "{wrong}");
    }
    assert!(door.enters(&code).await, "wrong tries do not use it up");
}

#[tokio::test]
async fn letters_that_look_like_figures_are_figures() {
    let door = Door::new().await;
    for _ in 0..40 {
        let code = door.code().await;
        if code.contains('0') && code.contains('1') {
            assert!(door.enters(&code.replace('0', "o").replacen('1', "l", 1).replace('1', "I")).await, "{code}");
            return;
        }
    }
    panic!("no code of forty has both figures");
}

#[tokio::test]
async fn a_link_is_good_for_ten_minutes_and_a_session_for_twelve_hours() {
    let door = Door::new().await;
    let (early, late) = (door.code().await, door.code().await);
    door.clock.pass(Duration::from_mins(10) - Duration::from_millis(1));
    assert!(door.enters(&early).await);
    door.clock.pass(Duration::from_millis(1));
    assert!(!door.enters(&late).await);
    let secret = door.sign_in.with_key(door.key, "req_2".to_owned()).await.unwrap();
    let is_open = async || Sessions::find(&*door.store, known_by(&secret), door.clock.now()).await.unwrap().is_some();
    door.clock.pass(Duration::from_hours(12) - Duration::from_millis(1));
    assert!(is_open().await);
    door.clock.pass(Duration::from_millis(1));
    assert!(!is_open().await);
}

#[tokio::test]
async fn a_session_that_was_left_is_over() {
    let door = Door::new().await;
    let secret = door.sign_in.with_key(door.key, "req_2".to_owned()).await.unwrap();
    door.sign_in.out(known_by(&secret)).await.unwrap();
    assert_eq!(Sessions::find(&*door.store, known_by(&secret), door.clock.now()).await.unwrap(), None);
}
