//! Schedules: what a child should have had by when, and how that stands today.
//!
//! What is due, on whose authority and in which edition is data (`data/schedules/*.toml`); the code
//! knows how the tracks work. [`forecast`] is a pure function of schedules, child, check-ups and
//! day: it doesn't depend on the order of the check-ups, and without new records a status only
//! moves forward while an edition is in force.
//!
//! Measured (release, one core of a busy machine, CPU time): about 8 µs for a child of nearly three
//! with 10 check-ups and 15 doses, 67 items and the next day of change among them. Items borrow from
//! the schedules; what is allocated is the list and what each item rests on.

mod calendar;
mod due_list;
mod edition;
mod entry;
mod immunisation;
mod periodic;
mod read;
mod reason;
pub mod staff;
mod visits;
mod window;

use std::fmt;

use chrono::NaiveDate;

use crate::clinical::assess::Examined;
use crate::clinical::history::History;
use crate::clinical::rules::Source;
use crate::domain::id::Id;
use crate::domain::organization::Organization;
use crate::domain::sex::Sex;
use crate::domain::text_code::text_codes;

use edition::Editions;
use staff::Certificate;
use window::Window;

pub use calendar::Span;
pub use due_list::{DueList, Reader};
pub use read::{ScheduleFault, ScheduleFileError};
pub use reason::Reason;

text_codes! {
    /// A line of tasks that belong together.
    Track {
        /// 0～6岁儿童健康管理
        ChildHealth = "CHILD_HEALTH",
        /// 0～6岁儿童眼保健及视力检查
        EyeCare = "EYE_CARE",
        /// 0～36个月儿童中医药健康指导
        Tcm = "TCM",
        /// 蒙医药健康指导; only where the region offers it.
        Mongolian = "MONGOLIAN",
        /// 国家免疫规划
        Immunisation = "IMMUNISATION",
        /// 入园（所）健康检查
        EntryCheck = "ENTRY_CHECK",
        /// 在园定期健康检查
        Periodic = "PERIODIC",
        /// 托幼机构工作人员健康合格证; no child's track, see [`staff`].
        Staff = "STAFF",
    }
}

text_codes! {
    /// How an item stands on a day.
    Status {
        /// Before `due`.
        Upcoming = "UPCOMING",
        /// On `[due, overdue)`.
        Due = "DUE",
        /// On `[overdue, latest)`.
        Overdue = "OVERDUE",
        Done = "DONE",
        /// From `latest` on, if it was not done.
        AgedOut = "AGED_OUT",
        NotApplicable = "NOT_APPLICABLE",
        Contraindicated = "CONTRAINDICATED",
    }
}

/// What schedules need to know of the child. No `Debug`: it tells a birthday.
#[derive(Clone, Copy)]
pub struct Life<'a> {
    pub birth_date: NaiveDate,
    pub sex: Option<Sex>,
    /// Completed days of gestation. Every track goes by calendar age, so none reads it today.
    pub gestation_days: Option<u32>,
    /// The first day the child is known here, if it moved in or was registered late.
    pub known_since: Option<NaiveDate>,
    pub died: Option<NaiveDate>,
    /// Expected and active enrolments, and those that ended, at any facility, in any order.
    pub care: &'a [CareSpan],
    /// Absences from care while enrolled, in any order.
    pub absences: &'a [Absence],
    /// The optional tracks that the region has switched on.
    pub optional: &'a [Track],
}

/// Days in care at a facility, both ends included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CareSpan {
    /// Whose care; none where a file of histories does not say.
    pub facility: Option<Id<Organization>>,
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
}

/// Days away from care while enrolled, both ends included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// The days in care that it interrupts: a child in two facilities may be away from one of them.
    pub care: CareSpan,
    pub first_day: NaiveDate,
    pub last_day: Option<NaiveDate>,
}

