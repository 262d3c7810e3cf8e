//! The docs: one page, and the same as Markdown.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;

use super::markdown::{self, Block, Page};
use super::{Frame, page, source};
use crate::http::Http;
use crate::http::error::Problem;

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    frame: Frame,
    page: Page,
}

/// The contract on one page.
#[get("/docs")]
pub async fn shown(http: Data<Http>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let text = source::markdown(&http.base(&request), &http.gateway.agents.list());
    page(&Docs { frame: Frame::new(), page: markdown::read(&text) })
}

/// The same for a program that reads.
#[get("/docs.md")]
pub async fn as_markdown(http: Data<Http>, request: HttpRequest) -> HttpResponse {
    let text = source::markdown(&http.base(&request), &http.gateway.agents.list());
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/markdown; charset=utf-8")).body(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use callgate_domain::model::{Agent, AgentKey, Voicemail};
    use callgate_domain::usecases::agents::PublicAgent;
    use serde_json::Map;

    use super::*;

    fn agent(key: &str, name: &str, description: &str) -> PublicAgent {
        let agent = Agent {
            key: AgentKey::new(key).unwrap(),
            name: name.to_owned(),
            description: description.to_owned(),
            languages: Vec::new(),
            public: true,
            routes: Vec::new(),
            variables: Map::new(),
            voicemail: Voicemail::Hangup,
            max_duration: Duration::from_secs(60),
            test: false,
        };
        PublicAgent { agent: Arc::new(agent), available: true }
    }

    fn page_of(agents: &[PublicAgent]) -> String {
        let text = source::markdown("https://calls.example.com", agents);
        Docs { frame: Frame::new(), page: markdown::read(&text) }.render().unwrap()
    }

    #[test]
    fn an_agents_words_are_shown_and_never_obeyed() {
        let hostile = "<script>alert('x')</script>\n\n## Not a heading\n```\n[a](javascript:b) **\u{202e}кому**";
        let page = page_of(&[agent("sales", hostile, hostile)]);
        assert!(
            !page.contains("<script>") && !page.contains("href=\"javascript") && !page.contains("Not a heading</h2>"),
            "{page}"
        );
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") && page.contains("кому"), "{page}");
        assert_eq!((page.matches("<h2>").count(), page.matches("<h3>").count()), (9, 1));
    }

    #[test]
    fn samples_call_with_an_agent_that_there_is() {
        let page = page_of(&[agent("sales", "Sales", ""), agent("support", "Support", "")]);
        let said = page.replace("&quot;", "\"");
        assert!(said.contains("agent: <span class=\"s\">\"sales\"</span>"), "{said}");
        assert!(!said.contains("agent: <span class=\"s\">\"akylai\"</span>"), "{said}");
    }

    #[test]
    fn no_agent_and_a_thousand_fit_on_the_page() {
        assert!(page_of(&[]).contains("Ready-to-run request"));
        let many: Vec<_> = (0..1000).map(|nth| agent(&format!("agent-{nth}"), "Somebody", &"words ".repeat(20))).collect();
        let page = page_of(&many);
        assert!(page.len() <= 60 * 1024, "{}", page.len());
        assert!(page.contains("lists all 1000"));
    }
}
