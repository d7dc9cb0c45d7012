//! Which rules can apply at all: by the findings they read, by the value of a coded finding where a
//! rule names it, and by the items of the schedules. A rule whose finding never occurs costs nothing.

use super::{Condition, Rule};
use crate::clinical::growth::Indicator;
use crate::clinical::history::History;
use crate::clinical::schedule::{Item, Status, Track};
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::Finding;

/// Places of rules in their set, by what calls for them.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// How many rules the set has.
    rules: usize,
    by_finding: Vec<Called>,
    by_item: Vec<(Track, Status, Vec<usize>)>,
}

/// Rules that a finding calls for.
#[derive(Clone, Debug, Default)]
struct Called {
    /// Whatever its value is.
    always: Vec<usize>,
    /// Only where its latest check-up states the value.
    by_latest: Valued,
    /// Only where some check-up states the value.
    by_any: Valued,
}

/// Rules by the value of a coded finding, in order of values.
#[derive(Clone, Debug, Default)]
struct Valued(Vec<(String, Vec<usize>)>);

impl Valued {
    fn add(&mut self, value: &str, at: usize) {
        match self
            .0
            .binary_search_by(|(known, _)| known.as_str().cmp(value))
        {
            Ok(place) => self.0[place].1.push(at),
            Err(place) => self.0.insert(place, (value.to_owned(), vec![at])),
        }
    }

    fn of<'a>(&self, findings: impl Iterator<Item = &'a Finding>, call: &mut impl FnMut(&[usize])) {
        for value in findings.filter_map(Finding::coded) {
            if let Ok(at) = self
                .0
                .binary_search_by(|(known, _)| known.as_str().cmp(value))
            {
                call(&self.0[at].1);
            }
        }
    }
}

impl Index {
    pub(super) fn of(rules: &[Rule]) -> Index {
        let mut index = Index {
            rules: rules.len(),
            by_finding: vec![Called::default(); FindingCode::COUNT],
            by_item: Vec::new(),
        };
        for (at, rule) in rules.iter().enumerate() {
            index.add(at, &rule.when);
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
            match values(when) {
                Values::Whatever => called.always.push(at),
                Values::Latest(values) => {
                    values.iter().for_each(|one| called.by_latest.add(one, at));
                }
                Values::Ever(values) => values.iter().for_each(|one| called.by_any.add(one, at)),
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
    pub(super) fn candidates(
        &self,
        history: &History<'_>,
        items: &[Item<'_>],
    ) -> impl Iterator<Item = usize> + use<> {
        let mut called = vec![false; self.rules];
        let mut call = |rules: &[usize]| rules.iter().for_each(|&at| called[at] = true);
        for item in items {
            let asked = self.by_item.iter();
            let asked =
                asked.filter(|(track, status, _)| (*track, *status) == (item.track, item.status));
            asked.for_each(|(_, _, rules)| call(rules));
        }
        for code in history.codes() {
            let known = &self.by_finding[code.index()];
            call(&known.always);
            if !known.by_latest.0.is_empty() {
                for at in history.on_latest_day(code) {
                    known.by_latest.of(history.all(at, code), &mut call);
                }
            }
            if !known.by_any.0.is_empty() {
                for (at, _) in history.exams() {
                    known.by_any.of(history.all(at, code), &mut call);
                }
            }
        }
        let called = called.into_iter().enumerate();
        called.filter_map(|(at, called)| called.then_some(at))
    }
}

/// The values of its finding without which a condition cannot hold.
enum Values<'r> {
    Whatever,
    /// In a check-up of the latest day that has the finding.
    Latest(&'r [String]),
    /// In any check-up.
    Ever(&'r [String]),
}

fn values(when: &Condition) -> Values<'_> {
    match when {
        Condition::Coded { any_of, .. } if !any_of.is_empty() => Values::Latest(any_of),
        Condition::EachAllergen { kinds, .. } => Values::Ever(kinds),
        Condition::Stands { code, .. } | Condition::Period { code, .. } => {
            Values::Ever(std::slice::from_ref(code))
        }
        _ => Values::Whatever,
    }
}

/// A condition can hold only where one of these findings occurs; what rests on an absence reads none.
pub(super) fn reads(when: &Condition) -> &[FindingCode] {
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
        | Condition::Written { finding }
        | Condition::Stands { finding, .. }
        | Condition::Period { finding, .. } => std::slice::from_ref(finding),
    }
}
