//! `/console/calls/{call_id}` and what is under it.

use reqwest::Method;
use serde_json::{Value, json};

use super::Visitor;
use crate::cli::stub::Stub;
use crate::harness::{Answer, Server, Setup};

const HOSTILE: &str = "<script>alert(\"1\")</script>' onclick=\"x\" & مرحبا Привет";

fn path(id: &str) -> String {
    format!("/console/calls/{id}")
}

/// Whoever carries the calls of the agent `real`: takes each under an id of its own, and says nothing of it.
fn engine() -> Stub {
    Stub::start(|nth, asked| {
        let body = format!("{{\"provider_call_id\":\"theirs-{nth}\"}}");
        let status = if asked.line.starts_with("POST") { "201 Created" } else { "404 Not Found" };
        let length = body.len();
        Some(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    })
}

/// A server whose agent `real` is carried by an engine, which has to stay.
async fn with_engine() -> (Server, Stub) {
    let engine = engine();
    let own = engine.url.strip_prefix("http://").and_then(|address| address.parse().ok());
    (Server::with(Setup { workers: true, own, ..Setup::default() }).await, engine)
}

/// A call that is over, with whatever was reported of it.
async fn reported(server: &Server, wish: &Value, more: Value) -> String {
    let id = server.create(wish).await;
    server.call_when(&id, |call| call["revision"].as_u64() >= Some(4)).await;
    let inside = server.read(&format!("/v1/admin/calls/{id}")).await;
    let mut body = json!({"event_type": "call.completed", "status": "completed", "duration": 60,
        "provider_call_id": inside["attempts"][0]["provider_call_id"]});
    let fields = body.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    let answer = Answer::of(server.post("/v1/webhooks/call-completed", &body)).await;
    // A long one is applied once it is answered.
    assert!(matches!(answer.status, 200 | 202), "{}", answer.text);
    server.call_when(&id, |call| call["transcript_status"] == "available").await;
    id
}

fn wish() -> Value {
    json!({"phone": "+12025550101", "agent": "akylai"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_reads_whole_without_a_script() {
    let server = Server::working().await;
    let reader = Visitor::signed_in(&server).await;
    let id = server.create(&wish()).await;
    let call = server.ended(&id).await;
    let page = reader.page(&path(&id)).await;
    for expected in [
        "<h1 class=\"num\">+1 202 555 0101</h1>",
        "Completed</span>",
        "<li id=\"t1\" class=\"agent\">",
        "<li id=\"t2\" class=\"person\">",
        "href=\"#t3\"",
        "The agent hung up",
        "aria-current=\"step\"",
        "Dialing through simulator",
        "client default",
        "callgate calls watch",
        "Nobody asked to be told of this call.",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(!page.contains("data-live") && !page.contains("aria-busy"), "nothing more comes");
    let json = Answer::of(reader.request(Method::GET, &format!("{}/json", path(&id)))).await;
    assert_eq!((json.header("content-type"), json.json()), (Some("application/json"), call.clone()));
    let text = Answer::of(reader.request(Method::GET, &format!("{}/transcript", path(&id)))).await;
    assert_eq!(
        (text.header("content-type"), Some(text.text.as_str())),
        (Some("text/plain; charset=utf-8"), call["transcript"].as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_said_and_sent_stays_text() {
    let (server, _engine) = with_engine().await;
    let reader = Visitor::signed_in(&server).await;
    let turns = json!([{"role": "agent", "text": HOSTILE, "start_ms": 0, "end_ms": 3000},
        {"role": "user", "text": "One\r\nid: 9\u{2028}</li></ol><img src=x>", "start_ms": 2000, "end_ms": 4000},
        {"role": "agent", "text": "После долгого молчания", "start_ms": 20000, "end_ms": 2_000_000_000}]);
    let body = json!({"phone": "+12025550101", "agent": "real", "reference": HOSTILE, "metadata": {"a": HOSTILE}});
    let id = reported(&server, &body, json!({"turns": turns})).await;
    let page = reader.page(&path(&id)).await;
    let escaped = "&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#39; onclick=&#34;x&#34; &#38; مرحبا Привет";
    assert_eq!(page.matches(escaped).count(), 2, "what was said, and the reference");
    for expected in ["&#60;/li&#62;", "interrupted", "16 s of silence", "<p dir=\"auto\">После"] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(!page.contains("<img"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_of_two_megabytes_is_shown_in_part_and_had_whole() {
    let (server, _engine) = with_engine().await;
    let reader = Visitor::signed_in(&server).await;
    let line = format!("agent: {}\nuser: '<'& yes\n", "слово ".repeat(20));
    let room = 2 * 1024 * 1024 - 60_000;
    for (phone, transcript) in
        [("+12025550101", line.repeat(room / (line.len() + 10))), ("+12025550102", format!("agent: {}", "'".repeat(room)))]
    {
        let id = reported(&server, &json!({"phone": phone, "agent": "real"}), json!({"transcript": transcript})).await;
        let page = reader.page(&path(&id)).await;
        assert!(page.contains("The whole transcript as text") && page.contains("id=\"t1\""));
        assert!(page.contains("more turns are not shown here") || page.contains("… the rest"));
        let whole = Answer::of(reader.request(Method::GET, &format!("{}/transcript", path(&id)))).await;
        assert_eq!(whole.text.trim_end(), transcript.trim_end());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heaviest_page_is_within_its_budget() {
    let (server, _engine) = with_engine().await;
    let reader = Visitor::signed_in(&server).await;
    let text = "l'entêtement'".to_owned() + &" d'être".repeat(8);
    let turn = |nth: u64| {
        let start = 30_000_000 + nth * 7_919;
        json!({"role": if nth.is_multiple_of(2) { "agent" } else { "user" }, "text": text, "start_ms": start, "end_ms": start + 8_500})
    };
    let wish = json!({"phone": "+12025550101", "agent": "real", "reference": "'".repeat(128)});
    let id = reported(&server, &wish, json!({"turns": (0..100).map(turn).collect::<Vec<_>>()})).await;
    let page = reader.page(&path(&id)).await;
    assert!(page.len() > 40_000, "it is heavy: {} bytes", page.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_says_why() {
    let server = Server::working().await;
    let reader = Visitor::signed_in(&server).await;
    for (phone, expected) in [
        ("+12025550102", "Nobody answered, so there is nothing to read."),
        ("+12025550103", "The line was busy, so there is nothing to read."),
        ("+12025550104", "The user declined"),
    ] {
        let id = server.create(&json!({"phone": phone, "agent": "akylai"})).await;
        server.ended(&id).await;
        let page = reader.page(&path(&id)).await;
        assert!(page.contains(expected), "{phone}: {page}");
        let none = Answer::of(reader.request(Method::GET, &format!("{}/transcript", path(&id)))).await;
        assert_eq!(none.status, 404);
    }
    let id = server.create(&wish()).await;
    server.ended(&id).await;
    assert_eq!(Answer::of(server.request(Method::DELETE, &format!("/v1/calls/{id}/content"))).await.status, 204);
    let page = reader.page(&path(&id)).await;
    assert!(page.contains("What was said was erased, for good.") && !page.contains("Call again"), "{page}");
    let refused = reader.send(&format!("{}/again", path(&id)), &[("once", "00112233445566778899")]).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn canceling_leads_back_and_the_page_says_so() {
    let server = Server::start().await;
    let reader = Visitor::signed_in(&server).await;
    let id = server.create(&wish()).await;
    let page = reader.page(&path(&id)).await;
    assert!(page.contains("Queued</span>") && page.contains(">Cancel call<") && page.contains("data-live=\"/console/calls/"));
    let answer = reader.send(&format!("{}/cancel", path(&id)), &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(path(&id).as_str())));
    let page = reader.page(&path(&id)).await;
    assert!(page.contains("Canceled</span>") && page.contains("Nobody was called, so there is nothing to read."));
    // Once more: its page says what it is.
    assert_eq!(reader.send(&format!("{}/cancel", path(&id)), &[]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_again_asks_first_and_a_form_that_is_sent_twice_makes_one_call() {
    let server = Server::working().await;
    let reader = Visitor::signed_in(&server).await;
    let body = json!({"phone": "+12025550101", "agent": "akylai", "reference": "r-1", "metadata": {"a": "b"}});
    let id = server.create(&body).await;
    server.ended(&id).await;
    let again = format!("{}/again", path(&id));
    let asked = reader.send(&again, &[]).await;
    assert_eq!(asked.status, 200);
    assert!(asked.text.contains("practice agent") && asked.text.contains("Place practice call"), "{}", asked.text);
    let once = asked.text.split("name=\"once\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a number");
    let calls = |page: &Value| page["data"].as_array().map(Vec::len);
    assert_eq!(calls(&server.read("/v1/calls").await), Some(1), "asking calls nobody");
    let first = reader.send(&again, &[("once", once)]).await;
    let second = reader.send(&again, &[("once", once)]).await;
    assert_eq!((first.status, first.header("location")), (303, second.header("location")));
    let page = server.read("/v1/calls").await;
    assert_eq!(calls(&page), Some(2));
    let call = &page["data"][0];
    assert_eq!((&call["reference"], &call["metadata"]), (&json!("r-1"), &json!({"a": "b"})));
    assert_eq!(first.header("location"), Some(path(call["call_id"].as_str().expect("an id")).as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_webhook_says_so_and_is_sent_again() {
    let server = Server::working().await;
    let reader = Visitor::signed_in(&server).await;
    let receiver = Stub::start(|_, _| Some("HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()));
    let endpoint = json!({"url": format!("{}/hooks?token=secret", receiver.url)});
    assert_eq!(Answer::of(server.post("/v1/webhook-endpoints", &endpoint)).await.status, 201);
    let id = server.create(&wish()).await;
    server.ended(&id).await;
    let tried = || async {
        loop {
            let data = server.read(&format!("/v1/webhook-deliveries?call_id={id}")).await["data"][0].clone();
            if data["tries"].as_u64() > Some(0) {
                return data;
            }
            tokio::task::yield_now().await;
        }
    };
    let delivery = tokio::time::timeout(std::time::Duration::from_secs(20), tried()).await.expect("it is tried");
    let page = reader.page(&path(&id)).await;
    assert!(page.contains("Failing:") && page.contains("It answered 503") && page.contains("127.0.0.1"), "{page}");
    assert!(!page.contains("token=secret"), "a path may hold a token");
    let before = receiver.asked().len();
    let resend = format!("{}/deliveries/{}/resend", path(&id), delivery["id"].as_str().expect("an id"));
    assert!(page.contains(&format!("action=\"{resend}\"")));
    let answer = reader.send(&resend, &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some(path(&id).as_str())));
    let again = async {
        while receiver.asked().len() == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), again).await.expect("it is sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_call_does_nothing_here_either() {
    let server = Server::start().await;
    let made = Answer::of(server.post("/v1/admin/keys", &json!({"scopes": ["admin"]}))).await.json();
    let reader = Visitor::with(&server, made["key"].as_str().expect("a key")).await;
    let id = server.create(&wish()).await;
    assert!(reader.page(&path(&id)).await.contains("Queued"));
    for deed in ["cancel", "again", "deliveries/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d/resend"] {
        let answer = reader.send(&format!("{}/{deed}", path(&id)), &[("once", "00112233445566778899")]).await;
        assert_eq!(answer.status, 403, "{deed}: {}", answer.text);
    }
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["status"], "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_sends_the_parts_that_change_and_says_when_it_is_over() {
    let server = Server::start().await;
    let reader = Visitor::signed_in(&server).await;
    let id = server.create(&wish()).await;
    let live = format!("{}/live", path(&id));
    // Whoever has it all is sent only what changes.
    let mut open = reader.request(Method::GET, &format!("{live}?after=1")).send().await.expect("an answer");
    assert_eq!(open.status(), 200);
    assert_eq!(open.headers()["content-type"], "text/event-stream");
    assert_eq!(
        (open.headers()["cache-control"].as_bytes(), open.headers()["x-accel-buffering"].as_bytes()),
        (&b"no-store"[..], &b"no"[..])
    );
    assert_eq!(reader.send(&format!("{}/cancel", path(&id)), &[]).await.status, 303);
    let mut text = String::new();
    let whole = async {
        while let Some(piece) = open.chunk().await.expect("a piece") {
            text.push_str(std::str::from_utf8(&piece).expect("text"));
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), whole).await.expect("it ends");
    assert!(text.contains("id: 2\nevent: part\ndata: <div class=\"meta\" id=\"state\">") && text.contains("Canceled"), "{text}");
    assert!(!text.contains("id=\"talk\""), "the list has not changed: {text}");
    assert!(text.ends_with("id: 2-over\nevent: end\ndata: over\n\n"), "{text}");
    let fields = ["id: ", "event: ", "data: "];
    assert!(text.lines().all(|line| line.is_empty() || fields.iter().any(|field| line.starts_with(field))), "{text}");
    // A browser that comes back after the end is told to stay away; one that missed it is sent everything.
    let gone = Answer::of(reader.request(Method::GET, &live).header("last-event-id", "2-over")).await;
    assert_eq!(gone.status, 204);
    let missed = Answer::of(reader.request(Method::GET, &live).header("last-event-id", "1")).await;
    assert!(missed.text.contains("id=\"rail\"") && missed.text.contains("event: end"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_anything_without_signing_in() {
    let server = Server::start().await;
    let id = server.create(&wish()).await;
    for (method, under) in
        [("GET", ""), ("GET", "/live"), ("GET", "/json"), ("GET", "/transcript"), ("POST", "/cancel"), ("POST", "/again")]
    {
        let request = server.bare(method.parse().expect("a method"), &format!("{}{under}", path(&id)));
        let answer = Answer::of(request.header("sec-fetch-site", "same-origin")).await;
        assert_eq!(answer.status, 401, "{method} {under}");
    }
    let reader = Visitor::signed_in(&server).await;
    let elsewhere = reader.request(Method::POST, &format!("{}/cancel", path(&id))).header("sec-fetch-site", "cross-site");
    assert_eq!(Answer::of(elsewhere).await.status, 403);
    assert_eq!(server.read(&format!("/v1/calls/{id}")).await["status"], "queued");
}
