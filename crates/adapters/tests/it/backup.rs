//! A copy of a SQLite database in a file: whole, stamped, for its owner alone, and never over something else.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must say so at once")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use callgate_adapters::store::{self, Look, OpenError};
use callgate_adapters::testing::postgres;
use callgate_domain::model::Quota;
use callgate_domain::model::moment::to_micros;
use callgate_domain::ports::{CopyError, Reader};
use callgate_domain::testing::builders::a_call;

use crate::store::{clock, open, sqlite_file};

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_copy_is_whole_and_stamped_while_the_database_is_in_use() {
    let (_folder, url) = sqlite_file();
    let trial = open(&url);
    let calls: Vec<_> = (0..200).map(|_| a_call().accepted()).collect();
    trial.calls.insert(calls.clone(), None, &Quota::default()).await.unwrap();
    let target = tempfile::tempdir().unwrap();
    let file = target.path().join("copy.db");
    let at = to_micros(trial.now());
    let more = async {
        for _ in 0..50 {
            trial.calls.insert(vec![a_call().accepted()], None, &Quota::default()).await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(trial.copies.write(&file, at), more);
    let bytes = written.unwrap();
    assert_eq!(files(target.path()), ["copy.db"], "one file, and nothing beside it");
    let kept = file.metadata().unwrap();
    assert_eq!((kept.len(), kept.permissions().mode() & 0o777), (bytes, 0o600));

    assert_eq!(trial.copies.stamped_at().await.unwrap(), None, "what it was made of is none");
    let copy = open(&format!("sqlite://{}", file.display()));
    assert_eq!(copy.copies.stamped_at().await.unwrap(), Some(at));
    for (call, _) in &calls {
        assert_eq!(copy.calls.get(call.id, &Reader::All).await.unwrap(), *call);
    }
}

#[tokio::test]
async fn a_name_that_is_taken_and_a_place_that_is_none_are_refused_and_nothing_is_left_behind() {
    let (_folder, url) = sqlite_file();
    let trial = open(&url);
    let target = tempfile::tempdir().unwrap();
    std::fs::write(target.path().join("taken"), "something").unwrap();
    std::os::unix::fs::symlink("nowhere", target.path().join("link")).unwrap();
    for name in ["taken", "link"] {
        let refused = trial.copies.write(&target.path().join(name), trial.now()).await;
        assert!(matches!(refused, Err(CopyError::Exists)), "{name}: {refused:?}");
    }
    for name in ["no/such/folder/copy.db", "taken/copy.db"] {
        let refused = trial.copies.write(&target.path().join(name), trial.now()).await;
        assert!(matches!(refused, Err(CopyError::BadPlace(_))), "{name}: {refused:?}");
    }
    assert_eq!(std::fs::read_to_string(target.path().join("taken")).unwrap(), "something");
    assert_eq!(files(target.path()), ["link", "taken"]);
}

#[tokio::test]
async fn a_database_can_be_stamped_from_outside_and_postgres_is_backed_up_with_its_own_tools() {
    let (_folder, url) = sqlite_file();
    for url in [Some(url), postgres::fresh_database()].into_iter().flatten() {
        let at = to_micros(clock().now());
        store::stamp(&url, at).unwrap();
        let trial = open(&url);
        assert_eq!(trial.copies.stamped_at().await.unwrap(), Some(at));
        if url.starts_with("postgres") {
            let target = tempfile::tempdir().unwrap();
            let refused = trial.copies.write(&target.path().join("copy.db"), at).await;
            assert!(matches!(refused, Err(CopyError::Unsupported)), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_copy_that_was_put_over_a_database_whose_log_still_lies_there_is_not_opened() {
    let (folder, url) = sqlite_file();
    let trial = open(&url);
    let at = to_micros(trial.now());
    let copy = folder.path().join("copy.db");
    trial.copies.write(&copy, at).await.unwrap();
    trial.calls.insert(vec![a_call().accepted()], None, &Quota::default()).await.unwrap();
    // As it lies there when the process was killed.
    let (after, url) = sqlite_file();
    let log = after.path().join("callgate.db-wal");
    assert!(std::fs::copy(folder.path().join("callgate.db-wal"), &log).unwrap() > 0);
    std::fs::copy(&copy, after.path().join("callgate.db")).unwrap();
    // Whoever only looks would spoil it as well.
    let looked = Look::open(&url).err().unwrap();
    let refused = store::open(&url, 1, clock()).err().unwrap();
    for refused in [looked, refused] {
        assert!(matches!(&refused, OpenError::ForeignLog { log } if log.ends_with("callgate.db-wal")), "{refused:?}");
    }
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(after.path().join("callgate.db")).unwrap(), "left as it is");
    std::fs::remove_file(&log).unwrap();
    assert_eq!(open(&url).copies.stamped_at().await.unwrap(), Some(at));
}
