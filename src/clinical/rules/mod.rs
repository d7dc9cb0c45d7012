//! The rule table: which findings raise which alert, for whom, with what to do.
//!
//! Rules are data that a clinician can review (`data/rules/*.toml`); the code knows only the small
//! closed vocabulary of [`Condition`]. A file that is not sound is refused at load, with its line
//! and rule: the program does not start with rules it half understands.

mod ages;
pub mod bundle;
mod checked;
mod condition;
pub mod diff;
mod fault;
mod growth;
mod index;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::clinical::care_card::{FacilityCard, MongolianCard, Template};
use crate::clinical::fitness::Grade;
use crate::clinical::growth::{TableError, Tables};
use crate::clinical::history::History;
use crate::clinical::schedule::{self, Item, Schedules};
use crate::domain::alert::{Category, Level};
use crate::domain::rule_set::RuleSetId;
use crate::domain::text_code::text_codes;

pub use ages::{AgeBound, AgeRange};
pub use bundle::{Bundle, BundleError, RuleFile};
pub use condition::{Answer, Clock, Condition, GrowthPattern, Limit, Phase, Tenths, Unstated};
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
    /// The source as an alert cites it: see [`Source::citation`].
    pub citation: String,
    /// The child's age at the check-up.
    pub ages: AgeRange,
    /// Whether that age is corrected for a child born early, until 24 months of calendar age; else
    /// it is the calendar age.
    pub corrected_age: bool,
    /// The child's calendar age today, for what only time brings about.
    pub today: Option<AgeRange>,
    pub when: Condition,
    /// Each must hold too, by the records of institutions the alert already rests on.
    pub also: Vec<Condition>,
    /// None may hold by those records: another alert that they bear says more.
    pub also_not: Vec<Condition>,
    /// Each must hold too, whoever says so: the alert then rests on that as well, and a reader needs
    /// an agreement for each.
    pub together_with: Vec<Condition>,
    /// None may hold, whoever says so: it ends the alert.
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

    /// The categories of which some rule limits a child's fitness for care; true where each such rule
    /// of the category tells this reader (none: one who is told everything).
    pub fn limiting(&self, reader: Option<Recipient>) -> BTreeMap<Category, bool> {
        let mut limiting = BTreeMap::new();
        for rule in self.rules.iter().filter(|rule| rule.fitness.is_some()) {
            let told = reader.is_none_or(|reader| rule.recipients.contains(&reader));
            *limiting.entry(rule.category).or_insert(true) &= told;
        }
        limiting
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
    ) -> impl Iterator<Item = usize> + use<> {
        self.index.candidates(history, items)
    }

    /// The growth standards.
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }
}
