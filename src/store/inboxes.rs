//! Inboxes: a counter row updated in the transaction that writes what it numbers, so that commit
//! order is number order on every engine.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    Tx,
    engine::{Column, Conflict},
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{
    alert::Alert,
    child::Child,
    id::Id,
    inbox::{EntryKind, RetractionReason},
    organization::Organization,
    region::RegionCode,
};

/// What an inbox entry points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointer {
    /// An alert to know, at this revision.
    Delivered {
        /// The alert.
        alert: Id<Alert>,
        /// Its revision.
        revision: i64,
    },
    /// An alert to forget; every alert of the child if none is named.
    Retracted {
        /// The alert.
        alert: Option<Id<Alert>>,
        /// Why.
        reason: RetractionReason,
    },
}

/// One entry to be written.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Whose inbox.
    pub recipient: Id<Organization>,
    /// About whom.
    pub child: Id<Child>,
    /// What.
    pub pointer: Pointer,
}

/// What a recipient holds of a child now: each alert with the revision last delivered.
pub type Held = BTreeMap<(Id<Child>, Id<Organization>), BTreeMap<Id<Alert>, i64>>;

/// What every recipient holds of the children.
pub async fn held(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Held, StoreError> {
    let sql = format!(
        "SELECT child, recipient, alert, alert_revision FROM inbox_held WHERE region = $1 AND {}",
        tx.among("child", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(children.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    let mut held = Held::new();
    for row in &rows {
        let r = Reader::new(row, "inbox_held", "alert");
        held.entry((r.parsed("child")?, r.parsed("recipient")?))
            .or_default()
            .insert(r.parsed("alert")?, r.int("alert_revision")?);
    }
    Ok(held)
}

/// Takes the next `count` numbers of an inbox; gives the first.
async fn take_numbers(
    tx: &mut Tx,
    region: RegionCode,
    recipient: Id<Organization>,
    count: i64,
) -> Result<i64, StoreError> {
    let row = tx
        .query(
            "INSERT INTO inboxes (region, recipient, last, oldest) VALUES ($1, $2, $3, 1)
             ON CONFLICT (region, recipient) DO UPDATE SET last = inboxes.last + $3
             RETURNING recipient, last",
        )
        .bind(region.to_string())
        .bind(recipient.to_string())
        .bind(count)
        .fetch_one(tx)
        .await?;
    let last = Reader::new(&row, "inboxes", "recipient").int("last")?;
    Ok(last - count + 1)
}

/// Locks an inbox's counter until the transaction ends.
pub async fn hold_counter(
    tx: &mut Tx,
    region: RegionCode,
    recipient: Id<Organization>,
) -> Result<(), StoreError> {
    take_numbers(tx, region, recipient, 0).await.map(|_| ())
}

/// Writes entries, numbered without a gap in their order, and keeps what is held in line. Counters
/// are locked in key order.
pub async fn write(
    tx: &mut Tx,
    region: RegionCode,
    entries: &[NewEntry],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut counts: BTreeMap<Id<Organization>, i64> = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.recipient).or_default() += 1;
    }
    let mut next: BTreeMap<Id<Organization>, i64> = BTreeMap::new();
    for (&recipient, &count) in &counts {
        let first = take_numbers(tx, region, recipient, count).await?;
        next.insert(recipient, first);
    }
    let mut rows = Rows::default();
    for entry in entries {
        let Some(number) = next.get_mut(&entry.recipient) else {
            continue;
        };
        rows.push(entry, *number);
        *number += 1;
    }
    rows.insert(tx, region, now).await?;
    keep_held(tx, region, entries).await
}

/// Entries as columns.
#[derive(Default)]
struct Rows {
    recipients: Vec<String>,
    numbers: Vec<i64>,
    kinds: Vec<String>,
    children: Vec<String>,
    alerts: Vec<Option<String>>,
    revisions: Vec<Option<i64>>,
    reasons: Vec<Option<String>>,
}

impl Rows {
    fn push(&mut self, entry: &NewEntry, number: i64) {
        let (kind, alert, revision, reason) = match &entry.pointer {
            Pointer::Delivered { alert, revision } => {
                (EntryKind::Delivered, Some(alert), Some(*revision), None)
            }
            Pointer::Retracted { alert, reason } => {
                (EntryKind::Retracted, alert.as_ref(), None, Some(reason))
            }
        };
        self.recipients.push(entry.recipient.to_string());
        self.numbers.push(number);
        self.kinds.push(kind.as_str().to_owned());
        self.children.push(entry.child.to_string());
        self.alerts.push(alert.map(ToString::to_string));
        self.revisions.push(revision);
        self.reasons.push(reason.map(|r| r.as_str().to_owned()));
    }

    async fn insert(
        self,
        tx: &mut Tx,
        region: RegionCode,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let n = self.numbers.len();
        let columns = [
            ("region", Column::Text(vec![region.to_string(); n])),
            ("recipient", Column::Text(self.recipients)),
            ("number", Column::Int(self.numbers)),
            ("kind", Column::Text(self.kinds)),
            ("child", Column::Text(self.children)),
            ("alert", Column::MaybeText(self.alerts)),
            ("alert_revision", Column::MaybeInt(self.revisions)),
            ("reason", Column::MaybeText(self.reasons)),
            ("at_us", Column::Int(vec![micros(now); n])),
        ];
        tx.insert("inbox_entries", &columns, Conflict::Fail).await?;
        Ok(())
    }
}

/// One statement for what is delivered, and for what is retracted one a recipient. Of one alert or
/// child no two entries contradict each other.
async fn keep_held(
    tx: &mut Tx,
    region: RegionCode,
    entries: &[NewEntry],
) -> Result<(), StoreError> {
    let (mut children, mut recipients) = (vec![], vec![]);
    let (mut alerts, mut revisions) = (vec![], vec![]);
    let mut retracted: BTreeMap<Id<Organization>, Retracted> = BTreeMap::new();
    for entry in entries {
        let child = entry.child.to_string();
        match &entry.pointer {
            Pointer::Delivered { alert, revision } => {
                children.push(child);
                recipients.push(entry.recipient.to_string());
                alerts.push(alert.to_string());
                revisions.push(*revision);
            }
            Pointer::Retracted { alert, .. } => {
                let of = retracted.entry(entry.recipient).or_default();
                match alert {
                    Some(alert) => {
                        of.children.insert(child);
                        of.alerts.push(alert.to_string());
                    }
                    None => of.dark.push(child),
                }
            }
        }
    }
    for (recipient, of) in retracted {
        of.forget(tx, region, recipient).await?;
    }
    let n = children.len();
    let columns = [
        ("region", Column::Text(vec![region.to_string(); n])),
        ("child", Column::Text(children)),
        ("recipient", Column::Text(recipients)),
        ("alert", Column::Text(alerts)),
        ("alert_revision", Column::Int(revisions)),
    ];
    tx.insert("inbox_held", &columns, Conflict::Update(CHANGED))
        .await?;
    Ok(())
}

/// A changed alert replaces what is held of it.
const CHANGED: &str = "(region, child, recipient, alert) DO UPDATE \
                       SET alert_revision = excluded.alert_revision";

/// What a recipient is to forget.
#[derive(Default)]
struct Retracted {
    /// Alerts, and the children they are about.
    alerts: Vec<String>,
    children: BTreeSet<String>,
    /// Children with everything about them.
    dark: Vec<String>,
}

impl Retracted {
    async fn forget(
        self,
        tx: &mut Tx,
        region: RegionCode,
        recipient: Id<Organization>,
    ) -> Result<(), StoreError> {
        if !self.alerts.is_empty() {
            let sql = format!(
                "DELETE FROM inbox_held WHERE region = $1 AND recipient = $2 AND {} AND {}",
                tx.among("child", 3),
                tx.among("alert", 4)
            );
            tx.query_of_parts(sql)
                .bind(region.to_string())
                .bind(recipient.to_string())
                .bind_list(self.children.into_iter().collect())
                .bind_list(self.alerts)
                .execute(tx)
                .await?;
        }
        if !self.dark.is_empty() {
            let sql = format!(
                "DELETE FROM inbox_held WHERE region = $1 AND recipient = $2 AND {}",
                tx.among("child", 3)
            );
            tx.query_of_parts(sql)
                .bind(region.to_string())
                .bind(recipient.to_string())
                .bind_list(self.dark)
                .execute(tx)
                .await?;
        }
        Ok(())
    }
}

/// An entry as it stands in an inbox.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number.
    pub number: i64,
    /// About whom.
    pub child: Id<Child>,
    /// What.
    pub pointer: Pointer,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// How far an inbox reaches: the oldest number it still holds and the last; (1, 0) when it is empty.
pub async fn extent(
    tx: &mut Tx,
    region: RegionCode,
    recipient: Id<Organization>,
) -> Result<(i64, i64), StoreError> {
    let row = tx
        .query("SELECT recipient, oldest, last FROM inboxes WHERE region = $1 AND recipient = $2")
        .bind(region.to_string())
        .bind(recipient.to_string())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok((1, 0)) };
    let r = Reader::new(&row, "inboxes", "recipient");
    Ok((r.int("oldest")?, r.int("last")?))
}

/// The entries after a number, in order, at most `limit`. Pointers only: they disclose no finding.
pub async fn after(
    tx: &mut Tx,
    region: RegionCode,
    recipient: Id<Organization>,
    number: i64,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = tx
        .query(
            "SELECT * FROM inbox_entries WHERE region = $1 AND recipient = $2 AND number > $3
             ORDER BY number LIMIT $4",
        )
        .bind(region.to_string())
        .bind(recipient.to_string())
        .bind(number)
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "inbox_entries", "number");
            let alert = r.maybe_parsed("alert")?;
            let revision: Option<i64> = row.get("alert_revision")?;
            let pointer = match (r.word("kind", EntryKind::parse)?, alert, revision) {
                (EntryKind::Delivered, Some(alert), Some(revision)) => {
                    Pointer::Delivered { alert, revision }
                }
                (EntryKind::Retracted, alert, None) => Pointer::Retracted {
                    alert,
                    reason: r.word("reason", RetractionReason::parse)?,
                },
                _ => return Err(r.corrupt("kind")),
            };
            Ok(Entry {
                number: r.int("number")?,
                child: r.parsed("child")?,
                pointer,
                at: r.time("at_us")?,
            })
        })
        .collect()
}

