//! The list of calls.

use std::time::Duration;

use callgate_domain::model::moment::{earlier, later};
use callgate_domain::model::{Call, CallEvent, Placing, Quota, Seen};
use callgate_domain::testing::builders::{
    CallBuilder, a_call, change, connection, evidence, placed, provider_call, send_mark, worker,
};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;

use super::Visitor;
use crate::harness::{Answer, Server};

const PATH: &str = "/console/calls";

/// Keeps a call as it is accepted, and then has this happen to it.
async fn hold(server: &Server, call: CallBuilder, events: impl Fn(&Call) -> Vec<CallEvent>) -> Call {
    let (mut call, entry) = call.accepted();
    server.gateway.store.insert(vec![(call.clone(), entry)], None, &Quota::default()).await.expect("a new call");
    loop {
        let Some(event) = events(&call).into_iter().next() else { return call };
        let change = change(&call, &event, call.created_at);
        call = change.call.clone();
        server.gateway.store.save(change).await.expect("a change");
    }
}

/// What brings a call one step nearer to being seen like this.
fn towards(seen: Option<Seen>) -> impl Fn(&Call) -> Vec<CallEvent> {
    move |call| {
        let until = later(call.created_at, Duration::from_secs(30));
        let claim = CallEvent::Claimed { owner: worker(), connection: connection("simulator"), until };
        match (&call.attempt, call.state.as_str()) {
            (None, "queued") => vec![claim],
            (None, _) => vec![send_mark(call.created_at)],
            (Some(_), "sending") => vec![placed(call, Placing::Dialed(provider_call(&call.id.to_string())))],
            (Some(_), "placed") => seen.map(|seen| evidence(call, seen)).into_iter().collect(),
            _ => vec![],
        }
    }
}

fn now(server: &Server) -> Timestamp {
    server.gateway.clock.now()
}

/// The calls of a page, as they stand there.
fn ids(page: &str) -> Vec<&str> {
    let rows = page.split("<td class=\"phone\"><a href=\"/console/calls/").skip(1);
    rows.filter_map(|rest| rest.split('"').next()).collect()
}

