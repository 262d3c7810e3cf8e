//! What the list is asked for: read from the address, and written into one.

use std::time::Duration;

use actix_web::HttpRequest;
use callgate_domain::model::moment::earlier;
use callgate_domain::model::{AgentKey, CallId, Phone, Status};
use callgate_domain::ports::CallFilter;
use jiff::Timestamp;
use url::form_urlencoded;

use crate::http::console::words;
use crate::http::error::Problem;
use crate::http::query::{Known, Query, invalid};

const QUERY: Known = Known { now: &["q", "status", "agent", "when", "below", "above"], later: &[] };
const PATH: &str = "/console/calls";
/// What is live and what is not, as the pages say it: a call that waits is not.
pub const LIVE: [Status; 4] = [Status::Dialing, Status::Ringing, Status::InProgress, Status::Processing];

/// What the list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What was typed: a number, a `call_id` or a reference.
    pub q: String,
    /// Of which status.
    pub shown: Shown,
    /// With which agent.
    pub agent: Option<AgentKey>,
    /// Since when.
    pub when: When,
    /// Which part.
    pub place: Place,
}

/// Of which status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Whatever it is, live ones on top.
    Any,
    /// Under way.
    Live,
    /// This one.
    Only(Status),
}

/// Accepted since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Ever.
    Ever,
    /// Within a day.
    Day,
    /// Within a week.
    Week,
    /// Within thirty days.
    Month,
}

/// Which part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Its beginning.
    Top,
    /// Below a call, older.
    Below(CallId),
    /// Above a call, newer.
    Above(CallId),
}

/// One line of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl When {
    const ALL: [Self; 4] = [Self::Ever, Self::Day, Self::Week, Self::Month];

    const fn word(self) -> &'static str {
        match self {
            Self::Ever => "",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Ever => "Any time",
            Self::Day => "Last 24 hours",
            Self::Week => "Last 7 days",
            Self::Month => "Last 30 days",
        }
    }

    fn since(self, now: Timestamp) -> Option<Timestamp> {
        let days = match self {
            Self::Ever => return None,
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        };
        Some(earlier(now, Duration::from_hours(24 * days)))
    }
}

impl Shown {
    fn word(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Live => "live",
            Self::Only(status) => status.as_str(),
        }
    }
}

impl Wanted {
    /// What the address asks for. A form sends empty fields, which ask for nothing.
    ///
    /// # Errors
    /// 400 for what cannot be asked for.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let query = Query::of(request, &QUERY)?;
        let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
        let id = |name: &str| {
            given(name).map(|id| call_id(id).ok_or_else(|| invalid(name, "is no position in this list"))).transpose()
        };
        let shown = match given("status") {
            None => Shown::Any,
            Some("live") => Shown::Live,
            Some(word) => Shown::Only(word.parse().map_err(|_unknown| invalid("status", "is no status of a call"))?),
        };
        let word = given("when").unwrap_or_default();
        let when = When::ALL.into_iter().find(|when| when.word() == word);
        let agent = given("agent").map(|key| AgentKey::new(key).map_err(|_not_one| invalid("agent", "is no key of an agent")));
        let place = match (id("below")?, id("above")?) {
            (Some(below), None) => Place::Below(below),
            (None, Some(above)) => Place::Above(above),
            (None, None) => Place::Top,
            (Some(_), Some(_)) => return Err(invalid("above", "does not go with 'below'")),
        };
        Ok(Self {
            q: given("q").unwrap_or_default().trim().to_owned(),
            shown,
            agent: agent.transpose()?,
            when: when.ok_or_else(|| invalid("when", "is no time that can be chosen"))?,
            place,
        })
    }

    /// The address of a part of this list.
    pub fn path(&self, place: Place) -> String {
        let (below, above) = match place {
            Place::Top => (String::new(), String::new()),
            Place::Below(id) => (id.to_string(), String::new()),
            Place::Above(id) => (String::new(), id.to_string()),
        };
        let agent = self.agent.as_ref().map(AgentKey::as_str).unwrap_or_default();
        let fields = [
            ("q", self.q.as_str()),
            ("status", self.shown.word()),
            ("agent", agent),
            ("when", self.when.word()),
            ("below", &below),
            ("above", &above),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
    }

    /// Whether it leaves calls out.
    pub fn is_narrowed(&self) -> bool {
        let all = Self { q: String::new(), shown: Shown::Any, agent: None, when: When::Ever, place: self.place };
        *self != all
    }

    /// The call that was named, if one was.
    pub fn call(&self) -> Option<CallId> {
        call_id(&self.q)
    }

    /// What was typed can mean several things; the likeliest first, never none.
    pub fn meanings(&self, now: Timestamp) -> Vec<CallFilter> {
        let statuses = match self.shown {
            Shown::Any => Vec::new(),
            Shown::Live => LIVE.to_vec(),
            Shown::Only(status) => vec![status],
        };
        let base =
            CallFilter { statuses, agent: self.agent.clone(), created_after: self.when.since(now), ..CallFilter::default() };
        if self.q.is_empty() {
            return vec![base];
        }
        let to = |phone: Phone| CallFilter { phone: Some(phone), ..base.clone() };
        let named = CallFilter { reference: Some(self.q.clone()), ..base.clone() };
        match (Phone::parse(&self.q), Phone::parse(&format!("+{}", self.q))) {
            (Ok(phone), _) => vec![to(phone), named],
            // Digits alone are somebody's order number more often than a number whose plus was left out.
            (Err(_), Ok(phone)) => vec![named, to(phone)],
            (Err(_), Err(_)) => vec![named],
        }
    }

    /// The statuses to choose from.
    pub fn statuses(&self) -> Vec<Choice> {
        let only = Status::ALL.iter().map(|status| (Shown::Only(*status), words::pill(*status).word));
        let all = [(Shown::Any, "Any status"), (Shown::Live, "Live")].into_iter().chain(only);
        all.map(|(shown, label)| choice(shown.word(), label, shown == self.shown)).collect()
    }

    /// The agents to choose from, and the one asked for where it is gone.
    pub fn agents(&self, mut keys: Vec<AgentKey>) -> Vec<Choice> {
        keys.extend(self.agent.iter().filter(|asked| !keys.contains(asked)).cloned().collect::<Vec<_>>());
        let any = choice("", "Any agent", self.agent.is_none());
        let each = keys.iter().map(|key| choice(key.as_str(), key.as_str(), self.agent.as_ref() == Some(key)));
        std::iter::once(any).chain(each).collect()
    }

    /// The times to choose from.
    pub fn times(&self) -> Vec<Choice> {
        When::ALL.into_iter().map(|when| choice(when.word(), when.label(), when == self.when)).collect()
    }
}

