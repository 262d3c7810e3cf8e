//! The words for what happened to a call, and who may use which.

use callgate_domain::model::Seen;

/// Whose words are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::providers) enum Words {
    /// The result webhook's: a call's end, nothing else.
    Result,
    /// An engine's webhooks: also that it rings, and that somebody answered.
    Engine,
    /// An engine's answer to a look-up: no event, and every status.
    LookUp,
}

/// What an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Ringing,
    Answered,
    Completed,
}

/// A call's status in the words of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Queued,
    Ringing,
    InProgress,
    Completed,
    NoAnswer,
    Busy,
    Voicemail,
    Canceled,
    Failed,
}

const EVENTS: [(&str, Event); 3] =
    [("call.completed", Event::Completed), ("call.ringing", Event::Ringing), ("call.answered", Event::Answered)];

const ENDS: [(&str, Status); 6] = [
    ("completed", Status::Completed),
    ("no_answer", Status::NoAnswer),
    ("busy", Status::Busy),
    ("voicemail", Status::Voicemail),
    ("canceled", Status::Canceled),
    ("failed", Status::Failed),
];

const ON_THE_WAY: [(&str, Status); 3] =
    [("queued", Status::Queued), ("ringing", Status::Ringing), ("in_progress", Status::InProgress)];

impl Words {
    fn events(self) -> &'static [(&'static str, Event)] {
        match self {
            Self::Result => &EVENTS[..1],
            Self::Engine => &EVENTS,
            Self::LookUp => &[],
        }
    }

    fn statuses(self) -> impl Iterator<Item = (&'static str, Status)> {
        let on_the_way = if self == Self::LookUp { ON_THE_WAY.as_slice() } else { &[] };
        ENDS.iter().chain(on_the_way).copied()
    }

    /// The event of this name.
    pub fn event(self, name: &str) -> Option<Event> {
        self.events().iter().find(|(word, _)| *word == name).map(|(_, event)| *event)
    }

    /// The status of this name.
    pub fn status(self, name: &str) -> Option<Status> {
        self.statuses().find(|(word, _)| *word == name).map(|(_, status)| status)
    }

    /// The names of events, for a person.
    pub fn event_names(self) -> String {
        self.events().iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }

    /// The names of statuses, for a person.
    pub fn status_names(self) -> String {
        self.statuses().map(|(word, _)| word).collect::<Vec<_>>().join(", ")
    }
}

impl Event {
    /// What is seen, where the event alone says it.
    pub const fn seen(self) -> Option<Seen> {
        match self {
            Self::Ringing => Some(Seen::Ringing),
            Self::Answered => Some(Seen::Answered),
            Self::Completed => None,
        }
    }
}

impl Status {
    /// What this is evidence of.
    pub const fn seen(self) -> Seen {
        match self {
            Self::Queued => Seen::Accepted,
            Self::Ringing => Seen::Ringing,
            Self::InProgress => Seen::Answered,
            Self::Completed | Self::Voicemail => Seen::Completed,
            Self::NoAnswer => Seen::NoAnswer,
            Self::Busy => Seen::Busy,
            Self::Canceled => Seen::Canceled,
            Self::Failed => Seen::Failed,
        }
    }

    /// Whether the call is over.
    pub const fn is_end(self) -> bool {
        !matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }
}
