//! WHO's z-scores of one child: Child Growth Standards 2006 under 60 months, as WHO's program
//! `anthro` gives them, and the Reference 2007 from then on, as `anthroplus` does.
//!
//! WHO's classes are not WS/T 423's (see [`super::wst423`]): overweight begins one step higher under
//! five years. The two are never mixed in one statement.

pub mod reference2007;

use crate::clinical::growth::Indicator;
use crate::clinical::growth::age::{AgeDays, FIVE_YEARS_MONTHS};
use crate::clinical::growth::class::{GrowthLevel, NutritionClass};
use crate::clinical::growth::lms::{Centile, Lms, LmsTable, Score};
use crate::clinical::growth::stature::{self, Adjusted, Micrometres, Position};
use crate::clinical::growth::table::TableError;
use crate::domain::sex::Sex;
use crate::domain::text_code::text_codes;
use reference2007::Reference;

/// From this day on (24 months) height tables apply, before it length tables.
pub const FIRST_HEIGHT_DAY: u32 = 731;
/// From this many months on the Reference 2007 applies.
const END_MONTHS: u32 = FIVE_YEARS_MONTHS;
/// A child stands at this age at the earliest.
const STANDS_FROM_MONTHS: u32 = 9;
/// With the age unknown, from 87 cm on a measurement is taken for a height.
const HEIGHT_FROM_UM: Micrometres = 870_000;
/// One row of the weight-for-length and weight-for-height tables: 0.1 cm.
const UM_PER_ROW: Micrometres = 1_000;

macro_rules! shipped {
    ($name:literal, $x:literal) => {
        $crate::clinical::growth::lms::LmsTable::read(
            $name,
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/src/clinical/data/",
                $name
            )),
            $x,
        )
    };
}
use shipped;

text_codes! {
    /// Which of WHO's publications a score comes from.
    Edition {
        /// Child Growth Standards, under 60 months.
        Who2006 = "WHO2006",
        /// Growth Reference, from 60 months on.
        Who2007 = "WHO2007",
    }
}

/// WHO's reference tables: six by day or millimetre to 60 months, three by month from then on.
#[derive(Debug)]
pub struct Standards {
    pub weight_for_age: LmsTable,
    pub length_height_for_age: LmsTable,
    pub bmi_for_age: LmsTable,
    pub head_for_age: LmsTable,
    pub weight_for_length: LmsTable,
    pub weight_for_height: LmsTable,
    pub from_five: Reference,
}

/// One child, measured once. Whatever is unknown or was not measured is `None`.
#[derive(Clone, Copy, Default)]
pub struct Observation {
    pub sex: Option<Sex>,
    pub age: Option<AgeDays>,
    pub weight_kg: Option<f64>,
    pub stature_um: Option<Micrometres>,
    pub position: Option<Position>,
    pub head_cm: Option<f64>,
    /// Oedema of both feet: no weight-based score (the child counts as below −3 SD).
    pub oedema: bool,
}

/// A z-score and whether it is too extreme to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    pub indicator: Indicator,
    pub edition: Edition,
    pub z: Score,
    pub centile: Centile,
    /// Beyond WHO's limits of plausibility: measure again before believing it.
    pub implausible: bool,
}

impl Scored {
    /// WHO's class of the indicator, if the score falls into one `[k]`. Exactly on a cut-off is not
    /// beyond it.
    pub fn nutrition(&self) -> Option<NutritionClass> {
        use NutritionClass::*;
        let z = self.z.hundredths();
        let low = |plain, severe| match z {
            ..-300 => Some(severe),
            -300..-200 => Some(plain),
            _ => None,
        };
        match (self.indicator, self.edition) {
            (Indicator::WeightForAge, _) => low(Underweight, SevereUnderweight),
            (Indicator::LengthHeightForAge, _) => low(Stunting, SevereStunting),
            (Indicator::WeightForLengthHeight | Indicator::BmiForAge, Edition::Who2006) => {
                match z {
                    301.. => Some(Obesity),
                    201..=300 => Some(Overweight),
                    101..=200 => Some(RiskOfOverweight),
                    _ => low(Wasting, SevereWasting),
                }
            }
            (Indicator::BmiForAge, Edition::Who2007) => match z {
                201.. => Some(Obesity),
                101..=200 => Some(Overweight),
                _ => low(Thinness, SevereThinness),
            },
            _ => None,
        }
    }

