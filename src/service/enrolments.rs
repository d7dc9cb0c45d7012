//! Enrolments: expected, active, left. Each is a key, and turns at the days it names.

use chrono::NaiveDate;

use super::{
    caller::{self, Claim},
    change::{Change, KeyChange, LockedChild},
    error::Error,
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    domain::{
        child::Child,
        enrolment::{CareKind, Enrolment, EnrolmentRefusal, EnrolmentState},
        id::Id,
        region::RegionCode,
    },
    ledger::{KeyKind, KeyState},
    store::{
        assessments, consents,
        enrolments::{self, EnrolmentRow},
    },
};

/// Which child, how much, and from when.
pub struct Placement {
    /// The child.
    pub child: Id<Child>,
    /// How much.
    pub care: CareKind,
    /// First (or expected first) day.
    pub first_day: NaiveDate,
}

impl From<EnrolmentRefusal> for Error {
    fn from(refusal: EnrolmentRefusal) -> Self {
        match refusal {
            EnrolmentRefusal::AlreadyActive => Reason::EnrolmentExists.into(),
            EnrolmentRefusal::Ended => Reason::WrongState.into(),
            EnrolmentRefusal::LeavesBeforeFirstDay => {
                Self::field("last_day", Reason::PeriodInverted)
            }
        }
    }
}

/// The calling facility expects a child.
pub async fn expect(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    placement: Placement,
) -> Result<EnrolmentRow, Error> {
    let (mut change, child) = begin(gateway, claim, region, &placement).await?;
    if standing(&mut change, &placement).await?.is_some() {
        return Err(Reason::EnrolmentExists.into());
    }
    let state = EnrolmentState::Expected {
        first_day: placement.first_day,
    };
    let row = create(&mut change, &placement, state).await?;
    finish(change, row, &child, "CHILD_EXPECTED").await
}

/// The calling facility enrols a child; one that it expected becomes active.
pub async fn enrol(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    placement: Placement,
) -> Result<EnrolmentRow, Error> {
    let (mut change, child) = begin(gateway, claim, region, &placement).await?;
    let row = match standing(&mut change, &placement).await? {
        Some(mut row) => {
            row.state = row.state.enrol(placement.first_day)?;
            row.care = placement.care;
            enrolments::update(&mut change.tx, region, &row).await?;
            row
        }
        None => {
            let state = EnrolmentState::Active {
                first_day: placement.first_day,
            };
            create(&mut change, &placement, state).await?
        }
    };
    finish(change, row, &child, "CHILD_ENROLLED").await
}

/// A child of the calling facility leaves: its last day in care.
pub async fn leave(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    enrolment: Id<Enrolment>,
    last_day: NaiveDate,
) -> Result<EnrolmentRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_facility()?;
    let (child, mut row) = lock_own(&mut change, enrolment).await?;
    let today = change.settings.zone.day(change.now);
    row.state = row.state.leave(last_day, today)?;
    enrolments::update(&mut change.tx, region, &row).await?;
    end_consent(&mut change, &child, &row, last_day).await?;
    finish(change, row, &child, "CHILD_LEAVES").await
}

/// An enrolment at the calling facility, under its child's lock. One that is not there and another
/// facility's are refused alike.
pub(super) async fn lock_own(
    change: &mut Change,
    enrolment: Id<Enrolment>,
) -> Result<(LockedChild, EnrolmentRow), Error> {
    let (region, us) = (change.region, change.caller.organization);
    let found = enrolments::find(&mut change.tx, region, enrolment).await?;
    let found = found
        .filter(|row| row.facility == us)
        .ok_or(Reason::NotFound)?;
    let child = change
        .lock_child(found.child)
        .await?
        .ok_or(Reason::NotFound)?;
    // Read again under the child's lock.
    let row = enrolments::find(&mut change.tx, region, enrolment).await?;
    Ok((child, row.ok_or(Reason::NotFound)?))
}

