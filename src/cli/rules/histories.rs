//! The check-ups of files, child by child, however they are mixed: hospitals export by date, and one
//! child may stand in the files of several.
//!
//! The files are read twice. The first reading keeps of each row only where it is and whose: some
//! twenty bytes, so that a million check-ups take tens of megabytes, and the second reads each child's
//! rows from their places. Nothing is copied to disk.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::cli::error::CliError;
use crate::cli::push::rows::LONGEST_LINE;

const READ_AHEAD: usize = 1 << 20;

/// Where one row is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    file: u32,
    length: u32,
    offset: u64,
}

/// The rows of every child.
pub struct Histories {
    files: Vec<(File, PathBuf)>,
    places: Vec<Place>,
    /// The first place of each child, and the end.
    starts: Vec<usize>,
    /// Lines without an identifier that could be read.
    pub unreadable: u64,
}

/// Of a row only what tells whose it is; everything else is passed over.
#[derive(Deserialize)]
struct Slim<'a> {
    #[serde(borrow, alias = "check_up", rename = "checkUp")]
    check_up: SlimCheckUp<'a>,
}

#[derive(Deserialize)]
struct SlimCheckUp<'a> {
    #[serde(borrow)]
    subject: SlimSubject<'a>,
}

#[derive(Deserialize)]
struct SlimSubject<'a> {
    #[serde(borrow)]
    identifiers: Vec<SlimIdentifier<'a>>,
}

#[derive(Deserialize)]
struct SlimIdentifier<'a> {
    #[serde(borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    value: std::borrow::Cow<'a, str>,
}

impl Histories {
    /// Reads files a first time. `read` hears how many bytes were read.
    ///
    /// # Errors
    /// Where a file can't be read.
    pub fn of(paths: &[PathBuf], read: impl Fn(u64)) -> Result<Self, CliError> {
        let mut children = Children::default();
        let mut rows: Vec<(u32, Place)> = Vec::new();
        let mut files = Vec::new();
        let mut unreadable = 0;
        for (path, number) in paths.iter().zip(0..) {
            let file = File::open(path).map_err(CliError::file(path))?;
            let mut reader = BufReader::with_capacity(READ_AHEAD, &file);
            let (mut offset, mut line) = (0_u64, Vec::new());
            loop {
                line.clear();
                let length = reader
                    .read_until(b'\n', &mut line)
                    .map_err(CliError::file(path))?;
                if length == 0 {
                    break;
                }
                let place = Place {
                    file: number,
                    length: u32::try_from(length).unwrap_or(u32::MAX),
                    offset,
                };
                offset += length as u64;
                read(length as u64);
                if line.trim_ascii().is_empty() {
                    continue;
                }
                match identifiers(&line).and_then(|of| children.of(&of)) {
                    Some(child) if length <= LONGEST_LINE => rows.push((child, place)),
                    _ => unreadable += 1,
                }
            }
            files.push((file, path.clone()));
        }
        // Stable: a child's rows stay in the order of the files.
        rows.sort_by_key(|(child, _)| children.root(*child));
        let mut starts = Vec::new();
        let mut last = None;
        for (at, (child, _)) in rows.iter().enumerate() {
            let root = children.root(*child);
            if last != Some(root) {
                starts.push(at);
                last = Some(root);
            }
        }
        starts.push(rows.len());
        Ok(Self {
            files,
            places: rows.into_iter().map(|(_, place)| place).collect(),
            starts,
            unreadable,
        })
    }

    /// How many children there are.
    pub fn children(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// The rows of one child: the file's number and the text of each.
    ///
    /// # Errors
    /// Where a file can't be read any more.
    pub fn of_child(&self, child: usize) -> Result<Vec<(usize, String)>, CliError> {
        let (Some(&from), Some(&until)) = (self.starts.get(child), self.starts.get(child + 1))
        else {
            return Ok(Vec::new());
        };
        let places = self.places.get(from..until).unwrap_or_default();
        places.iter().map(|place| self.row(place)).collect()
    }

    fn row(&self, place: &Place) -> Result<(usize, String), CliError> {
        let number = place.file as usize;
        let (file, path) = self
            .files
            .get(number)
            .ok_or(CliError::Answer("a row of no file"))?;
        let mut bytes = vec![0; place.length as usize];
        let read = file.read_exact_at(&mut bytes, place.offset);
        let text = read.and_then(|()| {
            String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
        });
        text.map(|text| (number, text))
            .map_err(CliError::file(path))
    }
}

fn identifiers(line: &[u8]) -> Option<Vec<u64>> {
    let slim: Slim<'_> = serde_json::from_slice(line).ok()?;
    let hash = |identifier: SlimIdentifier<'_>| {
        let mut hasher = DefaultHasher::new();
        (identifier.kind, identifier.value.trim()).hash(&mut hasher);
        hasher.finish()
    };
    let identifiers = slim.check_up.subject.identifiers.into_iter();
    Some(identifiers.map(hash).collect())
}

