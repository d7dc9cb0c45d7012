//! The rule table: which findings raise which alert, for whom, with what to do.
//!
//! Rules are data that a clinician can review (`data/rules/*.toml`); the code knows only the small
//! closed vocabulary of [`Condition`]. A file that is not sound is refused at load, with its line
//! and rule: the program does not start with rules it half understands.

mod read;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::clinical::care_card::{Placeholder, Template};
use crate::clinical::growth::age::Age;
use crate::clinical::growth::class::{GrowthLevel, NutritionClass};
use crate::clinical::growth::{Indicator, TableError, Tables};
use crate::domain::alert::{Category, Level};
use crate::domain::catalogue::FindingCode;
use crate::domain::growth_standard::GrowthStandard;
use crate::domain::text_code::text_codes;

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
    fn reached_by(self, age: Age) -> bool {
        match self {
            AgeBound::Days(days) => age.days >= days,
            AgeBound::Months(months) => age.months >= months,
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
    /// A WHO z-score is beyond its limits of plausibility, whatever standard the region goes by.
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
    /// A coded finding is one of `any_of`, or is none of `none_of`.
    Coded {
        finding: FindingCode,
        #[serde(default)]
        any_of: Vec<String>,
        #[serde(default)]
        none_of: Vec<String>,
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

impl Condition {
    /// What cards of such a rule may show a guardian; a facility never gets [`Placeholder::Value`].
    fn offers(&self) -> &'static [Placeholder] {
        match self {
            Condition::EachAllergen { .. } => &[Placeholder::Date, Placeholder::Substance],
            Condition::Haemoglobin { .. } | Condition::Vision { .. } => {
                &[Placeholder::Date, Placeholder::Value]
            }
            _ => &[Placeholder::Date],
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
    /// The child's calendar age at the check-up.
    pub ages: AgeRange,
    pub when: Condition,
    pub recipients: Vec<Recipient>,
    pub facility_card: Option<Template>,
    pub guardian_card: Template,
    pub follow_up: FollowUp,
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

/// All rules and the tables they read.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    pub(crate) tables: Tables,
}

/// Why the shipped clinical data could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Rule(#[from] RuleFileError),
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../data/rules/", $name)))),+]
    };
}

/// The rule files that ship inside the program.
const SHIPPED: &[(&str, &str)] = shipped![
    "anaemia.toml",
    "conditions.toml",
    "growth.toml",
    "senses.toml",
    "signs.toml",
];

impl RuleSet {
    /// The rules and tables that ship inside the program.
    ///
    /// # Errors
    /// [`LoadError`] if one of them is damaged or unsound.
    pub fn load() -> Result<RuleSet, LoadError> {
        Ok(RuleSet::read(Tables::load()?, SHIPPED)?)
    }

    /// Rules from `(file name, text)` pairs, for example a county's own.
    ///
    /// # Errors
    /// [`RuleFileError`] names file, line, rule and fault of the first one that is not sound.
    pub fn read(tables: Tables, files: &[(&str, &str)]) -> Result<RuleSet, RuleFileError> {
        Ok(RuleSet {
            rules: read::read_all(files)?,
            tables,
        })
    }

    /// In the order of files and of rules in them.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The growth standards.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }
}
