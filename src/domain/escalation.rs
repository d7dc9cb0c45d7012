//! How an urgent alert that nobody takes up is passed on: facility → instructor → MCH centre →
//! commission, by the hours since it was delivered.
//!
//! Here are only the steps and their hours. Whom a step reaches, and with what, is for `access` and
//! the deliveries.

use chrono::{DateTime, TimeDelta, Utc};

use super::text_code::text_codes;

text_codes! {
    /// A step of the escalation, in their order.
    EscalationStep {
        /// The institution whose instructors are assigned to the facility.
        ToInstructor = "TO_INSTRUCTOR",
        /// 妇幼保健机构 of the area.
        ToMchCentre = "TO_MCH_CENTRE",
        /// 卫生健康委: a count of the facility's, no child.
        ToCommission = "TO_COMMISSION",
    }
}

/// A count of children below this is not told above the level of those who care for them `[cfg]`.
pub const SMALL_CELL: u32 = 5;

/// Hours from delivery to each step. They differ by place and are a region's setting `[cfg]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscalationHours {
    instructor: u32,
    mch_centre: u32,
    commission: u32,
}

impl EscalationHours {
    /// The longest a step may wait: 30 days.
    pub const LONGEST: u32 = 720;
    /// 4, 24 and 48 hours `[P]`.
    pub const USUAL: Self = Self {
        instructor: 4,
        mch_centre: 24,
        commission: 48,
    };

    /// `None` unless the hours rise from 1 to at most [`EscalationHours::LONGEST`].
    pub fn new(instructor: u32, mch_centre: u32, commission: u32) -> Option<Self> {
        let rise = 0 < instructor && instructor < mch_centre && mch_centre < commission;
        (rise && commission <= Self::LONGEST).then_some(Self {
            instructor,
            mch_centre,
            commission,
        })
    }

    /// Hours from delivery to a step.
    pub fn until(self, step: EscalationStep) -> u32 {
        match step {
            EscalationStep::ToInstructor => self.instructor,
            EscalationStep::ToMchCentre => self.mch_centre,
            EscalationStep::ToCommission => self.commission,
        }
    }

    /// What was delivered at this instant or before is due for the step at `now`.
    pub fn delivered_by(self, step: EscalationStep, now: DateTime<Utc>) -> DateTime<Utc> {
        let wait = TimeDelta::hours(i64::from(self.until(step)));
        now.checked_sub_signed(wait)
            .unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    /// The furthest step that is due at `now` for what was delivered at `since`.
    pub fn reached(self, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<EscalationStep> {
        let due = |step: &EscalationStep| since <= self.delivered_by(*step, now);
        EscalationStep::ALL.iter().rev().copied().find(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_rise_and_are_bounded() {
        let usual = EscalationHours::new(4, 24, 48);
        assert_eq!(usual, Some(EscalationHours::USUAL));
        for (i, m, c) in [
            (0, 1, 2),
            (4, 4, 48),
            (24, 4, 48),
            (4, 48, 48),
            (4, 24, 721),
        ] {
            assert_eq!(EscalationHours::new(i, m, c), None, "{i} {m} {c}");
        }
        assert!(EscalationHours::new(718, 719, 720).is_some());
    }

    #[test]
    fn each_step_comes_at_its_hour() {
        let (hours, since) = (EscalationHours::USUAL, DateTime::UNIX_EPOCH);
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut reached = None;
        for (&step, hour) in EscalationStep::ALL.iter().zip([4, 24, 48]) {
            assert_eq!(hours.reached(since, at(hour * 3600 - 1)), reached);
            reached = hours.reached(since, at(hour * 3600));
            assert_eq!(reached, Some(step));
        }
        // A gateway that was away takes the furthest step at once.
        assert_eq!(hours.reached(since, at(90 * 3600)), reached);
        assert_eq!(hours.reached(since, DateTime::<Utc>::MIN_UTC), None);
    }
}
