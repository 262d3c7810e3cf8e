//! Keys that are made, changed and listed, and the audit log.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Trial;
use crate::model::moment::{earlier, later};
use crate::model::{AuditId, KeyId};
use crate::ports::{
    Actor, ApiKey, AuditAction, AuditEntry, AuditResult, KeyChange, KeyChanged, ListedKey, NewKey, Scope, StoreError,
};
use crate::testing::builders::{client, unique};

const HOUR: Duration = Duration::from_secs(3_600);

pub async fn a_key_is_found_as_it_was_made_and_listed_without_what_opens(trial: &Trial) {
    let expires_at = Some(later(trial.now(), HOUR));
    let mut new = a_key(trial, 7, &[Scope::CallsRead, Scope::EventsWrite]);
    new.listed.key.expires_at = expires_at;
    create(trial, &new).await;
    assert_eq!(find(trial, 7, trial.now()).await, Some(new.listed.key.clone()));
    assert_eq!(find(trial, 7, later(trial.now(), 2 * HOUR)).await, None, "it is expired");
    assert_eq!(trial.keys.get(new.listed.key.id).await.expect("the key"), new.listed);
    assert_eq!(trial.keys.list(None, 10).await.expect("keys"), [new.listed]);
}

pub async fn keys_are_listed_newest_first_in_pages(trial: &Trial) {
    for nth in 0..5 {
        let mut new = a_key(trial, nth, &[Scope::CallsRead]);
        new.listed.key.id = KeyId::new(later(trial.now(), Duration::from_secs(nth.into())), unique());
        create(trial, &new).await;
    }
    let whole: Vec<_> = trial.keys.list(None, 10).await.expect("keys").into_iter().map(|key| key.key.id).collect();
    assert!(whole.len() == 5 && whole.is_sorted_by(|newer, older| newer > older), "{whole:?}");
    let (mut before, mut paged) = (None, Vec::new());
    while let Some(key) = trial.keys.list(before, 1).await.expect("keys").pop() {
        before = Some(key.key.id);
        paged.push(key.key.id);
    }
    assert_eq!(paged, whole);
}

pub async fn a_rotated_key_is_accepted_until_its_grace_is_over(trial: &Trial) {
    let now = trial.now();
    let (old, new) = (a_key(trial, 1, &[Scope::CallsRead]), a_key(trial, 2, &[Scope::CallsRead]));
    create(trial, &old).await;
    let id_of_new = new.listed.key.id;
    let rotate = KeyChange::Rotate { new: Box::new(new.clone()), until: later(now, HOUR) };
    let changed = done(change(trial, &old, rotate).await);
    assert_eq!(changed.key.expires_at, Some(later(now, HOUR)));
    assert_eq!(find(trial, 2, now).await, Some(new.listed.key));
    assert!(find(trial, 1, later(now, HOUR / 2)).await.is_some());
    assert_eq!(find(trial, 1, later(now, HOUR)).await, None);
    assert_eq!(changed.replaced_by, Some(id_of_new));
    // Nothing else takes its place.
    let again = KeyChange::Rotate { new: Box::new(a_key(trial, 3, &[Scope::CallsRead])), until: later(now, 9 * HOUR) };
    assert_eq!(change(trial, &old, again).await, KeyChanged::Over);
    assert_eq!(find(trial, 3, now).await, None);
    // A grace prolongs nothing.
    let mut short = a_key(trial, 4, &[Scope::CallsRead]);
    short.listed.key.expires_at = Some(later(now, HOUR));
    create(trial, &short).await;
    let rotate = KeyChange::Rotate { new: Box::new(a_key(trial, 5, &[Scope::CallsRead])), until: later(now, 9 * HOUR) };
    let changed = done(change(trial, &short, rotate).await);
    assert_eq!(changed.key.expires_at, Some(later(now, HOUR)));
}

pub async fn a_revoked_key_is_not_found_and_stays_as_it_was_revoked(trial: &Trial) {
    let key = a_key(trial, 1, &[Scope::CallsRead]);
    create(trial, &key).await;
    let revoked = done(change(trial, &key, KeyChange::Revoke).await);
    assert!(revoked.revoked_at.is_some());
    assert_eq!(find(trial, 1, trial.now()).await, None);
    assert_eq!(change(trial, &key, KeyChange::Revoke).await, KeyChanged::Done(revoked));
    let rotate = KeyChange::Rotate { new: Box::new(a_key(trial, 2, &[Scope::CallsRead])), until: trial.now() };
    assert_eq!(change(trial, &key, rotate).await, KeyChanged::Over);
    assert_eq!(find(trial, 2, trial.now()).await, None);
    // Made and revoked: what changed nothing left no line.
    assert_eq!(trial.audit.list(None, 10).await.expect("lines").len(), 2);
}

pub async fn a_key_that_is_not_there_is_not_changed(trial: &Trial) {
    let key = a_key(trial, 1, &[Scope::CallsRead]);
    let line = a_line(trial.now(), AuditAction::KeyRevoked);
    let changed = trial.keys.change(key.listed.key.id, KeyChange::Revoke, trial.now(), line).await;
    assert!(matches!(changed, Err(StoreError::NotFound)), "{changed:?}");
    let got = trial.keys.get(key.listed.key.id).await;
    assert!(matches!(got, Err(StoreError::NotFound)), "{got:?}");
    assert_eq!(trial.audit.list(None, 10).await.expect("lines"), []);
}

