//! `Settings` in SQL: what the program keeps for itself.

use async_trait::async_trait;
use callgate_domain::model::{ConnectionId, Secret};
use callgate_domain::ports::{Settings, StoreError};
use diesel::prelude::*;

use super::SqlStore;
use super::connection::on_backend;
use super::error::{Translated, unreadable};
use super::schema::{connections, settings};

#[async_trait]
impl Settings for SqlStore {
    async fn secret(&self, name: &str, fresh: Secret) -> Result<Secret, StoreError> {
        let name = name.to_owned();
        let kept: String = self
            .db
            .write(move |db| {
                on_backend!(db, c => diesel::insert_into(settings::table)
                    .values((settings::name.eq(&name), settings::value.eq(fresh.expose())))
                    .on_conflict_do_nothing()
                    .execute(c)
                    .and_then(|_| settings::table.filter(settings::name.eq(&name)).select(settings::value).get_result(c)))
                .translated()
            })
            .await?;
        Secret::new(kept).ok_or_else(|| unreadable("an empty secret"))
    }

    async fn webhook_token(&self, connection: &ConnectionId, fresh: Secret) -> Result<Secret, StoreError> {
        let id = connection.to_string();
        let kept: String = self
            .db
            .write(move |db| {
                on_backend!(db, c => diesel::insert_into(connections::table)
                    .values((connections::id.eq(&id), connections::webhook_token.eq(fresh.expose())))
                    .on_conflict_do_nothing()
                    .execute(c)
                    .and_then(|_| connections::table.filter(connections::id.eq(&id)).select(connections::webhook_token).get_result(c)))
                .translated()
            })
            .await?;
        Secret::new(kept).ok_or_else(|| unreadable("an empty token"))
    }
}
