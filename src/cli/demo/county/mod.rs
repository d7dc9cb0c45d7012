//! The example county: everything the demonstration, the tests and a newcomer's first push need,
//! from one seed and one day. The same seed and day give the same bytes on every machine.
//!
//! All of it is synthetic, and looks it: no name, number or place belongs to anyone.

mod examinations;
mod files;
mod growth;
mod numbers;
mod people;

use chrono::{Months, NaiveDate};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng, seq::SliceRandom};

pub use examinations::{coded, quantity};
pub use files::{FileError, Files};
pub use numbers::DIVISION;
pub use people::{CHILDREN, Child, Facility, Organization};

use crate::rpc::wire::{CheckUp, CheckUpStatus, PushRequest};
use examinations::{Fate, examinations};
use growth::Drift;

/// The medical institutions that export files, by the key of their organization.
pub const SOURCES: [&str; 3] = ["hospital-a", "hospital-b", "mch"];

/// A record and what it says after its correction.
#[derive(Clone, PartialEq)]
pub struct Correction {
    /// Whose child it is.
    pub child: usize,
    /// Which source sent it, as an index of [`SOURCES`].
    pub source: usize,
    /// The next revision, status corrected.
    pub row: PushRequest,
}

/// Who plays which part; the numbers are places in [`County::children`].
#[derive(Clone, PartialEq)]
pub struct Story {
    /// Its allergy was found months before it came into care; enrolled after the push.
    pub found_before_enrolment: usize,
    /// Its guardian withdraws the consent.
    pub withdraws: usize,
    /// Enrolled, but the guardian has not consented.
    pub without_consent: usize,
    /// Not registered when its check-ups arrive: they wait, and are claimed.
    pub registered_late: usize,
    /// A low haemoglobin was a typing error.
    pub corrected: Correction,
}

/// The example county.
#[derive(Clone, PartialEq)]
pub struct County {
    /// The day everything is seen from.
    pub today: NaiveDate,
    /// The commission first, then institutions, then facilities.
    pub organizations: Vec<Organization>,
    /// Two hundred children, 6 to 40 months old.
    pub children: Vec<Child>,
    /// What each of [`SOURCES`] would export, in order of date: rows without parent and key.
    pub exports: [Vec<PushRequest>; 3],
    /// Who plays which part.
    pub story: Story,
}

/// The parts of the story: child, age in months today, fate. Each is in care in the public facility.
const PARTS: [(usize, u32, Fate); 5] = [
    (
        FOUND_BEFORE,
        14,
        Fate {
            milk_allergy_at: Some(4),
            ..QUIET
        },
    ),
    (
        WITHDRAWS,
        26,
        Fate {
            asthma_at: Some(21),
            anaemic_at: Some(18),
            ..QUIET
        },
    ),
    (
        CORRECTED,
        20,
        Fate {
            anaemic_at: Some(18),
            ..QUIET
        },
    ),
    (
        WITHOUT_CONSENT,
        23,
        Fate {
            febrile_seizure_at: Some(15),
            ..QUIET
        },
    ),
    (
        REGISTERED_LATE,
        22,
        Fate {
            febrile_seizure_at: Some(15),
            ..QUIET
        },
    ),
];
const FOUND_BEFORE: usize = 0;
const WITHDRAWS: usize = 1;
const CORRECTED: usize = 2;
const WITHOUT_CONSENT: usize = 3;
const REGISTERED_LATE: usize = 4;

const QUIET: Fate = Fate {
    anaemic_at: None,
    milk_allergy_at: None,
    febrile_seizure_at: None,
    asthma_at: None,
    drift: None,
    deaf_at: None,
};

/// How many children each facility cares for.
const IN_CARE: [(Facility, usize); 3] = [
    (Facility::Public, 60),
    (Facility::Community, 25),
    (Facility::Home, 5),
];

