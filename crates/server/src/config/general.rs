//! The layers put together, and the sections about the process itself.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callgate_domain::model::Secret;
use url::Url;

use super::environment::Environment;
use super::fault::{Fault, Faults};
use super::section::{Book, Section};
use super::sources::Reading;
use super::tree::{self, Node, Origin, Table, Value};
use super::{Calls, Config, Database, DatabaseKind, Given, Limits, Server, Webhooks, agents, connections, file};

const DEFAULTS: &str = include_str!("../config.default.toml");
/// Where data is kept where nobody says.
pub const DEFAULT_DATA_DIR: &str = "./callgate-data";
/// What stands where a secret would.
pub const HIDDEN: &str = "hidden";
const SECOND: Duration = Duration::from_secs(1);
/// What a call may ask for at least.
const SHORTEST_TALK: Duration = Duration::from_secs(10);
const LONGEST_TALK: Duration = Duration::from_hours(24);
/// No key can ask for more in a second.
const MOST_REQUESTS: u32 = 1_000_000;
/// The bounds of every limit on a conversation.
pub const TALK: RangeInclusive<Duration> = SHORTEST_TALK..=LONGEST_TALK;

/// How short and how long content may be kept: what is kept for less could be gone before its client reads it.
const KEEP: RangeInclusive<Duration> = Duration::from_hours(1)..=Duration::from_hours(24 * 3_650);

/// Reads all layers.
pub fn read(given: &Given, environment: &Environment) -> Reading {
    match layers(given, environment) {
        Ok((file, root)) => read_tree(given, environment, file, &root),
        Err(faults) => Reading { result: Err(Faults(faults)), sources: Vec::new() },
    }
}

/// The file's path, and all layers merged.
fn layers(given: &Given, environment: &Environment) -> Result<(Option<PathBuf>, Table), Vec<Fault>> {
    let mut root = tree::parse(DEFAULTS, &|_| Origin::Default)?;
    let (path, settings) = file::read(given.config.as_deref(), environment)?.unzip();
    if let Some(settings) = settings {
        // Where the file defines agents, only those exist.
        if matches!(settings.get("agents"), Some(Node { value: Value::Table(agents), .. }) if !agents.is_empty()) {
            root.remove("agents");
        }
        tree::overlay(&mut root, settings);
    }
    let mut faults = Vec::new();
    tree::overlay(&mut root, environment.settings(&mut faults));
    for (section, key, variable) in NAMED {
        if let Some(value) = environment.get(variable) {
            tree::overlay(&mut root, one(section, key, value, Origin::Variable(variable.to_owned())));
        }
    }
    for (section, key, flag, value) in [
        ("server", "listen", "--listen", given.listen.as_deref()),
        ("database", "url", "--database-url", given.database_url.as_deref()),
    ] {
        if let Some(value) = value {
            tree::overlay(&mut root, one(section, key, value, Origin::Flag(flag)));
        }
    }
    if faults.is_empty() { Ok((path, root)) } else { Err(faults) }
}

/// The program's own variables for settings of the file.
const NAMED: [(&str, &str, &str); 3] = [
    ("server", "listen", "CALLGATE_LISTEN"),
    ("server", "public_url", "CALLGATE_PUBLIC_URL"),
    ("database", "url", "CALLGATE_DATABASE_URL"),
];

fn one(section: &str, key: &str, value: &str, origin: Origin) -> Table {
    let node = Node { value: Value::Text(value.to_owned()), origin: origin.clone() };
    let inside = Table::from([(key.to_owned(), node)]);
    Table::from([(section.to_owned(), Node { value: Value::Table(inside), origin })])
}

