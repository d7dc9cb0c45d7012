//! When a rule applies: the closed vocabulary of rule files.

use serde::Deserialize;

use crate::clinical::care_card::Placeholder;
use crate::clinical::growth::Indicator;
use crate::clinical::growth::class::{GrowthLevel, NutritionClass};
use crate::clinical::schedule::{Status, Track};
use crate::domain::catalogue::FindingCode;
use crate::domain::checkup::VisitKind;
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::text_code::text_codes;

text_codes! {
    /// Whether a period still runs.
    Phase {
        /// Until its last day, or as long as that day is not known.
        Running = "RUNNING",
        /// From the first day after it, as long as nothing has ended it.
        Over = "OVER",
    }
}

text_codes! {
    /// What a period counts from where the day is not stated.
    Unstated {
        /// The first check-up that states the disease or contact.
        CheckUp = "CHECK_UP",
        /// Nothing: the period is open until the day is stated.
        Open = "OPEN",
    }
}

/// One clock of a period: so many days from a stated day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// A finding whose value is a date.
    pub from: FindingCode,
    /// The period is over on that day plus so many.
    pub days: u16,
    /// What counts where no check-up states the day.
    #[serde(default = "Clock::from_the_check_up")]
    pub unstated: Unstated,
}

impl Clock {
    fn from_the_check_up() -> Unstated {
        Unstated::CheckUp
    }
}

/// A coded result that is one of some: it settles an earlier one, or is a complication.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub finding: FindingCode,
    pub any_of: Vec<String>,
}

/// A limit of a quantity, written as text in the unit and with at most the decimals of the finding's
/// catalogue row (`"2500"`, `"4.8"`), so that no binary float decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    digits: i64,
    decimals: u32,
}

impl Limit {
    /// Scaled as the catalogue scales the finding; `None` if it has more decimals than are kept.
    pub(crate) fn scaled(self, decimals: u32) -> Option<i64> {
        let more = decimals.checked_sub(self.decimals)?;
        self.digits.checked_mul(10_i64.checked_pow(more)?)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (whole, tenths) = text.split_once('.').unwrap_or((text.as_str(), ""));
        let sound = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let digits = (sound(whole) && sound(tenths) && !whole.is_empty() && !text.ends_with('.'))
            .then(|| format!("{whole}{tenths}").parse().ok())
            .flatten();
        match (digits, u32::try_from(tenths.len())) {
            (Some(digits), Ok(decimals)) => Ok(Limit { digits, decimals }),
            _ => Err(serde::de::Error::custom(
                "a limit is written \"2500\" or \"4.8\"",
            )),
        }
    }
}

/// A five-mark vision value in tenths, written as text ("4.8") so that no binary float decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenths(pub i64);

impl<'de> Deserialize<'de> for Tenths {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Tenths, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.split_once('.').filter(|(_, tenths)| tenths.len() == 1);
        digits
            .and_then(|(whole, tenths)| format!("{whole}{tenths}").parse::<u8>().ok())
            .map(|tenths| Tenths(tenths.into()))
            .ok_or_else(|| serde::de::Error::custom("a value is written with one decimal, \"4.8\""))
    }
}

