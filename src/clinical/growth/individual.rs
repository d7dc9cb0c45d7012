//! Both standards for one set of measurements at one age: classes where they can be believed.

use crate::clinical::growth::age::Age;
use crate::clinical::growth::class::{GrowthLevel, NutritionClass};
use crate::clinical::growth::stature::{self, Micrometres, Position};
use crate::clinical::growth::who::{Observation, Scored, Scores};
use crate::clinical::growth::wst423::{Classified, FIRST_HEIGHT_MONTH, Standard};
use crate::clinical::growth::{Indicator, Tables};
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::Finding;
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::sex::Sex;

/// What one check-up measured. No `Debug`: these are findings.
#[derive(Clone, Copy, Default)]
pub struct Measurements {
    pub weight_g: Option<i64>,
    pub stature_um: Option<Micrometres>,
    pub position: Option<Position>,
    pub head_um: Option<Micrometres>,
    /// Oedema of both feet: weight says nothing then.
    pub oedema: bool,
}

impl Measurements {
    /// What the findings of one check-up say; `one` gives the finding of a code.
    pub fn of<'a>(one: impl Fn(FindingCode) -> Option<&'a Finding>) -> Measurements {
        use FindingCode::*;
        let quantity = |code| one(code).and_then(Finding::quantity);
        let coded = |code| one(code).and_then(Finding::coded);
        // The catalogue keeps lengths in tenths of a millimetre.
        let um = |tenths: i64| tenths * 100;
        Measurements {
            weight_g: quantity(Weight),
            stature_um: quantity(LengthHeight).map(um),
            position: coded(MeasuringPosition).and_then(Position::parse),
            head_um: quantity(HeadCircumference).map(um),
            oedema: coded(Oedema) == Some("Y"),
        }
    }
}

/// What one standard says of one indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Wst423(Classified),
    Who(Scored),
}

impl Judged {
    /// The nutrition class by that standard, if the measurement falls into one.
    pub fn nutrition(&self) -> Option<NutritionClass> {
        match self {
            Judged::Wst423(classified) => classified.nutrition(),
            Judged::Who(scored) => scored.nutrition(),
        }
    }

    /// The level by that standard's standard deviations.
    pub fn level(&self) -> GrowthLevel {
        match self {
            Judged::Wst423(classified) => classified.level(),
            Judged::Who(scored) => scored.level(),
        }
    }
}

/// The measurements judged.
pub struct Appraisal {
    pub age: Age,
    /// WHO z-scores (2006, from five years on 2007): trends and plausibility.
    pub scores: Scores,
    /// Length or height changed by 0.7 cm because of the position.
    pub stature_adjusted: bool,
    classes: Classes,
}

/// What WS/T 423 says of one set of measurements.
pub struct Classes {
    /// Length before 24 completed months, height from then on.
    pub stature_um: Option<Micrometres>,
    by_indicator: [Option<Classified>; Indicator::COUNT],
}

impl Classes {
    /// Where the measurement lies; `None` if it was not measured or the standard has no row.
    pub fn get(&self, indicator: Indicator) -> Option<Classified> {
        self.by_indicator[indicator.index()]
    }
}

impl Appraisal {
    /// The WS/T 423 class of an indicator; `None` if it was not measured, the standard has no row,
    /// or a measurement it rests on is implausible (see [`Appraisal::is_believable`]).
    pub fn class(&self, indicator: Indicator) -> Option<Classified> {
        self.classes
            .get(indicator)
            .filter(|_| self.is_believable(indicator))
    }

    /// What `standard` says of an indicator, where it can be believed.
    pub fn judged(&self, standard: GrowthStandard, indicator: Indicator) -> Option<Judged> {
        match standard {
            GrowthStandard::Wst423 => self.class(indicator).map(Judged::Wst423),
            GrowthStandard::Who => self
                .scores
                .get(indicator)
                .filter(|_| self.is_believable(indicator))
                .map(Judged::Who),
        }
    }

    /// Whether no WHO flag stands on the indicator or on a measurement it rests on.
    pub fn is_believable(&self, indicator: Indicator) -> bool {
        is_believable(&self.scores, indicator)
    }
}

/// Whether no WHO flag stands on the indicator or on a measurement it rests on.
pub fn is_believable(scores: &Scores, indicator: Indicator) -> bool {
    use Indicator::*;
    let rests_on: &[Indicator] = match indicator {
        WeightForLengthHeight | BmiForAge => &[WeightForAge, LengthHeightForAge, indicator],
        _ => &[indicator],
    };
    !scores
        .implausible()
        .any(|flagged| rests_on.contains(&flagged))
}