fn read_tree(given: &Given, environment: &Environment, file: Option<PathBuf>, root: &Table) -> Reading {
    let book = Book { environment, faults: RefCell::default(), sources: RefCell::default() };
    let root = Section::root(root, &book);
    let data_dir = data_dir(&root, given, environment);
    let server = server(root.section("server"));
    let database = database(root.section("database"), &data_dir);
    let calls = calls(root.section("calls"));
    let limits = limits(root.section("limits"));
    let webhooks = webhooks(root.section("webhooks"));
    let connections = connections::read(&root.section("connections"));
    let agents = agents::read(&root.section("agents"), &connections, &calls);
    let dials = connections.read.iter().find(|connection| !connection.kind.is_test);
    if let (Some(dialing), None) = (dials, &calls.allow_numbers) {
        let then = "Say which numbers may be called, under [calls]: allow_numbers = [\"+1\", \"+996\"], or [\"+\"] for anywhere";
        let what = format!("connections.{} dials real phones and calls.allow_numbers is missing", dialing.id);
        root.fault(dialing.origin, what, Some(then.to_owned()));
    }
    root.finish();
    let connections = connections.read.into_iter().map(|connection| (connection.id, connection.config)).collect();
    let (faults, sources) = (book.faults.into_inner(), book.sources.into_inner());
    let whole =
        database.map(|database| Config { server, database, calls, limits, webhooks, connections, agents, data_dir, file });
    let result = whole.filter(|_| faults.is_empty()).ok_or(Faults(faults));
    Reading { result, sources }
}

fn data_dir(root: &Section<'_>, given: &Given, environment: &Environment) -> PathBuf {
    let (path, origin) = match (&given.data_dir, environment.get("CALLGATE_DATA_DIR")) {
        (Some(path), _) => (path.clone(), Origin::Flag("--data-dir")),
        (None, Some(path)) => (PathBuf::from(path), Origin::Variable("CALLGATE_DATA_DIR".to_owned())),
        (None, None) => (PathBuf::from(DEFAULT_DATA_DIR), Origin::Default),
    };
    root.note("data_dir", path.display(), &origin);
    path
}

/// The folder of this process's data, for the client commands: they need nothing else of the configuration.
#[must_use]
pub fn data_dir_of(environment: &Environment) -> PathBuf {
    PathBuf::from(environment.get("CALLGATE_DATA_DIR").unwrap_or(DEFAULT_DATA_DIR))
}

fn server(section: Section<'_>) -> Server {
    let listen = address(&section, "listen").unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8010)));
    let public_url = section.read("public_url", |node| match &node.value {
        Value::Text(text) => public_url(text).map_err(|fault| format!("= {text:?} {fault}")),
        other => Err(format!("must be a URL in quotes, not {}", other.sort())),
    });
    let trusted_proxies = section.list("trusted_proxies").unwrap_or_default();
    let metrics_listen = address(&section, "metrics_listen");
    section.finish();
    Server { listen, public_url, trusted_proxies, metrics_listen }
}

fn address<'a>(section: &Section<'a>, name: &'a str) -> Option<SocketAddr> {
    section.read(name, |node| match &node.value {
        Value::Text(text) => {
            let numeric = text.strip_prefix("localhost:").map_or(text.clone(), |port| format!("127.0.0.1:{port}"));
            let fault = |_| format!("= {text:?} is no address and port such as 127.0.0.1:8010");
            numeric.parse().map_err(fault)
        }
        other => Err(format!("must be an address in quotes, not {}", other.sort())),
    })
}

/// The outside address without a slash at its end.
fn public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("is no URL ({error}); write https://calls.example.com"))?;
    match () {
        () if !matches!(url.scheme(), "http" | "https") => Err("must begin with https:// or http://".to_owned()),
        () if url.host_str().is_none_or(str::is_empty) => Err("names no host; write https://calls.example.com".to_owned()),
        () if !url.username().is_empty() || url.password().is_some() => Err("must not hold a name or a password".to_owned()),
        () if url.query().is_some() || url.fragment().is_some() => Err("must end before any '?' or '#'".to_owned()),
        () => Ok(url.as_str().trim_end_matches('/').to_owned()),
    }
}

