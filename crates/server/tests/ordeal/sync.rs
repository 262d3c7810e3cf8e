//! Power loss, which no kill can show: a trace of the system calls says whether what was confirmed was on the disk.
//!
//! Needs `strace`; without it one line says that this is not run, and `CALLGATE_REQUIRE_STRACE=1` makes it fail.
//! `CALLGATE_SYNC_REQUESTS` says how many calls are asked for.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::judge::{setting, tell};
use crate::process::Site;

/// What a line of the trace is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// A request was read.
    Asked,
    /// Something was written to the log of changes.
    Wrote,
    /// A sync of that log begins.
    SyncBegan,
    /// A sync of it has succeeded.
    Synced,
    /// A call is confirmed.
    Confirmed,
}

/// The events of a trace in their order; a system call that was interrupted by another thread stands on two lines.
fn events(trace: &str) -> Vec<Event> {
    let mut unfinished: HashMap<&str, bool> = HashMap::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        if is_sync && call.contains("-wal>") {
            events.push(Event::SyncBegan);
            if call.contains("<unfinished") {
                unfinished.insert(thread, true);
            } else if call.ends_with("= 0") {
                events.push(Event::Synced);
            }
        } else if call.contains("sync resumed>") {
            if unfinished.remove(thread).is_some() && call.ends_with("= 0") {
                events.push(Event::Synced);
            }
        } else if call.contains("-wal>") && call.contains("write") {
            events.push(Event::Wrote);
        } else if call.contains("\"POST /v1/calls ") {
            events.push(Event::Asked);
        } else if call.contains("\"HTTP/1.1 201 ") {
            events.push(Event::Confirmed);
        }
    }
    events
}

/// How many confirmations stand in a trace of requests that came one after the other, and which of them came before
/// everything written for them was synced.
fn judged(trace: &str) -> (usize, Vec<usize>) {
    let (mut written, mut in_sync, mut synced) = (0_u32, 0, 0);
    let (mut at_the_request, mut confirmed, mut early) = (0, 0, Vec::new());
    for event in events(trace) {
        match event {
            Event::Asked => at_the_request = written,
            Event::Wrote => written += 1,
            Event::SyncBegan => in_sync = written,
            Event::Synced => synced = in_sync,
            Event::Confirmed => {
                if written == at_the_request || synced < written {
                    early.push(confirmed);
                }
                confirmed += 1;
            }
        }
    }
    (confirmed, early)
}

fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let can = tried.is_ok_and(|status| status.success());
    let required = std::env::var("CALLGATE_REQUIRE_STRACE").is_ok_and(|required| required == "1");
    assert!(can || !required, "CALLGATE_REQUIRE_STRACE=1, but strace cannot trace here");
    can
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_confirmed_before_it_is_on_the_disk() {
    if !can_trace() {
        return tell("No strace: whether a sync precedes each confirmation is not checked. Install it, and let it trace.");
    }
    let requests: usize = setting("CALLGATE_SYNC_REQUESTS", 100);
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let calls = "trace=read,recvfrom,write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync";
    let mut site = Site::new(folder.path());
    // As a grandchild: what is started stays the program itself.
    let strace = ["strace", "-D", "-f", "-y", "-s", "48", "-o", &trace.to_string_lossy(), "-e", calls].map(str::to_owned);
    (site.through, site.further) = (strace.to_vec(), vec!["--workers".to_owned(), "off".to_owned()]);
    site.configure("");
    let process = site.start().await;
    for index in 0..requests {
        process.place(&format!("+996700{index:06}"), "akylai").await;
    }
    assert_eq!(process.stop().await, Some(0));
    let mut text = String::new();
    for _ in 0..400 {
        text = String::from_utf8_lossy(&std::fs::read(&trace).expect("a trace")).into_owned();
        if text.trim_end().ends_with("+++ exited with 0 +++") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let (confirmed, early) = judged(&text);
    tell(&format!("power loss: {confirmed} calls confirmed, {} of them before their sync", early.len()));
    assert_eq!((confirmed, early.as_slice()), (requests, [].as_slice()));
}

#[test]
fn a_confirmation_before_its_sync_would_be_seen() {
    let (asked, wrote) =
        ("7 recvfrom(9<TCP:[1]>, \"POST /v1/calls HTTP\"..., 1) = 1", "8 pwrite64(5</d/callgate.db-wal>, \"\"..., 1, 0) = 1");
    let (synced, confirmed) =
        ("8 fdatasync(5</d/callgate.db-wal>) = 0", "7 sendto(9<TCP:[1]>, \"HTTP/1.1 201 Created\"..., 1) = 1");
    let (begins, ends) = ("8 fdatasync(5</d/callgate.db-wal> <unfinished ...>", "8 <... fdatasync resumed>) = 0");
    let check = |lines: &[&str], early: &[usize]| assert_eq!(judged(&lines.join("\n")), (1, early.to_vec()), "{lines:#?}");
    check(&[asked, wrote, synced, confirmed], &[]);
    check(&[asked, wrote, begins, ends, confirmed], &[]);
    check(&[asked, wrote, confirmed, synced], &[0]);
    check(&[asked, wrote, begins, confirmed, ends], &[0]);
    check(&[asked, begins, wrote, ends, confirmed], &[0]);
    check(&[wrote, synced, asked, confirmed], &[0]);
    check(&[asked, wrote, synced, wrote, confirmed], &[0]);
    check(&[asked, wrote, "8 fdatasync(5</d/callgate.db-wal>) = -1 EIO", confirmed], &[0]);
}
