//! The audio of a call, passed on from whoever has it. Nothing of it is kept.

use std::time::Duration;

use super::calls::Calls;
use crate::model::CallId;
use crate::model::provider::{AudioOrder, ByteRange};
use crate::ports::{Audio, ProviderError, Reader, StoreError};

/// Why there is no audio.
#[derive(Debug, thiserror::Error)]
pub enum NoAudio {
    /// The call cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The call has none, or has it no more.
    #[error("there is no recording")]
    None,
    /// It cannot be had now.
    #[error("the recording cannot be fetched now")]
    NotNow {
        /// Ask again after so long, where that was said.
        retry_after: Option<Duration>,
        /// For the operator.
        #[source]
        cause: anyhow::Error,
    },
}

impl Calls {
    /// The audio of a call that the reader may see, or a part of it.
    ///
    /// # Errors
    /// [`NoAudio`]; `NotFound` where the reader may not see the call.
    pub async fn recording(&self, id: CallId, reader: &Reader, range: Option<ByteRange>) -> Result<Audio, NoAudio> {
        let call = self.store.get(id, reader).await?;
        let (Some(told), Some(attempt)) = (call.result.recording, call.attempt) else { return Err(NoAudio::None) };
        let Some(connection) = self.connections.get(&attempt.connection) else { return Err(NoAudio::None) };
        let order = AudioOrder { attempt: attempt.id, provider_call: attempt.provider_call, told: Some(told), range };
        connection.provider.recording(&order).await.map_err(|error| match error {
            ProviderError::Unsupported | ProviderError::Gone => NoAudio::None,
            ProviderError::Busy { retry_after } => NoAudio::NotNow { retry_after, cause: anyhow::anyhow!("it asks to wait") },
            ProviderError::Failed(cause) => NoAudio::NotNow { retry_after: None, cause },
        })
    }
}
