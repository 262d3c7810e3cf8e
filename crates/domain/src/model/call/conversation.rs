//! What was said, and what came out of it. None of it prints.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::model::evidence::{Evidence, Source};
use crate::model::words::words;

/// A transcript is cut here: `RELIABILITY.md` section 1, row 23.
pub const MAX_TRANSCRIPT: usize = 2 * 1024 * 1024;

words! {
    /// Who speaks.
    pub enum Role {
        /// The voice agent.
        Agent = "agent",
        /// The one called.
        User = "user",
    }
}

words! {
    /// What there is of the words.
    pub enum TranscriptStatus {
        /// They may still come.
        Pending = "pending",
        /// All there is.
        Available = "available",
        /// Some; more may come.
        Partial = "partial",
        /// There are none, and none will come.
        Unavailable = "unavailable",
        /// Erased on request, for good.
        Erased = "erased",
    }
}

/// One turn of a conversation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// Milliseconds after the answer.
    pub start_ms: Option<u64>,
    /// Milliseconds after the answer.
    pub end_ms: Option<u64>,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turn({}, {} bytes)", self.role, self.text.len())
    }
}

/// The words of a conversation, and how much they are worth beside others.
#[derive(Clone, PartialEq, Eq)]
pub struct Transcript {
    /// `role: text` lines joined by `\n`.
    pub text: String,
    /// The same, taken apart.
    pub turns: Vec<Turn>,
    /// All there will be. Final words beat partial ones.
    pub is_final: bool,
    /// A look-up's words beat a webhook's of the same finality.
    pub source: Source,
    /// It was longer than [`MAX_TRANSCRIPT`] and was cut.
    pub truncated: bool,
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transcript({} bytes, final: {}, {})", self.text.len(), self.is_final, self.source)
    }
}

impl Transcript {
    /// The words that evidence carries, where it carries any.
    #[must_use]
    pub fn of(evidence: &Evidence) -> Option<Self> {
        let told = evidence.transcript.as_deref().filter(|text| !text.is_empty());
        let (whole, turns) = match (told, evidence.turns.as_slice()) {
            (Some(text), turns) => (Cow::Borrowed(text), turns),
            (None, []) => return None,
            (None, turns) => (Cow::Owned(lines_of(turns)), turns),
        };
        let text = whole.get(..whole.floor_char_boundary(MAX_TRANSCRIPT)).unwrap_or_default().to_owned();
        let turns = if turns.is_empty() { turns_of(&text) } else { cut(turns) };
        let truncated = text.len() < whole.len();
        Some(Self { text, turns, is_final: evidence.words_final, source: evidence.source, truncated })
    }

    /// A total order, so that whichever words come first, the same ones stay.
    #[must_use]
    pub fn beats(&self, other: &Self) -> bool {
        self.weight() > other.weight()
    }

    /// What decides first stands first. Turns that were told have moments; those guessed from the text have none.
    fn weight(&self) -> impl PartialOrd {
        let timed = self.turns.iter().filter(|turn| turn.start_ms.is_some()).count();
        (self.is_final, self.source, self.text.len(), &self.text, self.truncated, timed, &self.turns)
    }
}

/// What came out of a conversation beside its words.
#[derive(Clone, PartialEq, Default)]
pub struct CallResult {
    /// What was said.
    pub transcript: Option<Transcript>,
    /// Whole seconds of conversation, as the provider finally says.
    pub duration_s: Option<u32>,
    /// A summary in words.
    pub summary: Option<String>,
    /// What the agent was asked to find out.
    pub extracted: Map<String, Value>,
    /// The one called does not want to be called again.
    pub opt_out: bool,
    /// The provider's own address of the audio; never shown.
    pub recording: Option<String>,
}

impl fmt::Debug for CallResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallResult")
            .field("transcript", &self.transcript)
            .field("duration_s", &self.duration_s)
            .finish_non_exhaustive()
    }
}

/// Takes `role: text` lines apart. A line without a known role belongs to the turn before; words before any role
/// are the agent's, who speaks first.
#[must_use]
pub fn turns_of(transcript: &str) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for line in transcript.lines() {
        let spoken = line.split_once(':').and_then(|(role, text)| Some((role_of(role)?, text.trim_start())));
        match (spoken, turns.last_mut()) {
            (Some((role, text)), _) => turns.push(turn(role, text)),
            (None, Some(before)) => {
                before.text.push('\n');
                before.text.push_str(line);
            }
            (None, None) if line.trim().is_empty() => {}
            (None, None) => turns.push(turn(Role::Agent, line)),
        }
    }
    turns
}

/// The roles as providers write them.
#[must_use]
pub fn role_of(word: &str) -> Option<Role> {
    match word.trim().to_ascii_lowercase().as_str() {
        "agent" | "assistant" | "bot" | "ai" => Some(Role::Agent),
        "user" | "customer" | "human" | "caller" => Some(Role::User),
        _ => None,
    }
}

fn turn(role: Role, text: &str) -> Turn {
    Turn { role, text: text.to_owned(), start_ms: None, end_ms: None }
}

fn lines_of(turns: &[Turn]) -> String {
    turns.iter().map(|turn| format!("{}: {}", turn.role, turn.text)).collect::<Vec<_>>().join("\n")
}

/// The first turns, as far as a transcript goes; the one at the limit is cut.
fn cut(turns: &[Turn]) -> Vec<Turn> {
    let mut room = MAX_TRANSCRIPT;
    let mut kept = Vec::with_capacity(turns.len());
    for turn in turns {
        let fits = turn.text.floor_char_boundary(room);
        let text = turn.text.get(..fits).unwrap_or_default().to_owned();
        kept.push(Turn { role: turn.role, text, start_ms: turn.start_ms, end_ms: turn.end_ms });
        room -= fits;
        if fits < turn.text.len() {
            break;
        }
    }
    kept
}
