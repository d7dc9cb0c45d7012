//! What of a child's schedule its reader is told.
//!
//! A guardian reads the whole plan. Everybody else reads what is still to be done, and not what was
//! found or why a thing was not done: a contraindication, an invalid dose, the day of an earlier
//! check-up stay with the guardian and who made the record. The tracks and their categories are those
//! by which alerts over what is not done go (`data/rules`; a test compares).

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::{Forecast, Item, Reason, Status, Track};
use crate::domain::alert::Category;
use crate::domain::id::Id;
use crate::domain::organization::Organization;

/// From this age on, in days, a dose on record says that doses are sent here `[P]`: the hospital of birth
/// reports its own two and no later ones. The rules over late doses say the same.
pub(super) const DOSES_FROM_DAYS: i64 = 28;

/// Who reads a due list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A facility's staff, or an instructor assigned to it.
    Care {
        /// The facility: what another one asks for before it lets the child in is not told.
        facility: Id<Organization>,
        /// The categories that agreement and consent open.
        opened: BTreeSet<Category>,
        /// What was due from this day on.
        data_from: Option<NaiveDate>,
        /// What was due up to this day.
        data_until: Option<NaiveDate>,
    },
    /// An MCH centre in its follow-up.
    FollowUp,
    /// A guardian.
    Guardian,
}

/// What a reader is told.
#[derive(Debug)]
pub struct DueList<'a> {
    /// By track, and within a track in the order of the schedule.
    pub items: Vec<Item<'a>>,
    /// Tracks of which nothing is on record here, so that nothing is said of them: what was done
    /// elsewhere is not overdue. To a guardian they are forecast all the same.
    pub without_record: Vec<Track>,
}

impl Track {
    /// The category that opens it.
    pub fn category(self) -> Category {
        match self {
            Track::Immunisation => Category::Immunisation,
            Track::EntryCheck => Category::EntryCheck,
            Track::ChildHealth
            | Track::EyeCare
            | Track::Tcm
            | Track::Mongolian
            | Track::Periodic
            | Track::Staff => Category::CheckUpDue,
        }
    }

    /// Whether nothing on record says more about the sender than about the child: doses and eye
    /// examinations are often kept in a register that sends nothing here.
    fn needs_record(self) -> bool {
        matches!(self, Track::Immunisation | Track::EyeCare)
    }
}

impl Reader {
    /// The categories whose items it may read.
    pub fn categories(&self) -> BTreeSet<Category> {
        let tracks = Track::ALL.iter().filter(|track| self.reads(**track));
        tracks.map(|track| track.category()).collect()
    }

    /// Whether it may read a track.
    pub fn reads(&self, track: Track) -> bool {
        match (self, track) {
            (_, Track::Staff) => false,
            (Reader::Guardian, _) => true,
            (_, Track::Tcm | Track::Mongolian) => false,
            (Reader::FollowUp, _) => true,
            (Reader::Care { .. }, Track::EyeCare) => false,
            (Reader::Care { opened, .. }, track) => opened.contains(&track.category()),
        }
    }

    /// Whether an item is asked for by this reader, or of the child wherever it is.
    fn is_asked(&self, item: &Item<'_>) -> bool {
        match self {
            Reader::Care { facility, .. } => item.facility.is_none_or(|of| of == *facility),
            Reader::FollowUp | Reader::Guardian => true,
        }
    }

    /// Whether what was due on this day is within what it may read.
    fn reaches(&self, due: NaiveDate) -> bool {
        match self {
            Reader::Care {
                data_from,
                data_until,
                ..
            } => {
                data_from.is_none_or(|from| from <= due)
                    && data_until.is_none_or(|until| due <= until)
            }
            Reader::FollowUp | Reader::Guardian => true,
        }
    }
}

impl<'a> Forecast<'a> {
    /// Whether what was done on a day says that what is done is sent here. Of a newborn's doses those of
    /// its birth are all there can be.
    fn tells(&self, track: Track, done: NaiveDate, today: NaiveDate) -> bool {
        let age = |on: NaiveDate| on.signed_duration_since(self.born).num_days();
        track != Track::Immunisation || age(today) < DOSES_FROM_DAYS || age(done) >= DOSES_FROM_DAYS
    }

    /// What of it this reader is told on `today`: what is due or overdue, and what becomes due within
    /// so many days; for a guardian everything.
    pub fn told_to(&self, reader: &Reader, today: NaiveDate, within_days: u32) -> DueList<'a> {
        let without_record: Vec<Track> = Track::ALL
            .iter()
            .copied()
            .filter(|track| track.needs_record() && reader.reads(*track))
            .filter(|track| {
                let of = self.items.iter().filter(|item| item.track == *track);
                let mut days = of.flat_map(|item| &item.rests_on);
                !days.any(|exam| self.tells(*track, exam.check_up.date(), today))
            })
            .collect();
        if *reader == Reader::Guardian {
            return DueList {
                items: self.items.clone(),
                without_record,
            };
        }
        let horizon = today.checked_add_days(Days::new(within_days.into()));
        let soon = |due| horizon.is_none_or(|horizon| due <= horizon);
        let told = |item: &Item<'_>| {
            reader.reads(item.track)
                && reader.is_asked(item)
                && !without_record.contains(&item.track)
                && item.due.is_some_and(|due| {
                    let asks = match item.status {
                        Status::Due | Status::Overdue => true,
                        Status::Upcoming => soon(due),
                        _ => false,
                    };
                    asks && reader.reaches(due)
                })
        };
        let items = self.items.iter().filter(|item| told(item));
        DueList {
            items: items.cloned().map(plain).collect(),
            without_record,
        }
    }
}

/// The item without what it rests on, and without a reason that tells of a record.
fn plain(mut item: Item<'_>) -> Item<'_> {
    item.done = None;
    // Of a check that comes again it is the day of the one before.
    item.earliest = None;
    item.rests_on = Vec::new();
    item.reason = match (item.reason, item.status) {
        (Reason::CatchUp, _) => Reason::CatchUp,
        (_, Status::Overdue) => Reason::Late,
        (_, Status::Due) => Reason::InTime,
        _ => Reason::NotYet,
    };
    item
}
