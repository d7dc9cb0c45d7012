//! A child is erased by destroying its key (PIPL art. 47): on a guardian's one-time code, or by the
//! commission on a document. Every key that belongs to the child closes with it, each with its leaf;
//! whoever held something of it is told to forget it.
//!
//! Backups still hold the wrapped key: an erasure is final once the master-key version that wrapped it
//! is retired, and a restore replays the erasures that came after the backup ([`replay`]).

use chrono::{DateTime, Utc};

use super::{
    caller::Claim,
    change::{Change, KeyChange, LockedChild},
    consents::{self, Evidence},
    delivery,
    error::Error,
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    domain::{child::Child, consent::ConsentState, id::Id, region::RegionCode},
    ledger::{KeyKind, KeyState},
    store::{
        alert_life, alerts, children, consents as granted,
        erasures::{self, Erasure},
        guardianships, regions,
    },
};

/// Erases a child: by a guardian's code for deciding, or by the commission on a document. A child
/// that is not there, or was erased before, is refused as a stranger's is.
pub async fn erase(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    child: Id<Child>,
    evidence: Evidence,
) -> Result<DateTime<Utc>, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    if matches!(evidence, Evidence::Document(_)) {
        change.caller.must_be_commission()?;
    }
    let numbers = erasures::identifiers_of(&mut change.tx, region, child).await?;
    children::take_slots(&mut change.tx, region, &numbers).await?;
    let locked = change.lock_child(child).await?;
    let now = change.now;
    let evidence = match (evidence, &locked) {
        (Evidence::Document(document), Some(_)) => document,
        (Evidence::Document(_), None) => return Err(Reason::NotFound.into()),
        (Evidence::Code(code), _) => {
            if !consents::guardian_decides(&mut change, child, &code, now).await? {
                return Err(Reason::GuardianCodeInvalid.into());
            }
            "CODE".to_owned()
        }
    };
    let locked = locked.ok_or(Reason::GuardianCodeInvalid)?;
    let erasure = Erasure {
        id: Id::timed(now, &mut change.chance),
        child,
        at: now,
        recorded_by: Some(change.caller.organization),
        evidence,
    };
    close_keys(&mut change, &locked).await?;
    close(
        &mut change,
        &locked,
        KeyKind::Child,
        erasure.id.to_string(),
        "CHILD_ERASED",
    )?;
    let standing = alerts::standing(&mut change.tx, region, &[child]).await?;
    let standing: Vec<_> = standing.into_iter().map(|alert| alert.id).collect();
    alert_life::end(&mut change.tx, region, &standing, "RETRACTED", now).await?;
    erasures::erase(&mut change.tx, region, &erasure).await?;
    change.touch(child);
    change.commit().await?;
    Ok(now)
}

/// Ends what was granted of the child and who speaks for it.
async fn close_keys(change: &mut Change, child: &LockedChild) -> Result<(), Error> {
    let (region, now, id) = (change.region, change.now, child.row.id);
    for consent in granted::granted_of(&mut change.tx, region, id).await? {
        let state = ConsentState::Withdrawn { at: now };
        granted::end(&mut change.tx, region, consent.id, state, None).await?;
        let consent = consent.id.to_string();
        close(
            change,
            child,
            KeyKind::Consent,
            consent,
            "CONSENT_ENDS_WITH_ERASURE",
        )?;
    }
    for mut row in guardianships::of_child(&mut change.tx, region, id).await? {
        if row.ended.is_none() {
            row.ended = Some(now);
            guardianships::update(&mut change.tx, region, &row).await?;
            let row = row.id.to_string();
            let what = "GUARDIANSHIP_ENDS_WITH_ERASURE";
            close(change, child, KeyKind::Guardianship, row, what)?;
        }
    }
    Ok(())
}

fn close(
    change: &mut Change,
    child: &LockedChild,
    kind: KeyKind,
    id: String,
    what: &'static str,
) -> Result<(), Error> {
    change.record(KeyChange {
        kind,
        id,
        change: what,
        state: KeyState::Closed,
        facts: Vec::new(),
        child: Some(&child.key),
    })
}

/// Every erasure of the deployment: to be kept apart from its backups, and replayed after a restore.
pub async fn list(gateway: &Gateway) -> Result<Vec<(RegionCode, Erasure)>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let mut all = Vec::new();
    for region in regions::codes(&mut tx).await? {
        let of = erasures::all(&mut tx, region).await?;
        all.extend(of.into_iter().map(|erasure| (region, erasure)));
    }
    tx.rollback().await?;
    Ok(all)
}

/// Destroys again, after a restore, the key of a child that was erased; tells whether it was there.
/// What the restored ledger says of the child's other keys stays: without its data key nothing of the
/// child can be shown.
pub async fn replay(
    gateway: &Gateway,
    region: RegionCode,
    erasure: &Erasure,
) -> Result<bool, Error> {
    let mut tx = gateway.store().begin().await?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Reason::RegionForeign)?;
    let numbers = erasures::identifiers_of(&mut tx, region, erasure.child).await?;
    children::take_slots(&mut tx, region, &numbers).await?;
    children::lock(&mut tx, region, &[erasure.child]).await?;
    let now = tx.now().await?;
    let state = ConsentState::Withdrawn { at: now };
    for consent in granted::granted_of(&mut tx, region, erasure.child).await? {
        granted::end(&mut tx, region, consent.id, state, None).await?;
    }
    let standing = alerts::standing(&mut tx, region, &[erasure.child]).await?;
    let standing: Vec<_> = standing.into_iter().map(|alert| alert.id).collect();
    alert_life::end(&mut tx, region, &standing, "RETRACTED", now).await?;
    let erased = erasures::erase(&mut tx, region, erasure).await?;
    let setting = delivery::Setting::new(region, &settings, now);
    let rung = delivery::reconcile(&mut tx, &setting, &[erasure.child]).await?;
    tx.commit().await?;
    gateway.announce(region, rung).await;
    Ok(erased)
}
