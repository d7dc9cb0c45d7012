//! What holds of every child's due list, whoever reads it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::properties::{Case, cases};
use super::samples::FACILITIES;
use crate::clinical::schedule::{Forecast, Item, Reader, Reason, Status, Track};
use crate::domain::alert::Category;
use crate::domain::id::Id;
use crate::domain::organization::Organization;

/// A reader who is told less than a guardian, and how many days ahead it asks.
fn others(case: &Case) -> impl Strategy<Value = (Reader, u32)> + use<> {
    let (birth, today) = (case.birth, case.today);
    let day = move || {
        let around = (-400_i64..2_700, any::<bool>());
        let day = around.prop_map(move |(days, from_birth)| {
            let base = if from_birth { birth } else { today };
            base.checked_add_signed(chrono::TimeDelta::days(days))
                .unwrap_or(base)
        });
        proptest::option::weighted(0.3, day)
    };
    let opened = proptest::sample::subsequence(Category::ALL.to_vec(), 0..=Category::ALL.len());
    let care = (opened, day(), day()).prop_map(|(opened, data_from, data_until)| Reader::Care {
        facility: FACILITIES[0].parse().unwrap(),
        opened: opened.into_iter().collect(),
        data_from,
        data_until,
    });
    // So many days ahead that the last of them is the day of an item.
    let to_an_item = case.on(today, |forecast| {
        let due = forecast.items.iter().filter_map(|item| item.due);
        let ahead = due.map(|due| due.signed_duration_since(today).num_days());
        let ahead = ahead.filter_map(|days| u32::try_from(days).ok());
        ahead.chain([0]).collect::<Vec<u32>>()
    });
    let exact = proptest::sample::select(to_an_item);
    let within = prop_oneof![Just(0), 0_u32..=366, Just(u32::MAX), exact];
    (prop_oneof![4 => care, 1 => Just(Reader::FollowUp)], within)
}

fn asked() -> impl Strategy<Value = (Case, (Reader, u32))> {
    cases().prop_flat_map(|case| {
        let others = others(&case);
        (Just(case), others)
    })
}

type Name = (Track, String, Option<Id<Organization>>);

fn name(item: &Item<'_>) -> Name {
    (item.track, item.item.to_owned(), item.facility)
}

