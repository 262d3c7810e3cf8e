//! [`Settings`] over the database: small things made once and shared by all processes.

use std::sync::Arc;

use async_trait::async_trait;
use callgate_domain::model::{ConnectionId, Secret};
use callgate_domain::ports::{Settings, StoreError, WebhookToken};
use diesel::prelude::*;
use jiff::Timestamp;

use super::connection::{AnyConnection, on_backend};
use super::database::Database;
use super::error::{Failure, unavailable};
use super::schema::{connections, settings};
use super::types::Instant;

/// Settings in a database.
pub struct SqlSettings {
    database: Arc<Database>,
}

impl SqlSettings {
    /// The settings of `database`.
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    fn now(&self) -> Instant {
        Instant(self.database.clock().now())
    }
}

#[async_trait]
impl Settings for SqlSettings {
    async fn secret(&self, name: &str, fresh: Secret) -> Result<Secret, StoreError> {
        let (name, now) = (name.to_owned(), self.now());
        self.database.write(move |db| secret(db, &name, &fresh, now)).await
    }

    async fn webhook_token(&self, connection: &ConnectionId, fresh: Secret) -> Result<WebhookToken, StoreError> {
        let (connection, now) = (connection.clone(), self.now());
        self.database.write(move |db| webhook_token(db, &connection, &fresh, now)).await
    }

    async fn rotate_webhook_token(&self, connection: &ConnectionId, fresh: Secret, until: Timestamp) -> Result<(), StoreError> {
        let (connection, now, until) = (connection.clone(), self.now(), Instant(until));
        self.database.write(move |db| rotate(db, &connection, &fresh, until, now)).await
    }
}

fn secret(db: &mut AnyConnection, name: &str, fresh: &Secret, now: Instant) -> Result<Secret, Failure> {
    let row = (settings::name.eq(name), settings::value.eq(fresh.expose()), settings::created_at.eq(now));
    on_backend!(db, c => diesel::insert_into(settings::table).values(row).on_conflict_do_nothing().execute(c))?;
    let kept = settings::table.find(name).select(settings::value);
    readable(on_backend!(db, c => kept.get_result(c))?)
}

fn webhook_token(
    db: &mut AnyConnection,
    connection: &ConnectionId,
    fresh: &Secret,
    now: Instant,
) -> Result<WebhookToken, Failure> {
    let row = (connections::id.eq(connection.as_str()), connections::token.eq(fresh.expose()), connections::created_at.eq(now));
    on_backend!(db, c => diesel::insert_into(connections::table).values(row).on_conflict_do_nothing().execute(c))?;
    let kept = connections::table.find(connection.as_str());
    let kept = kept.select((connections::token, connections::previous_token, connections::previous_until));
    let (current, previous, until): (String, Option<String>, Option<Instant>) = on_backend!(db, c => kept.get_result(c))?;
    let previous = previous.map(readable).transpose()?.zip(until.map(|until| until.0));
    Ok(WebhookToken { current: readable(current)?, previous })
}

fn rotate(
    db: &mut AnyConnection,
    connection: &ConnectionId,
    fresh: &Secret,
    until: Instant,
    now: Instant,
) -> Result<(), Failure> {
    let before = webhook_token(db, connection, fresh, now)?.current;
    let row = connections::table.find(connection.as_str());
    let turned = (
        connections::token.eq(fresh.expose()),
        connections::previous_token.eq(before.expose()),
        connections::previous_until.eq(until),
    );
    on_backend!(db, c => diesel::update(row).set(turned).execute(c))?;
    Ok(())
}

fn readable(kept: String) -> Result<Secret, Failure> {
    Secret::new(kept).ok_or_else(|| unavailable("a kept secret is empty").into())
}