/// One task and how it stands. `Debug` shows which and how, and no day of the child's.
#[derive(Clone)]
pub struct Item<'a> {
    pub track: Track,
    /// Stable within the track: `V06`, `DTaP-3`, `ENTRY`.
    pub item: &'a str,
    /// The facility whose door it opens; none for what is asked of the child wherever it is.
    pub facility: Option<Id<Organization>>,
    pub label_zh: &'a str,
    /// The edition that decided or plans it.
    pub schedule_version: &'a str,
    pub source: &'a Source,
    /// From this day it counts.
    pub earliest: Option<NaiveDate>,
    /// From this day it should be done.
    pub due: Option<NaiveDate>,
    /// From this day it is late; `None` if the source sets no term.
    pub overdue: Option<NaiveDate>,
    /// From this day on it can no longer be done; `None` if it always can.
    pub latest: Option<NaiveDate>,
    pub status: Status,
    pub reason: Reason,
    /// The day it was done.
    pub done: Option<NaiveDate>,
    /// The check-ups that status and days rest on.
    pub rests_on: Vec<&'a Examined<'a>>,
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (track, status) = (self.track.as_str(), self.status.as_str());
        write!(f, "Item({track} {}, {status})", self.item)
    }
}

impl Item<'_> {
    /// Whether an alert over it would say the same.
    fn stands_as(&self, other: &Item<'_>) -> bool {
        let which = |item: &Item<'_>| (item.track, item.facility);
        let told = |item: &Item<'_>| (item.status, item.due, item.overdue);
        self.item == other.item && which(self) == which(other) && told(self) == told(other)
    }

    /// The first later day on which the status changes by itself.
    fn next_change(&self) -> Option<NaiveDate> {
        match self.status {
            Status::Upcoming => self.due,
            Status::Due => self.overdue.or(self.latest),
            Status::Overdue => self.latest,
            _ => None,
        }
    }
}

/// How a child stands on a day.
#[derive(Debug)]
pub struct Forecast<'a> {
    /// By track, and within a track in the order of the schedule.
    pub items: Vec<Item<'a>>,
    /// The first later day on which a status, or a day it goes by, changes with no new record.
    pub next_change: Option<NaiveDate>,
    born: NaiveDate,
}

/// One row of a schedule file, for lists.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub track: Track,
    pub schedule_version: &'a str,
    pub valid_from: NaiveDate,
    pub item: &'a str,
    pub label_zh: &'a str,
    pub source: &'a Source,
}

/// All tracks in all editions.
#[derive(Debug)]
pub struct Schedules {
    visits: Vec<visits::Series>,
    immunisation: immunisation::Immunisation,
    entry: Editions<entry::Entry>,
    periodic: Editions<periodic::Check>,
    staff: Editions<staff::Certificate>,
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../data/schedules/", $name)))),+]
    };
}

/// The schedule files that ship inside the program.
pub(super) const SHIPPED: &[(&str, &str)] = shipped![
    "child_health.toml",
    "eye_care.toml",
    "tcm.toml",
    "mongolian.toml",
    "immunisation_2021.toml",
    "immunisation_2021_dtap_2025.toml",
    "immunisation_2026.toml",
    "entry_check.toml",
    "periodic.toml",
    "staff.toml",
];

impl Schedules {
    /// The schedules that ship inside the program.
    ///
    /// # Errors
    /// [`ScheduleFileError`] if one of them is damaged or unsound.
    pub fn load() -> Result<Schedules, ScheduleFileError> {
        Schedules::read(SHIPPED)
    }

    /// Schedules from `(file name, text)` pairs, one edition of one track each, in any order.
    ///
    /// # Errors
    /// [`ScheduleFileError`] names file, line, item and fault of the first one that is not sound.
    pub fn read(files: &[(&str, &str)]) -> Result<Schedules, ScheduleFileError> {
        read::read_all(files)
    }

