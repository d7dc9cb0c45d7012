//! Assessment without a new record: other rules or settings count, or a day has come.
//!
//! Which children wait stands in their own rows, so there is nothing to lose: the work may stop at any
//! instant and goes on here or on another gateway. Until its turn comes a child's alerts stand as the
//! rules before raised them, and say so.

use chrono::{DateTime, Utc};

use super::{
    assessment::{self, Occasion},
    change::LockedChild,
    delivery,
    error::Error,
    gateway::Gateway,
};
use crate::{
    domain::{
        child::Child,
        id::Id,
        region::{RegionCode, Settings},
        rule_set::Basis,
    },
    store::{StoreError, Tx, assessments, children::ChildRow, regions},
};

/// Children assessed by one transaction.
const CHILDREN_A_STEP: usize = 64;

/// Whether children of the region wait for this gateway. Not where it can't read the rules that count
/// there: a gateway that can is to do it.
pub async fn waits(
    tx: &mut Tx,
    gateway: &Gateway,
    region: RegionCode,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let Some(active) = active(tx, gateway, region, settings).await? else {
        return Ok(false);
    };
    let today = settings.zone.day(now);
    Ok(assessments::any_waiting(tx, region, active, today).await?)
}

async fn active(
    tx: &mut Tx,
    gateway: &Gateway,
    region: RegionCode,
    settings: &Settings,
) -> Result<Option<Basis>, Error> {
    let rules = gateway.rule_book().of(tx, region, settings).await?;
    let counts = settings.rule_set.is_none_or(|id| id == rules.id());
    Ok(counts.then(|| settings.basis(rules.id())))
}

/// Assesses the next children that wait; tells whether there may be more.
pub async fn step(gateway: &Gateway, region: RegionCode) -> Result<bool, Error> {
    match attempt(gateway, region, CHILDREN_A_STEP).await {
        Ok(done) => Ok(done == CHILDREN_A_STEP),
        Err(Failed { children, error }) if !children.is_empty() && is_the_childs(&error) => {
            one_by_one(gateway, region, children.len()).await?;
            Ok(true)
        }
        Err(failed) => Err(failed.error),
    }
}

/// A child whose records can't be read must not hold up the others: it keeps its alerts, is told in
/// the log, and is tried again the next day.
async fn one_by_one(gateway: &Gateway, region: RegionCode, many: usize) -> Result<(), Error> {
    for _ in 0..many {
        match attempt(gateway, region, 1).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(Failed { children, error }) if !children.is_empty() && is_the_childs(&error) => {
                for child in children {
                    tracing::error!(%region, %child, cause = %error, "a child can't be assessed");
                    put_off(gateway, region, child).await?;
                }
            }
            Err(failed) => return Err(failed.error),
        }
    }
    Ok(())
}

/// Whether an error lies in a child's own records, so that trying again at once would not help.
fn is_the_childs(error: &Error) -> bool {
    matches!(
        error,
        Error::Vault(_)
            | Error::Broken(_)
            | Error::Store(StoreError::Corrupt { .. } | StoreError::Sealed { .. })
    )
}

/// Why children were not assessed, and which.
struct Failed {
    children: Vec<Id<Child>>,
    error: Error,
}

async fn attempt(gateway: &Gateway, region: RegionCode, limit: usize) -> Result<usize, Failed> {
    let mut children = Vec::new();
    let done = assess(gateway, region, limit, &mut children).await;
    done.map_err(|error| Failed { children, error })
}

async fn assess(
    gateway: &Gateway,
    region: RegionCode,
    limit: usize,
    taken: &mut Vec<Id<Child>>,
) -> Result<usize, Error> {
    let mut tx = gateway.store().begin().await?;
    let settings = settings(&mut tx, region).await?;
    let Some(active) = active(&mut tx, gateway, region, &settings).await? else {
        return Ok(0);
    };
    let today = settings.zone.day(tx.now().await?);
    let rows = assessments::lock_waiting(&mut tx, region, active, today, limit, taken).await?;
    let locked = unlock(gateway, region, rows)?;
    let locked: Vec<&LockedChild> = locked.iter().collect();
    let now = tx.now().await?;
    let occasion = Occasion {
        region,
        settings: &settings,
        now,
    };
    let mut chance = gateway.own_chance();
    let changed = assessment::reassess(&mut tx, gateway, &occasion, &locked, &mut chance).await?;
    let setting = delivery::Setting::new(region, &settings, now);
    let rung = delivery::reconcile(&mut tx, &setting, &changed).await?;
    tx.commit().await?;
    gateway.announce(region, rung).await;
    Ok(taken.len())
}

/// The children with their keys; an erased one has none and is left out.
fn unlock(
    gateway: &Gateway,
    region: RegionCode,
    rows: Vec<ChildRow>,
) -> Result<Vec<LockedChild>, Error> {
    let mut locked = Vec::with_capacity(rows.len());
    for row in rows {
        let keyring = gateway.keyring();
        if let Some(key) = keyring.child(region, row.id, row.wrapped_key.as_deref())? {
            locked.push(LockedChild { row, key });
        }
    }
    Ok(locked)
}

async fn put_off(gateway: &Gateway, region: RegionCode, child: Id<Child>) -> Result<(), Error> {
    let mut tx = gateway.store().begin().await?;
    let settings = settings(&mut tx, region).await?;
    let today = settings.zone.day(tx.now().await?);
    if let Some(active) = active(&mut tx, gateway, region, &settings).await? {
        // Its row is not read first: that may be what can't be done.
        let tomorrow = today.succ_opt();
        assessments::note(&mut tx, region, active, &[(child, tomorrow)]).await?;
    }
    Ok(tx.commit().await?)
}

async fn settings(tx: &mut Tx, region: RegionCode) -> Result<Settings, Error> {
    let found = regions::find(tx, region).await?;
    let (settings, _) = found.ok_or(Error::Store(StoreError::UnknownRegion))?;
    Ok(settings)
}
