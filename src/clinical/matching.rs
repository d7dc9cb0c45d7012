//! Does a rule's condition hold for this child, by which check-ups, and with which inputs?

mod course;
mod growth;
mod item;
mod period;
mod single;
mod standing;

use std::cell::Cell;
use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::clinical::assess::Setting;
use crate::clinical::growth::age::Age;
use crate::clinical::growth::course::Course;
use crate::clinical::growth::individual::Appraisal;
use crate::clinical::growth::{Indicator, Tables};
use crate::clinical::history::History;
use crate::clinical::rules::{AgeBound, AgeRange, Condition, Rule};
use crate::clinical::schedule::{Forecast, Life};
use crate::domain::catalogue::FindingCode;
use crate::domain::id::Id;
use crate::domain::organization::Organization;

pub(super) use item::Absent;

/// The inputs that tell of one check-up when it was.
pub(super) const OF_THE_CHECK_UP: [&str; 2] = ["check_up_date", "age_months"];

/// A condition that holds.
#[derive(Clone)]
pub(super) struct Match {
    /// Tells alerts of one family apart: the allergen, the item, else empty.
    pub subject: String,
    /// Places in the history, rising.
    pub exams: Vec<usize>,
    /// Whether each of them bears the match alone: several statements of one condition.
    pub each_alone: bool,
    /// The institutions whose word alone it is, in order; none where all records are read together.
    /// What others say neither changes nor ends such a match: a reader may know only the one.
    pub told_by: Vec<String>,
    pub inputs: Vec<(&'static str, String)>,
    /// For the guardian's card.
    pub value: String,
    /// First day after a period, where it is known.
    pub until: Option<NaiveDate>,
    /// The same in words: that day, or what the period waits for.
    pub until_zh: String,
    /// For what is not done: then no check-up is its evidence.
    pub absent: Option<Absent>,
}

impl Match {
    /// The facility whose matter it is; none where it is the child's wherever it is.
    pub(super) fn facility(&self) -> Option<Id<Organization>> {
        self.absent.as_ref()?.facility
    }

