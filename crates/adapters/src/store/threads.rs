//! The threads that queries run on: a fixed number, started with the database, and ended when it is dropped.
//!
//! The executor's blocking threads are not for this: each of its parts starts another one whenever none is idle at that
//! instant, and every thread keeps memory of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use callgate_domain::ports::StoreError;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::database::PATIENCE;
use super::error::{OpenError, unavailable};
use super::waiting::Since;

type Work = Box<dyn FnOnce() + Send>;

/// So many threads, and what is handed to them.
pub struct Threads {
    /// As many places as threads: work that waits for its turn costs no thread, and what is handed over begins at once.
    gate: Arc<Semaphore>,
    queue: mpsc::Sender<Work>,
}

impl Threads {
    /// Starts them.
    pub fn start(count: usize) -> Result<Self, OpenError> {
        let (queue, handed) = mpsc::channel(count);
        let handed = Arc::new(Mutex::new(handed));
        for _ in 0..count {
            let handed = Arc::clone(&handed);
            thread::Builder::new()
                .name("callgate-query".to_owned())
                .spawn(move || {
                    while let Some(work) = next(&handed) {
                        work();
                    }
                })
                .map_err(|error| OpenError::Unreachable(error.into()))?;
        }
        Ok(Self { gate: Arc::new(Semaphore::new(count)), queue })
    }

    /// Runs `work` on one of them as soon as one is free. Whoever does not wait any more does not end what has begun.
    pub async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, StoreError> + Send + 'static,
    {
        let since = Since::now();
        let gate = Arc::clone(&self.gate);
        let place = match Arc::clone(&gate).try_acquire_owned() {
            Ok(place) => Ok(place),
            Err(_taken) => match tokio::time::timeout(PATIENCE, gate.acquire_owned()).await {
                Ok(Ok(place)) => Ok(place),
                _ => Err(unavailable("the database was busy for too long")),
            },
        };
        since.waited();
        let place = place?;
        let (reply, answer) = oneshot::channel();
        let work = move || {
            // A panic is a mistake of ours; it must not take the thread with it.
            let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_panic| Err(unavailable("a query panicked")));
            // Before the answer: whoever has it finds a place again.
            drop(place);
            let _nobody_waits = reply.send(done);
        };
        match self.queue.try_send(Box::new(work)) {
            Ok(()) => answer.await.unwrap_or_else(|_gone| Err(unavailable("a query was not run"))),
            // There is room for as many as have a place, so the threads are gone.
            Err(_closed) => Err(unavailable("no thread takes queries")),
        }
    }
}

fn next(handed: &Mutex<mpsc::Receiver<Work>>) -> Option<Work> {
    handed.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_panic_takes_no_thread_and_no_place_with_it() {
        let threads = Threads::start(1).unwrap();
        for _ in 0..3 {
            let panicked: Result<(), _> = threads.run(|| panic!("a mistake")).await;
            assert!(matches!(panicked, Err(StoreError::Unavailable(_))));
        }
        assert_eq!(threads.run(|| Ok(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn no_more_runs_at_once_than_there_are_threads() {
        let threads = Threads::start(2).unwrap();
        let (running, pair) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
        let work = || {
            let (running, pair) = (Arc::clone(&running), Arc::clone(&pair));
            threads.run(move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                pair.wait();
                running.fetch_sub(1, Ordering::SeqCst);
                pair.wait();
                Ok(now)
            })
        };
        for at_once in futures_util::future::join_all((0..8).map(|_| work())).await {
            assert!(at_once.unwrap() <= 2);
        }
    }

    #[tokio::test]
    async fn what_has_begun_keeps_its_place_though_nobody_waits_for_it() {
        let threads = Threads::start(1).unwrap();
        let ends = Arc::new(Barrier::new(2));
        let begun = Arc::clone(&ends);
        let abandoned = threads.run(move || {
            begun.wait();
            Ok(())
        });
        tokio::select! {
            biased;
            _ = abandoned => {}
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(threads.gate.available_permits(), 0);
        ends.wait();
        assert_eq!(threads.run(|| Ok(7)).await.unwrap(), 7);
    }
}
