//! The national immunisation programme: what each dose waits for, and when it is late.
//!
//! A dose is a place in the series of an antigen. Planned is what the edition in force asks for; a
//! dose that was given is judged by the edition in force on its day.

mod courses;
mod plan;

use chrono::NaiveDate;

use super::edition::{Edition, Editions};
use super::{Item, Life, Reason, Span, Status, Track, Window};
use crate::clinical::history::History;
use crate::clinical::rules::Source;
use courses::{Courses, Given};
use plan::Plan;

/// The most doses of one series.
pub(super) const MOST_PLACES: usize = 8;

/// One dose as an edition asks for it.
#[derive(Debug)]
pub(super) struct Dose {
    /// As the finding `VACCINE_DOSE` names it: `DTaP-3`.
    pub item: String,
    pub label_zh: String,
    pub vaccine: String,
    /// Which series; a number that all editions share.
    pub series: usize,
    /// 0-based place in the series.
    pub place: usize,
    pub min_age: Span,
    /// The least time after the dose before.
    pub interval: Option<Span>,
    /// The age from which on it is late.
    pub complete_before: Option<Span>,
    /// The age from which on it is not given any more.
    pub latest: Option<Span>,
    /// The age from which on a negative PPD test comes first.
    pub ppd_from: Option<Span>,
    pub live_injected: bool,
    pub girls_only: bool,
    /// Other vaccines that fill this place.
    pub accepts: Vec<String>,
    pub source: Source,
    /// The first day of the edition that added it; `None` if it always belonged.
    pub added: Option<NaiveDate>,
}

/// What the name of a dose means in every edition.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DoseId {
    pub id: String,
    pub vaccine: String,
    pub series: usize,
    pub place: usize,
    pub live_injected: bool,
}

/// All editions of the programme.
#[derive(Debug)]
pub(super) struct Immunisation {
    pub editions: Editions<Dose>,
    pub series: Vec<Series>,
    /// In the order of their names.
    pub ids: Vec<DoseId>,
}

/// What all editions say of a series together.
#[derive(Debug)]
pub(super) struct Series {
    /// The series that are alternatives, itself among them, the usual one first; empty if it has none.
    pub options: Vec<usize>,
    pub places: usize,
    /// Whether one of its doses is not given any more from some age on.
    pub ages_out: bool,
}

impl Immunisation {
    pub(super) fn forecast<'a>(
        &'a self,
        life: &Life<'_>,
        history: &History<'a>,
        today: NaiveDate,
        items: &mut Vec<Item<'a>>,
    ) {
        let courses = Courses::read(self, life.birth_date, history);
        let start = items.len();
        let in_force = self.editions.on(today);
        let seen = courses.last_day.map_or(today, |day| day.max(today));
        for (edition, end) in self.editions.up_to(seen) {
            let older = start..items.len();
            let is_in_force = in_force.is_some_and(|now| std::ptr::eq(now, edition));
            // The day for which the open dose before is planned, for each series.
            let mut before: Vec<Option<NaiveDate>> = vec![None; self.series.len()];
            for dose in &edition.rows {
                if let Some(given) = &courses.of[dose.series].filled[dose.place] {
                    if std::ptr::eq(given.edition, edition) {
                        items.push(done(edition, dose, life, given));
                    }
                    continue;
                }
                if !is_in_force && !self.series[dose.series].ages_out {
                    continue;
                }
                let plan = Plan::new(dose, life, &courses, &mut before[dose.series]);
                // What an older edition let age out stays aged out.
                let aged_out = || {
                    plan.latest()
                        .zip(end)
                        .is_some_and(|(latest, end)| latest < end)
                };
                let mut older = items[older.clone()].iter();
                let is_listed = older.any(|item| item.item == dose.item && item.done.is_none());
                if !is_listed && (is_in_force || aged_out()) {
                    items.push(plan.item(edition, today));
                }
            }
        }
    }
}

fn done<'a>(
    edition: &'a Edition<Dose>,
    dose: &'a Dose,
    life: &Life<'_>,
    given: &Given<'a>,
) -> Item<'a> {
    let birth = life.birth_date;
    let due = dose.min_age.after(birth);
    let age = |span: Option<Span>| span.map(|span| span.after(birth));
    let window = Window::new(due, due, age(dose.complete_before), age(dose.latest));
    Item {
        status: Status::Done,
        // A day allowed by the month's last day may lie one before the planned one.
        reason: window.done(given.day.max(window.due)),
        done: Some(given.day),
        rests_on: vec![given.exam],
        ..blank(edition, dose, &window)
    }
}

/// An item with the days of a window, its status still to be said.
fn blank<'a>(edition: &'a Edition<Dose>, dose: &'a Dose, window: &Window) -> Item<'a> {
    Item {
        track: Track::Immunisation,
        item: &dose.item,
        facility: None,
        label_zh: &dose.label_zh,
        schedule_version: &edition.version,
        source: &dose.source,
        earliest: Some(window.earliest),
        due: Some(window.due),
        overdue: window.overdue,
        latest: window.latest,
        status: Status::NotApplicable,
        reason: Reason::NotYet,
        done: None,
        rests_on: Vec::new(),
    }
}
