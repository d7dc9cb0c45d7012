//! Which alerts should stand for one child today: a pure function of rules, child, place, check-ups
//! and day.
//!
//! The caller compares the answer with what stands and opens, renews, supersedes or retracts.
//! The answer does not depend on the order of the check-ups, and asking twice changes nothing.
//! What rests on an institution's word is not changed by another's: see [`said`].
//!
//! Measured (release, one core of a busy machine, the three hundred shipped rules and all schedules, the
//! latest of eleven check-ups of eleven findings each): about 13 µs for a healthy child, of which 4.5 are
//! the schedules, and 1.5 µs more for each alert, of which most is its text (23 µs with eight). Nineteen
//! records of doses beside them cost 4 µs.

mod said;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use chrono::{Days, NaiveDate};

use crate::clinical::care_card::{CareCard, FacilityCard, Facts};
use crate::clinical::fitness::{self, Fitness};
use crate::clinical::history::History;
use crate::clinical::matching::{Case, Match};
use crate::clinical::rules::{Recipient, Rule, RuleSet};
use crate::clinical::schedule::{Life, Schedules, forecast_over};
use crate::domain::alert::{Category, Level};
use crate::domain::checkup::CheckUp;
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::id::Id;
use crate::domain::organization::Organization;

/// The place's settings that rules read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Metres above sea level.
    pub altitude_m: i32,
    /// Whether the county corrects haemoglobin limits for altitude `[cfg]`.
    pub correct_for_altitude: bool,
    /// Whose growth classes raise alerts: growth rules of the other standard are silent.
    pub growth_standard: GrowthStandard,
}

impl Setting {
    /// The metres to correct for: 0 where the county does not correct, or lies below the sea.
    pub(super) fn correcting_metres(&self) -> i64 {
        if !self.correct_for_altitude {
            return 0;
        }
        i64::from(self.altitude_m.clamp(0, 9_000))
    }
}

/// A check-up of the child, with the ids an alert is to name. Pass the latest revision of each.
#[derive(Clone, Copy)]
pub struct Examined<'a> {
    pub id: &'a str,
    /// The organization it came from: an alert needs an agreement for each.
    pub source: &'a str,
    pub check_up: &'a CheckUp,
}

/// An alert that should stand, what does not depend on the child in the words of its rule. `Debug`
/// prints the rule and nothing of the child.
#[derive(Clone, PartialEq, Eq)]
pub struct Raised<'r> {
    pub rule: &'r str,
    pub version: u32,
    /// With `subject` it identifies the alert: a new grade or finding renews, not adds.
    pub family: &'r str,
    /// The allergen, the item of a schedule, else empty. Personal: seal it, or keep a keyed index of it.
    pub subject: String,
    /// The facility whose matter it is, and part of what identifies the alert: a check that it asks for
    /// before it lets the child in. None for what is said of the child wherever it is.
    pub facility: Option<Id<Organization>>,
    /// Where institutions say different things of one matter each has its own alert, as a reader may
    /// know only one of them. The one who spoke first has none here, another its id: part of what
    /// identifies the alert.
    pub apart: Option<String>,
    /// Document and section the rule comes from.
    pub source_document: &'r str,
    pub level: Level,
    pub category: Category,
    /// Ids of the check-ups it rests on, oldest first; none for what is not done.
    pub check_ups: Vec<String>,
    pub sources: BTreeSet<String>,
    /// Whether each of the check-ups bears the alert alone: several statements of one condition.
    pub each_alone: bool,
    /// The day of the latest check-up it rests on; of what is not done, the day it was due.
    pub date: NaiveDate,
    /// What the rule read and compared: the alert explains itself.
    pub inputs: Vec<(&'static str, String)>,
    pub care_card: CareCard<'r>,
    /// What it does to the child's fitness for care.
    pub limit: Option<fitness::Limit>,
    /// What the medical side does, and by when.
    pub follow_up: &'r str,
    pub due: Option<NaiveDate>,
    /// What settles it, in Chinese.
    pub resolved_by: &'r str,
    pub recipients: &'r [Recipient],
}

impl fmt::Debug for Raised<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Raised({} v{}, {})",
            self.rule,
            self.version,
            self.level.as_str()
        )
    }
}

/// What stands for a child on one day, and how long the answer holds by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment<'r> {
    /// The alerts that should stand, ordered by family, subject, facility and who spoke first.
    pub raised: Vec<Raised<'r>>,
    /// Fitness for care by all of them; the places are those of `raised`. An asker who may not see
    /// all of them is told [`Fitness::of`] those it sees.
    pub fitness: Fitness<usize>,
    /// The first later day on which the answer may be another without a new record.
    pub next_change: Option<NaiveDate>,
}

