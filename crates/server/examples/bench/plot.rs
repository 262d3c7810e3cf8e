//! `just bench-plot`: docs/performance.svg from what the benchmarks left in `target/bench`.
//!
//! One bar a figure: how much of its goal it reaches, on a scale that doubles, since figures lie far apart.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::report;

const PARTS: [&str; 5] = ["beside", "dispatch", "flush", "size", "peers"];
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.svg");

/// Pixels.
const WIDTH: f64 = 860.0;
const LEFT: f64 = 352.0;
const BARS: f64 = 340.0;
const LINE: f64 = 22.0;
/// From an eighth of the goal to twice the goal.
const LEAST: f64 = -3.0;
const MOST: f64 = 1.0;

/// Readable where pages are light and where they are dark: the picture has no ground of its own.
const STYLE: &str = "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2328}.dim{fill:#59636e}\
    .head{font-weight:600}.met{fill:#2a8a5f}.missed{fill:#c9752d}.rail{fill:#8b949e;fill-opacity:.16}\
    .goal{stroke:#1f2328;stroke-width:2}.grid{stroke:#8b949e;stroke-opacity:.35}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9198a1}.goal{stroke:#e6edf3}.met{fill:#3fb27f}.missed{fill:#e0904a}}";

/// Draws all parts that were measured.
pub fn draw() -> Result<()> {
    let mut body = String::new();
    let mut y = 44.0;
    for part in PARTS {
        let Ok(text) = std::fs::read_to_string(report::folder()?.join(format!("{part}.json"))) else { continue };
        let kept: Value = serde_json::from_str(&text).with_context(|| format!("{part}.json"))?;
        let figures: Vec<Bar> = kept.get("figures").and_then(Value::as_array).into_iter().flatten().filter_map(Bar::of).collect();
        if figures.is_empty() {
            continue;
        }
        y += 12.0;
        let title = kept.get("what").and_then(Value::as_str).unwrap_or(part);
        writeln!(body, r#"<text class="head" x="12" y="{:.0}">{}</text>"#, y + 15.0, escaped(title))?;
        y += LINE;
        for bar in figures {
            bar.draw(&mut body, y)?;
            y += LINE;
        }
    }
    ensure!(!body.is_empty(), "nothing was measured yet");
    let height = y + 14.0;
    let mut grid = String::new();
    for (power, label) in [(-3.0, "1/8"), (-2.0, "1/4"), (-1.0, "1/2"), (0.0, "goal"), (1.0, "2x")] {
        let (x, class) = (place(power), if power == 0.0 { "goal" } else { "grid" });
        writeln!(grid, r#"<text class="dim" x="{x:.0}" y="22" text-anchor="middle">{label}</text>"#)?;
        writeln!(grid, r#"<line class="{class}" x1="{x:.0}" x2="{x:.0}" y1="30" y2="{:.0}"/>"#, height - 8.0)?;
    }
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-label=\"Each figure beside its goal\">\n<style>{STYLE}</style>\n{body}{grid}</svg>\n"
    );
    std::fs::write(PICTURE, svg)?;
    Ok(writeln!(std::io::stdout(), "docs/performance.svg")?)
}

/// One figure that has a goal.
struct Bar {
    name: String,
    /// What was measured, and what it should be.
    told: String,
    /// Twice the goal is 1, half of it -1.
    power: f64,
    is_missed: bool,
}

impl Bar {
    fn of(figure: &Value) -> Option<Self> {
        let (value, goal) = (figure.get("value")?.as_f64()?, figure.get("goal")?.as_f64()?);
        let is_more = figure.get("better")?.as_str()? == "more";
        let (sign, reached) = if is_more { ("≥", value / goal) } else { ("≤", goal / value) };
        // What should be at most so much and is less than nothing is as good as can be.
        let power = if reached <= 0.0 { MOST } else { reached.log2() };
        let unit = figure.get("unit")?.as_str()?;
        Some(Self {
            name: figure.get("name")?.as_str()?.to_owned(),
            told: format!("{} {unit} ({sign} {})", short(value), short(goal)).replace("  ", " "),
            power: power.clamp(LEAST, MOST),
            is_missed: figure.get("missed")?.as_bool()?,
        })
    }

    fn draw(&self, out: &mut String, y: f64) -> Result<()> {
        let (class, text) = (if self.is_missed { "missed" } else { "met" }, y + 15.0);
        let missed = if self.is_missed { ", missed" } else { "" };
        writeln!(out, r#"<text x="{:.0}" y="{text:.0}" text-anchor="end">{}</text>"#, LEFT - 10.0, escaped(&self.name))?;
        writeln!(out, r#"<rect class="rail" x="{LEFT}" y="{:.0}" width="{BARS}" height="14" rx="2"/>"#, y + 4.0)?;
        let width = (place(self.power) - LEFT).max(2.0);
        writeln!(out, r#"<rect class="{class}" x="{LEFT}" y="{:.0}" width="{width:.1}" height="14" rx="2"/>"#, y + 4.0)?;
        writeln!(out, r#"<text class="dim" x="{:.0}" y="{text:.0}">{}{missed}</text>"#, LEFT + BARS + 10.0, self.told)?;
        Ok(())
    }
}

fn place(power: f64) -> f64 {
    LEFT + (power - LEAST) / (MOST - LEAST) * BARS
}

fn short(figure: f64) -> String {
    if figure.abs() < 10.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
