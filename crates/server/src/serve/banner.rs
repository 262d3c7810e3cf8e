//! What a person at a terminal sees at the start. Pure: everything needed later stands on these lines.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::config::Config;
use crate::{NAME, hint};

/// What the banner tells.
#[derive(Debug, Clone)]
pub struct Banner {
    /// Address of the API.
    pub listen: SocketAddr,
    /// Reachable from other machines.
    pub is_open: bool,
    base: String,
    data_dir: String,
    /// Agents with their connection, in the order of their keys.
    agents: Vec<(String, String)>,
    has_file: bool,
}

impl Banner {
    /// The banner of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let listen = config.server.listen;
        let connection = |agent: &callgate_domain::model::Agent| {
            agent.routes.iter().map(|route| route.connection.to_string()).collect::<Vec<_>>().join(", ")
        };
        Self {
            listen,
            is_open: !listen.ip().is_loopback(),
            base: config.server.public_url.clone().unwrap_or_else(|| format!("http://{listen}")),
            data_dir: config.data_dir.strip_prefix(".").unwrap_or(&config.data_dir).display().to_string(),
            agents: config.agents.iter().map(|agent| (agent.key.to_string(), connection(agent))).collect(),
            has_file: config.file.is_some(),
        }
    }

    /// The text, with a key that was made by this start.
    #[must_use]
    pub fn text(&self, made_key: Option<&str>, made_folder: bool) -> String {
        let base = &self.base;
        let mut text = format!("\n  {NAME} {}\n\n", env!("CARGO_PKG_VERSION"));
        for (name, path) in [("Console", "/console"), ("Docs", "/docs"), ("API", "/v1")] {
            let _written = writeln!(text, "  {name:<10}{base}{path}");
        }
        text.push('\n');
        if let Some(key) = made_key {
            self.first_start(&mut text, key, made_folder);
        }
        let own = if self.has_file { String::new() } else { format!("     add your own in {NAME}.toml") };
        let _written = writeln!(text, "  {:<10}{}{own}\n", "Agents", self.agents_line());
        if let (Some(_), Some((agent, _))) = (made_key, self.agents.first()) {
            let call = hint::command(&format!("call +12025550101 --agent {agent} --watch"));
            let _written = writeln!(text, "  Next, in another terminal:\n    {call}\n");
        }
        text
    }

    fn first_start(&self, text: &mut String, key: &str, made_folder: bool) {
        let folder = &self.data_dir;
        let made =
            if made_folder { format!("made {folder}/ with a database and an API key") } else { "made an API key".to_owned() };
        let _written = writeln!(text, "  First start: {made}.\n\n  {:<10}{key}     kept in {folder}/key\n", "API key");
    }

    /// `akylai, altai (simulator)` where all share a connection, else each with its own.
    fn agents_line(&self) -> String {
        let keys: Vec<&str> = self.agents.iter().map(|(key, _)| key.as_str()).collect();
        match self.agents.first() {
            None => "none".to_owned(),
            Some((_, shared)) if self.agents.iter().all(|(_, connection)| connection == shared) => {
                format!("{} ({shared})", keys.join(", "))
            }
            Some(_) => self.agents.iter().map(|(key, connection)| format!("{key} ({connection})")).collect::<Vec<_>>().join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(agents: &[(&str, &str)]) -> Banner {
        Banner {
            listen: "127.0.0.1:8010".parse().unwrap(),
            is_open: false,
            base: "http://127.0.0.1:8010".to_owned(),
            data_dir: "callgate-data".to_owned(),
            agents: agents.iter().map(|(key, connection)| ((*key).to_owned(), (*connection).to_owned())).collect(),
            has_file: agents.len() > 2,
        }
    }

    #[test]
    fn the_first_start_shows_the_key_and_what_to_type_next() {
        let text = banner(&[("akylai", "simulator"), ("altai", "simulator")]).text(Some("cg_key"), true);
        let text = text.replace(&hint::command(""), "target/release/callgate ").replace(env!("CARGO_PKG_VERSION"), "0.1.0");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_later_start_shows_no_key_and_each_agents_connection() {
        let text = banner(&[("akylai", "vapi"), ("altai", "retell"), ("practice", "simulator")]).text(None, false);
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "0.1.0"));
    }
}
