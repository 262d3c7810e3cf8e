//! [`Sessions`] over the database.

use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::ports::{ApiKey, AuditEntry, Redeemed, Sessions, StoreError, Ticket, TicketKind};
use diesel::prelude::*;
use jiff::Timestamp;

use super::audit;
use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::error::Failure;
use super::rows::key::KeyRow;
use super::schema::{keys, sessions};
use super::types::{Id, Instant};

/// What is over is dropped whenever something is kept, which happens seldom.
pub struct SqlSessions {
    database: Arc<Database>,
}

impl SqlSessions {
    /// The sessions of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Sessions for SqlSessions {
    async fn keep(&self, ticket: Ticket, audit: AuditEntry) -> Result<(), StoreError> {
        self.database.write(move |db| keep(db, &ticket).and_then(|()| audit::insert(db, audit))).await
    }

    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        self.database.read_by_key(move |db| find(db, &sha256, TicketKind::Session, now)).await
    }

    async fn redeem(&self, link: [u8; 32], session: Redeemed, audit: AuditEntry) -> Result<bool, StoreError> {
        self.database.write(move |db| redeem(db, &link, session, audit)).await
    }

    async fn end(&self, sha256: [u8; 32]) -> Result<(), StoreError> {
        self.database.write(move |db| take(db, &sha256, TicketKind::Session).map(drop)).await
    }
}

fn keep(db: &mut AnyConnection, ticket: &Ticket) -> Result<(), Failure> {
    let over = sessions::table.filter(sessions::expires_at.le(Instant(ticket.created_at)));
    on_backend!(db, c => diesel::delete(over).execute(c))?;
    let row = (
        sessions::sha256.eq(ticket.sha256.as_slice()),
        sessions::kind.eq(ticket.kind.as_str()),
        sessions::key.eq(Id(ticket.key.as_uuid())),
        sessions::created_at.eq(Instant(ticket.created_at)),
        sessions::expires_at.eq(Instant(ticket.expires_at)),
    );
    on_backend!(db, c => diesel::insert_into(sessions::table).values(row).execute(c))?;
    Ok(())
}

/// The live key behind a live ticket, good until both are over.
fn find(db: &mut AnyConnection, sha256: &[u8], kind: TicketKind, now: Timestamp) -> Result<Option<ApiKey>, Failure> {
    let query = sessions::table
        .inner_join(keys::table.on(keys::id.eq(sessions::key)))
        .filter(sessions::sha256.eq(sha256))
        .filter(sessions::kind.eq(kind.as_str()))
        .filter(sessions::expires_at.gt(Instant(now)));
    let found: Option<(Instant, KeyRow)> =
        on_backend!(db, c => query.select((sessions::expires_at, KeyRow::as_select())).get_result(c).optional())?;
    let Some((expires_at, row)) = found else { return Ok(None) };
    let listed = row.listed()?;
    if !listed.is_live(now) {
        return Ok(None);
    }
    let until = listed.key.expires_at.map_or(expires_at.0, |at| at.min(expires_at.0));
    Ok(Some(ApiKey { expires_at: Some(until), ..listed.key }))
}

fn redeem(db: &mut AnyConnection, link: &[u8], session: Redeemed, audit: AuditEntry) -> Result<bool, Failure> {
    let Some(key) = find(db, link, TicketKind::Link, session.at)? else { return Ok(false) };
    // Of those who found it one takes it away.
    if !take(db, link, TicketKind::Link)? {
        return Ok(false);
    }
    let Redeemed { sha256, at, expires_at } = session;
    keep(db, &Ticket { sha256, kind: TicketKind::Session, key: key.id, created_at: at, expires_at })?;
    audit::insert(db, audit)?;
    Ok(true)
}

fn take(db: &mut AnyConnection, sha256: &[u8], kind: TicketKind) -> Result<bool, Failure> {
    let one = sessions::table.find(sha256).filter(sessions::kind.eq(kind.as_str()));
    Ok(on_backend!(db, c => diesel::delete(one).execute(c))? > 0)
}
