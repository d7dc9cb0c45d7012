//! The wire's fields ↔ the field's words.
//!
//! [`Fields`] reads a request and remembers every problem instead of stopping at the first, so that
//! a clerk corrects a form once. Nothing here knows a use case.

mod fields;
pub mod names;
mod words;

pub use fields::Fields;
pub use names::{Resource, name, region_name};
pub use words::WireWord;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// An instant as the wire writes it: RFC 3339 in UTC with microseconds.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A civil day as the wire writes it: `2026-09-01`.
pub fn day(day: NaiveDate) -> String {
    day.to_string()
}

/// A civil day or nothing.
pub fn maybe_day(of: Option<NaiveDate>) -> String {
    of.map(day).unwrap_or_default()
}

/// A civil day, in exactly the spelling [`day`] writes.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    // Years of four digits only: `NaiveDate` would also read and write signs and more digits.
    let parsed = if text.len() == 10 {
        text.parse::<NaiveDate>().ok()
    } else {
        None
    };
    parsed.filter(|parsed| day(*parsed) == text)
}

/// The etag of a row's revision.
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// The revision in an etag.
pub fn parse_etag(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    digits
        .parse()
        .ok()
        .filter(|revision| etag(*revision) == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_has_microseconds() {
        let at = DateTime::from_timestamp_micros(1_800_000_000_000_007).unwrap();
        assert_eq!(time(at), "2027-01-15T08:00:00.000007Z");
    }

    #[test]
    fn a_day_has_one_spelling() {
        for bad in [
            "",
            "2026-9-1",
            "2026-02-30",
            "26-09-01",
            "+2026-9-1",
            "2026/09/01",
            " 2026-9-1",
        ] {
            assert_eq!(parse_day(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(days in 0..3_000_000i32, revision: i64) {
            let of = NaiveDate::from_num_days_from_ce_opt(days % 3_652_059 + 1).unwrap();
            prop_assert_eq!(parse_day(&day(of)), Some(of));
            prop_assert_eq!(parse_etag(&etag(revision)), Some(revision));
        }

        #[test]
        fn any_text_is_met_with_grace(text in "\\PC{0,20}") {
            let _ = (parse_day(&text), parse_etag(&text));
        }
    }
}
