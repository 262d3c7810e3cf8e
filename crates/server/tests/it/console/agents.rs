//! The agents, and trying them.

use reqwest::Method;
use serde_json::{Value, json};

use super::Visitor;
use crate::harness::{Answer, Server, Setup};

const PATH: &str = "/console/agents";

/// The card of an agent.
fn card<'a>(page: &'a str, key: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("aria-labelledby=\"ag-{key}\"")).unwrap_or_else(|| panic!("{key}: {page}"));
    rest.split("</article>").next().expect("a card")
}

/// A text as a reader sees it.
fn read(html: &str) -> String {
    let text: String = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_public_agent_has_a_card_with_a_request_that_runs() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let page = visitor.page(PATH).await;
    let akylai = card(&page, "akylai");
    for expected in ["AkylAI", "Parcel updates", "<span class=\"tag\">simulator</span>", "Not checked yet"] {
        assert!(akylai.contains(expected), "{expected}: {akylai}");
    }
    let request =
        read(akylai.split("<pre tabindex=\"0\">").nth(1).and_then(|rest| rest.split("</pre>").next()).expect("a request"));
    assert!(request.starts_with(&format!("curl {}/v1/calls \\\n", server.url)) && request.contains("$CALLGATE_KEY"), "{request}");
    let body = request.split("-d '").nth(1).and_then(|rest| rest.strip_suffix('\'')).expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body, json!({"phone": "+12025550101", "agent": "akylai"}));
    server.create(&body).await;
    assert!(!page.contains("ag-hidden") && page.contains("nobody can call with them: <code>hidden</code>"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_agent_is_confirmed_and_a_simulated_one_shows_its_numbers() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let page = visitor.page(PATH).await;
    let (real, simulated) = (card(&page, "real"), card(&page, "akylai"));
    assert!(real.contains("data-bills=\"real dials a real phone through own, which bills the call.\""), "{real}");
    assert!(real.contains("<input type=\"checkbox\" name=\"confirmed\" value=\"yes\" required>"), "{real}");
    assert!(real.contains("name=\"phone\"") && real.contains(" value=\"\""), "nothing is filled in: {real}");
    assert!(!simulated.contains("checkbox") && !simulated.contains("data-bills") && simulated.contains("value=\"+12025550101\""));
    for digits in ["0101", "0102", "0103", "0104", "0105", "0106", "0107", "0108", "0109"] {
        assert!(simulated.contains(&format!("<code>{digits}</code>")), "{digits}");
    }
    for agent in ["real", "akylai"] {
        assert!(card(&page, agent).contains(&format!("method=\"post\" action=\"/console/agents/{agent}/calls\"")));
    }
}

/// What a form of a card sends when nothing is changed: names and values.
fn fields(card: &str) -> Vec<(String, String)> {
    let of = |tag: &str, name: &str| Some(read(tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?));
    let inputs = card.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    inputs.filter_map(|tag| Some((of(tag, "name")?, of(tag, "value")?))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_is_one_call_and_another_form_another() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    let (one, other) = (fields(card(&visitor.page(PATH).await, "akylai")), fields(card(&visitor.page(PATH).await, "akylai")));
    let mut places = Vec::new();
    for form in [&one, &one, &other] {
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = visitor.send("/console/agents/akylai/calls", &form).await;
        assert_eq!(answer.status, 303, "{form:?}");
        places.push(answer.header("location").expect("the call").to_owned());
    }
    assert!(places[0] == places[1] && places[1] != places[2], "{places:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_says_how_today_went() {
    let server = Server::start().await;
    for _ in 0..2 {
        server.create(&json!({"phone": "+12025550102", "agent": "akylai"})).await;
    }
    let visitor = Visitor::signed_in(&server).await;
    let page = visitor.page(PATH).await;
    assert!(card(&page, "akylai").contains("<dt>Calls today</dt><dd>2</dd>"), "{page}");
    assert!(card(&page, "real").contains("<dt>Calls today</dt><dd>0</dd><dt>Answered</dt><dd>-</dd>"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_how_each_agent_is_and_is_written_down() {
    let server = Server::start().await;
    let visitor = Visitor::signed_in(&server).await;
    assert_eq!(Answer::of(visitor.form("/console/agents/check", &[])).await.status, 403);
    let answer = visitor.send("/console/agents/check", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/console/agents?done=checked")));
    let page = visitor.page("/console/agents?done=checked").await;
    assert!(page.contains("Connections checked."), "{page}");
    assert!(card(&page, "akylai").contains(">Ready<"), "{page}");
    // Nobody answers at the address of the other one.
    assert!(card(&page, "real").contains("Not ready: "), "{page}");
    let audit = server.read("/v1/admin/audit").await;
    assert_eq!((&audit["data"][0]["action"], &audit["data"][0]["object"]), (&json!("connection.checked"), &json!("all agents")));
    assert_eq!(visitor.get("/console/agents?done=%3Cscript%3E").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_shown_as_they_are_and_run_nothing_however_many_there_are() {
    let more: String = (0..30)
        .map(|nth| {
            let name = format!("<script>{nth}</script> \u{202e}агент \\\"quoted\\\"");
            format!(
                "[agents.many_{nth:02}]\nname = \"{name}\"\ndescription = \"{}\"\nconnection = \"simulator\"\n",
                "<b>".repeat(60)
            )
        })
        .collect();
    let server = Server::with(Setup { calls: Box::leak(more.into_boxed_str()), ..Setup::default() }).await;
    let visitor = Visitor::signed_in(&server).await;
    let (mut path, mut seen) = (PATH.to_owned(), 0);
    loop {
        // It is searched for scripts, and no page is too long.
        let page = visitor.page(&path).await;
        seen += page.matches("<article").count();
        let Some(next) = page.split("\">More agents</a>").next().filter(|before| before.len() < page.len()) else { break };
        path = next.rsplit("href=\"").next().expect("a link").to_owned();
    }
    assert_eq!(seen, 33);
    assert!(visitor.page("/console/agents?after=many_02").await.contains("&#60;script&#62;3&#60;/script&#62;"));
    assert_eq!(Answer::of(server.bare(Method::GET, PATH)).await.status, 401);
}