fn choice(value: &str, label: &str, is_chosen: bool) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), is_chosen }
}

/// An id as we write it.
fn call_id(text: &str) -> Option<CallId> {
    Some(text).filter(|text| text.len() == 36).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const ID: &str = "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";

    fn wanted(query: &str) -> Result<Wanted, Problem> {
        Wanted::of(&TestRequest::with_uri(&format!("/console/calls?{query}")).to_http_request())
    }

    #[test]
    fn an_address_is_written_as_it_was_read() {
        for query in [
            "q=order+7%26%3C&status=live&agent=altai&when=7d",
            "status=no_answer",
            &format!("q=%2B12025550142&below={ID}"),
            &format!("when=24h&above={ID}"),
        ] {
            let read = wanted(query).unwrap();
            assert_eq!(read.path(read.place), format!("/console/calls?{query}"));
        }
        let plain = wanted("q=&status=&agent=&when=").unwrap();
        assert_eq!((plain.path(Place::Top).as_str(), plain.is_narrowed()), ("/console/calls", false));
        assert!(wanted("agent=altai").unwrap().is_narrowed());
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        for query in ["status=lost", "agent=A%20B", "when=today", "below=7", "page=2", &format!("below={ID}&above={ID}")] {
            assert!(wanted(query).is_err(), "{query}");
        }
    }

    #[test]
    fn one_field_finds_numbers_ids_and_references() {
        let check = |typed: &str, expected: &[&str]| {
            let read = Wanted { q: typed.to_owned(), ..wanted("").unwrap() };
            let said = read.meanings(Timestamp::UNIX_EPOCH).into_iter().map(|filter| {
                let phone = filter.phone.map(|phone| phone.e164().to_owned());
                phone.or(filter.reference.map(|reference| format!("'{reference}'"))).unwrap_or_default()
            });
            assert_eq!(said.collect::<Vec<_>>(), expected, "{typed}");
        };
        check("", &[""]);
        check("+1 (202) 555-0142", &["+12025550142", "'+1 (202) 555-0142'"]);
        check("12025550142", &["'12025550142'", "+12025550142"]);
        check("order-7", &["'order-7'"]);
        assert_eq!(wanted(&format!("q={ID}")).unwrap().call().map(|id| id.to_string()).as_deref(), Some(ID));
        assert_eq!(wanted("q=order-7").unwrap().call(), None);
    }

    #[test]
    fn an_agent_that_is_gone_can_still_be_asked_for() {
        let chosen: Vec<_> = wanted("agent=gone").unwrap().agents(vec![AgentKey::new("altai").unwrap()]);
        let said: Vec<_> = chosen.iter().map(|choice| (choice.value.as_str(), choice.is_chosen)).collect();
        assert_eq!(said, [("", false), ("altai", false), ("gone", true)]);
    }
}
