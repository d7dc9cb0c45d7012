//! Does a rule's condition hold for this child, by which check-ups, and with which inputs?

mod growth;
mod single;

use crate::clinical::assess::{Setting, Subject};
use crate::clinical::growth::age::Age;
use crate::clinical::growth::individual::Appraisal;
use crate::clinical::growth::{Indicator, Tables};
use crate::clinical::history::History;
use crate::clinical::rules::{Condition, Rule};

/// A condition that holds.
pub(super) struct Match {
    /// Tells alerts of one family apart: the allergen, else empty.
    pub subject: String,
    /// Places in the history, rising.
    pub exams: Vec<usize>,
    pub inputs: Vec<(&'static str, String)>,
    /// For the guardian's card.
    pub value: String,
}

/// A child's history, judged once for all rules.
pub(super) struct Case<'a> {
    pub history: History<'a>,
    subject: &'a Subject,
    setting: &'a Setting,
    /// Each check-up that an indicator needs, appraised once.
    appraisals: Vec<(usize, Appraisal)>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        tables: &Tables,
        history: History<'a>,
        subject: &'a Subject,
        setting: &'a Setting,
    ) -> Case<'a> {
        let mut case = Case {
            history,
            subject,
            setting,
            appraisals: Vec::with_capacity(2),
        };
        for &indicator in Indicator::ALL {
            let Some(at) = case.exam_for(indicator) else {
                continue;
            };
            if case.appraisal(at).is_none()
                && let Some(appraisal) = case.appraise(tables, at)
            {
                case.appraisals.push((at, appraisal));
            }
        }
        case
    }

    /// Calls `found` for every way in which the rule's condition holds.
    pub(super) fn matches(&self, rule: &Rule, mut found: impl FnMut(Match)) {
        match &rule.when {
            Condition::Nutrition {
                standard,
                indicator,
                class,
            } => {
                if let Some((at, judged)) = self.judged(rule, *standard, *indicator)
                    && judged.nutrition() == Some(*class)
                {
                    found(self.growth_match(at, *indicator, &judged));
                }
            }
            Condition::GrowthLevel {
                standard,
                indicator,
                any_of,
            } => {
                if let Some((at, judged)) = self.judged(rule, *standard, *indicator)
                    && any_of.contains(&judged.level())
                {
                    found(self.growth_match(at, *indicator, &judged));
                }
            }
            Condition::ImplausibleGrowth {} => self.implausible(rule).into_iter().for_each(found),
            Condition::Haemoglobin {
                at_least,
                below,
                altitude,
            } => {
                self.haemoglobin(rule, *at_least, *below, *altitude)
                    .into_iter()
                    .for_each(found);
            }
            Condition::Coded {
                finding,
                any_of,
                none_of,
            } => {
                self.coded(rule, *finding, any_of, none_of)
                    .into_iter()
                    .for_each(found);
            }
            Condition::EachAllergen { kinds, ended_by } => {
                self.allergens(rule, kinds, ended_by, &mut found);
            }
            Condition::Vision { at_most } => {
                self.vision(rule, at_most.0).into_iter().for_each(found);
            }
            Condition::EyeDifference { at_least } => {
                self.eye_difference(rule, at_least.0)
                    .into_iter()
                    .for_each(found);
            }
        }
    }

    /// The calendar age at a check-up, if the rule applies to it.
    fn age_for(&self, rule: &Rule, at: usize) -> Option<Age> {
        let on = self.history.exam(at).check_up.date();
        Age::calendar(self.subject.birth_date, on).filter(|&age| rule.ages.contains(age))
    }

    /// A match on one check-up: its day and the age lead the inputs.
    fn on_exam(&self, at: usize, age: Age) -> Match {
        let date = self.history.exam(at).check_up.date();
        let inputs = vec![
            ("check_up_date", date.to_string()),
            ("age_months", age.months.to_string()),
        ];
        Match {
            subject: String::new(),
            exams: vec![at],
            inputs,
            value: String::new(),
        }
    }
}
