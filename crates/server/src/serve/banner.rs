//! What a person at a terminal sees at the start. Pure: everything needed later stands on these lines.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use callgate_domain::model::Agent;

use crate::config::{Config, DEFAULT_DATA_DIR, DatabaseKind};
use crate::http::SIGN_IN_LINK as LINK;
use crate::{NAME, hint};

/// More agents than these are counted, not named.
const MOST_NAMED: usize = 12;
/// Where the client commands look when nobody says.
const DEFAULT_PORT: u16 = 8010;

/// What this start made, shown once.
#[derive(Debug, Clone)]
pub struct Made {
    /// The first key.
    pub key: String,
    /// The code of a link that signs in to the console; `None` where none could be made.
    pub code: Option<String>,
}

/// What the banner tells.
#[derive(Debug, Clone)]
pub struct Banner {
    /// Address of the API.
    pub listen: SocketAddr,
    /// Reachable from other machines.
    pub is_open: bool,
    base: String,
    data_dir: String,
    /// Agents with their connections, in the order of their keys.
    agents: Vec<(String, String)>,
    has_file: bool,
    /// The database is in the data folder too.
    has_database: bool,
    /// What to type next; `None` where no agent is simulated, since nothing dials by surprise.
    next: Option<String>,
}

impl Banner {
    /// The banner of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let listen = config.server.listen;
        let connections =
            |agent: &Agent| agent.routes.iter().map(|route| route.connection.to_string()).collect::<Vec<_>>().join(", ");
        let data_dir = config.data_dir.strip_prefix(".").unwrap_or(&config.data_dir).display().to_string();
        let next = config.agents.iter().find(|agent| agent.test && agent.public).map(|agent| next(config, listen, agent));
        Self {
            listen,
            is_open: !listen.ip().is_loopback(),
            base: config.server.public_url.clone().unwrap_or_else(|| local(listen)),
            data_dir: data_dir.trim_end_matches('/').to_owned(),
            agents: config.agents.iter().map(|agent| (agent.key.to_string(), connections(agent))).collect(),
            has_file: config.file.is_some(),
            has_database: config.database.kind == DatabaseKind::Sqlite,
            next,
        }
    }

    /// The console's address, signed in with the code of a link.
    #[must_use]
    pub fn console(&self, code: Option<&str>) -> String {
        let base = &self.base;
        code.map_or_else(|| format!("{base}/console"), |code| format!("{base}{LINK}{code}"))
    }

    /// The text, with a key that was made by this start.
    #[must_use]
    pub fn text(&self, made: Option<&Made>, made_folder: bool) -> String {
        let base = &self.base;
        let mut text = format!("\n  {NAME} {}\n\n", env!("CARGO_PKG_VERSION"));
        for (name, path) in [("Console", "/console"), ("Docs", "/docs"), ("API", "/v1")] {
            let _written = writeln!(text, "  {name:<10}{base}{path}");
        }
        text.push('\n');
        if let Some(made) = made {
            self.first_start(&mut text, made, made_folder);
        }
        let own = if self.has_file || made.is_none() { String::new() } else { format!("     add your own in {NAME}.toml") };
        let _written = writeln!(text, "  {:<10}{}{own}\n", "Agents", self.agents_line());
        if let (Some(_), Some(call)) = (made, &self.next) {
            let _written = writeln!(text, "  Next, in another terminal:\n    {call}\n");
        }
        text
    }

    fn first_start(&self, text: &mut String, Made { key, code }: &Made, made_folder: bool) {
        let folder = &self.data_dir;
        let made = match (made_folder, self.has_database) {
            (true, true) => format!("made {folder}/ with a database and an API key"),
            (true, false) => format!("made {folder}/ with an API key"),
            (false, _) => "made an API key".to_owned(),
        };
        let _written = writeln!(text, "  First start: {made}.\n\n  {:<10}{key}     kept in {folder}/key", "API key");
        if let Some(code) = code {
            let _written = writeln!(text, "  {:<10}{}     works once, for 10 minutes", "Sign in", self.console(Some(code)));
        }
        text.push('\n');
    }

    /// `akylai, altai (simulator)`: neighbours on the same connections share the brackets.
    fn agents_line(&self) -> String {
        let named = self.agents.get(..MOST_NAMED).unwrap_or(&self.agents);
        let groups = named.chunk_by(|(_, one), (_, next)| one == next).map(|group| {
            let keys: Vec<&str> = group.iter().map(|(key, _)| key.as_str()).collect();
            format!("{} ({})", keys.join(", "), group.first().map(|(_, connections)| connections.as_str()).unwrap_or_default())
        });
        let line = groups.collect::<Vec<_>>().join(", ");
        match self.agents.len().saturating_sub(named.len()) {
            0 if line.is_empty() => "none".to_owned(),
            0 => line,
            more => format!("{line} and {more} more"),
        }
    }
}

