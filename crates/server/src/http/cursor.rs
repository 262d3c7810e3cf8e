//! Cursors of lists: opaque to clients, the key of the last row inside.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::Problem;
use super::query::invalid;

/// A cursor after the row with this key.
pub fn after(key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The key inside a cursor.
///
/// # Errors
/// 400 when this is no cursor of ours.
pub fn read<const N: usize>(cursor: &str) -> Result<[u8; N], Problem> {
    let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|key| key.try_into().ok());
    key.ok_or_else(|| invalid("cursor", "is not a next_cursor of this list"))
}
