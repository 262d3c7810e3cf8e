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
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// Runs as whoever may run Postgres. `fsync` stays on, since the store refuses to open otherwise.
const KEEPER: &str = r#"
trap '' INT
export LC_ALL=C
settings="-k $2 -c listen_addresses='' -c shared_buffers=16MB -c max_connections=300 -c max_wal_size=64MB -c autovacuum=off $3"
{
    "$1/initdb" -D "$2/data" -U callgate -A trust -E UTF8 --locale=C --no-sync &&
    "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 60 -o "$settings" start
} </dev/null >"$2/setup" 2>&1 && echo ready
while read -r word; do
    case "$word" in
        stop) "$1/pg_ctl" -D "$2/data" -m fast -w -t 60 stop ;;
        start) "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 60 -o "$settings" start ;;
    esac </dev/null >"$2/setup" 2>&1 && echo ready || echo failed
done
"$1/pg_ctl" -D "$2/data" -m immediate -t 20 stop </dev/null >/dev/null 2>&1
rm -rf "$2"
"#;

/// The URL of a new, empty database; `None` where no Postgres is to be had.
///
/// # Panics
/// When there is none though `CALLGATE_REQUIRE_POSTGRES=1`, or when the one there is does not start.
#[must_use]
pub fn fresh_database() -> Option<String> {
    Some(server()?.fresh_database())
}

/// Where databases are made.
enum Server {
    Own(Cluster),
    /// Somebody else's.
    Given(url::Url),
}

/// A server from the installed programs, kept by a shell that lives as long as this holds its pipe.
pub struct Cluster {
    folder: PathBuf,
    /// Names its socket too.
    port: u16,
    keeper: Mutex<Keeper>,
}

struct Keeper {
    process: Child,
    told: Option<ChildStdin>,
    says: BufReader<ChildStdout>,
}

impl Cluster {
    /// A server that a test has to itself, to do things to it; `None` where no programs are installed.
    ///
    /// # Panics
    /// When there are none though `CALLGATE_REQUIRE_POSTGRES=1`, or when it does not start.
    #[must_use]
    pub fn of_ones_own() -> Option<Self> {
        installed().map(|programs| start(&programs, None))
    }

    /// A server with the memory and the housekeeping that Postgres has where nobody sets them: for measurements over many
    /// rows. `None` where no programs are installed.
    ///
    /// # Panics
    /// As [`Cluster::of_ones_own`].
    #[must_use]
    pub fn as_delivered() -> Option<Self> {
        let settings = "-c shared_buffers=128MB -c max_wal_size=1GB -c autovacuum=on";
        installed().map(|programs| start_with(&programs, None, settings))
    }

    /// The same as [`Cluster::of_ones_own`], also at `port` of the loopback address, over TLS with this certificate and key in PEM.
    ///
    /// # Panics
    /// As [`Cluster::of_ones_own`], and when the port is taken.
    #[must_use]
    pub fn over_tls(port: u16, certificate: &str, key: &str) -> Option<Self> {
        installed().map(|programs| start(&programs, Some(Tls { port, certificate, key })))
    }

    /// The URL of a new, empty database in it.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn fresh_database(&self) -> String {
        fresh_database_at(|name| self.database(name))
    }

    /// Stops it as an operator does: whoever is connected is cut off.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&self) {
        self.tell("stop");
    }

    /// Starts it again, with what it held.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(&self) {
        self.tell("start");
    }

    fn tell(&self, word: &str) {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let told = keeper.told.as_mut().expect("the shell listens");
        writeln!(told, "{word}").and_then(|()| told.flush()).expect("the shell listens");
        is_ready(&self.folder, &mut keeper);
    }

    fn database(&self, name: &str) -> String {
        format!("postgresql:///{name}?host={}&port={}&user=callgate", self.folder.display(), self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The end of its pipe tells the shell to stop the server and take its folder away.
        drop(keeper.told.take());
        let _ended = keeper.process.wait();
    }
}

