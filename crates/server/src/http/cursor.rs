//! Cursors of lists: opaque to clients, the key of the last row inside.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::Problem;
use super::query::invalid;

/// A cursor after the row with this key.
fn after(key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// Cuts a page that was read with one row more than `limit` to its length, and says where the next one begins, if there is
/// another.
pub fn cut<T, K: AsRef<[u8]>>(page: &mut Vec<T>, limit: u32, key: impl FnOnce(&T) -> K) -> Option<String> {
    let more = page.len() > limit as usize;
    page.truncate(limit as usize);
    page.last().filter(|_| more).map(|last| after(key(last).as_ref()))
}

/// The key inside a cursor.
///
/// # Errors
/// 400 when this is no cursor of ours.
pub fn read<const N: usize>(cursor: &str) -> Result<[u8; N], Problem> {
    let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|key| key.try_into().ok());
    key.ok_or_else(|| invalid("cursor", "is not a next_cursor of this list"))
}
