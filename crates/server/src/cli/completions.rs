//! `callgate completions`: what a shell needs to complete commands and flags.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::Cli;
use super::out::Out;
use crate::NAME;
use crate::failure::{Exit, Failure};

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  callgate completions bash > ~/.local/share/bash-completion/completions/callgate\n  callgate completions zsh > \"${fpath[1]}/_callgate\"\n  callgate completions fish > ~/.config/fish/completions/callgate.fish\n"
)]
pub struct Completions {
    /// Whose
    shell: Shell,
}

impl Completions {
    /// Prints it.
    pub fn run(self, out: &Out) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), NAME, &mut script);
        out.answer(String::from_utf8_lossy(&script).trim_end());
        Ok(Exit::Done)
    }
}
