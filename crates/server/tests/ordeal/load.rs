//! Clients that keep asking for calls while the program dies under them.
//!
//! Each wish has a number of its own to call and an Idempotency-Key; one that was not answered is sent again, word for
//! word, until it is. So at the end every wish is confirmed, and none may have become two calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::Api;

/// Clients at once.
const CLIENTS: usize = 4;
/// One wish in so many is taken back.
const CANCELS: usize = 13;

/// What a client asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    pub phone: String,
    pub key: String,
    /// Once it is confirmed.
    pub call_id: Option<String>,
}

/// All wishes, and what went wrong besides.
#[derive(Default)]
pub struct Wishes {
    some_are_taken_back: bool,
    all: Mutex<Vec<Wish>>,
    /// How often a client was told to come again later.
    pub refused: AtomicUsize,
    /// Answers that no client should ever get.
    pub faults: Mutex<Vec<String>>,
}

/// What became of sending a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// It is confirmed, or a fault.
    Answered,
    /// 503: later.
    Refused,
    /// Nobody answered.
    Nowhere,
}

impl Wishes {
    /// Of which some are taken back once they are confirmed.
    pub fn some_taken_back() -> Self {
        Self { some_are_taken_back: true, ..Self::default() }
    }

    pub fn all(&self) -> Vec<Wish> {
        self.all.lock().expect("no client panics").clone()
    }

    /// How many are confirmed.
    pub fn confirmed(&self) -> usize {
        self.all.lock().expect("no client panics").iter().filter(|wish| wish.call_id.is_some()).count()
    }

    fn fault(&self, fault: String) {
        self.faults.lock().expect("no client panics").push(fault);
    }

    fn new_one(&self, most: usize) -> Option<usize> {
        let mut all = self.all.lock().expect("no client panics");
        let index = all.len();
        (index < most).then(|| {
            all.push(Wish { phone: format!("+996700{index:06}"), key: format!("wish-{index}"), call_id: None });
            index
        })
    }

    /// Sends a wish once.
    async fn send(&self, api: &Api, index: usize) -> Sent {
        let wish = self.all.lock().expect("no client panics")[index].clone();
        let Ok(answer) = api.place(&wish.phone, &wish.key).await else { return Sent::Nowhere };
        match (answer.status, answer.body["call_id"].as_str()) {
            (201, Some(id)) => {
                if let Some(before) = wish.call_id.as_ref().filter(|before| *before != id) {
                    self.fault(format!("{} became two calls: {before} and {id}", wish.key));
                }
                self.all.lock().expect("no client panics")[index].call_id = Some(id.to_owned());
                Sent::Answered
            }
            (503, None) if answer.retry_after.is_some() => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Sent::Refused
            }
            _ => {
                self.fault(format!("{}: {} {}", wish.key, answer.status, answer.body));
                Sent::Answered
            }
        }
    }

    /// Sends what is not confirmed yet, in the order it was wished.
    pub async fn send_again(&self, api: &Api) {
        let waiting: Vec<_> = self.all().iter().enumerate().filter(|(_, wish)| wish.call_id.is_none()).map(|(n, _)| n).collect();
        for index in waiting {
            self.send(api, index).await;
        }
    }

    /// Sends every wish once more: each must get the answer that it got first.
    pub async fn send_all_again(&self, api: &Api) {
        for index in 0..self.all().len() {
            if self.send(api, index).await != Sent::Answered {
                self.fault(format!("wish-{index} was not answered again"));
            }
        }
    }

    /// Asks for calls, `apart` from one another for each client, until told to stop, the program is gone, or there are
    /// `most` wishes in all.
    pub async fn keep_coming(self: &Arc<Self>, api: &Api, apart: Duration, most: usize, stop: &CancellationToken) {
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (wishes, api, stop) = (Arc::clone(self), api.clone(), stop.clone());
            clients.spawn(async move {
                while !stop.is_cancelled()
                    && let Some(index) = wishes.new_one(most)
                    && wishes.send(&api, index).await != Sent::Nowhere
                {
                    if wishes.some_are_taken_back && index % CANCELS == CANCELS - 1 {
                        wishes.take_back(&api, index).await;
                    }
                    tokio::time::sleep(apart).await;
                }
            });
        }
        clients.join_all().await;
    }

    async fn take_back(&self, api: &Api, index: usize) {
        let Some(id) = self.all()[index].call_id.clone() else { return };
        if let Ok(answer) = api.cancel(&id).await
            && !matches!(answer.status, 200 | 202 | 409 | 503)
        {
            self.fault(format!("cancel: {} {}", answer.status, answer.body));
        }
    }
}