    /// Adds what a further condition read.
    fn learn(&mut self, other: &Match) {
        let more = other.inputs.iter();
        let more = more.filter(|(name, _)| !OF_THE_CHECK_UP.contains(name));
        self.inputs.extend(more.cloned());
    }
}

/// A child's history, judged once for all rules.
pub(super) struct Case<'a> {
    pub history: History<'a>,
    tables: &'a Tables,
    life: &'a Life<'a>,
    setting: &'a Setting,
    today: NaiveDate,
    /// Weight, length/height and head circumference over time.
    courses: Vec<Course>,
    /// How the child stands by the schedules; none where no rule asks.
    forecast: Option<Forecast<'a>>,
    /// The first later day on which the answer may be another without a new record.
    next_change: Cell<Option<NaiveDate>>,
    /// Each check-up that an indicator needs, appraised once.
    appraisals: Vec<(usize, Appraisal)>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        tables: &'a Tables,
        history: History<'a>,
        life: &'a Life<'a>,
        setting: &'a Setting,
        today: NaiveDate,
        forecast: Option<Forecast<'a>>,
    ) -> Case<'a> {
        let mut case = Case {
            history,
            tables,
            life,
            setting,
            today,
            courses: Vec::new(),
            next_change: Cell::new(forecast.as_ref().and_then(|known| known.next_change)),
            forecast,
            appraisals: Vec::with_capacity(2),
        };
        case.courses = case.courses();
        let (weight, length) = (FindingCode::Weight, FindingCode::LengthHeight);
        let together = case.history.latest_with_both(weight, length);
        let needed = Indicator::ALL.iter().filter_map(|&i| case.exam_for(i));
        let needed: Vec<usize> = needed.chain(together).collect();
        for at in needed {
            if case.appraisal(at).is_none()
                && let Some(appraisal) = case.appraise(at)
            {
                case.appraisals.push((at, appraisal));
            }
        }
        case
    }

    /// Calls `found` for every way in which the rule applies today.
    pub(super) fn matches(&self, rule: &Rule, mut found: impl FnMut(Match)) {
        let mut take = |one| {
            if let Some(one) = self.qualified(rule, one) {
                found(one);
            }
        };
        self.holds(rule, &rule.when, &mut |one| match *rule.together_with {
            [] => take(one),
            _ => self.together(rule, one).into_iter().for_each(&mut take),
        });
    }

    /// What was found with what further institutions must have found for it, each pair of words for
    /// itself: whoever may read one institution less must not lose the others'.
    fn together(&self, rule: &Rule, one: Match) -> Vec<Match> {
        let mut pairs = vec![one];
        for condition in &rule.together_with {
            let mut more = Vec::new();
            self.holds(rule, condition, &mut |other| {
                more.extend(pairs.iter().map(|one| self.pair(one, &other)));
            });
            pairs = more;
        }
        pairs
    }

    /// Rests on one check-up of several that bear a word alone: the latest.
    fn pair(&self, one: &Match, other: &Match) -> Match {
        let latest = |of: &Match| match of.each_alone {
            true => of.exams.iter().copied().max().into_iter().collect(),
            false => of.exams.clone(),
        };
        let mut both = Match {
            each_alone: false,
            exams: [latest(one), latest(other)].concat(),
            ..one.clone()
        };
        both.told_by = self.sources(&both.exams);
        both.learn(other);
        both
    }

    /// The institutions of check-ups, in order.
    fn sources(&self, exams: &[usize]) -> Vec<String> {
        let sources = exams.iter().map(|&at| self.history.exam(at).source);
        let sources: BTreeSet<&str> = sources.collect();
        sources.into_iter().map(str::to_owned).collect()
    }

    /// What was found, if all else that the rule asks for is so too.
    fn qualified(&self, rule: &Rule, mut one: Match) -> Option<Match> {
        // Only by the institutions the alert rests on already, and their latest word: what another one
        // knows must neither take an alert away from a reader who may not see that one's results, nor
        // show in it.
        let by = match (one.told_by.is_empty(), &*rule.also, &*rule.also_not) {
            (false, ..) | (_, [], []) => one.told_by.clone(),
            (true, ..) => self.sources(&one.exams),
        };
        for condition in &rule.also {
            let met = self.first(rule, condition, Some(&by))?;
            // What each statement bears alone must not come to hang on one of them.
            if !one.each_alone {
                one.exams.extend(&met.exams);
            }
            one.learn(&met);
        }
        let holds = |condition, by| self.first(rule, condition, by).is_some();
        if rule.also_not.iter().any(|other| holds(other, Some(&*by)))
            || rule.unless.iter().any(|end| holds(end, None))
        {
            return None;
        }
        one.exams.sort_unstable();
        one.exams.dedup();
        one.each_alone |= one.exams.len() == 1 && !one.told_by.is_empty();
        if let Some(range) = &rule.today
            && !self.reached_today(range)
        {
            return None;
        }
        if let Some(days) = rule.lasts_days {
            let last = match &one.absent {
                Some(absent) => absent.due,
                None => self.history.exam(*one.exams.last()?).check_up.date(),
            };
            let over = last.checked_add_days(Days::new(days.into()))?;
            self.turns(over);
            if self.today >= over {
                return None;
            }
        }
        Some(one)
    }

    /// The first way in which a further condition of a rule holds: as it were had only these
    /// institutions spoken, where some are named.
    fn first(&self, rule: &Rule, condition: &Condition, by: Option<&[String]>) -> Option<Match> {
        let told = |source: &str| by.is_none_or(|by| by.iter().any(|one| one == source));
        let mut first: Option<Match> = None;
        let mut take = |found| {
            first.get_or_insert(found);
        };
        let exams = || self.history.exams();
        if exams().all(|(_, exam)| told(exam.source)) {
            self.holds(rule, condition, &mut take);
            return first;
        }
        let told = exams().filter(|(_, exam)| told(exam.source));
        let places: Vec<usize> = told.map(|(at, _)| at).collect();
        let history = self.history.only(&places);
        let (tables, life, setting, today) = (self.tables, self.life, self.setting, self.today);
        let case = Case::new(tables, history, life, setting, today, None);
        case.holds(rule, condition, &mut take);
        if let Some(day) = case.next_change() {
            self.turns(day);
        }
        let mut first = first?;
        first.exams.iter_mut().for_each(|at| *at = places[*at]);
        Some(first)
    }

    /// Whether the child's calendar age today lies in the range; notes when that will change.
    fn reached_today(&self, range: &AgeRange) -> bool {
        let birth = self.life.birth_date;
        for bound in [range.from, range.until] {
            if let Some(day) = first_day_of(bound, birth) {
                self.turns(day);
            }
        }
        Age::calendar(birth, self.today).is_some_and(|age| range.contains(age))
    }

    /// The answer may change on a day; days that are past change nothing.
    fn turns(&self, day: NaiveDate) {
        if day > self.today && self.next_change.get().is_none_or(|next| day < next) {
            self.next_change.set(Some(day));
        }
    }

    /// The first later day on which the answer may be another without a new record.
    pub(super) fn next_change(&self) -> Option<NaiveDate> {
        self.next_change.get()
    }

    /// Calls `found` for every way in which a condition holds.
    fn holds(&self, rule: &Rule, when: &Condition, found: &mut dyn FnMut(Match)) {
        match when {
            Condition::Nutrition {
                standard,
                indicator,
                class,
            } => {
                if let Some((at, judged)) = self.judged(rule, *standard, *indicator)
                    && judged.nutrition() == Some(*class)
                {
                    found(self.growth_match(at, *indicator, &judged));
                }
            }
            Condition::GrowthLevel {
                standard,
                indicator,
                any_of,
            } => {
                if let Some((at, judged)) = self.judged(rule, *standard, *indicator)
                    && any_of.contains(&judged.level())
                {
                    found(self.growth_match(at, *indicator, &judged));
                }
            }
            Condition::GrowthCourse {
                pattern,
                indicator,
                apart,
                unless_overweight,
            } => {
                let wanted = course::Wanted {
                    pattern,
                    indicator: *indicator,
                    apart: *apart,
                    unless_overweight: *unless_overweight,
                };
                self.growth_course(rule, wanted).into_iter().for_each(found);
            }
            Condition::ImplausibleGrowth {} => self.implausible(rule).into_iter().for_each(found),
            Condition::Haemoglobin {
                at_least,
                below,
                altitude,
            } => {
                self.haemoglobin(rule, *at_least, *below, *altitude)
                    .into_iter()
                    .for_each(found);
            }
            Condition::Coded {
                finding,
                any_of,
                none_of,
                settled_by,
                until_visit,
            } => {
                if self.visited_since(*finding, until_visit) {
                    return;
                }
                self.coded(rule, *finding, any_of, none_of, settled_by)
                    .into_iter()
                    .for_each(found);
            }
            Condition::Written { finding } => self.written(rule, *finding, found),
            Condition::Quantity {
                finding,
                at_least,
                below,
            } => {
                self.quantity(rule, *finding, *at_least, *below)
                    .into_iter()
                    .for_each(found);
            }
            Condition::Stands {
                finding,
                code,
                ended_by,
                ended_code,
            } => {
                let end = (*ended_by, ended_code.as_ref().unwrap_or(code).as_str());
                self.stands(rule, (*finding, code), end, found);
            }
            Condition::Period {
                finding,
                code,
                clocks,
                complicated_by,
                ended_by,
                phase,
            } => {
                let asked = period::Asked {
                    finding: *finding,
                    code,
                    clocks,
                    complicated_by: complicated_by.as_ref(),
                    ended_by: *ended_by,
                    phase: *phase,
                };
                self.period(rule, &asked, found);
            }
            Condition::Item {
                track,
                items,
                status,
                only_with,
                only_with_from_days,
                only_with_visit,
            } => {
                let asked = item::Asked {
                    track: *track,
                    items,
                    status: *status,
                    only_with,
                    only_with_from_days: *only_with_from_days,
                    only_with_visit: *only_with_visit,
                };
                if let Some(forecast) = &self.forecast {
                    self.items(rule, forecast, &asked, found);
                }
            }
            Condition::EachAllergen { kinds, ended_by } => {
                self.allergens(rule, kinds, ended_by, found);
            }
            Condition::Vision { at_most } => {
                self.vision(rule, at_most.0).into_iter().for_each(found);
            }
            Condition::EyeDifference { at_least } => {
                self.eye_difference(rule, at_least.0)
                    .into_iter()
                    .for_each(found);
            }
        }
    }

    /// The age at a check-up, if the rule applies to it.
    fn age_for(&self, rule: &Rule, at: usize) -> Option<Age> {
        let on = self.history.exam(at).check_up.date();
        let (birth, gestation) = (self.life.birth_date, self.life.gestation_days);
        let age = if rule.corrected_age {
            Age::for_growth(birth, gestation, on)
        } else {
            Age::calendar(birth, on)
        };
        age.filter(|&age| rule.ages.contains(age))
    }

    /// A match on one check-up: its day and the age lead the inputs.
    fn on_exam(&self, at: usize, age: Age) -> Match {
        let date = self.history.exam(at).check_up.date();
        let mut inputs = Vec::with_capacity(6);
        inputs.push(("check_up_date", told_day(date)));
        inputs.push(("age_months", age.months.to_string()));
        Match {
            subject: String::new(),
            exams: vec![at],
            each_alone: false,
            told_by: Vec::new(),
            inputs,
            value: String::new(),
            until: None,
            until_zh: String::new(),
            absent: None,
        }
    }
}

