//! Practitioners, and their assignment to facilities under an agreement in force.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::{
    agreements,
    caller::{self, Claim},
    change::{Change, KeyChange},
    error::{Error, Problem},
    gateway::Gateway,
    keyring::RegionKeys,
    reason::Reason,
};
use crate::{
    domain::{
        actor::{Expertise, LicenceKind, Practitioner},
        agreement::Agreement,
        assignment::{Assignment, Duty},
        id::Id,
        identifier::{NurseLicenceNo, PhysicianLicenceNo},
        organization::OrganizationKind,
        region::RegionCode,
    },
    ledger::{KeyKind, KeyState},
    store::{
        agreements as agreement_rows,
        practitioners::{self, AssignmentRow, PractitionerRow},
    },
    vault::{self, Place},
};

/// A licence number, checked for its kind. Personal.
pub enum Licence {
    /// 医师执业证书.
    Physician(PhysicianLicenceNo),
    /// 护士执业证书.
    Nurse(NurseLicenceNo),
}

impl Licence {
    fn number(&self) -> &str {
        match self {
            Self::Physician(no) => no.as_str(),
            Self::Nurse(no) => no.as_str(),
        }
    }

    fn kind(&self) -> LicenceKind {
        match self {
            Self::Physician(_) => LicenceKind::Physician,
            Self::Nurse(_) => LicenceKind::Nurse,
        }
    }
}

/// A practitioner to be registered. Personal.
pub struct NewPractitioner {
    /// The name.
    pub display_name: Zeroizing<String>,
    /// The licence.
    pub licence: Licence,
    /// What the practitioner is versed in.
    pub fields: BTreeSet<Expertise>,
}

/// A practitioner, opened for its employer or the commission. Personal.
pub struct NamedPractitioner {
    /// The row.
    pub row: PractitionerRow,
    /// The name.
    pub display_name: String,
    /// The last four characters of the licence number.
    pub licence_end: String,
}

/// Registers a practitioner the calling institution employs.
pub async fn register(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    new: NewPractitioner,
) -> Result<NamedPractitioner, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_medical()?;
    let id: Id<Practitioner> = Id::timed(change.now, &mut change.chance);
    let number = new.licence.number();
    let personal = serde_json::json!([new.display_name.as_str(), number]).to_string();
    let (region_text, row) = (region.to_string(), id.to_string());
    let place = place(&region_text, &row);
    let sealed = vault::seal(
        &change.keys.staff,
        &place,
        personal.as_bytes(),
        &mut change.chance,
    )?;
    let index = gateway.keyring().index();
    let kind = new.licence.kind();
    let row = PractitionerRow {
        id,
        employer: change.caller.organization,
        licence_kind: kind,
        licence_index: index
            .blind_index("licence", kind.as_str(), number)
            .as_str()
            .to_owned(),
        fields: new.fields,
        sealed,
    };
    if !practitioners::insert(&mut change.tx, region, &row, change.now).await? {
        return Err(Reason::PractitionerExists.into());
    }
    let opened = open(&change.keys, region, row)?;
    change.commit().await?;
    Ok(opened)
}

/// The calling institution's practitioners, or the region's for the commission, after `cursor`.
pub async fn list(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    cursor: &str,
    limit: i64,
) -> Result<Vec<NamedPractitioner>, Error> {
    let mut tx = gateway.store().begin().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    let commission = caller.kind == OrganizationKind::HealthCommission;
    caller.must_be(|kind| kind.is_medical() || commission)?;
    let employer = (!commission).then_some(caller.organization);
    let rows = practitioners::list(&mut tx, region, employer, cursor, limit).await?;
    let mut chance = gateway.own_chance();
    let keys = gateway
        .keyring()
        .region(&mut tx, region, &mut chance)
        .await?;
    tx.commit().await?;
    gateway.keyring().keep(region, keys.clone());
    rows.into_iter()
        .map(|row| open(&keys, region, row))
        .collect()
}

fn place<'a>(region: &'a str, row: &'a str) -> Place<'a> {
    Place {
        table: "practitioners",
        region,
        row,
        column: "sealed",
    }
}

fn open(
    keys: &RegionKeys,
    region: RegionCode,
    row: PractitionerRow,
) -> Result<NamedPractitioner, Error> {
    let (region, id) = (region.to_string(), row.id.to_string());
    let plain = vault::open(&keys.staff, &place(&region, &id), &row.sealed)?;
    let (display_name, number): (String, String) =
        serde_json::from_slice(&plain).map_err(|_| Error::Broken("a practitioner's name"))?;
    let licence_end = number
        .get(number.len().saturating_sub(4)..)
        .unwrap_or_default()
        .to_owned();
    Ok(NamedPractitioner {
        row,
        display_name,
        licence_end,
    })
}

