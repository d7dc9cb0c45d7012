//! Check-ups: identity in columns, findings one sealed blob; and the keys of idempotency.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    engine::{Column, Conflict, Row},
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{
    checkup::{CheckUp, CheckUpStatus, VisitKind},
    child::Child,
    id::Id,
    organization::Organization,
    region::RegionCode,
};

/// A check-up's row.
#[derive(Debug, Clone)]
pub struct CheckUpRow {
    /// Its id.
    pub id: Id<CheckUp>,
    /// The child; none while it waits for one.
    pub child: Option<Id<Child>>,
    /// Who sent it.
    pub source: Id<Organization>,
    /// The sender's id of the record.
    pub record_id: String,
    /// Its revision.
    pub revision: u32,
    /// Its status.
    pub status: CheckUpStatus,
    /// Day of the examination.
    pub date: NaiveDate,
    /// Visit.
    pub visit: VisitKind,
    /// Whether a later revision replaces it.
    pub superseded: bool,
    /// Keyed digest of its content.
    pub digest: Vec<u8>,
    /// Why it waits for its child.
    pub unmatched_reason: Option<String>,
    /// When it was stored.
    pub created: DateTime<Utc>,
}

/// A check-up with its findings, sealed under the child's key or the region's key for the unmatched.
#[derive(Debug, Clone)]
pub struct SealedCheckUp {
    /// Its row.
    pub row: CheckUpRow,
    /// Its findings, sealed.
    pub sealed: Vec<u8>,
}

const COLUMNS: &str = "id, child, source, record_id, revision, status, date, visit, superseded, \
                       digest, unmatched_reason, created_us";

fn read(row: &Row) -> Result<CheckUpRow, StoreError> {
    let r = Reader::new(row, "check_ups", "id");
    Ok(CheckUpRow {
        id: r.parsed("id")?,
        child: r.maybe_parsed("child")?,
        source: r.parsed("source")?,
        record_id: r.text("record_id")?,
        revision: r.number("revision")?,
        status: r.word("status", CheckUpStatus::parse)?,
        date: r.day("date")?,
        visit: r.word("visit", VisitKind::parse)?,
        superseded: r.flag("superseded")?,
        digest: r.bytes("digest")?,
        unmatched_reason: r.maybe_text("unmatched_reason")?,
        created: r.time("created_us")?,
    })
}

fn read_sealed(row: &Row) -> Result<SealedCheckUp, StoreError> {
    Ok(SealedCheckUp {
        row: read(row)?,
        sealed: row.get("sealed")?,
    })
}

/// Every revision of records, each named by its source and the source's id of it.
pub async fn records(
    tx: &mut Tx,
    region: RegionCode,
    records: BTreeSet<(String, String)>,
) -> Result<Vec<CheckUpRow>, StoreError> {
    let (sources, record_ids) = records.into_iter().unzip();
    let select = format!("SELECT {COLUMNS} FROM check_ups WHERE region = $1");
    let sql = tx.each(&select, &["source", "record_id"], 2, "ORDER BY revision");
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(sources)
        .bind_list(record_ids)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// Stores check-ups.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    check_ups: Vec<SealedCheckUp>,
) -> Result<(), StoreError> {
    let n = check_ups.len();
    let text = |f: &dyn Fn(&CheckUpRow) -> String| {
        Column::Text(check_ups.iter().map(|c| f(&c.row)).collect())
    };
    let maybe = |f: &dyn Fn(&CheckUpRow) -> Option<String>| {
        Column::MaybeText(check_ups.iter().map(|c| f(&c.row)).collect())
    };
    let int =
        |f: &dyn Fn(&CheckUpRow) -> i64| Column::Int(check_ups.iter().map(|c| f(&c.row)).collect());
    let columns = [
        ("region", Column::Text(vec![region.to_string(); n])),
        ("id", text(&|c| c.id.to_string())),
        ("child", maybe(&|c| c.child.map(|child| child.to_string()))),
        ("source", text(&|c| c.source.to_string())),
        ("record_id", text(&|c| c.record_id.clone())),
        ("revision", int(&|c| i64::from(c.revision))),
        ("status", text(&|c| c.status.as_str().to_owned())),
        ("date", text(&|c| c.date.to_string())),
        ("visit", text(&|c| c.visit.as_str().to_owned())),
        ("superseded", int(&|c| i64::from(c.superseded))),
        (
            "digest",
            Column::Bytes(check_ups.iter().map(|c| c.row.digest.clone()).collect()),
        ),
        ("unmatched_reason", maybe(&|c| c.unmatched_reason.clone())),
        ("created_us", int(&|c| micros(c.created))),
        (
            "sealed",
            Column::Bytes(check_ups.into_iter().map(|c| c.sealed).collect()),
        ),
    ];
    tx.insert("check_ups", &columns, Conflict::Fail).await?;
    Ok(())
}

