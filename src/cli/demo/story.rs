//! The journey, act by act, each with its checks and what the parties saw: the acts themselves are
//! in `opening`, `arrival`, `changes` and `morning`.

use std::time::Duration;

use chrono::NaiveDate;
use serde_json::Value;

use super::county::{County, Files};
use super::families::Known;
use super::parties::{Member, Parties};
use super::report::Report;
use super::stage::{Stage, failed};
use super::watcher::Watcher;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::rpc::wire::{Consent, ListAlertsRequest, ListAlertsResponse};

/// A stream that has been silent for this long has said what it had to say.
pub(super) const QUIET: Duration = Duration::from_millis(700);

/// The journey with everything it needs.
pub struct Story<'a> {
    pub(super) county: &'a County,
    pub(super) files: &'a Files,
    pub(super) stage: &'a Stage,
    pub(super) report: Report,
    pub(super) today: NaiveDate,
}

/// What the first acts leave for the later ones.
pub(super) struct Scene {
    pub(super) parties: Parties,
    /// In the order of the county's children; the child that is registered late is added last.
    pub(super) known: Vec<Known>,
    pub(super) consents: Vec<Consent>,
    pub(super) watcher: Watcher,
}

impl<'a> Story<'a> {
    /// Ready to begin.
    #[must_use]
    pub fn new(stage: &'a Stage, county: &'a County, files: &'a Files, out: Output) -> Self {
        Self {
            county,
            files,
            stage,
            report: Report::new(out),
            today: county.today,
        }
    }

    /// Plays it all; gives the number of checks that held.
    ///
    /// # Errors
    /// The first that does not.
    pub async fn play(mut self, code: &str) -> Result<usize, CliError> {
        let parties = self.enrolment(code).await?;
        let known = self.children(&parties).await?;
        self.nothing_yet(&parties, &known).await?;
        self.agreements(&parties).await?;
        let consents = self.consents(&parties, &known).await?;
        let watcher = Watcher::open(&parties.facility().worker)?;
        let mut scene = Scene {
            parties,
            known,
            consents,
            watcher,
        };
        self.pushes(&scene).await?;
        self.what_the_facility_sees(&scene).await?;
        self.late_arrivals(&mut scene).await?;
        self.retry(&scene).await?;
        self.correction(&scene).await?;
        self.withdrawal(&scene).await?;
        self.morning(&scene).await?;
        self.looks(&scene).await?;
        Ok(self.report.checks())
    }
}

impl Scene {
    /// The id of a child by its place in the county.
    pub(super) fn child(&self, nth: usize) -> Result<&str, CliError> {
        self.known(nth).map(|known| known.child.as_str())
    }

    /// What is known of a child by its place in the county.
    pub(super) fn known(&self, nth: usize) -> Result<&Known, CliError> {
        let found = self.known.iter().find(|known| known.nth == nth);
        found.ok_or_else(|| failed("the story", "a child of it is not known"))
    }
}

/// What a facility's worker may see now: a look in the ledger.
pub(super) async fn list(facility: &Member) -> Result<ListAlertsResponse, CliError> {
    let request = ListAlertsRequest {
        parent: facility.name.clone(),
        page_size: 500,
        ..ListAlertsRequest::default()
    };
    facility
        .worker
        .call("AlertService.ListAlerts", &request)
        .await
}

/// Pushes a file in a process of its own; gives the summary.
pub(super) async fn push(member: &Member, file: &str) -> Result<Value, CliError> {
    let said = member.worker.run(&["push", file]).await?;
    said.into_iter()
        .next()
        .ok_or_else(|| failed("push", "there is no summary"))
}

/// A count of a push's summary.
pub(super) fn number(summary: &Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap_or(0)
}
