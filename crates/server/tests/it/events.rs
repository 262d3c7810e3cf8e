//! `GET /v1/events`.

use std::collections::HashMap;
use std::time::Duration;

use callgate_domain::model::{Asked, ClientId, KeyId, Phone};
use callgate_domain::ports::Scope;
use callgate_domain::usecases::calls::PlaceCall;
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::harness::{Answer, KEY, Server, key_of};
use crate::stream::{Event, Stream};

const PATH: &str = "/v1/events";

/// A key that reads and places the calls of one client.
fn key(client: &str) -> String {
    key_of(client, &[Scope::CallsWrite, Scope::CallsRead])
}

async fn open(server: &Server, client: &str, last: Option<&str>) -> Stream {
    Stream::open(server, PATH, &key(client), last).await
}

/// A stream that has begun, so that nothing is missed from here on.
async fn begun(server: &Server, client: &str) -> Stream {
    let mut stream = open(server, client, None).await;
    assert_eq!(stream.block().await, Some(None));
    assert_eq!(stream.comments, ["following"]);
    stream
}

async fn place(server: &Server, client: &str) -> String {
    let body = json!({"phone": "+12025550101", "agent": "akylai"});
    let answer = Answer::of(server.bare(reqwest::Method::POST, "/v1/calls").bearer_auth(key(client)).json(&body)).await;
    answer.json()["call_id"].as_str().expect("an id").to_owned()
}

async fn cancel(server: &Server, id: &str) {
    assert_eq!(Answer::of(server.post(&format!("/v1/calls/{id}/cancel"), &json!({}))).await.status, 200);
}

