//! Conditions that a child has until somebody says otherwise.

use chrono::NaiveDate;

use super::{Case, Match};
use crate::clinical::growth::age::Age;
use crate::clinical::rules::{Answer, Rule};
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::Finding;

impl Case<'_> {
    /// Whether the check-up states the code of a coded finding.
    pub(super) fn states(&self, at: usize, finding: FindingCode, code: &str) -> bool {
        self.history
            .all(at, finding)
            .any(|one| one.coded() == Some(code))
    }

    /// Stated once, it stands until a check-up of a later day ends it: a form that is silent about
    /// diabetes does not heal it `[P]`, nor does one that says "absent" by default. On one day a stated
    /// condition outweighs its end, whatever the records are called. Each institution's word is
    /// judged by itself and rests on all its statements since, each of which bears it alone.
    pub(super) fn stands(
        &self,
        rule: &Rule,
        (finding, code): (FindingCode, &str),
        (ended_by, ended_code): (FindingCode, &str),
        found: &mut dyn FnMut(Match),
    ) {
        if self.history.latest(finding).is_none() {
            return;
        }
        let mut words: Vec<Match> = Vec::new();
        let mut end: Option<NaiveDate> = None;
        for (at, exam) in self.history.exams().rev() {
            let day = exam.check_up.date();
            if end.is_some_and(|end| day < end) {
                break;
            }
            if self.states(at, ended_by, ended_code) {
                end = Some(day);
            }
            if !self.states(at, finding, code) {
                continue;
            }
            let Some(age) = self.age_for(rule, at) else {
                continue;
            };
            match words.iter_mut().find(|word| word.told_by == [exam.source]) {
                Some(word) => word.exams.push(at),
                None => {
                    let input = (finding.as_str(), code.to_owned());
                    words.push(self.on_statement(at, age, [input]));
                }
            }
        }
        words.into_iter().for_each(found);
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
            told_by: vec![self.history.exam(at).source.to_owned()],
            inputs: inputs.into(),
            ..self.on_exam(at, age)
        }
    }

    /// `NONE` ends nothing: a form's default must not switch off a peanut allergy. Only a check-up of
    /// a later day that rules out the same substance does, or a correction of the record `[P]`. Of one
    /// substance each institution's word is judged by itself, and by its latest statement's kind.
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
        let mut ends: Vec<(String, NaiveDate)> = Vec::new();
        let mut words: Vec<Match> = Vec::new();
        for (at, exam) in self.history.exams().rev() {
            let day = exam.check_up.date();
            let mut here: Vec<(String, &str)> = self
                .history
                .all(at, FindingCode::Allergy)
                .filter_map(|finding| Some((substance(finding.text()?), finding.coded()?)))
                .filter(|(_, kind)| *kind != "NONE")
                .collect();
            here.sort_unstable();
            for (substance, kind) in here {
                let ended = ends.iter().find(|(of, _)| *of == substance);
                if ended.is_some_and(|(_, end)| day < *end) {
                    continue;
                }
                if kind == ended_by {
                    ends.push((substance, day));
                    continue;
                }
                let known = words
                    .iter_mut()
                    .find(|word| word.subject == substance && word.told_by == [exam.source]);
                match known {
                    Some(word) if word.exams.last() == Some(&at) => {}
                    // An older statement of what stands bears it as well.
                    Some(word) => word.exams.push(at),
                    None => {
                        let Some(age) = self.age_for(rule, at) else {
                            continue;
                        };
                        let inputs = [("kind", kind.to_owned()), ("substance", substance.clone())];
                        let mut word = self.on_statement(at, age, inputs);
                        word.subject = substance;
                        words.push(word);
                    }
                }
            }
        }
        let of_kind = |word: &Match| {
            let kind = word.inputs.iter().find(|(name, _)| *name == "kind");
            kind.is_some_and(|(_, kind)| kinds.iter().any(|known| known == kind))
        };
        words.into_iter().filter(of_kind).for_each(found);
    }

    /// Whether the check-up `since`, or the latest later one, settles a result.
    pub(super) fn settled(&self, since: usize, by: &Answer) -> bool {
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
