//! Tracks of visits at nominal ages: child health, eye care, TCM and Mongolian-medicine guidance.

use chrono::NaiveDate;

use super::{Editions, Item, Life, Reason, Span, Status, Track, Window};
use crate::clinical::assess::Examined;
use crate::clinical::history::{History, effective};
use crate::clinical::rules::Source;
use crate::domain::catalogue::FindingCode;
use crate::domain::checkup::VisitKind;

/// One visit of a schedule.
#[derive(Debug)]
pub(super) struct Visit {
    pub item: String,
    pub label_zh: String,
    /// The nominal age.
    pub due: Span,
    /// The age from which on it can't be done any more.
    pub until: Span,
    /// So many days before the nominal age it counts already.
    pub early_days: u16,
    /// So many days after the nominal age it is late.
    pub late_days: u16,
    /// The check-up that names this visit …
    pub visit: Option<VisitKind>,
    /// … if it holds one of these findings; empty: in any case.
    pub visit_with: Vec<FindingCode>,
    /// A check-up of this kind in the window names no visit and counts for one of them.
    pub kind: Option<VisitKind>,
    pub source: Source,
    /// The first day of the edition that added it to its track; `None` if it always belonged.
    pub added: Option<NaiveDate>,
}

/// A track of visits.
#[derive(Debug)]
pub(super) struct Series {
    pub track: Track,
    /// Only where the region switched it on.
    pub optional: bool,
    pub editions: Editions<Visit>,
}

impl Visit {
    fn window(&self, life: &Life<'_>) -> Window {
        let birth = life.birth_date;
        let due = self.due.after(birth);
        let earliest = Span::Days(self.early_days).before(due).max(birth);
        let overdue = Span::Days(self.late_days).after(due);
        Window::new(earliest, due, Some(overdue), Some(self.until.after(birth)))
            .known_for(life.known_since.max(self.added), self.late_days.into())
    }

    /// Whether the check-up names this visit and holds what it needs.
    fn is_named_by(&self, exam: &Examined<'_>) -> bool {
        let holds = |exam| {
            self.visit_with.is_empty()
                || effective(exam).any(|finding| self.visit_with.contains(&finding.code()))
        };
        self.visit == Some(exam.check_up.visit()) && holds(exam)
    }
}

impl Series {
    pub(super) fn forecast<'a>(
        &'a self,
        life: &Life<'_>,
        history: &History<'a>,
        today: NaiveDate,
        items: &mut Vec<Item<'a>>,
    ) {
        let start = items.len();
        // A check-up that names no visit counts for one only.
        let mut taken = Vec::new();
        for (edition, end) in self.editions.up_to(today) {
            let decided = start..items.len();
            for visit in &edition.rows {
                let mut decided = items[decided.clone()].iter();
                if decided.any(|item| item.item == visit.item) {
                    continue;
                }
                let (item, by) = self.one(&edition.version, visit, life, history, today, &taken);
                // What an older edition did not decide, the one in force plans.
                let stands = end.is_none_or(|end| {
                    let decided_on = item.done.or(item.latest);
                    today < end || decided_on.is_some_and(|day| day < end)
                });
                if stands {
                    taken.extend(by);
                    items.push(item);
                }
            }
        }
    }

    /// One visit, and the place of the check-up that is thereby used up.
    fn one<'a>(
        &'a self,
        version: &'a str,
        visit: &'a Visit,
        life: &Life<'_>,
        history: &History<'a>,
        today: NaiveDate,
        taken: &[usize],
    ) -> (Item<'a>, Option<usize>) {
        let window = visit.window(life);
        let mut item = Item {
            track: self.track,
            item: &visit.item,
            facility: None,
            label_zh: &visit.label_zh,
            schedule_version: version,
            source: &visit.source,
            earliest: Some(window.earliest),
            due: Some(window.due),
            overdue: window.overdue,
            latest: window.latest,
            status: Status::NotApplicable,
            reason: Reason::BeforeKnown,
            done: None,
            rests_on: Vec::new(),
        };
        let counts = |(at, exam): &(usize, &Examined<'_>)| {
            let kind = exam.check_up.visit();
            window.holds(exam.check_up.date())
                && (visit.is_named_by(exam) || visit.kind == Some(kind) && !taken.contains(at))
        };
        if let Some((at, exam)) = history.exams().find(counts) {
            let day = exam.check_up.date();
            (item.status, item.reason) = (Status::Done, window.done(day));
            item.done = Some(day);
            item.rests_on = vec![exam];
            return (
                item,
                (visit.kind == Some(exam.check_up.visit())).then_some(at),
            );
        }
        if life
            .known_since
            .is_some_and(|since| window.has_passed_by(since))
        {
            return (item, None);
        }
        if visit.added.is_some_and(|added| window.has_passed_by(added)) {
            item.reason = Reason::BeforeSchedule;
            return (item, None);
        }
        (item.status, item.reason) = window.open(today);
        // The latest record that names the visit and misses its window tells why it still stands.
        let beside = |exam: &&'a Examined<'a>| visit.is_named_by(exam);
        if let Some(exam) = history.exams().rev().map(|(_, exam)| exam).find(beside) {
            item.reason = if exam.check_up.date() < window.earliest {
                Reason::DoneTooEarly
            } else {
                Reason::DoneTooLate
            };
            item.rests_on = vec![exam];
        }
        (item, None)
    }
}
