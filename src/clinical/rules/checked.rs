//! Whether a condition can hold at all: codes the catalogue knows, limits within its bounds.

use super::condition::{Answer, Clock, Condition, Limit};
use super::{RuleFault, growth};
use crate::domain::catalogue::{FindingCode, Kind};

pub(super) fn check_condition(when: &Condition) -> Result<(), RuleFault> {
    match when {
        Condition::Nutrition {
            standard,
            indicator,
            class,
        } => {
            if growth::class_exists(*standard, *indicator, *class) {
                Ok(())
            } else {
                Err(RuleFault::IndicatorWithoutClass)
            }
        }
        Condition::GrowthCourse {
            pattern,
            indicator,
            apart,
            ..
        } if !growth::is_sound(pattern, *indicator, *apart) => Err(RuleFault::Condition),
        Condition::GrowthLevel { any_of, .. } if any_of.is_empty() => Err(RuleFault::Condition),
        Condition::Haemoglobin {
            at_least, below, ..
        } if at_least >= below || *below > 300 => Err(RuleFault::Condition),
        Condition::Coded {
            finding,
            any_of,
            none_of,
            settled_by,
            until_visit: _,
        } => {
            if any_of.is_empty() == none_of.is_empty() {
                return Err(RuleFault::Condition);
            }
            settled_by.iter().try_for_each(check_answer)?;
            check_codes(*finding, any_of.iter().chain(none_of))
        }
        Condition::Quantity {
            finding,
            at_least,
            below,
        } => check_limits(*finding, *at_least, *below),
        Condition::Stands {
            finding,
            code,
            ended_by,
            ended_code,
        } => {
            check_codes(*finding, [code])?;
            check_codes(*ended_by, [ended_code.as_ref().unwrap_or(code)])
        }
        Condition::Period {
            finding,
            code,
            clocks,
            complicated_by,
            ended_by,
            ..
        } => {
            let is_date = |clock: &Clock| clock.from.entry().kind == Kind::Date;
            if clocks.is_empty() || !clocks.iter().all(is_date) {
                return Err(RuleFault::Condition);
            }
            check_codes(*finding, [code])?;
            complicated_by.iter().try_for_each(check_answer)?;
            ended_by.map_or(Ok(()), |ended_by| check_codes(ended_by, [code]))
        }
        Condition::EachAllergen { kinds, ended_by } => {
            if kinds.is_empty() || kinds.contains(ended_by) {
                return Err(RuleFault::Condition);
            }
            check_codes(FindingCode::Allergy, kinds.iter().chain([ended_by]))
        }
        Condition::Written { finding } if finding.entry().kind != Kind::Text => {
            Err(RuleFault::Condition)
        }
        // An age without the finding that it is about asks for nothing.
        Condition::Item {
            only_with,
            only_with_from_days,
            ..
        } if *only_with_from_days > 0 && only_with.is_empty() => Err(RuleFault::Condition),
        Condition::Vision { at_most } => check_vision(at_most.0),
        Condition::EyeDifference { at_least } if at_least.0 == 0 => Err(RuleFault::Condition),
        _ => Ok(()),
    }
}

fn check_answer(Answer { finding, any_of }: &Answer) -> Result<(), RuleFault> {
    if any_of.is_empty() {
        return Err(RuleFault::Condition);
    }
    check_codes(*finding, any_of)
}

fn check_codes<'a>(
    finding: FindingCode,
    codes: impl IntoIterator<Item = &'a String>,
) -> Result<(), RuleFault> {
    let Kind::Coded { codes: known, .. } = finding.entry().kind else {
        return Err(RuleFault::Condition);
    };
    match codes
        .into_iter()
        .find(|code| !known.contains(&code.as_str()))
    {
        Some(code) => Err(RuleFault::UnknownValueCode(code.clone())),
        None => Ok(()),
    }
}

fn check_limits(
    finding: FindingCode,
    at_least: Option<Limit>,
    below: Option<Limit>,
) -> Result<(), RuleFault> {
    let Kind::Quantity {
        decimals,
        low,
        high,
        ..
    } = finding.entry().kind
    else {
        return Err(RuleFault::Condition);
    };
    let scaled = |limit: Option<Limit>, otherwise: i64| match limit {
        Some(limit) => limit
            .scaled(decimals)
            .filter(|value| (low..=high).contains(value))
            .ok_or(RuleFault::Condition),
        None => Ok(otherwise),
    };
    let stated = at_least.is_some() || below.is_some();
    // Without an upper limit the highest value there can be is still within.
    if !stated || scaled(at_least, low)? >= scaled(below, high + 1)? {
        return Err(RuleFault::Condition);
    }
    Ok(())
}

fn check_vision(tenths: i64) -> Result<(), RuleFault> {
    match FindingCode::VisionLeft.entry().kind {
        Kind::Quantity { low, high, .. } if (low..=high).contains(&tenths) => Ok(()),
        _ => Err(RuleFault::Condition),
    }
}
