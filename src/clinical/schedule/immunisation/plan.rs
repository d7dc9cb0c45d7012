//! A dose that is still to be given: its days, and what stands before it.

use chrono::NaiveDate;

use super::courses::{Course, Courses};
use super::{Dose, blank};
use crate::clinical::assess::Examined;
use crate::clinical::schedule::calendar::days_after;
use crate::clinical::schedule::edition::Edition;
use crate::clinical::schedule::window::{CATCH_UP_DAYS, Window};
use crate::clinical::schedule::{Item, Life, Reason, Span, Status};
use crate::domain::sex::Sex;

/// Two injected live vaccines are given on one day or this many days apart (domain reference 3.8).
const LIVE_APART_DAYS: u64 = 28;

/// A first dose has no interval of its own: its repeat is planned so long after the invalid one `[P]`.
const REPEAT: Span = Span::Days(28);

pub(super) struct Plan<'c, 'a> {
    dose: &'a Dose,
    course: &'c Course<'a>,
    window: Window,
    /// Why it need not be given.
    spared: Option<Reason>,
    /// The check-up that forbids it.
    forbidden: Option<&'a Examined<'a>>,
    /// What moved the day it is due beyond the minimum age.
    moved: Option<(Reason, &'a Examined<'a>)>,
    /// A dose before it is open too.
    waits: bool,
    ppd_from: Option<NaiveDate>,
}

impl<'c, 'a> Plan<'c, 'a> {
    /// `before` is the day for which the open dose before it in the series is planned; it becomes
    /// this dose's.
    pub(super) fn new(
        dose: &'a Dose,
        life: &Life<'_>,
        courses: &'c Courses<'a>,
        before: &mut Option<NaiveDate>,
    ) -> Plan<'c, 'a> {
        let birth = life.birth_date;
        let course = &courses.of[dose.series];
        let spared = if !courses.followed[dose.series] {
            Some(Reason::OtherOption)
        } else if dose.girls_only && life.sex == Some(Sex::Male) {
            Some(Reason::GirlsOnly)
        } else if dose.girls_only && life.sex.is_none() {
            Some(Reason::SexUnknown)
        } else if course.is_past(dose.place) {
            Some(Reason::LaterDoseGiven)
        } else {
            None
        };

        let min_age = dose.min_age.after(birth);
        let mut due = min_age;
        let mut moved = None;
        if let Some((day, exam)) = course.last {
            let repeats = course.invalid[dose.place].map(|_| REPEAT);
            // Never on the day of the dose before.
            let interval = dose.interval.or(repeats).unwrap_or(Span::Days(1));
            let apart = interval.after(day);
            if apart > due {
                (due, moved) = (apart, Some((Reason::AfterInterval, exam)));
            }
        }
        let waits = before.is_some();
        if let Some(planned) = *before {
            due = due.max(dose.interval.map_or(planned, |span| span.after(planned)));
        }
        if let Some((day, exam)) = courses.last_live.filter(|_| dose.live_injected) {
            let apart = days_after(day, LIVE_APART_DAYS);
            if apart > due {
                (due, moved) = (apart, Some((Reason::AfterLiveVaccine, exam)));
            }
        }
        let complete = dose.complete_before.map(|age| age.after(birth));
        let overdue = complete.map(|day| {
            let was_moved_past = day <= due;
            if was_moved_past {
                days_after(due, CATCH_UP_DAYS)
            } else {
                day
            }
        });
        let latest = dose.latest.map(|age| age.after(birth));
        let window =
            Window::new(due, due, overdue, latest).known_since(life.known_since.max(dose.added));
        let missed = |since: Option<NaiveDate>| since.is_some_and(|day| window.has_passed_by(day));
        let spared = spared
            .or_else(|| missed(life.known_since).then_some(Reason::BeforeKnown))
            .or_else(|| missed(dose.added).then_some(Reason::BeforeSchedule));
        if spared.is_none() {
            *before = Some(window.due);
        }
        Plan {
            dose,
            course,
            window,
            spared,
            forbidden: courses.contraindicated(&dose.vaccine),
            moved,
            waits,
            ppd_from: dose.ppd_from.map(|age| age.after(birth)),
        }
    }

    pub(super) fn latest(&self) -> Option<NaiveDate> {
        self.window.latest
    }

    pub(super) fn item(self, edition: &'a Edition<Dose>, today: NaiveDate) -> Item<'a> {
        let mut item = blank(edition, self.dose, &self.window);
        if let Some(reason) = self.spared {
            item.reason = reason;
            return item;
        }
        if let Some(exam) = self.forbidden {
            (item.status, item.reason) = (Status::Contraindicated, Reason::Contraindicated);
            item.rests_on.push(exam);
            return item;
        }
        (item.status, item.reason) = self.window.open(today);
        if item.status == Status::AgedOut {
            return item;
        }
        let is_open = item.status != Status::Upcoming;
        let invalid = self.course.invalid[self.dose.place];
        if let Some(exam) = invalid {
            item.reason = Reason::DoseInvalid;
            item.rests_on.push(exam);
        } else if is_open && self.ppd_from.is_some_and(|day| day <= today) {
            item.reason = Reason::NeedsPpd;
        } else if is_open && self.waits {
            item.reason = Reason::PreviousDoseFirst;
        } else if let Some((reason, _)) = self.moved.filter(|_| !is_open) {
            item.reason = reason;
        }
        if let Some((_, exam)) = self.moved
            && invalid.is_none_or(|other| !std::ptr::eq(other, exam))
        {
            item.rests_on.push(exam);
        }
        item
    }
}