/// Where a link of the page leads.
fn link(page: &str, word: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("\">{word}</a>"))?;
    before.rsplit("href=\"").next().map(|path| path.replace("&#38;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_found_by_its_number_its_id_and_its_reference() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    assert!(visitor.page(PATH).await.contains("No calls yet. <a href=\"/console/agents\">"));
    let create = async |phone: &str, reference: &str| {
        server.create(&json!({"phone": phone, "agent": "akylai", "reference": reference})).await
    };
    let first = create("+12025550101", "order-7").await;
    let second = create("+12025550102", "<script>alert(\"\u{202e}заказ\")</script>").await;
    let third = create("+12025550103", "12025550101").await;
    let found = async |query: &str, expected: &[&str]| {
        let page = visitor.page(&format!("{PATH}?{query}")).await;
        assert_eq!(ids(&page), expected, "{query}");
    };
    found("", &[&third, &second, &first]).await;
    found("q=%2B1+(202)+555-0102", &[&second]).await;
    found(&format!("q={second}"), &[&second]).await;
    found("q=order-7", &[&first]).await;
    found("q=12025550101", &[&third]).await;
    found("q=12025550102", &[&second]).await;
    found("q=%3Cscript%3Ealert(%22%E2%80%AE%D0%B7%D0%B0%D0%BA%D0%B0%D0%B7%22)%3C%2Fscript%3E", &[&second]).await;
    found("q=&status=queued&agent=akylai&when=24h", &[&third, &second, &first]).await;
    found("status=live", &[]).await;
    found("agent=altai", &[]).await;
    let page = visitor.page(&format!("{PATH}?q=%3Cscript%3E&agent=gone")).await;
    assert!(page.contains("No call matches. <a href=\"/console/calls\">Clear the filter</a>."), "{page}");
    assert!(page.contains("value=\"&#60;script&#62;\"") && page.contains("<option value=\"gone\" selected>"), "{page}");
    for query in ["status=lost", "below=7", "page=2"] {
        assert_eq!(visitor.get(&format!("{PATH}?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_whole_on_one_page_alone_and_who_saw_them_is_written_down() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let id = server.create(&json!({"phone": "+12025550142", "agent": "akylai"})).await;
    let (hidden, whole) = ("+1 202 ••• 0142", "+1 202 555 0142");
    let page = visitor.page(PATH).await;
    assert!(page.contains(hidden) && !page.contains(whole), "{page}");
    let asked = format!("{PATH}?status=queued");
    assert_eq!(Answer::of(visitor.form(&asked, &[])).await.status, 403);
    let answer = visitor.send(&asked, &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains(whole) && !answer.text.contains(hidden), "{}", answer.text);
    assert!(answer.text.contains("href=\"/console/calls?status=queued\">"), "the way back hides them");
    let page = visitor.page(&asked).await;
    assert!(page.contains(hidden) && !page.contains(whole), "{page}");
    let lines = server.read("/v1/admin/audit").await;
    let shown: Vec<_> = lines["data"].as_array().expect("lines").iter().filter(|line| line["action"] == "phones.shown").collect();
    assert_eq!(shown.len(), 1, "{lines}");
    assert_eq!(shown[0]["object"], format!("1 calls, {id} to {id}"));
    assert!(shown[0]["key_id"].is_string() && !lines.to_string().contains("555"), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_calls_stand_on_top_and_tick_and_ended_ones_say_how() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let ago = |seconds| earlier(now(&server), Duration::from_secs(seconds));
    let talking = hold(&server, a_call().at(ago(64)), towards(Some(Seen::Answered))).await;
    let busy = hold(&server, a_call().at(ago(50)), towards(Some(Seen::Busy))).await;
    let dialing = hold(&server, a_call().at(ago(40)).with("altai"), towards(None)).await;
    let queued = hold(&server, a_call().at(ago(30)).with("gone"), |_| vec![]).await;
    let page = visitor.page(PATH).await;
    let expected = [&dialing, &talking, &queued, &busy].map(|call| call.id.to_string());
    assert_eq!(ids(&page), expected);
    assert!(page.contains("<p class=\"sub\">4 calls, 1 talking, 1 being dialed</p>"), "{page}");
    assert_eq!(page.matches("data-timer=\"").count(), 2);
    assert!(page.contains(">1:0") && page.contains("The line was busy") && page.contains(">Waits to be dialed<"), "{page}");
    assert!(page.contains("akylai <span class=\"tag\">simulator</span>"), "{page}");
    assert_eq!(ids(&visitor.page(&format!("{PATH}?status=live")).await), expected[..2]);
    assert_eq!(ids(&visitor.page(&format!("{PATH}?status=busy&agent=akylai")).await), expected[3..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_call_shows_no_number_to_anybody() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let id = server.create(&json!({"phone": "+12025550142", "agent": "akylai"})).await;
    Answer::of(server.request(Method::POST, &format!("/v1/calls/{id}/cancel"))).await;
    let answer = Answer::of(server.post("/v1/admin/erase", &json!({"phone": "+12025550142"}))).await;
    assert!(answer.status < 300, "{}", answer.text);
    for page in [visitor.page(PATH).await, visitor.send(PATH, &[]).await.text] {
        assert!(page.contains(&format!("<a href=\"/console/calls/{id}\">erased</a>")) && !page.contains("0142"), "{page}");
    }
}

/// Calls of one client, accepted one after the other until now.
async fn many(server: &Server, count: u64) -> Vec<String> {
    let begin = earlier(now(server), Duration::from_secs(2 * count));
    let calls: Vec<_> = (0..count)
        .map(|nth| {
            let call = a_call().at(later(begin, Duration::from_secs(2 * nth))).reference(&format!("order-{nth}"));
            let call = call.to(&format!("+1202555{:04}", nth % 200));
            if nth.is_multiple_of(3) { call.with("altai").accepted() } else { call.accepted() }
        })
        .collect();
    let ids = calls.iter().map(|(call, _)| call.id.to_string()).rev().collect();
    for calls in calls.chunks(500) {
        server.gateway.store.insert(calls.to_vec(), None, &Quota::default()).await.expect("new calls");
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_walked_to_its_end_and_back() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let mut expected = many(&server, 170).await;
    let live = hold(&server, a_call().at(earlier(now(&server), Duration::from_secs(100))), towards(None)).await;
    let walk = async |from: String, word: &str| {
        let (mut path, mut pages) = (from, Vec::new());
        loop {
            let page = visitor.page(&path).await;
            pages.push(ids(&page).into_iter().map(str::to_owned).collect::<Vec<_>>());
            match link(&page, word) {
                Some(next) => path = next,
                None => return (path, pages),
            }
        }
    };
    let (bottom, down) = walk(PATH.to_owned(), "Older").await;
    expected.insert(0, live.id.to_string());
    assert_eq!(down.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 50, 21]);
    assert_eq!(down.concat(), expected);
    let (_, mut up) = walk(bottom, "Newer").await;
    up.reverse();
    assert_eq!(up, down);
    // Narrowed, the address holds both the filter and the place.
    let page = visitor.page(&format!("{PATH}?agent=altai")).await;
    let older = link(&page, "Older").expect("there are more");
    assert!(older.starts_with("/console/calls?agent=altai&below="), "{older}");
    assert_eq!(ids(&visitor.page(&older).await).len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_calls_are_listed_as_fast_as_ten() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let ids = many(&server, 10_000).await;
    let deep = format!("{PATH}?below={}", ids[9_000]);
    let back = format!("{PATH}?above={}", ids[9_000]);
    let mut slowest = Duration::ZERO;
    for path in [
        PATH,
        "/console/calls?q=%2B12025550142",
        "/console/calls?q=order-4711",
        "/console/calls?q=nothing",
        "/console/calls?status=live",
        "/console/calls?status=completed",
        "/console/calls?agent=altai&when=24h",
        &deep,
        &back,
    ] {
        visitor.page(path).await;
        let begun = server.gateway.clock.monotonic();
        visitor.page(path).await;
        let took = server.gateway.clock.monotonic().saturating_sub(begun);
        println!("{took:>10.1?}  {path}");
        slowest = slowest.max(took);
    }
    // A page that reads all of them takes longer in a build without optimizations, whoever shares the machine.
    assert!(slowest < Duration::from_millis(1_000), "{slowest:?}");
}
