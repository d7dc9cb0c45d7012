//! Absences: days away from care while enrolled, told by the facility. They are no key: nobody sees
//! more or less for them. A long one asks for a check before return, so the child is assessed anew
//! with what was told.

use chrono::NaiveDate;

use super::{
    caller::{self, Claim},
    change::{Change, LockedChild},
    claims,
    enrolments::lock_own,
    error::Error,
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    domain::{
        absence::{Absence, AbsenceDays, AbsenceRefusal, End},
        enrolment::Enrolment,
        id::Id,
        region::RegionCode,
    },
    store::{
        absences::{self, AbsenceRow},
        enrolments::{self, EnrolmentRow},
    },
};

impl From<AbsenceRefusal> for Error {
    fn from(refusal: AbsenceRefusal) -> Self {
        let field = |end| match end {
            End::First => "first_day",
            End::Last => "last_day",
        };
        match refusal {
            AbsenceRefusal::NotYetEnrolled => Reason::WrongState.into(),
            AbsenceRefusal::Inverted => Self::field("last_day", Reason::PeriodInverted),
            AbsenceRefusal::TooFar(end) => Self::field(field(end), Reason::DayTooFar),
            AbsenceRefusal::OutsideEnrolment(end) => {
                Self::field(field(end), Reason::AbsenceOutsideEnrolment)
            }
            AbsenceRefusal::Overlaps => Reason::AbsenceOverlaps.into(),
        }
    }
}

/// Records that a child of the calling facility is or was away, or, of an absence that is named,
/// other days. The same days again are the same absence.
pub async fn record(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    enrolment: Id<Enrolment>,
    corrected: Option<Id<Absence>>,
    days: AbsenceDays,
) -> Result<AbsenceRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_facility()?;
    let (child, of) = lock_own(&mut change, enrolment).await?;
    let known = of_enrolment(&mut change, &of).await?;
    let id = match corrected {
        Some(id) if known.iter().all(|row| row.id != id) => return Err(Reason::NotFound.into()),
        Some(id) => id,
        None => match known.iter().find(|row| row.days == days) {
            Some(same) => return Ok(same.clone()),
            None => Id::timed(change.now, &mut change.chance),
        },
    };
    keep(change, &child, &of, known, id, days).await
}

/// A child that was away is back: its last day away.
pub async fn end(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    absence: Id<Absence>,
    last_day: NaiveDate,
) -> Result<AbsenceRow, Error> {
    let (change, child, of, known, row) = lock_named(gateway, claim, region, absence).await?;
    let days = AbsenceDays {
        last_day: Some(last_day),
        ..row.days
    };
    keep(change, &child, &of, known, absence, days).await
}

/// An absence was recorded by mistake: the child was there.
pub async fn delete(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    absence: Id<Absence>,
) -> Result<(), Error> {
    let (mut change, child, ..) = lock_named(gateway, claim, region, absence).await?;
    absences::delete(&mut change.tx, region, absence).await?;
    finish(change, &child).await
}

/// The absences from the calling facility after `cursor`, or those of one enrolment there.
pub async fn list(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    enrolment: Option<Id<Enrolment>>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<AbsenceRow>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    caller.must_be_facility()?;
    let us = caller.organization;
    let rows = match enrolment {
        None => absences::list(&mut tx, region, us, cursor, limit).await?,
        Some(enrolment) => {
            let found = enrolments::find(&mut tx, region, enrolment).await?;
            let ours = found.is_some_and(|row| row.facility == us);
            if !ours {
                return Err(Reason::NotFound.into());
            }
            absences::of_enrolment(&mut tx, region, enrolment, cursor, limit).await?
        }
    };
    tx.rollback().await?;
    Ok(rows)
}

type Named = (
    Change,
    LockedChild,
    EnrolmentRow,
    Vec<AbsenceRow>,
    AbsenceRow,
);

/// An absence from the calling facility, under its child's lock, with all of its enrolment.
async fn lock_named(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    absence: Id<Absence>,
) -> Result<Named, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_facility()?;
    let found = absences::find(&mut change.tx, region, absence).await?;
    let found = found.ok_or(Reason::NotFound)?;
    let (child, of) = lock_own(&mut change, found.enrolment).await?;
    // Read again under the child's lock.
    let known = of_enrolment(&mut change, &of).await?;
    let row = known.iter().find(|row| row.id == absence).cloned();
    let row = row.ok_or(Reason::NotFound)?;
    Ok((change, child, of, known, row))
}

async fn of_enrolment(change: &mut Change, of: &EnrolmentRow) -> Result<Vec<AbsenceRow>, Error> {
    let mut rows = absences::of_children(&mut change.tx, change.region, &[of.child]).await?;
    rows.retain(|row| row.enrolment == of.id);
    Ok(rows)
}

async fn keep(
    mut change: Change,
    child: &LockedChild,
    of: &EnrolmentRow,
    known: Vec<AbsenceRow>,
    id: Id<Absence>,
    days: AbsenceDays,
) -> Result<AbsenceRow, Error> {
    let others = known.iter().filter(|row| row.id != id).map(|row| row.days);
    let today = change.settings.zone.day(change.now);
    days.check(of.state, others, today)?;
    let row = AbsenceRow {
        id,
        enrolment: of.id,
        child: of.child,
        facility: of.facility,
        days,
    };
    let by = change.caller.actor_id();
    absences::keep(&mut change.tx, change.region, &row, by, change.now).await?;
    finish(change, child).await?;
    Ok(row)
}

/// Assesses the child with what is now known of it, and delivers.
async fn finish(mut change: Change, child: &LockedChild) -> Result<(), Error> {
    claims::reassess(&mut change, child).await?;
    change.commit().await
}
