//! The editions of one track: which is in force when, so that a new one doesn't rewrite the past.

use chrono::NaiveDate;

use super::{Row, Track};
use crate::clinical::rules::Source;

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

    /// The edition in force on a day; `None` where one ended and no other followed.
    pub(super) fn on(&self, day: NaiveDate) -> Option<&Edition<R>> {
        let (edition, end) = self.up_to(day).last()?;
        end.is_none_or(|end| day < end).then_some(edition)
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

    /// Every row, for lists; `named` gives item, label and source of one.
    pub(super) fn rows<'a>(
        &'a self,
        track: Track,
        named: fn(&'a R) -> (&'a String, &'a String, &'a Source),
    ) -> impl Iterator<Item = Row<'a>> {
        self.0.iter().flat_map(move |edition| {
            edition.rows.iter().map(move |row| {
                let (item, label_zh, source) = named(row);
                Row {
                    track,
                    schedule_version: &edition.version,
                    valid_from: edition.valid_from,
                    item,
                    label_zh,
                    source,
                }
            })
        })
    }

    /// The first day after `day` on which another edition, or none, is in force.
    pub(super) fn next_change(&self, day: NaiveDate) -> Option<NaiveDate> {
        let starts = self.0.iter().skip(1).map(|edition| edition.valid_from);
        let ends = self.0.iter().filter_map(|edition| edition.valid_until);
        starts.chain(ends).filter(|&change| change > day).min()
    }
}