    /// Every row of every edition.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let visits = self.visits.iter().flat_map(|series| {
            series.editions.rows(series.track, |visit| {
                (&visit.item, &visit.label_zh, &visit.source)
            })
        });
        let doses = self
            .immunisation
            .editions
            .rows(Track::Immunisation, |dose| {
                (&dose.item, &dose.label_zh, &dose.source)
            });
        let entry = self.entry.rows(Track::EntryCheck, |entry| {
            (&entry.item, &entry.label_zh, &entry.source)
        });
        let back = self.entry.rows(Track::EntryCheck, |entry| {
            let back = &entry.back;
            (&back.item, &back.label_zh, &back.source)
        });
        let periodic = self.periodic.rows(Track::Periodic, |check| {
            (&check.item, &check.label_zh, &check.source)
        });
        let staff = self.staff.rows(Track::Staff, |certificate| {
            let Certificate {
                item,
                label_zh,
                source,
                ..
            } = certificate;
            (item, label_zh, source)
        });
        visits
            .chain(doses)
            .chain(entry)
            .chain(back)
            .chain(periodic)
            .chain(staff)
    }

    /// The first day after `day` on which an edition begins or ends.
    fn next_edition(&self, day: NaiveDate) -> Option<NaiveDate> {
        let visits = self.visits.iter();
        let visits = visits.map(|series| series.editions.next_change(day));
        let others = [
            self.immunisation.editions.next_change(day),
            self.entry.next_change(day),
            self.periodic.next_change(day),
        ];
        visits.chain(others).flatten().min()
    }
}

/// How the child stands on `today`. Pass the check-ups known by then.
pub fn forecast<'a>(
    schedules: &'a Schedules,
    life: &Life<'_>,
    exams: &'a [Examined<'a>],
    today: NaiveDate,
) -> Forecast<'a> {
    forecast_over(schedules, life, &History::new(exams), today)
}

/// The same over a history that is in order already.
pub(in crate::clinical) fn forecast_over<'a>(
    schedules: &'a Schedules,
    life: &Life<'_>,
    history: &History<'a>,
    today: NaiveDate,
) -> Forecast<'a> {
    let items = items_on(schedules, life, history, today);
    let next_change = next_change(schedules, life, history, today, &items);
    Forecast {
        items,
        next_change,
        born: life.birth_date,
    }
}

fn items_on<'a>(
    schedules: &'a Schedules,
    life: &Life<'_>,
    history: &History<'a>,
    day: NaiveDate,
) -> Vec<Item<'a>> {
    let mut items = Vec::with_capacity(80);
    for series in &schedules.visits {
        if !series.optional || life.optional.contains(&series.track) {
            series.forecast(life, history, day, &mut items);
        }
    }
    schedules
        .immunisation
        .forecast(life, history, day, &mut items);
    entry::forecast(&schedules.entry, life, history, day, &mut items);
    periodic::forecast(&schedules.periodic, life, history, day, &mut items);
    items.sort_by_key(|item| (item.track, item.due));
    if life.died.is_some_and(|died| died <= day) {
        for item in items.iter_mut().filter(|item| item.status != Status::Done) {
            (item.status, item.reason) = (Status::NotApplicable, Reason::Died);
        }
    }
    items
}

/// Between two turns of the life or of the editions a status changes only on its own days; on a turn
/// itself the items are worked out and compared.
fn next_change(
    schedules: &Schedules,
    life: &Life<'_>,
    history: &History<'_>,
    today: NaiveDate,
    items: &[Item<'_>],
) -> Option<NaiveDate> {
    let by_itself = |items: &[Item<'_>]| items.iter().filter_map(Item::next_change).min();
    let mut next = by_itself(items);
    let mut day = today;
    while let Some(turn) = next_turn(schedules, life, day) {
        if next.is_some_and(|next| next < turn) {
            break;
        }
        let then = items_on(schedules, life, history, turn);
        let stays = |item: &Item<'_>| then.iter().any(|other| item.stands_as(other));
        if items.len() != then.len() || !items.iter().all(stays) {
            return Some(turn);
        }
        next = by_itself(&then);
        day = turn;
    }
    next
}

/// The first day after `day` on which more than the passing of an item's own days can matter.
fn next_turn(schedules: &Schedules, life: &Life<'_>, day: NaiveDate) -> Option<NaiveDate> {
    let died = life.died.filter(|&died| died > day);
    let care = entry::next_turn(&schedules.entry, life, day);
    [schedules.next_edition(day), died, care]
        .into_iter()
        .flatten()
        .min()
}

#[cfg(test)]
mod tests;
