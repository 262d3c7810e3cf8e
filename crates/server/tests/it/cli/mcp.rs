//! The API as tools, spoken to as an AI client speaks: a line of JSON-RPC each way.

use serde_json::{Value, json};

use super::{Program, Running};
use crate::harness::Server;

/// A client that has said hello.
struct Client {
    server: Running,
    last: u64,
}

impl Client {
    fn of(program: &Program, arguments: &[&str]) -> Self {
        let mut client = Self { server: program.start_to_speak(arguments), last: 0 };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
        let about = client.ask("initialize", &hello);
        assert_eq!(about["result"]["serverInfo"]["name"], "callgate", "{about}");
        assert!(about["result"]["instructions"].as_str().is_some_and(|text| text.contains("cannot be taken back")), "{about}");
        client.server.tell(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
        client
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params});
        self.server.tell(&request.to_string());
        let answer: Value = serde_json::from_str(&self.server.first_line()).expect("a line of JSON");
        assert_eq!(answer["id"], self.last, "{answer}");
        answer
    }

    /// What a tool returned, and whether that is an error.
    fn call(&mut self, tool: &str, arguments: &Value) -> (Value, bool) {
        let answer = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        let result = &answer["result"];
        (result.clone(), result["isError"] == true)
    }

    /// What a tool returned that must have gone well.
    fn done(&mut self, tool: &str, arguments: &Value) -> Value {
        let (result, is_error) = self.call(tool, arguments);
        assert!(!is_error, "{tool}: {result}");
        result["structuredContent"].clone()
    }
}

/// A wish for a call.
fn wish(agent: &str) -> Value {
    json!({"phone": "+12025550101", "agent": agent, "idempotency_key": "one"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_call_is_placed_and_waited_for() {
    let server = Server::working().await;
    tokio::task::spawn_blocking(move || {
        let mut client = Client::of(&Program::of(&server), &["mcp"]);
        let agents = client.done("list_agents", &json!({}));
        assert!(agents["data"].as_array().is_some_and(|all| all.iter().any(|one| one["key"] == "akylai")), "{agents}");
        let placed = client.done("create_call", &wish("akylai"));
        // What is asked for twice is there once.
        assert_eq!(client.done("create_call", &wish("akylai")), placed);
        let id = json!({"call_id": placed["call_id"]});
        let ended = client.done("wait_for_call", &id);
        assert_eq!((&ended["status"], &ended["terminal"]), (&json!("completed"), &json!(true)), "{ended}");
        assert!(ended["transcript"].as_str().is_some_and(|words| words.starts_with("agent: ")), "{ended}");
        assert_eq!(client.done("get_call", &id), ended);
        let listed = client.done("list_calls", &json!({"status": "completed", "limit": 5}));
        assert_eq!(listed["data"][0]["call_id"], placed["call_id"], "{listed}");
        client.server.hang_up();
        client.server.said().check(0);
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_phone_is_dialed_only_where_that_was_allowed() {
    let server = Server::start().await;
    tokio::task::spawn_blocking(move || {
        let program = Program::of(&server);
        let (refused, is_error) = Client::of(&program, &["mcp"]).call("create_call", &wish("real"));
        let said = refused["content"][0]["text"].as_str().unwrap_or_default();
        assert!(is_error && said.contains("--allow-real-calls") && said.contains("Nothing was dialed"), "{refused}");
        let mut allowed = Client::of(&program, &["mcp", "--allow-real-calls"]);
        assert_eq!(allowed.done("list_calls", &json!({}))["data"], json!([]), "nothing was placed");
        let placed = allowed.done("create_call", &wish("real"));
        assert_eq!(allowed.done("get_call", &placed)["agent"], "real");
        // Nobody places calls here: it is waited for in vain, and returned as it is.
        let waited = allowed.done("wait_for_call", &json!({"call_id": placed["call_id"], "seconds": 1}));
        assert_eq!((&waited["status"], &waited["terminal"]), (&json!("queued"), &json!(false)));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_say_what_they_do_to_the_world_and_mistakes_what_to_do() {
    let server = Server::start().await;
    tokio::task::spawn_blocking(move || {
        let mut client = Client::of(&Program::of(&server), &["mcp"]);
        let tools = client.ask("tools/list", &json!({}))["result"]["tools"].clone();
        let mut hints: Vec<_> = tools
            .as_array()
            .expect("tools")
            .iter()
            .map(|tool| (tool["name"].clone(), tool["annotations"]["readOnlyHint"].clone()))
            .collect();
        hints.sort_by_key(|(name, _)| name.to_string());
        let expected =
            [("create_call", false), ("get_call", true), ("list_agents", true), ("list_calls", true), ("wait_for_call", true)];
        assert_eq!(hints, expected.map(|(name, reads)| (json!(name), json!(reads))));
        let create = tools.as_array().expect("tools").iter().find(|tool| tool["name"] == "create_call").expect("it");
        assert!(create["description"].as_str().is_some_and(|text| text.contains("DIALS A REAL PERSON'S PHONE")), "{create}");
        assert_eq!(create["annotations"]["openWorldHint"], true);
        assert_eq!(create["inputSchema"]["required"], json!(["phone", "agent", "idempotency_key"]));
        for (tool, arguments, expected) in [
            ("create_call", json!({"phone": "12", "agent": "akylai", "idempotency_key": "k"}), "12"),
            ("create_call", json!({"phone": "+12025550101", "agent": "akylay", "idempotency_key": "k"}), "akylai"),
            ("get_call", json!({"call_id": "../agents"}), "there is no call '../agents'"),
            ("wait_for_call", json!({"call_id": "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"}), "no call"),
            ("list_calls", json!({"status": "lost"}), "lost"),
        ] {
            let (result, is_error) = client.call(tool, &arguments);
            let said = result["content"][0]["text"].as_str().unwrap_or_default();
            assert!(is_error && said.contains(expected), "{tool} {arguments}: {result}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_it_although_the_client_says_nothing_more() {
    let server = Server::start().await;
    tokio::task::spawn_blocking(move || {
        let mut client = Client::of(&Program::of(&server), &["mcp"]);
        assert_eq!(client.done("list_calls", &json!({}))["data"], json!([]));
        client.server.signal("INT");
        let said = client.server.said_by_itself();
        assert_eq!((said.check(130).stdout.as_str(), said.stderr.as_str()), ("", ""));
    })
    .await
    .unwrap();
}
