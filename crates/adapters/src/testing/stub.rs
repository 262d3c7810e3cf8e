//! A provider's own side, as far as a gateway sees it: what stub engines speak.
//!
//! Each kind has a [`Dialect`] in the `stub.rs` of its folder: which request rings, how it is answered, what a look-up
//! shows and what a webhook says. Who keeps the calls, lets them go on and listens on a port is `testing/engine`, the same
//! for all kinds.

use jiff::Timestamp;

/// How far a call has come over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It is taken on.
    Accepted,
    /// The phone rings.
    Ringing,
    /// They talk; never seen where nobody answers.
    Talking,
    /// All there will be.
    Over,
}

/// How a call ends, by the last digits of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Somebody answers, two turns are spoken ([`SAID`]), the agent hangs up after 42 seconds. Any number but these.
    Talk,
    /// Nobody answers: 02.
    NoAnswer,
    /// Engaged: 03.
    Busy,
}

/// What is said in every talk.
pub const SAID: [(&str, &str); 2] = [("agent", "Hello, this is Aida."), ("user", "Hi.")];
/// How long every talk takes.
pub const TALK_S: u32 = 42;

/// A call as the stub engine keeps it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The provider's id, made by [`Dialect::id`].
    pub id: String,
    /// Our reference, where the provider carries one.
    pub attempt: Option<String>,
    /// Who is called, with the leading `+`.
    pub to: String,
    /// Where its webhooks go, where the request said so; else the connection's own address is used.
    pub webhook: Option<String>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// How far it has come.
    pub stage: Stage,
    /// How it ends.
    pub ends: Ends,
    /// Its end was asked for.
    pub is_canceled: bool,
    /// Where its audio is, where there is any.
    pub recording: Option<String>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `POST`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Byte for byte.
    pub body: Vec<u8>,
}

/// The order in a request that rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Our reference, where it carries one.
    pub attempt: Option<String>,
    /// Who is to be called, with the leading `+`.
    pub to: String,
    /// Where webhooks are to go, where it says so.
    pub webhook: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// 200 to 599.
    pub status: u16,
    /// Beside those HTTP itself needs.
    pub headers: Vec<(String, String)>,
    /// Byte for byte.
    pub body: Vec<u8>,
}

impl Reply {
    /// JSON.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What a request other than the one that rings does.
#[derive(Debug, Clone)]
pub struct Done {
    /// The answer.
    pub reply: Reply,
    /// The call whose end was asked for, by its id.
    pub cancels: Option<String>,
}

impl From<Reply> for Done {
    fn from(reply: Reply) -> Self {
        Self { reply, cancels: None }
    }
}

/// A webhook on its way to the gateway.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Signature and content type.
    pub headers: Vec<(String, String)>,
    /// Byte for byte.
    pub body: Vec<u8>,
}

/// What a kind's engine speaks.
pub trait Dialect: Sync {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// The lines of a connection's section that the stub needs, secrets by `{ env = "…" }`; no `kind`, no `base_url`.
    fn settings(&self) -> &'static str;

    /// The environment variables that those lines name, with their values.
    fn environment(&self) -> &'static [(&'static str, &'static str)];

    /// What an agent is called over there.
    fn remote_id(&self) -> &'static str {
        "agent-over-there"
    }

    /// Whether a call that is over can be asked about: where it cannot, only what is told finds one whose id was lost.
    fn keeps_records(&self) -> bool {
        true
    }

    /// Whether it tells what was said: where it does not, whoever talks reports it.
    fn tells_words(&self) -> bool {
        true
    }

    /// The id of its call number `n`, in the provider's manner.
    fn id(&self, n: usize, order: &Order) -> String;

    /// The order in a request that rings; `None` where it is any other request.
    fn order(&self, asked: &Asked) -> Option<Order>;

    /// The answer to a request that rang.
    fn accepted(&self, call: &Call) -> Reply;

    /// A documented refusal: the key is wrong.
    fn refused(&self) -> Reply;

    /// A documented refusal: too many requests.
    fn too_many(&self) -> Reply;

    /// Any other request: look-ups, lists, the end of a call, whatever comes before the one that rings.
    fn other(&self, asked: &Asked, calls: &[Call]) -> Done;

    /// What is told when a call has come to this stage, signed at `at`; `None` where nothing is. `url` is where it will be
    /// posted to.
    fn tells(&self, call: &Call, url: &str, at: Timestamp) -> Option<Hook>;
}
