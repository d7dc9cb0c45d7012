//! Rows of the immunisation programme: each for itself, beside its series, and beside the editions.

use serde::Deserialize;

use super::{File, RawRow, ScheduleFault, ScheduleFileError, editions};
use crate::clinical::rules::Source;
use crate::clinical::schedule::edition::{Edition, Editions};
use crate::clinical::schedule::immunisation::{Dose, DoseId, Immunisation, MOST_PLACES, Series};
use crate::clinical::schedule::{Span, Track};
use crate::domain::catalogue::{FindingCode, Kind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDose {
    item: String,
    label: String,
    vaccine: String,
    series: String,
    place: u8,
    min_age: Span,
    #[serde(default)]
    interval: Option<Span>,
    #[serde(default)]
    complete_before: Option<Span>,
    #[serde(default)]
    latest: Option<Span>,
    #[serde(default)]
    ppd_from: Option<Span>,
    #[serde(default)]
    live_injected: bool,
    #[serde(default)]
    alternatives: Option<String>,
    #[serde(default)]
    girls_only: bool,
    #[serde(default)]
    accepts: Vec<String>,
    source: Source,
}

/// Whether a coded finding can say it.
fn is_said_by(code: FindingCode, text: &str) -> bool {
    matches!(code.entry().kind, Kind::Coded { codes, .. } if codes.contains(&text))
}

impl RawRow for RawDose {
    type Row = (Dose, SeriesName);

    fn item(&self) -> &str {
        &self.item
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn source(&self) -> &Source {
        &self.source
    }

    fn sound(self) -> Result<Self::Row, ScheduleFault> {
        if !is_said_by(FindingCode::VaccineDose, &self.item) {
            return Err(ScheduleFault::UnknownVaccine(self.item));
        }
        let unknown = |vaccine: &&String| !is_said_by(FindingCode::VaccineContraindicated, vaccine);
        if let Some(vaccine) = [&self.vaccine]
            .into_iter()
            .chain(&self.accepts)
            .find(unknown)
        {
            return Err(ScheduleFault::UnknownVaccine(vaccine.clone()));
        }
        let ends = [self.complete_before, self.ppd_from, self.latest];
        let mut last = self.min_age;
        for end in ends.into_iter().flatten() {
            // Completion age and the age that asks for a test may be one.
            if !(last.is_surely_under(end) || last == end && last != self.min_age) {
                return Err(ScheduleFault::Window);
            }
            last = end;
        }
        let Some(place) = self.place.checked_sub(1).map(usize::from) else {
            return Err(ScheduleFault::Places);
        };
        let dose = Dose {
            item: self.item,
            label_zh: self.label,
            vaccine: self.vaccine,
            series: 0,
            place,
            min_age: self.min_age,
            interval: self.interval,
            complete_before: self.complete_before,
            latest: self.latest,
            ppd_from: self.ppd_from,
            live_injected: self.live_injected,
            girls_only: self.girls_only,
            accepts: self.accepts,
            source: self.source,
            added: None,
        };
        let series = SeriesName {
            name: self.series,
            alternatives: self.alternatives,
        };
        Ok((dose, series))
    }
}

/// The series of a row by name.
pub(super) struct SeriesName {
    name: String,
    alternatives: Option<String>,
}

pub(super) fn all(files: &mut [File<'_>]) -> Result<Immunisation, ScheduleFileError> {
    let mut names: Vec<SeriesName> = Vec::new();
    let mut ids: Vec<DoseId> = Vec::new();
    let editions = editions::<RawDose>(
        Track::Immunisation,
        files,
        |raw| std::mem::take(&mut raw.doses),
        |(dose, series), rows, editions, raw| {
            let known = names.iter().position(|known| known.name == series.name);
            dose.series = known.unwrap_or(names.len());
            match names.get(dose.series) {
                Some(known) if known.alternatives != series.alternatives => {
                    return Err(ScheduleFault::Contradiction);
                }
                Some(_) => {}
                None => names.push(SeriesName {
                    name: series.name.clone(),
                    alternatives: series.alternatives.clone(),
                }),
            }
            let before = rows
                .iter()
                .filter(|(row, _)| row.series == dose.series)
                .count();
            if before != dose.place || dose.place >= MOST_PLACES {
                return Err(ScheduleFault::Places);
            }
            let id = DoseId {
                id: dose.item.clone(),
                vaccine: dose.vaccine.clone(),
                series: dose.series,
                place: dose.place,
                live_injected: dose.live_injected,
            };
            match ids.iter().find(|known| known.id == id.id) {
                Some(known) if *known != id => return Err(ScheduleFault::Contradiction),
                Some(_) => {}
                None => ids.push(id),
            }
            let mut older = editions.iter().flat_map(|edition| &edition.rows);
            let known = older.any(|(row, _)| (row.series, row.place) == (dose.series, dose.place));
            dose.added = (!editions.is_empty() && !known).then_some(raw.valid_from);
            Ok(())
        },
    )?;
    let group = |name: &SeriesName| -> Vec<usize> {
        let together = |other: &SeriesName| {
            name.alternatives.is_some() && other.alternatives == name.alternatives
        };
        let numbered = names.iter().enumerate();
        numbered
            .filter(|(_, other)| together(other))
            .map(|(at, _)| at)
            .collect()
    };
    let options: Vec<Vec<usize>> = names.iter().map(group).collect();
    if options.iter().any(|group| group.len() == 1)
        && let Some(file) = files
            .iter()
            .find(|file| file.raw.track == Track::Immunisation)
    {
        return Err(file.place.refuse(0, None, ScheduleFault::NoAlternative));
    }
    ids.sort_by(|a, b| a.id.cmp(&b.id));
    let series = options.into_iter().enumerate().map(|(at, options)| {
        let rows = || editions.0.iter().flat_map(|edition| &edition.rows);
        let doses = || {
            rows()
                .map(|(dose, _)| dose)
                .filter(|dose| dose.series == at)
        };
        Series {
            options,
            places: doses().map(|dose| dose.place + 1).max().unwrap_or_default(),
            ages_out: doses().any(|dose| dose.latest.is_some()),
        }
    });
    let series = series.collect();
    let editions = editions.0.into_iter().map(|edition| Edition {
        version: edition.version,
        valid_from: edition.valid_from,
        valid_until: edition.valid_until,
        rows: edition.rows.into_iter().map(|(dose, _)| dose).collect(),
    });
    Ok(Immunisation {
        editions: Editions(editions.collect()),
        series,
        ids,
    })
}
