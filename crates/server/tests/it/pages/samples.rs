//! Every sample that the docs show does what the docs say: each is run as it is shown, against a running gateway.
//!
//! A language that is not on this machine is said in one line and left out, which fails where `CALLGATE_REQUIRE_RECEIVERS=1`.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use super::markdown;
use crate::harness::{KEY, Server};

/// A language: as the page names it, what runs a file of it, what only reads one.
struct Language {
    name: &'static str,
    program: &'static str,
    file: &'static str,
    reads: &'static [&'static str],
    /// The whole receiver of webhooks, which others run.
    receiver: &'static str,
}

const LANGUAGES: [Language; 3] = [
    Language { name: "sh", program: "bash", file: "sample.sh", reads: &["-n"], receiver: "" },
    Language {
        name: "js",
        program: "node",
        file: "sample.mjs",
        reads: &["--check"],
        receiver: include_str!("../../../../../docs/webhooks/receiver.mjs"),
    },
    Language {
        name: "python",
        program: "python3",
        file: "sample.py",
        reads: &["-m", "py_compile"],
        receiver: include_str!("../../../../../docs/webhooks/receiver.py"),
    },
];

/// The samples of one language on the page: title and text.
fn shown(page: &str, language: &str) -> Vec<(String, String)> {
    let start = format!("```{language} title=\"");
    let blocks = page.split(&start).skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.filter_map(|block| block.split_once("\"\n")).map(|(title, text)| (title.to_owned(), text.to_owned())).collect()
}

fn run(language: &Language, folder: &Path, text: &str, before: &[&str]) -> Output {
    let file = folder.join(language.file);
    std::fs::write(&file, text).expect("a file");
    let mut command = Command::new(language.program);
    command.args(before).arg(&file).current_dir(folder).env("CALLGATE_KEY", KEY).env("NO_PROXY", "*").env("no_proxy", "*");
    command.output().expect("it runs")
}

fn is_here(language: &Language) -> bool {
    let here = Command::new(language.program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !here {
        assert!(std::env::var_os("CALLGATE_REQUIRE_RECEIVERS").is_none_or(|wanted| wanted != "1"), "no {}", language.program);
        eprintln!("Samples are not run with {}: it is not here.", language.program);
    }
    here
}

/// The id that an output holds.
fn id_in(output: &str) -> String {
    let of_id = |c: char| c.is_ascii_hexdigit() || c == '-';
    let id = output.split(|c| !of_id(c)).find(|word| word.len() == 36);
    id.unwrap_or_else(|| panic!("no id: {output}")).to_owned()
}

async fn check(server: &Server, title: &str, output: &str) {
    let has = |words: &[&str]| words.iter().all(|word| output.contains(word));
    match title {
        "Your key, for the samples below" => assert_eq!(output, ""),
        "Create a call" => {
            let call = server.read(&format!("/v1/calls/{}", id_in(output))).await;
            assert_eq!((&call["phone"], &call["agent"]), (&json!("+996700000000"), &json!("akylai")));
        }
        "Read call state" => assert!(has(&["completed", "agent: ", "8"]), "{output}"),
        "Agents" => assert!(has(&["akylai", "AkylAI", "altai"]), "{output}"),
        "Post a result" => assert!(has(&["parked"]), "{output}"),
        "Be told" => assert!(has(&["whsec_"]), "{output}"),
        "All three steps" => assert!(has(&["completed", "agent: Hello"]), "{output}"),
        agent => {
            let call = server.read(&format!("/v1/calls/{}", id_in(output))).await;
            assert_eq!(call["agent"], agent, "a sample that nobody checks: {title}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the test's own runtime has several threads")]
async fn every_sample_does_what_the_page_says() {
    for language in LANGUAGES.iter().filter(|language| is_here(language)) {
        let server = Server::working().await;
        let over = server.create(&json!({"phone": "+12025550101", "agent": "akylai"})).await;
        server.ended(&over).await;
        let folder = tempfile::tempdir().expect("a folder");
        let samples = shown(&markdown(&server).await, language.name);
        assert!(samples.len() >= 6, "{}", language.name);
        for (title, text) in samples {
            let what = format!("{title}, {}", language.name);
            let is_receiver = title == "Verify what comes";
            if is_receiver {
                assert_eq!(text, language.receiver.trim_end(), "{what}");
            }
            let text = text.replace("YOUR_CALL_ID", &over);
            let before = if is_receiver { language.reads } else { &[] };
            let output = tokio::task::block_in_place(|| run(language, folder.path(), &text, before));
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let fault = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{what}: {said}\n{fault}");
            if !is_receiver {
                check(&server, &title, &said).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the test's own runtime has several threads")]
async fn a_sample_that_is_refused_says_so() {
    for language in LANGUAGES.iter().filter(|language| is_here(language)) {
        let server = Server::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        for (title, text) in shown(&markdown(&server).await, language.name) {
            if !matches!(title.as_str(), "Create a call" | "All three steps") {
                continue;
            }
            let text = text.replace("+996700000000", "700000000");
            let output = tokio::task::block_in_place(|| run(language, folder.path(), &text, &[]));
            let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(said.contains("422"), "{title}, {}: {said}", language.name);
        }
    }
}
