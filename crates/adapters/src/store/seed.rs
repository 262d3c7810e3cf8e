//! Writes calls that are long over, for measurements: rows as the gateway would have left them, many in one transaction.
//!
//! Whatever can happen to a call is decided by whoever hands it over; here it only becomes rows.

use callgate_domain::model::Call;
use callgate_domain::model::call::Entry;
use callgate_domain::ports::{Parcel, Progress, StoreError};
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
use super::rows::inbox::InboxRow;
use super::rows::result::ResultRow;
use super::schema::{attempts, call_details, calls, history, inbox, results};
use super::types::Id;

/// A call that is over, with all that is kept of it.
pub struct Bygone {
    /// As it ended.
    pub call: Call,
    /// What happened to it, from its first line on.
    pub entries: Vec<Entry>,
    /// The webhook that told its result, and whether it is still whole.
    pub webhook: Option<(Parcel, bool)>,
}

/// A webhook that found its call.
#[derive(Clone, Insertable)]
#[diesel(table_name = inbox, treat_none_as_default_value = false)]
struct AppliedRow {
    #[diesel(embed)]
    row: InboxRow,
    about_attempt: Option<Id>,
    about_provider_call: Option<String>,
    about_connection: Option<String>,
}

impl AppliedRow {
    fn of(bygone: &Bygone) -> Option<Self> {
        let (parcel, is_whole) = bygone.webhook.as_ref()?;
        let attempt = bygone.call.attempt.as_ref()?;
        let mut row = InboxRow::of(parcel);
        Progress::Applied.as_str().clone_into(&mut row.progress);
        (row.tries, row.again_at) = (1, None);
        if !is_whole {
            row = row.without_content();
        }
        Some(Self {
            row,
            about_attempt: Some(Id(attempt.id.as_uuid())),
            about_provider_call: attempt.provider_call.as_ref().map(|id| id.as_str().to_owned()),
            about_connection: Some(attempt.connection.as_str().to_owned()),
        })
    }
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
    let webhooks: Vec<_> = all.iter().filter_map(AppliedRow::of).collect();
    dialect::insert_wide!(db, calls::table, calls)?;
    dialect::insert_all!(db, call_details::table, details.iter())?;
    dialect::insert_all!(db, attempts::table, attempts.iter())?;
    dialect::insert_all!(db, results::table, results.iter())?;
    dialect::insert_all!(db, history::table, lines.iter())?;
    dialect::insert_wide!(db, inbox::table, webhooks)?;
    Ok(())
}
