//! Conditions on the latest value of single findings: a limit, a code, an eye.

use super::{Case, Match};
use crate::clinical::growth::age::Age;
use crate::clinical::rules::{Answer, Limit, Rule};
use crate::domain::catalogue::{FindingCode, Kind};
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
        settled_by: &[Answer],
    ) -> Option<Match> {
        let at = self.history.latest(code)?;
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
        if values.is_empty() || settled_by.iter().any(|by| self.settled(at, by)) {
            return None;
        }
        let age = self.age_for(rule, at)?;
        values.sort_unstable();
        values.dedup();
        let mut found = self.on_exam(at, age);
        found.inputs.push((code.as_str(), values.join(",")));
        Some(found)
    }

    pub(super) fn quantity(
        &self,
        rule: &Rule,
        code: FindingCode,
        at_least: Option<Limit>,
        below: Option<Limit>,
    ) -> Option<Match> {
        let Kind::Quantity { unit, decimals, .. } = code.entry().kind else {
            return None;
        };
        let at = self.history.latest(code)?;
        let scaled = self.history.one(at, code)?.quantity()?;
        // Limits that don't scale are refused when the rule is read.
        let limit = |limit: Option<Limit>| limit.and_then(|limit| limit.scaled(decimals));
        let (at_least, below) = (limit(at_least), limit(below));
        if at_least.is_some_and(|low| scaled < low) || below.is_some_and(|high| scaled >= high) {
            return None;
        }
        let age = self.age_for(rule, at)?;
        let mut found = self.on_exam(at, age);
        let shown = decimal(scaled, decimals);
        found.value = format!("{shown}{}", unit_zh(unit));
        found.inputs.push((code.as_str(), shown));
        let limits = [("at_least", at_least), ("below", below)];
        found.inputs.extend(
            limits
                .into_iter()
                .filter_map(|(name, limit)| Some((name, decimal(limit?, decimals)))),
        );
        Some(found)
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

/// A unit as a guardian reads it; a count has none.
fn unit_zh(ucum: &'static str) -> &'static str {
    match ucum {
        "1" => "",
        "g" => "克",
        "mm" => "毫米",
        "Cel" => "℃",
        "h/d" => "小时/日",
        "[iU]/d" => "国际单位/日",
        other => other,
    }
}
