//! The program as a person or a script runs it: what it prints where, and its exit code.

mod agents;
mod call;
mod calls;
mod config;
mod connections;
mod db;
mod doctor;
mod export;
mod follow;
mod help;
mod keys;
mod listen;
mod mcp;
mod pause;
mod start;
pub mod stub;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::harness::{KEY, Server};

const PROGRAM: &str = env!("CARGO_BIN_EXE_callgate");

/// The program in a folder of its own, with no variable but those given.
pub struct Program {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run left.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn new() -> Self {
        let program = Self { folder: tempfile::tempdir().expect("a folder"), variables: Vec::new() };
        program.with("LANG", "C.UTF-8")
    }

    /// As the client of a running server, with its first key.
    pub fn of(server: &Server) -> Self {
        Self::at(&server.url)
    }

    /// As the client of whatever listens at `url`.
    pub fn at(url: &str) -> Self {
        Self::new().with("CALLGATE_URL", url).with("CALLGATE_KEY", KEY)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(held, _)| held != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder().join(name)).expect("a file")
    }

    /// Runs to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.start(arguments).said()
    }

    /// Starts it, with nothing to read.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(arguments, Stdio::null())
    }

    /// Starts it, and speaks to it.
    pub fn start_to_speak(&self, arguments: &[&str]) -> Running {
        self.start_with(arguments, Stdio::piped())
    }

    fn start_with(&self, arguments: &[&str], stdin: Stdio) -> Running {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.folder()).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let folder = self.folder().display().to_string();
        Running { child: Some(command.spawn().expect("the program")), folder }
    }
}

/// A run under way; it ends with the test at the latest.
pub struct Running {
    child: Option<Child>,
    folder: String,
}

impl Running {
    pub fn pid(&self) -> String {
        self.child.as_ref().expect("it runs").id().to_string()
    }

    pub fn is_over(&mut self) -> bool {
        self.child.as_mut().expect("it ran").try_wait().expect("its state").is_some()
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", "kill -$0 $1", name, &self.pid()]).status();
        assert!(sent.expect("kill").success());
    }

    /// Says one line to it.
    pub fn tell(&mut self, line: &str) {
        let stdin = self.child.as_mut().and_then(|child| child.stdin.as_mut()).expect("a pipe");
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).expect("it listens");
    }

    /// Nothing more is said to it.
    pub fn hang_up(&mut self) {
        drop(self.child.as_mut().and_then(|child| child.stdin.take()));
    }

    /// The next line of its answer, as soon as it is there. It is not part of what is said later.
    pub fn first_line(&mut self) -> String {
        line_of(self.child.as_mut().and_then(|child| child.stdout.as_mut()).expect("a pipe"))
    }

    /// The same of what it says beside its answer.
    pub fn note(&mut self) -> String {
        line_of(self.child.as_mut().and_then(|child| child.stderr.as_mut()).expect("a pipe"))
    }

    /// Nobody reads its answer any more.
    pub fn stop_reading(&mut self) {
        drop(self.child.as_mut().and_then(|child| child.stdout.take()));
    }

    /// The same where nothing tells it that no more is said to it: it ends by itself.
    pub fn said_by_itself(mut self) -> Said {
        let open = self.child.as_mut().and_then(|child| child.stdin.take());
        let said = self.said();
        drop(open);
        said
    }

    /// What it said, once it is over.
    pub fn said(mut self) -> Said {
        let child = self.child.take().expect("it ran");
        let Output { status, stdout, stderr } = child.wait_with_output().expect("its end");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("UTF-8");
            text.replace(&format!("{}/", self.folder), "").replace(&self.folder, "FOLDER").replace(PROGRAM, "callgate")
        };
        Said { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

fn line_of(pipe: &mut impl Read) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while pipe.read(&mut byte).expect("a byte") == 1 && byte != [b'\n'] {
        line.extend(byte);
    }
    String::from_utf8(line).expect("UTF-8")
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Ended already, most often.
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

impl Said {
    /// The exit code, and everything as a person would see it.
    pub fn whole(&self) -> String {
        let code = self.code.expect("an exit code");
        format!("exit {code}\n--- stdout\n{}--- stderr\n{}", masked(&self.stdout), masked(&self.stderr))
    }

    pub fn check(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// Without what differs from run to run: ids, moments, ports.
fn masked(text: &str) -> String {
    let mut shown = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, shown: &mut String| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let is_id = word.len() == 36 && word.matches('-').count() == 4;
        let is_moment = word.len() > 18 && word.contains('T') && word.ends_with('Z') && digits > 13;
        shown.push_str(match () {
            () if is_id => "CALL_ID",
            () if is_moment => "MOMENT",
            () if word.starts_with("req_") => "REQUEST_ID",
            () => word,
        });
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-_:.".contains(c) {
            word.push(c);
        } else {
            flush(&mut word, &mut shown);
            shown.push(c);
        }
    }
    flush(&mut word, &mut shown);
    shown
}
