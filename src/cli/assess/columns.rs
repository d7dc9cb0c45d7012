//! The columns a table of children may have, and what a row of them says.

use csv::ByteRecord;

use super::AssessError;
use crate::clinical::growth::age::AgeDays;
use crate::clinical::growth::individual::Measurements;
use crate::clinical::growth::stature::{Micrometres, Position};
use crate::clinical::growth::who::Observation;
use crate::domain::sex::Sex;

/// Where the known columns are.
pub(in crate::cli) struct Columns {
    sex: Cell,
    age_days: Cell,
    age_months: Cell,
    weight_kg: Cell,
    lenhei_cm: Cell,
    measure: Cell,
    headc_cm: Cell,
    oedema: Cell,
}

/// One known column: its name and, if the table has it, its place.
pub(in crate::cli) struct Cell {
    column: &'static str,
    at: Option<usize>,
}

/// One child as each of the standards wants it told.
pub(in crate::cli) struct Child {
    pub seen: Observation,
    /// The same in whole grams and micrometres, which WS/T 423 is compared in.
    pub measurements: Measurements,
}

impl Columns {
    /// Finds the known columns; those in `added` must not be there yet.
    pub(in crate::cli) fn find(
        header: &ByteRecord,
        added: &[&'static str],
    ) -> Result<Columns, AssessError> {
        if let Some(&column) = added
            .iter()
            .find(|&&name| places(header, name).next().is_some())
        {
            return Err(AssessError::ColumnTaken { column });
        }
        let find = |column| Cell::find(header, column);
        let sex = Cell::needed(header, "sex")?;
        Ok(Columns {
            sex,
            age_days: find("age_days")?,
            age_months: find("age_months")?,
            weight_kg: find("weight_kg")?,
            lenhei_cm: find("lenhei_cm")?,
            measure: find("measure")?,
            headc_cm: find("headc_cm")?,
            oedema: find("oedema")?,
        })
    }

    /// What a row says. Months count only where no days are given.
    pub(in crate::cli) fn read(&self, record: &ByteRecord) -> Result<Child, AssessError> {
        let oedema = |text: &str| match text {
            "y" | "Y" => Some(true),
            "n" | "N" => Some(false),
            _ => None,
        };
        let position = |text: &str| Position::parse(&text.to_ascii_uppercase());
        let days = |text: &str| number(text).and_then(AgeDays::new);
        let months = |text: &str| number(text).and_then(AgeDays::from_months);
        let age = self
            .age_days
            .read(record, "a number of days, 0 or more", days)?;
        let age = match age {
            Some(age) => Some(age),
            None => self
                .age_months
                .read(record, "a number of months, 0 or more", months)?,
        };
        let weight_kg = self
            .weight_kg
            .read(record, "a number of kilograms", number)?;
        let stature_um = self
            .lenhei_cm
            .read(record, "a number of centimetres", micrometres)?;
        let head_cm = self
            .headc_cm
            .read(record, "a number of centimetres", number)?;
        let position = self.measure.read(record, "L or H", position)?;
        let oedema = self.oedema.read(record, "y or n", oedema)?.unwrap_or(false);
        Ok(Child {
            seen: Observation {
                sex: self.sex.read(record, "M or F", Sex::parse)?,
                age,
                weight_kg,
                stature_um,
                position,
                head_cm,
                oedema,
            },
            measurements: Measurements {
                // A typed decimal lies far nearer to its gram than half a gram.
                weight_g: weight_kg.map(|kg| (kg * 1e3).round() as i64),
                stature_um,
                position,
                head_um: head_cm.map(|cm| (cm * 1e4).round() as Micrometres),
                oedema,
            },
        })
    }
}

/// The places of a column.
fn places<'h>(header: &'h ByteRecord, name: &'static str) -> impl Iterator<Item = usize> + 'h {
    let is_it = move |cell: &[u8]| cell.trim_ascii() == name.as_bytes();
    let cells = header.iter().enumerate();
    cells.filter(move |(_, cell)| is_it(cell)).map(|(at, _)| at)
}

impl Cell {
    /// Finds a column that a table may have.
    ///
    /// # Errors
    /// Where it stands twice.
    pub(in crate::cli) fn find(
        header: &ByteRecord,
        column: &'static str,
    ) -> Result<Self, AssessError> {
        let mut found = places(header, column);
        let at = found.next();
        match found.next() {
            Some(_) => Err(AssessError::ColumnTwice { column }),
            None => Ok(Self { column, at }),
        }
    }

    /// Finds a column that a table must have.
    ///
    /// # Errors
    /// Where it is missing, or stands twice.
    pub(in crate::cli) fn needed(
        header: &ByteRecord,
        column: &'static str,
    ) -> Result<Self, AssessError> {
        let cell = Self::find(header, column)?;
        match cell.at {
            Some(_) => Ok(cell),
            None => Err(AssessError::ColumnMissing { column }),
        }
    }

    /// What is told of a cell that says something else than it must.
    pub(in crate::cli) fn refused(
        &self,
        record: &ByteRecord,
        expected: &'static str,
    ) -> AssessError {
        AssessError::Cell {
            line: record.position().map_or(0, csv::Position::line),
            column: self.column,
            expected,
        }
    }

    /// The cell's value; `None` if there is no such column or the cell is empty or `NA`.
    ///
    /// # Errors
    /// Where it says something that `parse` does not read.
    pub(in crate::cli) fn read<T>(
        &self,
        record: &ByteRecord,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, AssessError> {
        let Some(bytes) = self.at.and_then(|at| record.get(at)) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes).map(str::trim);
        if matches!(text, Ok("" | "NA")) {
            return Ok(None);
        }
        match text.ok().and_then(parse) {
            Some(value) => Ok(Some(value)),
            None => Err(self.refused(record, expected)),
        }
    }
}

/// A plain decimal number below a million: no `inf`, no `nan`, no decimal comma.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.abs() < 1e6)
}

pub(super) fn micrometres(text: &str) -> Option<Micrometres> {
    // Below 10^10, so the product is exact to far less than half a micrometre.
    number(text).map(|cm| (cm * 1e4).round() as Micrometres)
}
