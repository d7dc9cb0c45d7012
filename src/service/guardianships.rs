//! Guardianships: recorded with evidence, ended, disputed and settled.

use chrono::NaiveDate;
use zeroize::Zeroizing;

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
        enrolment::Phase,
        guardianship::{Guardianship, GuardianshipEvidence, GuardianshipTurn, Relation},
        id::Id,
        identifier::{Phone, ResidentId},
        organization::OrganizationKind,
        region::RegionCode,
    },
    ledger::{KeyKind, KeyState},
    store::{
        consents, facts,
        guardianships::{self, GuardianshipRow, NewTurn},
    },
};

/// A guardianship to be recorded. Personal.
pub struct NewGuardianship {
    /// The child.
    pub child: Id<Child>,
    /// The guardian's name.
    pub display_name: Zeroizing<String>,
    /// How related.
    pub relation: Relation,
    /// The guardian's resident ID.
    pub resident_id: ResidentId,
    /// The guardian's mobile number.
    pub phone: Phone,
    /// What was seen as proof.
    pub evidence: GuardianshipEvidence,
    /// First day.
    pub first_day: NaiveDate,
}

/// Records a guardianship.
pub async fn record(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    new: NewGuardianship,
) -> Result<GuardianshipRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change
        .caller
        .must_be(|kind| kind.is_facility() || kind.is_medical())?;
    let child = change
        .lock_child(new.child)
        .await?
        .ok_or(Reason::NotFound)?;
    let index = gateway.keyring().index();
    let guardian = index.blind_index("guardian", "RESIDENT_ID", new.resident_id.as_str());
    let known = guardianships::of_child(&mut change.tx, region, new.child).await?;
    let same = |g: &&GuardianshipRow| {
        g.ended.is_none() && g.guardian == guardian.as_str() && g.relation == new.relation
    };
    if let Some(known) = known.iter().find(same) {
        // One guardian stands once beside a child: a retry, or another who saw the same papers.
        return Ok(known.clone());
    }
    let id: Id<Guardianship> = Id::timed(change.now, &mut change.chance);
    let personal = serde_json::json!({
        "name": new.display_name.as_str(),
        "resident_id": new.resident_id.as_str(),
        "phone": new.phone.as_str(),
    });
    let personal = Zeroizing::new(personal.to_string());
    let row_id = id.to_string();
    let chance = &mut change.chance;
    let sealed = child.key.seal(
        "guardianships",
        &row_id,
        "sealed",
        personal.as_bytes(),
        chance,
    )?;
    let row = GuardianshipRow {
        id,
        child: new.child,
        guardian: guardian.as_str().to_owned(),
        relation: new.relation,
        evidence: new.evidence,
        first_day: new.first_day,
        ended: None,
        disputed: None,
        recorded_by: change.caller.organization,
    };
    guardianships::insert(&mut change.tx, region, &row, sealed, change.now).await?;
    leaf(
        &mut change,
        &row,
        &child,
        "GUARDIANSHIP_RECORDED",
        Vec::new(),
    )?;
    change.commit().await?;
    Ok(row)
}

/// How a guardianship turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It ends at once; consents given under it end with it.
    End,
    /// Who speaks for the child is disputed from now on.
    Dispute,
    /// The dispute is settled.
    Settle,
}

/// Turns a guardianship, and keeps why: by a medical institution or the commission, never by a
/// facility, which has an interest in the consent. `why` names the evidence seen; personal.
pub async fn turn(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    id: Id<Guardianship>,
    turn: Turn,
    why: &str,
) -> Result<GuardianshipRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be(disinterested)?;
    let found = guardianships::find(&mut change.tx, region, id)
        .await?
        .ok_or(Reason::NotFound)?;
    let child = change
        .lock_child(found.child)
        .await?
        .ok_or(Reason::NotFound)?;
    // Read again under the child's lock.
    let mut row = guardianships::find(&mut change.tx, region, id)
        .await?
        .ok_or(Reason::NotFound)?;
    let what = match turn {
        Turn::End if row.ended.is_none() => {
            row.ended = Some(change.now);
            "GUARDIANSHIP_ENDED"
        }
        Turn::Dispute if row.ended.is_none() && row.disputed.is_none() => {
            row.disputed = Some(change.now);
            "GUARDIANSHIP_DISPUTED"
        }
        Turn::Settle if row.ended.is_none() && row.disputed.is_some() => {
            row.disputed = None;
            "GUARDIANSHIP_SETTLED"
        }
        _ => return Err(Reason::WrongState.into()),
    };
    guardianships::update(&mut change.tx, region, &row).await?;
    keep_why(&mut change, &row, &child, what, why).await?;
    leaf(&mut change, &row, &child, what, Vec::new())?;
    if turn == Turn::End {
        end_consents(&mut change, &row, &child).await?;
    }
    change.touch(row.child);
    change.commit().await?;
    Ok(row)
}

/// Where the reason of a turn is sealed: table and column.
pub const WHY_PLACE: (&str, &str) = ("guardianship_turns", "sealed");

