//! Rule sets with their files, and who made which one count. A set is never changed: its id is its
//! content.

use chrono::{DateTime, Utc};

use super::{
    Tx,
    engine::{Column, Conflict, Row},
    error::StoreError,
    rows::{Reader, micros, or_nothing},
};
use crate::{
    clinical::rules::{Bundle, RuleFile},
    domain::{
        actor::Actor, id::Id, organization::Organization, region::RegionCode, rule_set::RuleSetId,
    },
};

/// What is known of a set without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSetRow {
    /// Whose it is: the region that added it, or [`RegionCode::DEPLOYMENT`] for one that shipped.
    pub owner: RegionCode,
    /// Its name.
    pub id: RuleSetId,
    /// What people call it.
    pub label: String,
    /// How many rules it has.
    pub rules: u32,
    /// When it was added.
    pub added: DateTime<Utc>,
    /// Who added it; none for one that shipped.
    pub by: Option<(Id<Organization>, Id<Actor>)>,
}

fn read(row: &Row) -> Result<RuleSetRow, StoreError> {
    let r = Reader::new(row, "rule_sets", "id");
    let region = r.text("region")?;
    let owner = if region == RegionCode::DEPLOYMENT.to_string() {
        RegionCode::DEPLOYMENT
    } else {
        region.parse().map_err(|_| r.corrupt("region"))?
    };
    let by = match (r.maybe_parsed("organization")?, r.maybe_parsed("actor")?) {
        (Some(organization), Some(actor)) => Some((organization, actor)),
        (None, None) => None,
        _ => return Err(r.corrupt("actor")),
    };
    Ok(RuleSetRow {
        owner,
        id: r.parsed("id")?,
        label: r.text("label")?,
        rules: r.number("rules")?,
        added: r.time("added_us")?,
        by,
    })
}

/// Adds a set with its files, if its owner does not have it; tells whether it was new.
pub async fn insert(tx: &mut Tx, set: &RuleSetRow, bundle: &Bundle) -> Result<bool, StoreError> {
    let owner = set.owner.to_string();
    let (organization, actor) = set.by.unzip();
    let added = tx
        .query(
            "INSERT INTO rule_sets (region, id, label, rules, added_us, organization, actor)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(owner.clone())
        .bind(set.id.to_string())
        .bind(set.label.clone())
        .bind(i64::from(set.rules))
        .bind(micros(set.added))
        .bind(organization.map(|o| o.to_string()))
        .bind(actor.map(|a| a.to_string()))
        .execute(tx)
        .await?;
    if added == 0 {
        return Ok(false);
    }
    let files = bundle.files();
    let n = files.len();
    let columns = [
        ("region", Column::Text(vec![owner; n])),
        ("rule_set", Column::Text(vec![set.id.to_string(); n])),
        (
            "name",
            Column::Text(files.iter().map(|f| f.name.clone()).collect()),
        ),
        (
            "content",
            Column::Text(files.iter().map(|f| f.text.clone()).collect()),
        ),
    ];
    tx.insert("rule_set_files", &columns, Conflict::Fail)
        .await?;
    Ok(true)
}

/// A set that the region may use: its own, or one that shipped.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: RuleSetId,
) -> Result<Option<RuleSetRow>, StoreError> {
    let row = tx
        .query(
            "SELECT * FROM rule_sets WHERE region IN ($1, $2) AND id = $3
             ORDER BY region LIMIT 1",
        )
        .bind(region.to_string())
        .bind(RegionCode::DEPLOYMENT.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The sets the region may use, the latest first, before the cursor, at most `limit`.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    before: Option<(DateTime<Utc>, RuleSetId)>,
    limit: u32,
) -> Result<Vec<RuleSetRow>, StoreError> {
    let (at, id) = before.unzip();
    let rows = tx
        .query(
            "SELECT * FROM rule_sets
             WHERE region IN ($1, $2) AND (added_us < $3 OR (added_us = $3 AND id > $4))
             ORDER BY added_us DESC, id LIMIT $5",
        )
        .bind(region.to_string())
        .bind(RegionCode::DEPLOYMENT.to_string())
        .bind(at.map_or(i64::MAX, micros))
        .bind(or_nothing(id))
        .bind(i64::from(limit))
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// How many sets the region has added.
pub async fn count(tx: &mut Tx, region: RegionCode) -> Result<u64, StoreError> {
    let row = tx
        .query("SELECT CAST(COUNT(*) AS BIGINT) AS sets FROM rule_sets WHERE region = $1")
        .bind(region.to_string())
        .fetch_one(tx)
        .await?;
    Reader::new(&row, "rule_sets", "sets").number("sets")
}

/// The files of a set that the region may use; `None` where there is no such set.
pub async fn files(
    tx: &mut Tx,
    region: RegionCode,
    id: RuleSetId,
) -> Result<Option<Vec<RuleFile>>, StoreError> {
    let Some(set) = find(tx, region, id).await? else {
        return Ok(None);
    };
    let rows = tx
        .query(
            "SELECT name, content FROM rule_set_files WHERE region = $1 AND rule_set = $2
             ORDER BY name",
        )
        .bind(set.owner.to_string())
        .bind(id.to_string())
        .fetch_all(tx)
        .await?;
    let files = rows.iter().map(|row| {
        let r = Reader::new(row, "rule_set_files", "name");
        Ok(RuleFile {
            name: r.text("name")?,
            text: r.text("content")?,
        })
    });
    files.collect::<Result<Vec<_>, StoreError>>().map(Some)
}

/// Marks ids of activations.
#[derive(Debug)]
pub enum Activation {}

/// Who made a set count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivationRow {
    /// Its id; later ones sort later.
    pub id: Id<Activation>,
    /// The set that counts from then on.
    pub rule_set: RuleSetId,
    /// The one before.
    pub previous: Option<RuleSetId>,
    /// Whose actor did it.
    pub by: (Id<Organization>, Id<Actor>),
    /// When.
    pub at: DateTime<Utc>,
}

/// Keeps an activation.
pub async fn insert_activation(
    tx: &mut Tx,
    region: RegionCode,
    activation: &ActivationRow,
) -> Result<(), StoreError> {
    let (organization, actor) = activation.by;
    tx.query(
        "INSERT INTO rule_set_activations (region, id, rule_set, previous, organization, actor, at_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(region.to_string())
    .bind(activation.id.to_string())
    .bind(activation.rule_set.to_string())
    .bind(or_nothing(activation.previous))
    .bind(organization.to_string())
    .bind(actor.to_string())
    .bind(micros(activation.at))
    .execute(tx)
    .await?;
    Ok(())
}

/// The latest activation; none while the region has the set it began with.
pub async fn latest_activation(
    tx: &mut Tx,
    region: RegionCode,
) -> Result<Option<ActivationRow>, StoreError> {
    let row = tx
        .query("SELECT * FROM rule_set_activations WHERE region = $1 ORDER BY id DESC LIMIT 1")
        .bind(region.to_string())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let r = Reader::new(&row, "rule_set_activations", "id");
    Ok(Some(ActivationRow {
        id: r.parsed("id")?,
        rule_set: r.parsed("rule_set")?,
        previous: r.given("previous")?,
        by: (r.parsed("organization")?, r.parsed("actor")?),
        at: r.time("at_us")?,
    }))
}
