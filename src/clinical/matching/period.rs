//! Periods after an illness or a contact: isolation, and watch.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::{Case, Match, told_day};
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

    /// Whether an institution's check-up states the disease or contact.
    fn tells(&self, asked: &Asked<'_>, source: &str, at: usize) -> bool {
        self.history.exam(at).source == source && self.states(at, asked.finding, asked.code)
    }

    /// Whether a check-up that names no disease speaks of this one: the last one its institution
    /// stated.
    fn adds_to(&self, asked: &Asked<'_>, source: &str, at: usize) -> bool {
        let names = |at: usize| self.history.one(at, asked.finding).is_some();
        if self.history.exam(at).source != source || names(at) {
            return false;
        }
        let day = |at: usize| self.history.exam(at).check_up.date();
        let named = self.history.exams().rev();
        let mut named = named
            .filter(|&(other, exam)| exam.source == source && day(other) <= day(at) && names(other))
            .map(|(other, _)| other)
            .peekable();
        let Some(last) = named.peek().map(|&other| day(other)) else {
            return false;
        };
        named
            .take_while(|&other| day(other) == last)
            .any(|other| self.states(other, asked.finding, asked.code))
    }

    /// A day that a check-up tells; one after the check-up is none.
    fn day_told(&self, at: usize, code: FindingCode) -> Option<NaiveDate> {
        let on = self.history.one(at, code)?.date()?;
        (on <= self.history.exam(at).check_up.date()).then_some(on)
    }

    /// The days on which an institution stated an illness that a certificate, of whomever, has ended:
    /// a later certificate, or one that the days of illness it tells lie before. Nor does a certificate
    /// that repeats its diagnosis begin an illness anew. Without either a certificate of the day of the
    /// diagnosis is of an earlier illness, or a mistake.
    fn ended(&self, rule: &Rule, asked: &Asked<'_>, source: &str) -> BTreeSet<NaiveDate> {
        let day = |at: usize| self.history.exam(at).check_up.date();
        let places = || 0..self.history.len();
        let certified: Vec<NaiveDate> = asked.ended_by.map_or_else(Vec::new, |ended_by| {
            let certificates = places().filter(|&at| self.states(at, ended_by, asked.code));
            certificates.map(day).collect()
        });
        let Some(&last) = certified.last() else {
            return BTreeSet::new();
        };
        let told = places().filter(|&at| self.tells(asked, source, at));
        let told: BTreeSet<NaiveDate> = told.map(day).collect();
        if asked.finding == FindingCode::InfectiousContact {
            // A doctor's word is about the contacts there were by then, whenever they were recorded.
            let met = |&on: &NaiveDate| {
                let speaking = self.speaking(asked, source, on).into_iter();
                let dates = speaking.filter_map(|at| self.day_told(at, FindingCode::ContactDate));
                dates.max().unwrap_or(on)
            };
            return told.iter().copied().filter(|on| met(on) <= last).collect();
        }
        let repeats = |on: NaiveDate| {
            let since = on.checked_sub_days(Days::new(still_told(rule)));
            certified.contains(&on) && since.is_some_and(|since| told.range(since..on).count() > 0)
        };
        let is_over = |&on: &NaiveDate| {
            on < last || repeats(on) || {
                let before = certified.iter().filter(|&&of| of <= on).max();
                before.is_some_and(|&of| self.lies_before(asked, source, on, of))
            }
        };
        told.iter().copied().filter(is_over).collect()
    }

    /// Whether the illness of which an institution speaks on a day was before that of a certificate:
    /// it had begun before, or is only known to have been over by then.
    fn lies_before(&self, asked: &Asked<'_>, source: &str, on: NaiveDate, of: NaiveDate) -> bool {
        use FindingCode::{OnsetDate, RashDate, SymptomsGoneDate, TreatmentDate};
        let speaking = self.speaking(asked, source, on);
        let latest = |codes: &[FindingCode]| {
            let each = speaking
                .iter()
                .flat_map(|&at| codes.iter().map(move |&code| (at, code)));
            each.filter_map(|(at, code)| self.day_told(at, code)).max()
        };
        let gone = latest(&[SymptomsGoneDate]).is_some_and(|gone| gone <= of);
        match latest(&[OnsetDate, RashDate, TreatmentDate]) {
            // What had begun and nobody had stated by then, the certificate may not have been about.
            Some(begun) => begun < of && (gone || on == of || self.was_stated(asked, begun, of)),
            None => gone,
        }
    }

    /// Whether anybody stated the disease on a day from `since` to `until`.
    fn was_stated(&self, asked: &Asked<'_>, since: NaiveDate, until: NaiveDate) -> bool {
        self.history.exams().any(|(at, exam)| {
            (since..=until).contains(&exam.check_up.date())
                && self.states(at, asked.finding, asked.code)
        })
    }

    /// The check-ups of a day in which an institution speaks of the disease or contact.
    fn speaking(&self, asked: &Asked<'_>, source: &str, on: NaiveDate) -> Vec<usize> {
        let exams = self.history.exams();
        let that_day = exams.filter(|(_, exam)| exam.check_up.date() == on);
        let places = that_day.map(|(at, _)| at);
        places
            .filter(|&at| self.tells(asked, source, at) || self.adds_to(asked, source, at))
            .collect()
    }

    fn period_told_by(&self, rule: &Rule, asked: &Asked<'_>, source: &str) -> Option<Match> {
        let day = |at: usize| self.history.exam(at).check_up.date();
        let places = || self.history.exams().rev().map(|(at, _)| at);
        let ended = self.ended(rule, asked, source);
        let stated = |at: usize| self.tells(asked, source, at) && !ended.contains(&day(at));
        let last = places().find(|&at| stated(at))?;
        let age = self.age_for(rule, last)?;
        // A day in a check-up that is about another disease is that disease's.
        let date = |at: usize, code| {
            let about = stated(at) || self.adds_to(asked, source, at);
            self.day_told(at, code).filter(|_| about)
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
            if apart.unsigned_abs() > ONE_ILLNESS_DAYS || is_new(first, at) {
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
            let about = |at: usize| {
                self.history.exam(at).source == source
                    && (stated(at) || self.history.one(at, asked.finding).is_none())
            };
            let told =
                || of_this().filter(|&at| about(at) && self.history.one(at, *finding).is_some());
            let latest = day(told().next()?);
            // On one day the graver counts.
            let (at, code) = told().take_while(|&at| day(at) == latest).find_map(|at| {
                Some((
                    at,
                    any_of.iter().find(|code| self.states(at, *finding, code))?,
                ))
            })?;
            found.exams.push(at);
            found.inputs.push((finding.as_str(), code.clone()));
        }
        // A contact that nobody dated after the last dated one counts from its record's day.
        let dated_on = || of_this().find(|&at| date(at, FindingCode::ContactDate).is_some());
        let met_since = |from: NaiveDate| {
            let dated_on = dated_on().map(day);
            of_this().find(|&at| {
                stated(at) && day(at) > from && dated_on.is_none_or(|dated| day(at) > dated)
            })
        };
        let mut known: Option<NaiveDate> = None;
        let mut open: Vec<String> = Vec::new();
        for clock in asked.clocks {
            // The latest word; of two on one day the later day, which keeps the child longer.
            let stated_day = of_this()
                .filter_map(|at| Some((at, date(at, clock.from)?)))
                .max_by_key(|&(at, on)| match clock.from {
                    FindingCode::ContactDate => (on, on, at),
                    _ => (day(at), on, at),
                })
                .filter(|&(_, on)| clock.from != FindingCode::SymptomsGoneDate || is_past(on));
            let from = match (stated_day, clock.unstated) {
                (Some((at, on)), _) => {
                    found.exams.push(at);
                    found.inputs.push((clock.from.as_str(), told_day(on)));
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
            let from = match clock.from {
                FindingCode::ContactDate => match met_since(from) {
                    Some(at) => {
                        found.exams.push(at);
                        day(at)
                    }
                    None => from,
                },
                _ => from,
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
                found.until_zh = told_day(until);
            } else if self.today < until {
                found.until_zh.push_str(&format!("，且不早于{until}"));
            }
            found.inputs.push(("until", told_day(until)));
        }
        Some(found)
    }
}

/// For how many days an illness is told of without a certificate.
fn still_told(rule: &Rule) -> u64 {
    rule.lasts_days.map_or(ONE_ILLNESS_DAYS, u64::from)
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
