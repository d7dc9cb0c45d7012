//! Consents: granted by a guardian's one-time code, or recorded with evidence by an institution that
//! is not the recipient; withdrawn at once (PIPL art. 14, 15, 23, 29, 31).

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{
    caller::{self, Caller, Claim},
    change::{Change, KeyChange, LockedChild},
    error::{Error, Problem},
    gateway::Gateway,
    guardian_codes,
    guardianships::must_serve,
    reason::Reason,
};
use crate::{
    domain::{
        alert::Category,
        child::{Child, fourteenth_birthday},
        consent::{Consent, ConsentMode, ConsentState},
        guardianship::Guardianship,
        id::Id,
        organization::{Organization, OrganizationKind},
        purpose::Purpose,
        region::RegionCode,
    },
    ledger::{KeyKind, KeyState},
    pki::GuardianCode,
    store::{
        Tx,
        consents::{self, ConsentRow, Grant},
        enrolments, guardianships, organizations,
    },
};

/// The longest validity, in days (domain reference 5.3: a year).
pub const LONGEST_DAYS: u64 = 366;

/// How a guardian's decision reaches the gateway.
pub enum Evidence {
    /// By the guardian's one-time code.
    Code(GuardianCode),
    /// By a document the recording institution keeps.
    Document(String),
}

/// What a guardian wishes to grant; without a first day it begins today.
pub struct Wish {
    /// The child.
    pub child: Id<Child>,
    /// To whom.
    pub recipient: Id<Organization>,
    /// Named source institutions; none means all that an agreement covers.
    pub sources: BTreeSet<Id<Organization>>,
    /// Purposes.
    pub purposes: BTreeSet<Purpose>,
    /// Categories.
    pub categories: BTreeSet<Category>,
    /// How much the recipient may do.
    pub mode: ConsentMode,
    /// Check-ups from this day on.
    pub data_from: Option<NaiveDate>,
    /// Check-ups up to this day.
    pub data_until: Option<NaiveDate>,
    /// First day of validity.
    pub first_day: Option<NaiveDate>,
    /// Last day of validity, included.
    pub last_day: NaiveDate,
    /// Version of the notice the guardian was shown.
    pub notice_version: String,
}

impl Wish {
    fn from(self, today: NaiveDate) -> Grant {
        Grant {
            child: self.child,
            recipient: self.recipient,
            sources: self.sources,
            purposes: self.purposes,
            categories: self.categories,
            mode: self.mode,
            data_from: self.data_from,
            data_until: self.data_until,
            first_day: self.first_day.unwrap_or(today),
            last_day: self.last_day,
            notice_version: self.notice_version,
        }
    }
}

/// Grants a consent. One that is granted to the same recipient already is superseded.
pub async fn grant(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    guardianship: Option<Id<Guardianship>>,
    wish: Wish,
    evidence: Evidence,
) -> Result<ConsentRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    let now = change.now;
    let grant = wish.from(change.settings.zone.day(now));
    check(&mut change, &grant).await?;
    let child = change.lock_child(grant.child).await?;
    // Asked of a child that is not there too, so that a stranger hears the same of both.
    let spoken = speaks(&mut change, &grant, child.as_ref(), guardianship, evidence).await?;
    let (guardianship, evidence) = spoken;
    let child = child.ok_or(Reason::GuardianshipNotHeld)?;
    let grant = until_it_leaves(&mut change, grant).await?;
    if let Some(former) =
        consents::granted(&mut change.tx, region, grant.child, grant.recipient).await?
    {
        let state = ConsentState::Superseded { at: now };
        consents::end(&mut change.tx, region, former.id, state, None).await?;
        leaf(
            &mut change,
            &former,
            KeyState::Closed,
            &child,
            "CONSENT_SUPERSEDED",
        )?;
    }
    let row = ConsentRow {
        id: Id::timed(now, &mut change.chance),
        guardianship,
        grant,
        recorded_by: change.caller.organization,
        evidence,
        state: ConsentState::Granted,
        end_evidence: None,
        granted: now,
    };
    consents::insert(&mut change.tx, region, &row).await?;
    let zone = change.settings.zone;
    let begins = zone.start(row.grant.first_day);
    // From the fourteenth birthday on a guardian's consent no longer speaks (PIPL art. 31).
    let grown = zone.start(fourteenth_birthday(child.row.birth_date));
    let ends = zone.end(row.grant.last_day).min(grown);
    let open = KeyState::Open {
        from: begins.timestamp_micros(),
        until: Some(ends.timestamp_micros()),
    };
    leaf(&mut change, &row, open, &child, "CONSENT_GRANTED")?;
    change.at(row.grant.child, begins).await?;
    change.at(row.grant.child, ends).await?;
    change.touch(row.grant.child);
    change.commit().await?;
    Ok(row)
}