/// Marks check-ups as replaced by a later revision.
pub async fn supersede(
    tx: &mut Tx,
    region: RegionCode,
    check_ups: Vec<String>,
) -> Result<Vec<Id<Child>>, StoreError> {
    if check_ups.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "UPDATE check_ups SET superseded = 1 WHERE region = $1 AND {} RETURNING id, child",
        tx.among("id", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(check_ups)
        .fetch_all(tx)
        .await?;
    let children = rows
        .iter()
        .map(|row| Reader::new(row, "check_ups", "id").maybe_parsed("child"));
    children.filter_map(Result::transpose).collect()
}

/// A check-up as an assessment reads it.
pub struct Examination {
    /// Its id.
    pub id: Id<CheckUp>,
    /// The child.
    pub child: Id<Child>,
    /// Who sent it.
    pub source: Id<Organization>,
    /// The sender's id of the record.
    pub record_id: String,
    /// Its revision.
    pub revision: u32,
    /// Its status.
    pub status: CheckUpStatus,
    /// Day of the examination.
    pub date: NaiveDate,
    /// Visit.
    pub visit: VisitKind,
    /// Its findings, sealed.
    pub sealed: Vec<u8>,
}

/// One text for eight columns. A batch reads whole histories, thousands of rows, and what that costs
/// is values: SQLite's driver copies each and hands it from one thread to another. The record's id,
/// which may hold a space, stands last.
const EXAMINATION: &str = "child || ' ' || id || ' ' || source || ' ' || revision || ' ' || status \
                           || ' ' || date || ' ' || visit || ' ' || record_id AS examination";

fn read_examination(row: &Row) -> Result<Examination, StoreError> {
    let r = Reader::new(row, "check_ups", "examination");
    let text = r.text("examination")?;
    let mut words = text.splitn(8, ' ');
    let mut word = |column| words.next().ok_or_else(|| r.corrupt(column));
    macro_rules! parsed {
        ($column:literal) => {
            word($column)?.parse().map_err(|_| r.corrupt($column))?
        };
    }
    Ok(Examination {
        child: parsed!("child"),
        id: parsed!("id"),
        source: parsed!("source"),
        revision: parsed!("revision"),
        status: CheckUpStatus::parse(word("status")?).ok_or_else(|| r.corrupt("status"))?,
        date: parsed!("date"),
        visit: VisitKind::parse(word("visit")?).ok_or_else(|| r.corrupt("visit"))?,
        record_id: word("record_id")?.to_owned(),
        sealed: r.bytes("sealed")?,
    })
}

/// The latest revision of every check-up of children whose rows are locked. For assessment inside the
/// gateway: nothing of it leaves.
pub async fn latest_of(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<Examination>, StoreError> {
    let select =
        format!("SELECT {EXAMINATION}, sealed FROM check_ups WHERE region = $1 AND superseded = 0");
    let sql = tx.each(&select, &["child"], 2, "");
    let ids = children.iter().map(ToString::to_string).collect();
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read_examination).collect()
}

/// The same of the children that permits are about, for a forecast of what is due. It is read whole,
/// as for an assessment: a thing is done whoever did it. What of the forecast may be told the
/// permit's scope says.
pub async fn to_forecast(
    tx: &mut Tx,
    region: RegionCode,
    permits: &[crate::access::Permit],
) -> Result<Vec<Examination>, StoreError> {
    let children = permits.iter().filter_map(|permit| permit.child());
    let children: Vec<Id<Child>> = children.collect();
    latest_of(tx, region, &children).await
}

/// An idempotency key and what was answered.
#[derive(Debug, Clone)]
pub struct PushKey {
    /// The sender.
    pub source: Id<Organization>,
    /// The key.
    pub key: String,
    /// Keyed digest of the content.
    pub digest: Vec<u8>,
    /// The check-up it made.
    pub check_up: Id<CheckUp>,
    /// Whether it was held for its child.
    pub held: bool,
}

const ACCEPTED: &str = "ACCEPTED";
const HELD: &str = "HELD_UNMATCHED";

/// Those of sources' keys that were used before.
pub async fn keys(
    tx: &mut Tx,
    region: RegionCode,
    keys: BTreeSet<(String, String)>,
) -> Result<Vec<PushKey>, StoreError> {
    let (sources, keys) = keys.into_iter().unzip();
    let select = "SELECT * FROM push_keys WHERE region = $1";
    let sql = tx.each(select, &["source", "key"], 2, "");
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(sources)
        .bind_list(keys)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "push_keys", "check_up");
            Ok(PushKey {
                source: r.parsed("source")?,
                key: r.text("key")?,
                digest: r.bytes("digest")?,
                check_up: r.parsed("check_up")?,
                held: r.word("outcome", |w| match w {
                    ACCEPTED => Some(false),
                    HELD => Some(true),
                    _ => None,
                })?,
            })
        })
        .collect()
}

