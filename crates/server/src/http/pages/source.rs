//! The docs page as Markdown, made for one reader: the written text, the samples, the address the reader used, the agents.

use std::fmt::Write as _;

use callgate_domain::usecases::agents::PublicAgent;

/// The text, with lines like `@sample create "Title"` where samples go, and `@agents` where the agents go.
const TEXT: &str = include_str!("../../console/docs.md");
/// The request that every card shows.
const READY: &str = include_str!("../../console/samples/ready.sh");
/// The address that text and samples are written for, and that they work at where nothing is configured.
pub const WRITTEN_FOR: &str = "http://127.0.0.1:8010";
/// The agent that samples are written for.
const WRITTEN_WITH: &str = "\"akylai\"";
/// The number that samples are written for.
const WRITTEN_TO: &str = "+996700000000";
/// A number that rings nobody.
const PRACTICE: &str = "+12025550101";
/// A page holds this many cards; `/v1/agents` lists the rest.
const MOST_CARDS: usize = 12;

/// One thing to do, in one language: name, language, text.
type Sample = (&'static str, &'static str, &'static str);

macro_rules! samples {
    ($($name:literal $language:literal $file:literal;)+) => {
        &[$(($name, $language, include_str!($file)),)+]
    };
}

/// All samples; tests run every one of them.
const SAMPLES: &[Sample] = samples! {
    "create" "sh" "../../console/samples/create.sh";
    "create" "js" "../../console/samples/create.mjs";
    "create" "python" "../../console/samples/create.py";
    "read" "sh" "../../console/samples/read.sh";
    "read" "js" "../../console/samples/read.mjs";
    "read" "python" "../../console/samples/read.py";
    "agents" "sh" "../../console/samples/agents.sh";
    "agents" "js" "../../console/samples/agents.mjs";
    "agents" "python" "../../console/samples/agents.py";
    "report" "sh" "../../console/samples/report.sh";
    "report" "js" "../../console/samples/report.mjs";
    "report" "python" "../../console/samples/report.py";
    "endpoint" "sh" "../../console/samples/endpoint.sh";
    "endpoint" "js" "../../console/samples/endpoint.mjs";
    "endpoint" "python" "../../console/samples/endpoint.py";
    "verify" "js" "../../../../../docs/webhooks/receiver.mjs";
    "verify" "python" "../../../../../docs/webhooks/receiver.py";
    "shortest" "sh" "../../console/samples/shortest.sh";
    "shortest" "js" "../../console/samples/shortest.mjs";
    "shortest" "python" "../../console/samples/shortest.py";
};

/// Operations of the API that a sample shows.
const OPERATIONS: [(&str, &str); 5] = [
    ("createCall", "create"),
    ("getCall", "read"),
    ("listAgents", "agents"),
    ("reportResult", "report"),
    ("addWebhookEndpoint", "endpoint"),
];

/// The page for whoever reads it at this address.
pub fn markdown(base: &str, agents: &[PublicAgent]) -> String {
    let first = agents.first().map_or_else(|| WRITTEN_WITH.to_owned(), |agent| format!("\"{}\"", agent.agent.key.as_str()));
    let mut text = String::with_capacity(32 << 10);
    for line in TEXT.lines() {
        if let Some((name, title)) = line.strip_prefix("@sample ").and_then(|rest| rest.split_once(' ')) {
            for (_, language, sample) in SAMPLES.iter().filter(|sample| sample.0 == name) {
                fence(&mut text, language, title, &sample.replace(WRITTEN_WITH, &first).replace(WRITTEN_FOR, base));
            }
        } else if line == "@agents" {
            cards(&mut text, base, agents);
        } else {
            text.push_str(&line.replace(WRITTEN_FOR, base));
            text.push('\n');
        }
    }
    text
}

/// The samples of an operation of the API, by language.
pub fn samples(operation: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let name = OPERATIONS.iter().find(|(id, _)| *id == operation).map(|(_, name)| *name);
    SAMPLES.iter().filter(move |sample| Some(sample.0) == name).map(|(_, language, text)| (*language, *text))
}

fn fence(text: &mut String, language: &str, title: &str, sample: &str) {
    // Writing to a string cannot fail.
    let _written = write!(text, "```{language} title={title}\n{}\n```\n\n", sample.trim_end());
}

fn cards(text: &mut String, base: &str, agents: &[PublicAgent]) {
    for held in agents.iter().take(MOST_CARDS) {
        let agent = &held.agent;
        let (phone, what) = match agent.test {
            true => (PRACTICE, "Simulated: no phone rings."),
            false => (WRITTEN_TO, "This rings a real phone."),
        };
        let _written = write!(text, "### {}\n\nKey `{}`. ", plain(&agent.name), agent.key.as_str());
        if !agent.description.is_empty() {
            let _written = write!(text, "{}. ", plain(agent.description.trim_end_matches('.')));
        }
        let _written = write!(text, "{what}\n\n");
        let key = format!("\"{}\"", agent.key.as_str());
        let sample = READY.replace(WRITTEN_WITH, &key).replace(WRITTEN_TO, phone).replace(WRITTEN_FOR, base);
        fence(text, "sh", &format!("\"{}\"", agent.key.as_str()), &sample);
    }
    if agents.len() > MOST_CARDS {
        let _written = write!(text, "### More agents\n\n`GET /v1/agents` lists all {}.\n\n", agents.len());
    }
}

/// Somebody's text as one line of Markdown that means nothing but itself.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}