/// A consent ends with the enrolment it is given for: where the child is about to leave the recipient
/// and has no other enrolment there, with its last day.
async fn until_it_leaves(change: &mut Change, mut grant: Grant) -> Result<Grant, Error> {
    let (region, today) = (change.region, change.settings.zone.day(change.now));
    let (child, recipient) = (grant.child, grant.recipient);
    let standing = enrolments::standing(&mut change.tx, region, child, recipient, today).await?;
    let leaves = standing.and_then(|row| row.state.last_day());
    // What begins after that day is for when the child comes again.
    if let Some(last_day) = leaves.filter(|&day| grant.first_day <= day) {
        grant.last_day = grant.last_day.min(last_day);
    }
    Ok(grant)
}

/// Every problem of what is wished, without a look at the child.
async fn check(change: &mut Change, grant: &Grant) -> Result<(), Error> {
    let mut problems = Vec::new();
    let mut refuse = |field: &str, reason| problems.push(Problem::new(field, reason));
    let longest = grant.first_day.checked_add_days(Days::new(LONGEST_DAYS));
    if grant.last_day < grant.first_day {
        refuse("consent.last_day", Reason::PeriodInverted);
    } else if longest.is_none_or(|longest| longest < grant.last_day) {
        refuse("consent.last_day", Reason::PeriodTooLong);
    } else if grant.last_day < change.settings.zone.day(change.now) {
        refuse("consent.last_day", Reason::FieldOutOfRange);
    }
    if let (Some(from), Some(until)) = (grant.data_from, grant.data_until)
        && until < from
    {
        refuse("consent.data_until", Reason::PeriodInverted);
    }
    if grant.purposes.is_empty() {
        refuse("consent.purposes", Reason::FieldRequired);
    }
    if grant.categories.is_empty() {
        refuse("consent.categories", Reason::FieldRequired);
    }
    let facility: fn(OrganizationKind) -> bool = OrganizationKind::is_facility;
    let parties = std::iter::once(("consent.recipient".to_owned(), grant.recipient, facility));
    let sources = grant.sources.iter().enumerate().map(|(at, source)| {
        let medical: fn(OrganizationKind) -> bool = OrganizationKind::is_medical;
        (format!("consent.sources[{at}]"), *source, medical)
    });
    let (region, now) = (change.region, change.now);
    for (field, id, fits) in parties.chain(sources) {
        match organizations::find(&mut change.tx, region, id, now).await? {
            None => refuse(&field, Reason::NotFound),
            Some(found) if !fits(found.organization.kind) => {
                refuse(&field, Reason::WrongOrganizationKind);
            }
            Some(_) => {}
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(problems))
    }
}

/// Who speaks for the child, and on what evidence. Never the recipient on its own word.
async fn speaks(
    change: &mut Change,
    grant: &Grant,
    child: Option<&LockedChild>,
    named: Option<Id<Guardianship>>,
    evidence: Evidence,
) -> Result<(Id<Guardianship>, String), Error> {
    let (region, now) = (change.region, change.now);
    let all = guardianships::of_child(&mut change.tx, region, grant.child).await?;
    let (id, evidence) = match evidence {
        Evidence::Code(code) => {
            let digest = guardian_codes::digest(change.gateway(), region, &code);
            let by = (change.caller.organization, change.caller.actor_id());
            let of = guardianships::use_code(&mut change.tx, region, &digest, grant.child, by, now)
                .await?;
            let of = of.ok_or(Reason::GuardianCodeInvalid)?;
            if named.is_some_and(|named| named != of) {
                return Err(Reason::GuardianCodeInvalid.into());
            }
            (of, "CODE".to_owned())
        }
        Evidence::Document(document) => {
            if change.caller.organization == grant.recipient {
                return Err(Reason::RecipientCannotRecord.into());
            }
            change
                .caller
                .must_be(|kind| kind.is_medical() || kind == OrganizationKind::HealthCommission)?;
            let named =
                named.ok_or_else(|| Error::field("consent.guardianship", Reason::FieldRequired))?;
            // As for a code: before whom no guardian of the child has reason to stand has no paper of one.
            let office = change.caller.kind == OrganizationKind::HealthCommission;
            if !office {
                let of = all.iter().find(|g| g.id == named);
                must_serve(change, grant.child, of, Reason::GuardianshipNotHeld).await?;
            }
            (named, document)
        }
    };
    let today = change.settings.zone.day(now);
    let speaks = all.iter().any(|g| g.id == id && g.speaks_on(today));
    // While anybody disputes who speaks for the child, nothing may replace its last undisputed
    // consent: urgent safety alerts rest on that one.
    let disputed = all
        .iter()
        .any(|g| g.ended.is_none() && g.disputed.is_some());
    let grown = child.is_some_and(|c| today >= fourteenth_birthday(c.row.birth_date));
    if speaks && !disputed && !grown {
        Ok((id, evidence))
    } else {
        Err(Reason::GuardianshipNotHeld.into())
    }
}

