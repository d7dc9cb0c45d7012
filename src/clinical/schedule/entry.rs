//! The check before entry to care, and before return from a long absence: each facility asks for itself.

use chrono::NaiveDate;

use super::calendar::days_after;
use super::edition::{Edition, Editions};
use super::{Absence, CareSpan, Item, Life, Reason, Span, Status, Track, Window};
use crate::clinical::assess::Examined;
use crate::clinical::history::History;
use crate::clinical::rules::Source;
use crate::domain::checkup::VisitKind;
use crate::domain::id::Id;
use crate::domain::organization::Organization;

/// What an edition asks for.
#[derive(Debug)]
pub(super) struct Entry {
    pub item: String,
    pub label_zh: String,
    /// So long before the first day the check counts.
    pub validity: Span,
    /// So long before the first day a transfer certificate counts.
    pub transfer_validity: Span,
    /// After so long an absence a new check is needed.
    pub away: Span,
    pub back: Back,
    pub source: Source,
}

/// The check before return.
#[derive(Debug)]
pub(super) struct Back {
    pub item: String,
    pub label_zh: String,
    pub source: Source,
}

/// Enrolments that can be: they end, if they end, after they begin. By first day.
pub(super) fn spans(life: &Life<'_>) -> Vec<CareSpan> {
    let is_possible = |span: &&CareSpan| span.last_day.is_none_or(|last| last >= span.first_day);
    let mut spans: Vec<CareSpan> = life.care.iter().filter(is_possible).copied().collect();
    spans.sort_unstable_by_key(|span| (span.first_day, span.last_day));
    spans
}

impl CareSpan {
    /// Expected or current on a day.
    pub(super) fn is_open_on(&self, day: NaiveDate) -> bool {
        self.last_day.is_none_or(|last| last >= day)
    }
}

/// For the place `at` of a span in order: whether care went on to it from an earlier span, with less
/// than `away` between them.
pub(super) fn goes_on(spans: &[CareSpan], at: usize, away: Span) -> bool {
    let first_day = spans[at].first_day;
    spans[..at].iter().any(|earlier| {
        let end = earlier.last_day.map(|last| days_after(last, 1));
        earlier.first_day < first_day && end.is_none_or(|end| first_day < away.after(end))
    })
}

/// A turn of care: an open span has ended, an absence has become long.
pub(super) fn next_turn(
    editions: &Editions<Entry>,
    life: &Life<'_>,
    day: NaiveDate,
) -> Option<NaiveDate> {
    let last_days = life.care.iter().filter_map(|span| span.last_day);
    let ends = last_days.map(|last| days_after(last, 1));
    let long = life.absences.iter().filter_map(|absence| {
        let (_, entry) = rules_on(editions, absence.first_day)?;
        Some(entry.away.after(absence.first_day))
    });
    ends.chain(long).filter(|&turn| turn > day).min()
}

/// The one row of the edition that governs what begins on a day.
fn rules_on(editions: &Editions<Entry>, day: NaiveDate) -> Option<(&Edition<Entry>, &Entry)> {
    let edition = editions.on(day)?;
    edition.rows.first().map(|entry| (edition, entry))
}

pub(super) fn forecast<'a>(
    editions: &'a Editions<Entry>,
    life: &Life<'_>,
    history: &History<'a>,
    today: NaiveDate,
    items: &mut Vec<Item<'a>>,
) {
    let spans = spans(life);
    let before = items.len();
    let mut facilities: Vec<Option<Id<Organization>>> = Vec::with_capacity(1);
    for span in spans.iter().filter(|span| span.is_open_on(today)) {
        if !facilities.contains(&span.facility) {
            facilities.push(span.facility);
        }
    }
    // Each facility asks for itself: what one knows of its own door is not another's to know.
    for facility in facilities {
        let of = Door {
            editions,
            life,
            history,
            facility,
            today,
        };
        if let Some(item) = of.entry(&spans) {
            items.push(item);
            items.extend(of.back());
        }
    }
    if items.len() == before
        && let Some((edition, entry)) = rules_on(editions, today)
    {
        let named = (&*entry.item, &*entry.label_zh, &entry.source);
        items.push(blank(edition, named, None));
    }
}

/// The checks that one facility asks for before it lets a child in.
struct Door<'a, 'l> {
    editions: &'a Editions<Entry>,
    life: &'l Life<'l>,
    history: &'l History<'a>,
    facility: Option<Id<Organization>>,
    today: NaiveDate,
}