/// An assignment to be made.
pub struct NewAssignment {
    /// Who serves.
    pub practitioner: Id<Practitioner>,
    /// Under which agreement; it names the facility.
    pub agreement: Id<Agreement>,
    /// When it holds.
    pub duty: Duty,
}

/// Assigns a practitioner to the facility of an agreement that is in force: by the institution that
/// employs the practitioner, or by the commission.
pub async fn assign(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    new: NewAssignment,
) -> Result<AssignmentRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    let us = change.caller.organization;
    let commission = change.caller.kind == OrganizationKind::HealthCommission;
    let agreement = agreement_rows::find(&mut change.tx, region, new.agreement).await?;
    let agreement = agreement
        .filter(|a| commission || a.terms.institution == us)
        .ok_or_else(|| Error::field("assignment.agreement", Reason::NotFound))?;
    agreements::holds(&agreement, &change.settings, change.now)
        .map_err(|_| Reason::AgreementNotInForce)?;
    if !agreement.parties_active {
        return Err(Reason::AgreementNotInForce.into());
    }
    let practitioner = practitioners::find(&mut change.tx, region, new.practitioner).await?;
    practitioner
        .filter(|p| p.employer == agreement.terms.institution)
        .ok_or_else(|| Error::field("assignment.practitioner", Reason::NotFound))?;
    let mut problems = Vec::new();
    if new.duty.first_day < agreement.terms.first_day {
        problems.push(("assignment.first_day", Reason::FieldOutOfRange));
    }
    let today = change.settings.zone.day(change.now);
    if new.duty.last_day > agreement.terms.last_day || new.duty.last_day < today {
        problems.push(("assignment.last_day", Reason::FieldOutOfRange));
    }
    if !problems.is_empty() {
        let problem = |(field, reason)| Problem::new(field, reason);
        return Err(Error::Invalid(problems.into_iter().map(problem).collect()));
    }
    let row = AssignmentRow {
        id: Id::timed(change.now, &mut change.chance),
        practitioner: new.practitioner,
        agreement: new.agreement,
        institution: agreement.terms.institution,
        facility: agreement.terms.facility,
        duty: new.duty,
    };
    practitioners::assign(&mut change.tx, region, &row, change.now).await?;
    let zone = change.settings.zone;
    let open = KeyState::Open {
        from: zone.start(row.duty.first_day).timestamp_micros(),
        until: Some(zone.end(row.duty.last_day).timestamp_micros()),
    };
    leaf(&mut change, &row, open, "ASSIGNMENT_CREATED")?;
    // Urgent alerts of before its first day go to it too, and after its last day it holds none.
    let first = zone.start(row.duty.first_day).max(change.now);
    for due in [first, zone.end(row.duty.last_day)] {
        change.backfill(row.facility, due).await?;
    }
    change.commit().await?;
    Ok(row)
}

/// Ends an assignment at once: by the institution or the commission.
pub async fn end(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    id: Id<Assignment>,
    reason: String,
) -> Result<AssignmentRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    let us = change.caller.organization;
    let commission = change.caller.kind == OrganizationKind::HealthCommission;
    let row = practitioners::find_assignment(&mut change.tx, region, id).await?;
    let mut row = row
        .filter(|row| commission || row.institution == us)
        .ok_or(Reason::NotFound)?;
    let now = change.now;
    if !practitioners::end_assignment(&mut change.tx, region, id, reason, now).await? {
        return Err(Reason::WrongState.into());
    }
    row.duty.ended = Some(now);
    leaf(&mut change, &row, KeyState::Closed, "ASSIGNMENT_ENDED")?;
    change.backfill(row.facility, now).await?;
    change.commit().await?;
    Ok(row)
}

/// Assignments the caller has a part in, or the region's for the commission, after `cursor`.
pub async fn assignments(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    cursor: &str,
    limit: i64,
) -> Result<Vec<AssignmentRow>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    let party = (caller.kind != OrganizationKind::HealthCommission).then_some(caller.organization);
    let rows = practitioners::list_assignments(&mut tx, region, party, cursor, limit).await?;
    tx.rollback().await?;
    Ok(rows)
}

fn leaf(
    change: &mut Change,
    row: &AssignmentRow,
    state: KeyState,
    what: &'static str,
) -> Result<(), Error> {
    change.record(KeyChange {
        kind: KeyKind::Assignment,
        id: row.id.to_string(),
        change: what,
        state,
        facts: vec![
            ("practitioner".to_owned(), row.practitioner.to_string()),
            ("facility".to_owned(), row.facility.to_string()),
            ("agreement".to_owned(), row.agreement.to_string()),
        ],
        child: None,
    })
}
