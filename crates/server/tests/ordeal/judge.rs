//! The judge: what was confirmed against what there is, and what was asked of the engine.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use serde_json::Value;

use crate::api::Api;
use crate::engine::{Book, Dialed};
use crate::load::{Wish, Wishes};

/// What an ordeal came to.
#[derive(Debug, Default)]
pub struct Verdict {
    confirmed: usize,
    dialed: usize,
    ends: BTreeMap<String, usize>,
    /// The numbers of calls that were marked as sent by a process that was gone before it sent.
    never_sent: Vec<String>,
    results: usize,
    lost: Vec<String>,
    doubled: Vec<String>,
    faults: Vec<String>,
}

/// Waits until every confirmed call has ended and holds what was confirmed to its engine, `bound` at most, and judges.
pub async fn judge(api: &Api, wishes: &Wishes, book: &Book, bound: Duration) -> Verdict {
    let until = tokio::time::Instant::now() + bound;
    let mut verdict = Verdict::default();
    let mut open: Vec<_> = wishes.all();
    verdict.confirmed = open.len();
    loop {
        let mut still = Vec::new();
        let told = told(book);
        for wish in open {
            match standing(api, &wish, &told).await {
                Ok(call) => verdict.count(&call, told.contains_key(&wish.phone)),
                Err(lacks) => still.push((wish, lacks)),
            }
        }
        if still.is_empty() || tokio::time::Instant::now() >= until {
            verdict.lost = still.iter().map(|(wish, lacks)| format!("{} {:?}: {lacks:.400}", wish.key, wish.call_id)).collect();
            break;
        }
        open = still.into_iter().map(|(wish, _)| wish).collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    wishes.send_all_again(api).await;
    verdict.faults = wishes.faults.lock().expect("no client panics").clone();
    verdict.results = book.all().iter().filter(|dialed| dialed.confirmed).count();
    verdict.dialed = book.all().len();
    let twice = |(phone, dials): (String, u32)| (dials > 1).then(|| format!("{phone} rang {dials} times"));
    verdict.doubled = book.dials_by_phone().into_iter().filter_map(twice).collect();
    verdict
}

/// What each number's engine was confirmed to have told: its summary is in the call, whatever else became of it.
fn told(book: &Book) -> BTreeMap<String, Dialed> {
    book.all().into_iter().map(|dialed| (dialed.phone.clone(), dialed)).collect()
}

/// The call of a wish once nothing more is to come; else what it lacks.
async fn standing(api: &Api, wish: &Wish, told: &BTreeMap<String, Dialed>) -> Result<Value, String> {
    let Some(id) = &wish.call_id else { return Err("never confirmed".to_owned()) };
    let answer = api.call(id).await.map_err(|error| format!("no answer: {error}"))?;
    let call = answer.body;
    let dialed = told.get(&wish.phone);
    let confirmed = dialed.filter(|dialed| dialed.confirmed).map(|dialed| Value::from(dialed.summary()));
    let was_dialed = !matches!(call["status"].as_str(), Some("canceled" | "expired" | "failed"));
    match () {
        () if answer.status != 200 || call["phone"] != wish.phone.as_str() => Err(format!("{} {call}", answer.status)),
        () if call["terminal"] != true => Err(format!("it is {}", call["status"])),
        () if confirmed.is_some_and(|summary| call["summary"] != summary) => Err(format!("its result is not in it: {call}")),
        () if was_dialed && dialed.is_none() => Err(format!("it ended as if somebody had been called: {call}")),
        () => Ok(call),
    }
}

impl Verdict {
    fn count(&mut self, call: &Value, was_dialed: bool) {
        let status = call["status"].as_str().unwrap_or_default();
        let reason = call["ended_reason"].as_str().filter(|_| status == "failed").map(|reason| format!("/{reason}"));
        let end = format!("{status}{}", reason.unwrap_or_default());
        if !was_dialed && end == "failed/outcome_unknown" {
            self.never_sent.extend(call["phone"].as_str().map(str::to_owned));
        }
        *self.ends.entry(end).or_default() += 1;
    }

    /// Every call was dialed, once, but for some of these, which were marked and had to be left.
    pub fn all_dialed(&self, calls: usize, left: &[String]) {
        assert!(self.never_sent.iter().all(|phone| left.contains(phone)), "{self}: {:?}", self.never_sent);
        assert_eq!((self.confirmed, self.dialed + self.never_sent.len()), (calls, calls), "{self}");
    }

    /// All ended in one of these ways.
    pub fn all_ended(&self, ways: &[&str]) {
        assert!(self.ends.keys().all(|end| ways.contains(&end.as_str())), "{self}");
    }

    /// Says what it came to, and fails unless nothing was lost or doubled.
    pub fn hold(&self, of: &str) {
        tell(&format!("{of}: {self}, {} wrong answers", self.faults.len()));
        let wrong: Vec<_> = self.doubled.iter().chain(&self.faults).chain(&self.lost).take(20).collect();
        assert!(wrong.is_empty(), "{of}: {self}\n{wrong:#?}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends: Vec<_> = self.ends.iter().map(|(how, calls)| format!("{calls} {how}")).collect();
        write!(
            f,
            "{} calls confirmed, {} dialed, {} marked and never sent, {} results confirmed; ended: {}; lost {}, doubled {}",
            self.confirmed,
            self.dialed,
            self.never_sent.len(),
            self.results,
            ends.join(", "),
            self.lost.len(),
            self.doubled.len()
        )
    }
}

/// Says a line where it is seen: the test runner keeps what is printed to itself while tests pass.
pub fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("stderr");
}

/// A number from the environment.
pub fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, which is no number")),
        Err(_) => default,
    }
}
