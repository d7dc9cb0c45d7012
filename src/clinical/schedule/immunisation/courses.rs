//! What was given: doses in the order of their days, each in the place it fills, or found invalid.

use chrono::NaiveDate;

use super::{Dose, DoseId, Immunisation, MOST_PLACES};
use crate::clinical::assess::Examined;
use crate::clinical::history::{History, effective};
use crate::clinical::schedule::edition::Edition;
use crate::domain::catalogue::FindingCode;

/// A valid dose.
pub(super) struct Given<'a> {
    pub day: NaiveDate,
    pub exam: &'a Examined<'a>,
    /// The edition that was in force on its day.
    pub edition: &'a Edition<Dose>,
}

/// What was given of one series.
#[derive(Default)]
pub(super) struct Course<'a> {
    pub filled: [Option<Given<'a>>; MOST_PLACES],
    /// The latest dose that should have filled a place and was invalid.
    pub invalid: [Option<&'a Examined<'a>>; MOST_PLACES],
    pub first_day: Option<NaiveDate>,
    /// The last dose, valid or not: the next one keeps its interval from it.
    pub last: Option<(NaiveDate, &'a Examined<'a>)>,
    /// Invalid doses that the sender counted and that were not made up.
    lost: usize,
    /// Whether a dose that names the place was invalid.
    named_invalid: [bool; MOST_PLACES],
}

/// All that was given, and what must not be given.
pub(super) struct Courses<'a> {
    /// By the number of the series.
    pub of: Vec<Course<'a>>,
    /// For a series that is an alternative: whether it is the one to follow.
    pub followed: Vec<bool>,
    /// The last injected live vaccine.
    pub last_live: Option<(NaiveDate, &'a Examined<'a>)>,
    /// The day of the last dose of all.
    pub last_day: Option<NaiveDate>,
    contraindicated: Vec<(&'a str, &'a Examined<'a>)>,
}

impl<'a> Courses<'a> {
    pub(super) fn read(
        programme: &'a Immunisation,
        birth: NaiveDate,
        history: &History<'a>,
    ) -> Courses<'a> {
        let mut courses = Courses {
            of: programme.series.iter().map(|_| Course::default()).collect(),
            followed: vec![true; programme.series.len()],
            last_live: None,
            last_day: None,
            contraindicated: Vec::new(),
        };
        let mut given: Vec<(NaiveDate, &DoseId, &Examined<'_>)> = Vec::new();
        for (_, exam) in history.exams() {
            let day = exam.check_up.date();
            for finding in effective(exam) {
                let Some(code) = finding.coded() else {
                    continue;
                };
                match finding.code() {
                    FindingCode::VaccineDose => {
                        let ids = &programme.ids;
                        if let Ok(at) = ids.binary_search_by(|known| known.id.as_str().cmp(code)) {
                            given.push((day, &ids[at], exam));
                        }
                    }
                    FindingCode::VaccineContraindicated => {
                        courses
                            .contraindicated
                            .retain(|(vaccine, _)| *vaccine != code);
                        courses.contraindicated.push((code, exam));
                    }
                    // Of one day's two answers the cautious one stands.
                    FindingCode::VaccineCleared => courses
                        .contraindicated
                        .retain(|(vaccine, by)| *vaccine != code || by.check_up.date() == day),
                    _ => {}
                }
            }
        }
        given.sort_by_key(|&(day, id, _)| (day, id.series, id.place));
        for (day, id, exam) in given {
            if id.live_injected {
                courses.last_live = Some((day, exam));
            }
            courses.last_day = Some(day);
            if let Some(edition) = programme.editions.on(day) {
                courses.of[id.series].take(edition, birth, day, id, exam);
            }
        }
        courses.follow(programme);
        courses
    }

    /// The check-up that says a vaccine must not be given.
    pub(super) fn contraindicated(&self, vaccine: &str) -> Option<&'a Examined<'a>> {
        let mut found = self.contraindicated.iter();
        found
            .find(|(known, _)| *known == vaccine)
            .map(|&(_, exam)| exam)
    }

    /// Of alternatives one is followed: the complete one, else the one begun first, else the usual
    /// one unless it alone is contraindicated.
    fn follow(&mut self, programme: &Immunisation) {
        for (at, series) in programme.series.iter().enumerate() {
            let Some(&usual) = series.options.first() else {
                continue;
            };
            let options = || series.options.iter().copied();
            let is_complete = |&one: &usize| {
                let last = programme.series[one].places.checked_sub(1);
                last.is_some_and(|last| self.of[one].filled[last].is_some())
            };
            let begun = options().filter_map(|one| self.of[one].first_day.map(|day| (day, one)));
            let may_be_given = |&one: &usize| {
                let mut vaccines = programme.ids.iter().filter(|id| id.series == one);
                vaccines.all(|id| self.contraindicated(&id.vaccine).is_none())
            };
            let followed = options()
                .find(is_complete)
                .or_else(|| begun.min_by_key(|&(day, _)| day).map(|(_, one)| one))
                .or_else(|| options().find(may_be_given))
                .unwrap_or(usual);
            self.followed[at] = followed == at;
        }
    }
}

impl<'a> Course<'a> {
    /// Whether a later place is filled, and no invalid dose explains the gap.
    pub(super) fn is_past(&self, place: usize) -> bool {
        self.lost == 0 && self.filled[place + 1..].iter().any(Option::is_some)
    }

    fn take(
        &mut self,
        edition: &'a Edition<Dose>,
        birth: NaiveDate,
        day: NaiveDate,
        id: &DoseId,
        exam: &'a Examined<'a>,
    ) {
        // A repeat under the same name was not counted up by the sender.
        let lost = self.lost - usize::from(self.named_invalid[id.place]);
        let row = |place: usize| {
            let mut rows = edition.rows.iter();
            let row = rows.find(|row| (row.series, row.place) == (id.series, place));
            row.filter(|row| row.vaccine == id.vaccine || row.accepts.contains(&id.vaccine))
        };
        let made_up = id.place.saturating_sub(lost);
        let (place, row) = match row(made_up) {
            Some(row) => (made_up, Some(row)),
            None => (id.place, row(id.place)),
        };
        if self.filled[place].is_some() {
            // The same dose from another source.
            return;
        }
        (self.lost, self.named_invalid[id.place]) = (lost, false);
        let last = self.last.replace((day, exam)).map(|(day, _)| day);
        self.first_day = self.first_day.or(Some(day));
        let is_valid = row.is_some_and(|row| {
            let old_enough = row.min_age.is_reached(birth, day);
            let apart = last.is_none_or(|last| {
                last < day
                    && row
                        .interval
                        .is_none_or(|interval| interval.is_reached(last, day))
            });
            old_enough && apart
        });
        if is_valid {
            self.filled[place] = Some(Given { day, exam, edition });
        } else {
            self.invalid[place] = Some(exam);
            self.named_invalid[id.place] = true;
            self.lost += 1;
        }
    }
}
