//! Reading rule files and refusing those that are not sound.

use std::collections::HashMap;

use serde::Deserialize;
use toml::Spanned;

use super::{AgeBound, AgeRange, Condition, FollowUp, Recipient, Rule, Source};
use crate::clinical::care_card::{Placeholder, Template, TemplateError};
use crate::clinical::growth::Indicator;
use crate::clinical::growth::class::NutritionClass;
use crate::domain::alert::{Category, Level};
use crate::domain::catalogue::{FindingCode, Kind};
use crate::domain::growth_standard::GrowthStandard;

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
    #[error("source document is missing")]
    SourceMissing,
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
    #[error("a facility card is needed if, and only if, the facility is a recipient")]
    FacilityCard,
    #[error("facility {0}")]
    FacilityTemplate(TemplateError),
    #[error("guardian {0}")]
    GuardianTemplate(TemplateError),
    #[error("follow-up action is missing")]
    FollowUp,
    #[error("family has another category elsewhere")]
    FamilyMixesCategories,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(rename = "rule", default)]
    rules: Vec<Spanned<RawRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    version: u32,
    family: String,
    category: Category,
    level: Level,
    source: Source,
    ages: (String, String),
    when: Condition,
    recipients: Vec<Recipient>,
    #[serde(default)]
    facility: Option<String>,
    guardian: String,
    follow_up: FollowUp,
}

pub(super) fn read_all(files: &[(&str, &str)]) -> Result<Vec<Rule>, RuleFileError> {
    let mut rules: Vec<Rule> = Vec::new();
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
            let raw = spanned.into_inner();
            let id = raw.id.clone();
            let sound = sound(raw).and_then(|rule| {
                if rules.iter().any(|known| known.id == rule.id) {
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

fn sound(raw: RawRule) -> Result<Rule, RuleFault> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    if !is_name(&raw.id) || !is_name(&raw.family) {
        return Err(RuleFault::Name);
    }
    if raw.version == 0 {
        return Err(RuleFault::Version);
    }
    if raw.source.document.trim().is_empty() {
        return Err(RuleFault::SourceMissing);
    }
    check_condition(&raw.when)?;

    let mut recipients = raw.recipients;
    let named = recipients.len();
    recipients.sort_unstable();
    recipients.dedup();
    if recipients.is_empty() || recipients.len() != named {
        return Err(RuleFault::Recipients);
    }
    let for_facility = recipients.contains(&Recipient::Facility);
    if for_facility && !raw.category.may_reach_facility() {
        return Err(RuleFault::NotForFacility(raw.category));
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
        .map(|text| Template::read(&text, &without_value))
        .transpose()
        .map_err(RuleFault::FacilityTemplate)?;
    let guardian_card =
        Template::read(&raw.guardian, offered).map_err(RuleFault::GuardianTemplate)?;
    if raw.follow_up.action.trim().is_empty() {
        return Err(RuleFault::FollowUp);
    }
    Ok(Rule {
        id: raw.id,
        version: raw.version,
        family: raw.family,
        category: raw.category,
        level: raw.level,
        source: raw.source,
        ages: age_range(&raw.ages.0, &raw.ages.1)?,
        when: raw.when,
        recipients,
        facility_card,
        guardian_card,
        follow_up: raw.follow_up,
    })
}

fn age_range(from: &str, until: &str) -> Result<AgeRange, RuleFault> {
    let bound = |text: &str| {
        let (digits, months) = match (text.strip_suffix('d'), text.strip_suffix('m')) {
            (Some(digits), _) => (digits, false),
            (_, Some(digits)) => (digits, true),
            _ => return Err(RuleFault::Age),
        };
        // Bounded, so that ages can be compared without overflow.
        let number = digits.parse::<u16>().map_err(|_| RuleFault::Age)?.into();
        Ok(if months {
            AgeBound::Months(number)
        } else {
            AgeBound::Days(number)
        })
    };
    let (from, until) = (bound(from)?, bound(until)?);
    // A month has at least 28 days and at most 31: enough to see that a mixed range can be empty.
    let (earliest, latest) = match (from, until) {
        (AgeBound::Days(from), AgeBound::Days(until)) => (from, until),
        (AgeBound::Months(from), AgeBound::Months(until)) => (from, until),
        (AgeBound::Days(from), AgeBound::Months(until)) => (from, until * 28),
        (AgeBound::Months(from), AgeBound::Days(until)) => (from * 31, until),
    };
    if earliest >= latest {
        return Err(RuleFault::AgesEmpty);
    }
    Ok(AgeRange { from, until })
}

fn check_condition(when: &Condition) -> Result<(), RuleFault> {
    match when {
        Condition::Nutrition {
            standard,
            indicator,
            class,
        } => {
            if class_exists(*standard, *indicator, *class) {
                Ok(())
            } else {
                Err(RuleFault::IndicatorWithoutClass)
            }
        }
        Condition::GrowthLevel { any_of, .. } if any_of.is_empty() => Err(RuleFault::Condition),
        Condition::Haemoglobin {
            at_least, below, ..
        } if at_least >= below || *below > 300 => Err(RuleFault::Condition),
        Condition::Coded {
            finding,
            any_of,
            none_of,
        } => {
            if any_of.is_empty() == none_of.is_empty() {
                return Err(RuleFault::Condition);
            }
            check_codes(*finding, any_of.iter().chain(none_of))
        }
        Condition::EachAllergen { kinds, ended_by } => {
            if kinds.is_empty() || kinds.contains(ended_by) {
                return Err(RuleFault::Condition);
            }
            check_codes(FindingCode::Allergy, kinds.iter().chain([ended_by]))
        }
        Condition::Vision { at_most } => check_vision(at_most.0),
        Condition::EyeDifference { at_least } if at_least.0 == 0 => Err(RuleFault::Condition),
        _ => Ok(()),
    }
}

/// Whether the standard gives such a class by the indicator at any age.
fn class_exists(standard: GrowthStandard, indicator: Indicator, class: NutritionClass) -> bool {
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

fn check_codes<'a>(
    finding: FindingCode,
    mut codes: impl Iterator<Item = &'a String>,
) -> Result<(), RuleFault> {
    let Kind::Coded { codes: known, .. } = finding.entry().kind else {
        return Err(RuleFault::Condition);
    };
    match codes.find(|code| !known.contains(&code.as_str())) {
        Some(code) => Err(RuleFault::UnknownValueCode(code.clone())),
        None => Ok(()),
    }
}

fn check_vision(tenths: i64) -> Result<(), RuleFault> {
    match FindingCode::VisionLeft.entry().kind {
        Kind::Quantity { low, high, .. } if (low..=high).contains(&tenths) => Ok(()),
        _ => Err(RuleFault::Condition),
    }
}
