//! The four days of an item and the status they give: the one place where days become a status.

use chrono::NaiveDate;

use super::calendar::days_after;
use super::{Reason, Status};

/// `earliest` ≤ `due` ≤ `overdue` ≤ `latest`, which [`Window::new`] sees to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub earliest: NaiveDate,
    pub due: NaiveDate,
    pub overdue: Option<NaiveDate>,
    /// From this day on it can no longer be done.
    pub latest: Option<NaiveDate>,
    /// `overdue` was moved for one who came late.
    pub catch_up: bool,
}

/// Days to catch up in for a child that became known late, or for a schedule that is new `[cfg]`.
pub(super) const CATCH_UP_DAYS: u64 = 30;

impl Window {
    pub(super) fn new(
        earliest: NaiveDate,
        due: NaiveDate,
        overdue: Option<NaiveDate>,
        latest: Option<NaiveDate>,
    ) -> Window {
        let end = latest.unwrap_or(NaiveDate::MAX);
        let due = due.min(end);
        Window {
            earliest: earliest.min(due),
            due,
            overdue: overdue.map(|day| day.clamp(due, end)),
            latest,
            catch_up: false,
        }
    }

    /// Gives one who is answerable only from `since` on the time to catch up.
    pub(super) fn known_since(self, since: Option<NaiveDate>) -> Window {
        self.known_for(since, CATCH_UP_DAYS)
    }

    /// The same for an item with days of its own to catch up: what can be done for four weeks only
    /// would else never be late.
    pub(super) fn known_for(mut self, since: Option<NaiveDate>, days: u64) -> Window {
        if let (Some(since), Some(overdue)) = (since, self.overdue) {
            let end = self.latest.unwrap_or(NaiveDate::MAX);
            let caught_up = days_after(since, days).min(end);
            if caught_up > overdue {
                self.overdue = Some(caught_up);
                self.catch_up = true;
            }
        }
        self
    }

    /// Whether a day counts for the item.
    pub(super) fn holds(&self, day: NaiveDate) -> bool {
        self.earliest <= day && !self.has_passed_by(day)
    }

    pub(super) fn has_passed_by(&self, day: NaiveDate) -> bool {
        self.latest.is_some_and(|latest| latest <= day)
    }

    /// The status of what has not been done.
    pub(super) fn open(&self, today: NaiveDate) -> (Status, Reason) {
        let reached = |day: Option<NaiveDate>| day.is_some_and(|day| day <= today);
        if reached(self.latest) {
            (Status::AgedOut, Reason::WindowPassed)
        } else if reached(self.overdue) {
            (Status::Overdue, Reason::Late)
        } else if self.due > today {
            (Status::Upcoming, Reason::NotYet)
        } else if self.catch_up {
            (Status::Due, Reason::CatchUp)
        } else {
            (Status::Due, Reason::InTime)
        }
    }

    /// How a day that counts lies to the window.
    pub(super) fn done(&self, day: NaiveDate) -> Reason {
        if day < self.due {
            Reason::DoneEarly
        } else if self.overdue.is_some_and(|overdue| overdue <= day) {
            Reason::DoneLate
        } else {
            Reason::Done
        }
    }
}
