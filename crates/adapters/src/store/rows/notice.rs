//! The row of `notices`.

use callgate_domain::model::{CallId, Notice, NoticeId};
use diesel::prelude::*;

use super::word;
use crate::store::error::Unreadable;
use crate::store::schema::notices;
use crate::store::types::{Id, Instant};

/// Something a client is told. What it reads is made when it is sent.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub struct NoticeRow {
    pub client: String,
    pub id: Id,
    pub kind: String,
    pub call_id: Option<Id>,
    pub created_at: Instant,
}

impl NoticeRow {
    /// The row of a notice.
    pub fn of(notice: &Notice) -> Self {
        Self {
            client: notice.client.as_str().to_owned(),
            id: Id(notice.id.as_uuid()),
            kind: notice.kind.as_str().to_owned(),
            call_id: notice.call.map(|call| Id(call.as_uuid())),
            created_at: Instant(notice.created_at),
        }
    }

    /// The notice.
    pub fn notice(self) -> Result<Notice, Unreadable> {
        Ok(Notice {
            id: NoticeId::from_uuid(self.id.0),
            client: word("notices.client", &self.client)?,
            call: self.call_id.map(|call| CallId::from_uuid(call.0)),
            kind: word("notices.kind", &self.kind)?,
            created_at: self.created_at.0,
        })
    }
}
