//! `yuqiao assess`: WHO 2006 z-scores for a table of children, without a server.
//!
//! CSV in, the same CSV with z-scores and flags out, row by row in constant memory. Columns it does
//! not know pass through byte for byte. A row it can't understand stops it with line and column:
//! a silently skipped child would be a wrong prevalence.

mod command;

use std::io::{Read, Write};

use csv::ByteRecord;

use crate::clinical::growth::age::AgeDays;
use crate::clinical::growth::stature::{Micrometres, Position};
use crate::clinical::growth::who::{Observation, Scores};
use crate::clinical::growth::{Indicator, TableError, Tables};
use crate::domain::sex::Sex;

pub use command::Assess;

/// The added columns, in order; z-scores are in standard deviations, flags are 0 or 1.
const ADDED: [&str; 12] = [
    "clenhei_cm",
    "cbmi",
    "zlen",
    "zwei",
    "zwfl",
    "zbmi",
    "zhc",
    "flen",
    "fwei",
    "fwfl",
    "fbmi",
    "fhc",
];

/// The order of the `z` and `f` columns.
const INDICATORS: [Indicator; 5] = [
    Indicator::LengthHeightForAge,
    Indicator::WeightForAge,
    Indicator::WeightForLengthHeight,
    Indicator::BmiForAge,
    Indicator::HeadCircumferenceForAge,
];

/// What one run saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssessSummary {
    pub rows: u64,
    /// Rows with at least one z-score.
    pub scored: u64,
    /// Rows with at least one flag: measure again before believing them.
    pub flagged: u64,
    /// Rows "standing" under 9 months, whose position was ignored.
    pub positions_ignored: u64,
}

