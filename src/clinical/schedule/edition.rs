//! The editions of one track: which is in force when, so that a new one doesn't rewrite the past.

use chrono::NaiveDate;

/// One published version of a schedule, in force on `[valid_from, end)`.
#[derive(Debug)]
pub(super) struct Edition<R> {
    pub version: String,
    /// The first edition of a track applies before this day too: it is the oldest we know.
    pub valid_from: NaiveDate,
    /// Exclusive; where it is absent, the next edition's first day ends it.
    pub valid_until: Option<NaiveDate>,
    pub rows: Vec<R>,
}

/// All editions of one track, oldest first.
#[derive(Debug)]
pub(super) struct Editions<R>(pub(super) Vec<Edition<R>>);

impl<R> Editions<R> {
    /// The day an edition stops to be in force.
    fn end(&self, at: usize) -> Option<NaiveDate> {
        let next = self.0.get(at + 1).map(|next| next.valid_from);
        match (self.0[at].valid_until, next) {
            (Some(until), Some(next)) => Some(until.min(next)),
            (until, next) => until.or(next),
        }
    }

    /// Every edition that had begun by a day, oldest first, with the day it ends.
    pub(super) fn up_to(
        &self,
        day: NaiveDate,
    ) -> impl Iterator<Item = (&Edition<R>, Option<NaiveDate>)> {
        let begun =
            move |(at, edition): &(usize, &Edition<R>)| *at == 0 || edition.valid_from <= day;
        let editions = self.0.iter().enumerate().take_while(begun);
        editions.map(|(at, edition)| (edition, self.end(at)))
    }

    /// The first day after `day` on which another edition, or none, is in force.
    pub(super) fn next_change(&self, day: NaiveDate) -> Option<NaiveDate> {
        let starts = self.0.iter().skip(1).map(|edition| edition.valid_from);
        let ends = self.0.iter().filter_map(|edition| edition.valid_until);
        starts.chain(ends).filter(|&change| change > day).min()
    }
}