/// Assesses one child as of `today`.
pub fn assess<'r>(
    rules: &'r RuleSet,
    schedules: &Schedules,
    child: &Life<'_>,
    setting: &Setting,
    check_ups: &[Examined<'_>],
    today: NaiveDate,
) -> Assessment<'r> {
    let history = History::new(check_ups);
    let asked = rules.reads_schedules();
    let mut forecast = asked.then(|| forecast_over(schedules, child, &history, today));
    if let Some(forecast) = &mut forecast {
        forecast.items.retain(|item| rules.asks(item));
    }
    let items = forecast.as_ref().map_or(&[][..], |known| &known.items);
    let places = rules.candidates(&history, items);
    let case = Case::new(&rules.tables, history, child, setting, today, forecast);
    standing_by(rules, &case, places)
}

/// The assessment by the rules at these places.
fn standing_by<'r>(
    rules: &'r RuleSet,
    case: &Case<'_>,
    places: impl IntoIterator<Item = usize>,
) -> Assessment<'r> {
    let mut standing = Standing::default();
    for place in places {
        if let Some(rule) = rules.rules().get(place) {
            case.matches(rule, |found| standing.take(place, rule, found));
        }
    }
    let told = said::united(standing.0);
    let raised: Vec<Raised<'_>> = told
        .into_iter()
        .map(|told| raise(told.rule, told.found, told.apart, case))
        .collect();
    let limits = raised.iter().enumerate();
    Assessment {
        fitness: Fitness::of(limits.filter_map(|(at, alert)| Some((at, alert.limit.clone()?)))),
        raised,
        next_change: case.next_change(),
    }
}

/// One match of each family, subject, facility and teller: the gravest, of equal grades the one whose rule
/// stands first in the files.
#[derive(Default)]
struct Standing<'r>(Vec<Held<'r>>);

/// A match, with its rule and the rule's place.
struct Held<'r> {
    place: usize,
    rule: &'r Rule,
    found: Match,
}

impl<'r> Standing<'r> {
    fn take(&mut self, place: usize, rule: &'r Rule, found: Match) {
        let one = Held { place, rule, found };
        match self.0.iter_mut().find(|held| held.of() == one.of()) {
            Some(held) if one.grade() > held.grade() => *held = one,
            Some(_) => {}
            None => self.0.push(one),
        }
    }
}

/// Family, subject and the facility whose matter it is.
type Matter<'h> = (&'h str, &'h str, Option<Id<Organization>>);

impl Held<'_> {
    /// What it is about.
    fn matter(&self) -> Matter<'_> {
        let found = &self.found;
        (&self.rule.family, &found.subject, found.facility())
    }

    /// What it is about, and by whose word.
    fn of(&self) -> (Matter<'_>, &[String]) {
        (self.matter(), &self.found.told_by)
    }

    fn grade(&self) -> (Level, Reverse<usize>) {
        (self.rule.level, Reverse(self.place))
    }
}

fn raise<'r>(rule: &'r Rule, found: Match, apart: Option<String>, case: &Case<'_>) -> Raised<'r> {
    let facility = found.facility();
    let Match {
        subject,
        exams,
        each_alone,
        told_by: _,
        inputs,
        value,
        until,
        until_zh,
        absent,
    } = found;
    let exams = || exams.iter().map(|&at| case.history.exam(at));
    let examined = exams().map(|exam| exam.check_up.date());
    let mut sources = BTreeSet::new();
    for exam in exams() {
        if !sources.contains(exam.source) {
            sources.insert(exam.source.to_owned());
        }
    }
    // A match rests on a check-up or on an item that was due: one of the two is there.
    let date = match &absent {
        Some(absent) => absent.due,
        None => examined.max().unwrap_or_default(),
    };
    let within = rule.follow_up.within_days;
    let from = absent.as_ref().map_or(date, |absent| absent.late);
    let due = within.and_then(|days| from.checked_add_days(Days::new(days.into())));
    let facts = Facts {
        date,
        substance: &subject,
        value: &value,
        until: &until_zh,
        due,
        item: absent.as_ref().map_or("", |absent| &absent.label_zh),
    };
    let care_card = CareCard {
        facility: rule.facility_card.as_ref().map(|card| FacilityCard {
            act: card.act.as_ref().map(|part| part.fill(&facts)),
            watch: card.watch.as_ref().map(|part| part.fill(&facts)),
            emergency: card.emergency.as_ref().map(|part| part.fill(&facts)),
        }),
        guardian: rule.guardian_card.fill(&facts),
        mongolian: rule.mongolian.as_ref(),
    };
    let limit = rule.fitness.as_ref().map(|limit| fitness::Limit {
        grade: limit.grade,
        until,
        until_zh: limit.until.fill(&facts).into(),
    });
    Raised {
        rule: &rule.id,
        version: rule.version,
        family: &rule.family,
        source_document: &rule.citation,
        level: rule.level,
        category: rule.category,
        check_ups: exams().map(|exam| exam.id.to_owned()).collect(),
        sources,
        each_alone,
        date,
        inputs,
        care_card,
        follow_up: &rule.follow_up.action,
        due,
        limit,
        resolved_by: &rule.resolved_by,
        recipients: &rule.recipients,
        subject,
        facility,
        apart,
    }
}

#[cfg(test)]
mod tests;
