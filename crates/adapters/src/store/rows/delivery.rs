//! The row of `deliveries`.

use callgate_domain::model::{CallId, Delivery, DeliveryId, EndpointId, NoticeId};
use diesel::prelude::*;

use super::{instant, moment, number, word, word_or_none};
use crate::store::error::Unreadable;
use crate::store::schema::deliveries;
use crate::store::types::{Id, Instant};

/// One notice on its way to one endpoint.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct DeliveryRow {
    pub id: Id,
    pub notice_id: Id,
    pub endpoint_id: Id,
    pub client: String,
    pub call_id: Option<Id>,
    pub kind: String,
    pub created_at: Instant,
    pub result: String,
    pub tries: i32,
    pub step: i32,
    pub next_at: Option<Instant>,
    pub leased_until: Option<Instant>,
    pub last_status: Option<i32>,
    pub last_fault: Option<String>,
    pub delivered_at: Option<Instant>,
}

/// What changes of it.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = deliveries, treat_none_as_null = true)]
pub struct CourseRow {
    pub result: String,
    pub tries: i32,
    pub step: i32,
    pub next_at: Option<Instant>,
    pub leased_until: Option<Instant>,
    pub last_status: Option<i32>,
    pub last_fault: Option<String>,
    pub delivered_at: Option<Instant>,
}

impl CourseRow {
    /// What changes of a delivery that nobody holds.
    pub fn of(delivery: &Delivery) -> Self {
        Self {
            result: delivery.result.as_str().to_owned(),
            tries: delivery.tries.into(),
            step: delivery.step.into(),
            next_at: instant(delivery.next_at),
            leased_until: None,
            last_status: delivery.last_status.map(i32::from),
            last_fault: delivery.last_fault.map(|fault| fault.as_str().to_owned()),
            delivered_at: instant(delivery.delivered_at),
        }
    }
}

impl DeliveryRow {
    /// The row of a delivery that nobody holds.
    pub fn of(delivery: &Delivery) -> Self {
        let course = CourseRow::of(delivery);
        Self {
            id: Id(delivery.id.as_uuid()),
            notice_id: Id(delivery.notice.as_uuid()),
            endpoint_id: Id(delivery.endpoint.as_uuid()),
            client: delivery.client.as_str().to_owned(),
            call_id: delivery.call.map(|call| Id(call.as_uuid())),
            kind: delivery.kind.as_str().to_owned(),
            created_at: Instant(delivery.created_at),
            result: course.result,
            tries: course.tries,
            step: course.step,
            next_at: course.next_at,
            leased_until: course.leased_until,
            last_status: course.last_status,
            last_fault: course.last_fault,
            delivered_at: course.delivered_at,
        }
    }

    /// The delivery.
    pub fn delivery(self) -> Result<Delivery, Unreadable> {
        Ok(Delivery {
            id: DeliveryId::from_uuid(self.id.0),
            notice: NoticeId::from_uuid(self.notice_id.0),
            endpoint: EndpointId::from_uuid(self.endpoint_id.0),
            client: word("deliveries.client", &self.client)?,
            call: self.call_id.map(|call| CallId::from_uuid(call.0)),
            kind: word("deliveries.kind", &self.kind)?,
            created_at: self.created_at.0,
            result: word("deliveries.result", &self.result)?,
            tries: number("deliveries.tries", self.tries)?,
            step: number("deliveries.step", self.step)?,
            next_at: moment(self.next_at),
            last_status: self.last_status.map(|status| number("deliveries.last_status", status)).transpose()?,
            last_fault: word_or_none("deliveries.last_fault", self.last_fault.as_deref())?,
            delivered_at: moment(self.delivered_at),
        })
    }
}
