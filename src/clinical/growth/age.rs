//! Ages: days for WHO, completed months for WS/T 423, and the correction for children born early.

use chrono::{Days, Months, NaiveDate};

/// WHO's month: 365.25 / 12 days, exact in binary.
pub const DAYS_PER_MONTH: f64 = 30.4375;

/// Born before 37 weeks is preterm.
const TERM_DAYS: u32 = 37 * 7;
/// Full gestation, to which an age is corrected.
const FULL_GESTATION_DAYS: u32 = 40 * 7;
/// Below 22 weeks a stated gestation is taken for an error and ignored `[P]`.
const LEAST_GESTATION_DAYS: u32 = 22 * 7;
/// Corrected age is used until 24 months `[k]`.
const CORRECTED_UNTIL_MONTHS: u32 = 24;

/// From here on WHO 2007 takes the place of WHO 2006.
pub const FIVE_YEARS_MONTHS: u32 = 60;

/// An age in days, possibly with a fraction; never negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct AgeDays(f64);

impl AgeDays {
    /// `None` if negative, not a number or beyond two hundred years.
    pub fn new(days: f64) -> Option<AgeDays> {
        (0.0..73_050.0).contains(&days).then_some(AgeDays(days))
    }

    /// From months with a fraction, of 30.4375 days each; [`AgeDays::row`] rounds them half up.
    pub fn from_months(months: f64) -> Option<AgeDays> {
        AgeDays::new(months * DAYS_PER_MONTH)
    }

    /// In months of 30.4375 days, with their fraction.
    pub fn months(self) -> f64 {
        self.0 / DAYS_PER_MONTH
    }

    /// The row of a by-day table: halves go up, as in WHO's program.
    pub fn row(self) -> u32 {
        (self.0 + 0.5).floor() as u32
    }

    /// Whether the unrounded age is below so many WHO months.
    pub fn is_under_months(self, months: u32) -> bool {
        self.0 < f64::from(months) * DAYS_PER_MONTH
    }
}

/// Completed months (整月): the month is complete on the birth day's number, or on the month's
/// last day if it has no such day (民法典 art. 202). `None` before birth.
pub fn completed_months(birth: NaiveDate, on: NaiveDate) -> Option<u32> {
    use chrono::Datelike;
    if on < birth {
        return None;
    }
    let calendar = (on.year() - birth.year()) * 12 + on.month() as i32 - birth.month() as i32;
    let calendar = u32::try_from(calendar).ok()?;
    match birth.checked_add_months(Months::new(calendar)) {
        Some(anniversary) if anniversary <= on => Some(calendar),
        _ => calendar.checked_sub(1),
    }
}

/// A child's age at one examination, both ways it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    pub days: u32,
    pub months: u32,
    /// Corrected for birth before 37 weeks.
    pub corrected: bool,
}

impl Age {
    /// The calendar age; `None` before birth.
    pub fn calendar(birth: NaiveDate, on: NaiveDate) -> Option<Age> {
        let days = u32::try_from(on.signed_duration_since(birth).num_days()).ok()?;
        Some(Age {
            days,
            months: completed_months(birth, on)?,
            corrected: false,
        })
    }

    /// The age growth is judged at: corrected for a preterm child until 24 months of calendar age.
    /// `None` before birth and before the corrected day of birth.
    pub fn for_growth(birth: NaiveDate, gestation: Option<u32>, on: NaiveDate) -> Option<Age> {
        let age = Age::calendar(birth, on)?;
        match gestation {
            Some(days) if is_corrected(days, age) => {
                let early = Days::new(u64::from(FULL_GESTATION_DAYS - days));
                let corrected = Age::calendar(birth.checked_add_days(early)?, on)?;
                Some(Age {
                    corrected: true,
                    ..corrected
                })
            }
            _ => Some(age),
        }
    }

    /// In days, as WHO's tables go by them. Who has completed 60 months is that old: a fifth birthday
    /// may be day 1826, a quarter of a day before WHO's 60 months, and the class must be the one
    /// that rules from 60 months on ask for.
    pub fn in_days(self) -> Option<AgeDays> {
        let days = AgeDays::new(f64::from(self.days))?;
        let five_years = AgeDays::from_months(FIVE_YEARS_MONTHS.into())?;
        let is_less = self.months >= FIVE_YEARS_MONTHS && days < five_years;
        Some(if is_less { five_years } else { days })
    }

    /// The same where no dates are known: a completed month is 30.4375 days `[P]`. `None` before the
    /// corrected day of birth.
    pub fn of_days(age: AgeDays, gestation: Option<u32>) -> Option<Age> {
        let of = |age: AgeDays, corrected| Age {
            days: age.row(),
            months: age.months().floor() as u32,
            corrected,
        };
        let calendar = of(age, false);
        match gestation {
            Some(days) if is_corrected(days, calendar) => {
                let early = f64::from(FULL_GESTATION_DAYS - days);
                Some(of(AgeDays::new(age.0 - early)?, true))
            }
            _ => Some(calendar),
        }
    }
}

/// Whether a child born after so many days of gestation is judged at a corrected age.
fn is_corrected(gestation: u32, calendar: Age) -> bool {
    (LEAST_GESTATION_DAYS..TERM_DAYS).contains(&gestation)
        && calendar.months < CORRECTED_UNTIL_MONTHS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_complete_on_the_day_or_the_months_last() {
        let months = |birth, on| completed_months(day(birth), day(on));
        assert_eq!(months("2023-01-31", "2023-02-27"), Some(0));
        assert_eq!(months("2023-01-31", "2023-02-28"), Some(1));
        assert_eq!(months("2023-01-31", "2023-03-30"), Some(1));
        assert_eq!(months("2023-01-31", "2023-03-31"), Some(2));
        assert_eq!(months("2024-02-29", "2025-02-28"), Some(12));
        assert_eq!(months("2023-06-01", "2024-06-01"), Some(12));
        assert_eq!(months("2023-06-01", "2024-05-31"), Some(11));
        assert_eq!(months("2023-06-01", "2023-06-01"), Some(0));
        assert_eq!(months("2023-06-01", "2023-05-31"), None);
    }

    #[test]
    fn preterm_age_is_corrected_until_two_years() {
        let (birth, gestation) = (day("2023-01-01"), Some(30 * 7));
        let at = |on| Age::for_growth(birth, gestation, day(on));
        // Ten weeks early: the corrected birth day is 2023-03-12.
        assert_eq!(at("2023-03-11"), None);
        assert_eq!(
            at("2023-04-12"),
            Some(Age {
                days: 31,
                months: 1,
                corrected: true
            })
        );
        assert_eq!(
            at("2025-01-01"),
            Some(Age {
                days: 731,
                months: 24,
                corrected: false
            })
        );
        let term = Age::for_growth(birth, Some(37 * 7), day("2023-04-12"));
        assert_eq!(term, Age::calendar(birth, day("2023-04-12")));
    }

    #[test]
    fn days_round_half_up_and_months_do_not_round() {
        assert_eq!(AgeDays::new(730.5).unwrap().row(), 731);
        assert_eq!(AgeDays::new(730.4).unwrap().row(), 730);
        assert!(AgeDays::new(1826.0).unwrap().is_under_months(60));
        assert!(!AgeDays::new(1826.25).unwrap().is_under_months(60));
        assert_eq!(AgeDays::new(-1.0), None);
        assert_eq!(AgeDays::new(f64::NAN), None);
    }
}
