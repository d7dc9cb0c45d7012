//! The verdict file: one JSON object for each row, beside the file that was pushed.
//!
//! A later line for a row replaces an earlier one. A last line cut off by a crash is passed over:
//! its row is sent again, and the same answer comes.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::rpc::wire::{Outcome, PushRequest, PushResponse};

/// What became of a row, as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The line's number, from 1.
    pub row: u64,
    /// The idempotency key that was sent; empty where nothing was.
    pub key: String,
    /// `ACCEPTED`, `HELD_UNMATCHED` or `REFUSED`.
    pub outcome: String,
    /// `regions/{region}/checkUps/{id}`, unless refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub check_up: String,
    /// Whether this key was answered before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// One fault of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Path of the field.
    pub field: String,
    /// Stable reason.
    pub reason: String,
    /// What a clerk reads.
    pub message_zh: String,
}

impl Verdict {
    /// The gateway's answer to a request.
    #[must_use]
    pub fn of(request: &PushRequest, answer: PushResponse) -> Self {
        let problem = |problem: crate::rpc::wire::Problem| Problem {
            field: problem.field,
            reason: problem.reason,
            message_zh: problem.message_zh,
        };
        Self {
            row: answer.row,
            key: request.idempotency_key.clone(),
            outcome: answer.outcome().as_str_name().to_owned(),
            check_up: answer.check_up,
            replayed: answer.replayed,
            problems: answer.problems.into_iter().map(problem).collect(),
        }
    }

    fn is_stored(&self) -> bool {
        [Outcome::Accepted, Outcome::HeldUnmatched]
            .iter()
            .any(|stored| self.outcome == stored.as_str_name())
    }
}

/// How many rows came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Stored and matched to a child.
    pub accepted: u64,
    /// Stored; waiting for the child.
    pub held: u64,
    /// Not stored.
    pub refused: u64,
    /// Of the stored ones, those that had been sent before.
    pub replayed: u64,
    /// Not sent, because an earlier verdict says they are stored.
    pub skipped: u64,
}

impl Tally {
    /// Counts one verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        match Outcome::from_str_name(&verdict.outcome) {
            Some(Outcome::Accepted) => self.accepted += 1,
            Some(Outcome::HeldUnmatched) => self.held += 1,
            _ => self.refused += 1,
        }
        self.replayed += u64::from(verdict.replayed);
    }
}

/// Rows that an earlier run has stored: the line's number and the key it was sent with.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stored(HashSet<(u64, String)>);

impl Stored {
    /// Whether this request's row was stored under this key.
    #[must_use]
    pub fn holds(&self, request: &PushRequest) -> bool {
        self.0
            .contains(&(request.row, request.idempotency_key.clone()))
    }
}

/// A verdict file being written.
pub struct VerdictFile {
    file: BufWriter<File>,
}

impl VerdictFile {
    /// A new file, in place of what an earlier run left.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::new(File::create(path)?),
        })
    }

    /// The earlier run's file with what it stored, continued. Refusals are left out: those rows are
    /// sent again. Replaced by a whole file or not at all.
    ///
    /// # Errors
    /// Where it can't be read or written.
    pub fn resume(path: &Path) -> io::Result<(Self, Stored)> {
        let kept = read(path)?;
        let mut whole = path.as_os_str().to_owned();
        whole.push(".partial");
        let mut file = Self::create(Path::new(&whole))?;
        for verdict in &kept {
            file.write(verdict)?;
        }
        file.flush()?;
        fs::rename(&whole, path)?;
        let stored = kept
            .into_iter()
            .map(|verdict| (verdict.row, verdict.key))
            .collect();
        Ok((file, Stored(stored)))
    }

    /// Adds a verdict.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn write(&mut self, verdict: &Verdict) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, verdict)?;
        self.file.write_all(b"\n")
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The last verdict of each row an earlier run stored, in order of the rows.
fn read(path: &Path) -> io::Result<Vec<Verdict>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut last = std::collections::BTreeMap::new();
    for line in BufReader::new(file).split(b'\n') {
        if let Ok(verdict) = serde_json::from_slice::<Verdict>(&line?) {
            last.insert(verdict.row, verdict);
        }
    }
    Ok(last.into_values().filter(Verdict::is_stored).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(row: u64, outcome: Outcome) -> Verdict {
        Verdict {
            row,
            key: format!("A-{row}@1"),
            outcome: outcome.as_str_name().to_owned(),
            check_up: String::new(),
            replayed: row == 2,
            problems: Vec::new(),
        }
    }

    fn request(row: u64, key: &str) -> PushRequest {
        PushRequest {
            row,
            idempotency_key: key.to_owned(),
            ..PushRequest::default()
        }
    }

    #[test]
    fn an_interrupted_run_is_resumed_from_what_it_stored() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ndjson.verdicts.ndjson");
        let mut file = VerdictFile::create(&path).unwrap();
        file.write(&verdict(1, Outcome::Accepted)).unwrap();
        file.write(&verdict(2, Outcome::HeldUnmatched)).unwrap();
        file.write(&verdict(3, Outcome::Refused)).unwrap();
        file.write(&verdict(4, Outcome::Accepted)).unwrap();
        file.flush().unwrap();
        // A crash cuts the last line.
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 9]).unwrap();

        let (mut file, stored) = VerdictFile::resume(&path).unwrap();
        assert!(stored.holds(&request(1, "A-1@1")) && stored.holds(&request(2, "A-2@1")));
        assert!(!stored.holds(&request(3, "A-3@1")), "refused: sent again");
        assert!(!stored.holds(&request(4, "A-4@1")), "cut off: sent again");
        assert!(
            !stored.holds(&request(1, "A-1@2")),
            "another revision stands in that line now"
        );
        assert!(!stored.holds(&request(2, "A-1@1")), "the line moved");

        file.write(&verdict(3, Outcome::Accepted)).unwrap();
        file.flush().unwrap();
        let rows: Vec<_> = read(&path).unwrap().into_iter().map(|v| v.row).collect();
        assert_eq!(rows, [1, 2, 3]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_file_resumes_from_nothing_and_the_last_line_of_a_row_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("v");
        let (mut file, stored) = VerdictFile::resume(&path).unwrap();
        assert_eq!(stored, Stored::default());
        file.write(&verdict(1, Outcome::Accepted)).unwrap();
        file.write(&verdict(1, Outcome::Refused)).unwrap();
        file.flush().unwrap();
        assert_eq!(read(&path).unwrap(), []);
    }

    #[test]
    fn rows_are_tallied_by_outcome() {
        let mut tally = Tally::default();
        for (row, outcome) in [
            (1, Outcome::Accepted),
            (2, Outcome::HeldUnmatched),
            (3, Outcome::Refused),
        ] {
            tally.count(&verdict(row, outcome));
        }
        let expected = Tally {
            accepted: 1,
            held: 1,
            refused: 1,
            replayed: 1,
            skipped: 0,
        };
        assert_eq!(tally, expected);
    }
}
