//! Overview: what it shows of calls, webhooks and the gateway, live too, and the welcome before the first call.

use std::time::Duration;

use callgate_domain::model::call::{CallEvent, Role, Turn};
use callgate_domain::model::{Evidence, Seen, Source};
use callgate_domain::ports::Reader;
use reqwest::{Method, Response};
use serde_json::json;

use super::Visitor;
use crate::harness::{Answer, Server, Setup};

const LONGEST: Duration = Duration::from_secs(20);

/// The page once it shows what is awaited: figures are some seconds old.
async fn overview_when(visitor: &Visitor<'_>, wanted: impl Fn(&str) -> bool) -> String {
    let mut last = String::new();
    let looked = async {
        loop {
            last = visitor.page("/console").await;
            if wanted(&last) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let seen = tokio::time::timeout(LONGEST, looked).await;
    assert!(seen.is_ok(), "{last}");
    last
}

/// What stands behind an id, as far as the section goes.
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {page}"));
    rest.split("</section>").next().unwrap_or(rest)
}

fn hidden(page: &str, name: &str) -> String {
    let at = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{name}: {page}"));
    at.split('"').next().expect("a value").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_call_there_is_a_welcome_whose_form_places_one_and_it_never_comes_back() {
    let server = Server::working().await;
    let visitor = Visitor::signed_in(&server).await;
    let welcome = visitor.page("/console").await;
    assert!(welcome.contains(">No calls yet</h1>") && welcome.contains("Place practice call"), "{welcome}");
    assert!(welcome.contains(&format!("{}/v1/calls", server.url)), "{welcome}");
    let once = hidden(&welcome, "once");
    let fields = [("phone", "+12025550101"), ("once", once.as_str())];
    let placed = visitor.send("/console/agents/akylai/calls", &fields).await;
    let to = placed.header("location").expect("a way").to_owned();
    assert_eq!(placed.status, 303);
    let id = to.strip_prefix("/console/calls/").unwrap_or_else(|| panic!("{to}"));
    // Pressed twice it is one call.
    assert_eq!(visitor.send("/console/agents/akylai/calls", &fields).await.header("location"), Some(to.as_str()));
    assert_eq!(server.read("/v1/calls").await["data"].as_array().map(Vec::len), Some(1));
    let overview = visitor.page("/console").await;
    assert!(overview.contains(">Overview</h1>") && !overview.contains("No calls yet"), "{overview}");
    assert_eq!(server.ended(id).await["status"], "completed");
    let overview = overview_when(&visitor, |page| part(page, "ended").contains(id)).await;
    assert!(part(&overview, "ended").contains("Completed") && part(&overview, "ended").contains("+1 202 ••• 0101"), "{overview}");
    assert!(!part(&overview, "ended").contains("+12025550101"), "{overview}");
    assert!(part(&overview, "live-now").contains("No call is live."), "{overview}");
    assert!(part(&overview, "needs").contains("Nothing needs you."), "{overview}");
    let overview = overview_when(&visitor, |page| part(page, "figs").contains("<dd>100%</dd>")).await;
    assert!(part(&overview, "figs").contains("<dt>Calls today</dt><dd>1</dd>"), "{overview}");
    assert!(part(&overview, "hours").contains("<td>1</td><td>0</td><td>0</td><td>0</td>"), "{overview}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_phone_is_rung_only_by_who_says_that_it_is_meant() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let asked = visitor.send("/console/agents/real/calls", &[("phone", "+1 202 555 0142"), ("once", "x\"><script>")]).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    assert!(asked.text.contains("dials a real phone through own") && !asked.text.contains("x\"><script>"), "{}", asked.text);
    assert_eq!(server.read("/v1/calls").await["data"], json!([]));
    let fields = [("phone", "+12025550142"), ("once", "abc"), ("confirmed", "yes")];
    let placed = visitor.send("/console/agents/real/calls", &fields).await;
    assert_eq!(placed.status, 303, "{}", placed.text);
    assert_eq!(server.read("/v1/calls").await["data"][0]["agent"], "real");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_placed_is_said_and_nobody_is_called() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    for (agent, phone, status, said) in [
        ("akylai", "nonsense<script>", 422, "nonsense&#60;script&#62;"),
        ("akylai", "", 422, "The phone number is empty"),
        ("nobody", "+12025550101", 422, "There is no agent"),
        ("hidden", "+12025550101", 422, "There is no agent"),
        ("real", "+442071234567", 403, "may not be called"),
    ] {
        let fields = [("phone", phone), ("once", "abc"), ("confirmed", "yes")];
        let answer = visitor.send(&format!("/console/agents/{agent}/calls"), &fields).await;
        assert_eq!(answer.status, status, "{agent} {phone}: {}", answer.text);
        assert!(answer.text.contains(said) && !answer.text.contains("<script>"), "{}", answer.text);
    }
    let elsewhere = visitor.form("/console/agents/akylai/calls", &[("phone", "+12025550101")]);
    let refused = Answer::of(elsewhere.header("sec-fetch-site", "cross-site")).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert_eq!(server.read("/v1/calls").await["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_on_a_live_call_is_shown_whatever_it_is() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    for said in ["<script>alert(\"1\")</script>", "Саламатсызбы \u{202e}שלום", &"a long sentence ".repeat(130_000)]
    {
        let id = talking(&server, said).await;
        let shown: String = said.chars().take(12).collect();
        let escaped = shown.replace('<', "&#60;").replace('>', "&#62;");
        let page = overview_when(&visitor, |page| part(page, "live-now").contains(&id)).await;
        let live = part(&page, "live-now");
        assert!(live.contains(&escaped) && live.contains("In progress") && live.contains("data-since="), "{live}");
        assert!(!page.contains("<script>alert"), "{page}");
    }
    let page = overview_when(&visitor, |page| part(page, "live-now").contains("3 lines in use")).await;
    assert!(page.contains("id=\"n-calls\">3<"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_erased_is_not_among_those_that_ended() {
    let server = Server::working().await;
    let visitor = Visitor::signed_in(&server).await;
    let [kept, erased] = [
        server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await,
        server.create(&json!({"phone": "+12025550104", "agent": "altai"})).await,
    ];
    for id in [&kept, &erased] {
        server.ended(id).await;
    }
    overview_when(&visitor, |page| [&kept, &erased].iter().all(|id| part(page, "ended").contains(id.as_str()))).await;
    let gone = Answer::of(server.request(Method::DELETE, &format!("/v1/calls/{erased}/content"))).await;
    assert!((200..300).contains(&gone.status), "{}", gone.text);
    let page = overview_when(&visitor, |page| !part(page, "ended").contains(&erased)).await;
    assert!(part(&page, "ended").contains(&kept) && part(&page, "ended").contains("Busy"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_thing_that_is_true_is_the_frames_sentence_and_has_one_way_on() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    let page = visitor.page("/console").await;
    assert!(part(&page, "health").contains("Nothing needs you"), "{page}");
    assert!(!page.contains("class=\"banner\""), "{page}");
    let paused = Answer::of(server.post("/v1/admin/pause", &json!({"agent": "altai"}))).await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    let page = overview_when(&visitor, |page| part(page, "health").contains("Agent altai is paused")).await;
    let page = if part(&page, "needs").contains("altai") {
        page
    } else {
        overview_when(&visitor, |page| part(page, "needs").contains("Agent altai is paused")).await
    };
    assert!(part(&page, "needs").contains("resume --agent altai"), "{page}");
    assert!(page.contains("href=\"/console#needs\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_were_rejected_are_said_on_every_page_until_they_are_mended() {
    let server = Server::with(Setup {
        change: |gateway| {
            gateway.facts.is_open = true;
            *gateway.reload.rejected.lock().expect("nobody panicked") = Some("agents.<b>: no such connection".to_owned());
        },
        ..Setup::default()
    })
    .await;
    let page = Visitor::signed_in(&server).await.page("/console").await;
    assert_eq!(page.matches("class=\"banner\"").count(), 2, "{page}");
    assert!(page.contains("agents.&#60;b&#62;: no such connection") && page.contains("server.public_url is not set"), "{page}");
    assert!(server.gateway.reload.now().await.is_err(), "there is nothing to read again");
    assert_eq!(server.gateway.reload.rejected(), None, "which is no fault of the settings");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_change_are_streamed_with_a_mark_and_none_that_is_known() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
    for (said, is_resumed) in [("Line one\rid: forged\nline two", false), ("and another", true)] {
        let page = visitor.page("/console").await;
        let path = page.split("data-live=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a stream").to_owned();
        let (bare, mark) = path.split_once("?after=").expect("a mark");
        let request = if is_resumed {
            visitor.request(Method::GET, bare).header("last-event-id", mark)
        } else {
            visitor.request(Method::GET, &path)
        };
        let mut response = request.send().await.expect("an answer");
        let header = |name: &str| response.headers()[name].to_str().expect("text");
        assert_eq!((response.status().as_u16(), header("content-type")), (200, "text/event-stream"));
        assert_eq!((header("x-accel-buffering"), header("cache-control")), ("no", "no-store"));
        let id = talking(&server, said).await;
        let text = until(&mut response, |text| text.contains("id=\"live-now\"") && text.contains(&id)).await;
        for line in text.lines() {
            let known = ["id: ", "event: part", "data: "].iter().any(|start| line.starts_with(start));
            assert!(line.is_empty() || known, "{line}");
        }
        assert!(text.starts_with("id: ") && !text.contains("\nid: forged") && !text.contains('\r'), "{text}");
        assert!(!text.contains("id=\"needs\""), "what has not changed is not sent: {text}");
        assert!(!text.contains(&format!("id: {mark}\n")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_with_another_mark_is_sent_everything_and_a_stop_ends_the_stream() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let request = visitor.request(Method::GET, "/console/live").header("last-event-id", "of another day");
    let mut response = request.send().await.expect("an answer");
    let text = until(&mut response, |text| text.ends_with("\n\n")).await;
    for id in ["figs", "live-now", "hours", "ended", "needs", "connections", "health", "n-calls", "n-webhooks"] {
        assert!(text.contains(&format!("id=\"{id}\"")), "{id}: {text}");
    }
    server.gateway.stopping.cancel();
    let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
    assert!(tokio::time::timeout(LONGEST, rest).await.is_ok(), "it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_for_whoever_is_signed_in() {
    let server = Server::start().await;
    let nobody = server.bare(Method::GET, "/console/live").header("accept", "text/event-stream");
    Answer::of(nobody).await.problem(401, "missing_credentials");
}

/// What a stream says until it has said what is awaited.
async fn until(response: &mut Response, wanted: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    let read = async {
        while !wanted(&text) {
            let bytes = response.chunk().await.expect("bytes").expect("it goes on");
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    };
    let seen = tokio::time::timeout(LONGEST, read).await.is_ok();
    assert!(seen, "{text}");
    text
}

/// A call on which this was said last.
async fn talking(server: &Server, said: &str) -> String {
    let gateway = &server.gateway;
    let phone = format!("+1202555{:04}", 2_000 + said.len() % 7_000);
    let id = server.create(&json!({"phone": phone, "agent": "akylai"})).await;
    for call in gateway.dispatch.claim(10).await.expect("a claim").taken {
        gateway.dispatch.carry(call).await;
    }
    let call = gateway.store.get(id.parse().expect("an id"), &Reader::All).await.expect("the call");
    let attempt = call.attempt.clone().expect("it was sent");
    let turn = Turn { role: Role::Agent, text: said.to_owned(), start_ms: None, end_ms: None };
    let evidence = Evidence { turns: vec![turn], ..Evidence::new(Source::Webhook).seen(Seen::Answered) };
    let event = CallEvent::Evidence { attempt, evidence: Box::new(evidence) };
    gateway.calls.recorder.record(call, &event).await.expect("it is recorded");
    id
}
