//! What shows that one waits: after 300 ms, on a terminal only, on stderr, and gone without a trace.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

/// What is quicker needs no spinner.
const PATIENCE: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);

/// Says what is awaited, as long as it lives.
pub struct Spinner {
    bar: ProgressBar,
    moves: bool,
}

impl Spinner {
    /// Hidden still; `moves` says whether it may ever be seen.
    pub fn new(moves: bool, text: impl Into<String>) -> Self {
        Self { bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_message(text.into()), moves }
    }

    /// What is awaited now.
    pub fn say(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Turns while `work` goes on.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if self.moves {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = tokio::time::sleep(PATIENCE) => {}
            }
            self.bar.set_style(indicatif::ProgressStyle::default_spinner());
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
        }
        work.await
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
