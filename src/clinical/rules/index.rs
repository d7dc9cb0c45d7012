//! Which rules can apply at all: by the findings they read, so that a rule whose findings never
//! occur costs nothing.

use super::{Condition, Rule};
use crate::clinical::growth::Indicator;
use crate::domain::catalogue::FindingCode;

/// Places of rules in their set, by the findings that call for them.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_finding: Vec<Vec<usize>>,
    of_items: Vec<usize>,
}

impl Index {
    pub(super) fn of(rules: &[Rule]) -> Index {
        let mut by_finding = vec![Vec::new(); FindingCode::COUNT];
        let mut of_items = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            if matches!(rule.when, Condition::Item { .. }) {
                of_items.push(at);
            }
            for &code in reads(&rule.when) {
                by_finding[code.index()].push(at);
            }
        }
        Index {
            by_finding,
            of_items,
        }
    }

    /// Places of the rules that read the schedules.
    pub(super) fn of_items(&self) -> &[usize] {
        &self.of_items
    }

    /// Places of the rules that read the finding, rising.
    pub(super) fn reading(&self, code: FindingCode) -> &[usize] {
        &self.by_finding[code.index()]
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
