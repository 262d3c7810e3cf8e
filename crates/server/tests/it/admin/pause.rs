//! `POST /v1/admin/pause` and `…/resume`.

use serde_json::{Value, json};

use crate::harness::{Answer, Server};

async fn tell(server: &Server, path: &str, body: Value) -> Answer {
    Answer::of(server.post(path, &body)).await
}

/// The holds that an answer lists, in its order.
fn held(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    let name = |hold: &Value| match (&hold["agent"], &hold["connection"]) {
        (Value::String(key), Value::Null) => format!("agent {key}"),
        (Value::Null, Value::String(id)) => format!("connection {id}"),
        (Value::Null, Value::Null) => "everything".to_owned(),
        both => panic!("{both:?}"),
    };
    let holds = body["data"].as_array().expect("a list");
    assert!(holds.iter().all(|hold| hold["reason"] == "paused by an operator" && hold["created_at"].is_string()), "{body}");
    holds.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_put_and_lifted_one_by_one_and_may_be_repeated() {
    let server = Server::start().await;
    let (pause, resume) = ("/v1/admin/pause", "/v1/admin/resume");
    for (path, body, expected) in [
        (resume, json!({}), vec![]),
        (pause, json!({"connection": "own"}), vec!["connection own"]),
        (pause, json!({"agent": "hidden", "connection": null}), vec!["agent hidden", "connection own"]),
        (pause, json!({}), vec!["everything", "agent hidden", "connection own"]),
        (pause, json!({}), vec!["everything", "agent hidden", "connection own"]),
        (resume, json!({"agent": "akylai"}), vec!["everything", "agent hidden", "connection own"]),
        (resume, json!({"agent": null}), vec!["agent hidden", "connection own"]),
        (resume, json!({"connection": "own"}), vec!["agent hidden"]),
        (resume, json!({"agent": "hidden"}), vec![]),
    ] {
        assert_eq!(held(&tell(&server, path, body.clone()).await), expected, "{path} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named_with_the_nearest_that_is() {
    let server = Server::start().await;
    for path in ["/v1/admin/pause", "/v1/admin/resume"] {
        for (body, code, fault, detail) in [
            (
                json!({"agent": "akilai"}),
                "unknown_agent",
                "/agent unknown_agent",
                "There is no agent 'akilai'. Did you mean 'akylai'?",
            ),
            (
                json!({"connection": "simulater"}),
                "unknown_connection",
                "/connection unknown_connection",
                "There is no connection 'simulater'. Did you mean 'simulator'?",
            ),
            (json!({"connection": ""}), "unknown_connection", "/connection unknown_connection", "There is no connection ''."),
            (
                json!({"agent": "akylai", "connection": "own"}),
                "invalid",
                "/connection invalid",
                "/connection cannot stand beside agent: name one of them, or neither.",
            ),
            (json!({"agent": 7}), "wrong_type", "/agent wrong_type", "/agent must be a string."),
            (
                json!({"agents": "akylai"}),
                "unknown_field",
                "/agents unknown_field",
                "/agents is not known here; did you mean 'agent'?",
            ),
        ] {
            let answer = tell(&server, path, body).await;
            assert_eq!(answer.problem(422, code)["detail"], detail);
            assert_eq!(answer.faults(), [fault]);
        }
        let twice = server.request(reqwest::Method::POST, path).header("content-type", "application/json");
        Answer::of(twice.body(r#"{"agent":"akylai","agent":"altai"}"#)).await.problem(422, "duplicate_field");
        assert_eq!(held(&tell(&server, "/v1/admin/resume", json!({})).await), [""; 0], "nothing was held");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_gateway_takes_calls_and_places_them_after_the_pause() {
    let server = Server::working().await;
    let wish = |agent: &str| json!({"phone": "+12025550101", "agent": agent});
    held(&tell(&server, "/v1/admin/pause", json!({"agent": "akylai"})).await);
    let (waits, goes) = (server.create(&wish("akylai")).await, server.create(&wish("altai")).await);
    assert_eq!(server.ended(&goes).await["status"], "completed");
    assert_eq!(server.read(&format!("/v1/calls/{waits}")).await["status"], "queued");
    assert_eq!(Answer::of(server.bare(reqwest::Method::GET, "/readyz")).await.status, 200, "a pause is no fault");
    held(&tell(&server, "/v1/admin/resume", json!({"agent": "akylai"})).await);
    assert_eq!(server.ended(&waits).await["status"], "completed");

    held(&tell(&server, "/v1/admin/pause", json!({})).await);
    let canceled = server.create(&wish("altai")).await;
    let held_for_a_second = server.read(&format!("/v1/calls/{canceled}?wait=1")).await;
    assert_eq!(held_for_a_second["status"], "queued");
    let answer = Answer::of(server.request(reqwest::Method::POST, &format!("/v1/calls/{canceled}/cancel"))).await;
    assert_eq!((answer.status, answer.json()["status"].clone()), (200, json!("canceled")), "what waits is canceled at once");
}
