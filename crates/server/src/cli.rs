//! The command line: what is typed, and what comes back on stdout, stderr and as exit code.
//!
//! One file a noun. `serve` runs the gateway; the rest speak HTTP to a running one, or read the configuration.

mod agents;
mod body;
mod call;
mod calls;
mod client;
mod completions;
mod config;
mod confirm;
mod connections;
mod console;
mod db;
mod dev;
mod doctor;
mod exchange;
mod export;
mod follow;
mod key;
mod keys;
mod listen;
#[cfg(feature = "mcp")]
mod mcp;
mod openapi;
mod out;
mod pause;
mod progress;
mod refusal;
mod serve;
mod spinner;
mod stream;
mod table;
mod watch;
mod webhooks;

use std::path::PathBuf;
use std::process::ExitCode;

use callgate_domain::model::nearest::nearest;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand};

use self::out::Out;
use crate::failure::{Exit, Failure};
use crate::{NAME, hint};

/// What most people came for.
const WELCOME: &str = "\
A call gateway for voice agents: one HTTP API in front of every voice provider.

  serve     run the gateway: API, docs and background work
  call      place a call: call +12025550101 --agent akylai --watch
  calls     list, get, watch and cancel calls
  webhooks  be told of calls, and see what became of it
  console   a link to what people see in the browser
  config    write, check and show the configuration

Every command has examples: add --help.
";

/// A call gateway for voice agents.
#[derive(Debug, Parser)]
#[command(name = NAME, version, max_term_width = 80)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Print the API's JSON, one document (or one a line, where it goes on)
    #[arg(long, global = true)]
    pub json: bool,
    /// Print the answer alone, no notes
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say why; twice for the exchange
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// No colours
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Never ask
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Which server [env: CALLGATE_URL] [default: http://127.0.0.1:8010]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Call(call::Call),
    #[command(subcommand)]
    Calls(calls::Calls),
    #[command(subcommand)]
    Agents(agents::Agents),
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    #[command(subcommand)]
    Connections(connections::Connections),
    #[command(subcommand)]
    Keys(keys::Keys),
    Listen(listen::Listen),
    Console(console::Console),
    Pause(pause::Pause),
    Resume(pause::Resume),
    #[command(subcommand)]
    Config(config::Configuration),
    #[command(subcommand)]
    Db(db::Db),
    #[command(subcommand)]
    Dev(dev::Dev),
    Doctor(doctor::Doctor),
    #[command(name = "openapi")]
    OpenApi(openapi::OpenApi),
    #[cfg(feature = "mcp")]
    Mcp(mcp::Mcp),
    Completions(completions::Completions),
}

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    let out = Out::new(&cli.global);
    let Some(command) = cli.command else {
        out.answer(WELCOME.trim_end());
        return Exit::Done.into();
    };
    match command.run(&cli.global, &out) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            out.failure(&failure);
            failure.exit.into()
        }
    }
}

impl Command {
    fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        match self {
            Self::Serve(serve) => serve.run(global),
            Self::Config(config::Configuration::Reload) => block_on(config::reload(global, out)),
            Self::Config(configuration) => configuration.run(global, out),
            Self::Connections(connections) => block_on(connections.run(global, out)),
            Self::Dev(dev) => block_on(dev.run(global, out)),
            Self::Db(db) => db.run(global, out),
            Self::Call(call) => block_on(call.run(global, out)),
            Self::Calls(calls) => block_on(calls.run(global, out)),
            Self::Agents(agents) => block_on(agents.run(global, out)),
            Self::Keys(keys) => block_on(keys.run(global, out)),
            Self::Console(console) => block_on(console.run(global, out)),
            Self::Listen(listen) => block_on(listen.run(global, out)),
            Self::Webhooks(webhooks) => block_on(webhooks.run(global, out)),
            Self::Pause(pause) => block_on(pause.run(global, out)),
            Self::Resume(resume) => block_on(resume.run(global, out)),
            Self::Doctor(doctor) => block_on(doctor.run(global, out)),
            Self::OpenApi(openapi) => openapi.run(out),
            #[cfg(feature = "mcp")]
            Self::Mcp(mcp) => block_on(mcp.run(global, out)),
            Self::Completions(completions) => completions.run(out),
        }
    }
}

/// Runs a command that speaks HTTP. Ctrl-C ends it, whatever it awaits; what has more to say then says so itself.
fn block_on(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Other, format!("nothing can be awaited here: {error}")))?;
    let done = runtime.block_on(async {
        tokio::select! {
            biased;
            done = command => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
        }
    });
    // What still blocks a thread (a database that says nothing, stdin) is waited for by nobody.
    runtime.shutdown_background();
    done
}

/// Help and version go to stdout; a mistake to stderr, with the nearest command where one is near.
fn misread(error: &clap::Error) -> ExitCode {
    let _printed = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done.into(),
        ErrorKind::InvalidSubcommand => {
            suggest(error);
            Exit::Usage.into()
        }
        _ => Exit::Usage.into(),
    }
}

fn suggest(error: &clap::Error) {
    // clap suggests by itself where it finds one.
    if error.get(ContextKind::SuggestedSubcommand).is_some() {
        return;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return };
    let command = Cli::command();
    if let Some(meant) = nearest(typed, command.get_subcommands().map(clap::Command::get_name)) {
        out::note_to_stderr(&format!("  Did you mean: {}", hint::command(meant)));
    }
}
