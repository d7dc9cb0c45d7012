//! Reading rule files and refusing those that are not sound.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use toml::Spanned;

use super::ages::age_range;
use super::checked::check_condition;
use super::index::reads;
use super::{CareLimit, Condition, FollowUp, Recipient, Rule, Source};
use crate::clinical::care_card::{
    FacilityCard, MAX_CARD, MongolianCard, Placeholder, Template, TemplateError,
};
use crate::clinical::fitness::Grade;
use crate::domain::alert::{Category, Level};
use crate::domain::catalogue::FindingCode;

/// A rule file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} line {line}{}: {fault}", named(.rule))]
pub struct RuleFileError {
    pub file: String,
    /// 1-based line of the rule, or of the mistake where the file can't be read.
    pub line: usize,
    /// The rule's id, where it could be read.
    pub rule: Option<String>,
    pub fault: RuleFault,
}

fn named(rule: &Option<String>) -> String {
    rule.as_ref()
        .map(|id| format!(" rule {id}"))
        .unwrap_or_default()
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    #[error("{0}")]
    Syntax(String),
    #[error("id and family are upper case letters, digits and underscores")]
    Name,
    #[error("id is used twice")]
    DuplicateId,
    #[error("version starts at 1")]
    Version,
    #[error("source document or section is missing")]
    SourceMissing,
    #[error("{0} is missing, here and in the file's defaults")]
    Missing(&'static str),
    #[error("an age is written \"28d\" or \"6m\"")]
    Age,
    #[error("age range is empty")]
    AgesEmpty,
    #[error("condition is empty or contradicts itself")]
    Condition,
    #[error("indicator has no such class")]
    IndicatorWithoutClass,
    #[error("{0} is not a value of the finding")]
    UnknownValueCode(String),
    #[error("no recipient, or one twice")]
    Recipients,
    #[error("category {} may never reach a facility", .0.as_str())]
    NotForFacility(Category),
    #[error("what {} says may never reach a facility", .0.as_str())]
    FindingNotForFacility(FindingCode),
    #[error("a facility card is needed if, and only if, the facility is a recipient")]
    FacilityCard,
    #[error("facility {0}")]
    FacilityTemplate(TemplateError),
    #[error("guardian {0}")]
    GuardianTemplate(TemplateError),
    #[error(
        "a facility card has act, watch or emergency, together at most {MAX_FACILITY_CARD} characters"
    )]
    FacilityParts,
    #[error("Mongolian text is empty, or for a facility that is no recipient")]
    Mongolian,
    #[error("follow-up action is missing")]
    FollowUp,
    #[error("what resolves the alert is missing")]
    ResolvedBy,
    #[error("fitness has grade CONDITIONAL or UNFIT, and only where the facility is a recipient")]
    Fitness,
    #[error("fitness {0}")]
    FitnessTemplate(TemplateError),
    #[error("lasts_days is at least 1")]
    Lasts,
    #[error("family has another category elsewhere")]
    FamilyMixesCategories,
}

/// The longest facility card with all its parts, in characters.
pub const MAX_FACILITY_CARD: usize = 240;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    defaults: Defaults,
    #[serde(rename = "rule", default)]
    rules: Vec<Spanned<RawRule>>,
}

/// What the rules of one file share; a rule's own words go before it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    version: Option<u32>,
    category: Option<Category>,
    level: Option<Level>,
    #[serde(default)]
    source: RawSource,
    ages: Option<(String, String)>,
    recipients: Option<Vec<Recipient>>,
    follow_up: Option<FollowUp>,
    resolved_by: Option<String>,
}

