//! Writes calls that are long over, for measurements: rows as the gateway would have left them, many in one transaction.
//!
//! Whatever can happen to a call is decided by whoever hands it over; here it only becomes rows.

use callgate_domain::model::Call;
use callgate_domain::model::call::Entry;
use callgate_domain::ports::{AttemptRef, Parcel, Progress, StoreError};
use diesel::prelude::*;

use super::connection::{Address, AnyConnection, Purpose};
use super::database::in_transaction;
use super::dialect;
use super::error::{Failure, OpenError};
use super::migrations;
use super::rows::attempt::AttemptRow;
use super::rows::call::CallRow;
use super::rows::details::DetailsRow;
use super::rows::history::FirstHistoryRow;
use super::rows::inbox::{AboutRow, ArrivedRow};
use super::rows::result::ResultRow;
use super::schema::{attempts, call_details, calls, history, inbox, results};

/// A call that is over, with all that is kept of it.
pub struct Bygone {
    /// As it ended.
    pub call: Call,
    /// What happened to it, from its first line on.
    pub entries: Vec<Entry>,
    /// The webhook that told its result, and whether it is still whole.
    pub webhook: Option<(Parcel, bool)>,
}

/// The webhook that brought a result, as it is once that is in its call.
fn applied(bygone: &Bygone) -> Option<ArrivedRow> {
    let (parcel, is_whole) = bygone.webhook.as_ref()?;
    let attempt = bygone.call.attempt.as_ref()?;
    let about = AttemptRef {
        attempt: Some(attempt.id),
        provider_call: attempt.provider_call.clone(),
        connection: Some(attempt.connection.clone()),
    };
    let ArrivedRow { mut kept, .. } = ArrivedRow::of(parcel);
    Progress::Applied.as_str().clone_into(&mut kept.progress);
    (kept.tries, kept.again_at) = (1, None);
    if !is_whole {
        kept = kept.without_content();
    }
    Some(ArrivedRow { kept, about: AboutRow::of(&about) })
}

/// A database that is being filled. Nobody else may use it meanwhile.
pub struct Seeder(AnyConnection);

impl Seeder {
    /// Opens the database at `url` and brings its tables up to date. Blocks, as everything here.
    ///
    /// # Errors
    /// [`OpenError`] says why it was not opened.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        let mut db = Address::parse(url)?.connect(Purpose::Write)?;
        migrations::run(&mut db)?;
        dialect::be_roomy(&mut db).map_err(|error| OpenError::Unreachable(error.into()))?;
        Ok(Self(db))
    }

    /// Keeps these calls, all or none of them.
    ///
    /// # Errors
    /// [`StoreError`] where one of them is there already, or the database fails.
    pub fn keep(&mut self, all: &[Bygone]) -> Result<(), StoreError> {
        in_transaction(&mut self.0, |db| write(db, all)).map_err(|Failure(error)| error)
    }

    /// Leaves the database as days of ordinary housekeeping would have: figures for the planner, and nothing in a log.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails.
    pub fn finish(mut self) -> Result<(), StoreError> {
        dialect::keep_house(&mut self.0).map_err(|error| StoreError::Unavailable(error.into()))
    }
}

fn write(db: &mut AnyConnection, all: &[Bygone]) -> Result<(), Failure> {
    let calls: Vec<_> = all.iter().map(|bygone| CallRow::of(&bygone.call)).collect();
    let details: Vec<_> = all.iter().filter_map(|bygone| DetailsRow::of(&bygone.call)).collect();
    let attempts: Vec<_> = all.iter().filter_map(|bygone| bygone.call.attempt.as_ref().map(AttemptRow::of)).collect();
    let results: Vec<_> = all.iter().filter_map(|bygone| ResultRow::of(&bygone.call)).collect();
    let lines = all.iter().flat_map(|bygone| bygone.entries.iter().map(|entry| FirstHistoryRow::kept(bygone.call.id, entry)));
    let lines: Vec<_> = lines.collect();
    let webhooks: Vec<_> = all.iter().filter_map(applied).collect();
    dialect::insert_wide!(db, calls::table, calls)?;
    dialect::insert_all!(db, call_details::table, details.iter())?;
    dialect::insert_all!(db, attempts::table, attempts.iter())?;
    dialect::insert_all!(db, results::table, results.iter())?;
    dialect::insert_all!(db, history::table, lines.iter())?;
    dialect::insert_wide!(db, inbox::table, webhooks)?;
    Ok(())
}
