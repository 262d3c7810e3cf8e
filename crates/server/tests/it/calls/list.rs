//! `GET /v1/calls`.

use callgate_domain::ports::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, key_of};

/// Three calls, oldest first.
async fn three(server: &Server) -> Vec<String> {
    let mut ids = Vec::new();
    for body in [
        json!({"phone": "+12025550101", "agent": "akylai", "reference": "one"}),
        json!({"phone": "+12025550102", "agent": "altai", "reference": "two", "schedule": {"not_before": "2090-01-01T00:00:00Z"}}),
        json!({"phone": "+996700000000", "agent": "altai", "reference": "three"}),
    ] {
        ids.push(server.create(&body).await);
    }
    ids
}

async fn check(server: &Server, query: &str, expected: &[&str]) {
    let list = server.read(&format!("/v1/calls?{query}")).await;
    let found: Vec<_> = list["data"].as_array().unwrap().iter().map(|call| call["reference"].as_str().unwrap()).collect();
    assert_eq!(found, expected, "{query}");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_they_name() {
    let server = Server::start().await;
    three(&server).await;
    check(&server, "", &["three", "two", "one"]).await;
    check(&server, "agent=altai", &["three", "two"]).await;
    check(&server, "agent=nobody", &[]).await;
    check(&server, "status=scheduled", &["two"]).await;
    check(&server, "status=queued", &["three", "one"]).await;
    check(&server, "status=scheduled,queued", &["three", "two", "one"]).await;
    check(&server, "status=completed", &[]).await;
    check(&server, "reference=two", &["two"]).await;
    check(&server, "reference=tw", &[]).await;
    check(&server, "phone=%2B12025550101", &["one"]).await;
    check(&server, "phone=+12025550101", &["one"]).await;
    check(&server, "phone=001%20202-555-0101", &["one"]).await;
    check(&server, "agent=altai&status=queued&phone=%2B996700000000", &["three"]).await;
    check(&server, "created_after=2020-01-01T00:00:00Z&created_before=2090-01-01T00:00:00+06:00", &["three", "two", "one"]).await;
    check(&server, "created_before=2020-01-01T00:00:00Z", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_the_call_without_its_words() {
    let server = Server::start().await;
    let ids = three(&server).await;
    let list = server.read("/v1/calls?limit=1").await;
    let mut call = server.read(&format!("/v1/calls/{}", ids[2])).await;
    for left_out in ["transcript", "turns", "variables"] {
        call.as_object_mut().unwrap().remove(left_out);
    }
    assert_eq!(list["data"], json!([call]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another_to_the_end() {
    let server = Server::start().await;
    three(&server).await;
    let mut seen = Vec::new();
    let mut target = "/v1/calls?limit=2".to_owned();
    loop {
        let page = server.read(&target).await;
        seen.extend(page["data"].as_array().unwrap().iter().map(|call| call["reference"].as_str().unwrap().to_owned()));
        let Value::String(cursor) = &page["next_cursor"] else { break };
        target = format!("/v1/calls?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ["three", "two", "one"]);
    assert_eq!(server.read("/v1/calls?limit=3").await["next_cursor"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_sees_its_own_calls_and_an_admin_all() {
    let server = Server::start().await;
    three(&server).await;
    for (key, count) in [(key_of("other", &[Scope::CallsRead]), 0), (key_of("other", &[Scope::Admin]), 3)] {
        let list = Answer::of(server.bare(Method::GET, "/v1/calls").bearer_auth(key)).await;
        assert_eq!(list.json()["data"].as_array().map(Vec::len), Some(count));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_refused() {
    let server = Server::start().await;
    for query in [
        "state=queued",
        "status=done",
        "status=",
        "status=queued,",
        "agent=",
        "agent=A%20B",
        "phone=202",
        "phone=",
        "limit=0",
        "limit=201",
        "limit=ten",
        "cursor=x",
        "cursor=",
        "cursor=AAAAAAAAAAAAAAAAAAAAAA%3D%3D",
        "created_after=yesterday",
        "created_before=2020-01-01",
        "agent=altai&agent=altai",
        "reference=%00",
        "reference=%FF",
    ] {
        Answer::of(server.get(&format!("/v1/calls?{query}"))).await.problem(400, "invalid_query");
    }
    Answer::of(server.get("/v1/calls?batch_id=7")).await.problem(422, "not_supported_yet");
    let problem = Answer::of(server.get("/v1/calls?status=complete")).await.problem(400, "invalid_query");
    assert_eq!(problem["detail"], "The query parameter 'status' has no status 'complete'; did you mean 'completed'?");
}
