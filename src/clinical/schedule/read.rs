//! Reading schedule files and refusing those that are not sound, with file, line and fault.

mod care;
mod doses;
mod visits;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use super::edition::{Edition, Editions};
use super::immunisation::MOST_PLACES;
use super::{Schedules, Track};
use crate::clinical::rules::Source;
use crate::domain::catalogue::{CATALOGUE, FindingCode};
use care::{RawCertificate, RawCheck, RawEntry};
use doses::RawDose;
use visits::RawVisit;

/// A schedule file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} line {line}{}: {fault}", named(.item))]
pub struct ScheduleFileError {
    pub file: String,
    /// 1-based line of the item, or of the mistake where the file can't be read.
    pub line: usize,
    /// The item, where it could be read.
    pub item: Option<String>,
    pub fault: ScheduleFault,
}

fn named(item: &Option<String>) -> String {
    item.as_ref()
        .map(|item| format!(" item {item}"))
        .unwrap_or_default()
}

/// What is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleFault {
    #[error("{0}")]
    Syntax(String),
    #[error("version is missing, or used twice in the track")]
    Version,
    #[error("it ends before it begins, or another edition of the track begins on the same day")]
    Validity,
    #[error("the track has rows of another kind, or more than it may")]
    Rows,
    #[error("the file has no row")]
    Empty,
    #[error("item is used twice in the file")]
    DuplicateItem,
    #[error("item or label is missing")]
    Name,
    #[error("source document or section is missing")]
    SourceMissing,
    #[error("the window is empty")]
    Window,
    #[error("no check-up can do it")]
    NotDoable,
    #[error("{0} is no finding")]
    UnknownFinding(String),
    #[error("{0} is no dose or vaccine of the finding catalogue")]
    UnknownVaccine(String),
    #[error("another edition or dose says otherwise of vaccine, series, place or alternatives")]
    Contradiction,
    #[error("places of a series run from 1 without a gap, at most {MOST_PLACES}")]
    Places,
    #[error("an alternative stands alone")]
    NoAlternative,
    #[error("periods are empty, overlap or grow shorter")]
    Periods,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    track: Track,
    version: String,
    valid_from: NaiveDate,
    #[serde(default)]
    valid_until: Option<NaiveDate>,
    /// How sure the days of validity are, in words.
    #[serde(default, rename = "validity_note")]
    _validity_note: String,
    #[serde(default, rename = "visit")]
    visits: Vec<Spanned<RawVisit>>,
    #[serde(default, rename = "dose")]
    doses: Vec<Spanned<RawDose>>,
    #[serde(default, rename = "entry")]
    entries: Vec<Spanned<RawEntry>>,
    #[serde(default, rename = "check")]
    checks: Vec<Spanned<RawCheck>>,
    #[serde(default, rename = "certificate")]
    certificates: Vec<Spanned<RawCertificate>>,
}

/// Where in a file something stands, for a refusal.
struct Place<'a> {
    file: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn refuse(&self, at: usize, item: Option<&str>, fault: ScheduleFault) -> ScheduleFileError {
        let before = self.text.bytes().take(at);
        ScheduleFileError {
            file: self.file.to_owned(),
            line: before.filter(|&byte| byte == b'\n').count() + 1,
            item: item.map(str::to_owned),
            fault,
        }
    }
}

/// A file that could be read, and where it stands.
struct File<'a> {
    place: Place<'a>,
    raw: RawFile,
}

/// A row as written, before it is known to be sound.
trait RawRow {
    type Row;
    fn item(&self) -> &str;
    fn label(&self) -> &str;
    fn source(&self) -> &Source;
    /// The row, if nothing is wrong with it alone.
    fn sound(self) -> Result<Self::Row, ScheduleFault>;
}

pub(super) fn read_all(files: &[(&str, &str)]) -> Result<Schedules, ScheduleFileError> {
    let mut read = Vec::with_capacity(files.len());
    for &(file, text) in files {
        let place = Place { file, text };
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            place.refuse(at, None, ScheduleFault::Syntax(error.message().to_owned()))
        })?;
        read.push(File { place, raw });
    }
    read.sort_by_key(|file| (file.raw.track, file.raw.valid_from));
    check_editions(&read)?;
    Ok(Schedules {
        visits: visits::all(&mut read)?,
        immunisation: doses::all(&mut read)?,
        entry: care::entry(&mut read)?,
        periodic: care::periodic(&mut read)?,
        staff: care::staff(&mut read)?,
    })
}

