//! Keys that were looked up of late, so that neither a good one nor a wrong one costs a look-up each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callgate_domain::model::KeyId;
use callgate_domain::ports::ApiKey;

/// What was found, or not, is believed for this long: a revoked key stops within five seconds.
const BELIEVED: Duration = Duration::from_secs(4);
/// Keys remembered at once, of each kind.
const REMEMBERED: usize = 1_024;

/// A key's SHA-256.
pub type Sha256 = [u8; 32];

/// Good keys and wrong ones. They are kept apart, so that wrong ones cannot push out good ones.
#[derive(Default)]
pub struct Known {
    good: Mutex<HashMap<Sha256, (Arc<ApiKey>, Duration)>>,
    wrong: Mutex<HashMap<Sha256, Duration>>,
}

/// What is known of a key.
pub enum Seen {
    /// It is good.
    Good(Arc<ApiKey>),
    /// There is no such key, or it is over.
    Wrong,
    /// It was good when it was looked up last, which is too long ago.
    WasGood,
    /// Nothing.
    Never,
}

impl Known {
    /// What is known of a key at `tick`.
    pub fn see(&self, key: &Sha256, tick: Duration) -> Seen {
        match held(&self.good).get(key) {
            Some((key, until)) if *until > tick => return Seen::Good(Arc::clone(key)),
            Some(_) => return Seen::WasGood,
            None => {}
        }
        if held(&self.wrong).get(key).is_some_and(|until| *until > tick) { Seen::Wrong } else { Seen::Never }
    }

    /// A look-up that began at `tick` found this.
    pub fn learn(&self, key: Sha256, found: Option<&Arc<ApiKey>>, tick: Duration) {
        let until = tick + BELIEVED;
        match found {
            Some(found) => {
                held(&self.wrong).remove(&key);
                put(&mut held(&self.good), key, (Arc::clone(found), until), |(_, until)| *until > tick);
            }
            None => {
                held(&self.good).remove(&key);
                put(&mut held(&self.wrong), key, until, |until| *until > tick);
            }
        }
    }

    /// This key has changed: it is looked up anew.
    pub fn forget(&self, id: KeyId) {
        held(&self.good).retain(|_, (key, _)| key.id != id);
    }
}

fn put<V>(held: &mut HashMap<Sha256, V>, key: Sha256, value: V, is_fresh: impl Fn(&V) -> bool) {
    if held.len() >= REMEMBERED {
        held.retain(|_, value| is_fresh(value));
        if held.len() >= REMEMBERED {
            held.clear();
        }
    }
    held.insert(key, value);
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::ClientId;
    use jiff::Timestamp;

    use super::*;

    fn a_key() -> Arc<ApiKey> {
        let id = KeyId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        Arc::new(ApiKey { id, client: ClientId::new("default").unwrap(), scopes: Vec::new(), expires_at: None })
    }

    #[test]
    fn what_was_found_is_believed_for_less_than_five_seconds() {
        let (known, key, tick) = (Known::default(), a_key(), Duration::from_secs(100));
        known.learn([1; 32], Some(&key), tick);
        known.learn([2; 32], None, tick);
        let soon = tick + Duration::from_secs(3);
        assert!(matches!(known.see(&[1; 32], soon), Seen::Good(_)));
        assert!(matches!(known.see(&[2; 32], soon), Seen::Wrong));
        assert!(matches!(known.see(&[3; 32], soon), Seen::Never));
        let late = tick + Duration::from_secs(4);
        assert!(matches!(known.see(&[1; 32], late), Seen::WasGood));
        assert!(matches!(known.see(&[2; 32], late), Seen::Never));
        known.learn([1; 32], None, late);
        assert!(matches!(known.see(&[1; 32], late), Seen::Wrong));
    }

    #[test]
    fn a_changed_key_is_forgotten_at_once() {
        let (known, key) = (Known::default(), a_key());
        known.learn([1; 32], Some(&key), Duration::ZERO);
        known.forget(key.id);
        assert!(matches!(known.see(&[1; 32], Duration::ZERO), Seen::Never));
    }

    #[test]
    fn wrong_keys_are_bounded_and_push_out_no_good_one() {
        let (known, key) = (Known::default(), a_key());
        known.learn([255; 32], Some(&key), Duration::ZERO);
        for nth in 0..5_000_u32 {
            let mut sha256 = [0; 32];
            sha256[..4].copy_from_slice(&nth.to_be_bytes());
            known.learn(sha256, None, Duration::ZERO);
        }
        assert!(held(&known.wrong).len() <= REMEMBERED);
        assert!(matches!(known.see(&[255; 32], Duration::ZERO), Seen::Good(_)));
    }
}
