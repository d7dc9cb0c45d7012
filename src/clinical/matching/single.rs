//! Conditions on single findings: a limit, a code, an allergen, an eye.

use super::{Case, Match};
use crate::clinical::growth::age::Age;
use crate::clinical::rules::Rule;
use crate::domain::catalogue::FindingCode;
use crate::domain::finding::{Finding, decimal};

impl Case<'_> {
    pub(super) fn haemoglobin(
        &self,
        rule: &Rule,
        at_least: u32,
        below: u32,
        altitude: bool,
    ) -> Option<Match> {
        let at = self.history.latest(FindingCode::Haemoglobin)?;
        let age = self.age_for(rule, at)?;
        let tenths = self.history.one(at, FindingCode::Haemoglobin)?.quantity()?;
        let metres = if altitude {
            self.setting.correcting_metres()
        } else {
            0
        };
        // limit × (1 + 0.04 × h / 1000) = limit × (25000 + h) / 25000, compared without dividing.
        let limit = i64::from(below) * 10 * (25_000 + metres);
        if tenths < i64::from(at_least) * 10 || tenths * 25_000 >= limit {
            return None;
        }
        let mut found = self.on_exam(at, age);
        let shown = decimal(tenths, 1);
        found.value = format!("{shown} g/L");
        found.inputs.extend([
            ("haemoglobin_g_l", shown),
            ("limit_g_l", decimal((limit + 12_500) / 25_000, 1)),
            ("altitude_corrected_m", metres.to_string()),
        ]);
        Some(found)
    }

    pub(super) fn coded(
        &self,
        rule: &Rule,
        code: FindingCode,
        any_of: &[String],
        none_of: &[String],
    ) -> Option<Match> {
        let at = self.history.latest(code)?;
        let age = self.age_for(rule, at)?;
        let among = |list: &[String], value: &str| list.iter().any(|known| known == value);
        let mut values: Vec<&str> = self
            .history
            .all(at, code)
            .filter_map(Finding::coded)
            .filter(|value| match none_of {
                [] => among(any_of, value),
                none_of => !among(none_of, value),
            })
            .collect();
        if values.is_empty() {
            return None;
        }
        values.sort_unstable();
        values.dedup();
        let mut found = self.on_exam(at, age);
        found.inputs.push((code.as_str(), values.join(",")));
        Some(found)
    }

    /// `NONE` ends nothing: a form's default must not switch off a peanut allergy. Only a later
    /// check-up that rules out the same substance does, or a correction of the record `[P]`.
    pub(super) fn allergens(
        &self,
        rule: &Rule,
        kinds: &[String],
        ended_by: &str,
        found: &mut impl FnMut(Match),
    ) {
        if self.history.latest(FindingCode::Allergy).is_none() {
            return;
        }
        let mut seen: Vec<String> = Vec::new();
        for (at, _) in self.history.exams().rev() {
            // Within one check-up a stated allergy outweighs its being ruled out.
            let mut here: Vec<(bool, String, &str)> = self
                .history
                .all(at, FindingCode::Allergy)
                .filter_map(|finding| Some((finding.coded()?, finding.text()?)))
                .filter(|(kind, _)| *kind == ended_by || kinds.iter().any(|known| known == kind))
                .map(|(kind, text)| (kind == ended_by, substance(text), kind))
                .collect();
            here.sort_unstable();
            for (ended, substance, kind) in here {
                if seen.contains(&substance) {
                    continue;
                }
                seen.push(substance.clone());
                let Some(age) = self.age_for(rule, at).filter(|_| !ended) else {
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

    pub(super) fn vision(&self, rule: &Rule, at_most: i64) -> Option<Match> {
        let eyes = [
            ("left", FindingCode::VisionLeft),
            ("right", FindingCode::VisionRight),
        ];
        let mut low: Vec<(usize, Age, &'static str, String)> = Vec::new();
        for (eye, code) in eyes {
            let Some(at) = self.history.latest(code) else {
                continue;
            };
            let Some(age) = self.age_for(rule, at) else {
                continue;
            };
            match self.history.one(at, code).and_then(Finding::quantity) {
                Some(tenths) if tenths <= at_most => low.push((at, age, eye, decimal(tenths, 1))),
                _ => {}
            }
        }
        let &(at, age, ..) = low.iter().max_by_key(|(at, ..)| *at)?;
        let mut found = self.on_exam(at, age);
        found.exams = low.iter().map(|(at, ..)| *at).collect();
        found.exams.sort_unstable();
        found.exams.dedup();
        for (_, _, eye, shown) in low {
            let (name, label) = if eye == "left" {
                ("vision_left", "左眼")
            } else {
                ("vision_right", "右眼")
            };
            if !found.value.is_empty() {
                found.value.push('、');
            }
            found.value.push_str(label);
            found.value.push_str(&shown);
            found.inputs.push((name, shown));
        }
        found.inputs.push(("at_most", decimal(at_most, 1)));
        Some(found)
    }

    pub(super) fn eye_difference(&self, rule: &Rule, at_least: i64) -> Option<Match> {
        let (left, right) = (FindingCode::VisionLeft, FindingCode::VisionRight);
        let at = self.history.latest_with_both(left, right)?;
        // Once an eye has been measured again, an older pair says nothing.
        if self.history.latest(left) != Some(at) || self.history.latest(right) != Some(at) {
            return None;
        }
        let age = self.age_for(rule, at)?;
        let value = |code| self.history.one(at, code).and_then(Finding::quantity);
        let (left, right) = (value(left)?, value(right)?);
        if (left - right).abs() < at_least {
            return None;
        }
        let mut found = self.on_exam(at, age);
        found.inputs.push(("vision_left", decimal(left, 1)));
        found.inputs.push(("vision_right", decimal(right, 1)));
        Some(found)
    }
}

/// One spelling for one substance: outer and double spaces and letter case don't count.
fn substance(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
