//! The rule table: which findings raise which alert, for whom, with what to do.
//!
//! Rules are data that a clinician can review (`data/rules/*.toml`); the code knows only the small
//! closed vocabulary of [`Condition`]. A file that is not sound is refused at load, with its line
//! and rule: the program does not start with rules it half understands.

pub mod bundle;
pub mod diff;
mod fault;
mod growth;
mod index;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Deserialize;

use crate::clinical::care_card::{FacilityCard, MongolianCard, Placeholder, Template};
use crate::clinical::fitness::Grade;
use crate::clinical::growth::age::Age;
use crate::clinical::growth::class::{GrowthLevel, NutritionClass};
use crate::clinical::growth::{Indicator, TableError, Tables};
use crate::clinical::history::History;
use crate::clinical::schedule::{self, Item, Schedules, Status, Track};
use crate::domain::alert::{Category, Level};
use crate::domain::catalogue::FindingCode;
use crate::domain::checkup::VisitKind;
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::rule_set::RuleSetId;
use crate::domain::text_code::text_codes;

pub use bundle::{Bundle, BundleError, RuleFile};
pub use fault::SetFault;
pub use read::{RuleFault, RuleFileError};

text_codes! {
    /// Who an alert of a rule may go to at all; keys and consents narrow it further.
    Recipient {
        Facility = "FACILITY",
        Guardian = "GUARDIAN",
        /// The health instructor assigned to the child's facility.
        Instructor = "INSTRUCTOR",
        /// The MCH centre of the child's area.
        Mch = "MCH",
    }
}

text_codes! {
    /// How sure the fact behind a rule is (the marks of the domain reference).
    Mark {
        /// From a secondary text that restates the document.
        Secondary = "2",
        /// General professional knowledge: confirm against the document.
        Knowledge = "k",
        /// Differs by place.
        Configurable = "cfg",
        /// A product convention without outside authority.
        Convention = "P",
    }
}

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub document: String,
    pub section: String,
    /// Empty: taken from the text of the document.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// What the marks are about.
    #[serde(default)]
    pub note: String,
}

/// One end of an age range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeBound {
    Days(u32),
    /// Completed months.
    Months(u32),
}

impl AgeBound {
    pub(crate) fn reached_by(self, age: Age) -> bool {
        match self {
            AgeBound::Days(days) => age.days >= days,
            AgeBound::Months(months) => age.months >= months,
        }
    }
}

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

/// A later coded result that settles an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
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

/// Half-open: from the first bound to just before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeRange {
    pub from: AgeBound,
    pub until: AgeBound,
}

impl AgeRange {
    /// Whether a calendar age lies in it.
    pub fn contains(&self, age: Age) -> bool {
        self.from.reached_by(age) && !self.until.reached_by(age)
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
        settled_by: Vec<Settled>,
    },
    /// A quantity from `at_least` to just below `below`.
    Quantity {
        finding: FindingCode,
        at_least: Option<Limit>,
        below: Option<Limit>,
    },
    /// A standing condition: a check-up stated the code, and no later one states of `ended_by` the
    /// same code, or `ended_code` where it goes by another name there.
    Stands {
        finding: FindingCode,
        code: String,
        ended_by: FindingCode,
        #[serde(default)]
        ended_code: Option<String>,
    },
    /// A period after an illness or a contact, until a later check-up states the code of `ended_by`.
    /// It is over when every clock is.
    Period {
        finding: FindingCode,
        code: String,
        clocks: Vec<Clock>,
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
        /// Only for a child of whom some check-up states this finding: where no dose was ever
        /// recorded, the record is missing and not the doses.
        only_with: Option<FindingCode>,
        /// Likewise only for a child of whom some check-up is of this kind.
        only_with_visit: Option<VisitKind>,
    },
    /// An allergy of one of the kinds, each substance for itself, until a later check-up rules
    /// that substance out.
    EachAllergen {
        kinds: Vec<String>,
        ended_by: String,
    },
    /// Five-mark vision of either eye, each by its own latest check-up.
    Vision { at_most: Tenths },
    /// Five-mark vision of both eyes, in one check-up, apart.
    EyeDifference { at_least: Tenths },
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
    fn offers(&self) -> &'static [Placeholder] {
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

/// What the medical side does about it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    pub action: String,
    /// Days after the check-up; absent if there is no date to keep.
    pub within_days: Option<u16>,
}

/// What a rule does to the child's fitness for care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CareLimit {
    pub grade: Grade,
    /// What ends it.
    pub until: Template,
}

/// One sound rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    /// Counts up with every change of what the rule says.
    pub version: u32,
    /// Rules of one family are grades of one thing: the gravest that applies stands alone.
    pub family: String,
    pub category: Category,
    pub level: Level,
    pub source: Source,
    /// The child's age at the check-up.
    pub ages: AgeRange,
    /// Whether that age is corrected for a child born early, until 24 months of calendar age; else
    /// it is the calendar age.
    pub corrected_age: bool,
    /// The child's calendar age today, for what only time brings about.
    pub today: Option<AgeRange>,
    pub when: Condition,
    /// Each must hold too, by check-ups of institutions the alert already rests on.
    pub also: Vec<Condition>,
    /// None may hold.
    pub unless: Vec<Condition>,
    /// The alert stands for so many days from the check-up, then goes by itself.
    pub lasts_days: Option<u16>,
    pub recipients: Vec<Recipient>,
    pub facility_card: Option<FacilityCard<Template>>,
    pub guardian_card: Template,
    /// Text in traditional-script Mongolian, kept and carried.
    pub mongolian: Option<MongolianCard>,
    pub fitness: Option<CareLimit>,
    pub follow_up: FollowUp,
    /// What settles the alert, in Chinese.
    pub resolved_by: String,
}

