//! `GET /v1/admin/overview`: the console's figures, as numbers. Some seconds old at most; nothing is counted for one reader alone.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use jiff::Timestamp;
use serde::Serialize;

use super::pause::{self, HoldView};
use crate::figures::{Day, Now};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::calls::json;
use crate::http::error::Problem;
use crate::http::query::{NOTHING, Query};

/// How things are, and how today went.
#[derive(Serialize)]
struct OverviewView<'a> {
    /// Calls that are claimed and not over, and how many there may be.
    live: u32,
    max_live: Option<u32>,
    /// Calls of which it is not known how they ended; those that should have been settled by now.
    unsettled: u32,
    overdue: u32,
    /// What is paused.
    holds: Vec<HoldView<'a>>,
    today: TodayView,
    deliveries: DeliveriesView,
    /// Of the last 24 hours.
    webhooks_left_over: u32,
}

/// Calls accepted since midnight UTC, as they stand now. Lengths in seconds, medians.
#[derive(Serialize)]
struct TodayView {
    began_at: Timestamp,
    accepted: u32,
    by_status: BTreeMap<&'static str, u32>,
    accepted_yesterday_by_now: u32,
    time_to_answer: Option<f64>,
    duration: Option<f64>,
}

/// Notices to clients; `over` and what is below are of the last 24 hours.
#[derive(Serialize)]
struct DeliveriesView {
    retrying: u32,
    retrying_since: Option<Timestamp>,
    endpoints_disabled: u32,
    over: u32,
    at_first_try: u32,
    failed: u32,
}

/// Shows them.
#[get("/v1/admin/overview")]
pub async fn overview(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let gateway = &http.gateway;
    let (now, day, holds) = (gateway.figures.now().await?, gateway.figures.day().await?, gateway.pause.list().await?);
    let Now { pulse, .. } = &*now;
    let view = OverviewView {
        live: pulse.live,
        max_live: gateway.dispatch.max_live,
        unsettled: pulse.unsettled,
        overdue: pulse.overdue,
        holds: holds.iter().map(pause::view).collect(),
        today: today(&day),
        deliveries: DeliveriesView {
            retrying: pulse.retrying,
            retrying_since: pulse.retrying_since,
            endpoints_disabled: pulse.given_up,
            over: day.deliveries.over,
            at_first_try: day.deliveries.at_first,
            failed: pulse.failed,
        },
        webhooks_left_over: pulse.left_over,
    };
    Ok(json(StatusCode::OK, &view))
}

fn today(day: &Day) -> TodayView {
    let mut by_status = BTreeMap::new();
    for ((_, status), count) in day.hours.iter().flatten() {
        let sum: &mut u32 = by_status.entry(status.as_str()).or_default();
        *sum = sum.saturating_add(*count);
    }
    let seconds = |of: Option<Duration>| of.map(|of| of.as_secs_f64());
    TodayView {
        began_at: day.began,
        accepted: day.of(|_, _| true),
        by_status,
        accepted_yesterday_by_now: day.yesterday,
        time_to_answer: seconds(day.middles.answer),
        duration: seconds(day.middles.length),
    }
}
