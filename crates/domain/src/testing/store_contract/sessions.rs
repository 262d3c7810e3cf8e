//! Sessions and links: each for its purpose, and none longer than its key.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Trial;
use super::access::{a_key, a_line, create};
use crate::model::KeyId;
use crate::model::moment::later;
use crate::ports::{AuditAction, AuditEntry, KeyChange, Redeemed, Scope, Ticket, TicketKind};

const SOON: Duration = Duration::from_mins(10);

pub async fn a_session_stands_for_its_key_until_it_is_over(trial: &Trial) {
    let key = held_key(trial, 1, None).await;
    keep(trial, 11, TicketKind::Session, key).await;
    let found = trial.sessions.find([11; 32], trial.now()).await.expect("an answer").expect("a session");
    assert_eq!((found.id, found.scopes), (key, vec![Scope::Admin]));
    let until = found.expires_at.expect("an end");
    assert!(!is_open(trial, 11, until.duration_since(trial.now()).try_into().unwrap_or_default()).await);
    assert!(!is_open(trial, 12, Duration::ZERO).await, "nobody's");
    // A key that ends sooner ends it sooner.
    let short = held_key(trial, 2, Some(later(trial.now(), Duration::from_mins(5)))).await;
    keep(trial, 13, TicketKind::Session, short).await;
    assert!(is_open(trial, 13, Duration::from_mins(4)).await);
    assert!(!is_open(trial, 13, Duration::from_mins(6)).await);
}

pub async fn a_link_opens_no_console_and_becomes_a_session_once(trial: &Trial) {
    let key = held_key(trial, 1, None).await;
    keep(trial, 21, TicketKind::Link, key).await;
    assert!(!is_open(trial, 21, Duration::ZERO).await, "a link is no session");
    keep(trial, 22, TicketKind::Session, key).await;
    assert!(!redeem(trial, 22, 23).await, "a session is no link");
    assert!(redeem(trial, 21, 23).await);
    assert!(is_open(trial, 23, Duration::ZERO).await);
    assert!(!redeem(trial, 21, 24).await, "a second time");
    assert!(!is_open(trial, 24, Duration::ZERO).await);
    keep(trial, 25, TicketKind::Link, key).await;
    let late = Redeemed { sha256: [26; 32], at: later(trial.now(), SOON * 2), expires_at: later(trial.now(), SOON * 3) };
    assert!(!trial.sessions.redeem([25; 32], late, line(trial)).await.expect("an answer"), "too old");
}

pub async fn of_many_who_follow_a_link_at_once_one_is_let_in(trial: &Trial) {
    let key = held_key(trial, 1, None).await;
    keep(trial, 31, TicketKind::Link, key).await;
    let followed = join_all((40..56).map(|session| redeem(trial, 31, session))).await;
    assert_eq!(followed.iter().filter(|is_in| **is_in).count(), 1);
    let open = join_all((40..56).map(|session| is_open(trial, session, Duration::ZERO))).await;
    assert_eq!(open, followed);
}

pub async fn a_session_ends_with_its_key(trial: &Trial) {
    let (key, _other) = (held_key(trial, 1, None).await, held_key(trial, 2, None).await);
    keep(trial, 61, TicketKind::Session, key).await;
    keep(trial, 62, TicketKind::Link, key).await;
    assert!(is_open(trial, 61, Duration::ZERO).await);
    trial.keys.change(key, KeyChange::Revoke, trial.now(), line(trial)).await.expect("revoked");
    assert!(!is_open(trial, 61, Duration::ZERO).await);
    assert!(!redeem(trial, 62, 63).await);
}

pub async fn a_session_that_was_ended_is_over(trial: &Trial) {
    let key = held_key(trial, 1, None).await;
    keep(trial, 71, TicketKind::Session, key).await;
    keep(trial, 72, TicketKind::Session, key).await;
    for _again in 0..2 {
        trial.sessions.end([71; 32]).await.expect("ended");
        assert!(!is_open(trial, 71, Duration::ZERO).await);
        assert!(is_open(trial, 72, Duration::ZERO).await, "another one");
    }
}

async fn held_key(trial: &Trial, nth: u8, expires_at: Option<Timestamp>) -> KeyId {
    let mut new = a_key(trial, nth, &[Scope::Admin]);
    new.listed.key.expires_at = expires_at;
    create(trial, &new).await;
    new.listed.key.id
}

fn line(trial: &Trial) -> AuditEntry {
    a_line(trial.now(), AuditAction::ConsoleSignedIn)
}

async fn keep(trial: &Trial, nth: u8, kind: TicketKind, key: KeyId) {
    let now = trial.now();
    let ticket = Ticket { sha256: [nth; 32], kind, key, created_at: now, expires_at: later(now, SOON) };
    trial.sessions.keep(ticket, line(trial)).await.expect("kept");
}

async fn redeem(trial: &Trial, link: u8, session: u8) -> bool {
    let now = trial.now();
    let session = Redeemed { sha256: [session; 32], at: now, expires_at: later(now, SOON) };
    trial.sessions.redeem([link; 32], session, line(trial)).await.expect("an answer")
}

async fn is_open(trial: &Trial, nth: u8, after: Duration) -> bool {
    trial.sessions.find([nth; 32], later(trial.now(), after)).await.expect("an answer").is_some()
}