/// A day as inputs tell it, `2026-09-01`. `Display` takes several times as long, and there are days in
/// the inputs of every alert.
fn told_day(day: NaiveDate) -> String {
    let Ok(year @ 0..=9999) = u32::try_from(day.year()) else {
        return day.to_string();
    };
    let mut told = String::with_capacity(10);
    for part in [year / 100, year % 100, day.month(), day.day()] {
        if told.len() >= 4 {
            told.push('-');
        }
        told.extend(char::from_digit(part / 10, 10));
        told.extend(char::from_digit(part % 10, 10));
    }
    told
}

/// The first day on which the calendar age reaches a bound.
fn first_day_of(bound: AgeBound, birth: NaiveDate) -> Option<NaiveDate> {
    let near = match bound {
        AgeBound::Days(days) => birth.checked_add_days(Days::new(days.into())),
        AgeBound::Months(months) => birth.checked_add_months(Months::new(months)),
    };
    // Where the month has no such day, the age is reached by the age's own rule.
    near?
        .iter_days()
        .take(3)
        .find(|&day| Age::calendar(birth, day).is_some_and(|age| bound.reached_by(age)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_as_it_displays() {
        let edges = ["0000-01-01", "0099-12-31", "2024-02-29", "9999-12-31"];
        let edges = edges.map(|day| day.parse::<NaiveDate>().unwrap());
        let beyond = [
            NaiveDate::MIN,
            NaiveDate::MAX,
            edges[0] - Days::new(1),
            edges[3] + Days::new(1),
        ];
        let many = edges[2].iter_days().take(800);
        for day in many.chain(edges).chain(beyond) {
            assert_eq!(told_day(day), day.to_string());
        }
    }
}
