//! Conditions that a child has until somebody says otherwise.

use super::{Case, Match};
use crate::clinical::rules::{Rule, Settled};
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::Finding;

impl Case<'_> {
    /// Whether the check-up states the code of a coded finding.
    pub(super) fn states(&self, at: usize, finding: FindingCode, code: &str) -> bool {
        self.history
            .all(at, finding)
            .any(|one| one.coded() == Some(code))
    }

    /// Stated once, it stands until a later check-up ends it: a form that is silent about diabetes
    /// does not heal it `[P]`. Within one check-up a stated condition outweighs its end.
    pub(super) fn stands(
        &self,
        rule: &Rule,
        finding: FindingCode,
        code: &str,
        ended_by: FindingCode,
    ) -> Option<Match> {
        self.history.latest(finding)?;
        for (at, _) in self.history.exams().rev() {
            if self.states(at, finding, code) {
                let age = self.age_for(rule, at)?;
                let mut found = self.on_exam(at, age);
                found.inputs.push((finding.as_str(), code.to_owned()));
                return Some(found);
            }
            if self.states(at, ended_by, code) {
                return None;
            }
        }
        None
    }

    /// `NONE` ends nothing: a form's default must not switch off a peanut allergy. Only a later
    /// check-up that rules out the same substance does, or a correction of the record `[P]`.
    pub(super) fn allergens(
        &self,
        rule: &Rule,
        kinds: &[String],
        ended_by: &str,
        found: &mut dyn FnMut(Match),
    ) {
        if self.history.latest(FindingCode::Allergy).is_none() {
            return;
        }
        let mut seen: Vec<String> = Vec::new();
        for (at, _) in self.history.exams().rev() {
            // Within one check-up a stated allergy outweighs its being ruled out. A substance is
            // read by its latest statement, whatever kind of allergen that calls it.
            let mut here: Vec<(bool, String, &str)> = self
                .history
                .all(at, FindingCode::Allergy)
                .filter_map(|finding| Some((finding.coded()?, finding.text()?)))
                .filter(|(kind, _)| *kind != "NONE")
                .map(|(kind, text)| (kind == ended_by, substance(text), kind))
                .collect();
            here.sort_unstable();
            for (ended, substance, kind) in here {
                if seen.contains(&substance) {
                    continue;
                }
                seen.push(substance.clone());
                if ended || !kinds.iter().any(|known| known == kind) {
                    continue;
                }
                let Some(age) = self.age_for(rule, at) else {
                    continue;
                };
                let mut one = self.on_exam(at, age);
                one.inputs.push(("kind", kind.to_owned()));
                one.inputs.push(("substance", substance.clone()));
                one.subject = substance;
                found(one);
            }
        }
    }

    /// Whether the check-up `since`, or the latest later one, settles a result.
    pub(super) fn settled(&self, since: usize, by: &Settled) -> bool {
        self.history.latest(by.finding).is_some_and(|later| {
            later >= since
                && self
                    .history
                    .all(later, by.finding)
                    .filter_map(Finding::coded)
                    .any(|value| by.any_of.iter().any(|known| known == value))
        })
    }
}

/// One spelling for one substance: outer and double spaces and letter case don't count.
fn substance(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
