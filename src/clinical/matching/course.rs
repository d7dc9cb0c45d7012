//! Growth over time: which measurements can be read at all, and the conditions on their course.

use chrono::Datelike;

use super::{Case, Match, told_day};
use crate::clinical::growth::Indicator;
use crate::clinical::growth::age::Age;
use crate::clinical::growth::class::NutritionClass;
use crate::clinical::growth::course::{Course, Point, Taken, WINDOW};
use crate::clinical::growth::stature::Position;
use crate::clinical::rules::{GrowthPattern, Rule};
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::{Finding, decimal};

/// What a course is made of.
const MEASURED: [(Indicator, FindingCode); 3] = [
    (Indicator::WeightForAge, FindingCode::Weight),
    (Indicator::LengthHeightForAge, FindingCode::LengthHeight),
    (
        Indicator::HeadCircumferenceForAge,
        FindingCode::HeadCircumference,
    ),
];

/// A condition on the course of an indicator, as a rule states it.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub pattern: &'a GrowthPattern,
    pub indicator: Indicator,
    pub apart: (u16, u16),
    pub unless_overweight: bool,
}

impl Case<'_> {
    /// The courses of weight, length/height and head circumference; none of a child of unknown sex.
    pub(super) fn courses(&self) -> Vec<Course> {
        let Some(sex) = self.life.sex else {
            return Vec::new();
        };
        MEASURED
            .iter()
            .map(|&(indicator, code)| {
                let newest = self.history.exams().rev();
                let taken = newest.filter_map(|(at, _)| self.taken(at, code));
                let mut taken: Vec<Taken> = taken.take(WINDOW).collect();
                taken.reverse();
                Course::new(self.tables, sex, indicator, &taken)
            })
            .collect()
    }

    fn taken(&self, at: usize, code: FindingCode) -> Option<Taken> {
        use FindingCode::*;
        let value = self.history.one(at, code)?.quantity()?;
        let coded = |code| self.history.one(at, code).and_then(Finding::coded);
        // Weight says nothing while there is oedema of both feet.
        if code == Weight && coded(Oedema) == Some("Y") {
            return None;
        }
        let date = self.history.exam(at).check_up.date();
        let life = self.life;
        Some(Taken {
            place: at,
            day: date.num_days_from_ce().into(),
            age: Age::for_growth(life.birth_date, life.gestation_days, date)?,
            // The catalogue keeps lengths in tenths of a millimetre.
            value: if code == Weight { value } else { value * 100 },
            position: coded(MeasuringPosition)
                .filter(|_| code == LengthHeight)
                .and_then(Position::parse),
        })
    }

    /// The course an indicator for age is read from.
    pub(super) fn course(&self, indicator: Indicator) -> Option<&Course> {
        let at = MEASURED.iter().position(|(known, _)| *known == indicator)?;
        self.courses.get(at)
    }

    /// Whether none of the measurements an indicator rests on is in doubt at a check-up.
    pub(super) fn is_readable(&self, indicator: Indicator, at: usize) -> bool {
        use Indicator::*;
        let rests_on: &[Indicator] = match indicator {
            WeightForLengthHeight | BmiForAge => &[WeightForAge, LengthHeightForAge],
            _ => &[indicator],
        };
        !rests_on.iter().any(|&indicator| {
            let course = self.course(indicator);
            course.is_some_and(|course| course.is_doubted(at))
        })
    }

    /// The check-ups whose course shows the pattern.
    pub(super) fn growth_course(&self, rule: &Rule, wanted: Wanted<'_>) -> Option<Match> {
        let course = self.course(wanted.indicator)?;
        let (latest, mut earlier) = course.pairs(wanted.apart)?;
        self.age_for(rule, latest.taken.place)?;
        let standard = self.setting.growth_standard;
        let lines = |point: &Point| course.lines(self.tables, standard, point);
        let found = match *wanted.pattern {
            GrowthPattern::Loss { grams } => {
                let before = earlier.next()?;
                let change = course.velocity(before, latest).change;
                (change <= -i64::from(grams)).then_some((before, None))
            }
            GrowthPattern::NoGain {} => {
                let before = earlier.next()?;
                (course.velocity(before, latest).change <= 0).then_some((before, None))
            }
            GrowthPattern::CrossingDown { lines: least } => {
                let now = lines(latest)?;
                let highest = earlier
                    .filter_map(|before| Some((before, lines(before)?)))
                    .reduce(|a, b| if b.1 > a.1 { b } else { a })?;
                (highest.1 >= now + least).then_some((highest.0, Some((highest.1, now))))
            }
            GrowthPattern::CrossingUp { lines: least } => {
                let now = lines(latest)?;
                let lowest = earlier
                    .filter_map(|before| Some((before, lines(before)?)))
                    .reduce(|a, b| if b.1 < a.1 { b } else { a })?;
                (now >= lowest.1 + least).then_some((lowest.0, Some((lowest.1, now))))
            }
            GrowthPattern::Flattening {
                percent,
                lines: least,
            } => {
                let before = earlier.next()?;
                let gain = course.velocity(before, latest).change;
                let usual = course.median_gain(self.tables, standard, before, latest)?;
                let (then, now) = (lines(before)?, lines(latest)?);
                let is_flat = gain > 0 && gain * 100 <= usual * i64::from(percent);
                (is_flat && then >= now + least).then_some((before, Some((then, now))))
            }
        };
        let (before, crossed) = found?;
        if wanted.unless_overweight && self.was_overweight(before.taken.place) {
            return None;
        }
        Some(self.course_match(course, wanted, before, latest, crossed))
    }

    /// Whether a check-up found the child overweight or more, by the region's standard.
    fn was_overweight(&self, at: usize) -> bool {
        use NutritionClass::*;
        let appraisal = self.appraise(at);
        [Indicator::WeightForLengthHeight, Indicator::BmiForAge]
            .into_iter()
            .filter_map(|indicator| {
                let appraisal = appraisal.as_ref()?;
                appraisal.judged(self.setting.growth_standard, indicator)
            })
            .any(|judged| {
                matches!(
                    judged.nutrition(),
                    Some(Overweight | Obesity | SevereObesity)
                )
            })
    }

    fn course_match(
        &self,
        course: &Course,
        wanted: Wanted<'_>,
        before: &Point,
        latest: &Point,
        crossed: Option<(u8, u8)>,
    ) -> Match {
        let weight = wanted.indicator == Indicator::WeightForAge;
        // Lengths are shown in millimetres with one decimal, as they are kept.
        let shown = |value: i64| match weight {
            true => value.to_string(),
            false => decimal(value / 100, 1),
        };
        let [before_is, latest_is, per_month] = match weight {
            true => ["weight_g_before", "weight_g", "g_per_month"],
            false => ["mm_before", "mm", "mm_per_month"],
        };
        let date = |point: &Point| {
            let exam = self.history.exam(point.taken.place);
            told_day(exam.check_up.date())
        };
        let velocity = course.velocity(before, latest);
        let mut inputs = vec![
            ("check_up_date", date(latest)),
            ("age_months", latest.taken.age.months.to_string()),
            ("indicator", wanted.indicator.as_str().to_owned()),
            ("pattern", wanted.pattern.as_str().to_owned()),
            ("check_up_date_before", date(before)),
            (before_is, shown(before.taken.value)),
            (latest_is, shown(latest.taken.value)),
            ("days", velocity.days.to_string()),
            (per_month, shown(velocity.per_month())),
        ];
        if latest.taken.age.corrected {
            inputs.push(("age_is_corrected", "YES".to_owned()));
        }
        if let Some((then, now)) = crossed {
            let standard = self.setting.growth_standard;
            inputs.push(("standard", standard.as_str().to_owned()));
            inputs.push(("lines_before", then.to_string()));
            inputs.push(("lines", now.to_string()));
        }
        Match {
            subject: String::new(),
            exams: vec![before.taken.place, latest.taken.place],
            each_alone: false,
            told_by: Vec::new(),
            inputs,
            value: String::new(),
            until: None,
            until_zh: String::new(),
            absent: None,
        }
    }

    /// One match for everything about the latest measurements that can't be believed, whichever
    /// check-ups they come from.
    pub(super) fn implausible(&self, rule: &Rule) -> Option<Match> {
        let mut found: Option<Match> = None;
        let mut add = |at: usize, inputs: Vec<(&'static str, String)>| {
            let all = found.get_or_insert_with(|| self.measured(at));
            if !all.exams.contains(&at) {
                all.inputs.extend(self.measured(at).inputs);
                all.exams.push(at);
            }
            all.inputs.extend(inputs);
        };
        for (course, (indicator, _)) in self.courses.iter().zip(MEASURED) {
            let Some(latest) = course.points().last() else {
                continue;
            };
            let at = latest.taken.place;
            let Some(doubt) = latest.doubt.filter(|_| self.age_for(rule, at).is_some()) else {
                continue;
            };
            let mut inputs = vec![
                ("indicator", indicator.as_str().to_owned()),
                ("doubt", doubt.as_str().to_owned()),
            ];
            if let Some(scored) = latest.scored {
                inputs.push(("who_z", scored.z.to_string()));
            }
            if let Some(slip) = course.slip(latest) {
                inputs.push(("slip", slip.as_str().to_owned()));
            }
            add(at, inputs);
        }
        // Weight and length may each be possible, and impossible together.
        for indicator in [Indicator::WeightForLengthHeight, Indicator::BmiForAge] {
            let (weight, length) = (FindingCode::Weight, FindingCode::LengthHeight);
            let Some(at) = self.history.latest_with_both(weight, length) else {
                continue;
            };
            if !self.is_readable(indicator, at) {
                continue;
            }
            let scored = self.appraisal(at).and_then(|a| a.scores.get(indicator));
            let Some(scored) = scored.filter(|scored| scored.implausible) else {
                continue;
            };
            if self.age_for(rule, at).is_some() {
                add(
                    at,
                    vec![
                        ("indicator", indicator.as_str().to_owned()),
                        ("doubt", "IMPLAUSIBLE".to_owned()),
                        ("who_z", scored.z.to_string()),
                    ],
                );
            }
        }
        if let Some(found) = &mut found {
            found.exams.sort_unstable();
        }
        found
    }
}

#[cfg(test)]
mod tests;
