//! Whether the way to a database can be listened to: what libpq makes of the URL, as far as it matters here.
//!
//! libpq's own default, `sslmode=prefer`, takes whoever answers (PostgreSQL manual, "SSL Support", table "SSL Mode
//! Descriptions"); only `verify-full` checks both the issuer and the name.

use url::Url;

/// The host that a URL of Postgres names, where nothing proves that whoever answers is that host; `None` for a socket or
/// an address of this machine, for SQLite, and where the certificate is checked in full.
#[must_use]
pub fn unverified_host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
    let setting = |name: &str| {
        let given = rest.split_once('?')?.1.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        let text = format!("x:?{name}={given}");
        Url::parse(&text).ok()?.query_pairs().next().map(|(_, value)| value.into_owned())
    };
    if setting("sslmode").is_some_and(|mode| mode == "verify-full") {
        return None;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let written = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    let hosts = setting("host").unwrap_or_else(|| written.to_owned());
    let reached = setting("hostaddr").unwrap_or_else(|| hosts.clone());
    reached.split(',').any(|host| !is_here(host)).then_some(hosts)
}

/// A socket in a folder, or an address of this machine; an empty host is a socket too.
fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
        None => host,
    };
    let is_loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    name.is_empty() || name.starts_with(['/', '@']) || name.starts_with("%2F") || name == "localhost" || is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<&str>) {
        assert_eq!(unverified_host(url).as_deref(), expected, "{url}");
    }

    #[test]
    fn a_host_elsewhere_is_named_unless_its_certificate_is_checked_in_full() {
        check("postgres://callgate:p%40ss@db.example/callgate", Some("db.example"));
        check("postgresql://db.example:5432/callgate?sslmode=require", Some("db.example:5432"));
        check("postgres://db.example/callgate?sslmode=verify-ca&sslrootcert=/ca.pem", Some("db.example"));
        check("postgres:///callgate?host=db.example", Some("db.example"));
        check("postgres://one.example,two.example/callgate", Some("one.example,two.example"));
        check("postgres:///callgate?host=db.example&hostaddr=192.0.2.1", Some("db.example"));
        check("postgres://db.example/callgate?sslmode=verify-full&sslrootcert=/ca.pem", None);
    }

    #[test]
    fn what_stays_on_this_machine_needs_no_certificate() {
        check("sqlite://callgate-data/callgate.db", None);
        check("postgres:///callgate?host=/run/postgresql&user=callgate", None);
        check("postgres:///callgate?host=%2Frun%2Fpostgresql", None);
        check("postgres://%2Frun%2Fpostgresql/callgate", None);
        check("postgres://user:secret@localhost/callgate", None);
        check("postgres://127.0.0.1:5432/callgate", None);
        check("postgres://[::1]:5432/callgate", None);
        check("postgres:///callgate?host=db.example&hostaddr=127.0.0.1", None);
        check("postgres:///callgate", None);
    }
}
