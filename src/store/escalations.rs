//! The clocks of urgent alerts that nobody has taken up: one row for each alert and facility that
//! holds it, or held it before its keys closed. Whoever writes here has the child's row locked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    Tx,
    engine::{Column, Conflict, Row},
    error::StoreError,
    rows::{Reader, micros},
};
use crate::{
    access::{Permit, Scope},
    domain::{
        alert::Alert,
        child::Child,
        escalation::{EscalationHours, EscalationStep},
        id::Id,
        inbox::EntryKind,
        organization::Organization,
        region::RegionCode,
    },
};

/// A clock that runs, or stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// The alert.
    pub alert: Id<Alert>,
    /// The facility that holds it.
    pub facility: Id<Organization>,
    /// The child.
    pub child: Id<Child>,
    /// How far it has been passed on.
    pub reached: Option<EscalationStep>,
    /// When it was delivered; later by as long as the clock stood still.
    pub since: DateTime<Utc>,
    /// Since when it stands still, because the facility's keys are closed; none while it runs.
    pub stopped: Option<DateTime<Utc>>,
    /// When a gateway of before clocks could stand still let it run on: it delivered the alert again,
    /// and left `stopped` as it was.
    pub restarted: Option<DateTime<Utc>>,
}

impl Clock {
    /// Lets it run on at `now`, if it stands still: the time it stood is not counted.
    pub fn run_on(&mut self, now: DateTime<Utc>) {
        let again = self.restarted.take().unwrap_or(now);
        if let Some(stopped) = self.stopped.take() {
            self.since += again - stopped;
        }
    }

    /// Lets it stand still from `now` on, if it runs.
    pub fn stop(&mut self, now: DateTime<Utc>) {
        if self.stopped.is_none() || self.restarted.is_some() {
            self.run_on(now);
            self.stopped = Some(now);
        }
    }
}

/// Whether a clock `e` of the query around it runs. One that was stopped does when its facility holds
/// the alert again: a gateway of before doesn't know `stopped_us`, and every delivery, of whichever
/// version, keeps `inbox_held` in line. (For an EXISTS, PostgreSQL may read all that is held.)
const RUNS: &str = "(e.stopped_us IS NULL OR (
    SELECT h.alert FROM inbox_held h WHERE h.region = e.region AND h.child = e.child
        AND h.recipient = e.facility AND h.alert = e.alert) IS NOT NULL)";

/// How far an alert `a` of the query around it has been passed on, at whichever of these facilities' clocks
/// `e` came furthest; for [`reached_of_alert`]. (The plus keeps SQLite from looking for the region's largest.)
pub(super) fn reach_of_alert(of: &str) -> String {
    format!(
        "(SELECT MAX(+e.reached) FROM escalations e
          WHERE e.region = a.region AND e.alert = a.id AND {RUNS}{of})"
    )
}

/// What [`reach_of_alert`] says, in a column `reached`.
pub(super) fn reached_of_alert(row: &Row) -> Result<Option<EscalationStep>, StoreError> {
    let reached: Option<i64> = row.get("reached")?;
    let r = Reader::new(row, "escalations", "id");
    reached.map_or(Ok(None), |n| step(&r, n))
}

fn step(r: &Reader<'_>, reached: i64) -> Result<Option<EscalationStep>, StoreError> {
    if reached == 0 {
        return Ok(None);
    }
    let at = usize::try_from(reached - 1).ok();
    let step = at.and_then(|at| EscalationStep::ALL.get(at));
    step.copied().map(Some).ok_or_else(|| r.corrupt("reached"))
}

/// How far, as it is stored: 0 nowhere yet, then the steps in their order.
fn stored(reached: Option<EscalationStep>) -> i64 {
    let Some(reached) = reached else { return 0 };
    (1..)
        .zip(EscalationStep::ALL)
        .find_map(|(n, &step)| (step == reached).then_some(n))
        .unwrap_or(0)
}

