//! What happens without anybody calling: deliveries that follow later, urgent alerts that nobody took
//! up, children whose rules or day have changed, and the other gateways' notices. Everything here may
//! stop at any instant and be taken up again, here or elsewhere.

use std::{panic::AssertUnwindSafe, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use tokio::{task::JoinSet, time};

use super::{delivery, error::Error, gateway::Gateway, reassessment};
use crate::{
    domain::{child::Child, id::Id, region::RegionCode},
    store::{
        StoreError,
        backfills::{self, Breadth, Due},
        children, escalations,
        notices::{Heard, Listener},
        regions,
    },
};

/// How often due work is looked for.
const TICK: Duration = Duration::from_millis(500);
/// Backfills taken up at a time.
const AT_A_TIME: i64 = 64;
/// Children brought in line by one transaction.
const CHILDREN_A_STEP: i64 = 64;
/// How long a delivery that can't be done stands aside.
const SETBACK: TimeDelta = TimeDelta::minutes(1);

/// Starts the tide; it ends when the set is dropped.
pub fn rise(gateway: &Gateway) -> JoinSet<()> {
    let mut tide = JoinSet::new();
    tide.spawn(deliver(gateway.clone()));
    tide.spawn(listen(gateway.clone()));
    tide
}

async fn deliver(gateway: Gateway) {
    loop {
        let ticked = AssertUnwindSafe(tick(&gateway)).catch_unwind().await;
        match ticked.unwrap_or(Err(Error::Broken("the tide panicked"))) {
            // More may be due: a full tick is followed at once.
            Ok(true) => {}
            Ok(false) => time::sleep(TICK).await,
            Err(error) => {
                tracing::warn!(reason = error.reason().code(), cause = %error, "deliveries and assessments wait");
                time::sleep(TICK * 4).await;
            }
        }
    }
}

/// Takes up what is due in every region; tells whether there may be more. What can't be done now
/// holds up nothing else: neither in its region nor in another.
pub async fn tick(gateway: &Gateway) -> Result<bool, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let regions = regions::codes(&mut tx).await?;
    tx.rollback().await?;
    let mut more = false;
    for region in regions {
        more |= match tick_region(gateway, region).await {
            Err(error) if error.common().is_none() => {
                tracing::error!(%region, reason = error.reason().code(), cause = %error, "a region's deliveries and assessments wait");
                false
            }
            ticked => ticked?,
        };
    }
    Ok(more)
}

async fn tick_region(gateway: &Gateway, region: RegionCode) -> Result<bool, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let now = tx.now().await?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Error::Store(StoreError::UnknownRegion))?;
    let due = backfills::due(&mut tx, region, now, AT_A_TIME).await?;
    let hours = settings.escalation;
    let left_alone = escalations::due(&mut tx, region, hours, now, AT_A_TIME).await?;
    tx.rollback().await?;
    let mut more = false;
    for backfill in due {
        more |= match step(gateway, region, &backfill, CHILDREN_A_STEP).await {
            Err(error) if error.common().is_none() => {
                tracing::error!(reason = error.reason().code(), cause = %error, "a delivery waits");
                step_aside(gateway, region, &backfill, now + SETBACK).await?
            }
            stepped => stepped?,
        };
    }
    let left_alone: Vec<Id<Child>> = left_alone.into_iter().collect();
    more |= left_alone.len() as i64 >= AT_A_TIME;
    pass_on(gateway, region, &left_alone, now + SETBACK).await?;
    // Last: rules that can't be read hold up no delivery.
    let mut tx = gateway.store().snapshot().await?;
    let waiting = reassessment::waits(&mut tx, gateway, region, &settings, now).await?;
    tx.rollback().await?;
    if waiting {
        more |= reassessment::step(gateway, region).await?;
    }
    Ok(more)
}