pub async fn the_first_key_is_changed_by_nobody(trial: &Trial) {
    let line = a_line(trial.now(), AuditAction::FirstKeySet);
    trial.keys.set_first(a_key_id(trial.now()), [1; 32], trial.now(), line).await.expect("a first key");
    create(trial, &a_key(trial, 2, &[Scope::Admin])).await;
    let first = trial.keys.find([1; 32], trial.now()).await.expect("an answer").expect("the key");
    let rotate = KeyChange::Rotate { new: Box::new(a_key(trial, 3, Scope::ALL)), until: trial.now() };
    for refused in [KeyChange::Revoke, rotate] {
        let line = a_line(trial.now(), AuditAction::KeyRevoked);
        assert_eq!(trial.keys.change(first.id, refused, trial.now(), line).await.expect("an answer"), KeyChanged::First);
    }
    assert_eq!(find(trial, 1, trial.now()).await, Some(first));
    assert_eq!(find(trial, 3, trial.now()).await, None);
}

pub async fn of_concurrent_revocations_none_takes_the_last_admin(trial: &Trial) {
    let keys: Vec<_> = (0..6).map(|nth| a_key(trial, nth, &[Scope::CallsRead, Scope::Admin])).collect();
    let mut expired = a_key(trial, 99, &[Scope::Admin]);
    expired.listed.key.expires_at = Some(earlier(trial.now(), HOUR));
    for key in keys.iter().chain([&expired, &a_key(trial, 98, &[Scope::CallsWrite])]) {
        create(trial, key).await;
    }
    let changed = join_all(keys.iter().map(|key| change(trial, key, KeyChange::Revoke))).await;
    assert_eq!(changed.iter().filter(|changed| **changed == KeyChanged::LastAdmin).count(), 1, "{changed:?}");
    let found = join_all((0..6).map(|nth| find(trial, nth, trial.now()))).await;
    assert_eq!(found.iter().flatten().count(), 1);
}

pub async fn audit_lines_are_read_back_newest_first_in_pages(trial: &Trial) {
    let mut lines = Vec::new();
    for nth in 0..5_u32 {
        let mut line = a_line(later(trial.now(), Duration::from_secs(nth.into())), AuditAction::AuthFailed);
        line.times = nth + 1;
        line.result = AuditResult::InvalidToken;
        line.by = if nth % 2 == 0 { Actor::default() } else { line.by };
        trial.audit.record(line.clone()).await.expect("a line");
        lines.insert(0, line);
    }
    assert_eq!(trial.audit.list(None, 10).await.expect("lines"), lines);
    let (mut before, mut paged) = (None, Vec::new());
    while let Some(line) = trial.audit.list(before, 1).await.expect("lines").pop() {
        before = Some(line.id);
        paged.push(line);
    }
    assert_eq!(paged, lines);
}

pub async fn every_word_of_the_audit_log_is_read_back(trial: &Trial) {
    let results = AuditResult::ALL.iter().cycle();
    for (action, result) in AuditAction::ALL.iter().zip(results) {
        let line = AuditEntry { result: *result, ..a_line(trial.now(), *action) };
        trial.audit.record(line.clone()).await.expect("a line");
        assert!(trial.audit.list(None, 100).await.expect("lines").contains(&line), "{action}");
    }
}

/// A line about something that was done at `at`.
pub(super) fn a_line(at: Timestamp, action: AuditAction) -> AuditEntry {
    let by = Actor { key: Some(a_key_id(at)), request_id: Some("req_7f2c91d0e4".to_owned()) };
    let id = AuditId::new(at, unique());
    AuditEntry { id, at, by, action, object: "something".to_owned(), result: AuditResult::Done, times: 1 }
}

/// The id of a key that is made at `at`.
pub(super) fn a_key_id(at: Timestamp) -> KeyId {
    KeyId::new(at, unique())
}

pub(super) fn a_key(trial: &Trial, sha256: u8, scopes: &[Scope]) -> NewKey {
    let key = ApiKey { id: a_key_id(trial.now()), client: client("shop"), scopes: scopes.to_vec(), expires_at: None };
    let listed = ListedKey {
        key,
        prefix: Some("cg_AbCd".to_owned()),
        is_first: false,
        created_at: trial.now(),
        revoked_at: None,
        replaced_by: None,
    };
    NewKey { listed, sha256: [sha256; 32] }
}

pub(super) async fn create(trial: &Trial, new: &NewKey) {
    trial.keys.create(new.clone(), a_line(trial.now(), AuditAction::KeyCreated)).await.expect("a new key");
}

async fn change(trial: &Trial, key: &NewKey, change: KeyChange) -> KeyChanged {
    let line = a_line(trial.now(), AuditAction::KeyRotated);
    trial.keys.change(key.listed.key.id, change, trial.now(), line).await.expect("an answer")
}

/// The key as it is once the change is done.
fn done(changed: KeyChanged) -> ListedKey {
    let key = if let KeyChanged::Done(key) = changed { Some(key) } else { None };
    key.expect("it is done")
}

async fn find(trial: &Trial, key: u8, now: Timestamp) -> Option<ApiKey> {
    trial.keys.find([key; 32], now).await.expect("an answer")
}
