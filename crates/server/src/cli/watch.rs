//! Watching a call on the screen, or waiting for its end in silence. Ctrl-C and the end of one's patience end the
//! watching, never the call.

use std::time::Duration;

use super::body::Body;
use super::client::{Answer, Client};
use super::follow::{Following, exit_of};
use super::out::Out;
use super::progress::Progress;
use super::spinner::Spinner;
use crate::failure::{Exit, Failure};
use crate::{duration, hint};

/// Which call is watched, and how.
pub struct Watch<'a> {
    /// Whom to ask.
    pub client: &'a Client,
    /// The call.
    pub id: &'a str,
    /// It was placed by this very command.
    pub is_new: bool,
    /// How long at most.
    pub patience: Option<Duration>,
    /// Flags that a later command needs to find the same server.
    pub flags: String,
}

impl Watch<'_> {
    /// Shows the call as it goes, until it is over.
    ///
    /// # Errors
    /// The server's refusal, or that it cannot be reached any more.
    pub async fn show(self, out: &Out) -> Result<Exit, Failure> {
        let mut progress = Progress::default();
        let each = |call: &Answer| {
            if out.json {
                return out.answer(&call.line());
            }
            let lines = progress.lines(&call.body, super::calls::now());
            let lines: Vec<String> = lines.iter().map(|line| line.text(out)).collect();
            if !lines.is_empty() {
                out.answer(&lines.join("\n"));
            }
        };
        let ended = self.bounded(out, Following::new(self.client, self.id, self.is_new).until_over(each)).await?;
        if !out.json {
            out.note(&format!("\n  Console  {}", self.client.page(&format!("/console/calls/{}", self.id))));
        }
        Ok(exit_of(&ended))
    }

    /// Waits until the call is over.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub async fn wait(self, out: &Out) -> Result<Answer, Failure> {
        let spinner = Spinner::new(out.moves, "Waiting for the call to end");
        let each = |call: &Answer| {
            let status = call.body.text("status").unwrap_or_default();
            spinner.say(format!("Waiting for the call to end: {status}"));
        };
        let ended = Following::new(self.client, self.id, self.is_new).until_over(each);
        self.bounded(out, spinner.during(ended)).await
    }

    async fn bounded(&self, out: &Out, work: impl Future<Output = Result<Answer, Failure>>) -> Result<Answer, Failure> {
        let again = || hint::command(&format!("calls watch {}{}", self.id, self.flags));
        let too_long = async {
            match self.patience {
                Some(patience) => tokio::time::sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            ended = work => ended,
            () = too_long => {
                let patience = duration::write(self.patience.unwrap_or_default());
                let failure = Failure::new(Exit::TimeRanOut, format!("the call did not end within {patience}"));
                Err(failure.id("call", self.id).then(format!("It goes on. Follow it again: {}", again())))
            }
            _ = tokio::signal::ctrl_c() => {
                out.note(&format!("\nStopped watching; the call goes on. Follow it again: {}", again()));
                Err(Failure::interrupted())
            }
        }
    }
}
