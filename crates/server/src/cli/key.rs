//! Which server is asked, and with which key.

use std::path::PathBuf;

use url::{Host, Url};

use crate::config::{Environment, data_dir_of};
use crate::failure::{Exit, Failure};

/// Where a gateway is, unless somebody says otherwise.
const HERE: &str = "http://127.0.0.1:8010";

/// The server of `--url` or `CALLGATE_URL`, without a slash at its end, and whether it is on this machine.
///
/// # Errors
/// When what is written there is no address of a server.
pub fn server(flag: Option<&str>, environment: &Environment) -> Result<(String, bool), Failure> {
    let (from, written) = match (flag, environment.get("CALLGATE_URL")) {
        (Some(url), _) => ("--url", url),
        (None, Some(url)) => ("CALLGATE_URL", url),
        (None, None) => ("--url", HERE),
    };
    let parsed = Url::parse(written).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none());
    let Some(url) = parsed else {
        return Err(Failure::new(Exit::Usage, format!("{from} {written} is no address of a server"))
            .then(format!("Write it like {HERE} or https://calls.example.com")));
    };
    let is_here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    Ok((url.as_str().trim_end_matches('/').to_owned(), is_here))
}

/// The key of the environment; for a server on this machine, the one in the data folder too. Another server never gets
/// that one.
///
/// # Errors
/// When there is none.
pub fn key(environment: &Environment, is_here: bool) -> Result<String, Failure> {
    let file = match (environment.get("CALLGATE_KEY"), environment.get("CALLGATE_KEY_FILE")) {
        (Some(_), Some(_)) => {
            return Err(Failure::new(Exit::Key, "CALLGATE_KEY and CALLGATE_KEY_FILE are both set").then("Unset one of them"));
        }
        (Some(key), None) => return usable("CALLGATE_KEY", key),
        (None, Some(file)) => PathBuf::from(file),
        (None, None) if is_here => data_dir_of(environment).join("key"),
        (None, None) => {
            return Err(
                Failure::new(Exit::Key, "there is no API key for that server").then("Set CALLGATE_KEY or CALLGATE_KEY_FILE")
            );
        }
    };
    let shown = file.strip_prefix("./").unwrap_or(&file).display();
    let text = std::fs::read_to_string(&file).map_err(|error| {
        Failure::new(Exit::Key, format!("there is no API key: {shown} cannot be read"))
            .because(&error)
            .then("Set CALLGATE_KEY, or run this where the gateway's data folder is")
    })?;
    usable(&shown.to_string(), &text)
}

/// A key as a header can carry it.
fn usable(from: &str, text: &str) -> Result<String, Failure> {
    let key = text.trim();
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    Err(Failure::new(Exit::Key, format!("{from} holds no API key")).then("A key is one word of visible ASCII characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> Environment {
        Environment::default()
    }

    #[test]
    fn a_server_is_this_machines_unless_somebody_says_otherwise() {
        assert_eq!(server(None, &none()).unwrap(), ("http://127.0.0.1:8010".to_owned(), true));
        let environment = Environment::from([("CALLGATE_URL", "https://calls.example.com/")]);
        assert_eq!(server(None, &environment).unwrap(), ("https://calls.example.com".to_owned(), false));
        assert_eq!(server(Some("http://localhost:1"), &environment).unwrap(), ("http://localhost:1".to_owned(), true));
        assert!(server(Some("http://[::1]:1"), &none()).unwrap().1);
        assert!(!server(Some("http://localhost.example.com"), &none()).unwrap().1);
        for wrong in ["calls.example.com", "ftp://h", "http://", "http://h?x=1", ""] {
            assert_eq!(server(Some(wrong), &none()).unwrap_err().exit, Exit::Usage, "{wrong}");
        }
    }

    #[test]
    fn the_key_of_the_data_folder_is_for_this_machine_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "cg_kept\n").unwrap();
        let environment = Environment::from([("CALLGATE_DATA_DIR", folder.path().to_str().unwrap())]);
        assert_eq!(key(&environment, true).unwrap(), "cg_kept");
        assert_eq!(key(&environment, false).unwrap_err().exit, Exit::Key);
        assert_eq!(key(&environment.clone().with("CALLGATE_KEY", " cg_given"), false).unwrap(), "cg_given");
        let file = folder.path().join("key");
        let named = none().with("CALLGATE_KEY_FILE", file.to_str().unwrap());
        assert_eq!(key(&named, false).unwrap(), "cg_kept");
        assert_eq!(key(&named.with("CALLGATE_KEY", "x"), false).unwrap_err().exit, Exit::Key);
        assert_eq!(key(&none().with("CALLGATE_KEY", "two words"), true).unwrap_err().exit, Exit::Key);
        assert_eq!(key(&none().with("CALLGATE_KEY_FILE", "/nowhere/key"), true).unwrap_err().exit, Exit::Key);
    }
}