impl Source {
    /// As an alert cites it, for example `WS/T 423-2022 表3`.
    pub fn citation(&self) -> String {
        if self.section.is_empty() {
            return self.document.clone();
        }
        format!("{} {}", self.document, self.section)
    }
}

/// All rules, the schedules and the tables they read.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    index: index::Index,
    bundle: Bundle,
    schedules: Schedules,
    pub(crate) tables: Arc<Tables>,
}

/// Why the shipped clinical data could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Set(#[from] SetFault),
    #[error("no alternative rule file is called {0}")]
    NoSuchAlternative(String),
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../data/rules/", $name)))),+]
    };
}

/// The rule files that ship inside the program.
const SHIPPED: &[(&str, &str)] = shipped![
    "allergy.toml",
    "anaemia.toml",
    "check_ups.toml",
    "conditions.toml",
    "conditions_acute.toml",
    "conditions_care.toml",
    "development.toml",
    "development_signs.toml",
    "entry.toml",
    "examination.toml",
    "growth.toml",
    "growth_who.toml",
    "hearing.toml",
    "immunisation.toml",
    "infectious.toml",
    "infectious_contacts.toml",
    "newborn.toml",
    "rickets.toml",
    "teeth.toml",
    "vision.toml",
];

/// A file that ships beside the others and takes the place of one of them where it is chosen.
struct Alternative {
    name: &'static str,
    replaces: &'static str,
    text: &'static str,
}

const ALTERNATIVES: &[Alternative] = &[Alternative {
    name: "anaemia_who_2024.toml",
    replaces: "anaemia.toml",
    text: include_str!("../data/rules/alternatives/anaemia_who_2024.toml"),
}];

impl RuleSet {
    /// The shipped rules with alternatives chosen by their file names: another authority's limits
    /// in place of the usual ones, never beside them.
    ///
    /// # Errors
    /// [`LoadError`] for a name that is no alternative's, or if a file is unsound.
    pub fn choosing(tables: Tables, alternatives: &[&str]) -> Result<RuleSet, LoadError> {
        let mut files = SHIPPED.to_vec();
        for name in alternatives {
            let chosen = ALTERNATIVES.iter().find(|known| known.name == *name);
            let chosen = chosen.ok_or_else(|| LoadError::NoSuchAlternative((*name).to_owned()))?;
            files.retain(|(name, _)| *name != chosen.replaces);
            files.push((chosen.name, chosen.text));
        }
        files.sort_unstable_by_key(|(name, _)| *name);
        Ok(RuleSet::read(tables, &files)?)
    }

    /// The rules, schedules and tables that ship inside the program.
    ///
    /// # Errors
    /// [`LoadError`] if one of them is damaged or unsound.
    pub fn load() -> Result<RuleSet, LoadError> {
        Ok(RuleSet::read(Tables::load()?, SHIPPED)?)
    }

    /// Rules from `(file name, text)` pairs, with the schedules that ship inside the program.
    ///
    /// # Errors
    /// [`SetFault`] names file, line, rule and fault of the first one that is not sound.
    pub fn read(
        tables: impl Into<Arc<Tables>>,
        files: &[(&str, &str)],
    ) -> Result<RuleSet, SetFault> {
        let file = |(name, text): (String, &str)| RuleFile {
            name,
            text: text.to_owned(),
        };
        let rules = files.iter().map(|&(name, text)| (name.to_owned(), text));
        let schedules = schedule::SHIPPED
            .iter()
            .map(|&(name, text)| (format!("{}{name}", bundle::SCHEDULES), text));
        RuleSet::of(
            Bundle::of(rules.chain(schedules).map(file).collect()),
            tables,
        )
    }

    /// The rules and schedules of a set of files.
    ///
    /// # Errors
    /// [`SetFault`] names file, line, rule or item, and fault of the first one that is not sound.
    pub fn of(bundle: Bundle, tables: impl Into<Arc<Tables>>) -> Result<RuleSet, SetFault> {
        let rules = read::read_all(&bundle.rules().collect::<Vec<_>>())?;
        let schedules = Schedules::read(&bundle.schedules().collect::<Vec<_>>())?;
        Ok(RuleSet {
            schedules,
            index: index::Index::of(&rules),
            rules,
            tables: tables.into(),
            bundle,
        })
    }

    /// The set's name: what it says decides it.
    pub fn id(&self) -> RuleSetId {
        self.bundle.id()
    }

    /// The files it was read from.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The schedules that its rules read.
    pub fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// In the order of files by name, and of rules in them.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether any rule reads the schedules.
    pub(crate) fn reads_schedules(&self) -> bool {
        self.index.reads_schedules()
    }

    /// Whether some rule reads items that stand so.
    pub(crate) fn asks(&self, item: &Item<'_>) -> bool {
        self.index.asks(item)
    }

    /// Places in [`RuleSet::rules`] of the rules that can apply, rising.
    pub(in crate::clinical) fn candidates(
        &self,
        history: &History<'_>,
        items: &[Item<'_>],
    ) -> Vec<usize> {
        self.index.candidates(history, items)
    }

    /// The growth standards.
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }
}
