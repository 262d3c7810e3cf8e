//! The row of `idempotency`.

use callgate_domain::model::Call;
use callgate_domain::ports::IdempotencyKey;
use diesel::prelude::*;

use crate::store::schema::idempotency;
use crate::store::types::{Id, Instant};

/// Which request made which call.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency, treat_none_as_default_value = false)]
pub struct IdempotencyRow {
    pub client: String,
    pub operation: String,
    pub key: String,
    pub fingerprint: Vec<u8>,
    pub call_id: Id,
    pub created_at: Instant,
}

impl IdempotencyRow {
    /// The row of a request that makes `call`, the first of its calls.
    pub fn of(key: &IdempotencyKey, call: &Call) -> Self {
        Self {
            client: key.client.as_str().to_owned(),
            operation: key.operation.to_owned(),
            key: key.key.clone(),
            fingerprint: key.fingerprint.to_vec(),
            call_id: Id(call.id.as_uuid()),
            created_at: Instant(call.created_at),
        }
    }

    /// Whether it is the same key of the same client.
    pub fn is_twin_of(&self, other: &Self) -> bool {
        self.client == other.client && self.operation == other.operation && self.key == other.key
    }
}