/// Which identifiers are one child's: those that ever stood in one row.
#[derive(Default)]
struct Children {
    by_identifier: HashMap<u64, u32>,
    /// Each child's parent in the forest; a root is its own.
    parents: Vec<u32>,
}

impl Children {
    fn of(&mut self, identifiers: &[u64]) -> Option<u32> {
        let mut child: Option<u32> = None;
        for identifier in identifiers {
            let known = self.by_identifier.get(identifier).copied();
            child = Some(match (child, known) {
                (Some(child), Some(known)) => self.join(child, known),
                (Some(child), None) => child,
                (None, Some(known)) => self.root(known),
                (None, None) => self.new_child()?,
            });
            if let Some(child) = child {
                self.by_identifier.insert(*identifier, child);
            }
        }
        child
    }

    fn new_child(&mut self) -> Option<u32> {
        let child = u32::try_from(self.parents.len()).ok()?;
        self.parents.push(child);
        Some(child)
    }

    fn root(&self, mut child: u32) -> u32 {
        while let Some(&parent) = self.parents.get(child as usize)
            && parent != child
        {
            child = parent;
        }
        child
    }

    fn join(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.root(a), self.root(b));
        let (first, second) = (a.min(b), a.max(b));
        if let Some(parent) = self.parents.get_mut(second as usize) {
            *parent = first;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(record: &str, identifiers: &[&str]) -> String {
        let identifiers: Vec<_> = identifiers
            .iter()
            .map(|value| serde_json::json!({"kind": "HEALTH_FILE", "value": value}))
            .collect();
        let subject = serde_json::json!({"identifiers": identifiers});
        serde_json::json!({"checkUp": {"recordId": record, "subject": subject}}).to_string()
    }

    fn histories(files: &[&str]) -> (Vec<Vec<String>>, u64) {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files
            .iter()
            .enumerate()
            .map(|(n, text)| {
                let path = dir.path().join(n.to_string());
                std::fs::write(&path, text).unwrap();
                path
            })
            .collect();
        let histories = Histories::of(&paths, |_| {}).unwrap();
        let records = |child| {
            let rows = histories.of_child(child).unwrap();
            let record = |(_, text): (usize, String)| {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                value["checkUp"]["recordId"].as_str().unwrap().to_owned()
            };
            rows.into_iter().map(record).collect()
        };
        let mut all: Vec<Vec<String>> = (0..histories.children()).map(records).collect();
        all.sort();
        (all, histories.unreadable)
    }

    #[test]
    fn a_child_s_rows_come_together_from_every_file() {
        let one = format!(
            "{}\n{}\n\n{}\n",
            row("1", &["a"]),
            row("2", &["b"]),
            row("3", &["a"])
        );
        let two = format!("{}\nno json\n{}", row("4", &["b"]), row("5", &["c"]));
        let (children, unreadable) = histories(&[&one, &two]);
        assert_eq!(children, [vec!["1", "3"], vec!["2", "4"], vec!["5"]]);
        assert_eq!(unreadable, 1);
    }

    #[test]
    fn identifiers_that_stood_together_are_one_child_even_if_it_shows_late() {
        let rows = [
            row("1", &["a"]),
            row("2", &["b"]),
            row("3", &["c"]),
            row("4", &["b", "c"]),
            row("5", &["c", "a"]),
        ];
        let (children, _) = histories(&[&rows.join("\n")]);
        assert_eq!(children, [vec!["1", "2", "3", "4", "5"]]);
    }
}