    /// The same five steps as WS/T 423's, by WHO's standard deviations `[P]`: WHO names no levels.
    pub fn level(&self) -> GrowthLevel {
        match self.z.hundredths() {
            ..-200 => GrowthLevel::Lower,
            -200..-100 => GrowthLevel::LowerMiddle,
            -100..=100 => GrowthLevel::Middle,
            101..=200 => GrowthLevel::UpperMiddle,
            201.. => GrowthLevel::Upper,
        }
    }
}

/// What the observation yields. `Debug` is not implemented: these are findings.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Scores {
    /// Length before day 731, height from it.
    pub stature_um: Option<Micrometres>,
    /// kg/m², from the adjusted length or height.
    pub bmi: Option<f64>,
    /// "Standing" under 9 months: the position was ignored.
    pub position_ignored: bool,
    by_indicator: [Option<Scored>; Indicator::COUNT],
}

impl Scores {
    /// The score of one indicator, if there is one.
    pub fn get(&self, indicator: Indicator) -> Option<Scored> {
        self.by_indicator[indicator.index()]
    }

    /// The indicators that are implausible.
    pub fn implausible(&self) -> impl Iterator<Item = Indicator> + '_ {
        Indicator::ALL
            .iter()
            .copied()
            .filter(|&indicator| self.get(indicator).is_some_and(|scored| scored.implausible))
    }
}

impl Standards {
    pub(super) fn load() -> Result<Standards, TableError> {
        Ok(Standards {
            weight_for_age: shipped!("who2006_wfa.csv", "day")?,
            length_height_for_age: shipped!("who2006_lhfa.csv", "day")?,
            bmi_for_age: shipped!("who2006_bfa.csv", "day")?,
            head_for_age: shipped!("who2006_hcfa.csv", "day")?,
            weight_for_length: shipped!("who2006_wfl.csv", "mm")?,
            weight_for_height: shipped!("who2006_wfh.csv", "mm")?,
            from_five: Reference::load()?,
        })
    }

    /// The scores of one observation: five by the 2006 standards, three by the 2007 reference.
    pub fn score(&self, seen: &Observation) -> Scores {
        let weight = seen.weight_kg.filter(|&kg| kg > 0.0);
        let day = seen.age.map(AgeDays::row);
        let stature = seen.stature_um.filter(|&um| um > 0).map(|um| {
            // Without an age nothing is adjusted: either side of the switch would be a guess.
            match seen.age {
                Some(age) => at_age(um, seen.position, age),
                None => stature::adjust(um, None, true, true),
            }
        });
        let um = stature.map(|stature| stature.um).filter(|&um| um > 0);
        let bmi = weight.zip(um).map(|(kg, um)| {
            let metres = um as f64 / 1e6;
            kg / (metres * metres)
        });
        let mut scores = Scores {
            stature_um: um,
            bmi,
            position_ignored: stature.is_some_and(|stature| stature.position_ignored),
            by_indicator: Default::default(),
        };
        let Some(sex) = seen.sex else { return scores };
        let weight = weight.filter(|_| !seen.oedema);
        let by_age = [
            (Indicator::LengthHeightForAge, um.map(|um| um as f64 / 1e4)),
            (Indicator::WeightForAge, weight),
            (Indicator::BmiForAge, bmi.filter(|_| !seen.oedema)),
            (Indicator::HeadCircumferenceForAge, seen.head_cm),
        ];
        for (indicator, y) in by_age {
            scores.by_indicator[indicator.index()] = y
                .zip(seen.age)
                .and_then(|(y, age)| self.for_age(indicator, sex, age, y));
        }
        let under_five = seen.age.is_none_or(|age| age.is_under_months(END_MONTHS));
        let at_stature = um
            .filter(|_| under_five)
            .and_then(|um| self.for_stature(sex, day, seen.position, um));
        let indicator = Indicator::WeightForLengthHeight;
        scores.by_indicator[indicator.index()] = weight
            .zip(at_stature)
            .and_then(|(y, lms)| scored(indicator, Edition::Who2006, &lms, y));
        scores
    }

