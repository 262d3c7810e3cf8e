//! What a notice says: its type, its moment, and the call as `GET` shows it. Sent by the outbox and never kept.

use std::sync::Arc;

use callgate_domain::model::NoticeType;
use callgate_domain::ports::Connections;
use callgate_domain::usecases::deliver::Render;
use jiff::Timestamp;
use serde::Serialize;

use super::view::{self, CallView, Text};

#[derive(Serialize)]
struct Body<'a> {
    r#type: Text<NoticeType>,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Call(Box<CallView<'a>>),
    Nothing {},
}

/// Renders notices; `connections` know what `cancel_supported` says.
#[must_use]
pub fn render(connections: Arc<Connections>) -> Render {
    Arc::new(move |notice, call| {
        let data = match call {
            Some(call) => Data::Call(Box::new(view::call(call, connections.can_cancel(call)))),
            None => Data::Nothing {},
        };
        let body = Body { r#type: Text(notice.kind), timestamp: notice.created_at, data };
        serde_json::to_vec(&body).unwrap_or_default()
    })
}