/// Puts a notice about each facility into a commission's inbox, numbered by its counter.
pub async fn notify(
    tx: &mut Tx,
    region: RegionCode,
    commission: Id<Organization>,
    facilities: &BTreeSet<Id<Organization>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let n = facilities.len();
    let count = i64::try_from(n).unwrap_or(i64::MAX);
    let first = take_numbers(tx, region, commission, count).await?;
    let columns = [
        ("region", Column::Text(vec![region.to_string(); n])),
        ("recipient", Column::Text(vec![commission.to_string(); n])),
        ("number", Column::Int((first..first + count).collect())),
        (
            "facility",
            Column::Text(facilities.iter().map(ToString::to_string).collect()),
        ),
        ("at_us", Column::Int(vec![micros(now); n])),
    ];
    tx.insert("inbox_notices", &columns, Conflict::Fail).await?;
    Ok(())
}

/// Which commissions were told of which facilities since an instant of each commission's own.
pub async fn told_of(
    tx: &mut Tx,
    region: RegionCode,
    commissions: &BTreeMap<Id<Organization>, DateTime<Utc>>,
    facilities: Vec<String>,
) -> Result<BTreeSet<(Id<Organization>, Id<Organization>)>, StoreError> {
    let sql = format!(
        "SELECT recipient, facility, MAX(at_us) AS at_us FROM inbox_notices
         WHERE region = $1 AND {} AND {} GROUP BY recipient, facility",
        tx.among("recipient", 2),
        tx.among("facility", 3)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(commissions.keys().map(ToString::to_string).collect())
        .bind_list(facilities)
        .fetch_all(tx)
        .await?;
    let mut told = BTreeSet::new();
    for row in &rows {
        let r = Reader::new(row, "inbox_notices", "facility");
        let (commission, at) = (r.parsed("recipient")?, r.time("at_us")?);
        if commissions
            .get(&commission)
            .is_some_and(|&since| since <= at)
        {
            told.insert((commission, r.parsed("facility")?));
        }
    }
    Ok(told)
}

/// A notice as it stands in a commission's inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub number: i64,
    /// The facility whose count is to be looked at.
    pub facility: Id<Organization>,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// The notices after a number, in order, at most `limit`. They tell no count.
pub async fn notices_after(
    tx: &mut Tx,
    region: RegionCode,
    commission: Id<Organization>,
    number: i64,
    limit: i64,
) -> Result<Vec<Notice>, StoreError> {
    let rows = tx
        .query(
            "SELECT * FROM inbox_notices WHERE region = $1 AND recipient = $2 AND number > $3
             ORDER BY number LIMIT $4",
        )
        .bind(region.to_string())
        .bind(commission.to_string())
        .bind(number)
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "inbox_notices", "facility");
            Ok(Notice {
                number: r.int("number")?,
                facility: r.parsed("facility")?,
                at: r.time("at_us")?,
            })
        })
        .collect()
}
