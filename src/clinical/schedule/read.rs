//! Reading schedule files and refusing those that are not sound, with file, line and fault.

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use super::edition::{Edition, Editions};
use super::visits::{Series, Visit};
use super::{Schedules, Span, Track};
use crate::clinical::rules::Source;
use crate::domain::catalogue::{CATALOGUE, FindingCode};
use crate::domain::checkup::VisitKind;

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
    #[error("the track is in no file")]
    TrackMissing(Track),
    #[error("a track of this kind has rows of another kind")]
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
    #[error("{0} is no finding, or the beginning of none")]
    UnknownFinding(String),
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVisit {
    item: String,
    label: String,
    due: Span,
    until: Span,
    #[serde(default)]
    early_days: u16,
    late_days: u16,
    #[serde(default)]
    visit: Option<VisitKind>,
    #[serde(default)]
    visit_with: Vec<String>,
    #[serde(default)]
    kind: Option<VisitKind>,
    source: Source,
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

pub(super) fn read_all(files: &[(&str, &str)]) -> Result<Schedules, ScheduleFileError> {
    let mut raw = Vec::with_capacity(files.len());
    for &(file, text) in files {
        let place = Place { file, text };
        let read: RawFile = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            place.refuse(at, None, ScheduleFault::Syntax(error.message().to_owned()))
        })?;
        raw.push((place, read));
    }
    raw.sort_by_key(|(_, file)| (file.track, file.valid_from));
    check_validity(&raw)?;
    let mut visits = Vec::new();
    for &track in Track::ALL {
        visits.push(series(track, &mut raw)?);
    }
    let visits = visits.into_iter().flatten().collect();
    Ok(Schedules { visits })
}

fn check_validity(files: &[(Place<'_>, RawFile)]) -> Result<(), ScheduleFileError> {
    for (at, (place, file)) in files.iter().enumerate() {
        let refuse = |fault| Err(place.refuse(0, None, fault));
        let others = || files[..at].iter().map(|(_, other)| other);
        let mut others = others().filter(|other| other.track == file.track);
        if file.version.trim().is_empty() {
            return refuse(ScheduleFault::Version);
        }
        if file
            .valid_until
            .is_some_and(|until| until <= file.valid_from)
        {
            return refuse(ScheduleFault::Validity);
        }
        if let Some(other) = others
            .find(|other| other.version == file.version || other.valid_from == file.valid_from)
        {
            return refuse(if other.version == file.version {
                ScheduleFault::Version
            } else {
                ScheduleFault::Validity
            });
        }
    }
    Ok(())
}

/// The editions of a track of visits; `None` if the track is not one or has no file.
fn series(
    track: Track,
    files: &mut [(Place<'_>, RawFile)],
) -> Result<Option<Series>, ScheduleFileError> {
    let mut editions: Vec<Edition<Visit>> = Vec::new();
    for (place, file) in files.iter_mut().filter(|(_, file)| file.track == track) {
        let mut rows: Vec<Visit> = Vec::new();
        for spanned in std::mem::take(&mut file.visits) {
            let at = spanned.span().start;
            let raw = spanned.into_inner();
            let item = raw.item.clone();
            let visit = visit(raw)
                .and_then(|visit| {
                    let twice = rows.iter().any(|row| row.item == visit.item);
                    if twice {
                        Err(ScheduleFault::DuplicateItem)
                    } else {
                        Ok(visit)
                    }
                })
                .map_err(|fault| place.refuse(at, Some(&item), fault))?;
            let known =
                |edition: &Edition<Visit>| edition.rows.iter().any(|row| row.item == visit.item);
            let added = !editions.is_empty() && !editions.iter().any(known);
            rows.push(Visit {
                added: added.then_some(file.valid_from),
                ..visit
            });
        }
        if rows.is_empty() {
            return Err(place.refuse(0, None, ScheduleFault::Empty));
        }
        editions.push(Edition {
            version: file.version.clone(),
            valid_from: file.valid_from,
            valid_until: file.valid_until,
            rows,
        });
    }
    Ok((!editions.is_empty()).then_some(Series {
        track,
        optional: track == Track::Mongolian,
        editions: Editions(editions),
    }))
}

fn visit(raw: RawVisit) -> Result<Visit, ScheduleFault> {
    check_words(&raw.item, &raw.label, &raw.source)?;
    if !raw.due.is_surely_under(raw.until) {
        return Err(ScheduleFault::Window);
    }
    if raw.visit.is_none() && (raw.kind.is_none() || !raw.visit_with.is_empty()) {
        return Err(ScheduleFault::NotDoable);
    }
    Ok(Visit {
        item: raw.item,
        label_zh: raw.label,
        due: raw.due,
        until: raw.until,
        early_days: raw.early_days,
        late_days: raw.late_days,
        visit: raw.visit,
        visit_with: findings(&raw.visit_with)?,
        kind: raw.kind,
        source: raw.source,
        added: None,
    })
}

fn check_words(item: &str, label: &str, source: &Source) -> Result<(), ScheduleFault> {
    if item.trim().is_empty() || label.trim().is_empty() {
        return Err(ScheduleFault::Name);
    }
    if source.document.trim().is_empty() || source.section.trim().is_empty() {
        return Err(ScheduleFault::SourceMissing);
    }
    Ok(())
}

/// Findings by name, or all whose name begins so: `VISION_*`.
fn findings(names: &[String]) -> Result<Vec<FindingCode>, ScheduleFault> {
    let mut codes = Vec::new();
    for name in names {
        let known = codes.len();
        let named = |entry: &&str| match name.strip_suffix('*') {
            Some(start) => entry.starts_with(start),
            None => *entry == name,
        };
        codes.extend(
            CATALOGUE
                .iter()
                .filter(|entry| named(&entry.name))
                .map(|entry| entry.code),
        );
        if codes.len() == known {
            return Err(ScheduleFault::UnknownFinding(name.clone()));
        }
    }
    Ok(codes)
}