/// A step failed: its first child goes alone, and if that fails too it steps aside until `later`, so
/// that the others are served.
async fn step_aside(
    gateway: &Gateway,
    region: RegionCode,
    failed: &Due,
    later: DateTime<Utc>,
) -> Result<bool, Error> {
    let Breadth::Facility(facility) = failed.breadth else {
        let mut tx = gateway.store().begin().await?;
        backfills::defer(&mut tx, region, failed.id, later).await?;
        tx.commit().await?;
        return Ok(false);
    };
    match step(gateway, region, failed, 1).await {
        Err(error) if error.common().is_none() => {}
        stepped => return stepped,
    }
    let mut tx = gateway.store().begin().await?;
    let today = regions::find(&mut tx, region)
        .await?
        .ok_or(Error::Store(StoreError::UnknownRegion))?
        .0
        .zone
        .day(tx.now().await?);
    let first = backfills::children_of(&mut tx, region, facility, today, &failed.cursor, 1).await?;
    let Some(&child) = first.first() else {
        return Ok(false);
    };
    let alone = Id::timed(later, &mut gateway.own_chance());
    backfills::insert(&mut tx, region, alone, later, Breadth::Child(child)).await?;
    backfills::advance(&mut tx, region, failed.id, child.to_string()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Brings the next children of a backfill in line; tells whether there are more.
async fn step(gateway: &Gateway, region: RegionCode, due: &Due, limit: i64) -> Result<bool, Error> {
    let mut tx = gateway.store().begin().await?;
    let now = tx.now().await?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Error::Store(StoreError::UnknownRegion))?;
    let today = settings.zone.day(now);
    let children = match due.breadth {
        Breadth::Child(child) => vec![child],
        Breadth::Facility(facility) => {
            backfills::children_of(&mut tx, region, facility, today, &due.cursor, limit).await?
        }
    };
    let last = children.last().copied();
    let full = i64::try_from(children.len()).is_ok_and(|n| n == limit);
    children::lock(&mut tx, region, &children).await?;
    // The locks may have been waited for: what decides is the time after them.
    let now = now.max(tx.now().await?);
    let setting = delivery::Setting::new(region, &settings, now);
    let rung = delivery::reconcile(&mut tx, &setting, &children).await?;
    match last {
        Some(last) if full => {
            backfills::advance(&mut tx, region, due.id, last.to_string()).await?;
        }
        _ => backfills::delete(&mut tx, region, due.id).await?,
    }
    tx.commit().await?;
    gateway.announce(region, rung).await;
    Ok(full)
}

/// Takes the steps that are due for children's urgent alerts. Together; where that fails, each child
/// alone, and the one that fails steps aside until `later`.
async fn pass_on(
    gateway: &Gateway,
    region: RegionCode,
    children: &[Id<Child>],
    later: DateTime<Utc>,
) -> Result<(), Error> {
    if children.is_empty() {
        return Ok(());
    }
    match bring_in_line(gateway, region, children).await {
        Err(error) if error.common().is_none() => {}
        done => return done,
    }
    for child in children {
        match bring_in_line(gateway, region, std::slice::from_ref(child)).await {
            Err(error) if error.common().is_none() => {
                tracing::error!(reason = error.reason().code(), cause = %error, "a step waits");
                let mut tx = gateway.store().begin().await?;
                escalations::defer(&mut tx, region, *child, later).await?;
                tx.commit().await?;
            }
            done => done?,
        }
    }
    Ok(())
}

async fn bring_in_line(
    gateway: &Gateway,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<(), Error> {
    let mut tx = gateway.store().begin().await?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Error::Store(StoreError::UnknownRegion))?;
    children::lock(&mut tx, region, children).await?;
    let now = tx.now().await?;
    let setting = delivery::Setting::new(region, &settings, now);
    let rung = delivery::reconcile(&mut tx, &setting, children).await?;
    tx.commit().await?;
    gateway.announce(region, rung).await;
    Ok(())
}

async fn listen(gateway: Gateway) {
    loop {
        match Listener::open(gateway.store()).await {
            Ok(None) => return,
            Ok(Some(mut listener)) => {
                // Whatever was sent before we listened was missed.
                gateway.bell().ring_all();
                while let Ok(heard) = listener.hear().await {
                    match heard {
                        Heard::Recipients(recipients) => gateway.bell().ring(recipients),
                        Heard::Anything => gateway.bell().ring_all(),
                    }
                }
            }
            Err(error) => {
                tracing::warn!(cause = %error, "the other gateways' notices are not heard");
            }
        }
        time::sleep(TICK * 4).await;
    }
}
