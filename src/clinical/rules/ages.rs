//! Ages in a rule: half-open ranges of days or completed months.

use super::RuleFault;
use crate::clinical::growth::age::Age;

/// One end of an age range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeBound {
    Days(u32),
    /// Completed months.
    Months(u32),
}

impl AgeBound {
    pub(crate) fn reached_by(self, age: Age) -> bool {
        match self {
            AgeBound::Days(days) => age.days >= days,
            AgeBound::Months(months) => age.months >= months,
        }
    }
}

/// Half-open: from the first bound to just before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeRange {
    pub from: AgeBound,
    pub until: AgeBound,
}

impl AgeRange {
    /// Whether a calendar age lies in it.
    pub fn contains(&self, age: Age) -> bool {
        self.from.reached_by(age) && !self.until.reached_by(age)
    }
}

/// Reads `("28d", "6m")`.
pub(super) fn age_range(from: &str, until: &str) -> Result<AgeRange, RuleFault> {
    let bound = |text: &str| {
        let (digits, months) = match (text.strip_suffix('d'), text.strip_suffix('m')) {
            (Some(digits), _) => (digits, false),
            (_, Some(digits)) => (digits, true),
            _ => return Err(RuleFault::Age),
        };
        // Bounded, so that ages can be compared without overflow.
        let number = digits.parse::<u16>().map_err(|_| RuleFault::Age)?.into();
        Ok(if months {
            AgeBound::Months(number)
        } else {
            AgeBound::Days(number)
        })
    };
    let (from, until) = (bound(from)?, bound(until)?);
    // A month has at least 28 days and at most 31: enough to see that a mixed range can be empty.
    let (earliest, latest) = match (from, until) {
        (AgeBound::Days(from), AgeBound::Days(until)) => (from, until),
        (AgeBound::Months(from), AgeBound::Months(until)) => (from, until),
        (AgeBound::Days(from), AgeBound::Months(until)) => (from, until * 28),
        (AgeBound::Months(from), AgeBound::Days(until)) => (from * 31, until),
    };
    if earliest >= latest {
        return Err(RuleFault::AgesEmpty);
    }
    Ok(AgeRange { from, until })
}
