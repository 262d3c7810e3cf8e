//! Waiting for a call to move: woken by this process's hints, and looking anyway.

use callgate_domain::model::{CallId, Revision};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Resolves when `id` may have another revision than `known`. Without a hint it never does: the caller looks too.
pub async fn moved(moves: &mut Receiver<(CallId, Revision)>, id: CallId, known: Revision) {
    loop {
        match moves.recv().await {
            Ok((moved, revision)) if moved == id && revision != known => return,
            Ok(_) => {}
            // Some hints were missed: one of them may have been ours.
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
