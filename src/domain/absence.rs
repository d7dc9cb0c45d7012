//! 缺勤: days away from care while enrolled. Only the days: why a child is away would be a finding.

use chrono::{Days, NaiveDate};

use super::enrolment::EnrolmentState;

/// Marks ids of absences.
#[derive(Debug)]
pub enum Absence {}

/// Days away from care, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AbsenceDays {
    /// The first day away.
    pub first_day: NaiveDate,
    /// The last day away; none while nobody knows it.
    pub last_day: Option<NaiveDate>,
}

/// One of the two days of an absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first.
    First,
    /// The last.
    Last,
}

/// Days that can't be those of an absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbsenceRefusal {
    /// An expected child is in nobody's care yet.
    #[error("the child is not enrolled yet")]
    NotYetEnrolled,
    /// The last day lies before the first.
    #[error("the last day lies before the first")]
    Inverted,
    /// The day lies more than [`AbsenceDays::FARTHEST`] days ahead.
    #[error("the day lies too far ahead")]
    TooFar(End),
    /// The day lies before the enrolment's first day or after its last.
    #[error("the day lies outside of the enrolment")]
    OutsideEnrolment(End),
    /// Another absence holds one of the days.
    #[error("another absence holds one of the days")]
    Overlaps,
}

impl AbsenceDays {
    /// So many days ahead an absence may be announced `[cfg]`: a year that is mistyped is found.
    pub const FARTHEST: u64 = 366;

    /// Whether an enrolment allows these days beside its other absences.
    ///
    /// # Errors
    /// The first refusal that applies.
    pub fn check(
        self,
        enrolment: EnrolmentState,
        others: impl IntoIterator<Item = Self>,
        today: NaiveDate,
    ) -> Result<(), AbsenceRefusal> {
        if matches!(enrolment, EnrolmentState::Expected { .. }) {
            return Err(AbsenceRefusal::NotYetEnrolled);
        }
        if self.last_day.is_some_and(|last| last < self.first_day) {
            return Err(AbsenceRefusal::Inverted);
        }
        let farthest = today
            .checked_add_days(Days::new(Self::FARTHEST))
            .unwrap_or(NaiveDate::MAX);
        let ends = [
            Some((End::First, self.first_day)),
            self.last_day.map(|last| (End::Last, last)),
        ];
        for (end, day) in ends.into_iter().flatten() {
            let before = day < enrolment.first_day();
            if before || enrolment.last_day().is_some_and(|last| day > last) {
                return Err(AbsenceRefusal::OutsideEnrolment(end));
            }
            if day > farthest {
                return Err(AbsenceRefusal::TooFar(end));
            }
        }
        let mut others = others.into_iter();
        if others.any(|other| self.meets(other)) {
            return Err(AbsenceRefusal::Overlaps);
        }
        Ok(())
    }

    /// Whether a day is of both.
    fn meets(self, other: Self) -> bool {
        let ends_before = |a: Self, b: Self| a.last_day.is_some_and(|last| last < b.first_day);
        !ends_before(self, other) && !ends_before(other, self)
    }

    /// Absences of one enrolment, in any order, as the child was away: one that begins the day after
    /// another ends goes on with it.
    pub fn joined(mut absences: Vec<Self>) -> Vec<Self> {
        absences.sort_unstable();
        let mut joined: Vec<Self> = Vec::with_capacity(absences.len());
        for next in absences {
            match joined.last_mut() {
                Some(before)
                    if before.last_day.and_then(|d| d.succ_opt()) == Some(next.first_day) =>
                {
                    before.last_day = next.last_day;
                }
                _ => joined.push(next),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: i32) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        first + chrono::TimeDelta::days(n.into())
    }

    fn away(first: i32, last: impl Into<Option<i32>>) -> AbsenceDays {
        AbsenceDays {
            first_day: day(first),
            last_day: last.into().map(day),
        }
    }

    #[test]
    fn an_absence_lies_within_its_enrolment_and_beside_the_others() {
        use AbsenceRefusal::{Inverted, NotYetEnrolled, OutsideEnrolment, Overlaps, TooFar};
        let active = EnrolmentState::Active { first_day: day(0) };
        let left = EnrolmentState::Left {
            first_day: day(0),
            last_day: day(30),
        };
        let expected = EnrolmentState::Expected { first_day: day(0) };
        let table = [
            (active, away(0, 9), Ok(())),
            (active, away(0, 0), Ok(())),
            (active, away(366, None), Ok(())),
            (active, away(21, None), Ok(())),
            (expected, away(0, 1), Err(NotYetEnrolled)),
            (active, away(5, 4), Err(Inverted)),
            (active, away(-1, 4), Err(OutsideEnrolment(End::First))),
            (left, away(30, 30), Ok(())),
            (left, away(25, None), Ok(())),
            (left, away(31, None), Err(OutsideEnrolment(End::First))),
            (left, away(30, 31), Err(OutsideEnrolment(End::Last))),
            (active, away(367, None), Err(TooFar(End::First))),
            (active, away(360, 367), Err(TooFar(End::Last))),
            (active, away(9, 10), Err(Overlaps)),
            (active, away(20, 25), Err(Overlaps)),
            (active, away(12, 13), Err(Overlaps)),
            (active, away(2, None), Err(Overlaps)),
        ];
        for (state, days, expected) in table {
            let found = days.check(state, [away(10, 20)], day(0));
            assert_eq!(found, expected, "{days:?} {state:?}");
        }
        let lasting = away(5, 6).check(active, [away(3, None)], day(0));
        assert_eq!(lasting, Err(Overlaps));
    }

    #[test]
    fn what_goes_on_the_next_day_is_one_absence() {
        let pieces = vec![away(31, None), away(0, 9), away(11, 20), away(21, 30)];
        assert_eq!(AbsenceDays::joined(pieces), [away(0, 9), away(11, None)]);
    }

    proptest! {
        /// A day is away by the joined absences if it is by the single ones.
        #[test]
        fn joining_moves_no_day(lengths in proptest::collection::vec((0..4i32, 0..5i32), 0..8)) {
            let mut at = 0;
            let mut pieces = Vec::new();
            for (gap, length) in lengths {
                pieces.push(away(at + gap, at + gap + length));
                at += gap + length + 1;
            }
            let joined = AbsenceDays::joined(pieces.iter().rev().copied().collect());
            let holds = |of: &[AbsenceDays], n| of.iter().any(|a| a.meets(away(n, n)));
            for n in 0..=at {
                prop_assert_eq!(holds(&joined, n), holds(&pieces, n));
            }
            let apart = |pair: &[AbsenceDays]| pair[0].last_day.unwrap().succ_opt().unwrap() < pair[1].first_day;
            prop_assert!(joined.windows(2).all(apart));
        }
    }
}
