//! WHO Reference 2007, 5 to 19 years: the tables that carry on where WHO 2006 ends.
//!
//! Rows are whole months; between two months L, M and S are interpolated linearly, as WHO's program
//! `anthroplus` does. There is no head circumference and no weight-for-height here.

use super::shipped;
use crate::clinical::growth::age::AgeDays;
use crate::clinical::growth::lms::{Lms, LmsTable};
use crate::clinical::growth::table::TableError;
use crate::domain::sex::Sex;

/// The three reference tables, by month from 60.
#[derive(Debug)]
pub struct Reference {
    /// 60-120 months, kg.
    pub weight_for_age: LmsTable,
    /// 60-228 months, cm.
    pub height_for_age: LmsTable,
    /// 60-228 months, kg/m².
    pub bmi_for_age: LmsTable,
}

impl Reference {
    pub(super) fn load() -> Result<Reference, TableError> {
        Ok(Reference {
            weight_for_age: shipped!("who2007_wfa.csv", "month")?,
            height_for_age: shipped!("who2007_hfa.csv", "month")?,
            bmi_for_age: shipped!("who2007_bfa.csv", "month")?,
        })
    }
}

/// The row at an age with a fraction of a month. The last row of a table serves the fraction before
/// it only, so a table that ends with 121 answers to just under 121 months.
pub(super) fn at_age(table: &LmsTable, sex: Sex, age: AgeDays) -> Option<Lms> {
    let months = age.months();
    let low = months.floor() as u32;
    let next = table.row(sex, low + 1)?;
    Some(table.row(sex, low)?.towards(next, months - f64::from(low)))
}

#[cfg(test)]
mod tests;
