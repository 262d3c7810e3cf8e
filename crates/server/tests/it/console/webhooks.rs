//! Endpoints, deliveries, and sending again.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::Visitor;
use crate::cli::stub::Stub;
use crate::harness::{Answer, Server};

const PATH: &str = "/console/webhooks";
const ENDPOINTS: &str = "/v1/webhook-endpoints";

fn receiving() -> Stub {
    Stub::start(|_, _| Some("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()))
}

fn gone() -> Stub {
    Stub::start(|_, _| Some("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()))
}

/// An endpoint that was added.
async fn added(server: &Server, body: &Value) -> String {
    let answer = Answer::of(server.post(ENDPOINTS, body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// The page once it says this.
async fn page_with(visitor: &Visitor<'_>, path: &str, text: &str) -> String {
    let looked = async {
        loop {
            let page = visitor.page(path).await;
            if page.contains(text) {
                return page;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looked).await.unwrap_or_else(|_late| panic!("{path} never says {text}"))
}

/// Where the buttons with this word lead.
fn buttons(page: &str, word: &str) -> Vec<String> {
    let forms = page.split("<form method=\"post\" action=\"").skip(1);
    let named = forms.filter(|form| form.split("</form>").next().is_some_and(|form| form.contains(&format!(">{word}</button>"))));
    named.filter_map(|form| form.split('"').next().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_is_sent_and_seen_to_come_through() {
    let server = Server::working().await;
    let visitor = Visitor::signed_in(&server).await;
    let page = visitor.page(PATH).await;
    assert!(page.contains("Nobody is told yet.") && page.contains("webhooks add https://example.com/hooks"), "{page}");
    let receiver = receiving();
    let id = added(&server, &json!({"url": format!("{}/hooks", receiver.url), "description": "<script>\"\u{202e}учёт\""})).await;
    let page = visitor.page(PATH).await;
    assert!(page.contains(&format!("{}/hooks", receiver.url)) && page.contains(">Receiving<"), "{page}");
    assert!(page.contains("&#60;script&#62;&#34;") && page.contains("call.completed") && page.contains("call.updated"), "{page}");
    let send = format!("{PATH}/{id}/test");
    assert_eq!(buttons(&page, "Send a test event"), [send.as_str()]);
    assert_eq!(Answer::of(visitor.form(&send, &[])).await.status, 403);
    let answer = visitor.send(&send, &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/console/webhooks?done=tested")));
    let page = page_with(&visitor, "/console/webhooks?done=tested", ">Delivered</span>").await;
    assert!(page.contains("Test event sent.") && page.contains("<td class=\"mono hide\">204</td>"), "{page}");
    assert!(page.contains("webhook.test") && page.contains(">Send 0 again<"), "{page}");
    assert_eq!(receiver.asked().len(), 1);
    let audit = server.read("/v1/admin/audit").await;
    assert_eq!((&audit["data"][0]["action"], &audit["data"][0]["object"]), (&json!("endpoint.tested"), &json!(id)));
    let nowhere = visitor.send(&format!("{PATH}/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d/test"), &[]).await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_one_by_one_or_all_at_once() {
    let server = Server::working().await;
    let visitor = Visitor::signed_in(&server).await;
    let gone = gone();
    let id = added(&server, &json!({"url": gone.url})).await;
    let call = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    server.ended(&call).await;
    let page = page_with(&visitor, PATH, ">Disabled</span>").await;
    assert!(page.contains(">Gave up</span>") && page.contains("<td class=\"mono hide\">410</td>"), "{page}");
    assert!(page.contains(&format!("href=\"/console/calls/{call}\">…{}<", &call[30..])), "{page}");
    assert!(buttons(&page, "Send again").is_empty() && page.contains(">Send 0 again<"), "what is disabled is sent nothing");
    let receiver = receiving();
    let change = json!({"url": receiver.url, "disabled": false});
    Answer::of(server.request(Method::PATCH, &format!("{ENDPOINTS}/{id}")).json(&change)).await;
    let page = visitor.page(&format!("{PATH}?result=failed")).await;
    assert_eq!((buttons(&page, "Send again").len(), buttons(&page, "Send 1 again")), (1, vec![format!("{PATH}/resend")]));
    let answer = visitor.send(&format!("{PATH}/resend"), &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/console/webhooks?done=resent")));
    let page = page_with(&visitor, &format!("{PATH}?result=delivered"), ">Delivered</span>").await;
    assert_eq!(receiver.asked().len(), 1);
    // What has come through can be sent again as well.
    let again = buttons(&page, "Send again");
    assert_eq!(again.len(), 1);
    assert_eq!(visitor.send(&again[0], &[]).await.status, 303);
    page_with(&visitor, PATH, "<td class=\"num hide\">3</td>").await;
    let page = visitor.page(&format!("{PATH}?result=failed")).await;
    assert!(page.contains("No delivery matches.") && page.contains(">Send 0 again<"), "{page}");
    let audit = server.read("/v1/admin/audit").await;
    let resent = audit["data"].as_array().expect("lines").iter().filter(|line| line["action"] == "delivery.resent");
    assert_eq!(resent.count(), 2, "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_answered_is_shown_until_the_call_is_erased() {
    let server = Server::working().await;
    let visitor = Visitor::signed_in(&server).await;
    let broken = Stub::start(|_, _| {
        let said = "<script>alert(1)</script> no such table";
        let head = format!("HTTP/1.1 410 Gone\r\nx-trace: 77\r\ncontent-length: {}\r\nconnection: close", said.len());
        Some(format!("{head}\r\n\r\n{said}"))
    });
    added(&server, &json!({"url": broken.url})).await;
    let call = server.create(&json!({"phone": "+12025550103", "agent": "akylai"})).await;
    let page = page_with(&visitor, PATH, ">Gave up</span>").await;
    let link = page
        .split("href=\"")
        .find_map(|rest| rest.split('"').next().filter(|to| to.starts_with("/console/webhooks/deliveries/")));
    let path = link.expect("a link to the delivery").to_owned();
    // It is searched for scripts.
    let page = visitor.page(&path).await;
    for expected in ["410\n", "x-trace: 77", "no such table", "&#34;call.completed&#34;", "webhook-id: ", &call, "+1 202"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("+12025550103"), "{page}");
    let erased = server.request(Method::DELETE, &format!("/v1/calls/{call}/content"));
    assert_eq!(Answer::of(erased).await.status, 204);
    let page = visitor.page(&path).await;
    assert!(!page.contains("no such table") && page.contains("Nothing of an answer is kept: 410."), "{page}");
    assert_eq!(visitor.get("/console/webhooks/deliveries/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_come_in_pages_and_addresses_are_shown_and_not_believed() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let url = format!("https://93.184.216.34/\"><script>alert(1)</script>?{}", "<i>".repeat(600));
    let id = added(&server, &json!({"url": url, "description": "\"'<img src=x onerror=alert(1)>".repeat(6)})).await;
    for _ in 0..45 {
        assert_eq!(visitor.send(&format!("{PATH}/{id}/test"), &[]).await.status, 303);
    }
    let (mut path, mut seen) = (PATH.to_owned(), Vec::new());
    loop {
        // It is searched for scripts, and no page is too long.
        let page = visitor.page(&path).await;
        seen.extend(buttons(&page, "Send again"));
        let Some(before) = page.split("\">Older</a>").next().filter(|before| before.len() < page.len()) else { break };
        path = before.rsplit("href=\"").next().expect("a link").to_owned();
    }
    assert_eq!(seen.len(), 45);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 45);
    for query in ["result=lost", "before=7", "done=%3Cscript%3E", "page=2"] {
        assert_eq!(visitor.get(&format!("{PATH}?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_send_is_shown_as_it_is_sent() {
    let server = Server::start().await;
    let page = Visitor::signed_in(&server).await.page(PATH).await;
    for expected in ["What we send", "webhook-signature: v1,", "&#34;type&#34;: &#34;call.completed&#34;", "listen --forward-to"]
    {
        assert!(page.contains(expected), "{expected}: {page}");
    }
}
