//! The gateway beside the same done plainly: FastAPI with SQLAlchemy, and Node with better-sqlite3.
//!
//! Their sources stand in `peers/`; what they need is installed under `target/bench/peers`, once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use callgate_adapters::testing::postgres;

use crate::load::{Ask, Load, Measured, run as loaded};
use crate::median;
use crate::place::Place;
use crate::report::{self, Figure};
use crate::server::{Server, Workers};

/// Rounds that count; one more before them warms up.
const ROUNDS: usize = 5;
const RUN: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 64;
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bench/peers");
const FASTAPI: &str = "FastAPI";
const NODE: &str = "Node";

/// One that is measured beside the gateway.
struct Peer {
    name: &'static str,
    server: Server,
    /// The least that the gateway's rate is of its own: to create, to read.
    goals: [Option<f64>; 2],
}

/// Measures both databases; says whether all goals are met. A peer whose language is not installed is left out.
pub async fn run() -> Result<bool> {
    let mut out = std::io::stdout();
    let (python, node) = (python(), node());
    for missing in [python.as_ref().err(), node.as_ref().err()].into_iter().flatten() {
        writeln!(out, "A peer is not measured: {missing:#}")?;
    }
    let (python, node) = (python.ok(), node.ok());
    let mut figures = Vec::new();
    let place = Place::new(None)?;
    let file = place.folder.join("peer.db");
    let mut peers = Vec::new();
    if let Some(python) = &python {
        let url = format!("sqlite:///{}", file.display());
        peers.push(Peer { name: FASTAPI, server: fastapi(python, &url).await?, goals: [Some(40.0), Some(40.0)] });
    }
    if let Some(modules) = &node {
        let server = plain_node(modules, &place.folder.join("node.db")).await?;
        peers.push(Peer { name: NODE, server, goals: [None, None] });
    }
    figures.extend(beside("SQLite", &place, peers).await?);
    if let Some((python, (ours, theirs))) = python.zip(postgres::fresh_database().zip(postgres::fresh_database())) {
        let place = Place::new(Some(ours))?;
        let url =
            theirs.replacen("postgresql://", "postgresql+psycopg://", 1).replacen("postgres://", "postgresql+psycopg://", 1);
        let peer = Peer { name: FASTAPI, server: fastapi(&python, &url).await?, goals: [Some(25.0), None] };
        figures.extend(beside("Postgres", &place, vec![peer]).await?);
    }
    report::tell("peers", "callgate : the same done plainly, 64 connections", &figures)
}

async fn beside(database: &str, place: &Place, peers: Vec<Peer>) -> Result<Vec<Figure>> {
    let ours = Server::callgate(place, Workers::Off).await?;
    let mut figures = Vec::new();
    for (nth, what) in ["create", "read by id"].into_iter().enumerate() {
        let mut ratios: Vec<Vec<f64>> = peers.iter().map(|_| Vec::new()).collect();
        for round in 0..=ROUNDS {
            let mut told = String::new();
            let gateway = once(&ours, what).await?.rate;
            for (peer, ratios) in peers.iter().zip(&mut ratios) {
                let Measured { rate, p50_ms, .. } = once(&peer.server, what).await.with_context(|| peer.name)?;
                told += &format!("   {} {rate:>6.0}/s p50 {p50_ms:.1} ms, {:.1} times", peer.name, gateway / rate);
                if round > 0 {
                    ratios.push(gateway / rate);
                }
            }
            if round > 0 {
                writeln!(std::io::stdout(), "{database}: {what}, round {round}   callgate {gateway:>6.0}/s{told}")?;
            }
        }
        for (peer, ratios) in peers.iter().zip(ratios) {
            let goal = peer.goals.get(nth).copied().flatten();
            figures.push(Figure::ratio(8, format!("{database}: {what} : {}", peer.name), median(ratios), goal));
        }
    }
    Ok(figures)
}

async fn once(server: &Server, what: &str) -> Result<Measured> {
    let ask = if what == "create" { Ask::Create } else { Ask::Read(server.place("+996700000000").await?) };
    loaded(Load::of(server, ask, CONNECTIONS, RUN)).await
}

async fn fastapi(python: &Path, url: &str) -> Result<Server> {
    let mut command = Command::new(python);
    command.arg("app.py").current_dir(format!("{SOURCES}/fastapi")).env("DATABASE_URL", url).env("PYTHONDONTWRITEBYTECODE", "1");
    Server::other(&mut command, &report::folder()?.join("peers/python.log")).await
}

async fn plain_node(modules: &Path, file: &Path) -> Result<Server> {
    let mut command = Command::new("node");
    // A script finds modules beside itself.
    std::fs::copy(format!("{SOURCES}/node/server.js"), modules.join("server.js"))?;
    command.arg("server.js").current_dir(modules).env("DATABASE_PATH", file);
    Server::other(&mut command, &report::folder()?.join("peers/node.log")).await
}

/// A Python that has what the peer needs.
fn python() -> Result<PathBuf> {
    let folder = report::folder()?.join("peers/python");
    let python = folder.join("bin/python");
    if !python.exists() {
        done(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let wanted = format!("{SOURCES}/fastapi/requirements.txt");
    done(Command::new(&python).args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "-r", &wanted]))?;
    Ok(python)
}

/// A folder that has what the peer needs. What it builds takes minutes where no build fits, so it is done once.
fn node() -> Result<PathBuf> {
    let folder = report::folder()?.join("peers/node");
    std::fs::create_dir_all(&folder)?;
    let (wanted, there) = (format!("{SOURCES}/node/package.json"), folder.join("package.json"));
    if !folder.join("node_modules/better-sqlite3/build").exists() || std::fs::read(&wanted)? != std::fs::read(&there)? {
        std::fs::copy(wanted, there)?;
        done(Command::new("npm").args(["install", "--no-fund", "--no-audit"]).current_dir(&folder))?;
    }
    Ok(folder)
}

fn done(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}
