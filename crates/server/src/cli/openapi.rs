//! `callgate openapi`: the API's description, from this program itself. No server has to run.

use clap::Args;

use super::out::Out;
use crate::failure::{Exit, Failure};
use crate::http::openapi;

/// Print the API description (OpenAPI 3.1) that the server serves
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  callgate openapi > openapi.json\n")]
pub struct OpenApi {
    /// The same as YAML
    #[arg(long, conflicts_with = "json")]
    yaml: bool,
}

impl OpenApi {
    /// Prints it.
    pub fn run(self, out: &Out) -> Result<Exit, Failure> {
        let text = if self.yaml {
            let yaml = openapi::described().to_yaml();
            yaml.map_err(|error| Failure::new(Exit::Other, "the description cannot be written as YAML").because(&error))?
        } else {
            openapi::text()
        };
        out.answer(text.trim_end());
        Ok(Exit::Done)
    }
}
