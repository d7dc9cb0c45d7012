//! Conditions that a child has until somebody says otherwise.

use chrono::{Days, NaiveDate};

use super::{Case, Match};
use crate::clinical::growth::age::Age;
use crate::clinical::rules::{Answer, Rule};
use crate::domain::catalogue::FindingCode;
use crate::domain::checkup::VisitKind;
use crate::domain::finding::Finding;

/// From so many days on another check-up of the same kind should have said the same again `[P]`.
const CHECKED_AGAIN_DAYS: u64 = 14;

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

    /// A text that only its reader can judge: that there is one is all that is told. The latest of each
    /// institution bears it, so that what is no longer written comes to an end by its age.
    pub(super) fn written(&self, rule: &Rule, finding: FindingCode, found: &mut dyn FnMut(Match)) {
        if self.history.latest(finding).is_none() {
            return;
        }
        let mut words: Vec<Match> = Vec::new();
        for (at, exam) in self.history.exams().rev() {
            let mut texts = self.history.all(at, finding).filter_map(Finding::text);
            let said = texts.any(says_something);
            let known = words.iter().any(|word| word.told_by == [exam.source]);
            if let (true, false, Some(age)) = (said, known, self.age_for(rule, at)) {
                let mut word = self.on_exam(at, age);
                word.told_by.push(exam.source.to_owned());
                word.inputs.push((finding.as_str(), "WRITTEN".to_owned()));
                words.push(word);
            }
        }
        words.into_iter().for_each(found);
    }

    /// Whether the institution that has the finding latest made a check-up of one of these kinds some time
    /// after it. What comes within days of it is a part of it, as a result of the laboratory is; another
    /// institution's visit is not told to who may not know it.
    pub(super) fn visited_since(&self, finding: FindingCode, kinds: &[VisitKind]) -> bool {
        let Some(at) = self.history.latest(finding).filter(|_| !kinds.is_empty()) else {
            return false;
        };
        let of = self.history.exam(at);
        let again = Days::new(CHECKED_AGAIN_DAYS);
        let Some(since) = of.check_up.date().checked_add_days(again) else {
            return false;
        };
        let mut exams = self.history.exams().rev();
        exams.any(|(_, exam)| {
            let visit = exam.check_up.visit();
            exam.source == of.source && exam.check_up.date() >= since && kinds.contains(&visit)
        })
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

    /// Whether the latest answer, not of a day before the check-up `since`, settles a result. Where a
    /// day gives several answers to one question each of them must.
    pub(super) fn settled(&self, since: usize, by: &Answer) -> bool {
        let day = |at: usize| self.history.exam(at).check_up.date();
        let settles = |at: usize| {
            let values = self.history.all(at, by.finding).filter_map(Finding::coded);
            let mut settling = values.filter(|value| by.any_of.iter().any(|one| one == value));
            settling.next().is_some()
        };
        let Some(latest) = self.history.latest(by.finding) else {
            return false;
        };
        let mut that_day = self.history.on_latest_day(by.finding);
        day(latest) >= day(since)
            && match by.finding.entry().repeats {
                true => that_day.any(settles),
                false => that_day.all(settles),
            }
    }
}

/// Many forms are filled in with a word for "none" where nothing is to be said `[P]`.
fn says_something(text: &str) -> bool {
    const NOTHING: [&str; 10] = [
        "",
        "无",
        "否",
        "没有",
        "无特殊",
        "未见异常",
        "无异常",
        "/",
        "-",
        "none",
    ];
    let text = substance(text);
    let text = text.trim_end_matches(['。', '.', '；', ';']);
    !NOTHING.contains(&text)
}

/// One spelling for one substance: outer and double spaces and letter case don't count.
fn substance(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