/// Keeps keys with what was answered.
pub async fn insert_keys(
    tx: &mut Tx,
    region: RegionCode,
    keys: Vec<PushKey>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let n = keys.len();
    let outcome = |k: &PushKey| if k.held { HELD } else { ACCEPTED }.to_owned();
    let columns = [
        ("region", Column::Text(vec![region.to_string(); n])),
        (
            "source",
            Column::Text(keys.iter().map(|k| k.source.to_string()).collect()),
        ),
        (
            "key",
            Column::Text(keys.iter().map(|k| k.key.clone()).collect()),
        ),
        (
            "digest",
            Column::Bytes(keys.iter().map(|k| k.digest.clone()).collect()),
        ),
        (
            "check_up",
            Column::Text(keys.iter().map(|k| k.check_up.to_string()).collect()),
        ),
        ("outcome", Column::Text(keys.iter().map(outcome).collect())),
        ("created_us", Column::Int(vec![micros(now); n])),
    ];
    tx.insert("push_keys", &columns, Conflict::Fail).await?;
    Ok(())
}

/// Remembers by which identifiers a waiting check-up may be claimed.
pub async fn await_child(
    tx: &mut Tx,
    region: RegionCode,
    waiting: Vec<(Id<CheckUp>, String)>,
) -> Result<(), StoreError> {
    let (check_ups, identifiers): (Vec<_>, Vec<_>) =
        waiting.into_iter().map(|(c, i)| (c.to_string(), i)).unzip();
    let columns = [
        (
            "region",
            Column::Text(vec![region.to_string(); check_ups.len()]),
        ),
        ("identifier", Column::Text(identifiers)),
        ("check_up", Column::Text(check_ups)),
    ];
    tx.insert("unmatched_identifiers", &columns, Conflict::Skip)
        .await?;
    Ok(())
}

/// The check-ups that wait for one of these identifiers, each with all the identifiers it named.
pub async fn awaiting(
    tx: &mut Tx,
    region: RegionCode,
    identifiers: Vec<String>,
) -> Result<Vec<(SealedCheckUp, Vec<String>)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, sealed FROM check_ups WHERE region = $1 AND child IS NULL AND id IN
             (SELECT check_up FROM unmatched_identifiers WHERE region = $1 AND {})
         ORDER BY id",
        tx.among("identifier", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(identifiers)
        .fetch_all(tx)
        .await?;
    let mut waiting = Vec::with_capacity(rows.len());
    for row in &rows {
        let check_up = read_sealed(row)?;
        let named = tx
            .query(
                "SELECT identifier FROM unmatched_identifiers WHERE region = $1 AND check_up = $2",
            )
            .bind(region.to_string())
            .bind(check_up.row.id.to_string())
            .fetch_all(tx)
            .await?;
        let named: Result<Vec<String>, StoreError> =
            named.iter().map(|row| row.get("identifier")).collect();
        waiting.push((check_up, named?));
    }
    Ok(waiting)
}