fn named(items: &[Item<'_>]) -> BTreeSet<Name> {
    items.iter().map(name).collect()
}

/// Tracks that are kept in registers of their own, of which no record is here: of doses none but those
/// of the first four weeks, once these are over.
fn unrecorded(forecast: &Forecast<'_>, case: &Case) -> BTreeSet<Track> {
    let four_weeks = case
        .birth
        .checked_add_days(Days::new(28))
        .unwrap_or(NaiveDate::MAX);
    let recorded = |track| {
        let of = forecast.items.iter().filter(|item| item.track == track);
        let mut days = of
            .flat_map(|item| &item.rests_on)
            .map(|exam| exam.check_up.date());
        days.any(|on| track == Track::EyeCare || on >= four_weeks || case.today < four_weeks)
    };
    let registers = [Track::Immunisation, Track::EyeCare].into_iter();
    registers.filter(|track| !recorded(*track)).collect()
}

/// Days that can't be told without telling of a record.
fn of_a_record(item: &Item<'_>) -> (Option<NaiveDate>, Option<NaiveDate>, usize) {
    (item.done, item.earliest, item.rests_on.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Break it: in `plain`, keep `done`, `earliest`, `rests_on` or the reason; in `told_to`, let any status
    /// through, or ask `reaches` of nothing.
    #[test]
    fn nobody_but_a_guardian_is_told_of_a_record((case, (reader, within)) in asked()) {
        case.on(case.today, |forecast| {
            let list = forecast.told_to(&reader, case.today, within);
            let whole: BTreeMap<Name, &Item<'_>> =
                forecast.items.iter().map(|item| (name(item), item)).collect();
            for item in &list.items {
                prop_assert_eq!(of_a_record(item), (None, None, 0), "{:?}", item);
                let expected: &[Reason] = match item.status {
                    Status::Overdue => &[Reason::CatchUp, Reason::Late],
                    Status::Due => &[Reason::CatchUp, Reason::InTime],
                    Status::Upcoming => &[Reason::CatchUp, Reason::NotYet],
                    _ => &[],
                };
                prop_assert!(expected.contains(&item.reason), "{item:?} {:?}", item.reason);
                // Nothing is told otherwise than it stands.
                let Some(of) = whole.get(&name(item)) else {
                    return Err(TestCaseError::fail("an item that is not in the forecast"));
                };
                let days = |i: &Item<'_>| (i.status, i.due, i.overdue, i.latest);
                prop_assert_eq!(days(item), days(of), "{:?}", item);
                if let Reader::Care { facility, opened, data_from, data_until } = &reader {
                    prop_assert!(item.facility.is_none_or(|of| of == *facility), "{item:?}");
                    prop_assert!(opened.contains(&item.track.category()), "{item:?}");
                    let kept = [Track::EyeCare, Track::Tcm, Track::Mongolian];
                    prop_assert!(!kept.contains(&item.track), "{item:?}");
                    let due = item.due.unwrap();
                    prop_assert!(data_from.is_none_or(|from| from <= due), "{item:?}");
                    prop_assert!(data_until.is_none_or(|until| due <= until), "{item:?}");
                }
            }
            Ok(())
        })?;
    }

    /// And of what is to be done, each reader is told everything that it may read. Break it: in
    /// `told_to`, take `<` for the horizon, or forget what is overdue.
    #[test]
    fn nothing_that_may_be_told_is_left_out((case, (reader, within)) in asked()) {
        case.on(case.today, |forecast| {
            let list = forecast.told_to(&reader, case.today, within);
            let unrecorded = unrecorded(forecast, &case);
            let silent: BTreeSet<Track> =
                unrecorded.iter().copied().filter(|track| reader.reads(*track)).collect();
            prop_assert_eq!(&list.without_record.iter().copied().collect::<BTreeSet<_>>(), &silent);
            let horizon = case.today.checked_add_days(Days::new(within.into()));
            let asked_for = |item: &&Item<'_>| match (item.status, item.due) {
                (Status::Due | Status::Overdue, Some(_)) => true,
                (Status::Upcoming, Some(due)) => horizon.is_none_or(|last| due <= last),
                _ => false,
            };
            let (own, from, until) = match &reader {
                Reader::Care { facility, data_from, data_until, .. } => {
                    (Some(*facility), *data_from, *data_until)
                }
                Reader::FollowUp | Reader::Guardian => (None, None, None),
            };
            let may = |item: &&Item<'_>| {
                reader.reads(item.track)
                    && (own.is_none() || item.facility.is_none() || item.facility == own)
                    && !silent.contains(&item.track)
                    && from.is_none_or(|from| item.due >= Some(from))
                    && until.is_none_or(|until| item.due <= Some(until))
            };
            let expected: Vec<Item<'_>> =
                forecast.items.iter().filter(asked_for).filter(may).cloned().collect();
            prop_assert_eq!(named(&list.items), named(&expected));
            Ok(())
        })?;
    }

    /// Another open category, or more days ahead, hides nothing that was told.
    #[test]
    fn more_keys_tell_no_less(
        (case, (reader, within)) in asked(),
        further in proptest::sample::select(Category::ALL.to_vec()),
        ahead in 0_u32..400,
    ) {
        let wider = match reader.clone() {
            Reader::Care { facility, mut opened, .. } => {
                opened.insert(further);
                Reader::Care { facility, opened, data_from: None, data_until: None }
            }
            other => other,
        };
        case.on(case.today, |forecast| {
            let told = |reader: &Reader, within| {
                named(&forecast.told_to(reader, case.today, within).items)
            };
            let (before, after) = (told(&reader, within), told(&wider, within.saturating_add(ahead)));
            prop_assert!(before.is_subset(&after), "{:?}", before.difference(&after));
            Ok(())
        })?;
    }

    /// A guardian is told the plan as it is.
    #[test]
    fn a_guardian_is_told_everything(case in cases(), within in 0_u32..400) {
        case.on(case.today, |forecast| {
            let list = forecast.told_to(&Reader::Guardian, case.today, within);
            prop_assert_eq!(named(&list.items), named(&forecast.items));
            for (told, item) in list.items.iter().zip(&forecast.items) {
                prop_assert_eq!(of_a_record(told), of_a_record(item));
                prop_assert_eq!(told.reason, item.reason);
            }
            let silent: BTreeSet<Track> = list.without_record.iter().copied().collect();
            prop_assert_eq!(silent, unrecorded(forecast, &case));
            Ok(())
        })?;
    }
}

/// The strategies above meet what they are about: else the properties would hold of nothing.
#[test]
fn the_cases_are_worth_asking() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut met: BTreeSet<(bool, Status)> = BTreeSet::new();
    for _ in 0..300 {
        let tree = asked().new_tree(&mut runner).unwrap();
        let (case, (reader, within)) = tree.current();
        case.on(case.today, |forecast| {
            let told = named(&forecast.told_to(&reader, case.today, within).items);
            for item in &forecast.items {
                let is_told = told.contains(&name(item));
                met.insert((is_told, item.status));
            }
        });
    }
    for status in [Status::Due, Status::Overdue, Status::Upcoming] {
        assert!(met.contains(&(true, status)) && met.contains(&(false, status)));
    }
    for status in [Status::Done, Status::Contraindicated, Status::AgedOut] {
        assert!(met.contains(&(false, status)), "{status:?}");
    }
}
