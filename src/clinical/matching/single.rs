//! Conditions on the latest value of single findings: a limit, a code, an eye.
//!
//! Of several values of the latest day each is judged for itself, the graver first: neither the name of
//! a record nor another institution's better value of that day takes away what one found.

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
    ) -> Vec<Match> {
        let metres = if altitude {
            self.setting.correcting_metres()
        } else {
            0
        };
        // limit × (1 + 0.04 × h / 1000) = limit × (25000 + h) / 25000, compared without dividing.
        let limit = i64::from(below) * 10 * (25_000 + metres);
        let holds = |tenths| tenths >= i64::from(at_least) * 10 && tenths * 25_000 < limit;
        let mut low = self.measured_so(rule, FindingCode::Haemoglobin, holds);
        low.sort_by_key(|&(_, _, tenths)| tenths);
        let found = |(at, age, tenths)| {
            let mut found = self.on_exam(at, age);
            let shown = decimal(tenths, 1);
            found.value = format!("{shown} g/L");
            found.inputs.extend([
                ("haemoglobin_g_l", shown),
                ("limit_g_l", decimal((limit + 12_500) / 25_000, 1)),
                ("altitude_corrected_m", metres.to_string()),
            ]);
            found
        };
        low.into_iter().map(found).collect()
    }

    /// The values of a quantity on its latest day that are as asked for, each with its check-up and
    /// the age there.
    fn measured_so(
        &self,
        rule: &Rule,
        code: FindingCode,
        holds: impl Fn(i64) -> bool,
    ) -> Vec<(usize, Age, i64)> {
        let that_day = self.history.on_latest_day(code);
        let measured = that_day.filter_map(|at| {
            let scaled = self.history.one(at, code)?.quantity()?;
            Some((at, self.age_for(rule, at)?, scaled))
        });
        measured.filter(|&(.., scaled)| holds(scaled)).collect()
    }

    pub(super) fn coded(
        &self,
        rule: &Rule,
        code: FindingCode,
        any_of: &[String],
        none_of: &[String],
        settled_by: &[Answer],
    ) -> Vec<Match> {
        let among = |list: &[String], value: &str| list.iter().any(|known| known == value);
        let wanted = |at: usize| {
            let values = self.history.all(at, code).filter_map(Finding::coded);
            values.filter(|value| match none_of {
                [] => among(any_of, value),
                none_of => !among(none_of, value),
            })
        };
        let stating = |at: usize| {
            let mut values: Vec<&str> = wanted(at).collect();
            // A form that repeats the newborn screen of then makes it no younger.
            let since = match code {
                FindingCode::NewbornHearingScreen | FindingCode::NewbornHearingRescreen => {
                    (0..=at).find(|&at| wanted(at).next().is_some())?
                }
                _ => at,
            };
            if values.is_empty() || settled_by.iter().any(|by| self.settled(since, by)) {
                return None;
            }
            let age = self.age_for(rule, at)?;
            values.sort_unstable();
            values.dedup();
            let mut found = self.on_exam(at, age);
            found.inputs.push((code.as_str(), values.join(",")));
            Some(found)
        };
        self.history
            .on_latest_day(code)
            .filter_map(stating)
            .collect()
    }

    pub(super) fn quantity(
        &self,
        rule: &Rule,
        code: FindingCode,
        at_least: Option<Limit>,
        below: Option<Limit>,
    ) -> Vec<Match> {
        let Kind::Quantity { unit, decimals, .. } = code.entry().kind else {
            return Vec::new();
        };
        // Limits that don't scale are refused when the rule is read.
        let limit = |limit: Option<Limit>| limit.and_then(|limit| limit.scaled(decimals));
        let (at_least, below) = (limit(at_least), limit(below));
        let holds = |scaled| {
            at_least.is_none_or(|low| scaled >= low) && below.is_none_or(|high| scaled < high)
        };
        let mut values = self.measured_so(rule, code, holds);
        values.sort_by_key(|&(.., scaled)| if below.is_some() { scaled } else { -scaled });
        let found = |(at, age, scaled)| {
            let mut found = self.on_exam(at, age);
            let shown = decimal(scaled, decimals);
            found.value = format!("{shown}{}", unit_zh(unit));
            found.inputs.push((code.as_str(), shown));
            let limits = [("at_least", at_least), ("below", below)];
            let limits = limits.into_iter();
            let limits = limits.filter_map(|(name, limit)| Some((name, decimal(limit?, decimals))));
            found.inputs.extend(limits);
            found
        };
        values.into_iter().map(found).collect()
    }

    pub(super) fn vision(&self, rule: &Rule, at_most: i64) -> Option<Match> {
        let eyes = [
            ("left", FindingCode::VisionLeft),
            ("right", FindingCode::VisionRight),
        ];
        let mut low: Vec<(usize, Age, &'static str, String)> = Vec::new();
        for (eye, code) in eyes {
            let measured = self.measured_so(rule, code, |tenths| tenths <= at_most);
            let worst = measured.into_iter().min_by_key(|&(.., tenths)| tenths);
            low.extend(worst.map(|(at, age, tenths)| (at, age, eye, decimal(tenths, 1))));
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
        let day = |at: usize| self.history.exam(at).check_up.date();
        // Once an eye has been measured again, an older pair says nothing.
        if day(self.history.latest(left)?) != day(self.history.latest(right)?) {
            return None;
        }
        let both = self.history.on_latest_day(left).filter_map(|at| {
            let value = |code| self.history.one(at, code).and_then(Finding::quantity);
            Some((at, self.age_for(rule, at)?, value(left)?, value(right)?))
        });
        let apart = |&(.., left, right): &(usize, Age, i64, i64)| (left - right).abs();
        let (at, age, left, right) = both
            .filter(|pair| apart(pair) >= at_least)
            .max_by_key(|pair| (apart(pair), pair.0))?;
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