/// Gives a waiting check-up to its child, sealed anew under the child's key; tells whether it still
/// counted.
pub async fn adopt(
    tx: &mut Tx,
    region: RegionCode,
    check_up: Id<CheckUp>,
    child: Id<Child>,
    sealed: Vec<u8>,
) -> Result<bool, StoreError> {
    let query = tx.query(
        "UPDATE check_ups SET child = $3, sealed = $4, unmatched_reason = NULL
         WHERE region = $1 AND id = $2 AND superseded = 0",
    );
    let adopted = query
        .bind(region.to_string())
        .bind(check_up.to_string())
        .bind(child.to_string())
        .bind(sealed)
        .execute(tx)
        .await?;
    tx.query("DELETE FROM unmatched_identifiers WHERE region = $1 AND check_up = $2")
        .bind(region.to_string())
        .bind(check_up.to_string())
        .execute(tx)
        .await?;
    Ok(adopted == 1)
}

/// Says anew why a check-up waits.
pub async fn keep_waiting(
    tx: &mut Tx,
    region: RegionCode,
    check_up: Id<CheckUp>,
    reason: &'static str,
) -> Result<(), StoreError> {
    tx.query("UPDATE check_ups SET unmatched_reason = $3 WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(check_up.to_string())
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(())
}

/// What the permitted institution sent and is matched, newest first, before `cursor`; with the
/// child's wrapped key.
pub async fn own(
    tx: &mut Tx,
    region: RegionCode,
    permit: &crate::access::Permit,
    cursor: &str,
    limit: i64,
) -> Result<Vec<(SealedCheckUp, Option<Vec<u8>>)>, StoreError> {
    let crate::access::Scope::OwnRecords(source) = permit.scope() else {
        return Ok(Vec::new());
    };
    let rows = tx
        .query(
            "SELECT u.*, c.wrapped_key FROM check_ups u
             JOIN children c ON c.region = u.region AND c.id = u.child
             WHERE u.region = $1 AND u.source = $2 AND u.id < $3
             ORDER BY u.id DESC LIMIT $4",
        )
        .bind(region.to_string())
        .bind(source.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Ok((read_sealed(row)?, row.get("wrapped_key")?)))
        .collect()
}

/// The latest revision of every check-up of the permit's child that the permit reaches.
pub async fn under(
    tx: &mut Tx,
    region: RegionCode,
    permit: &crate::access::Permit,
) -> Result<Vec<SealedCheckUp>, StoreError> {
    use crate::access::Scope;
    let source = match permit.scope() {
        Scope::Everything => String::new(),
        Scope::OwnRecords(source) => source.to_string(),
        Scope::Consented { .. } | Scope::AbnormalFindings | Scope::Counts => return Ok(Vec::new()),
    };
    let Some(child) = permit.child() else {
        return Ok(Vec::new());
    };
    // By the child, whose check-ups are few: a source has many.
    let sql = format!(
        "SELECT {COLUMNS}, sealed FROM check_ups
         WHERE region = $1 AND child = $2 AND superseded = 0 AND ($3 = '' OR source = $3)"
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(source)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read_sealed).collect()
}

/// What the source sent and waits for its child, oldest first, after `cursor`. Without findings.
pub async fn unmatched(
    tx: &mut Tx,
    region: RegionCode,
    source: Id<Organization>,
    cursor: &str,
    limit: i64,
) -> Result<Vec<CheckUpRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM check_ups
         WHERE region = $1 AND source = $2 AND id > $3 AND child IS NULL AND superseded = 0
         ORDER BY id LIMIT $4"
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(source.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}
