//! `POST /v1/admin/backup`: a stamped copy of the database in a new file of the gateway's own machine, while it serves.

use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use callgate_domain::ports::{AuditAction, CopyError};
use jiff::Timestamp;
use serde::Serialize;

use super::{fault, texts};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::json;
use crate::http::error::{Code, Problem};
use crate::http::faults::{Wrong, shown};
use crate::http::query::{NOTHING, Query};

/// A backup that is there.
#[derive(Serialize)]
struct BackupView<'a> {
    file: &'a str,
    bytes: u64,
    made_at: Timestamp,
}

/// Makes a backup.
#[post("/v1/admin/backup")]
pub async fn backup(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let file = named(&body.json(&request, SMALL).await?)?;
    // Once begun it is made, even when whoever asked for it goes away: then it lies there, whole.
    let gateway = std::sync::Arc::clone(&http.gateway);
    let path = PathBuf::from(&file);
    let made = tokio::spawn(async move { gateway.backups.make(&path).await });
    let made = made.await.map_err(|error| {
        tracing::error!(%error, "a backup panicked");
        Problem::internal()
    })?;
    let made = made.map_err(|error| refused(&file, error));
    http.audit(&caller, AuditAction::BackupMade, &file, &made).await;
    let made = made?;
    tracing::info!(bytes = made.bytes, "backup made");
    Ok(json(StatusCode::CREATED, &BackupView { file: &file, bytes: made.bytes, made_at: made.made_at }))
}

fn named(body: &[u8]) -> Result<String, Problem> {
    let [file] = texts(body, ["file"])?;
    let file = file.ok_or_else(|| fault("/file", Wrong::new(Code::Required, "is missing")))?;
    if !Path::new(&file).is_absolute() {
        return Err(fault(
            "/file",
            Wrong::new(Code::Invalid, "must be a whole path on the gateway's machine, as in /backups/callgate.db"),
        ));
    }
    Ok(file)
}

fn refused(file: &str, error: CopyError) -> Problem {
    match error {
        CopyError::Unsupported => Problem::new(
            Code::NotSupportedHere,
            "The database is Postgres: back it up with pg_dump, and run 'callgate db stamp' on what you restore before you start on it.",
        ),
        CopyError::Exists => {
            Problem::new(Code::FileExists, format!("'{}' is there already, and was left as it is.", shown(file)))
        }
        CopyError::BadPlace(why) => {
            let sentence = format!("'{}' cannot be written: {why}.", shown(file));
            fault("/file", Wrong::new(Code::Invalid, "cannot be written").saying(sentence))
        }
        CopyError::Failed(cause) => {
            tracing::error!(error = format!("{cause:#}"), "a backup failed");
            let detail = "The backup could not be made; nothing is left of it. The gateway's log says why, most often that its disk is full.";
            Problem::new(Code::Unavailable, detail).retry_after(60)
        }
    }
}
