//! `yuqiao assess`: growth results for a table of children, without a server.
//!
//! CSV in, the same CSV with z-scores, centiles, classes and flags out, row by row in constant
//! memory. Columns it does not know pass through byte for byte. A row it can't understand stops it
//! with line and column: a silently skipped child would be a wrong prevalence.

mod answer;
pub(in crate::cli) mod columns;
mod command;

use std::io::{self, Read, Write};

use csv::ByteRecord;
use serde_json::{Map, Value};

use crate::clinical::growth::{TableError, Tables};
use answer::Answer;
use columns::Columns;

pub use answer::Standard;
pub use command::Assess;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Without one: WHO 2006 alone, z-scores and flags, under five years.
    pub standard: Option<Standard>,
    /// One JSON object a row instead of CSV.
    pub json: bool,
}

/// What one run saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssessSummary {
    pub rows: u64,
    /// Rows with at least one result.
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
    #[error("the answer can't be written")]
    Write(#[source] io::Error),
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

/// Reads children, writes them with their results.
///
/// Columns: `sex` (M, F), `age_days` or `age_months`, `weight_kg`, `lenhei_cm`, `measure` (L lying,
/// H standing), `headc_cm`, `oedema` (y, n). Only the column `sex` must exist; an empty cell or `NA`
/// is unknown.
///
/// # Errors
/// [`AssessError`] at the first header, row or cell that can't be understood; rows before it have
/// been written.
pub fn assess(
    asked: Asked,
    input: impl Read,
    output: impl Write,
) -> Result<AssessSummary, AssessError> {
    let tables = Tables::load()?;
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let header = reader.byte_headers()?.clone();
    let added = answer::added(asked.standard);
    let columns = Columns::find(&header, &added)?;
    let mut sheet = Sheet::begin(asked.json, output, header, added)?;

    let mut summary = AssessSummary::default();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let child = columns.read(&record)?;
        let answer = Answer::of(&tables, asked.standard, &child.seen, &child.measurements);
        summary.count(&answer);
        sheet.row(&mut record, answer.cells)?;
    }
    sheet.end()?;
    Ok(summary)
}

impl AssessSummary {
    fn count(&mut self, answer: &Answer) {
        self.rows += 1;
        self.scored += u64::from(answer.is_there());
        self.flagged += u64::from(answer.scores.implausible().next().is_some());
        self.positions_ignored += u64::from(answer.scores.position_ignored);
    }
}

/// Where the rows go: a table with further columns, or an object a line.
enum Sheet<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json {
        output: W,
        names: Vec<String>,
        added: Vec<&'static str>,
    },
}

impl<W: Write> Sheet<W> {
    fn begin(
        json: bool,
        output: W,
        mut header: ByteRecord,
        added: Vec<&'static str>,
    ) -> Result<Self, AssessError> {
        if json {
            let names = header.iter().map(text).collect();
            return Ok(Sheet::Json {
                output,
                names,
                added,
            });
        }
        let mut writer = csv::WriterBuilder::new().from_writer(output);
        added
            .iter()
            .for_each(|name| header.push_field(name.as_bytes()));
        writer.write_byte_record(&header)?;
        Ok(Sheet::Csv(Box::new(writer)))
    }

    fn row(&mut self, record: &mut ByteRecord, cells: Vec<String>) -> Result<(), AssessError> {
        match self {
            Sheet::Csv(writer) => {
                cells
                    .iter()
                    .for_each(|cell| record.push_field(cell.as_bytes()));
                Ok(writer.write_byte_record(record)?)
            }
            Sheet::Json {
                output,
                names,
                added,
            } => {
                let told = names.iter().cloned();
                let told = told.zip(record.iter().map(|cell| Value::String(text(cell))));
                let found = added.iter().zip(cells);
                let found = found.map(|(name, cell)| ((*name).to_owned(), value(cell)));
                let row: Map<String, Value> = told.chain(found).collect();
                writeln!(output, "{}", Value::Object(row)).map_err(AssessError::Write)
            }
        }
    }

    fn end(self) -> Result<(), AssessError> {
        match self {
            Sheet::Csv(mut writer) => writer.flush(),
            Sheet::Json { mut output, .. } => output.flush(),
        }
        .map_err(AssessError::Write)
    }
}

/// A cell of the input for JSON, which knows UTF-8 only.
fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

/// A result for JSON: a number, a code, or null where there is none.
fn value(cell: String) -> Value {
    if cell.is_empty() {
        return Value::Null;
    }
    match cell.parse() {
        Ok(number) => Value::Number(number),
        Err(_) => Value::String(cell),
    }
}

#[cfg(test)]
mod tests;
