//! `/v1/agents`.

use serde_json::json;

use crate::harness::{Answer, Server};

#[tokio::test(flavor = "multi_thread")]
async fn the_public_agents_are_listed_and_no_private_one() {
    let server = Server::start().await;
    let list = server.read("/v1/agents").await;
    let keys: Vec<_> = list["data"].as_array().unwrap().iter().map(|agent| agent["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["akylai", "altai", "real"]);
    let akylai = json!({"key": "akylai", "name": "AkylAI", "description": "Parcel updates", "languages": ["ky", "ru"],
        "available": true, "test": true});
    assert_eq!(list["data"][0], akylai);
    assert_eq!(list["data"][2]["test"], false);
    assert_eq!(server.read("/v1/agents/akylai").await, akylai);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_agent_is_as_absent_as_one_that_does_not_exist() {
    let server = Server::start().await;
    let private = Answer::of(server.get("/v1/agents/hidden")).await.problem(404, "not_found");
    for key in ["nobody", "A", "%00", "akylai%2F"] {
        let absent = Answer::of(server.get(&format!("/v1/agents/{key}"))).await.problem(404, "not_found");
        assert_eq!(absent["detail"], private["detail"]);
    }
    Answer::of(server.get("/v1/agents?public=false")).await.problem(400, "invalid_query");
}
