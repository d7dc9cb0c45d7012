//! Which children wait for assessment: those whose alerts rest on other rules or settings than
//! the region's, and those whose day has come. Every question here is an index range, so that a quiet region costs
//! nothing however many children it has.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    Tx,
    children::{COLUMNS, ChildRow, read_row},
    error::StoreError,
    rows::{Reader, or_nothing},
};
use crate::domain::{child::Child, id::Id, region::RegionCode, rule_set::Basis};

/// The three ranges in which children wait, each in child order within what comes first. Inequality
/// is two ranges: an index knows no "other than".
const WAITING: [(&str, &str); 3] = [
    ("assessed_by < $2", "assessed_by, id"),
    ("assessed_by > $2", "assessed_by, id"),
    ("next_day <> '' AND next_day <= $2", "next_day, id"),
];

/// Whether any child waits.
pub async fn any_waiting(
    tx: &mut Tx,
    region: RegionCode,
    active: Basis,
    today: NaiveDate,
) -> Result<bool, StoreError> {
    // The order is asked for so that PostgreSQL takes the index: for the first row of any order it
    // would read the table, and read all of it where nothing waits.
    let first = |(range, order): (&str, &str), n: u32| {
        let range = range.replace("$2", &format!("${n}"));
        format!(
            "(SELECT 1 FROM children WHERE region = $1 AND wrapped_key IS NOT NULL AND {range}
              ORDER BY {order} LIMIT 1)"
        )
    };
    let [below, above, due] = WAITING;
    let sql = format!(
        "SELECT CAST(COALESCE({}, {}, {}, 0) AS BIGINT) AS waiting",
        first(below, 2),
        first(above, 2),
        first(due, 3)
    );
    let row = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(active.to_string())
        .bind(today.to_string())
        .fetch_one(tx)
        .await?;
    Reader::new(&row, "children", "waiting").flag("waiting")
}

/// Locks the first children that wait, at most `limit`. Those that somebody else holds are passed
/// over: another gateway assesses them, or a push is about to. `met` gets each before its row is read,
/// so that it can be named if that fails.
pub async fn lock_waiting(
    tx: &mut Tx,
    region: RegionCode,
    active: Basis,
    today: NaiveDate,
    limit: usize,
    met: &mut Vec<Id<Child>>,
) -> Result<Vec<ChildRow>, StoreError> {
    let mut children: Vec<ChildRow> = Vec::new();
    for (place, (range, order)) in WAITING.into_iter().enumerate() {
        let rest = limit - children.len();
        if rest == 0 {
            break;
        }
        let bound = if place == 2 {
            today.to_string()
        } else {
            active.to_string()
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM children
             WHERE region = $1 AND wrapped_key IS NOT NULL AND {range}
             ORDER BY {order} LIMIT $3{}",
            tx.for_update_of_free()
        );
        let rows = tx
            .query_of_parts(sql)
            .bind(region.to_string())
            .bind(bound)
            .bind(i64::try_from(rest).unwrap_or(i64::MAX))
            .fetch_all(tx)
            .await?;
        for row in &rows {
            let id = Reader::new(row, "children", "id").parsed("id")?;
            // A child may wait in two ranges.
            if !met.contains(&id) {
                met.push(id);
                children.push(read_row(row)?);
            }
        }
    }
    Ok(children)
}

/// Notes by which rules locked children now stand, and each one's next day: one statement.
pub async fn note(
    tx: &mut Tx,
    region: RegionCode,
    by: Basis,
    children: &[(Id<Child>, Option<NaiveDate>)],
) -> Result<(), StoreError> {
    if children.is_empty() {
        return Ok(());
    }
    let days: BTreeMap<String, String> = children
        .iter()
        .map(|(child, day)| (child.to_string(), or_nothing(*day)))
        .collect();
    let sql = format!(
        "UPDATE children SET assessed_by = $2, next_day = {} WHERE region = $1 AND {}",
        tx.paired("id", 3),
        tx.among("id", 3)
    );
    tx.query_of_parts(sql)
        .bind(region.to_string())
        .bind(by.to_string())
        .bind_pairs(days)
        .execute(tx)
        .await?;
    Ok(())
}

/// Something that an assessment reads has changed beside the check-ups: the tide is to assess the
/// locked child again.
pub async fn wake(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
    today: NaiveDate,
) -> Result<(), StoreError> {
    tx.query("UPDATE children SET next_day = $3 WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(today.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// How many children there are, erased ones left out, and how many of them stand `by` these rules and settings.
pub async fn progress(
    tx: &mut Tx,
    region: RegionCode,
    by: Basis,
) -> Result<(u64, u64), StoreError> {
    let row = tx
        .query(
            "SELECT CAST(COUNT(*) AS BIGINT) AS children,
                    CAST(COALESCE(SUM(CASE WHEN assessed_by = $2 THEN 1 ELSE 0 END), 0) AS BIGINT)
                        AS assessed
             FROM children WHERE region = $1 AND wrapped_key IS NOT NULL",
        )
        .bind(region.to_string())
        .bind(by.to_string())
        .fetch_one(tx)
        .await?;
    let r = Reader::new(&row, "children", "children");
    Ok((r.number("children")?, r.number("assessed")?))
}

/// Children after `after` in child order, without locks; erased ones left out.
pub async fn after(
    tx: &mut Tx,
    region: RegionCode,
    after: &str,
    limit: usize,
) -> Result<Vec<ChildRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM children
         WHERE region = $1 AND id > $2 AND wrapped_key IS NOT NULL ORDER BY id LIMIT $3"
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(after.to_owned())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(tx)
        .await?;
    rows.iter().map(read_row).collect()
}
