//! The public pages: whole, from here, the same for people and programs, and leading somewhere.

use std::collections::{BTreeSet, HashMap};

use callgate_server::http::error::Code;
use reqwest::Method;

use crate::harness::{Answer, KEY, Server, Setup};

mod samples;

/// All that are HTML.
const PAGES: [&str; 4] = ["/", "/docs", "/docs/errors", "/docs/reference"];
/// The docs' headings, in their order.
const HEADINGS: [&str; 9] = [
    "Base URL",
    "Authorization",
    "Create a call",
    "Read call state",
    "Agents",
    "Webhook",
    "Errors",
    "Shortest integration path",
    "Ready-to-run request for a quick outbound call test",
];
const KIB: usize = 1024;

async fn text(server: &Server, path: &str, content_type: &str) -> String {
    let answer = Answer::of(server.bare(Method::GET, path)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)), "{path}");
    answer.text
}

async fn page(server: &Server, path: &str) -> String {
    let answer = Answer::of(server.bare(Method::GET, path)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
    answer.text
}

async fn markdown(server: &Server) -> String {
    text(server, "/docs.md", "text/markdown; charset=utf-8").await
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

/// HTML as it is read: no tags, one space for any.
fn read(html: &str) -> String {
    let without_tags: String = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    let whole = plain.iter().fold(without_tags, |text, (from, to)| text.replace(from, to));
    whole.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line of Markdown as it is read.
fn said(line: &str) -> String {
    let line = line.trim_start_matches(['#', '-', '|', '>', ' ']).trim_end_matches(['|', ' ']);
    let mut said = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        said.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    said.push_str(rest);
    said.chars().filter(|c| !matches!(c, '`' | '*' | '[' | '\\')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_whole_and_bring_nothing_from_elsewhere() {
    let server = Server::start().await;
    for path in PAGES {
        let text = page(&server, path).await;
        assert!(text.starts_with("<!doctype html>\n<html lang=\"en\">") && text.trim_end().ends_with("</html>"), "{path}");
        assert_eq!((text.matches("<h1>").count(), text.matches("<main ").count()), (1, 1), "{path}");
        for forbidden in ["<script>", "style=", "<style", " onclick", "{{", "src=\"http", "src=\"//", KEY] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_assets_keep_to_their_budgets() {
    let server = Server::start().await;
    let mut assets = BTreeSet::new();
    for path in PAGES {
        let text = page(&server, path).await;
        assert!(text.len() <= 60 * KIB, "{path} has {} bytes", text.len());
        assets.extend(between(&text, "\"/assets/", '"').map(str::to_owned));
    }
    let of_ours = |name: &&String| !name.starts_with("swagger-ui");
    assert!(assets.iter().filter(of_ours).count() >= 5, "{assets:?}");
    for name in assets.iter().filter(of_ours) {
        let budget = match name.rsplit('.').next() {
            Some("css") => 32 * KIB,
            Some("js") => 16 * KIB,
            _ => 4 * KIB,
        };
        let asset = Answer::of(server.bare(Method::GET, &format!("/assets/{name}"))).await;
        assert!((1..=budget).contains(&asset.text.len()), "{name} has {} bytes", asset.text.len());
    }
    Answer::of(server.bare(Method::GET, "/assets/other.css")).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_docs_have_the_nine_headings_in_their_order_and_a_way_to_each() {
    let server = Server::start().await;
    let text = page(&server, "/docs").await;
    assert_eq!(between(&text, "<h2>", '<').collect::<Vec<_>>(), HEADINGS);
    assert_eq!(between(&markdown(&server).await, "\n## ", '\n').collect::<Vec<_>>(), HEADINGS);
    let (contents, rest) = text.split_once("</nav>").expect("a table of contents");
    let led: Vec<_> = between(contents, "<a href=\"#", '"').filter(|id| *id != "main").collect();
    assert_eq!(led, between(rest, "<section id=\"", '"').collect::<Vec<_>>());
    assert_eq!(led.len(), HEADINGS.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_public_agent_has_a_card_and_no_other_has() {
    let server = Server::start().await;
    let text = page(&server, "/docs").await;
    let cards: Vec<_> = between(&text, "<h3>", '<').collect();
    assert_eq!(cards, ["AkylAI", "Altai", "real"]);
    let all = read(&text);
    assert!(all.contains("Parcel updates. Simulated: no phone rings.") && all.contains("This rings a real phone."), "{all}");
    assert!(all.contains("\"phone\": \"+12025550101\", \"agent\": \"altai\"") && all.contains("\"agent\": \"real\""), "{all}");
    assert!(!markdown(&server).await.contains("\"hidden\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_base_url_is_the_one_the_reader_used() {
    let server = Server::start().await;
    let texts = |server: &Server, host: Option<&'static str>| {
        let ask = |path: &str| host.iter().fold(server.bare(Method::GET, path), |request, host| request.header("host", *host));
        ["/docs", "/docs.md", "/llms.txt"].map(|path| (path, ask(path)))
    };
    for (host, base) in [
        (None, server.url.as_str()),
        (Some("calls.example.com:8443"), "http://calls.example.com:8443"),
        (Some("a\"><script>alert(1)</script>"), "http://127.0.0.1:8010"),
        (Some("a b`c$(d)"), "http://127.0.0.1:8010"),
    ] {
        for (path, request) in texts(&server, host) {
            let text = Answer::of(request).await.text;
            let bases: Vec<_> = between(&text, "http://", '/').map(|host| format!("http://{host}")).collect();
            assert!(bases.iter().all(|shown| shown.starts_with(base)) && bases.len() > 2, "{host:?} {path}: {text}");
            assert!(!text.contains("<script>") && !text.contains("$(d)"), "{path}");
        }
    }
    let server = Server::with(Setup { public_url: Some("https://calls.example.com"), ..Setup::default() }).await;
    for (path, request) in texts(&server, Some("other.example.com")) {
        let text = Answer::of(request).await.text;
        assert!(
            text.contains("https://calls.example.com/") && !text.contains("other.example") && !text.contains("127.0.0.1:8010"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn markdown_and_page_say_the_same() {
    let server = Server::start().await;
    let (shown, written) = (page(&server, "/docs").await, markdown(&server).await);
    let shown = read(&shown.replace("</th>", " | ").replace("</td>", " | ").replace("<b>", "").replace("</b><p>", ". "));
    let mut is_code = false;
    for line in written.lines().filter(|line| !line.is_empty() && !line.starts_with("| ---")) {
        if line.starts_with("```") {
            is_code = !is_code;
            let title = line.split_once("title=").map_or("", |(_, title)| title.trim_matches('"'));
            assert!(shown.contains(title), "{line}");
            continue;
        }
        let line = if is_code { line.to_owned() } else { said(line) };
        for part in line.split(" | ").flat_map(|line| line.split(['(', ')'])).map(|part| part.trim_matches([' ', ':'])) {
            // The number of a step is drawn by the stylesheet.
            let part = part.split_once(". ").filter(|(number, _)| number.parse::<u8>().is_ok()).map_or(part, |(_, part)| part);
            let words = part.split_whitespace().collect::<Vec<_>>().join(" ");
            let code_words = shown.contains(&words);
            assert!(code_words, "the page does not say: {words}");
        }
    }
    assert!(!is_code && written.matches("\n```").count() > 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_of_every_public_page_leads_somewhere() {
    let server = Server::start().await;
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut next: Vec<(String, String)> = PAGES
        .iter()
        .chain(&["/docs.md", "/llms.txt", "/console/sign-in"])
        .map(|path| ("start".to_owned(), (*path).to_owned()))
        .collect();
    let mut anchors = Vec::new();
    while let Some((from, link)) = next.pop() {
        let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
        if let Some(anchor) = anchor {
            anchors.push((path.to_owned(), anchor.to_owned(), from.clone()));
        }
        if seen.contains_key(path) {
            continue;
        }
        let answer = client.get(format!("{}{path}", server.url)).header("accept", "text/html").send().await.expect("an answer");
        let status = answer.status().as_u16();
        // Whoever is not signed in is asked to.
        let is_good = status == 200 || (status == 303 && path.starts_with("/console"));
        assert!(is_good, "{path} of {from}: {status}");
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let is_page = kind.starts_with("text/html") || kind.starts_with("text/markdown");
        let text = answer.text().await.expect("a body");
        if is_page || path == "/llms.txt" {
            let links = between(&text, "href=\"", '"').chain(between(&text, "src=\"", '"')).chain(between(&text, "](", ')'));
            for link in links {
                let link = link.strip_prefix(&server.url).unwrap_or(link);
                if link.starts_with('#') {
                    next.push((path.to_owned(), format!("{path}{link}")));
                } else if link.starts_with('/') {
                    next.push((path.to_owned(), link.to_owned()));
                } else {
                    assert_eq!(link, "https://www.standardwebhooks.com", "of {path}");
                }
            }
        }
        seen.insert(path.to_owned(), text);
    }
    for (path, anchor, from) in anchors.iter().filter(|(path, ..)| !path.ends_with(".md")) {
        assert!(seen[path].contains(&format!("id=\"{anchor}\"")), "{path}#{anchor} of {from}");
    }
    assert!(anchors.len() > 60 && seen.len() > 10, "{} {}", anchors.len(), seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_explained_where_its_type_points() {
    let server = Server::start().await;
    let text = page(&server, "/docs/errors").await;
    for code in Code::ALL {
        let row = text.split(&format!("<tr id=\"{}\">", code.as_str())).nth(1).and_then(|rest| rest.split("</tr>").next());
        let said = read(row.unwrap_or_else(|| panic!("{}", code.as_str())));
        assert!(said.contains(code.title()) && said.contains(code.advice()), "{said}");
        // It stands with its status, which can be gone to.
        let status = code.status().as_u16();
        let group =
            text.split(&format!("<section id=\"status-{status}\">")).nth(1).and_then(|rest| rest.split("</section>").next());
        assert!(group.is_some_and(|group| group.contains(&format!("id=\"{}\"", code.as_str()))), "{}", code.as_str());
        assert!(text.contains(&format!("href=\"#status-{status}\"")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_for_programs_has_its_form() {
    let server = Server::start().await;
    let text = text(&server, "/llms.txt", "text/plain; charset=utf-8").await;
    let mut lines = text.lines().filter(|line| !line.is_empty());
    assert_eq!(lines.next(), Some("# Callgate"));
    assert!(lines.next().is_some_and(|line| line.starts_with("> ")));
    let links: Vec<_> = lines.filter(|line| line.starts_with("- ")).collect();
    assert!(
        links.len() >= 4 && links.iter().all(|line| line.starts_with("- [") && line.contains(&format!("]({}/", server.url))),
        "{links:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_explorer_comes_whole_from_here() {
    let server = Server::start().await;
    let text = page(&server, "/docs/reference").await;
    let parts: Vec<_> = between(&text, "\"/assets/", '"').filter(|name| name.starts_with("swagger-ui")).collect();
    assert_eq!(parts.len(), 2, "{text}");
    for (part, content_type) in parts.iter().zip(["text/css; charset=utf-8", "text/javascript; charset=utf-8"]) {
        let path = format!("/assets/{part}");
        let asset = server.bare(Method::GET, &path).send().await.expect("an answer");
        let header = |name: &str| asset.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(header("content-type").as_deref(), Some(content_type));
        assert_eq!(header("content-encoding").as_deref(), Some("gzip"), "{part}");
        assert_eq!(header("cache-control").as_deref(), Some("public, max-age=31536000, immutable"));
        let bytes = asset.bytes().await.expect("a body");
        assert!(bytes.starts_with(&[0x1f, 0x8b]) && (20 * KIB..600 * KIB).contains(&bytes.len()), "{part}: {}", bytes.len());
    }
}
