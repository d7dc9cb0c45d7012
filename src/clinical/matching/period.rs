//! Periods after an illness or a contact: isolation, and watch.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::{Case, Match};
use crate::clinical::rules::{Answer, Clock, Phase, Rule, Unstated};
use crate::domain::catalogue::FindingCode;

/// Statements of one disease not further apart are of one illness, unless the child recovered
/// between them `[P]`.
const ONE_ILLNESS_DAYS: u64 = 30;

/// What a period reads.
pub(super) struct Asked<'r> {
    pub finding: FindingCode,
    pub code: &'r str,
    pub clocks: &'r [Clock],
    pub complicated_by: Option<&'r Answer>,
    pub ended_by: Option<FindingCode>,
    pub phase: Phase,
}

impl Case<'_> {
    /// Judged for each institution by its own word: one without an agreement that says so too, or
    /// counts from another day, must not take the child's isolation from a facility that may know
    /// only the first. What ends it ends it for all.
    pub(super) fn period(&self, rule: &Rule, asked: &Asked<'_>, found: &mut dyn FnMut(Match)) {
        if self.history.latest(asked.finding).is_none() {
            return;
        }
        let exams = self.history.exams();
        let stating = exams.filter(|&(at, _)| self.states(at, asked.finding, asked.code));
        let sources: BTreeSet<&str> = stating.map(|(_, exam)| exam.source).collect();
        for source in sources {
            self.period_told_by(rule, asked, source)
                .into_iter()
                .for_each(&mut *found);
        }
    }

    fn period_told_by(&self, rule: &Rule, asked: &Asked<'_>, source: &str) -> Option<Match> {
        let day = |at: usize| self.history.exam(at).check_up.date();
        let same_source = |at: usize| self.history.exam(at).source == source;
        let stated = |at: usize| same_source(at) && self.states(at, asked.finding, asked.code);
        let places = || self.history.exams().rev().map(|(at, _)| at);
        let last = places().find(|&at| stated(at))?;
        let ended = |from: usize| {
            asked.ended_by.is_some_and(|ended_by| {
                let later = self.history.exams().rev();
                later
                    .take_while(|&(at, _)| day(at) > day(from))
                    .any(|(at, _)| self.states(at, ended_by, asked.code))
            })
        };
        // A certificate of the day of the diagnosis is of an earlier illness, or a mistake.
        if ended(last) {
            return None;
        }
        let age = self.age_for(rule, last)?;
        // A day in a check-up that is about another disease is that disease's.
        let about = |at: usize| {
            same_source(at) && (stated(at) || self.history.one(at, asked.finding).is_none())
        };
        let date = |at: usize, code| {
            let on = self.history.one(at, code)?.date();
            on.filter(|&on| about(at) && on <= day(at))
        };
        let recovered = |at: usize| match asked.finding {
            FindingCode::InfectiousDisease => date(at, FindingCode::SymptomsGoneDate),
            _ => None,
        };
        // Found ill after a day on which nothing was left of it: it is another illness.
        let is_new = |at: usize, since: usize| {
            let mut between = since..at;
            recovered(at).is_none()
                && between.any(|other| recovered(other).is_some_and(|gone| gone < day(at)))
        };
        let mut first = last;
        for at in places() {
            if at >= first || !stated(at) {
                continue;
            }
            let apart = day(first).signed_duration_since(day(at)).num_days();
            if apart.unsigned_abs() > ONE_ILLNESS_DAYS || ended(at) || is_new(first, at) {
                break;
            }
            first = at;
        }
        // Of its first day every record, whatever it is called.
        let same_day = (0..first).rev().take_while(|&at| day(at) == day(first));
        let start = same_day.last().unwrap_or(first);
        let of_this = || (start..self.history.len()).rev();
        let still_ill = of_this().find(|&at| stated(at) && recovered(at).is_none());
        let is_past = |on: NaiveDate| still_ill.is_none_or(|at| on >= day(at));
        let mut found = self.on_exam(last, age);
        found.told_by.push(source.to_owned());
        found
            .inputs
            .push((asked.finding.as_str(), asked.code.to_owned()));
        if let Some(Answer { finding, any_of }) = asked.complicated_by {
            let at = of_this().find(|&at| about(at) && self.history.one(at, *finding).is_some())?;
            let code = any_of.iter().find(|code| self.states(at, *finding, code))?;
            found.exams.push(at);
            found.inputs.push((finding.as_str(), code.clone()));
        }
        let mut known: Option<NaiveDate> = None;
        let mut open: Vec<String> = Vec::new();
        for clock in asked.clocks {
            let stated_day = of_this()
                .find_map(|at| Some((at, date(at, clock.from)?)))
                .filter(|&(_, on)| clock.from != FindingCode::SymptomsGoneDate || is_past(on));
            let from = match (stated_day, clock.unstated) {
                (Some((at, on)), _) => {
                    found.exams.push(at);
                    found.inputs.push((clock.from.as_str(), on.to_string()));
                    on
                }
                (None, Unstated::CheckUp) => {
                    found.exams.push(first);
                    day(first)
                }
                (None, Unstated::Open) => {
                    open.push(waits_for(clock));
                    continue;
                }
            };
            let over = from.checked_add_days(Days::new(clock.days.into()))?;
            known = Some(known.map_or(over, |until| until.max(over)));
        }
        let running = !open.is_empty() || known.is_some_and(|until| self.today < until);
        if let Some(until) = known {
            self.turns(until);
        }
        if running != (asked.phase == Phase::Running) {
            return None;
        }
        found.exams.sort_unstable();
        found.exams.dedup();
        found.until_zh = open.join("并");
        if let Some(until) = known {
            if open.is_empty() {
                // What only a certificate ends has no day.
                found.until = asked.ended_by.is_none().then_some(until);
                found.until_zh = until.to_string();
            } else if self.today < until {
                found.until_zh.push_str(&format!("，且不早于{until}"));
            }
            found.inputs.push(("until", until.to_string()));
        }
        Some(found)
    }
}

/// What an open clock waits for: 症状消失, 症状消失满2天.
fn waits_for(clock: &Clock) -> String {
    let label = clock.from.entry().label_zh;
    let event = label.strip_suffix("日期").unwrap_or(label);
    match clock.days {
        0 => event.to_owned(),
        days => format!("{event}满{days}天"),
    }
}
