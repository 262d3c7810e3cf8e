//! Keys, secrets and tokens.

use futures_util::future::join_all;

use super::Trial;
use crate::model::Secret;
use crate::ports::{ApiKey, Scope};
use crate::testing::builders::{client, connection};

pub async fn the_first_key_has_every_scope(trial: &Trial) {
    assert_eq!(find(trial, 1).await, None);
    trial.keys.set_first([1; 32], trial.now()).await.expect("a first key");
    let key = trial.keys.find([1; 32], trial.now()).await.expect("an answer").expect("the key");
    assert_eq!((key.client, key.scopes.as_slice(), key.expires_at), (client("default"), Scope::ALL, None));
    assert_eq!(find(trial, 2).await, None);
}

pub async fn a_new_first_key_replaces_the_one_before(trial: &Trial) {
    trial.keys.set_first([1; 32], trial.now()).await.expect("a first key");
    trial.keys.set_first([2; 32], trial.now()).await.expect("another first key");
    assert_eq!(find(trial, 1).await, None);
    assert!(find(trial, 2).await.is_some());
    let both = [trial.keys.set_first([3; 32], trial.now()), trial.keys.set_first([4; 32], trial.now())];
    assert!(join_all(both).await.iter().all(Result::is_ok));
    assert_eq!(usize::from(find(trial, 3).await.is_some()) + usize::from(find(trial, 4).await.is_some()), 1);
}

pub async fn a_first_key_that_returns_is_good_again(trial: &Trial) {
    for key in [1, 1, 2, 1] {
        trial.keys.set_first([key; 32], trial.now()).await.expect("a first key");
    }
    assert!(find(trial, 1).await.is_some());
    assert_eq!(find(trial, 2).await, None);
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
    let made: Vec<_> = made.into_iter().map(|made| made.expect("a token").expose().to_owned()).collect();
    assert!(made.windows(2).all(|pair| pair.first() == pair.last()), "{made:?}");
    let other = trial.settings.webhook_token(&connection("second"), secret(99)).await.expect("a token");
    assert_eq!(other.expose(), "secret-99");
}

pub async fn the_database_answers(trial: &Trial) {
    trial.calls.ping().await.expect("an answer");
}

async fn find(trial: &Trial, key: u8) -> Option<ApiKey> {
    trial.keys.find([key; 32], trial.now()).await.expect("an answer")
}

fn secret(nth: u8) -> Secret {
    Secret::new(format!("secret-{nth}")).expect("it is not empty")
}
