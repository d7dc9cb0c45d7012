//! Checks that come again while a child is in care: how the next one stands.

use chrono::NaiveDate;

use super::edition::{Edition, Editions};
use super::entry::{goes_on, spans};
use super::{Item, Life, Reason, Span, Status, Track, Window};
use crate::clinical::assess::Examined;
use crate::clinical::history::{History, effective};
use crate::clinical::rules::Source;
use crate::domain::catalogue::FindingCode;
use crate::domain::checkup::VisitKind;

/// One recurring check.
#[derive(Debug)]
pub(super) struct Check {
    pub item: String,
    pub label_zh: String,
    /// From this age on.
    pub from: Span,
    /// By age, the shorter periods first.
    pub periods: Vec<Period>,
    pub late_days: u16,
    /// Check-ups of these kinds count …
    pub kinds: Vec<VisitKind>,
    /// … and those that hold one of these findings.
    pub findings: Vec<FindingCode>,
    pub source: Source,
}

/// How often, as long as it falls below an age.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    pub every: Span,
    pub until: Span,
}

/// Gaps in care shorter than this leave it one stay; the same as for the entry check.
const ONE_STAY: Span = Span::Months(3);

impl Check {
    fn is_done_by(&self, exam: &Examined<'_>) -> bool {
        self.kinds.contains(&exam.check_up.visit())
            || effective(exam).any(|finding| self.findings.contains(&finding.code()))
    }

    /// The next one counted from `from`, and the age at which it is no longer asked for.
    fn next(&self, from: NaiveDate, birth: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let due = |period: &Period| (period.every.after(from), period.until.after(birth));
        let end = self.periods.last()?.until.after(birth);
        let (due, _) = self
            .periods
            .iter()
            .map(due)
            .find(|(due, until)| due < until)?;
        Some((due, end))
    }
}

pub(super) fn forecast<'a>(
    editions: &'a Editions<Check>,
    life: &Life<'_>,
    history: &History<'a>,
    today: NaiveDate,
    items: &mut Vec<Item<'a>>,
) {
    let Some(edition) = editions.on(today) else {
        return;
    };
    let first_day = stay(life, today);
    for check in &edition.rows {
        items.push(one(edition, check, life, history, first_day, today));
    }
}

/// The first day of the present or expected stay.
fn stay(life: &Life<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let spans = spans(life);
    let mut at = spans.iter().position(|span| span.is_open_on(today))?;
    while at > 0 && goes_on(&spans, at, ONE_STAY) {
        at -= 1;
    }
    Some(spans[at].first_day)
}

fn one<'a>(
    edition: &'a Edition<Check>,
    check: &'a Check,
    life: &Life<'_>,
    history: &History<'a>,
    first_day: Option<NaiveDate>,
    today: NaiveDate,
) -> Item<'a> {
    let mut item = Item {
        track: Track::Periodic,
        item: &check.item,
        facility: None,
        label_zh: &check.label_zh,
        schedule_version: &edition.version,
        source: &check.source,
        earliest: None,
        due: None,
        overdue: None,
        latest: None,
        status: Status::NotApplicable,
        reason: Reason::NotInCare,
        done: None,
        rests_on: Vec::new(),
    };
    let Some(first_day) = first_day else {
        return item;
    };
    let mut exams = history.exams().rev().map(|(_, exam)| exam);
    let last = exams.find(|exam| check.is_done_by(exam));
    if let Some(exam) = last {
        item.done = Some(exam.check_up.date());
        item.rests_on.push(exam);
    }
    let birth = life.birth_date;
    let from = first_day
        .max(check.from.after(birth))
        .max(item.done.unwrap_or(NaiveDate::MIN));
    let Some((due, end)) = check.next(from, birth) else {
        item.reason = Reason::PastAge;
        return item;
    };
    let overdue = Span::Days(check.late_days).after(due);
    // It counts from the day after the one before it.
    let window = Window::new(from, due, Some(overdue), Some(end)).known_since(life.known_since);
    item.earliest = Some(window.earliest);
    item.due = Some(window.due);
    item.overdue = window.overdue;
    item.latest = window.latest;
    (item.status, item.reason) = window.open(today);
    item
}