impl<'a> Door<'a, '_> {
    /// The check before the first day; of several stays the first one for which it is not done.
    fn entry(&self, spans: &[CareSpan]) -> Option<Item<'a>> {
        let mut found = None;
        for (at, span) in spans.iter().enumerate() {
            if span.facility != self.facility || !span.is_open_on(self.today) {
                continue;
            }
            // What begins on a day is governed by the edition of that day.
            let Some(rules) = rules_on(self.editions, span.first_day) else {
                continue;
            };
            // The child may have come from another facility.
            let transfer = goes_on(spans, at, rules.1.away);
            let item = self.entry_on(rules, span.first_day, transfer);
            let is_open = item.status != Status::Done;
            found = Some(item);
            if is_open {
                break;
            }
        }
        found
    }

    fn entry_on(
        &self,
        (edition, entry): (&'a Edition<Entry>, &'a Entry),
        first_day: NaiveDate,
        transfer: bool,
    ) -> Item<'a> {
        let earliest = entry.validity.before(first_day);
        let window = Window::new(earliest, earliest, Some(first_day), None)
            .known_since(self.life.known_since);
        let certified_from = entry.transfer_validity.before(first_day);
        let counts = |exam: &&Examined<'_>| {
            let day = exam.check_up.date();
            match exam.check_up.visit() {
                VisitKind::Entry => day >= earliest,
                VisitKind::Transfer => transfer && (certified_from..=first_day).contains(&day),
                _ => false,
            }
        };
        let by = self.history.exams().map(|(_, exam)| exam).find(counts);
        let named = (&*entry.item, &*entry.label_zh, &entry.source);
        let mut item = blank(edition, named, self.facility).standing(&window, by, self.today);
        if by.is_some_and(|exam| exam.check_up.visit() == VisitKind::Transfer) {
            item.reason = Reason::TransferCertificate;
        }
        item
    }

    /// The check before return from the last long absence of one who is in care.
    fn back(&self) -> Option<Item<'a>> {
        let today = self.today;
        let is_away_from = |absence: &&Absence| {
            let (care, day) = (absence.care, absence.first_day);
            care.facility == self.facility
                && care.is_open_on(today)
                && care.first_day <= day
                && care.is_open_on(day)
        };
        let absences = self.life.absences.iter().filter(is_away_from);
        let long = absences.filter_map(|absence| {
            let (edition, entry) = rules_on(self.editions, absence.first_day)?;
            let is_long_from = entry.away.after(absence.first_day);
            let returns = absence.last_day.map(|last| days_after(last, 1));
            let is_long = returns.map_or(today >= is_long_from, |day| day >= is_long_from);
            is_long.then_some((absence, edition, entry, is_long_from))
        });
        let (absence, edition, entry, is_long_from) =
            long.max_by_key(|(absence, ..)| (absence.first_day, absence.last_day))?;
        let from = absence.first_day;
        let window = match absence.last_day {
            Some(last) => Window::new(from, last, Some(days_after(last, 1)), None),
            // Nobody knows the day of return: it is due before it, and not late.
            None => Window::new(from, is_long_from, None, None),
        };
        let window = window.known_since(self.life.known_since);
        let counts = |exam: &&Examined<'_>| {
            exam.check_up.visit() == VisitKind::Entry && exam.check_up.date() >= from
        };
        let by = self.history.exams().map(|(_, exam)| exam).find(counts);
        let back = &entry.back;
        let named = (&*back.item, &*back.label_zh, &back.source);
        Some(blank(edition, named, self.facility).standing(&window, by, today))
    }
}

fn blank<'a>(
    edition: &'a Edition<Entry>,
    (item, label_zh, source): (&'a str, &'a str, &'a Source),
    facility: Option<Id<Organization>>,
) -> Item<'a> {
    Item {
        track: Track::EntryCheck,
        item,
        facility,
        label_zh,
        schedule_version: &edition.version,
        source,
        earliest: None,
        due: None,
        overdue: None,
        latest: None,
        status: Status::NotApplicable,
        reason: Reason::NotInCare,
        done: None,
        rests_on: Vec::new(),
    }
}

impl<'a> Item<'a> {
    /// Says the days and how they stand, done by a check-up or open.
    fn standing(mut self, window: &Window, by: Option<&'a Examined<'a>>, today: NaiveDate) -> Self {
        self.earliest = Some(window.earliest);
        self.due = Some(window.due);
        self.overdue = window.overdue;
        self.latest = window.latest;
        match by {
            Some(exam) => {
                let day = exam.check_up.date();
                (self.status, self.reason) = (Status::Done, window.done(day));
                self.done = Some(day);
                self.rests_on.push(exam);
            }
            None => (self.status, self.reason) = window.open(today),
        }
        self
    }
}
