//! What is wrong with a body: every fault with its place, in the order of the body.

use serde::{Serialize, Serializer};

use super::error::{Code, Problem};

/// More faults than this are not listed.
const MOST: usize = 100;
/// A value at fault is shown up to here.
const SHOWN: usize = 40;

/// One thing that is wrong with a body.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// A JSON pointer to it; empty for the body itself.
    pub pointer: String,
    /// What is wrong.
    #[serde(serialize_with = "as_word")]
    pub code: Code,
    /// The end of a sentence that begins with the field.
    pub detail: String,
    /// The whole sentence, where the usual one would not do.
    #[serde(skip)]
    pub sentence: Option<String>,
}

fn as_word<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

/// What is wrong with one value; its place is known to the caller.
#[derive(Debug)]
pub struct Wrong {
    code: Code,
    detail: String,
    sentence: Option<String>,
}

impl Wrong {
    /// `detail` ends a sentence that begins with the field.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), sentence: None }
    }

    /// The value is not of the type that is read there.
    pub fn r#type(wanted: &str) -> Self {
        Self::new(Code::WrongType, format!("must be {wanted}"))
    }

    /// Says it in a sentence of its own where it is the only fault.
    #[must_use]
    pub fn saying(mut self, sentence: String) -> Self {
        self.sentence = Some(sentence);
        self
    }
}

/// The faults of a body while it is read.
#[derive(Debug, Default)]
pub struct Faults {
    /// Which of the body's fields is being read.
    field: usize,
    found: Vec<(usize, Fault)>,
}

impl Faults {
    /// From now on, faults are those of the body's field number `field`.
    pub fn enter(&mut self, field: usize) {
        self.field = field;
    }

    /// One more fault.
    pub fn add(&mut self, pointer: impl Into<String>, wrong: Wrong) {
        if self.found.len() < MOST {
            let Wrong { code, detail, sentence } = wrong;
            self.found.push((self.field, Fault { pointer: pointer.into(), code, detail, sentence }));
        }
    }

    /// The value, or a fault at `pointer` and nothing.
    pub fn keep<T>(&mut self, pointer: &str, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.add(pointer, wrong)).ok()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What the client reads: all of them, in the order of the body.
    pub fn into_problem(mut self) -> Problem {
        self.found.sort_by_key(|(field, _)| *field);
        problem(self.found.into_iter().map(|(_, fault)| fault).collect())
    }
}

/// A problem that lists these faults.
pub fn problem(faults: Vec<Fault>) -> Problem {
    let code = match faults.as_slice() {
        [first, rest @ ..] if rest.iter().all(|fault| fault.code == first.code) => first.code,
        _ => Code::InvalidBody,
    };
    let detail = match faults.as_slice() {
        [Fault { sentence: Some(sentence), .. }] => sentence.clone(),
        [fault] => sentence(clause(fault)),
        faults => {
            let clauses: Vec<_> = faults.iter().take(5).map(clause).collect();
            let more = if faults.len() > 5 { "; and more" } else { "" };
            sentence(format!("{} things are wrong: {}{more}", faults.len(), clauses.join("; ")))
        }
    };
    Problem { faults, ..Problem::new(code, detail) }
}

/// A sentence with its end.
pub fn sentence(text: String) -> String {
    if text.ends_with(['.', '?']) { text } else { text + "." }
}

fn clause(fault: &Fault) -> String {
    if fault.pointer.is_empty() {
        format!("The body {}", fault.detail)
    } else {
        format!("{} {}", shown(&fault.pointer), fault.detail)
    }
}

/// A client's own text, short and without anything that could disturb whoever reads it.
pub fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN).map(|c| if c.is_control() || is_formatting(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Characters that change how the text around them is shown: directions, joiners, byte order marks.
fn is_formatting(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The end of a sentence about a name that is not known, with the nearest one that is.
pub fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match callgate_domain::model::nearest::nearest(name, known) {
        Some(meant) => format!("is not known here; did you mean '{meant}'?"),
        None => "is not known here".to_owned(),
    }
}