    /// The same by the 2006 standards alone: from 60 months on there is no score.
    pub fn score_under_five(&self, seen: &Observation) -> Scores {
        let scores = self.score(seen);
        if seen.age.is_none_or(|age| age.is_under_months(END_MONTHS)) {
            return scores;
        }
        Scores {
            by_indicator: Default::default(),
            ..scores
        }
    }

    /// One score for age of kg, cm (already adjusted, see [`at_age`]) or kg/m². `None` where there is
    /// no row, and for weight-for-length/height.
    pub fn for_age(&self, indicator: Indicator, sex: Sex, age: AgeDays, y: f64) -> Option<Scored> {
        let (edition, lms) = self.lms_for_age(indicator, sex, age)?;
        scored(indicator, edition, &lms, y).filter(|_| y > 0.0)
    }

    /// The row of an indicator for age, and where it stands.
    pub fn lms_for_age(
        &self,
        indicator: Indicator,
        sex: Sex,
        age: AgeDays,
    ) -> Option<(Edition, Lms)> {
        if age.is_under_months(END_MONTHS) {
            let table = match indicator {
                Indicator::WeightForAge => &self.weight_for_age,
                Indicator::LengthHeightForAge => &self.length_height_for_age,
                Indicator::BmiForAge => &self.bmi_for_age,
                Indicator::HeadCircumferenceForAge => &self.head_for_age,
                Indicator::WeightForLengthHeight => return None,
            };
            return Some((Edition::Who2006, *table.row(sex, age.row())?));
        }
        let table = match indicator {
            Indicator::WeightForAge => &self.from_five.weight_for_age,
            Indicator::LengthHeightForAge => &self.from_five.height_for_age,
            Indicator::BmiForAge => &self.from_five.bmi_for_age,
            Indicator::HeadCircumferenceForAge | Indicator::WeightForLengthHeight => return None,
        };
        Some((Edition::Who2007, reference2007::at_age(table, sex, age)?))
    }

    /// The weight-for-length or weight-for-height row, interpolated between two of 0.1 cm.
    fn for_stature(
        &self,
        sex: Sex,
        day: Option<u32>,
        position: Option<Position>,
        um: Micrometres,
    ) -> Option<Lms> {
        let by_length = match (day, position) {
            (Some(day), _) => day < FIRST_HEIGHT_DAY,
            (None, Some(position)) => position == Position::Lying,
            (None, None) => um < HEIGHT_FROM_UM,
        };
        let table = if by_length {
            &self.weight_for_length
        } else {
            &self.weight_for_height
        };
        let mm = u32::try_from(um.div_euclid(UM_PER_ROW)).ok()?;
        let low = table.row(sex, mm)?;
        match um.rem_euclid(UM_PER_ROW) {
            0 => Some(*low),
            rest => {
                let share = rest as f64 / UM_PER_ROW as f64;
                Some(low.towards(table.row(sex, mm + 1)?, share))
            }
        }
    }
}

/// Length before day 731, height from it; "standing" under 9 months is not believed.
pub fn at_age(um: Micrometres, position: Option<Position>, age: AgeDays) -> Adjusted {
    let can_stand = !age.is_under_months(STANDS_FROM_MONTHS);
    stature::adjust(um, position, age.row() < FIRST_HEIGHT_DAY, can_stand)
}

/// The score and its plausibility, judged on the rounded score as WHO's program does.
fn scored(indicator: Indicator, edition: Edition, lms: &Lms, y: f64) -> Option<Scored> {
    let z = match indicator {
        Indicator::LengthHeightForAge | Indicator::HeadCircumferenceForAge => lms.z(y),
        _ => lms.z_restricted(y),
    };
    let centile = Centile::of(z);
    let z = Score::round(z)?;
    let (low, high) = match indicator {
        Indicator::WeightForAge => (-600, 500),
        Indicator::LengthHeightForAge => (-600, 600),
        _ => (-500, 500),
    };
    Some(Scored {
        indicator,
        edition,
        z,
        centile,
        implausible: !(low..=high).contains(&z.hundredths()),
    })
}

#[cfg(test)]
mod tests;
