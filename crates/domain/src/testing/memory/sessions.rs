//! `Sessions` in memory.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Held, Memory};
use crate::model::KeyId;
use crate::ports::{ApiKey, AuditEntry, ListedKey, Redeemed, Sessions, StoreError, Ticket, TicketKind};

#[async_trait]
impl Sessions for Memory {
    async fn keep(&self, ticket: Ticket, audit: AuditEntry) -> Result<(), StoreError> {
        let mut held = self.held();
        held.tickets.retain(|_, kept| kept.expires_at > ticket.created_at);
        held.tickets.insert(ticket.sha256, ticket);
        held.audit.insert(audit.id, audit);
        Ok(())
    }

    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let held = self.held();
        Ok(held.open(&sha256, TicketKind::Session, now).map(|(ticket, key)| {
            let until = key.key.expires_at.map_or(ticket.expires_at, |at| at.min(ticket.expires_at));
            ApiKey { expires_at: Some(until), ..key.key.clone() }
        }))
    }

    async fn redeem(&self, link: [u8; 32], session: Redeemed, audit: AuditEntry) -> Result<bool, StoreError> {
        let mut held = self.held();
        let Some(key) = held.open(&link, TicketKind::Link, session.at).map(|(ticket, _)| ticket.key) else { return Ok(false) };
        held.tickets.remove(&link);
        let Redeemed { sha256, at, expires_at } = session;
        held.tickets.insert(sha256, Ticket { sha256, kind: TicketKind::Session, key, created_at: at, expires_at });
        held.audit.insert(audit.id, audit);
        Ok(true)
    }

    async fn end(&self, sha256: [u8; 32]) -> Result<(), StoreError> {
        let mut held = self.held();
        if held.tickets.get(&sha256).is_some_and(|kept| kept.kind == TicketKind::Session) {
            held.tickets.remove(&sha256);
        }
        Ok(())
    }
}

impl Held {
    fn open(&self, sha256: &[u8; 32], kind: TicketKind, now: Timestamp) -> Option<(&Ticket, &ListedKey)> {
        let ticket = self.tickets.get(sha256).filter(|ticket| ticket.kind == kind && ticket.expires_at > now)?;
        let live = |id: KeyId| self.keys.values().find(|key| key.key.id == id && key.is_live(now));
        live(ticket.key).map(|key| (ticket, key))
    }
}