/// Withdraws a consent: by a guardian's code, or on the guardian's word by any organization with a
/// part in it. Ending is always easier than beginning.
pub async fn withdraw(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    id: Id<Consent>,
    evidence: Evidence,
) -> Result<ConsentRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    let found = consents::find(&mut change.tx, region, id)
        .await?
        .ok_or(Reason::NotFound)?;
    let child = change
        .lock_child(found.grant.child)
        .await?
        .ok_or(Reason::NotFound)?;
    let now = change.now;
    // Read again under the child's lock: of two withdrawals one ends it, the other finds it ended.
    let mut row = consents::find(&mut change.tx, region, id)
        .await?
        .ok_or(Reason::NotFound)?;
    let caller = change.caller.clone();
    let part = part_in(&mut change.tx, region, &caller, &row).await?;
    if part && matches!(row.state, ConsentState::Withdrawn { .. }) {
        // A retry is harmless, though its code is used up.
        return Ok(row);
    }
    let shown = match evidence {
        Evidence::Code(code) if guardian_decides(&mut change, child.row.id, &code, now).await? => {
            "CODE".to_owned()
        }
        // A stranger without a guardian learns nothing, not even that there is a consent.
        Evidence::Code(_) if part => return Err(Reason::GuardianCodeInvalid.into()),
        Evidence::Document(document) if part => document,
        _ => return Err(Reason::NotFound.into()),
    };
    row.state = row.state.withdraw(now).map_err(|_| Reason::WrongState)?;
    consents::end(&mut change.tx, region, id, row.state, Some(&shown)).await?;
    row.end_evidence = Some(shown);
    leaf(
        &mut change,
        &row,
        KeyState::Closed,
        &child,
        "CONSENT_WITHDRAWN",
    )?;
    change.touch(row.grant.child);
    change.commit().await?;
    Ok(row)
}

/// Uses the code up; tells whether a guardian of this child stands behind it. A disputed guardian may
/// still end what was granted.
pub(super) async fn guardian_decides(
    change: &mut Change,
    child: Id<Child>,
    code: &GuardianCode,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let region = change.region;
    let digest = guardian_codes::digest(change.gateway(), region, code);
    let by = (change.caller.organization, change.caller.actor_id());
    let used = guardianships::use_code(&mut change.tx, region, &digest, child, by, now).await?;
    let Some(id) = used else {
        return Ok(false);
    };
    let row = guardianships::find(&mut change.tx, region, id).await?;
    let today = change.settings.zone.day(now);
    Ok(row.is_some_and(|row| row.holds_on(today)))
}

/// One consent, for whoever has a part in it.
pub async fn get(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    id: Id<Consent>,
) -> Result<(ConsentRow, bool), Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    let row = consents::find(&mut tx, region, id)
        .await?
        .ok_or(Reason::NotFound)?;
    if !part_in(&mut tx, region, &caller, &row).await? {
        return Err(Reason::NotFound.into());
    }
    let expired = expiry(&mut tx, region).await?;
    tx.rollback().await?;
    let expired = expired(&row);
    Ok((row, expired))
}

/// The consents the caller received or recorded, after `cursor`, each with whether it has expired.
pub async fn list(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    cursor: &str,
    limit: i64,
) -> Result<Vec<(ConsentRow, bool)>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    let rows = consents::list(&mut tx, region, caller.organization, cursor, limit).await?;
    let expired = expiry(&mut tx, region).await?;
    tx.rollback().await?;
    let told = rows.into_iter().map(|row| {
        let expired = expired(&row);
        (row, expired)
    });
    Ok(told.collect())
}

/// Tells of any consent whether it has expired now, by one reading of the zone and the clock.
async fn expiry(
    tx: &mut Tx,
    region: RegionCode,
) -> Result<impl Fn(&ConsentRow) -> bool + use<>, Error> {
    let settings = crate::store::regions::find(tx, region).await?;
    let (settings, _) = settings.ok_or(Reason::RegionForeign)?;
    let now = tx.now().await?;
    Ok(move |row: &ConsentRow| {
        row.state == ConsentState::Granted && now >= settings.zone.end(row.grant.last_day)
    })
}

/// Whether the organization has a part in a consent: recipient, recorder, a named source, or an
/// institution that has to do with the child.
async fn part_in(
    tx: &mut Tx,
    region: RegionCode,
    caller: &Caller,
    row: &ConsentRow,
) -> Result<bool, Error> {
    let us = caller.organization;
    if us == row.grant.recipient || us == row.recorded_by || row.grant.sources.contains(&us) {
        return Ok(true);
    }
    Ok(
        caller.kind.is_medical()
            && guardianships::concerns(tx, region, row.grant.child, us).await?,
    )
}

fn leaf(
    change: &mut Change,
    row: &ConsentRow,
    state: KeyState,
    child: &LockedChild,
    what: &'static str,
) -> Result<(), Error> {
    change.record(KeyChange {
        kind: KeyKind::Consent,
        id: row.id.to_string(),
        change: what,
        state,
        facts: vec![("recipient".to_owned(), row.grant.recipient.to_string())],
        child: Some(&child.key),
    })
}
