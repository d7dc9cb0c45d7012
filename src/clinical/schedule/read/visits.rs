//! Rows of the tracks of visits.

use serde::Deserialize;

use super::{File, RawRow, ScheduleFault, ScheduleFileError, editions, findings};
use crate::clinical::rules::Source;
use crate::clinical::schedule::visits::{Series, Visit};
use crate::clinical::schedule::{Span, Track};
use crate::domain::checkup::VisitKind;

pub(super) const TRACKS: [Track; 4] = [
    Track::ChildHealth,
    Track::EyeCare,
    Track::Tcm,
    Track::Mongolian,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVisit {
    item: String,
    label: String,
    due: Span,
    until: Span,
    #[serde(default)]
    early_days: u16,
    late_days: u16,
    #[serde(default)]
    visit: Option<VisitKind>,
    #[serde(default)]
    visit_with: Vec<String>,
    #[serde(default)]
    kind: Option<VisitKind>,
    source: Source,
}

impl RawRow for RawVisit {
    type Row = Visit;

    fn item(&self) -> &str {
        &self.item
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn source(&self) -> &Source {
        &self.source
    }

    fn sound(self) -> Result<Visit, ScheduleFault> {
        if !self.due.is_surely_under(self.until) {
            return Err(ScheduleFault::Window);
        }
        if self.visit.is_none() && (self.kind.is_none() || !self.visit_with.is_empty()) {
            return Err(ScheduleFault::NotDoable);
        }
        Ok(Visit {
            visit_with: findings(&self.visit_with)?,
            item: self.item,
            label_zh: self.label,
            due: self.due,
            until: self.until,
            early_days: self.early_days,
            late_days: self.late_days,
            visit: self.visit,
            kind: self.kind,
            source: self.source,
            added: None,
        })
    }
}

pub(super) fn all(files: &mut [File<'_>]) -> Result<Vec<Series>, ScheduleFileError> {
    let mut all = Vec::new();
    for track in TRACKS {
        let editions = editions::<RawVisit>(
            track,
            files,
            |raw| std::mem::take(&mut raw.visits),
            |visit, _, editions, raw| {
                let mut older = editions.iter().flat_map(|edition| &edition.rows);
                let known = older.any(|row| row.item == visit.item);
                visit.added = (!editions.is_empty() && !known).then_some(raw.valid_from);
                Ok(())
            },
        )?;
        all.push(Series {
            track,
            optional: track == Track::Mongolian,
            editions,
        });
    }
    Ok(all)
}