fn is_ready(folder: &Path, keeper: &mut Keeper) {
    let mut said = String::new();
    keeper.says.read_line(&mut said).expect("the shell speaks");
    if said.trim() != "ready" {
        let setup = fs::read_to_string(folder.join("setup")).unwrap_or_default();
        panic!("the test server did not do as it was told: {setup}");
    }
}

fn fresh_database_at(url: impl Fn(&str) -> String) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let mut db = PgConnection::establish(&url("postgres")).expect("the test server answers");
    db.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).expect("a new database");
    url(&name)
}

impl Server {
    fn fresh_database(&self) -> String {
        match self {
            Self::Own(cluster) => cluster.fresh_database(),
            Self::Given(given) => fresh_database_at(|name| {
                let mut url = given.clone();
                url.set_path(name);
                url.into()
            }),
        }
    }
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        if let Ok(url) = std::env::var("CALLGATE_TEST_POSTGRES_URL") {
            return Some(Server::Given(url.parse().expect("CALLGATE_TEST_POSTGRES_URL is a URL")));
        }
        installed().map(|programs| Server::Own(start(&programs, None)))
    });
    server.as_ref()
}

/// The folder of the server programs, or one line that says that there are none.
fn installed() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let found = programs();
    if found.is_none() {
        let required = std::env::var("CALLGATE_REQUIRE_POSTGRES").is_ok_and(|required| required == "1");
        assert!(!required, "CALLGATE_REQUIRE_POSTGRES=1, but there is no initdb");
        // Not `eprintln!`, which the test runner keeps to itself while tests pass: a test that was not run must not look
        // like one that was.
        let told = "No initdb found: tests against Postgres are not run. Install the server, or set CALLGATE_TEST_POSTGRES_URL.";
        SAID.call_once(|| writeln!(std::io::stderr(), "{told}").expect("stderr"));
    }
    found
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

/// What a server needs to be reached over TLS.
struct Tls<'a> {
    port: u16,
    certificate: &'a str,
    key: &'a str,
}

impl Tls<'_> {
    /// Puts the files where the server finds them, and returns its further settings.
    fn settings(&self, folder: &Path, owner: Option<(u32, u32)>) -> String {
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).expect("a file of the test server");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file of its own");
            if let Some((user, group)) = owner {
                chown(&path, Some(user), Some(group)).expect("the file can be given away");
            }
            path.display().to_string()
        };
        let (certificate, key) = (file("server.crt", self.certificate), file("server.key", self.key));
        let port = self.port;
        format!("-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}")
    }
}

fn start(programs: &Path, tls: Option<Tls<'_>>) -> Cluster {
    start_with(programs, tls, "")
}

/// The same with further settings, which outweigh those before them.
fn start_with(programs: &Path, tls: Option<Tls<'_>>, settings: &str) -> Cluster {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let name = format!("callgate-postgres-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("a folder for the test server");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a folder of our own");
    let port = tls.as_ref().map_or(5432, |tls| tls.port);
    let mut keeper = Command::new("/bin/sh");
    // Postgres refuses to run as root.
    let owner = fs::metadata(&folder).is_ok_and(|folder| folder.uid() == 0).then(somebody_else);
    let further = format!("{settings} {}", tls.map(|tls| tls.settings(&folder, owner)).unwrap_or_default());
    keeper.arg("-c").arg(KEEPER).arg("keeper").arg(programs).arg(&folder).arg(further).current_dir("/");
    keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some((user, group)) = owner {
        chown(&folder, Some(user), Some(group)).expect("the folder can be given away");
        keeper.uid(user).gid(group);
    }
    let mut process = keeper.spawn().expect("a shell");
    let says = BufReader::new(process.stdout.take().expect("the shell's output"));
    let mut keeper = Keeper { told: process.stdin.take(), process, says };
    is_ready(&folder, &mut keeper);
    Cluster { folder, port, keeper: Mutex::new(keeper) }
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