/// Why the run stopped. No text holds what a cell said.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    #[error("column {column} is missing")]
    ColumnMissing { column: &'static str },
    #[error("column {column} stands twice")]
    ColumnTwice { column: &'static str },
    #[error("column {column} is already there and would be added: rename or remove it")]
    ColumnTaken { column: &'static str },
    #[error("line {line}, column {column}: expected {expected}")]
    Cell {
        line: u64,
        column: &'static str,
        expected: &'static str,
    },
    #[error("line {line}: {found} cells, the header has {expected}")]
    Ragged {
        line: u64,
        found: u64,
        expected: u64,
    },
    #[error("the table can't be read or written")]
    Csv(#[source] csv::Error),
    #[error(transparent)]
    Table(#[from] TableError),
}

impl From<csv::Error> for AssessError {
    fn from(error: csv::Error) -> AssessError {
        match *error.kind() {
            csv::ErrorKind::UnequalLengths {
                ref pos,
                expected_len,
                len,
            } => AssessError::Ragged {
                line: pos.as_ref().map_or(0, csv::Position::line),
                found: len,
                expected: expected_len,
            },
            _ => AssessError::Csv(error),
        }
    }
}

/// Reads children, writes them with their z-scores.
///
/// Columns: `sex` (M, F), `age_days`, `weight_kg`, `lenhei_cm`, `measure` (L lying, H standing),
/// `headc_cm`, `oedema` (y, n). Only the column `sex` must exist; an empty cell or `NA` is unknown.
///
/// # Errors
/// [`AssessError`] at the first header, row or cell that can't be understood; rows before it have
/// been written.
pub fn assess(input: impl Read, output: impl Write) -> Result<AssessSummary, AssessError> {
    let standards = Tables::load()?.who;
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let mut writer = csv::WriterBuilder::new().from_writer(output);

    let mut header = reader.byte_headers()?.clone();
    let columns = Columns::find(&header)?;
    ADDED
        .iter()
        .for_each(|name| header.push_field(name.as_bytes()));
    writer.write_byte_record(&header)?;

    let mut summary = AssessSummary::default();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let scores = standards.score(&columns.observe(&record)?);
        summary.count(&scores);
        append(&mut record, &scores);
        writer.write_byte_record(&record)?;
    }
    writer
        .flush()
        .map_err(|error| AssessError::Csv(error.into()))?;
    Ok(summary)
}

impl AssessSummary {
    fn count(&mut self, scores: &Scores) {
        self.rows += 1;
        self.scored += u64::from(INDICATORS.iter().any(|&which| scores.get(which).is_some()));
        self.flagged += u64::from(scores.implausible().next().is_some());
        self.positions_ignored += u64::from(scores.position_ignored);
    }
}

fn append(record: &mut ByteRecord, scores: &Scores) {
    let mut push = |cell: Option<String>| record.push_field(cell.unwrap_or_default().as_bytes());
    push(scores.stature_um.map(centimetres));
    push(scores.bmi.map(|bmi| format!("{bmi:.2}")));
    INDICATORS
        .iter()
        .for_each(|&which| push(scores.get(which).map(|scored| scored.z.to_string())));
    for which in INDICATORS {
        let flagged = scores.get(which).is_some_and(|scored| scored.implausible);
        push(Some(if flagged { "1" } else { "0" }.to_owned()));
    }
}

/// Two decimals, halves up, from the exact length.
fn centimetres(um: Micrometres) -> String {
    let hundredths = (um + 50) / 100;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Where the known columns are.
struct Columns {
    sex: Cell,
    age_days: Cell,
    weight_kg: Cell,
    lenhei_cm: Cell,
    measure: Cell,
    headc_cm: Cell,
    oedema: Cell,
}

/// One known column: its name and, if the table has it, its place.
struct Cell {
    column: &'static str,
    at: Option<usize>,
}

impl Columns {
    fn find(header: &ByteRecord) -> Result<Columns, AssessError> {
        let places = |name: &'static str| {
            let is_it = move |cell: &[u8]| cell.trim_ascii() == name.as_bytes();
            header
                .iter()
                .enumerate()
                .filter(move |(_, cell)| is_it(cell))
                .map(|(at, _)| at)
        };
        if let Some(&column) = ADDED.iter().find(|&&name| places(name).next().is_some()) {
            return Err(AssessError::ColumnTaken { column });
        }
        let find = |column: &'static str| {
            let mut found = places(column);
            let at = found.next();
            match found.next() {
                Some(_) => Err(AssessError::ColumnTwice { column }),
                None => Ok(Cell { column, at }),
            }
        };
        let sex = find("sex")?;
        if sex.at.is_none() {
            return Err(AssessError::ColumnMissing { column: sex.column });
        }
        Ok(Columns {
            sex,
            age_days: find("age_days")?,
            weight_kg: find("weight_kg")?,
            lenhei_cm: find("lenhei_cm")?,
            measure: find("measure")?,
            headc_cm: find("headc_cm")?,
            oedema: find("oedema")?,
        })
    }

    fn observe(&self, record: &ByteRecord) -> Result<Observation, AssessError> {
        let oedema = |text: &str| match text {
            "y" | "Y" => Some(true),
            "n" | "N" => Some(false),
            _ => None,
        };
        let position = |text: &str| Position::parse(&text.to_ascii_uppercase());
        let age = |text: &str| number(text).and_then(AgeDays::new);
        Ok(Observation {
            sex: self.sex.read(record, "M or F", Sex::parse)?,
            age: self
                .age_days
                .read(record, "a number of days, 0 or more", age)?,
            weight_kg: self
                .weight_kg
                .read(record, "a number of kilograms", number)?,
            stature_um: self
                .lenhei_cm
                .read(record, "a number of centimetres", micrometres)?,
            position: self.measure.read(record, "L or H", position)?,
            head_cm: self
                .headc_cm
                .read(record, "a number of centimetres", number)?,
            oedema: self.oedema.read(record, "y or n", oedema)?.unwrap_or(false),
        })
    }
}

impl Cell {
    /// The cell's value; `None` if there is no such column or the cell is empty or `NA`.
    fn read<T>(
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
            None => {
                let line = record.position().map_or(0, csv::Position::line);
                Err(AssessError::Cell {
                    line,
                    column: self.column,
                    expected,
                })
            }
        }
    }
}

/// A plain decimal number below a million: no `inf`, no `nan`, no decimal comma.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.abs() < 1e6)
}

fn micrometres(text: &str) -> Option<Micrometres> {
    // Below 10^10, so the product is exact to far less than half a micrometre.
    number(text).map(|cm| (cm * 1e4).round() as Micrometres)
}

#[cfg(test)]
mod tests;
