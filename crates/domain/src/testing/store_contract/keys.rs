//! The first key, secrets and tokens.

use std::time::Duration;

use futures_util::future::join_all;

use super::Trial;
use super::access::{a_key_id, a_line};
use crate::model::Secret;
use crate::model::moment::later;
use crate::ports::{ApiKey, AuditAction, Scope};
use crate::testing::builders::{client, connection};

pub async fn the_first_key_has_every_scope(trial: &Trial) {
    assert_eq!(find(trial, 1).await, None);
    set_first(trial, 1).await;
    let key = find(trial, 1).await.expect("the key");
    assert_eq!((key.client, key.scopes.as_slice(), key.expires_at), (client("default"), Scope::ALL, None));
    assert_eq!(find(trial, 2).await, None);
    let listed = trial.keys.list(None, 10).await.expect("keys");
    let shown: Vec<_> = listed.iter().map(|key| (key.key.id, key.is_first, key.prefix.as_deref(), key.revoked_at)).collect();
    assert_eq!(shown, [(key.id, true, None, None)]);
}

pub async fn a_new_first_key_replaces_the_one_before(trial: &Trial) {
    set_first(trial, 1).await;
    set_first(trial, 2).await;
    assert_eq!(find(trial, 1).await, None);
    assert!(find(trial, 2).await.is_some());
    join_all([set_first(trial, 3), set_first(trial, 4)]).await;
    assert_eq!(usize::from(find(trial, 3).await.is_some()) + usize::from(find(trial, 4).await.is_some()), 1);
}

pub async fn a_first_key_that_returns_is_good_again(trial: &Trial) {
    set_first(trial, 1).await;
    let id = find(trial, 1).await.expect("the key").id;
    for key in [1, 2, 1] {
        set_first(trial, key).await;
    }
    assert_eq!(find(trial, 1).await.expect("the key").id, id);
    assert_eq!(find(trial, 2).await, None);
    // Four were given, of which one changed nothing.
    assert_eq!(trial.audit.list(None, 10).await.expect("lines").len(), 3);
}

pub async fn a_secret_is_made_once(trial: &Trial) {
    let made = join_all((0..20).map(|nth| trial.settings.secret("phone-hash", secret(nth)))).await;
    let made: Vec<_> = made.into_iter().map(|made| made.expect("a secret").expose().to_owned()).collect();
    assert!(made.windows(2).all(|pair| pair.first() == pair.last()), "{made:?}");
    let again = trial.settings.secret("phone-hash", secret(99)).await.expect("the secret");
    assert_eq!(Some(again.expose()), made.first().map(String::as_str));
    assert_eq!(trial.settings.secret("other", secret(99)).await.expect("a secret").expose(), "secret-99");
}

pub async fn a_webhook_token_is_made_once_per_connection(trial: &Trial) {
    let of = connection("simulator");
    let made = join_all((0..20).map(|nth| trial.settings.webhook_token(&of, secret(nth)))).await;
    let made: Vec<_> = made.into_iter().map(|made| made.expect("a token").current.expose().to_owned()).collect();
    assert!(made.windows(2).all(|pair| pair.first() == pair.last()), "{made:?}");
    let other = trial.settings.webhook_token(&connection("second"), secret(99)).await.expect("a token");
    assert_eq!(other.current.expose(), "secret-99");
}

pub async fn a_webhook_token_that_is_rotated_works_a_while_longer(trial: &Trial) {
    let of = connection("simulator");
    let before = trial.settings.webhook_token(&of, secret(1)).await.expect("a token").current;
    let (now, until) = (trial.now(), later(trial.now(), Duration::from_hours(24)));
    trial.settings.rotate_webhook_token(&of, secret(2), until).await.expect("a rotation");
    let token = trial.settings.webhook_token(&of, secret(3)).await.expect("a token");
    assert_eq!(token.current.expose(), "secret-2");
    assert!(token.is(b"secret-2", until) && token.is(before.expose().as_bytes(), now));
    assert!(!token.is(before.expose().as_bytes(), until) && !token.is(b"secret-3", now));
    // Of three only the last two.
    trial.settings.rotate_webhook_token(&of, secret(4), until).await.expect("a rotation");
    let token = trial.settings.webhook_token(&of, secret(3)).await.expect("a token");
    assert!(token.is(b"secret-4", now) && token.is(b"secret-2", now) && !token.is(before.expose().as_bytes(), now));
}

pub async fn the_database_answers(trial: &Trial) {
    trial.calls.ping().await.expect("an answer");
}

async fn set_first(trial: &Trial, key: u8) {
    let line = a_line(trial.now(), AuditAction::FirstKeySet);
    trial.keys.set_first(a_key_id(trial.now()), [key; 32], trial.now(), line).await.expect("a first key");
}

async fn find(trial: &Trial, key: u8) -> Option<ApiKey> {
    trial.keys.find([key; 32], trial.now()).await.expect("an answer")
}

fn secret(nth: u8) -> Secret {
    Secret::new(format!("secret-{nth}")).expect("it is not empty")
}
