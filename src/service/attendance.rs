//! Attendance: a child's days in care and away from it, as schedules read them.

use std::collections::BTreeMap;

use super::error::Error;
use crate::{
    clinical::schedule::{Absence, CareSpan},
    domain::{
        absence::AbsenceDays, child::Child, enrolment::Enrolment, id::Id, region::RegionCode,
    },
    store::{Tx, absences, enrolments},
};

/// A child's days in care, and away from it while enrolled, at any facility.
#[derive(Default)]
pub struct Attendance {
    /// In care, or expected in care.
    pub care: Vec<CareSpan>,
    /// Away; what was told in pieces that go on from one another is one absence.
    pub absences: Vec<Absence>,
}

impl Attendance {
    /// Adds a stay with the absences from it, told in any order.
    pub fn add(&mut self, care: CareSpan, told: Vec<AbsenceDays>) {
        self.care.push(care);
        let absences = AbsenceDays::joined(told).into_iter();
        self.absences.extend(absences.map(|days| Absence {
            care,
            first_day: days.first_day,
            last_day: days.last_day,
        }));
    }
}

/// Reads children's days; who was never enrolled is left out.
pub async fn of(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<BTreeMap<Id<Child>, Attendance>, Error> {
    let mut told: BTreeMap<Id<Enrolment>, Vec<AbsenceDays>> = BTreeMap::new();
    for row in absences::of_children(tx, region, children).await? {
        told.entry(row.enrolment).or_default().push(row.days);
    }
    let mut attendance: BTreeMap<Id<Child>, Attendance> = BTreeMap::new();
    for stay in enrolments::stays(tx, region, children).await? {
        let care = CareSpan {
            facility: Some(stay.facility),
            first_day: stay.first_day,
            last_day: stay.last_day,
        };
        let told = told.remove(&stay.enrolment).unwrap_or_default();
        attendance.entry(stay.child).or_default().add(care, told);
    }
    Ok(attendance)
}
