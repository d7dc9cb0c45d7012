//! One child's visits from a table.

use std::io::Read;

use csv::ByteRecord;

use crate::cli::assess::{AssessError, columns::Columns};
use crate::clinical::growth::TableError;
use crate::clinical::growth::age::Age;
use crate::clinical::growth::chart::Visit;
use crate::domain::sex::Sex;

/// The rows of one child.
pub(super) struct Child {
    pub sex: Sex,
    /// By age.
    pub visits: Vec<Visit>,
}

/// Why no chart was drawn. No text holds what a cell said.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error(transparent)]
    Table(#[from] AssessError),
    #[error("column {0} of --only is missing")]
    NoSuchColumn(String),
    #[error("no row is left to draw")]
    NoRow,
    #[error("line {line}: {what} is not known, and a chart needs it")]
    Unknown { line: u64, what: &'static str },
    #[error("line {line}: another sex than before; a chart is of one child, see --only")]
    OtherChild { line: u64 },
}

impl From<TableError> for ChartError {
    fn from(error: TableError) -> ChartError {
        ChartError::Table(error.into())
    }
}

impl From<csv::Error> for ChartError {
    fn from(error: csv::Error) -> ChartError {
        ChartError::Table(error.into())
    }
}

/// Reads the rows, or those whose column says what `only` says.
pub(super) fn child(
    input: impl Read,
    only: Option<(&str, &str)>,
    gestation_days: Option<u32>,
) -> Result<Child, ChartError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let header = reader.byte_headers()?.clone();
    let columns = Columns::find(&header, &[])?;
    let only = only
        .map(|(column, value)| {
            let is_it = |cell: &[u8]| cell.trim_ascii() == column.as_bytes();
            let at = header.iter().position(is_it);
            let at = at.ok_or_else(|| ChartError::NoSuchColumn(column.to_owned()))?;
            Ok::<_, ChartError>((at, value))
        })
        .transpose()?;

    let mut sex: Option<Sex> = None;
    let mut visits: Vec<Visit> = Vec::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let cell = |at| record.get(at).map(<[u8]>::trim_ascii);
        if only.is_some_and(|(at, value)| cell(at) != Some(value.as_bytes())) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let row = columns.read(&record)?;
        let unknown = |what| ChartError::Unknown { line, what };
        let this = row.seen.sex.ok_or_else(|| unknown("sex"))?;
        if *sex.get_or_insert(this) != this {
            return Err(ChartError::OtherChild { line });
        }
        let age = row.seen.age.ok_or_else(|| unknown("age"))?;
        // Before the day it should have been born a preterm child has no place on a chart.
        if let Some(corrected) = Age::of_days(age, gestation_days) {
            visits.push(Visit {
                age: corrected,
                calendar_days: age.row(),
                seen: row.measurements,
            });
        }
    }
    visits.sort_by_key(|visit| visit.calendar_days);
    Ok(Child {
        sex: sex.ok_or(ChartError::NoRow)?,
        visits,
    })
}
