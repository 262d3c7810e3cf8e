//! The rules of docs/ARCHITECTURE.md that a machine can check: who may know whom, where things may stand, how long files
//! are. `deny.toml` checks the rest of the dependencies.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file and what is in it, its path from the repository's root.
struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository's root")
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root().join("crates"), &mut found);
    assert!(found.len() > 50, "the walk found the tree");
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            found.push(Source { path: name, text: fs::read_to_string(&path).expect("a source file") });
        }
    }
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.contains("/testing/") || self.path.ends_with("tests.rs")
    }

    /// What stands before the unit tests of the file.
    fn code(&self) -> String {
        let code = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }
}

/// In `folder`, none of `words` may stand, except in files whose path holds one of `but`.
fn check(folder: &str, words: &[&str], but: &[&str], why: &str) {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| {
            source.path.starts_with(folder) && !source.is_test() && !but.iter().any(|part| source.path.contains(part))
        })
        .flat_map(|source| {
            let code = source.code();
            words.iter().filter(|word| code.contains(**word)).map(|word| format!("{}: {word}", source.path)).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{why}:\n{}", wrong.join("\n"));
}

#[test]
fn the_model_knows_nothing_of_ours() {
    check(
        "crates/domain/src/model",
        &["crate::ports", "crate::usecases", "crate::testing", "async fn"],
        &[],
        "the model is pure",
    );
}

#[test]
fn ports_know_the_model_only() {
    check("crates/domain/src/ports", &["crate::usecases", "crate::testing"], &[], "ports know the model only");
}

#[test]
fn the_domain_serializes_nothing_and_knows_no_framework() {
    let words = [
        "serde::",
        "Serialize",
        "Deserialize",
        "tokio::",
        "actix",
        "diesel",
        "reqwest",
        "tracing::",
        "std::fs",
        "std::net",
        "std::env",
    ];
    check("crates/domain/src", &words, &[], "the domain does no I/O and knows no framework");
}

#[test]
fn store_and_providers_do_not_know_one_another() {
    check("crates/adapters/src/store", &["crate::providers", "crate::outbound"], &[], "the store knows no provider");
    check("crates/adapters/src/providers", &["crate::store", "crate::outbound", "diesel"], &[], "providers know no store");
}

#[test]
fn no_provider_folder_imports_another() {
    let folders: Vec<String> = fs::read_dir(root().join("crates/adapters/src/providers"))
        .expect("the providers")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("mod.rs").exists())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert!(folders.len() >= 2);
    for folder in &folders {
        for other in folders.iter().filter(|other| *other != folder) {
            let inside = format!("crates/adapters/src/providers/{folder}/");
            check(
                &inside,
                &[&format!("providers::{other}::"), &format!("super::{other}::")],
                &[],
                "a provider is a folder of its own",
            );
        }
    }
}

#[test]
fn sql_stands_in_the_store_only() {
    check("crates/", &["diesel::", "on_backend!"], &["adapters/src/store"], "SQL stands in adapters/src/store");
    let particular = ["sql_query", "for_update", "dsl::sql"];
    check(
        "crates/adapters/src/store",
        &particular,
        &["store/dialect.rs"],
        "what is particular to one database stands in dialect.rs",
    );
}

#[test]
fn status_codes_stand_in_http_only() {
    check(
        "crates/server/src",
        &["StatusCode::", "HttpResponse"],
        &["server/src/http", "server/src/cli"],
        "status codes stand in server/src/http",
    );
}

#[test]
fn a_webhook_is_called_authentic_in_three_places_only() {
    let but = ["/signature.rs", "server/src/http/", "adapters/src/store/rows/inbox.rs", "domain/src/ports/provider.rs"];
    check("crates/", &["Authentic::verified"], &but, "an unverified webhook cannot be read");
}

#[test]
fn only_apply_changes_a_calls_state() {
    check(
        "crates/",
        &[".state = "],
        &["domain/src/model/call/", "store/statements.rs"],
        "Call::apply is the only way a call changes",
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> =
        sources().into_iter().filter(|source| !source.text.starts_with("//!")).map(|source| source.path).collect();
    assert!(silent.is_empty(), "these open without a //! line:\n{}", silent.join("\n"));
}

#[test]
fn files_are_short_and_have_a_subject() {
    for source in sources() {
        let lines = source.text.lines().count();
        let limit = if source.is_test() || source.text.contains("#[cfg(test)]") { 800 } else { 600 };
        assert!(lines <= limit, "{} has {lines} lines; look for the second subject", source.path);
        for word in ["util", "common", "helper", "manager", "misc"] {
            let name = Path::new(&source.path).file_stem().expect("a name").to_string_lossy();
            assert!(!name.contains(word), "{}: a thing that has no home has not been understood", source.path);
        }
    }
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    for source in sources().iter().filter(|source| !source.path.ends_with("house.rs")) {
        assert!(
            !source.text.contains("#[allow") && !source.text.contains("#![allow"),
            "{}: write #[expect(.., reason = ..)]",
            source.path
        );
    }
}

#[test]
fn crates_depend_on_what_the_house_permits() {
    let domain = [
        "anyhow",
        "async-trait",
        "jiff",
        "mockall",
        "rlibphonenumber",
        "secrecy",
        "serde_json",
        "sha2",
        "futures-util",
        "strsim",
        "subtle",
        "thiserror",
        "uuid",
    ];
    for name in dependencies("domain") {
        assert!(domain.contains(&name.as_str()), "domain may not depend on {name}");
    }
    for name in dependencies("adapters") {
        assert!(!name.starts_with("actix") && name != "callgate", "adapters may not depend on {name}");
    }
    for name in dependencies("server") {
        assert!(!name.starts_with("diesel") && name != "r2d2", "server may not depend on {name}: it asks adapters");
    }
}

fn dependencies(of: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(format!("crates/{of}/Cargo.toml"))).expect("a manifest");
    let table: toml::Table = manifest.parse().expect("TOML");
    table["dependencies"].as_table().expect("a table").keys().cloned().collect()
}

#[test]
fn the_program_is_built_without_crash_points() {
    let manifest = fs::read_to_string(root().join("crates/server/Cargo.toml")).expect("a manifest");
    let table: toml::Table = manifest.parse().expect("TOML");
    let default = table["features"]["default"].as_array().expect("a list");
    assert!(default.iter().all(|feature| matches!(feature.as_str(), Some("pq-bundled" | "explorer" | "mcp"))), "{default:?}");
    for recipe in ["Dockerfile", "justfile", "docker-compose.yml"] {
        let text = fs::read_to_string(root().join(recipe)).expect("a recipe");
        assert!(!text.contains("crash-points") && !text.contains("all-features"), "{recipe}");
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(root().join("migrations").join(database))
            .expect("migrations")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