/// A command that works when it is pasted into another terminal.
fn next(config: &Config, listen: SocketAddr, agent: &Agent) -> String {
    let mut call = format!("call +12025550101 --agent {} --watch", agent.key);
    if listen.port() != DEFAULT_PORT || !listen.is_ipv4() {
        let _written = write!(call, " --url {}", local(listen));
    }
    let command = hint::command(&call);
    if config.data_dir == Path::new(DEFAULT_DATA_DIR) {
        return command;
    }
    let key = config.data_dir.join("key").display().to_string();
    format!("CALLGATE_KEY_FILE={} {command}", hint::quoted(&key))
}

/// The address as this machine reaches it.
fn local(listen: SocketAddr) -> String {
    let ip = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Given};

    fn banner(agents: &[(&str, &str)]) -> Banner {
        Banner {
            listen: "127.0.0.1:8010".parse().unwrap(),
            is_open: false,
            base: "http://127.0.0.1:8010".to_owned(),
            data_dir: "callgate-data".to_owned(),
            agents: agents.iter().map(|(key, connection)| ((*key).to_owned(), (*connection).to_owned())).collect(),
            has_file: agents.len() > 2,
            has_database: true,
            next: Some("target/release/callgate call +12025550101 --agent akylai --watch".to_owned()),
        }
    }

    #[test]
    fn the_first_start_shows_the_key_and_what_to_type_next() {
        let made = Made { key: "cg_key".to_owned(), code: Some("7Q4M-K2TD-9XWB".to_owned()) };
        let text = banner(&[("akylai", "simulator"), ("altai", "simulator")]).text(Some(&made), true);
        let text = text.replace(env!("CARGO_PKG_VERSION"), "0.1.0");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_later_start_shows_no_key_and_each_agents_connection() {
        let text = banner(&[("akylai", "vapi"), ("altai", "retell"), ("practice", "simulator")]).text(None, false);
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "0.1.0"));
    }

    #[test]
    fn agents_that_share_connections_share_the_brackets_and_many_are_counted() {
        let line = |agents: &[(&str, &str)]| banner(agents).agents_line();
        assert_eq!(line(&[]), "none");
        assert_eq!(line(&[("a", "x"), ("b", "x"), ("c", "y"), ("d", "x")]), "a, b (x), c (y), d (x)");
        assert_eq!(line(&[("a", "x"); 15]), "a, a, a, a, a, a, a, a, a, a, a, a (x) and 3 more");
    }

    fn next_after(toml: &str, data_dir: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("callgate.toml");
        std::fs::write(&file, toml).unwrap();
        let given = Given { config: Some(file), data_dir: Some(data_dir.into()), ..Given::default() };
        let environment = Environment::from([("SECRET", "whsec_c2VjcmV0")]);
        let config = Config::load(&given, &environment).unwrap();
        Banner::of(&config).next.map(|next| next.replace(&hint::command(""), "callgate "))
    }

    #[test]
    fn the_next_command_works_for_another_address_and_folder_too() {
        assert_eq!(next_after("", DEFAULT_DATA_DIR).unwrap(), "callgate call +12025550101 --agent akylai --watch");
        assert_eq!(
            next_after("[server]\nlisten = \"0.0.0.0:9000\"", "/var/lib/my data").unwrap(),
            "CALLGATE_KEY_FILE='/var/lib/my data/key' callgate call +12025550101 --agent akylai --watch --url http://127.0.0.1:9000"
        );
    }

    #[test]
    fn no_command_that_dials_a_real_phone_is_proposed() {
        let real = "[calls]\nallow_numbers = [\"+\"]\n[connections.own]\nkind = \"http\"\nbase_url = \"https://h\"\nsecret = { env = \"SECRET\" }\n[agents.a]\nconnection = \"own\"\n";
        assert_eq!(next_after(real, DEFAULT_DATA_DIR), None);
        let both = format!("{real}[agents.b]\nconnection = \"simulator\"");
        assert!(next_after(&both, DEFAULT_DATA_DIR).unwrap().contains("--agent b "));
    }
}
