//! Days in care and away from it, from a table beside the files of check-ups: with them the checks before
//! entry and before return are tried too.
//!
//! A facility's own days name a child by a number that stands in its check-ups. As in `assess`, a cell
//! that is not understood stops the replay with line and column: a day that is passed over is an absence
//! that never was.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;

use chrono::NaiveDate;
use csv::ByteRecord;

use super::histories::Histories;
use crate::cli::assess::AssessError;
use crate::cli::assess::columns::Cell;
use crate::cli::error::CliError;
use crate::clinical::schedule::CareSpan;
use crate::domain::absence::{AbsenceDays, AbsenceRefusal, End};
use crate::domain::enrolment::EnrolmentState;
use crate::domain::id::Id;
use crate::domain::organization::Organization;
use crate::service::attendance::Attendance;

/// What `--help` says of the table.
pub const COLUMNS: &str = "\
Attendance, a row for each stay and for each absence from it (days as 2026-09-01; both ends included):
  identifier_kind      RESIDENT_ID, BIRTH_CERTIFICATE or HEALTH_FILE, as in the child's check-ups
  identifier           the number, as there
  facility             the facility's id; may be left out where all stays are in one
  enrolled_first_day   the first day in care
  enrolled_last_day    the last one; empty while the child stays
  away_first_day       the first day away while enrolled; empty where the row tells of no absence
  away_last_day        the last one; empty while nobody knows it
Columns with other names are passed over, and so are children without a check-up in the files.";

const A_DAY: &str = "a day such as 2026-09-01";

/// The days of every child that stands in the table and in the files.
#[derive(Default)]
pub struct Days {
    of: HashMap<usize, Attendance>,
    nobody: Attendance,
    /// Rows of children without a check-up in the files.
    pub unmatched: u64,
}

impl Days {
    /// The days of a child, by its place in the histories.
    pub fn of(&self, child: usize) -> &Attendance {
        self.of.get(&child).unwrap_or(&self.nobody)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Where it can't be read, and at the first cell that is not understood or can't be.
    pub fn read(path: &Path, histories: &Histories, today: NaiveDate) -> Result<Self, CliError> {
        let file = File::open(path).map_err(CliError::file(path))?;
        let mut reader = csv::ReaderBuilder::new().from_reader(file);
        let header = reader.byte_headers().map_err(AssessError::from)?.clone();
        let columns = Columns::find(&header)?;
        let mut stays: BTreeMap<(usize, Stay), Vec<AbsenceDays>> = BTreeMap::new();
        let mut unmatched = 0;
        let mut record = ByteRecord::new();
        while reader
            .read_byte_record(&mut record)
            .map_err(AssessError::from)?
        {
            let row = columns.read(&record)?;
            let Some(child) = histories.child(&row.kind, &row.identifier) else {
                unmatched += 1;
                continue;
            };
            let away = stays.entry((child, row.stay)).or_default();
            if let Some(days) = row.away {
                days.check(row.stay.state(), away.iter().copied(), today)
                    .map_err(|refusal| refused(&record, refusal))?;
                away.push(days);
            }
        }
        let mut of: HashMap<usize, Attendance> = HashMap::new();
        for ((child, stay), away) in stays {
            of.entry(child).or_default().add(stay.span(), away);
        }
        Ok(Self {
            of,
            nobody: Attendance::default(),
            unmatched,
        })
    }
}

/// One stay in care.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stay {
    facility: Option<Id<Organization>>,
    first_day: NaiveDate,
    last_day: Option<NaiveDate>,
}

impl Stay {
    fn state(self) -> EnrolmentState {
        let first_day = self.first_day;
        match self.last_day {
            None => EnrolmentState::Active { first_day },
            Some(last_day) => EnrolmentState::Left {
                first_day,
                last_day,
            },
        }
    }

    fn span(self) -> CareSpan {
        CareSpan {
            facility: self.facility,
            first_day: self.first_day,
            last_day: self.last_day,
        }
    }
}

/// What a row says.
struct Row {
    kind: String,
    identifier: String,
    stay: Stay,
    away: Option<AbsenceDays>,
}

/// Where the columns are.
struct Columns {
    kind: Cell,
    identifier: Cell,
    facility: Cell,
    enrolled_first_day: Cell,
    enrolled_last_day: Cell,
    away_first_day: Cell,
    away_last_day: Cell,
}

impl Columns {
    fn find(header: &ByteRecord) -> Result<Self, AssessError> {
        Ok(Self {
            kind: Cell::needed(header, "identifier_kind")?,
            identifier: Cell::needed(header, "identifier")?,
            facility: Cell::find(header, "facility")?,
            enrolled_first_day: Cell::needed(header, "enrolled_first_day")?,
            enrolled_last_day: Cell::find(header, "enrolled_last_day")?,
            away_first_day: Cell::find(header, "away_first_day")?,
            away_last_day: Cell::find(header, "away_last_day")?,
        })
    }

    fn read(&self, record: &ByteRecord) -> Result<Row, AssessError> {
        let day = |cell: &Cell| cell.read(record, A_DAY, |text| text.parse::<NaiveDate>().ok());
        let text = |cell: &Cell, expected| {
            let said = cell.read(record, expected, |text| Some(text.to_owned()))?;
            said.ok_or_else(|| cell.refused(record, expected))
        };
        let facility = |text: &str| text.parse::<Id<Organization>>().ok();
        let facility = self
            .facility
            .read(record, "the id of a facility", facility)?;
        let first_day = day(&self.enrolled_first_day)?;
        let first_day = first_day.ok_or_else(|| self.enrolled_first_day.refused(record, A_DAY))?;
        let last_day = day(&self.enrolled_last_day)?;
        if last_day.is_some_and(|last| last < first_day) {
            let expected = "a day not before enrolled_first_day";
            return Err(self.enrolled_last_day.refused(record, expected));
        }
        let away = match (day(&self.away_first_day)?, day(&self.away_last_day)?) {
            (Some(first_day), last_day) => Some(AbsenceDays {
                first_day,
                last_day,
            }),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(self.away_first_day.refused(record, A_DAY));
            }
        };
        Ok(Row {
            kind: text(&self.kind, "a kind of number")?,
            identifier: text(&self.identifier, "a number")?,
            stay: Stay {
                facility,
                first_day,
                last_day,
            },
            away,
        })
    }
}

/// Days that a gateway would refuse are refused here.
fn refused(record: &ByteRecord, refusal: AbsenceRefusal) -> AssessError {
    let (first, last) = ("away_first_day", "away_last_day");
    let column = |end| match end {
        End::First => first,
        End::Last => last,
    };
    let (column, expected) = match refusal {
        AbsenceRefusal::Inverted => (last, "a day not before away_first_day"),
        AbsenceRefusal::TooFar(end) => (column(end), "a day at most 366 days ahead"),
        AbsenceRefusal::OutsideEnrolment(end) => (column(end), "a day of the stay"),
        AbsenceRefusal::Overlaps => (first, "days that no other absence of the stay holds"),
        AbsenceRefusal::NotYetEnrolled => ("enrolled_first_day", "a first day in care"),
    };
    AssessError::Cell {
        line: record.position().map_or(0, csv::Position::line),
        column,
        expected,
    }
}
