//! Server-sent events, read as they come: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

/// An event longer than this is none of ours.
const LONGEST: usize = 64 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its name; empty where it has none.
    pub name: String,
    /// The id that a resumed stream goes on after.
    pub id: Option<String>,
    /// Its data, lines joined.
    pub data: String,
}

/// Takes bytes, gives events. Bytes may be cut anywhere, inside a character too.
#[derive(Debug, Default)]
pub struct Events {
    bytes: Vec<u8>,
    /// Where the next line begins.
    begin: usize,
    /// How far was looked for its end.
    seen: usize,
    event: Event,
    has_data: bool,
    /// The newest id, with an event or alone.
    last: Option<String>,
}

/// An event that never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl Events {
    /// Adds what came.
    ///
    /// # Errors
    /// When more came than any event holds.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), TooLong> {
        self.bytes.drain(..self.begin);
        self.seen = self.seen.saturating_sub(self.begin);
        self.begin = 0;
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len().saturating_add(self.event.data.len()) > LONGEST { Err(TooLong) } else { Ok(()) }
    }

    /// The id that a resumed stream goes on after. One that stands alone counts as well.
    pub fn newest_id(&self) -> Option<&str> {
        self.last.as_deref()
    }

    fn line(&mut self) -> Option<String> {
        let rest = self.bytes.get(self.seen..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == b'\n').map(|at| self.seen.saturating_add(at)) else {
            self.seen = self.bytes.len();
            return None;
        };
        let line = self.bytes.get(self.begin..end).unwrap_or_default();
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        self.begin = end.saturating_add(1);
        self.seen = self.begin;
        Some(line)
    }
}

impl Iterator for Events {
    type Item = Event;

    /// The next event that is whole; `None` until more came.
    fn next(&mut self) -> Option<Event> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                self.last = event.id.clone().or_else(|| self.last.take());
                if std::mem::take(&mut self.has_data) {
                    return Some(event);
                }
                continue;
            }
            // A line that begins with a colon is a comment: it keeps the connection open.
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event.name),
                "id" => self.event.id = Some(value.to_owned()),
                "data" => {
                    if self.has_data {
                        self.event.data.push('\n');
                    }
                    self.event.data.push_str(value);
                    self.has_data = true;
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": hello\n\nid: 1\nevent: call.updated\ndata: {\"text\":\"Саламатсызбы\"}\n\n\
        : heartbeat\n\nid:2\r\ndata:{\r\ndata:}\r\n\r\nevent: nothing\n\ndata: cut";

    fn check(chunks: &[&[u8]]) {
        let mut events = Events::default();
        let mut all = Vec::new();
        for chunk in chunks {
            events.push(chunk).unwrap();
            all.extend(events.by_ref());
        }
        let event =
            |name: &str, id: &str, data: &str| Event { name: name.to_owned(), id: Some(id.to_owned()), data: data.to_owned() };
        assert_eq!(all, [event("call.updated", "1", "{\"text\":\"Саламатсызбы\"}"), event("", "2", "{\n}")]);
    }

    #[test]
    fn events_come_whole_however_their_bytes_are_cut() {
        check(&[STREAM.as_bytes()]);
        for size in [1, 2, 3, 7] {
            check(&STREAM.as_bytes().chunks(size).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_id_counts_when_its_block_is_whole_and_also_alone() {
        let mut events = Events::default();
        for (piece, last) in
            [(": hello\nid: 1\n", None), ("\n", Some("1")), (": beat\n\n", Some("1")), ("id: 2\ndata: x", Some("1"))]
        {
            events.push(piece.as_bytes()).unwrap();
            assert_eq!(events.by_ref().count(), 0);
            assert_eq!(events.newest_id(), last, "{piece}");
        }
    }

    #[test]
    fn an_event_that_never_ends_is_given_up() {
        let mut events = Events::default();
        let chunk = vec![b'x'; 16 << 20];
        let pushed = (0..8).find_map(|_| events.push(&chunk).err());
        assert_eq!(pushed, Some(TooLong));
    }
}
