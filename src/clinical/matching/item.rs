//! What a schedule asks for and is not done: alerts that rest on an absence.

use chrono::NaiveDate;

use super::{Case, Match, told_day};
use crate::clinical::growth::age::Age;
use crate::clinical::rules::Rule;
use crate::clinical::schedule::{Forecast, Status, Track};
use crate::domain::catalogue::FindingCode;
use crate::domain::checkup::VisitKind;
use crate::domain::id::Id;
use crate::domain::organization::Organization;

/// Which items of a schedule.
pub(super) struct Asked<'r> {
    pub track: Track,
    /// Empty: every item of the track.
    pub items: &'r [String],
    pub status: Status,
    /// Empty: whatever is recorded.
    pub only_with: &'r [FindingCode],
    /// The least age, in days, at which one of them must have been stated.
    pub only_with_from_days: u16,
    pub only_with_visit: Option<VisitKind>,
}

impl Case<'_> {
    /// Each item for itself. No check-up is its evidence: what is missing is in none, and what was
    /// done before is not told by saying that the next is due.
    pub(super) fn items(
        &self,
        rule: &Rule,
        forecast: &Forecast<'_>,
        asked: &Asked<'_>,
        found: &mut dyn FnMut(Match),
    ) {
        let visited = |kind| {
            let mut exams = self.history.exams();
            exams.any(|(_, exam)| exam.check_up.visit() == kind)
        };
        if asked.only_with_visit.is_some_and(|kind| !visited(kind)) {
            return;
        }
        let old_enough = |at: usize| {
            let on = self.history.exam(at).check_up.date();
            let days = on.signed_duration_since(self.life.birth_date).num_days();
            days >= i64::from(asked.only_with_from_days)
        };
        // What was stated last was stated at the greatest age.
        let recorded = |&code: &FindingCode| self.history.latest(code).is_some_and(old_enough);
        if !asked.only_with.is_empty() && !asked.only_with.iter().any(recorded) {
            return;
        }
        for item in &forecast.items {
            let named =
                || asked.items.is_empty() || asked.items.iter().any(|known| known == item.item);
            if item.track != asked.track || item.status != asked.status || !named() {
                continue;
            }
            let Some(due) = item.due else {
                continue;
            };
            let age = Age::calendar(self.life.birth_date, due);
            if !age.is_some_and(|age| rule.ages.contains(age)) {
                continue;
            }
            let mut inputs = vec![
                ("item", item.item.to_owned()),
                ("status", item.status.as_str().to_owned()),
                ("reason", item.reason.as_str().to_owned()),
                ("due", told_day(due)),
            ];
            if let Some(overdue) = item.overdue {
                inputs.push(("overdue", told_day(overdue)));
            }
            inputs.push(("schedule", item.schedule_version.to_owned()));
            found(Match {
                subject: item.item.to_owned(),
                exams: Vec::new(),
                each_alone: false,
                told_by: Vec::new(),
                inputs,
                value: String::new(),
                until: None,
                until_zh: String::new(),
                absent: Some(Absent {
                    facility: item.facility,
                    due,
                    late: item.overdue.unwrap_or(due),
                    label_zh: item.label_zh.to_owned(),
                }),
            });
        }
    }
}

/// What is not done, and the days that say so.
#[derive(Clone)]
pub(in crate::clinical) struct Absent {
    /// The facility that asks for it; none where it is asked of the child wherever it is.
    pub facility: Option<Id<Organization>>,
    pub due: NaiveDate,
    /// From this day it is late; the due day where there is no such day.
    pub late: NaiveDate,
    pub label_zh: String,
}
