//! Limits on calls: how often a number may ring, what a key may place in a day, and the guard against duplicates.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, Setup, key_of};

const DAY_S: u64 = 24 * 60 * 60;

fn to(number: &str) -> Value {
    json!({"phone": number, "agent": "akylai"})
}

async fn ask(server: &Server, body: &Value) -> Answer {
    Answer::of(server.post("/v1/calls", body)).await
}

async fn with(calls: &'static str) -> Server {
    Server::with(Setup { calls, ..Setup::default() }).await
}

/// A refusal that says in words and in headers when to ask again: within the day, and not at once.
fn check_limit(answer: &Answer, policy: &str, quota: u32, what: &str) {
    let problem = answer.problem(429, "limit_reached");
    let seconds: u64 = answer.header("retry-after").expect("when").parse().expect("seconds");
    assert!((DAY_S - 30..=DAY_S).contains(&seconds), "{seconds}");
    assert_eq!(problem["detail"], format!("{what} within 24 hours, and that is reached. Try again in {seconds} seconds."));
    assert_eq!(answer.header("ratelimit-policy"), Some(format!("\"{policy}\";q={quota};w=86400").as_str()));
    assert_eq!(answer.header("ratelimit"), Some(format!("\"{policy}\";r=0;t={seconds}").as_str()));
}

async fn stored(server: &Server) -> usize {
    server.read("/v1/calls?limit=200").await["data"].as_array().expect("a list").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_rings_only_so_often_in_a_day_whoever_asks() {
    let server = with("[limits]\ncalls_per_number_per_day = 2").await;
    let body = to("+12025550101");
    let keyed = || server.post("/v1/calls", &body).header("idempotency-key", "first");
    let first = Answer::of(keyed()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(ask(&server, &body).await.status, 201);
    for _ in 0..2 {
        check_limit(&ask(&server, &body).await, "calls-per-number", 2, "This number may be called 2 times");
    }
    let other = server.bare(reqwest::Method::POST, "/v1/calls").json(&body).bearer_auth(key_of("other", &EVERYTHING));
    Answer::of(other).await.problem(429, "limit_reached");
    assert_eq!(ask(&server, &to("+12025550102")).await.status, 201);
    let again = Answer::of(keyed()).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(again.text, first.text);
    assert_eq!(stored(&server).await, 3);
}

const EVERYTHING: [callgate_domain::ports::Scope; 1] = [callgate_domain::ports::Scope::CallsWrite];

#[tokio::test(flavor = "multi_thread")]
async fn a_call_counts_with_all_its_tries_and_a_plan_that_never_fits_is_422() {
    let server = with("[limits]\ncalls_per_number_per_day = 3").await;
    let tries = |max: u32| json!({"phone": "+12025550101", "agent": "akylai", "retry": {"on": ["busy"], "max": max}});
    let answer = ask(&server, &tries(3)).await;
    assert_eq!(answer.faults(), ["/retry/max out_of_range"]);
    assert_eq!(
        answer.problem(422, "out_of_range")["errors"][0]["detail"],
        "must not be more than 2, since a number may be called 3 times within 24 hours"
    );
    assert_eq!(ask(&server, &tries(1)).await.status, 201);
    ask(&server, &tries(1)).await.problem(429, "limit_reached");
    assert_eq!(ask(&server, &to("+12025550101")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_places_only_so_many_calls_a_day() {
    let server = with("[limits]\nspend_calls_per_day = 3").await;
    for nth in 0..3 {
        assert_eq!(ask(&server, &to(&format!("+1202555010{nth}"))).await.status, 201);
    }
    check_limit(&ask(&server, &to("+12025550109")).await, "calls-per-day", 3, "This key may place 3 calls");
    assert_eq!(stored(&server).await, 3);
    let other =
        server.bare(reqwest::Method::POST, "/v1/calls").json(&to("+12025550109")).bearer_auth(key_of("other", &EVERYTHING));
    assert_eq!(Answer::of(other).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_pass_no_limit() {
    let server = with("[limits]\nspend_calls_per_day = 10\ncalls_per_number_per_day = 4").await;
    let bodies: Vec<_> = (0..48).map(|nth| to(&format!("+1202555010{}", nth % 3))).collect();
    let asked = bodies.iter().map(|body| Answer::of(server.post("/v1/calls", body)));
    let answers = futures_util::future::join_all(asked).await;
    let accepted = answers.iter().filter(|answer| answer.status == 201).count();
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 429)));
    assert_eq!((accepted, stored(&server).await), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_call_right_behind_the_first_is_409_and_names_it() {
    let server = with("duplicate_guard = \"reject\"").await;
    let body = to("+12025550101");
    let first = server.create(&body).await;
    let answer = ask(&server, &body).await;
    let problem = answer.problem(409, "possible_duplicate");
    assert_eq!(problem["call_id"], first);
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.contains(&format!(" seconds ago, as call {first}. Send an Idempotency-Key to say that this one is meant.")));
    for body in [json!({"phone": "+12025550102", "agent": "akylai"}), json!({"phone": "+12025550101", "agent": "altai"})] {
        assert_eq!(ask(&server, &body).await.status, 201);
    }
    let meant = Answer::of(server.post("/v1/calls", &body).header("idempotency-key", "meant")).await;
    assert_eq!(meant.status, 201);
    let canceled = server.create(&to("+12025550104")).await;
    assert_eq!(Answer::of(server.post(&format!("/v1/calls/{canceled}/cancel"), &Value::Null)).await.status, 200);
    assert_eq!(ask(&server, &to("+12025550104")).await.status, 201, "what is over has no twin");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_twins_at_once_one_makes_a_call_where_the_guard_stands() {
    let server = with("duplicate_guard = \"reject\"").await;
    let body = to("+12025550101");
    let answers = futures_util::future::join_all((0..32).map(|_| ask(&server, &body))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    let id = made[0].json()["call_id"].clone();
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.problem(409, "possible_duplicate")["call_id"], id);
    }
}