fn check_editions(files: &[File<'_>]) -> Result<(), ScheduleFileError> {
    for (at, File { place, raw }) in files.iter().enumerate() {
        let refuse = |fault| Err(place.refuse(0, None, fault));
        let older = || {
            files[..at]
                .iter()
                .map(|file| &file.raw)
                .filter(|other| other.track == raw.track)
        };
        if raw.version.trim().is_empty() || older().any(|other| other.version == raw.version) {
            return refuse(ScheduleFault::Version);
        }
        if raw.valid_until.is_some_and(|until| until <= raw.valid_from)
            || older().any(|other| other.valid_from == raw.valid_from)
        {
            return refuse(ScheduleFault::Validity);
        }
        let one_row = |rows: usize, track: Track| match rows {
            _ if raw.track != track => rows == 0,
            rows => rows == 1,
        };
        let many = |rows: usize, tracks: &[Track]| (rows > 0) == tracks.contains(&raw.track);
        let fits = many(raw.visits.len(), &visits::TRACKS)
            && many(raw.doses.len(), &[Track::Immunisation])
            && many(raw.checks.len(), &[Track::Periodic])
            && one_row(raw.entries.len(), Track::EntryCheck)
            && one_row(raw.certificates.len(), Track::Staff);
        if !fits {
            return refuse(ScheduleFault::Rows);
        }
    }
    Ok(())
}

/// The editions of a track, each row sound for itself and its item named once a file. `check` looks
/// at a row beside the ones before it.
fn editions<Raw: RawRow>(
    track: Track,
    files: &mut [File<'_>],
    rows_of: impl Fn(&mut RawFile) -> Vec<Spanned<Raw>>,
    mut check: impl FnMut(
        &mut Raw::Row,
        &[Raw::Row],
        &[Edition<Raw::Row>],
        &RawFile,
    ) -> Result<(), ScheduleFault>,
) -> Result<Editions<Raw::Row>, ScheduleFileError> {
    let mut editions = Vec::new();
    for File { place, raw } in files.iter_mut().filter(|file| file.raw.track == track) {
        let mut rows = Vec::new();
        let mut items: Vec<String> = Vec::new();
        for spanned in rows_of(raw) {
            let at = spanned.span().start;
            let row = spanned.into_inner();
            let item = row.item().to_owned();
            let sound = (|| {
                if item.trim().is_empty() || row.label().trim().is_empty() {
                    return Err(ScheduleFault::Name);
                }
                check_source(row.source())?;
                if items.contains(&item) {
                    return Err(ScheduleFault::DuplicateItem);
                }
                let mut row = row.sound()?;
                check(&mut row, &rows, &editions, raw)?;
                Ok(row)
            })();
            rows.push(sound.map_err(|fault| place.refuse(at, Some(&item), fault))?);
            items.push(item);
        }
        editions.push(Edition {
            version: raw.version.clone(),
            valid_from: raw.valid_from,
            valid_until: raw.valid_until,
            rows,
        });
    }
    Ok(Editions(editions))
}

fn check_source(source: &Source) -> Result<(), ScheduleFault> {
    let is_named = |text: &str| !text.trim().is_empty();
    if is_named(&source.document) && is_named(&source.section) {
        Ok(())
    } else {
        Err(ScheduleFault::SourceMissing)
    }
}

/// Findings by name, or all whose name begins so (`VISION_*`): the catalogue grows.
fn findings(names: &[String]) -> Result<Vec<FindingCode>, ScheduleFault> {
    let mut codes = Vec::new();
    for name in names {
        match name.strip_suffix('*') {
            Some(start) => codes.extend(
                CATALOGUE
                    .iter()
                    .filter(|entry| entry.name.starts_with(start))
                    .map(|entry| entry.code),
            ),
            None => codes.push(
                FindingCode::parse(name)
                    .ok_or_else(|| ScheduleFault::UnknownFinding(name.clone()))?,
            ),
        }
    }
    match names.first() {
        Some(name) if codes.is_empty() => Err(ScheduleFault::UnknownFinding(name.clone())),
        _ => Ok(codes),
    }
}
