//! What tests do to an SQLite file behind the program's back.
#![expect(clippy::expect_used, reason = "a test that cannot be set up must say so at once")]

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl, SqliteConnection};

/// What SQLite's own check says of a file: one line `ok`, or what is wrong with it.
///
/// # Panics
/// When it is no database at all.
#[must_use]
pub fn integrity(file: &Path) -> Vec<String> {
    sql::<Text>("PRAGMA integrity_check").load(&mut open(file)).expect("SQLite checks the file")
}

/// Keeps everybody else from writing until it is dropped.
pub struct HeldLock(SqliteConnection);

impl HeldLock {
    /// Waits up to 5 seconds for its turn.
    ///
    /// # Panics
    /// When the file is no database, or its turn does not come.
    #[must_use]
    pub fn on(file: &Path) -> Self {
        let mut db = open(file);
        db.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE").expect("the lock");
        Self(db)
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // Closing the connection gives it back as well.
        let _closed = self.0.batch_execute("ROLLBACK");
    }
}

fn open(file: &Path) -> SqliteConnection {
    SqliteConnection::establish(&file.to_string_lossy()).expect("an SQLite file")
}
