//! Does a rule's condition hold for this child, by which check-ups, and with which inputs?

mod course;
mod growth;
mod item;
mod period;
mod single;
mod standing;

use std::cell::Cell;

use chrono::{Days, Months, NaiveDate};

use crate::clinical::assess::Setting;
use crate::clinical::growth::age::Age;
use crate::clinical::growth::course::Course;
use crate::clinical::growth::individual::Appraisal;
use crate::clinical::growth::{Indicator, Tables};
use crate::clinical::history::History;
use crate::clinical::rules::{AgeBound, AgeRange, Condition, Rule};
use crate::clinical::schedule::{Forecast, Life};
use crate::domain::catalogue::FindingCode;

pub(super) use item::Absent;

/// The inputs that tell of one check-up when it was.
pub(super) const OF_THE_CHECK_UP: [&str; 2] = ["check_up_date", "age_months"];

/// A condition that holds.
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
        self.holds(rule, &rule.when, &mut |one| {
            if let Some(one) = self.qualified(rule, one) {
                found(one);
            }
        });
    }

    /// What was found, if all else that the rule asks for is so too.
    fn qualified(&self, rule: &Rule, mut one: Match) -> Option<Match> {
        if !(rule.also.is_empty() && rule.unless.is_empty()) {
            match self.as_told_by(&one.told_by) {
                Some((told, places)) => {
                    one = told.with_also(rule, one, &places)?;
                    if let Some(day) = told.next_change() {
                        self.turns(day);
                    }
                }
                None => one = self.with_also(rule, one, &[])?,
            }
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

    /// The case as it were had only these institutions spoken, with the places its check-ups have
    /// here; none where nobody else did, or nobody is named.
    fn as_told_by(&self, sources: &[String]) -> Option<(Case<'a>, Vec<usize>)> {
        let told = |source: &str| sources.iter().any(|one| one == source);
        let exams = self.history.exams();
        let places: Vec<usize> = exams
            .filter(|(_, exam)| told(exam.source))
            .map(|(at, _)| at)
            .collect();
        if sources.is_empty() || places.len() == self.history.len() {
            return None;
        }
        let history = self.history.only(&places);
        let (tables, life, setting, today) = (self.tables, self.life, self.setting, self.today);
        Some((
            Case::new(tables, history, life, setting, today, None),
            places,
        ))
    }

    /// What was found, if all of `also` holds and nothing of `unless`. `places` are those of this
    /// case's check-ups where they are others than the match's.
    fn with_also(&self, rule: &Rule, mut one: Match, places: &[usize]) -> Option<Match> {
        let place = |at: usize| places.get(at).copied().unwrap_or(at);
        for condition in &rule.also {
            // Only by institutions the alert rests on already: what another one knows must not
            // take an alert away from a reader who may not see that one's results.
            let source = |at: usize| self.history.exam(at).source;
            let together = one.told_by.is_empty();
            let sources: Vec<&str> = match together {
                true => one.exams.iter().map(|&at| source(at)).collect(),
                false => one.told_by.iter().map(String::as_str).collect(),
            };
            let mut met: Option<Match> = None;
            self.holds(rule, condition, &mut |other| {
                if met.is_none() && other.exams.iter().all(|&at| sources.contains(&source(at))) {
                    met = Some(other);
                }
            });
            let met = met?;
            // What each statement bears alone must not come to hang on one of them.
            if !one.each_alone {
                one.exams.extend(met.exams.into_iter().map(place));
            }
            let more = met.inputs.into_iter();
            one.inputs
                .extend(more.filter(|(name, _)| !OF_THE_CHECK_UP.contains(name)));
        }
        for condition in &rule.unless {
            let mut excluded = false;
            self.holds(rule, condition, &mut |_| excluded = true);
            if excluded {
                return None;
            }
        }
        Some(one)
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
            } => {
                self.coded(rule, *finding, any_of, none_of, settled_by)
                    .into_iter()
                    .for_each(found);
            }
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
                self.stands(rule, (*finding, code), end)
                    .into_iter()
                    .for_each(found);
            }
            Condition::Period {
                finding,
                code,
                clocks,
                ended_by,
                phase,
            } => {
                let asked = period::Asked {
                    finding: *finding,
                    code,
                    clocks,
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
                only_with_visit,
            } => {
                let asked = item::Asked {
                    track: *track,
                    items,
                    status: *status,
                    only_with: *only_with,
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
        let inputs = vec![
            ("check_up_date", date.to_string()),
            ("age_months", age.months.to_string()),
        ];
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
