//! The fixtures of a kind: what its provider really says, in `src/providers/<kind>/fixtures/`.
//!
//! `settings.json` opens a connection. `place.*.json` has an `answer` and what it `means`, and may have the `request`
//! that is to be sent; `look_up.*.json` the same. Where a provider needs other requests beside that one, `asides` answers
//! them by their paths. `webhook.*.json` has headers and body as they came, `at` a moment, and
//! what it `says`. Where a provider signs by the Standard Webhooks format, `sign` names the message and the secret, and
//! the reference library signs in place of recorded headers.

use std::fs;
use std::path::PathBuf;

use callgate_domain::ports::RawWebhook;
use callgate_domain::testing::provider_contract::{Answer, Recorded};
use serde::Deserialize;
use serde_json::Value;

/// A connection's settings, secrets in the clear: they are made for tests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default)]
    pub values: std::collections::BTreeMap<String, Value>,
    #[serde(default)]
    pub secrets: std::collections::BTreeMap<String, Vec<String>>,
    /// Whether its signatures are dated.
    #[serde(default)]
    pub dated: bool,
    /// What proves that a webhook is theirs.
    #[serde(default)]
    pub proof: Proof,
    /// The provider's id of the call that look-ups are about.
    #[serde(default = "usual_id")]
    pub provider_call: String,
    /// How every other request is answered than the one that a fixture is about.
    #[serde(default)]
    pub asides: Vec<AsideAnswer>,
    /// Statuses whose meaning its documentation fixes whatever the body.
    #[serde(default)]
    pub listed_statuses: Vec<u16>,
}

fn usual_id() -> String {
    "eng-7f3a".to_owned()
}

/// What proves that a webhook is a provider's.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A signature over its bytes.
    #[default]
    Signature,
    /// A secret that is sent along: whoever knows it may send anything.
    Secret,
    /// Nothing beside the address: such a webhook is a hint to ask, and no more.
    Nothing,
}

/// How a request beside the main one is answered.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsideAnswer {
    /// What its path, with its query, begins with.
    path: String,
    answer: Answered,
}

impl AsideAnswer {
    pub fn aside(&self) -> (String, Answer) {
        (self.path.clone(), self.answer.answer())
    }
}

/// An answer and what it means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    #[serde(skip)]
    pub name: String,
    pub request: Option<Value>,
    answer: Answered,
    #[serde(default)]
    asides: Vec<AsideAnswer>,
    pub means: Value,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// A text as it came, or JSON.
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    at: jiff::Timestamp,
    url: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    sign: Option<Sign>,
    body: Value,
    says: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    id: String,
    secret: String,
}

impl Exchange {
    pub fn answer(&self) -> Answer {
        self.answer.answer()
    }

    /// What an answer to placing means.
    pub fn meaning(&self) -> &str {
        let text = self.means.as_str();
        text.unwrap_or_else(|| panic!("{}: means is a text here, such as \"dialed <id>\": {}", self.name, self.means))
    }

    /// Its own first, then those that all of its kind have.
    pub fn asides(&self, settings: &Settings) -> Vec<(String, Answer)> {
        self.asides.iter().chain(&settings.asides).map(AsideAnswer::aside).collect()
    }
}

impl Answered {
    fn answer(&self) -> Answer {
        Answer::Is { status: self.status, headers: self.headers.clone(), body: text(&self.body) }
    }
}

/// Of `kind`'s fixtures those of one sort, by name.
pub fn exchanges(kind: &str, sort: &str) -> Vec<Exchange> {
    let read = files(kind, sort).into_iter();
    read.map(|(name, json)| Exchange { name: name.clone(), ..parsed(&name, &json) }).collect()
}

pub fn settings(kind: &str) -> Settings {
    let read = files(kind, "settings.json");
    let (name, json) = read.first().unwrap_or_else(|| panic!("kind '{kind}' has no settings.json among its fixtures"));
    parsed(name, json)
}

pub fn webhooks(kind: &str) -> Vec<Recorded> {
    let read = files(kind, "webhook.").into_iter();
    read.map(|(name, json)| {
        let Webhook { at, url, headers, sign, body, says } = parsed(&name, &json);
        let body = text(&body);
        let signed = sign.map(|sign| signed(&sign, at, &body)).unwrap_or_default();
        let headers = headers.into_iter().chain(signed).collect();
        Recorded { name, webhook: RawWebhook { url, headers, body: body.into_bytes() }, at, says }
    })
    .collect()
}

/// Files that are read as none of these, such as one whose name is misspelt.
pub fn of_no_sort(kind: &str) -> Vec<String> {
    let is_read = |name: &str| {
        name.ends_with(".json") && ["place.", "look_up.", "webhook.", "settings.json"].iter().any(|sort| name.starts_with(sort))
    };
    let names = files(kind, "").into_iter().map(|(name, _)| name);
    names.filter(|name| !name.split_once('/').is_some_and(|(_, name)| is_read(name))).collect()
}

/// Standard Webhooks headers by the reference library.
fn signed(sign: &Sign, at: jiff::Timestamp, body: &str) -> Vec<(String, String)> {
    let oracle = standardwebhooks::Webhook::new(&sign.secret).unwrap();
    let signature = oracle.sign(&sign.id, at.as_second(), body.as_bytes()).unwrap();
    [("webhook-id", sign.id.clone()), ("webhook-timestamp", at.as_second().to_string()), ("webhook-signature", signature)]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
}

fn text(body: &Value) -> String {
    match body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        json => json.to_string(),
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(name: &str, json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

fn files(kind: &str, begins: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/providers").join(kind).join("fixtures");
    let listed =
        fs::read_dir(&folder).unwrap_or_else(|_| panic!("kind '{kind}' has no folder of fixtures: {}", folder.display()));
    let mut names: Vec<PathBuf> = listed.map(|file| file.unwrap().path()).collect();
    names.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let ours = names.into_iter().filter(|path| name(path).starts_with(begins));
    ours.map(|path| (format!("{kind}/{}", name(&path)), fs::read_to_string(&path).unwrap())).collect()
}