/// A source of which a rule may say only the section, the document being the file's.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    document: Option<String>,
    section: Option<String>,
    marks: Option<Vec<super::Mark>>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    version: Option<u32>,
    family: Option<String>,
    category: Option<Category>,
    level: Option<Level>,
    #[serde(default)]
    source: RawSource,
    ages: Option<(String, String)>,
    #[serde(default)]
    corrected_age: bool,
    today: Option<(String, String)>,
    when: Condition,
    #[serde(default)]
    also: Vec<Condition>,
    #[serde(default)]
    also_not: Vec<Condition>,
    #[serde(default)]
    together_with: Vec<Condition>,
    #[serde(default)]
    unless: Vec<Condition>,
    lasts_days: Option<u16>,
    recipients: Option<Vec<Recipient>>,
    facility: Option<RawFacility>,
    guardian: String,
    mn: Option<RawMongolian>,
    fitness: Option<RawFitness>,
    follow_up: Option<FollowUp>,
    resolved_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawFacility {
    Act(String),
    Parts(RawParts),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParts {
    act: Option<String>,
    watch: Option<String>,
    emergency: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMongolian {
    facility: Option<String>,
    guardian: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFitness {
    grade: Grade,
    until: String,
}

pub(super) fn read_all(files: &[(&str, &str)]) -> Result<Vec<Rule>, RuleFileError> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    let mut categories: HashMap<String, Category> = HashMap::new();
    for &(file, text) in files {
        let line = |at: usize| text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1;
        let raw: RawFile = toml::from_str(text).map_err(|error| RuleFileError {
            file: file.to_owned(),
            line: line(error.span().map_or(0, |span| span.start)),
            rule: None,
            fault: RuleFault::Syntax(error.message().to_owned()),
        })?;
        for spanned in raw.rules {
            let at = line(spanned.span().start);
            let rule = spanned.into_inner();
            let id = rule.id.clone();
            let sound = sound(rule, &raw.defaults).and_then(|rule| {
                if !known.insert(rule.id.clone()) {
                    return Err(RuleFault::DuplicateId);
                }
                let family = categories
                    .entry(rule.family.clone())
                    .or_insert(rule.category);
                if *family != rule.category {
                    return Err(RuleFault::FamilyMixesCategories);
                }
                Ok(rule)
            });
            rules.push(sound.map_err(|fault| RuleFileError {
                file: file.to_owned(),
                line: at,
                rule: Some(id),
                fault,
            })?);
        }
    }
    Ok(rules)
}

fn sound(raw: RawRule, defaults: &Defaults) -> Result<Rule, RuleFault> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    // A family of one rule bears its name.
    let family = raw.family.unwrap_or_else(|| raw.id.clone());
    if !is_name(&raw.id) || !is_name(&family) {
        return Err(RuleFault::Name);
    }
    let version = or(raw.version, defaults.version, "version")?;
    if version == 0 {
        return Err(RuleFault::Version);
    }
    let category = or(raw.category, defaults.category, "category")?;
    let source = source(raw.source, &defaults.source)?;
    let ages = or(raw.ages, defaults.ages.clone(), "ages")?;
    let today = raw.today.map(|(from, until)| age_range(&from, &until));
    let further = || {
        let lists = [&raw.also, &raw.also_not, &raw.together_with, &raw.unless];
        lists.into_iter().flatten()
    };
    let conditions = [&raw.when].into_iter().chain(further());
    conditions.into_iter().try_for_each(check_condition)?;
    // What rests on no check-up has no institution by whose word a further condition could hold, and
    // the schedules are read once, by the rule's own condition.
    let of_item = |when: &Condition| matches!(when, Condition::Item { .. });
    let asks_more = further().count() > raw.unless.len();
    if further().any(of_item) || of_item(&raw.when) && asks_more {
        return Err(RuleFault::Condition);
    }
    if raw.lasts_days == Some(0) {
        return Err(RuleFault::Lasts);
    }

    let mut recipients = or(raw.recipients, defaults.recipients.clone(), "recipients")?;
    let named = recipients.len();
    recipients.sort_unstable();
    recipients.dedup();
    if recipients.is_empty() || recipients.len() != named {
        return Err(RuleFault::Recipients);
    }
    let for_facility = recipients.contains(&Recipient::Facility);
    if for_facility && !category.may_reach_facility() {
        return Err(RuleFault::NotForFacility(category));
    }
    for reads in [&raw.when].into_iter().chain(&raw.also).map(reads) {
        let mut kept = reads.iter().filter(|finding| !finding.may_reach_facility());
        if let (true, Some(&finding)) = (for_facility, kept.next()) {
            return Err(RuleFault::FindingNotForFacility(finding));
        }
    }
    if for_facility != raw.facility.is_some() {
        return Err(RuleFault::FacilityCard);
    }
    let offered = raw.when.offers();
    let without_value: Vec<Placeholder> = offered
        .iter()
        .copied()
        .filter(|&hole| hole != Placeholder::Value)
        .collect();
    let facility_card = raw
        .facility
        .map(|card| facility_card(card, &without_value))
        .transpose()?;
    let guardian_card =
        Template::read(&raw.guardian, offered).map_err(RuleFault::GuardianTemplate)?;
    let follow_up = or(raw.follow_up, defaults.follow_up.clone(), "follow_up")?;
    if follow_up.action.trim().is_empty() {
        return Err(RuleFault::FollowUp);
    }
    let resolved_by = or(raw.resolved_by, defaults.resolved_by.clone(), "resolved_by")?;
    if resolved_by.trim().is_empty() {
        return Err(RuleFault::ResolvedBy);
    }
    Ok(Rule {
        id: raw.id,
        version,
        family,
        category,
        level: or(raw.level, defaults.level, "level")?,
        citation: source.citation(),
        source,
        ages: age_range(&ages.0, &ages.1)?,
        corrected_age: raw.corrected_age,
        today: today.transpose()?,
        when: raw.when,
        also: raw.also,
        also_not: raw.also_not,
        together_with: raw.together_with,
        unless: raw.unless,
        lasts_days: raw.lasts_days,
        mongolian: raw.mn.map(|mn| mongolian(mn, for_facility)).transpose()?,
        fitness: raw
            .fitness
            .map(|fitness| care_limit(fitness, for_facility, &without_value))
            .transpose()?,
        recipients,
        facility_card,
        guardian_card,
        follow_up,
        resolved_by,
    })
}

fn or<T>(own: Option<T>, shared: Option<T>, what: &'static str) -> Result<T, RuleFault> {
    own.or(shared).ok_or(RuleFault::Missing(what))
}

fn source(own: RawSource, shared: &RawSource) -> Result<Source, RuleFault> {
    let text = |own: Option<String>, shared: &Option<String>| {
        own.or_else(|| shared.clone()).unwrap_or_default()
    };
    let source = Source {
        document: text(own.document, &shared.document),
        section: text(own.section, &shared.section),
        marks: own
            .marks
            .or_else(|| shared.marks.clone())
            .unwrap_or_default(),
        note: text(own.note, &shared.note),
    };
    if source.document.trim().is_empty() || source.section.trim().is_empty() {
        return Err(RuleFault::SourceMissing);
    }
    Ok(source)
}

fn facility_card(
    raw: RawFacility,
    offered: &[Placeholder],
) -> Result<FacilityCard<Template>, RuleFault> {
    let parts = match raw {
        RawFacility::Act(text) => RawParts {
            act: Some(text),
            watch: None,
            emergency: None,
        },
        RawFacility::Parts(parts) => parts,
    };
    let read = |text: Option<String>| {
        text.map(|text| Template::read(&text, offered))
            .transpose()
            .map_err(RuleFault::FacilityTemplate)
    };
    let card = FacilityCard {
        act: read(parts.act)?,
        watch: read(parts.watch)?,
        emergency: read(parts.emergency)?,
    };
    let lengths: Vec<usize> = card.parts().map(|(_, part)| part.length()).collect();
    if lengths.is_empty() || lengths.iter().sum::<usize>() > MAX_FACILITY_CARD {
        return Err(RuleFault::FacilityParts);
    }
    Ok(card)
}

fn mongolian(raw: RawMongolian, for_facility: bool) -> Result<MongolianCard, RuleFault> {
    let text = |text: Option<String>| text.map(|text| text.trim().to_owned());
    let (facility, guardian) = (text(raw.facility), text(raw.guardian));
    let empty = |text: &Option<String>| text.as_ref().is_some_and(String::is_empty);
    // Mongolian words are longer than Chinese ones; the bound is against a text that is no card.
    let long = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|t| t.chars().count() > 4 * MAX_CARD)
    };
    let wrong = [&facility, &guardian]
        .into_iter()
        .any(|text| empty(text) || long(text));
    if wrong || (facility.is_none() && guardian.is_none()) || (facility.is_some() && !for_facility)
    {
        return Err(RuleFault::Mongolian);
    }
    Ok(MongolianCard {
        facility: facility.map(Into::into),
        guardian: guardian.map(Into::into),
    })
}

fn care_limit(
    raw: RawFitness,
    for_facility: bool,
    offered: &[Placeholder],
) -> Result<CareLimit, RuleFault> {
    if raw.grade == Grade::Fit || !for_facility {
        return Err(RuleFault::Fitness);
    }
    Ok(CareLimit {
        grade: raw.grade,
        until: Template::read(&raw.until, offered).map_err(RuleFault::FitnessTemplate)?,
    })
}
