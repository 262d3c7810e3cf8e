//! `POST /v1/webhooks/in/{connection}/{token}`.

use callgate_domain::model::{ConnectionId, Secret};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use standardwebhooks::Webhook;

use crate::harness::{Answer, KEY, OWN_SECRET, Server};

async fn token(server: &Server) -> String {
    let own = ConnectionId::new("own").expect("a name");
    let fresh = Secret::new("a-token-of-the-test").expect("a secret");
    server.gateway.settings.webhook_token(&own, fresh).await.expect("a token").current.expose().to_owned()
}

fn signed(server: &Server, path: &str, body: &str) -> RequestBuilder {
    let now = server.gateway.clock.now().as_second();
    let signature = Webhook::new(OWN_SECRET).expect("a secret").sign("msg_1", now, body.as_bytes()).expect("a signature");
    server
        .bare(Method::POST, path)
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", now.to_string())
        .header("webhook-signature", signature)
        .header("content-type", "application/json")
        .body(body.to_owned())
}

fn body() -> String {
    json!({"event_type": "call.completed", "provider_call_id": "theirs-9", "status": "busy"}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_verifies_is_kept_and_answered_with_nothing() {
    let server = Server::start().await;
    let path = format!("/v1/webhooks/in/own/{}", token(&server).await);
    for _ in 0..2 {
        let answer = Answer::of(signed(&server, &path, &body())).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    }
    let kept = server.gateway.intake.take(10).await.expect("the inbox");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].parcel.connection.as_ref().map(|id| id.as_str()), Some("own"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_authentic_is_the_same_401() {
    let server = Server::start().await;
    let path = format!("/v1/webhooks/in/own/{}", token(&server).await);
    let unsigned = server.bare(Method::POST, &path).body(body());
    let with_a_key = server.bare(Method::POST, &path).bearer_auth(KEY).body(body());
    let forged = signed(&server, &path, &body()).header("webhook-signature", "v1,AAAA").body(body() + " ");
    let mut details = Vec::new();
    for request in [unsigned, with_a_key, forged] {
        details.push(Answer::of(request).await.problem(401, "not_authentic")["detail"].clone());
    }
    assert!(details.iter().all(|detail| *detail == details[0]));
    assert!(server.gateway.intake.take(10).await.expect("the inbox").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_connection_or_token_is_a_plain_404() {
    let server = Server::start().await;
    let token = token(&server).await;
    let nothing = Answer::of(server.bare(Method::POST, "/v1/nothing")).await.problem(404, "not_found")["detail"].clone();
    for path in [
        format!("/v1/webhooks/in/nobody/{token}"),
        "/v1/webhooks/in/own/wrong".to_owned(),
        format!("/v1/webhooks/in/simulator/{token}"),
    ] {
        let problem = Answer::of(signed(&server, &path, &body())).await.problem(404, "not_found");
        assert_eq!(problem["detail"], nothing, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_over_4_mib_is_413() {
    let server = Server::start().await;
    let path = format!("/v1/webhooks/in/own/{}", token(&server).await);
    Answer::of(signed(&server, &path, &"a".repeat(4 * 1024 * 1024 + 1))).await.problem(413, "body_too_large");
}
