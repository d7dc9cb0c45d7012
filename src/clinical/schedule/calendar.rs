//! Civil days of a schedule: ages and intervals in days or calendar months.
//!
//! A month counts from day number to day number. A day that does not exist in the target month
//! becomes the first day of the next month (29 February and 12 months is 1 March), so that a child
//! never reaches an age early `[P]`. At the ends of the calendar days stop instead of overflowing.

use chrono::{Datelike, Days, NaiveDate};
use serde::Deserialize;

/// A length of time as schedule files write it: `28d` or `6m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Days(u16),
    Months(u16),
}

impl Span {
    /// Reads `28d` or `6m`.
    pub fn parse(text: &str) -> Option<Span> {
        // `parse` alone would also take a sign.
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain)
        };
        match (text.strip_suffix('d'), text.strip_suffix('m')) {
            (Some(digits), _) => number(digits).map(Span::Days),
            (_, Some(digits)) => number(digits).map(Span::Months),
            _ => None,
        }
    }

    /// The day that lies this long after `day`.
    pub fn after(self, day: NaiveDate) -> NaiveDate {
        match self {
            Span::Days(days) => days_after(day, days.into()),
            Span::Months(months) => months_on(day, months.into()).unwrap_or(NaiveDate::MAX),
        }
    }

    /// The day that lies this long before `day`.
    pub fn before(self, day: NaiveDate) -> NaiveDate {
        match self {
            Span::Days(days) => days_before(day, days.into()),
            Span::Months(months) => months_on(day, -i32::from(months)).unwrap_or(NaiveDate::MIN),
        }
    }

    /// Whether so much time lies between two days. For what has happened a month is also complete on
    /// its last day if it lacks the day (整月, as growth counts), one day before [`Span::after`].
    pub(super) fn is_reached(self, from: NaiveDate, on: NaiveDate) -> bool {
        let planned = self.after(from);
        let was_put_off = matches!(self, Span::Months(_)) && planned.day() < from.day();
        on >= if was_put_off {
            days_before(planned, 1)
        } else {
            planned
        }
    }

    /// Whether every day-count of it is below every day-count of `other`.
    pub(super) fn is_surely_under(self, other: Span) -> bool {
        // Calendar months in a row hold 28 to 31 days each, and are longer than nothing.
        match (self, other) {
            (Span::Days(a), Span::Days(b)) | (Span::Months(a), Span::Months(b)) => a < b,
            (Span::Days(days), Span::Months(months)) => u32::from(days) < u32::from(months) * 28,
            (Span::Months(months), Span::Days(days)) => u32::from(months) * 31 < u32::from(days),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Span::parse(&text).ok_or_else(|| {
            serde::de::Error::custom("a length of time is written \"28d\" or \"6m\"")
        })
    }
}

pub(super) fn days_after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days))
        .unwrap_or(NaiveDate::MAX)
}

pub(super) fn days_before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days))
        .unwrap_or(NaiveDate::MIN)
}

fn months_on(day: NaiveDate, months: i32) -> Option<NaiveDate> {
    let count = day.year().checked_mul(12)? + day.month0() as i32 + months;
    let of = |count: i32, day| {
        let month = count.rem_euclid(12) as u32 + 1;
        NaiveDate::from_ymd_opt(count.div_euclid(12), month, day)
    };
    of(count, day.day()).or_else(|| of(count + 1, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_the_month_lacks_becomes_the_first_of_the_next() {
        for (from, span, want) in [
            ("2024-02-29", "12m", "2025-03-01"),
            ("2024-02-29", "48m", "2028-02-29"),
            ("2023-01-31", "1m", "2023-03-01"),
            ("2024-01-30", "1m", "2024-03-01"),
            ("2023-08-31", "1m", "2023-10-01"),
            ("2023-12-15", "1m", "2024-01-15"),
            ("2023-12-31", "2m", "2024-03-01"),
            ("2023-06-01", "0m", "2023-06-01"),
            ("2023-06-01", "28d", "2023-06-29"),
        ] {
            assert_eq!(Span::parse(span).unwrap().after(day(from)), day(want));
        }
        let before = |from, span: &str| Span::parse(span).unwrap().before(day(from));
        assert_eq!(before("2023-05-31", "3m"), day("2023-03-01"));
        assert_eq!(before("2024-01-15", "3m"), day("2023-10-15"));
        assert_eq!(before("2024-03-14", "14d"), day("2024-02-29"));
    }

    #[test]
    fn what_has_happened_reaches_a_month_on_its_last_day() {
        let reached = |span, from, on| Span::parse(span).unwrap().is_reached(day(from), day(on));
        assert!(reached("1m", "2023-01-31", "2023-02-28"));
        assert!(!reached("1m", "2023-01-31", "2023-02-27"));
        assert!(reached("12m", "2024-02-29", "2025-02-28"));
        assert!(!reached("1m", "2023-01-28", "2023-02-27"));
        assert!(!reached("28d", "2023-01-31", "2023-02-27"));
        assert!(reached("28d", "2023-01-31", "2023-02-28"));
    }

    #[test]
    fn the_calendar_ends_without_a_panic() {
        for span in [Span::Days(u16::MAX), Span::Months(u16::MAX)] {
            assert_eq!(span.after(NaiveDate::MAX), NaiveDate::MAX);
            assert_eq!(span.before(NaiveDate::MIN), NaiveDate::MIN);
            assert!(span.before(NaiveDate::MAX) < NaiveDate::MAX);
            assert!(span.after(NaiveDate::MIN) > NaiveDate::MIN);
        }
    }

    #[test]
    fn spans_are_digits_and_a_unit() {
        assert_eq!(Span::parse("28d"), Some(Span::Days(28)));
        assert_eq!(Span::parse("6m"), Some(Span::Months(6)));
        for text in ["", "6", "m", "-6m", "+6m", "6y", "六m", "99999m", "6 m"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }
}