/// Judges measurements taken at `age` (see [`Age::for_growth`]).
pub fn appraise(tables: &Tables, sex: Sex, age: Age, seen: &Measurements) -> Appraisal {
    let Measurements {
        weight_g,
        stature_um,
        position,
        head_um,
        oedema,
    } = *seen;
    let scores = tables.who.score(&Observation {
        sex: Some(sex),
        age: age.in_days(),
        weight_kg: weight_g.map(|grams| grams as f64 / 1e3),
        stature_um,
        position,
        head_cm: head_um.map(|um| um as f64 / 1e4),
        oedema,
    });
    let can_stand = !scores.position_ignored;
    let classes = classify(&tables.wst423, sex, age.months, can_stand, seen);
    Appraisal {
        age,
        scores,
        stature_adjusted: classes.stature_um.is_some() && classes.stature_um != stature_um,
        classes,
    }
}

/// Classifies by WS/T 423 at so many completed months; a child that can't stand yet was lying.
///
/// The standard switches at 24 completed months, which may be day 730: a day before WHO does. It is
/// silent on the measuring position; WHO's 0.7 cm is used `[P]`.
pub fn classify(
    standard: &Standard,
    sex: Sex,
    months: u32,
    can_stand: bool,
    seen: &Measurements,
) -> Classes {
    let by_length = months < FIRST_HEIGHT_MONTH;
    let um = seen
        .stature_um
        .map(|um| stature::adjust(um, seen.position, by_length, can_stand).um)
        .filter(|&um| um > 0);
    let weight = seen.weight_g.filter(|_| !seen.oedema);
    let both = weight.zip(um);
    let mut classes = Classes {
        stature_um: um,
        by_indicator: [None; Indicator::COUNT],
    };
    let mut put = |class: Option<Classified>| {
        if let Some(class) = class {
            classes.by_indicator[class.indicator.index()] = Some(class);
        }
    };
    put(weight.and_then(|grams| standard.weight_for_age(sex, months, grams)));
    put(um.and_then(|um| standard.length_height_for_age(sex, months, um)));
    put(both.and_then(|(grams, um)| standard.weight_for_length_height(sex, months, grams, um)));
    put(both.and_then(|(grams, um)| standard.bmi_for_age(sex, months, grams, um)));
    put(seen
        .head_um
        .and_then(|um| standard.head_for_age(sex, months, um)));
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_months(months: u32) -> Age {
        Age {
            days: (f64::from(months) * 30.4375).round() as u32,
            months,
            corrected: false,
        }
    }

    fn boy(age: Age, seen: Measurements) -> Appraisal {
        appraise(&Tables::load().unwrap(), Sex::Male, age, &seen)
    }

    #[test]
    fn lying_at_two_years_loses_seven_millimetres_in_both_standards() {
        // WS/T 423 B.3, boys, 24 months: −2 SD is 82.0 cm.
        let seen = |um, position| Measurements {
            stature_um: Some(um),
            position,
            ..<_>::default()
        };
        let class = |seen| {
            boy(at_months(24), seen)
                .class(Indicator::LengthHeightForAge)
                .unwrap()
                .nutrition()
        };
        use NutritionClass::Stunting;
        assert_eq!(class(seen(820_000, None)), None);
        assert_eq!(class(seen(820_000, Some(Position::Standing))), None);
        assert_eq!(class(seen(826_900, Some(Position::Lying))), Some(Stunting));
        assert_eq!(class(seen(827_000, Some(Position::Lying))), None);
    }

    #[test]
    fn an_implausible_length_takes_its_companions_with_it() {
        // 69.2 cm typed as 169.2 cm at 8 months.
        let seen = Measurements {
            weight_g: Some(8_400),
            stature_um: Some(1_592_000),
            head_um: Some(434_000),
            ..<_>::default()
        };
        let appraisal = boy(at_months(8), seen);
        for indicator in [
            Indicator::LengthHeightForAge,
            Indicator::WeightForLengthHeight,
            Indicator::BmiForAge,
        ] {
            assert!(!appraisal.is_believable(indicator));
            assert_eq!(appraisal.class(indicator), None);
        }
        assert!(appraisal.class(Indicator::WeightForAge).is_some());
        assert!(
            appraisal
                .class(Indicator::HeadCircumferenceForAge)
                .is_some()
        );
    }

    #[test]
    fn oedema_silences_weight() {
        let seen = Measurements {
            weight_g: Some(8_400),
            stature_um: Some(692_000),
            oedema: true,
            ..<_>::default()
        };
        let appraisal = boy(at_months(8), seen);
        assert_eq!(appraisal.class(Indicator::WeightForAge), None);
        assert_eq!(appraisal.class(Indicator::BmiForAge), None);
        assert_eq!(appraisal.scores.get(Indicator::WeightForAge), None);
        assert!(appraisal.class(Indicator::LengthHeightForAge).is_some());
    }
}
