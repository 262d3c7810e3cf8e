//! A throw-away Postgres for tests: one server a test process, one empty database a test.
//!
//! The server is started from the installed programs and ends with the test process, however that ends: a small shell
//! keeps it, and sees the other end of its pipe close. `CALLGATE_TEST_POSTGRES_URL` names a server to be used instead;
//! it must let its user create databases, and they are left behind. With `CALLGATE_REQUIRE_POSTGRES=1` tests that find
//! neither fail instead of passing unrun.
#![expect(clippy::panic, clippy::expect_used, reason = "a test that cannot be set up must say so at once")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// Runs as whoever may run Postgres. `fsync` stays on, since the store refuses to open otherwise.
const KEEPER: &str = r#"
trap '' INT
export LC_ALL=C
{
    "$1/initdb" -D "$2/data" -U callgate -A trust -E UTF8 --locale=C --no-sync &&
    "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 60 -o "-k $2 -c listen_addresses='' -c shared_buffers=16MB \
        -c max_connections=300 -c max_wal_size=64MB -c autovacuum=off" start
} </dev/null >"$2/setup" 2>&1 && echo ready
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate -t 20 stop </dev/null >/dev/null 2>&1
rm -rf "$2"
"#;

/// The URL of a new, empty database; `None` where no Postgres is to be had.
///
/// # Panics
/// When there is none though `CALLGATE_REQUIRE_POSTGRES=1`, or when the one there is does not start.
#[must_use]
pub fn fresh_database() -> Option<String> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let server = server()?;
    let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let mut db = PgConnection::establish(&server.database("postgres")).expect("the test server answers");
    db.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).expect("a new database");
    Some(server.database(&name))
}

/// Where databases are made.
enum Server {
    /// Kept by a shell that lives as long as this process holds its pipe.
    Own { folder: PathBuf, _keeper: Child },
    /// Somebody else's.
    Given(url::Url),
}

impl Server {
    fn database(&self, name: &str) -> String {
        match self {
            Self::Own { folder, .. } => format!("postgresql:///{name}?host={}&user=callgate", folder.display()),
            Self::Given(url) => {
                let mut url = url.clone();
                url.set_path(name);
                url.into()
            }
        }
    }
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        if let Ok(url) = std::env::var("CALLGATE_TEST_POSTGRES_URL") {
            return Some(Server::Given(url.parse().expect("CALLGATE_TEST_POSTGRES_URL is a URL")));
        }
        let Some(programs) = programs() else {
            let required = std::env::var("CALLGATE_REQUIRE_POSTGRES").is_ok_and(|required| required == "1");
            assert!(!required, "CALLGATE_REQUIRE_POSTGRES=1, but there is no initdb");
            // Not `eprintln!`, which the test runner keeps to itself while tests pass: a test that was not run must not
            // look like one that was.
            let told =
                "No initdb found: tests against Postgres are not run. Install the server, or set CALLGATE_TEST_POSTGRES_URL.";
            writeln!(std::io::stderr(), "{told}").expect("stderr");
            return None;
        };
        Some(start(&programs))
    });
    server.as_ref()
}

/// The folder of the newest server programs.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let mut packaged: Vec<_> = packaged.collect();
    packaged.sort();
    let found = on_path.chain(packaged.into_iter().rev()).map(|folder| folder.join("initdb")).find(|initdb| initdb.is_file())?;
    Some(found.canonicalize().ok()?.parent()?.to_owned())
}

fn start(programs: &Path) -> Server {
    let folder = std::env::temp_dir().join(format!("callgate-postgres-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test server");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a folder of our own");
    let mut keeper = Command::new("/bin/sh");
    keeper.arg("-c").arg(KEEPER).arg("keeper").arg(programs).arg(&folder).current_dir("/");
    keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Postgres refuses to run as root.
    if fs::metadata(&folder).is_ok_and(|folder| folder.uid() == 0) {
        let (user, group) = somebody_else();
        chown(&folder, Some(user), Some(group)).expect("the folder can be given away");
        keeper.uid(user).gid(group);
    }
    let mut keeper = keeper.spawn().expect("a shell");
    let mut told = String::new();
    let output = keeper.stdout.take().expect("the shell's output");
    BufReader::new(output).read_line(&mut told).expect("the shell speaks");
    if told.trim() != "ready" {
        let setup = fs::read_to_string(folder.join("setup")).unwrap_or_default();
        panic!("the test server did not start: {setup}");
    }
    Server::Own { folder, _keeper: keeper }
}

/// User and group of `postgres`, or of `nobody`.
fn somebody_else() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("a list of users");
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).expect("a user that is not root")
}