/// The clocks of children, those that stand still among them.
pub async fn of_children(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<Clock>, StoreError> {
    let sql = format!(
        "SELECT e.*, {RUNS} AS runs FROM escalations e WHERE e.region = $1 AND {}",
        tx.among("e.child", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(children.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    let mut clocks = Vec::with_capacity(rows.len());
    for row in &rows {
        let r = Reader::new(row, "escalations", "alert");
        let mut clock = Clock {
            alert: r.parsed("alert")?,
            facility: r.parsed("facility")?,
            child: r.parsed("child")?,
            reached: step(&r, r.int("reached")?)?,
            since: r.time("since_us")?,
            stopped: r.maybe_time("stopped_us")?,
            restarted: None,
        };
        if let Some(stopped) = clock.stopped
            && row.get("runs")?
        {
            clock.restarted = Some(delivered_again(tx, region, &clock, stopped).await?);
        }
        clocks.push(clock);
    }
    Ok(clocks)
}

/// When an alert was first delivered after its clock had stopped. Once that entry is too old to be
/// kept, the clock counts as if it had never stood still.
async fn delivered_again(
    tx: &mut Tx,
    region: RegionCode,
    clock: &Clock,
    stopped: DateTime<Utc>,
) -> Result<DateTime<Utc>, StoreError> {
    let row = tx
        .query(
            "SELECT MIN(at_us) AS at_us FROM inbox_entries
             WHERE region = $1 AND recipient = $2 AND alert = $3 AND kind = $4 AND at_us > $5",
        )
        .bind(region.to_string())
        .bind(clock.facility.to_string())
        .bind(clock.alert.to_string())
        .bind(EntryKind::Delivered.as_str())
        .bind(micros(stopped))
        .fetch_one(tx)
        .await?;
    let again = Reader::new(&row, "inbox_entries", "at_us").maybe_time("at_us")?;
    Ok(again.unwrap_or(stopped))
}

/// Starts clocks.
pub async fn start(tx: &mut Tx, region: RegionCode, clocks: &[Clock]) -> Result<(), StoreError> {
    let text = |f: &dyn Fn(&Clock) -> String| Column::Text(clocks.iter().map(f).collect());
    let columns = [
        (
            "region",
            Column::Text(vec![region.to_string(); clocks.len()]),
        ),
        ("alert", text(&|c| c.alert.to_string())),
        ("facility", text(&|c| c.facility.to_string())),
        ("child", text(&|c| c.child.to_string())),
        (
            "reached",
            Column::Int(clocks.iter().map(|c| stored(c.reached)).collect()),
        ),
        (
            "since_us",
            Column::Int(clocks.iter().map(|c| micros(c.since)).collect()),
        ),
    ];
    tx.insert("escalations", &columns, Conflict::Fail).await?;
    Ok(())
}

/// Keeps how far a clock has come, and whether it runs.
pub async fn keep(tx: &mut Tx, region: RegionCode, clock: &Clock) -> Result<(), StoreError> {
    tx.query(
        "UPDATE escalations SET reached = $4, since_us = $5, stopped_us = $6
         WHERE region = $1 AND alert = $2 AND facility = $3",
    )
    .bind(region.to_string())
    .bind(clock.alert.to_string())
    .bind(clock.facility.to_string())
    .bind(stored(clock.reached))
    .bind(micros(clock.since))
    .bind(clock.stopped.map(micros))
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends a clock.
pub async fn end(tx: &mut Tx, region: RegionCode, clock: &Clock) -> Result<(), StoreError> {
    tx.query("DELETE FROM escalations WHERE region = $1 AND alert = $2 AND facility = $3")
        .bind(region.to_string())
        .bind(clock.alert.to_string())
        .bind(clock.facility.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Children with a clock whose next step is due, at most `limit` a step, those longest due first.
pub async fn due(
    tx: &mut Tx,
    region: RegionCode,
    hours: EscalationHours,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<BTreeSet<Id<Child>>, StoreError> {
    let mut children = BTreeSet::new();
    for (reached, &next) in (0_i64..).zip(EscalationStep::ALL) {
        let rows = tx
            .query_of_parts(format!(
                "SELECT e.alert, e.child FROM escalations e
                 WHERE e.region = $1 AND e.reached = $2 AND e.since_us <= $3
                   AND e.not_before_us <= $5 AND {RUNS}
                 ORDER BY e.since_us LIMIT $4"
            ))
            .bind(region.to_string())
            .bind(reached)
            .bind(micros(hours.delivered_by(next, now)))
            .bind(limit)
            .bind(micros(now))
            .fetch_all(tx)
            .await?;
        for row in &rows {
            children.insert(Reader::new(row, "escalations", "alert").parsed("child")?);
        }
    }
    Ok(children)
}

/// Facilities with an urgent alert that nobody has taken up, however far it was passed on.
pub async fn facilities(
    tx: &mut Tx,
    region: RegionCode,
) -> Result<Vec<Id<Organization>>, StoreError> {
    let rows = tx
        .query("SELECT DISTINCT facility FROM escalations WHERE region = $1")
        .bind(region.to_string())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "escalations", "facility").parsed("facility"))
        .collect()
}

/// Puts the next step of a child's clocks off until `later`: it could not be taken.
pub async fn defer(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
    later: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query("UPDATE escalations SET not_before_us = $3 WHERE region = $1 AND child = $2")
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(micros(later))
        .execute(tx)
        .await?;
    Ok(())
}

/// What of a facility has come as far as the commission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtCommission {
    /// Urgent alerts.
    pub alerts: u64,
    /// The children they are about.
    pub children: u64,
}

/// How much of each facility has come as far as the commission. Demands a permit for counts; which of
/// them are too small to tell is for the caller.
pub async fn at_commission(
    tx: &mut Tx,
    region: RegionCode,
    permit: &Permit,
    facilities: Vec<String>,
) -> Result<BTreeMap<Id<Organization>, AtCommission>, StoreError> {
    match permit.scope() {
        Scope::Counts => left_alone(tx, region, facilities).await,
        _ => Ok(BTreeMap::new()),
    }
}

/// The same for a delivery, which shows it to nobody.
pub async fn left_alone(
    tx: &mut Tx,
    region: RegionCode,
    facilities: Vec<String>,
) -> Result<BTreeMap<Id<Organization>, AtCommission>, StoreError> {
    let sql = format!(
        "SELECT e.facility, COUNT(*) AS alerts, COUNT(DISTINCT e.child) AS children
         FROM escalations e
         WHERE e.region = $1 AND e.reached = 3 AND {RUNS} AND {} GROUP BY e.facility",
        tx.among("e.facility", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(facilities)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "escalations", "facility");
            let counts = AtCommission {
                alerts: r.number("alerts")?,
                children: r.number("children")?,
            };
            Ok((r.parsed("facility")?, counts))
        })
        .collect()
}
