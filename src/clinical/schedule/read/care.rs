//! Rows of the checks in care and of the staff's certificate.

use serde::Deserialize;

use super::{File, RawRow, ScheduleFault, ScheduleFileError, editions, findings};
use crate::clinical::rules::Source;
use crate::clinical::schedule::edition::Editions;
use crate::clinical::schedule::entry::{Back, Entry};
use crate::clinical::schedule::periodic::{Check, Period};
use crate::clinical::schedule::staff::Certificate;
use crate::clinical::schedule::{Span, Track};
use crate::domain::checkup::VisitKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEntry {
    item: String,
    label: String,
    validity: Span,
    transfer_validity: Span,
    away: Span,
    back: RawBack,
    source: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBack {
    item: String,
    label: String,
    source: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheck {
    item: String,
    label: String,
    from: Span,
    periods: Vec<RawPeriod>,
    late_days: u16,
    #[serde(default)]
    kinds: Vec<VisitKind>,
    #[serde(default)]
    findings: Vec<String>,
    source: Source,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPeriod {
    every: Span,
    until: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCertificate {
    item: String,
    label: String,
    valid_for: Span,
    due_days: u16,
    source: Source,
}

macro_rules! named_row {
    () => {
        fn item(&self) -> &str {
            &self.item
        }

        fn label(&self) -> &str {
            &self.label
        }

        fn source(&self) -> &Source {
            &self.source
        }
    };
}

impl RawRow for RawEntry {
    type Row = Entry;
    named_row!();

    fn sound(self) -> Result<Entry, ScheduleFault> {
        let RawBack {
            item,
            label,
            source,
        } = self.back;
        if item.trim().is_empty() || label.trim().is_empty() {
            return Err(ScheduleFault::Name);
        }
        if item == self.item {
            return Err(ScheduleFault::DuplicateItem);
        }
        super::check_source(&source)?;
        Ok(Entry {
            item: self.item,
            label_zh: self.label,
            validity: self.validity,
            transfer_validity: self.transfer_validity,
            away: self.away,
            back: Back {
                item,
                label_zh: label,
                source,
            },
            source: self.source,
        })
    }
}

impl RawRow for RawCheck {
    type Row = Check;
    named_row!();

    fn sound(self) -> Result<Check, ScheduleFault> {
        let mut last = self.from;
        let mut shortest = Span::Days(0);
        for period in &self.periods {
            let grows =
                last.is_surely_under(period.until) && shortest.is_surely_under(period.every);
            if !grows {
                return Err(ScheduleFault::Periods);
            }
            (last, shortest) = (period.until, period.every);
        }
        if self.periods.is_empty() {
            return Err(ScheduleFault::Periods);
        }
        let findings = findings(&self.findings)?;
        if findings.is_empty() && self.kinds.is_empty() {
            return Err(ScheduleFault::NotDoable);
        }
        let period = |raw: RawPeriod| Period {
            every: raw.every,
            until: raw.until,
        };
        Ok(Check {
            item: self.item,
            label_zh: self.label,
            from: self.from,
            periods: self.periods.into_iter().map(period).collect(),
            late_days: self.late_days,
            kinds: self.kinds,
            findings,
            source: self.source,
        })
    }
}

impl RawRow for RawCertificate {
    type Row = Certificate;
    named_row!();

    fn sound(self) -> Result<Certificate, ScheduleFault> {
        if !Span::Days(self.due_days).is_surely_under(self.valid_for) {
            return Err(ScheduleFault::Window);
        }
        Ok(Certificate {
            item: self.item,
            label_zh: self.label,
            valid_for: self.valid_for,
            due_days: self.due_days,
            source: self.source,
        })
    }
}

pub(super) fn entry(files: &mut [File<'_>]) -> Result<Editions<Entry>, ScheduleFileError> {
    let rows = |raw: &mut super::RawFile| std::mem::take(&mut raw.entries);
    editions::<RawEntry>(Track::EntryCheck, files, rows, |_, _, _, _| Ok(()))
}

pub(super) fn periodic(files: &mut [File<'_>]) -> Result<Editions<Check>, ScheduleFileError> {
    let rows = |raw: &mut super::RawFile| std::mem::take(&mut raw.checks);
    editions::<RawCheck>(Track::Periodic, files, rows, |_, _, _, _| Ok(()))
}

pub(super) fn staff(files: &mut [File<'_>]) -> Result<Editions<Certificate>, ScheduleFileError> {
    let rows = |raw: &mut super::RawFile| std::mem::take(&mut raw.certificates);
    editions::<RawCertificate>(Track::Staff, files, rows, |_, _, _, _| Ok(()))
}