/// A consent ends with the enrolment it was given for: a child that comes again needs a new one.
async fn end_consent(
    change: &mut Change,
    child: &LockedChild,
    row: &EnrolmentRow,
    last_day: NaiveDate,
) -> Result<(), Error> {
    let region = change.region;
    let consent = consents::granted(&mut change.tx, region, row.child, row.facility).await?;
    let Some(consent) = consent else {
        return Ok(());
    };
    if !consents::shorten(&mut change.tx, region, consent.id, last_day).await? {
        return Ok(());
    }
    let zone = change.settings.zone;
    let (from, until) = (zone.start(consent.grant.first_day), zone.end(last_day));
    let state = if until <= change.now || until <= from {
        KeyState::Closed
    } else {
        KeyState::Open {
            from: from.timestamp_micros(),
            until: Some(until.timestamp_micros()),
        }
    };
    change.record(KeyChange {
        kind: KeyKind::Consent,
        id: consent.id.to_string(),
        change: "CONSENT_ENDS_WITH_ENROLMENT",
        state,
        facts: vec![("recipient".to_owned(), row.facility.to_string())],
        child: Some(&child.key),
    })
}

/// The calling facility's enrolments after `cursor`.
pub async fn list(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    cursor: &str,
    limit: i64,
) -> Result<Vec<EnrolmentRow>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    caller.must_be_facility()?;
    let rows = enrolments::list(&mut tx, region, caller.organization, cursor, limit).await?;
    tx.rollback().await?;
    Ok(rows)
}

async fn begin(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    placement: &Placement,
) -> Result<(Change, LockedChild), Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_facility()?;
    let child = change.lock_child(placement.child).await?;
    let child = child.ok_or(Reason::NotFound)?;
    if placement.first_day < child.row.birth_date {
        return Err(Error::field("first_day", Reason::FieldOutOfRange));
    }
    Ok((change, child))
}

/// The child's enrolment here that the placement meets: one that is open, or that ends later than
/// the placement begins.
async fn standing(
    change: &mut Change,
    placement: &Placement,
) -> Result<Option<EnrolmentRow>, Error> {
    let (region, us) = (change.region, change.caller.organization);
    let Placement {
        child, first_day, ..
    } = *placement;
    Ok(enrolments::standing(&mut change.tx, region, child, us, first_day).await?)
}

async fn create(
    change: &mut Change,
    placement: &Placement,
    state: EnrolmentState,
) -> Result<EnrolmentRow, Error> {
    let row = EnrolmentRow {
        id: Id::timed(change.now, &mut change.chance),
        child: placement.child,
        facility: change.caller.organization,
        care: placement.care,
        state,
    };
    enrolments::insert(&mut change.tx, change.region, &row, change.now).await?;
    Ok(row)
}

/// Writes the leaf, and has inboxes brought in line now and at the days the enrolment names.
async fn finish(
    mut change: Change,
    row: EnrolmentRow,
    child: &LockedChild,
    what: &'static str,
) -> Result<EnrolmentRow, Error> {
    // Whether an entry check is missing depends on the days in care.
    let today = change.settings.zone.day(change.now);
    assessments::wake(&mut change.tx, change.region, row.child, today).await?;
    let zone = change.settings.zone;
    let begins = zone.start(row.state.first_day());
    let ends = row.state.last_day().map(|day| zone.end(day));
    // An expected child's enrolment is a key at once, for the entry check.
    let from = match row.state {
        EnrolmentState::Expected { .. } => change.now,
        _ => begins.min(change.now),
    };
    let state = match ends {
        // Over, or of a child that never came.
        Some(end) if end <= change.now || end <= begins => KeyState::Closed,
        until => KeyState::Open {
            from: from.timestamp_micros(),
            until: until.map(|end| end.timestamp_micros()),
        },
    };
    change.record(KeyChange {
        kind: KeyKind::Enrolment,
        id: row.id.to_string(),
        change: what,
        state,
        facts: vec![("facility".to_owned(), row.facility.to_string())],
        child: Some(&child.key),
    })?;
    change.at(row.child, begins).await?;
    if let Some(end) = ends {
        change.at(row.child, end).await?;
    }
    change.touch(row.child);
    change.commit().await?;
    Ok(row)
}
