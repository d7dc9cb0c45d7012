//! The check-ups of files, child by child, however they are mixed: hospitals export by date, and one
//! child may stand in the files of several.
//!
//! The files are read twice. The first reading keeps of each row only where it is and whose: some
//! thirty bytes, so that a million check-ups take tens of megabytes, and the second reads each child's
//! rows from their places. Nothing is copied to disk.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::error::CliError;
use crate::cli::push::rows::LONGEST_LINE;

const READ_AHEAD: usize = 1 << 20;

/// Where one row is.
#[derive(Clone, Copy, Debug)]
struct Place {
    file: u32,
    line: u32,
    length: u32,
    offset: u64,
}

/// One row of a child, read from its place.
pub struct Row {
    /// Number of its file.
    pub file: u32,
    /// Number of its line, from 1.
    pub line: u32,
    /// What it says.
    pub text: String,
}

/// The rows of every child.
pub struct Histories {
    files: Vec<(File, PathBuf)>,
    places: Vec<Place>,
    /// The first place of each child, and the end.
    starts: Vec<usize>,
    /// Whose each identifier is: the child's place in `starts`.
    by_identifier: HashMap<u64, u32>,
    /// Lines without an identifier that could be read, or too long: file and line.
    pub unreadable: Vec<(u32, u32)>,
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
        let mut unreadable = Vec::new();
        for (path, number) in paths.iter().zip(0..) {
            let file = File::open(path).map_err(CliError::file(path))?;
            let mut reader = BufReader::with_capacity(READ_AHEAD, &file);
            let (mut offset, mut text) = (0_u64, Vec::new());
            for line in 1.. {
                let length = next_line(&mut reader, &mut text).map_err(CliError::file(path))?;
                if length == 0 {
                    break;
                }
                read(length);
                let place = Place {
                    file: number,
                    line,
                    length: u32::try_from(length).unwrap_or(u32::MAX),
                    offset,
                };
                offset += length;
                if text.trim_ascii().is_empty() {
                    continue;
                }
                match identifiers(&text).and_then(|of| children.of(&of)) {
                    Some(child) if length <= LONGEST_LINE as u64 => rows.push((child, place)),
                    _ => unreadable.push((number, line)),
                }
            }
            files.push((file, path.clone()));
        }
        // Stable: a child's rows stay in the order of the files.
        rows.sort_by_key(|(child, _)| children.root(*child));
        let mut starts = Vec::new();
        let mut places: HashMap<u32, u32> = HashMap::new();
        let mut last = None;
        for (at, (child, _)) in rows.iter().enumerate() {
            let root = children.root(*child);
            if last != Some(root) {
                places.extend(u32::try_from(starts.len()).map(|place| (root, place)));
                starts.push(at);
                last = Some(root);
            }
        }
        starts.push(rows.len());
        let mut by_identifier = std::mem::take(&mut children.by_identifier);
        // Of a line that is too long the child may have no row.
        by_identifier.retain(|_, child| {
            let place = places.get(&children.root(*child));
            place.map(|place| *child = *place).is_some()
        });
        Ok(Self {
            files,
            places: rows.into_iter().map(|(_, place)| place).collect(),
            starts,
            by_identifier,
            unreadable,
        })
    }

    /// How many children there are.
    pub fn children(&self) -> usize {
        self.starts.len() - 1
    }

    /// The child in whose rows an identifier stands.
    pub fn child(&self, kind: &str, value: &str) -> Option<usize> {
        let child = self.by_identifier.get(&hashed(kind, value))?;
        usize::try_from(*child).ok()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// The path of a file, by its number.
    pub fn path(&self, file: u32) -> Option<&Path> {
        self.files
            .get(file as usize)
            .map(|(_, path)| path.as_path())
    }

    /// The rows of one child.
    ///
    /// # Errors
    /// Where a file can't be read any more.
    pub fn of_child(&self, child: usize) -> Result<Vec<Row>, CliError> {
        let (Some(&from), Some(&until)) = (self.starts.get(child), self.starts.get(child + 1))
        else {
            return Ok(Vec::new());
        };
        let places = self.places.get(from..until).unwrap_or_default();
        places.iter().map(|place| self.row(place)).collect()
    }

    fn row(&self, place: &Place) -> Result<Row, CliError> {
        let (file, path) = self
            .files
            .get(place.file as usize)
            .ok_or(CliError::Answer("a row of no file"))?;
        let mut bytes = vec![0; place.length as usize];
        let read = file.read_exact_at(&mut bytes, place.offset);
        let text = read.and_then(|()| {
            String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
        });
        let text = text.map_err(CliError::file(path))?;
        Ok(Row {
            file: place.file,
            line: place.line,
            text,
        })
    }
}

/// Reads a line with its end, and gives how many bytes it has. Of one longer than a row may be only
/// the beginning is kept.
fn next_line(reader: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<u64> {
    into.clear();
    let most = LONGEST_LINE as u64;
    let kept = reader.by_ref().take(most).read_until(b'\n', into)? as u64;
    let whole = kept < most || into.ends_with(b"\n");
    let rest = if whole { 0 } else { reader.skip_until(b'\n')? };
    Ok(kept + rest as u64)
}

fn identifiers(line: &[u8]) -> Option<Vec<u64>> {
    let slim: Slim<'_> = serde_json::from_slice(line).ok()?;
    let identifiers = slim.check_up.subject.identifiers.into_iter();
    let hashes = identifiers.map(|of| hashed(&of.kind, &of.value));
    Some(hashes.collect())
}

fn hashed(kind: &str, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, value.trim()).hash(&mut hasher);
    hasher.finish()
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

    fn histories(files: &[&str]) -> (Vec<Vec<String>>, Vec<(u32, u32)>) {
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
            let record = |row: Row| {
                let value: serde_json::Value = serde_json::from_str(&row.text).unwrap();
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
        assert_eq!(unreadable, [(1, 2)], "file and line");
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_not_kept() {
        let long = format!("{}{}", row("2", &["a"]), " ".repeat(LONGEST_LINE));
        let rows = format!("{}\n{long}\n{}", row("1", &["a"]), row("3", &["a"]));
        let (children, unreadable) = histories(&[&rows]);
        assert_eq!(children, [vec!["1", "3"]]);
        assert_eq!(unreadable, [(0, 2)]);
        let mut kept = Vec::new();
        let read = next_line(&mut long.as_bytes(), &mut kept).unwrap();
        assert_eq!((read, kept.len()), (long.len() as u64, LONGEST_LINE));
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
