//! Conditions that a child has until somebody says otherwise.

use super::{Case, Match};
use crate::clinical::growth::age::Age;
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
    /// does not heal it `[P]`, nor does one that says "absent" by default. Within one check-up a stated
    /// condition outweighs its end. It rests on every statement since, each of which bears it alone:
    /// what another hospital says too must not take it from a reader who may see only the first.
    pub(super) fn stands(
        &self,
        rule: &Rule,
        (finding, code): (FindingCode, &str),
        (ended_by, ended_code): (FindingCode, &str),
    ) -> Option<Match> {
        self.history.latest(finding)?;
        let mut found: Option<Match> = None;
        for (at, _) in self.history.exams().rev() {
            if self.states(at, finding, code) {
                let Some(age) = self.age_for(rule, at) else {
                    continue;
                };
                match &mut found {
                    Some(found) => found.exams.push(at),
                    None => {
                        let input = (finding.as_str(), code.to_owned());
                        found = Some(self.on_statement(at, age, [input]));
                    }
                }
            } else if self.states(at, ended_by, ended_code) {
                break;
            }
        }
        found
    }

    /// A match that further statements may bear as well: its inputs tell the day of none.
    fn on_statement<const N: usize>(
        &self,
        at: usize,
        age: Age,
        inputs: [(&'static str, String); N],
    ) -> Match {
        Match {
            each_alone: true,
            inputs: inputs.into(),
            ..self.on_exam(at, age)
        }
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
        let mut ended: Vec<String> = Vec::new();
        let mut standing: Vec<Match> = Vec::new();
        for (at, _) in self.history.exams().rev() {
            // Within one check-up a stated allergy outweighs its being ruled out.
            let mut here: Vec<(bool, String, &str)> = self
                .history
                .all(at, FindingCode::Allergy)
                .filter_map(|finding| Some((finding.coded()?, finding.text()?)))
                .filter(|(kind, _)| *kind != "NONE")
                .map(|(kind, text)| (kind == ended_by, substance(text), kind))
                .collect();
            here.sort_unstable();
            for (ends, substance, kind) in here {
                let known = standing.iter_mut().find(|one| one.subject == substance);
                if ended.contains(&substance) {
                    continue;
                }
                match known {
                    Some(known) if known.exams.last() == Some(&at) => {}
                    // An older statement of what stands bears it as well.
                    Some(known) if !ends => known.exams.push(at),
                    _ if ends => ended.push(substance),
                    _ => {
                        let Some(age) = self.age_for(rule, at) else {
                            continue;
                        };
                        let inputs = [("kind", kind.to_owned()), ("substance", substance.clone())];
                        let mut one = self.on_statement(at, age, inputs);
                        one.subject = substance;
                        standing.push(one);
                    }
                }
            }
        }
        // A substance is of the kind that its latest statement calls it.
        let of_kind = |one: &Match| {
            let kind = one.inputs.iter().find(|(name, _)| *name == "kind");
            kind.is_some_and(|(_, kind)| kinds.iter().any(|known| known == kind))
        };
        standing.into_iter().filter(of_kind).for_each(found);
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
