//! [`Audit`] over the database: lines are inserted and read, never updated.

use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::model::AuditId;
use callgate_domain::ports::{Audit, AuditEntry, StoreError};
use diesel::prelude::*;

use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::error::Failure;
use super::rows::audit::AuditRow;
use super::schema::audit;
use super::types::Id;

/// The audit log in a database.
pub struct SqlAudit {
    database: Arc<Database>,
}

impl SqlAudit {
    /// The audit log of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Audit for SqlAudit {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.database.write(move |db| insert(db, entry)).await
    }

    async fn list(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.database.read(move |db| list(db, before, limit)).await
    }
}

/// Adds a line, in the transaction of what it tells of where there is one.
pub fn insert(db: &mut AnyConnection, entry: AuditEntry) -> Result<(), Failure> {
    let row = AuditRow::from(entry);
    on_backend!(db, c => diesel::insert_into(audit::table).values(&row).execute(c))?;
    Ok(())
}

fn list(db: &mut AnyConnection, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>, Failure> {
    let rows: Vec<AuditRow> = on_backend!(db, c => {
        let mut query = audit::table.select(AuditRow::as_select()).order(audit::id.desc()).limit(i64::from(limit)).into_boxed();
        if let Some(before) = before {
            query = query.filter(audit::id.lt(Id(before.as_uuid())));
        }
        query.load(c)
    })?;
    rows.into_iter().map(|row| row.entry().map_err(Failure::from)).collect()
}
