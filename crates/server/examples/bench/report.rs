//! What was measured, beside its goals: on the terminal, and as JSON for the picture.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// How good a figure has to be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// More is better.
    AtLeast(f64),
    /// Less is better.
    AtMost(f64),
}

/// One figure.
pub struct Figure {
    /// Its row in the goals; several figures may share one.
    pub row: u8,
    /// What was measured.
    pub name: String,
    pub value: f64,
    /// Nothing for a ratio.
    pub unit: &'static str,
    pub goal: Option<Goal>,
}

impl Figure {
    /// A ratio that should not be less than its goal.
    pub fn ratio(row: u8, name: impl Into<String>, value: f64, at_least: Option<f64>) -> Self {
        Self { row, name: name.into(), value, unit: "", goal: at_least.map(Goal::AtLeast) }
    }

    /// A figure that should not be more than its goal.
    pub fn at_most(row: u8, name: impl Into<String>, value: f64, unit: &'static str, most: f64) -> Self {
        Self { row, name: name.into(), value, unit, goal: Some(Goal::AtMost(most)) }
    }

    fn is_missed(&self) -> bool {
        match self.goal {
            // What could not be measured has not met its goal either.
            Some(Goal::AtLeast(goal)) => self.value.is_nan() || self.value < goal,
            Some(Goal::AtMost(goal)) => self.value.is_nan() || self.value > goal,
            None => false,
        }
    }

    fn json(&self) -> Value {
        let (better, goal) = match self.goal {
            Some(Goal::AtLeast(goal)) => (Some("more"), Some(goal)),
            Some(Goal::AtMost(goal)) => (Some("less"), Some(goal)),
            None => (None, None),
        };
        json!({ "row": self.row, "name": self.name, "value": self.value, "unit": self.unit, "goal": goal, "better": better,
            "missed": self.is_missed() })
    }
}

/// Prints figures beside their goals and keeps them in `target/bench/<part>.json`; says whether all goals are met.
pub fn tell(part: &str, what: &str, figures: &[Figure]) -> Result<bool> {
    let mut out = std::io::stdout();
    writeln!(out, "\n{what:<58}{:>12}  {:>12}", "figure", "goal")?;
    for figure in figures {
        let unit = if figure.unit.is_empty() { String::new() } else { format!(" {}", figure.unit) };
        let goal = match figure.goal {
            Some(Goal::AtLeast(goal)) => format!(">= {goal:.2}{unit}"),
            Some(Goal::AtMost(goal)) => format!("<= {goal:.2}{unit}"),
            None => "-".to_owned(),
        };
        let value = format!("{:.2}{unit}", figure.value);
        writeln!(out, "{:<58}{value:>12}  {goal:>12}{}", figure.name, if figure.is_missed() { "  missed" } else { "" })?;
    }
    let kept = json!({ "part": part, "what": what, "version": env!("CARGO_PKG_VERSION"),
        "figures": figures.iter().map(Figure::json).collect::<Vec<_>>() });
    std::fs::write(folder()?.join(format!("{part}.json")), format!("{kept:#}\n"))?;
    Ok(!figures.iter().any(Figure::is_missed))
}

/// `target/bench`, where everything lies that a benchmark leaves or needs.
pub fn folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.ancestors().nth(3).context("the target folder")?.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
