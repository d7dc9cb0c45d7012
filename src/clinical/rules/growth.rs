//! Whether a growth condition can ever hold: checked when a rule file is read.

use super::GrowthPattern;
use crate::clinical::growth::Indicator;
use crate::clinical::growth::class::NutritionClass;
use crate::domain::growth_standard::GrowthStandard;

/// Whether the standard gives such a class by the indicator at any age.
pub(super) fn class_exists(
    standard: GrowthStandard,
    indicator: Indicator,
    class: NutritionClass,
) -> bool {
    use NutritionClass::*;
    let by_who = standard == GrowthStandard::Who;
    match indicator {
        Indicator::WeightForAge => matches!(class, SevereUnderweight | Underweight),
        Indicator::LengthHeightForAge => matches!(class, SevereStunting | Stunting),
        Indicator::WeightForLengthHeight | Indicator::BmiForAge => match class {
            SevereWasting | Wasting | Overweight | Obesity => true,
            SevereObesity => !by_who,
            RiskOfOverweight => by_who,
            SevereThinness | Thinness => by_who && indicator == Indicator::BmiForAge,
            _ => false,
        },
        Indicator::HeadCircumferenceForAge => false,
    }
}

/// Whether a course can be read from the indicator, over a span of days, with sound limits.
pub(super) fn is_sound(pattern: &GrowthPattern, indicator: Indicator, apart: (u16, u16)) -> bool {
    let is_course = !matches!(
        indicator,
        Indicator::WeightForLengthHeight | Indicator::BmiForAge
    );
    let in_lines = |lines: u8| (1..=7).contains(&lines);
    let is_sound = match *pattern {
        GrowthPattern::Loss { grams } => indicator == Indicator::WeightForAge && grams > 0,
        GrowthPattern::NoGain {} => true,
        GrowthPattern::CrossingDown { lines } | GrowthPattern::CrossingUp { lines } => {
            in_lines(lines)
        }
        GrowthPattern::Flattening { percent, lines } => {
            (1..100).contains(&percent) && in_lines(lines)
        }
    };
    is_course && is_sound && 0 < apart.0 && apart.0 < apart.1
}
