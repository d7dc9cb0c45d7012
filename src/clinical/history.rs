//! The check-ups of one child in an order that does not depend on how they came.

use std::cmp::Reverse;

use crate::clinical::assess::Examined;
use crate::domain::catalogue::{CATALOGUE, FindingCode};
use crate::domain::finding::Finding;

/// Effective check-ups, oldest first; equal days by source and record id.
pub(super) struct History<'a> {
    exams: Vec<&'a Examined<'a>>,
    /// Which findings each of them has: one without is passed over.
    contents: Vec<Codes>,
    /// For each finding, the place of the latest check-up that has it.
    latest: [Option<usize>; FindingCode::COUNT],
}

impl<'a> History<'a> {
    /// Of several revisions of a record the highest counts; records and findings that are
    /// preliminary or entered in error don't.
    pub(super) fn new(check_ups: &'a [Examined<'a>]) -> History<'a> {
        let mut exams: Vec<&Examined<'_>> = check_ups.iter().collect();
        let record = |exam: &Examined<'a>| (exam.source, exam.check_up.record_id());
        exams.sort_unstable_by_key(|exam| {
            (record(exam), Reverse(exam.check_up.revision()), exam.id)
        });
        exams.dedup_by_key(|exam| record(exam));
        exams.retain(|exam| exam.check_up.status().is_effective());
        // Stable: within a day the order by source and record id stays.
        exams.sort_by_key(|exam| exam.check_up.date());
        History::in_order(exams)
    }

    /// Those at these places alone.
    pub(super) fn only(&self, places: &[usize]) -> History<'a> {
        History::in_order(places.iter().map(|&at| self.exams[at]).collect())
    }

    fn in_order(exams: Vec<&'a Examined<'a>>) -> History<'a> {
        let mut latest = [None; FindingCode::COUNT];
        let mut contents = vec![Codes::default(); exams.len()];
        for (at, (exam, codes)) in exams.iter().zip(&mut contents).enumerate() {
            for finding in effective(exam) {
                codes.add(finding.code());
                latest[finding.code().index()] = Some(at);
            }
        }
        History {
            exams,
            contents,
            latest,
        }
    }

    pub(super) fn exam(&self, at: usize) -> &'a Examined<'a> {
        self.exams[at]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.exams.len()
    }

    /// The findings that occur at all.
    pub(super) fn codes(&self) -> impl Iterator<Item = FindingCode> + '_ {
        let entries = CATALOGUE.iter().zip(&self.latest);
        entries.filter_map(|(entry, latest)| latest.map(|_| entry.code))
    }

    /// Oldest first, with their places.
    pub(super) fn exams(&self) -> impl DoubleEndedIterator<Item = (usize, &'a Examined<'a>)> + '_ {
        self.exams.iter().copied().enumerate()
    }

    /// The latest check-up that has the finding.
    pub(super) fn latest(&self, code: FindingCode) -> Option<usize> {
        self.latest[code.index()]
    }

    /// The check-ups that have the finding on the latest day that has it: what they are called and how
    /// they came says nothing of which is the later.
    pub(super) fn on_latest_day(&self, code: FindingCode) -> impl Iterator<Item = usize> + '_ {
        let latest = self.latest(code);
        let day = latest.map(|at| self.exams[at].check_up.date());
        let earlier = latest.into_iter().flat_map(|at| (0..=at).rev());
        let that_day = earlier.take_while(move |&at| Some(self.exams[at].check_up.date()) == day);
        that_day.filter(move |&at| self.contents[at].has(code))
    }

    /// The latest check-up that has both findings.
    pub(super) fn latest_with_both(&self, a: FindingCode, b: FindingCode) -> Option<usize> {
        let newest = self.latest(a)?.min(self.latest(b)?);
        (0..=newest)
            .rev()
            .find(|&at| self.one(at, a).is_some() && self.one(at, b).is_some())
    }

    /// The findings of a code in one check-up.
    pub(super) fn all(
        &self,
        at: usize,
        code: FindingCode,
    ) -> impl Iterator<Item = &'a Finding> + use<'a> {
        let found = self.contents[at].has(code).then(|| self.exams[at]);
        let found = found.into_iter().flat_map(effective);
        found.filter(move |finding| finding.code() == code)
    }

    /// The one finding of a code in one check-up.
    pub(super) fn one(&self, at: usize, code: FindingCode) -> Option<&'a Finding> {
        self.all(at, code).next()
    }
}

/// A set of findings by their codes.
#[derive(Clone, Copy, Default)]
struct Codes([u64; FindingCode::COUNT.div_ceil(64)]);

impl Codes {
    fn add(&mut self, code: FindingCode) {
        self.0[code.index() / 64] |= 1 << (code.index() % 64);
    }

    fn has(&self, code: FindingCode) -> bool {
        self.0[code.index() / 64] & 1 << (code.index() % 64) != 0
    }
}

/// The findings of a check-up that rules may read.
pub(super) fn effective<'a>(exam: &Examined<'a>) -> impl Iterator<Item = &'a Finding> + use<'a> {
    exam.check_up
        .findings()
        .iter()
        .filter(|finding| finding.status().is_effective())
}
