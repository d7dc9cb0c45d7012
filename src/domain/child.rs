//! 儿童.

use chrono::{Months, NaiveDate};

/// Marks ids of children.
#[derive(Debug)]
pub enum Child {}

/// The day a child turns fourteen: from then on a guardian's consent no longer speaks for it
/// (PIPL art. 31).
pub fn fourteenth_birthday(birth: NaiveDate) -> NaiveDate {
    birth
        .checked_add_months(Months::new(14 * 12))
        .unwrap_or(NaiveDate::MAX)
}
