//! 入托: a child in a facility's care, dated.

use chrono::{DateTime, NaiveDate, Utc};

use super::{region::Zone, text_code::text_codes};

/// Marks ids of enrolments.
#[derive(Debug)]
pub enum Enrolment {}

text_codes! {
    /// How much a child is in care.
    CareKind {
        /// 全日托.
        FullDay = "FULL_DAY",
        /// 半日托.
        HalfDay = "HALF_DAY",
        /// 计时托.
        Hourly = "HOURLY",
        /// 临时托.
        Temporary = "TEMPORARY",
    }
}

/// Where an enrolment stands, with exactly the days that state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentState {
    /// 预约入托.
    Expected {
        /// The day it is expected to begin.
        first_day: NaiveDate,
    },
    /// 在托, from its first day on.
    Active {
        /// The first day in care.
        first_day: NaiveDate,
    },
    /// 已离托, after its last day.
    Left {
        /// The first day in care, or the expected one of a child that never came.
        first_day: NaiveDate,
        /// The last day in care, included; the day before `first_day` if the child never came.
        last_day: NaiveDate,
    },
}

/// A change that an enrolment's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefusal {
    /// Only an expected child is enrolled.
    #[error("the child is enrolled already")]
    AlreadyActive,
    /// The child has left.
    #[error("the enrolment has ended")]
    Ended,
    /// The child was never there on a day before its first. The day before it says that it never came.
    #[error("the last day lies before the first")]
    LeavesBeforeFirstDay,
}

impl EnrolmentState {
    /// An expected child is enrolled from `first_day` on.
    pub fn enrol(self, first_day: NaiveDate) -> Result<Self, EnrolmentRefusal> {
        match self {
            Self::Expected { .. } => Ok(Self::Active { first_day }),
            Self::Active { .. } => Err(EnrolmentRefusal::AlreadyActive),
            Self::Left { .. } => Err(EnrolmentRefusal::Ended),
        }
    }

    /// The child leaves after `last_day`; a day before `today` ends the enrolment at once, also one that
    /// has not begun. How long ago it may lie is not bounded: a leave that was forgotten must still be
    /// told, and it closes at once whichever past day is named.
    pub fn leave(self, last_day: NaiveDate, today: NaiveDate) -> Result<Self, EnrolmentRefusal> {
        let (Self::Expected { first_day } | Self::Active { first_day }) = self else {
            return Err(EnrolmentRefusal::Ended);
        };
        let eve = first_day.pred_opt().unwrap_or(first_day);
        // Whoever calls off a child that is still to come need not name the day before it would have
        // come. Of any other, a day on which it was not there yet is a slip, of the year for example.
        let called_off = today < first_day && last_day < today;
        if last_day < eve && !called_off {
            return Err(EnrolmentRefusal::LeavesBeforeFirstDay);
        }
        let last_day = last_day.max(eve);
        Ok(Self::Left {
            first_day,
            last_day,
        })
    }

    /// Stable text of the state.
    pub fn code(self) -> &'static str {
        match self {
            Self::Expected { .. } => "EXPECTED",
            Self::Active { .. } => "ACTIVE",
            Self::Left { .. } => "LEFT",
        }
    }

    /// Reads a state back; `None` for a combination that can't be.
    pub fn from_parts(code: &str, first: NaiveDate, last: Option<NaiveDate>) -> Option<Self> {
        match (code, last) {
            ("EXPECTED", None) => Some(Self::Expected { first_day: first }),
            ("ACTIVE", None) => Some(Self::Active { first_day: first }),
            ("LEFT", Some(last_day)) => Some(Self::Left {
                first_day: first,
                last_day,
            }),
            _ => None,
        }
    }

    /// The first (or expected first) day.
    pub fn first_day(self) -> NaiveDate {
        let (Self::Expected { first_day }
        | Self::Active { first_day }
        | Self::Left { first_day, .. }) = self;
        first_day
    }

    /// The last day, once known.
    pub fn last_day(self) -> Option<NaiveDate> {
        match self {
            Self::Left { last_day, .. } => Some(last_day),
            _ => None,
        }
    }

    /// Where it stands at `now`: a first day that has not come, a last day that has not passed.
    pub fn phase(self, zone: Zone, now: DateTime<Utc>) -> Phase {
        let today = zone.day(now);
        match self {
            Self::Expected { .. } => Phase::Expected,
            Self::Active { first_day } | Self::Left { first_day, .. } if today < first_day => {
                match self {
                    Self::Left {
                        last_day,
                        first_day,
                    } if last_day < first_day => Phase::Ended,
                    _ => Phase::Expected,
                }
            }
            Self::Left { last_day, .. } if last_day < today => Phase::Ended,
            Self::Active { .. } | Self::Left { .. } => Phase::InCare,
        }
    }
}

/// An enrolment at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not begun.
    Expected,
    /// In care today.
    InCare,
    /// Over.
    Ended,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 9, d).unwrap()
    }

    #[test]
    fn days_are_included_and_a_child_that_never_came_is_gone_at_once() {
        let zone = Zone::china();
        let active = EnrolmentState::Expected { first_day: day(3) }
            .enrol(day(2))
            .unwrap();
        let left = active.leave(day(5), day(1)).unwrap();
        for (today, phase) in [
            (1, Phase::Expected),
            (2, Phase::InCare),
            (5, Phase::InCare),
            (6, Phase::Ended),
        ] {
            assert_eq!(
                left.phase(zone, zone.start(day(today))),
                phase,
                "on day {today}"
            );
        }
        assert_eq!(left.phase(zone, zone.end(day(5))), Phase::Ended);
        let never = EnrolmentState::Expected { first_day: day(10) }
            .leave(day(9), day(4))
            .unwrap();
        assert_eq!(never.phase(zone, zone.start(day(4))), Phase::Ended);
        // A day to come, but before the child comes, makes no sense.
        let august = NaiveDate::from_ymd_opt(2026, 8, 30).unwrap();
        assert_eq!(
            active.leave(august, august),
            Err(EnrolmentRefusal::LeavesBeforeFirstDay)
        );
        assert_eq!(left.enrol(day(7)), Err(EnrolmentRefusal::Ended));
    }

    #[test]
    fn yesterday_or_earlier_ends_every_enrolment_at_once() {
        let zone = Zone::china();
        let today = day(10);
        for (first, earliest) in [(2, 1), (9, 8), (10, 9), (11, 1), (28, 1)] {
            let first_day = day(first);
            for open in [
                EnrolmentState::Expected { first_day },
                EnrolmentState::Active { first_day },
            ] {
                for last in earliest..10 {
                    let left = open.leave(day(last), today).unwrap();
                    assert_eq!(
                        left.phase(zone, zone.start(today)),
                        Phase::Ended,
                        "from {first}, left on {last}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_slip_of_the_year_ends_nothing() {
        let meant = NaiveDate::from_ymd_opt(2026, 10, 31).unwrap();
        let typed = NaiveDate::from_ymd_opt(2025, 10, 31).unwrap();
        let today = day(20);
        for first_day in [day(1), today] {
            for open in [
                EnrolmentState::Active { first_day },
                EnrolmentState::Expected { first_day },
            ] {
                open.leave(meant, today).unwrap();
                assert_eq!(
                    open.leave(typed, today),
                    Err(EnrolmentRefusal::LeavesBeforeFirstDay)
                );
            }
        }
    }
}