fn database(section: Section<'_>, data_dir: &Path) -> Option<Database> {
    let origin = section.node("url").map_or(Origin::Default, |node| node.origin.clone());
    let is_given = origin != Origin::Default;
    let kept = if is_given {
        section.text_or_secret("url")
    } else {
        Secret::new(format!("sqlite://{}", data_dir.join("callgate.db").display()))
    };
    let pool = section.whole("pool", 1..=1_000).unwrap_or(16);
    let url = kept.and_then(|url| {
        section.note("url", without_password(url.expose()), &origin);
        let kind = match url.expose().split_once("://").map(|(scheme, rest)| (scheme, rest.is_empty())) {
            Some(("sqlite", false)) => Some(DatabaseKind::Sqlite),
            Some(("postgres" | "postgresql", false)) => Some(DatabaseKind::Postgres),
            _ => None,
        };
        if kind.is_none() {
            let then = "Write sqlite://callgate-data/callgate.db, or postgres://user:password@host/database";
            section.fault(&origin, "database.url is neither sqlite:// nor postgres://", Some(then.to_owned()));
        }
        kind.map(|kind| (url, kind))
    });
    section.finish();
    url.map(|(url, kind)| Database { url, kind, pool })
}

/// A database's URL as it may be shown.
#[must_use]
pub fn without_password(url: &str) -> String {
    if url.starts_with("sqlite://") {
        return url.to_owned();
    }
    let Ok(mut parsed) = Url::parse(url) else { return HIDDEN.to_owned() };
    if parsed.password().is_some() && parsed.set_password(Some(HIDDEN)).is_err() {
        return HIDDEN.to_owned();
    }
    if parsed.query().is_some() {
        let shown: Vec<(String, String)> = parsed
            .query_pairs()
            .map(|(name, value)| {
                (name.to_string(), if name.contains("password") { HIDDEN.to_owned() } else { value.to_string() })
            })
            .collect();
        parsed.query_pairs_mut().clear().extend_pairs(shown);
    }
    parsed.to_string()
}

fn calls(section: Section<'_>) -> Calls {
    let calls = Calls {
        max_live: section.limit("max_live"),
        ring_timeout: section.duration("ring_timeout", SECOND..=Duration::from_mins(10)).unwrap_or_default(),
        max_duration: section.duration("max_duration", TALK).unwrap_or(LONGEST_TALK),
        allow_numbers: section
            .list::<Prefix>("allow_numbers")
            .map(|prefixes| prefixes.into_iter().map(|prefix| prefix.0).collect()),
        queue_ttl: section.duration("queue_ttl", SECOND..=Duration::from_hours(24 * 30)).unwrap_or_default(),
        settle_grace: section.duration("settle_grace", SECOND..=Duration::from_hours(24 * 7)).unwrap_or_default(),
        duplicate_guard: section.one_of("duplicate_guard", [("off", false), ("reject", true)]).unwrap_or_default(),
        keep: section.duration("keep", KEEP).unwrap_or_default(),
        keep_raw: section.duration("keep_raw", KEEP).unwrap_or_default(),
    };
    section.finish();
    calls
}

fn limits(section: Section<'_>) -> Limits {
    let limits = Limits {
        requests_per_second: section.whole("requests_per_second", 0..=MOST_REQUESTS).unwrap_or_default(),
        failed_auth_per_minute: section.whole("failed_auth_per_minute", 0..=u32::MAX).unwrap_or_default(),
        calls_per_number_per_day: section.limit("calls_per_number_per_day"),
        spend_calls_per_day: section.limit("spend_calls_per_day"),
    };
    section.finish();
    limits
}

fn webhooks(section: Section<'_>) -> Webhooks {
    let allow_private = section.list("allow_private").unwrap_or_default();
    section.finish();
    Webhooks { allow_private }
}

/// The beginning of a phone number.
struct Prefix(String);

impl std::str::FromStr for Prefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('+').ok_or("does not begin with +")?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("is more than + and digits")
        }
    }
}