impl County {
    /// The county of a seed, as it stands on a day.
    #[must_use]
    pub fn generate(seed: u64, today: NaiveDate) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut children = Vec::with_capacity(CHILDREN);
        let mut fates = Vec::with_capacity(CHILDREN);
        for nth in 0..CHILDREN {
            let part = PARTS.iter().find(|(child, ..)| *child == nth);
            let age = part.map_or_else(|| chance.random_range(6..=40), |(_, age, _)| *age);
            children.push(people::child(nth, age, today, &mut chance));
            let drawn = fate(&mut chance);
            fates.push(part.map_or(drawn, |(.., fate)| *fate));
        }
        place_in_care(&mut children, today);
        let mut records: Vec<(usize, usize, CheckUp)> = Vec::new();
        for (nth, child) in children.iter().enumerate() {
            let home = draw_source(&mut chance);
            for check_up in examinations(child, fates[nth], today, &mut chance) {
                let elsewhere = chance.random_bool(0.2);
                let source = if elsewhere {
                    draw_source(&mut chance)
                } else {
                    home
                };
                records.push((source, nth, check_up));
            }
        }
        // An export is in order of date; within a day in no order anyone knows.
        records.shuffle(&mut chance);
        records.sort_by(|(.., a), (.., b)| a.date.cmp(&b.date));
        let mut exports: [Vec<PushRequest>; 3] = Default::default();
        let mut corrected = None;
        for (source, child, mut check_up) in records {
            let export = &mut exports[source];
            check_up.record_id = format!("{}-{:05}", ["A", "B", "M"][source], export.len() + 1);
            if child == CORRECTED && check_up.visit == "V18" {
                corrected = Some(Correction {
                    child,
                    source,
                    row: correct(&check_up),
                });
            }
            export.push(PushRequest {
                check_up: Some(check_up),
                ..PushRequest::default()
            });
        }
        let nothing = Correction {
            child: CORRECTED,
            source: 0,
            row: PushRequest::default(),
        };
        Self {
            today,
            organizations: people::organizations(),
            children,
            exports,
            story: Story {
                found_before_enrolment: FOUND_BEFORE,
                withdraws: WITHDRAWS,
                without_consent: WITHOUT_CONSENT,
                registered_late: REGISTERED_LATE,
                // A child of twenty months has had its visit of eighteen; a test holds it.
                corrected: corrected.unwrap_or(nothing),
            },
        }
    }

    /// The children in care in one facility, as places in [`County::children`].
    pub fn in_care(&self, facility: Facility) -> impl Iterator<Item = usize> + '_ {
        let here =
            move |(nth, child): (usize, &Child)| (child.facility == Some(facility)).then_some(nth);
        self.children.iter().enumerate().filter_map(here)
    }

    /// How many check-ups the three sources hold together.
    #[must_use]
    pub fn check_ups(&self) -> usize {
        self.exports.iter().map(Vec::len).sum()
    }
}

/// What befalls a child that plays no part, in about the share it befalls children.
fn fate(chance: &mut dyn RngCore) -> Fate {
    let mut at = |share: f64, months: &[u32]| {
        let month = months[chance.random_range(0..months.len())];
        chance.random_bool(share).then_some(month)
    };
    let mut fate = Fate {
        anaemic_at: at(0.16, &[8, 18, 30]),
        milk_allergy_at: at(0.02, &[4, 5]),
        febrile_seizure_at: at(0.02, &[15, 21]),
        asthma_at: at(0.015, &[21, 27]),
        deaf_at: at(0.03, &[6, 12, 24, 36]),
        drift: None,
    };
    fate.drift = match chance.random_range(0..100) {
        0..4 => Some(Drift::Down),
        4..9 => Some(Drift::Up),
        _ => None,
    };
    fate
}

/// The first free children of the right age, the story's in the public facility before all others.
fn place_in_care(children: &mut [Child], today: NaiveDate) {
    for (facility, places) in IN_CARE {
        let mut left = places;
        for child in children.iter_mut() {
            // 托育 is for children under three (托育机构设置标准).
            let young = child.birth + Months::new(35) > today;
            if left > 0 && young && child.facility.is_none() {
                child.facility = Some(facility);
                left -= 1;
            }
        }
    }
}

/// The hospitals see more children than the MCH centre.
fn draw_source(chance: &mut dyn RngCore) -> usize {
    match chance.random_range(0..10) {
        0..4 => 0,
        4..7 => 1,
        _ => 2,
    }
}

/// The same record with 126.0 g/L: the two middle digits had been swapped for another child's.
fn correct(check_up: &CheckUp) -> PushRequest {
    let mut corrected = check_up.clone();
    corrected.revision = 2;
    corrected.status = CheckUpStatus::Corrected.into();
    for found in &mut corrected.findings {
        if found.code == "HAEMOGLOBIN" {
            *found = quantity("HAEMOGLOBIN", 1_260, 1, "g/L");
        }
    }
    PushRequest {
        check_up: Some(corrected),
        ..PushRequest::default()
    }
}

#[cfg(test)]
mod domain_tests;
#[cfg(test)]
mod tests;
