//! Live streams of all calls: at another process, across a stop, and across a kill.

use std::collections::HashMap;
use std::time::Duration;

use callgate_adapters::testing::postgres;
use reqwest::Response;
use serde_json::Value;

use crate::process::{Process, Site};

const CONFIG: &str = "[connections.simulator]\nkind = \"simulator\"\nspeed = 20\nmax_per_second = 0\n\
                      [agents.akylai]\nconnection = \"simulator\"\n";
/// Whatever is awaited comes within this.
const BOUND: Duration = Duration::from_secs(30);

/// A stream, the newest id of it, and each call as it was told last.
struct Live {
    response: Response,
    held: Vec<u8>,
    last: Option<String>,
    calls: HashMap<String, Value>,
}

impl Live {
    /// Begins now, or behind what was seen.
    async fn open(process: &Process, seen: Option<&Self>) -> Self {
        let last = seen.and_then(|seen| seen.last.clone());
        let response = process.api.stream("/v1/events", last.as_deref()).await.expect("an answer");
        assert_eq!(response.status(), 200);
        let calls = seen.map(|seen| seen.calls.clone()).unwrap_or_default();
        let mut live = Self { response, held: Vec::new(), last, calls };
        assert!(live.read().await, "it says at once that it follows");
        live
    }

    /// Reads a piece; says whether there was one.
    async fn read(&mut self) -> bool {
        let piece = tokio::time::timeout(BOUND, self.response.chunk()).await.expect("it goes on or ends");
        let Ok(Some(piece)) = piece else { return false };
        self.held.extend_from_slice(&piece);
        while let Some(end) = self.held.windows(2).position(|two| two == b"\n\n") {
            let block: Vec<u8> = self.held.drain(..end + 2).collect();
            let block = std::str::from_utf8(&block).expect("text");
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            if let Some(data) = field("data: ") {
                let call: Value = serde_json::from_str(&data).expect("JSON");
                self.calls.insert(call["call_id"].as_str().expect("an id").to_owned(), call);
            }
            self.last = field("id: ").or(self.last.take());
        }
        true
    }

    fn ended(&self, ids: &[String]) -> usize {
        ids.iter().filter(|id| self.calls.get(*id).is_some_and(|call| call["terminal"] == true)).count()
    }

    /// Reads until so many of these calls are over.
    async fn until_ended(&mut self, ids: &[String], wanted: usize) {
        let read = async {
            while self.ended(ids) < wanted {
                assert!(self.read().await, "it broke off");
            }
        };
        tokio::time::timeout(BOUND, read).await.expect("in time");
    }
}

fn site(folder: &tempfile::TempDir) -> Site {
    let site = Site::new(folder.path());
    site.configure(CONFIG);
    site
}

async fn place(process: &Process, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for nth in 0..count {
        ids.push(process.place(&format!("+99670000{nth:04}"), "akylai").await);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_one_process_accepts_and_another_dials_is_followed_at_a_third() {
    let Some(url) = postgres::fresh_database() else { return };
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let mut processes = Vec::new();
    for (folder, further) in folders.iter().zip(["--workers=off", "--http=off", "--workers=off"]) {
        let mut site = site(folder).with("CALLGATE_DATABASE_URL", &url);
        site.further = vec![further.to_owned()];
        processes.push(site.start().await);
    }
    let [edge, _works, third] = processes.as_slice() else { panic!("there are three") };
    let mut live = Live::open(third, None).await;
    let ids = place(edge, 10).await;
    live.until_ended(&ids, 10).await;
    for id in &ids {
        assert_eq!(live.calls[id], edge.call(id).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_their_process_and_do_not_hold_up_its_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(&folder);
    let process = site.start().await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(Live::open(&process, None).await);
    }
    let ids = place(&process, 5).await;
    streams[0].until_ended(&ids, 5).await;
    let stopping = tokio::time::Instant::now();
    assert_eq!(process.stop().await, Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(10), "{:?}", stopping.elapsed());
    for mut stream in streams {
        while stream.read().await {}
        assert!(stream.held.is_empty(), "cut in the middle of an event");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_resumed_after_a_kill_tells_the_last_state_of_every_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(&folder);
    let mut process = site.start().await;
    let mut live = Live::open(&process, None).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.extend(place(&process, 15).await);
        let some = ids.len() - 10;
        live.until_ended(&ids, some).await;
        process.kill();
        while live.read().await {}
        process = site.start().await;
        live = Live::open(&process, Some(&live)).await;
    }
    let all = ids.len();
    live.until_ended(&ids, all).await;
    for id in &ids {
        let (told, read) = (&live.calls[id], process.call(id).await);
        assert_eq!(told["status"], read["status"], "{id}");
    }
}
