//! Keeping notices, in the commit of the change they tell of, with a delivery to each endpoint that wants it.
//!
//! Where a client has no endpoint this is one small row and one look by an index.

use std::collections::BTreeSet;

use callgate_domain::model::{Delivery, EndpointId, Notice};
use diesel::prelude::*;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::rows::delivery::DeliveryRow;
use crate::store::rows::endpoint::wants;
use crate::store::rows::notice::NoticeRow;
use crate::store::schema::{deliveries, endpoints, notices};
use crate::store::types::Id;

/// Keeps notices and the deliveries they make.
pub fn keep<'a>(db: &mut AnyConnection, told: impl Iterator<Item = &'a Notice>) -> QueryResult<()> {
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = told.iter().map(|notice| NoticeRow::of(notice)).collect();
    dialect::insert_all!(db, notices::table, rows.iter())?;
    let mut made = Vec::new();
    let clients: BTreeSet<_> = told.iter().map(|notice| &notice.client).collect();
    for client in clients {
        let listening = listening(db, client.as_str())?;
        for notice in told.iter().filter(|notice| notice.client == *client) {
            let wanted = listening.iter().filter(|(_, events)| wants(events, notice.kind));
            let to = wanted.map(|(id, _)| EndpointId::from_uuid(id.0));
            made.extend(to.map(|endpoint| DeliveryRow::of(&Delivery::of(notice, endpoint, notice.created_at))));
        }
    }
    dialect::insert_all!(db, deliveries::table, made.iter())
}

/// A client's enabled endpoints, with what they want to be told.
fn listening(db: &mut AnyConnection, client: &str) -> QueryResult<Vec<(Id, String)>> {
    let query = endpoints::table
        .filter(endpoints::client.eq(client))
        .filter(endpoints::disabled_at.is_null())
        .order(endpoints::id)
        .select((endpoints::id, endpoints::events));
    on_backend!(db, c => query.load(c))
}
