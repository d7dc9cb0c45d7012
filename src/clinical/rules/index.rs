//! Which rules can apply at all: by the findings they read, by the value of a coded finding where a
//! rule names it, and by the items of the schedules. A rule whose finding never occurs costs nothing.

use super::{Condition, Rule};
use crate::clinical::growth::Indicator;
use crate::clinical::history::{History, effective};
use crate::clinical::schedule::{Item, Status, Track};
use crate::domain::catalogue::FindingCode;

/// Places of rules in their set, by what calls for them.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_finding: Vec<Called>,
    by_item: Vec<(Track, Status, Vec<usize>)>,
}

/// Rules that a finding calls for.
#[derive(Clone, Debug, Default)]
struct Called {
    /// Whatever its value is.
    always: Vec<usize>,
    /// Only where some check-up states the value; in order of values.
    by_value: Vec<(String, Vec<usize>)>,
}

impl Index {
    pub(super) fn of(rules: &[Rule]) -> Index {
        let mut index = Index {
            by_finding: vec![Called::default(); FindingCode::COUNT],
            by_item: Vec::new(),
        };
        for (at, rule) in rules.iter().enumerate() {
            index.add(at, &rule.when);
        }
        for called in &mut index.by_finding {
            called.by_value.sort_unstable();
        }
        index
    }

    fn add(&mut self, at: usize, when: &Condition) {
        if let Condition::Item { track, status, .. } = when {
            let known = self.by_item.iter_mut();
            let mut known = known.filter(|(of, as_, _)| of == track && as_ == status);
            match known.next() {
                Some((_, _, rules)) => rules.push(at),
                None => self.by_item.push((*track, *status, vec![at])),
            }
        }
        for &code in reads(when) {
            let called = &mut self.by_finding[code.index()];
            let Some(values) = values(when) else {
                called.always.push(at);
                continue;
            };
            for value in values {
                match called.by_value.iter_mut().find(|(known, _)| known == value) {
                    Some((_, rules)) => rules.push(at),
                    None => called.by_value.push((value.clone(), vec![at])),
                }
            }
        }
    }

    /// Whether some rule reads items that stand so.
    pub(super) fn asks(&self, item: &Item<'_>) -> bool {
        let mut asked = self.by_item.iter();
        asked.any(|(track, status, _)| (*track, *status) == (item.track, item.status))
    }

    /// Whether any rule reads the schedules.
    pub(super) fn reads_schedules(&self) -> bool {
        !self.by_item.is_empty()
    }

    /// Places of the rules that can apply, rising: every other one does not.
    pub(super) fn candidates(&self, history: &History<'_>, items: &[Item<'_>]) -> Vec<usize> {
        let mut places = Vec::with_capacity(64);
        for item in items {
            let asked = self.by_item.iter();
            let asked =
                asked.filter(|(track, status, _)| (*track, *status) == (item.track, item.status));
            asked.for_each(|(_, _, rules)| places.extend_from_slice(rules));
        }
        for code in history.codes() {
            places.extend_from_slice(&self.by_finding[code.index()].always);
        }
        for (_, exam) in history.exams() {
            for finding in effective(exam) {
                let by_value = &self.by_finding[finding.code().index()].by_value;
                if by_value.is_empty() {
                    continue;
                }
                let value = finding.coded().unwrap_or_default();
                if let Ok(at) = by_value.binary_search_by(|(known, _)| known.as_str().cmp(value)) {
                    places.extend_from_slice(&by_value[at].1);
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// The values of its finding without which a condition cannot hold; `None` where any value may do.
fn values(when: &Condition) -> Option<&[String]> {
    match when {
        Condition::Coded { any_of, .. } if !any_of.is_empty() => Some(any_of),
        Condition::EachAllergen { kinds, .. } => Some(kinds),
        Condition::Stands { code, .. } | Condition::Period { code, .. } => {
            Some(std::slice::from_ref(code))
        }
        _ => None,
    }
}

/// A condition can hold only where one of these findings occurs; what rests on an absence reads none.
fn reads(when: &Condition) -> &[FindingCode] {
    use FindingCode as F;
    match when {
        Condition::Nutrition { indicator, .. }
        | Condition::GrowthLevel { indicator, .. }
        | Condition::GrowthCourse { indicator, .. } => match indicator {
            Indicator::WeightForAge => &[F::Weight],
            Indicator::HeadCircumferenceForAge => &[F::HeadCircumference],
            Indicator::LengthHeightForAge
            | Indicator::WeightForLengthHeight
            | Indicator::BmiForAge => &[F::LengthHeight],
        },
        Condition::Item { .. } => &[],
        Condition::ImplausibleGrowth {} => &[F::Weight, F::LengthHeight, F::HeadCircumference],
        Condition::Haemoglobin { .. } => &[F::Haemoglobin],
        Condition::EachAllergen { .. } => &[F::Allergy],
        Condition::Vision { .. } => &[F::VisionLeft, F::VisionRight],
        Condition::EyeDifference { .. } => &[F::VisionLeft],
        Condition::Coded { finding, .. }
        | Condition::Quantity { finding, .. }
        | Condition::Stands { finding, .. }
        | Condition::Period { finding, .. } => std::slice::from_ref(finding),
    }
}