fn is_end_of(id: &str) -> impl Fn(&Event) -> bool {
    move |event| event.call["call_id"] == *id && event.call["terminal"] == true
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.call["call_id"].as_str().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_client_is_told_as_reading_it_shows_it_and_each_change() {
    let server = Server::start().await;
    let mut stream = begun(&server, "default").await;
    let (one, other) = (place(&server, "default").await, place(&server, "default").await);
    let first = stream.until(|event| event.call["call_id"] == *other).await;
    assert_eq!(ids(&first), [one.as_str(), &other]);
    for event in &first {
        let id = event.call["call_id"].as_str().expect("an id");
        assert_eq!((event.name.as_str(), &event.id), ("call.updated", &format!("{id}.1")));
        assert_eq!(event.call, server.read(&format!("/v1/calls/{id}")).await);
    }
    cancel(&server, &one).await;
    let last = stream.next().await.expect("an event");
    assert_eq!((last.name.as_str(), &last.id), ("call.completed", &format!("{one}.2")));
    assert_eq!(last.call, server.read(&format!("/v1/calls/{one}")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_dialed_are_told_to_their_end() {
    let server = Server::working().await;
    let mut stream = begun(&server, "default").await;
    let placed = join_all((0..20).map(|_| place(&server, "default"))).await;
    let mut last: HashMap<String, Event> = HashMap::new();
    while last.values().filter(|event| event.call["status"] == "completed").count() < placed.len() {
        let event = stream.next().await.expect("an event");
        let id = event.call["call_id"].as_str().expect("an id").to_owned();
        let before = last.insert(id, event.clone());
        assert!(before.is_none_or(|before| before.call["revision"].as_u64() < event.call["revision"].as_u64()), "{event:?}");
    }
    assert!(placed.iter().all(|id| last.contains_key(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hears_of_its_own_calls_and_an_operator_of_all() {
    let server = Server::start().await;
    let mut ours = begun(&server, "default").await;
    let mut theirs = begun(&server, "other").await;
    let mut all = Stream::open(&server, PATH, KEY, None).await;
    all.block().await.expect("it begins");
    let (one, two) = (place(&server, "default").await, place(&server, "other").await);
    let three = place(&server, "default").await;
    assert_eq!(ids(&ours.until(|event| event.call["call_id"] == *three).await), [one.as_str(), &three]);
    assert_eq!(ids(&theirs.until(|_| true).await), [two.as_str()]);
    assert_eq!(ids(&all.until(|event| event.call["call_id"] == *three).await), [one.as_str(), &two, &three]);
    for resumed in [ours.last.as_deref(), theirs.last.as_deref(), all.last.as_deref()] {
        let mut again = open(&server, "other", resumed).await;
        cancel(&server, &two).await;
        assert!(ids(&again.until(is_end_of(&two)).await).iter().all(|id| *id == two), "of all calls only its own");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_stream_tells_the_last_state_of_all_that_changed_meanwhile() {
    let server = Server::start().await;
    let mut stream = begun(&server, "default").await;
    let beginning = stream.last.clone().expect("an id before any event");
    let mut placed = Vec::new();
    for _ in 0..30 {
        placed.push(place(&server, "default").await);
    }
    stream.until(|event| event.call["call_id"] == *placed[29]).await;
    let seen = stream.last.clone();
    drop(stream);
    for id in &placed[..20] {
        cancel(&server, id).await;
    }
    // By the last event, by the id that came without one, by another client's event and by one that never was.
    let foreign = format!("{}.1", place(&server, "other").await);
    let never = format!("{}.77", placed[0]);
    for last in [seen, Some(beginning), Some(foreign), Some(never)] {
        let mut resumed = open(&server, "default", last.as_deref()).await;
        let mut missing = placed.clone();
        missing.truncate(20);
        while !missing.is_empty() {
            let event = resumed.next().await.expect("an event");
            missing.retain(|id| !is_end_of(id)(&event));
        }
        // And it goes on from there.
        let next = place(&server, "default").await;
        resumed.until(|event| event.call["call_id"] == *next).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_of_an_event_is_refused_and_an_empty_one_is_none() {
    let server = Server::start().await;
    for last in ["7", "nonsense", "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d.x"] {
        let answer = Answer::of(server.get(PATH).header("last-event-id", last)).await;
        answer.problem(400, "invalid_header");
    }
    let mut stream = open(&server, "default", Some("")).await;
    assert_eq!(stream.block().await, Some(None));
    Answer::of(server.get("/v1/events?since=1")).await.problem(400, "invalid_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_holds_much_is_told_whole() {
    let server = Server::working().await;
    let mut stream = begun(&server, "default").await;
    let id = place(&server, "default").await;
    stream.until(is_end_of(&id)).await;
    let summary = "Саламатсызбы. ".repeat(8_000);
    let attempt = server.gateway.store.get(id.parse().expect("an id"), &callgate_domain::ports::Reader::All).await;
    let attempt = attempt.expect("the call").attempt.expect("an attempt").id;
    let result = json!({
        "event_type": "call.completed", "provider_call_id": "theirs", "attempt_id": attempt.to_string(),
        "status": "completed", "transcript": null, "duration": 8, "summary": summary,
    });
    assert!(Answer::of(server.post("/v1/webhooks/call-completed", &result)).await.status < 300);
    let told = stream.until(|event| event.call["summary"] == *summary).await;
    let read = server.read(&format!("/v1/calls/{id}")).await;
    assert_eq!(told.last().expect("an event").call, read);
}

/// Calls enough to fill what lies between a stream and a client that does not read.
const CROWD: usize = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_fell_behind_misses_no_call() {
    let server = Server::start().await;
    let mut stream = begun(&server, "default").await;
    let mut swift = begun(&server, "default").await;
    let metadata: Map<String, Value> = [("note".to_owned(), json!("x".repeat(4_000)))].into_iter().collect();
    let mut placed = std::collections::HashSet::new();
    for _ in 0..CROWD / 200 {
        let wishes = (0..200).map(|_| {
            server.gateway.calls.place(PlaceCall {
                client: ClientId::new("default").expect("a name"),
                key: KeyId::new(Timestamp::UNIX_EPOCH, [0; 10]),
                phone: Phone::parse("+12025550101").expect("a number"),
                agent: "akylai".to_owned(),
                asked: Asked { metadata: metadata.clone(), ..Asked::default() },
                max_duration: None,
                retry: None,
                idempotency_key: None,
            })
        });
        for call in join_all(wishes).await {
            placed.insert(call.expect("a call").call_id.to_string());
        }
        // Whoever reads is not held up by who does not.
        let newest = placed.iter().max().expect("some").clone();
        tokio::time::timeout(Duration::from_secs(5), swift.until(|event| event.call["call_id"] == *newest))
            .await
            .expect("in time");
    }
    while !placed.is_empty() {
        match stream.next().await {
            Some(event) => {
                placed.remove(event.call["call_id"].as_str().expect("an id"));
            }
            // Where the machine was so busy that it was cut off meanwhile.
            None => stream = open(&server, "default", stream.last.as_deref()).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_shows_that_it_lives_and_where_it_is() {
    let server = Server::start().await;
    let mut stream = begun(&server, "default").await;
    let before = stream.last.clone();
    assert_eq!(stream.block().await, Some(None));
    assert_eq!(stream.comments, ["following", "still here"]);
    assert!(stream.last > before, "{:?}", stream.last);
    let id = place(&server, "default").await;
    let mut resumed = open(&server, "default", stream.last.as_deref()).await;
    resumed.until(|event| event.call["call_id"] == *id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_the_process_stops() {
    let server = Server::start().await;
    let mut stream = begun(&server, "default").await;
    server.gateway.stopping.cancel();
    assert_eq!(stream.next().await, None);
}