/// When a rule applies: the closed vocabulary. Each reads the latest check-up that measured it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The nutrition class of an indicator by `standard` is this one. A rule of the standard that
    /// the region does not go by is silent.
    Nutrition {
        #[serde(default)]
        standard: GrowthStandard,
        indicator: Indicator,
        class: NutritionClass,
    },
    /// The level of an indicator by the SDs of `standard` is one of these; silent likewise.
    GrowthLevel {
        #[serde(default)]
        standard: GrowthStandard,
        indicator: Indicator,
        any_of: Vec<GrowthLevel>,
    },
    /// How weight, length/height or head circumference went from an earlier check-up to the latest,
    /// by the lines P3, P10, P25, P50, P75, P90, P97 of the region's standard.
    GrowthCourse {
        pattern: GrowthPattern,
        indicator: Indicator,
        /// Least and most days between the two check-ups.
        apart: (u16, u16),
        /// Silent where the earlier check-up found overweight or more: losing it may be the aim.
        #[serde(default)]
        unless_overweight: bool,
    },
    /// The latest weight, length/height or head circumference can't be believed: beyond WHO's limits
    /// of plausibility, or against what was measured before. Whatever standard the region goes by.
    ImplausibleGrowth {},
    /// Haemoglobin in g/L: `at_least` (or from 0) to just below `below`, which rises by 4% for
    /// every 1000 m if `altitude` is set and the county corrects for altitude.
    Haemoglobin {
        #[serde(default)]
        at_least: u32,
        below: u32,
        #[serde(default)]
        altitude: bool,
    },
    /// A coded finding is one of `any_of`, or is none of `none_of`, and its latest check-up or a later
    /// one does not settle it.
    Coded {
        finding: FindingCode,
        #[serde(default)]
        any_of: Vec<String>,
        #[serde(default)]
        none_of: Vec<String>,
        #[serde(default)]
        settled_by: Vec<Answer>,
        /// Only until the institution has made a check-up of one of these kinds two weeks later or more: it
        /// should have said so again.
        #[serde(default)]
        until_visit: Vec<VisitKind>,
    },
    /// A text is written under the finding, and not merely that there is nothing to write. Each
    /// institution's latest counts by itself; what the text says is not read.
    Written { finding: FindingCode },
    /// A quantity from `at_least` to just below `below`.
    Quantity {
        finding: FindingCode,
        at_least: Option<Limit>,
        below: Option<Limit>,
    },
    /// A standing condition: a check-up stated the code, and none of a later day states of `ended_by`
    /// the same code, or `ended_code` where it goes by another name there. Each institution's word
    /// is judged by itself.
    Stands {
        finding: FindingCode,
        code: String,
        ended_by: FindingCode,
        #[serde(default)]
        ended_code: Option<String>,
    },
    /// A period after an illness or a contact, until a later check-up states the code of `ended_by`.
    /// It is over when every clock is. Each institution's word is judged by itself.
    Period {
        finding: FindingCode,
        code: String,
        clocks: Vec<Clock>,
        /// Only if the latest word on it in the records of the same illness is one of these.
        complicated_by: Option<Answer>,
        ended_by: Option<FindingCode>,
        phase: Phase,
    },
    /// An item of a schedule stands so on the day of assessment; each item for itself.
    Item {
        track: Track,
        /// Only these; empty means every item of the track.
        #[serde(default)]
        items: Vec<String>,
        status: Status,
        /// Only for a child of whom some check-up states one of these findings (empty: whatever is
        /// stated): where no dose was ever recorded, the record is missing and not the doses.
        #[serde(default, deserialize_with = "one_or_some")]
        only_with: Vec<FindingCode>,
        /// And that in a check-up of so many days of age or more: what the hospital of birth reports
        /// says nothing of whether later ones are sent here.
        #[serde(default)]
        only_with_from_days: u16,
        /// Likewise only for a child of whom some check-up is of this kind.
        only_with_visit: Option<VisitKind>,
    },
    /// An allergy of one of the kinds, each substance and each institution's word for itself, until
    /// a check-up of a later day rules that substance out.
    EachAllergen {
        kinds: Vec<String>,
        ended_by: String,
    },
    /// Five-mark vision of either eye, each by its own latest check-up.
    Vision { at_most: Tenths },
    /// Five-mark vision of both eyes, in one check-up, apart.
    EyeDifference { at_least: Tenths },
}

/// One finding, written as such, or a list of them.
fn one_or_some<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<FindingCode>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(FindingCode),
        Some(Vec<FindingCode>),
    }
    Ok(match Written::deserialize(from)? {
        Written::One(one) => vec![one],
        Written::Some(some) => some,
    })
}

/// A course that growth can take between two check-ups.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GrowthPattern {
    /// Weight fell by at least so many grams.
    Loss { grams: u32 },
    /// Nothing was gained.
    NoGain {},
    /// At least so many lines lower than at some earlier check-up.
    CrossingDown { lines: u8 },
    /// At least so many lines higher.
    CrossingUp { lines: u8 },
    /// Something was gained, but at most so many percent of what the median gains, and the child
    /// stands at least so many lines lower.
    Flattening { percent: u8, lines: u8 },
}

impl GrowthPattern {
    /// As an alert names it among its inputs.
    pub fn as_str(&self) -> &'static str {
        match self {
            GrowthPattern::Loss { .. } => "LOSS",
            GrowthPattern::NoGain {} => "NO_GAIN",
            GrowthPattern::CrossingDown { .. } => "CROSSING_DOWN",
            GrowthPattern::CrossingUp { .. } => "CROSSING_UP",
            GrowthPattern::Flattening { .. } => "FLATTENING",
        }
    }
}

impl Condition {
    /// What cards of such a rule may show a guardian; a facility never gets [`Placeholder::Value`].
    pub(super) fn offers(&self) -> &'static [Placeholder] {
        match self {
            Condition::EachAllergen { .. } => {
                &[Placeholder::Date, Placeholder::Due, Placeholder::Substance]
            }
            Condition::Haemoglobin { .. }
            | Condition::Quantity { .. }
            | Condition::Vision { .. } => {
                &[Placeholder::Date, Placeholder::Due, Placeholder::Value]
            }
            Condition::Item { .. } => &[Placeholder::Date, Placeholder::Due, Placeholder::Item],
            Condition::Period { .. } => &[Placeholder::Date, Placeholder::Due, Placeholder::Until],
            _ => &[Placeholder::Date, Placeholder::Due],
        }
    }
}