async fn keep_why(
    change: &mut Change,
    row: &GuardianshipRow,
    child: &LockedChild,
    what: &str,
    why: &str,
) -> Result<(), Error> {
    let id: Id<GuardianshipTurn> = Id::timed(change.now, &mut change.chance);
    let (table, column) = WHY_PLACE;
    let chance = &mut change.chance;
    let sealed = child
        .key
        .seal(table, &id.to_string(), column, why.as_bytes(), chance)?;
    let kept = NewTurn {
        id,
        guardianship: row.id,
        turn: what,
        sealed,
    };
    Ok(guardianships::insert_turn(&mut change.tx, change.region, kept, change.now).await?)
}

/// What was granted under a guardianship ends with it, and the ledger says so of each.
async fn end_consents(
    change: &mut Change,
    row: &GuardianshipRow,
    child: &LockedChild,
) -> Result<(), Error> {
    let region = change.region;
    let today = change.settings.zone.day(change.now);
    let yesterday = today.pred_opt().unwrap_or(today);
    let granted = consents::granted_of(&mut change.tx, region, row.child).await?;
    for consent in granted.iter().filter(|c| c.guardianship == row.id) {
        if !consents::shorten(&mut change.tx, region, consent.id, yesterday).await? {
            continue;
        }
        change.record(KeyChange {
            kind: KeyKind::Consent,
            id: consent.id.to_string(),
            change: "CONSENT_ENDS_WITH_GUARDIANSHIP",
            state: KeyState::Closed,
            facts: vec![("recipient".to_owned(), consent.grant.recipient.to_string())],
            child: Some(&child.key),
        })?;
    }
    Ok(())
}

/// A child's guardianships, without names: for whoever has to do with the child. Who did nothing but
/// record some is told of those.
pub async fn list(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    child: Id<Child>,
) -> Result<Vec<GuardianshipRow>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    let concerned = guardianships::concerns(&mut tx, region, child, caller.organization).await?;
    let mut rows = guardianships::of_child(&mut tx, region, child).await?;
    tx.rollback().await?;
    rows.retain(|row| concerned || row.recorded_by == caller.organization);
    if concerned || !rows.is_empty() {
        Ok(rows)
    } else {
        Err(Reason::NotFound.into())
    }
}

fn disinterested(kind: OrganizationKind) -> bool {
    kind.is_medical() || kind == OrganizationKind::HealthCommission
}

/// The leaf of what happened to a guardianship, or under it; it states how the guardianship stands.
pub(super) fn leaf(
    change: &mut Change,
    row: &GuardianshipRow,
    child: &LockedChild,
    what: &'static str,
    facts: Vec<(String, String)>,
) -> Result<(), Error> {
    let state = if row.ended.is_some() || row.disputed.is_some() {
        KeyState::Closed
    } else {
        let from = change.settings.zone.start(row.first_day).timestamp_micros();
        KeyState::Open { from, until: None }
    };
    change.record(KeyChange {
        kind: KeyKind::Guardianship,
        id: row.id.to_string(),
        change: what,
        state,
        facts,
        child: Some(&child.key),
    })
}

/// Refuses whoever has no guardian of the child standing before it: as `stranger` is refused, and with
/// `CHILD_NOT_SERVED` whoever recorded the guardianship itself, which is no reason, and knows that it is
/// there.
pub(super) async fn must_serve(
    change: &mut Change,
    child: Id<Child>,
    guardianship: Option<&GuardianshipRow>,
    stranger: Reason,
) -> Result<(), Error> {
    if serves(change, child).await? {
        return Ok(());
    }
    let us = change.caller.organization;
    let own = guardianship.is_some_and(|row| row.recorded_by == us);
    Err(if own {
        Reason::ChildNotServed
    } else {
        stranger
    }
    .into())
}

/// Whether guardians of the child have a reason to stand before the calling institution: it
/// registered the child first, examined it, or has an agreement in force with a facility where the
/// child is expected or in care. To know a number of a child that is known already makes no such
/// reason; short of a false examination in the child's record, nothing the institution does alone does.
async fn serves(change: &mut Change, child: Id<Child>) -> Result<bool, Error> {
    let (region, now, zone) = (change.region, change.now, change.settings.zone);
    let us = change.caller.organization;
    let tx = &mut change.tx;
    if guardianships::concerns(tx, region, child, us).await? {
        return Ok(true);
    }
    let enrolled = facts::enrolled(tx, region, &[child], zone.day(now)).await?;
    let here = enrolled.into_iter().filter(|(_, of)| {
        let mut states = of.enrolments.iter().map(|e| e.state);
        states.any(|state| state.phase(zone, now) != Phase::Ended)
    });
    let at: Vec<_> = here.map(|(facility, _)| facility).collect();
    let facilities = facts::facilities(tx, region, &at).await?;
    let mut agreements = facilities.values().flat_map(|f| &f.agreements);
    Ok(agreements.any(|a| a.institution == us && a.holds(zone, now).is_ok()))
}
