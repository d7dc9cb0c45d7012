//! Guardianships and the one-time codes that speak for them.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    engine::Row,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::domain::{
    actor::Actor,
    child::Child,
    guardianship::{
        GuardianCodeUse, Guardianship, GuardianshipEvidence, GuardianshipTurn, Relation,
    },
    id::Id,
    organization::Organization,
    region::RegionCode,
};

/// A guardianship's row, without what is sealed.
#[derive(Debug, Clone)]
pub struct GuardianshipRow {
    /// Its id.
    pub id: Id<Guardianship>,
    /// The child.
    pub child: Id<Child>,
    /// Blind index of the guardian's resident ID.
    pub guardian: String,
    /// How related.
    pub relation: Relation,
    /// What was seen as proof.
    pub evidence: GuardianshipEvidence,
    /// First day.
    pub first_day: NaiveDate,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// Since when it is disputed.
    pub disputed: Option<DateTime<Utc>>,
    /// Who recorded it.
    pub recorded_by: Id<Organization>,
}

impl GuardianshipRow {
    /// Whether it has begun by a day and not ended; it may be disputed.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.ended.is_none() && self.first_day <= day
    }

    /// Whether it holds on a day, undisputed.
    pub fn speaks_on(&self, day: NaiveDate) -> bool {
        self.holds_on(day) && self.disputed.is_none()
    }
}

fn read(row: &Row) -> Result<GuardianshipRow, StoreError> {
    let r = Reader::new(row, "guardianships", "id");
    Ok(GuardianshipRow {
        id: r.parsed("id")?,
        child: r.parsed("child")?,
        guardian: r.text("guardian")?,
        relation: r.word("relation", Relation::parse)?,
        evidence: r.word("evidence", GuardianshipEvidence::parse)?,
        first_day: r.day("first_day")?,
        ended: r.maybe_time("ended_us")?,
        disputed: r.maybe_time("disputed_us")?,
        recorded_by: r.parsed("recorded_by")?,
    })
}

/// Records a guardianship; name, number and phone come sealed.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    row: &GuardianshipRow,
    sealed: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO guardianships (region, id, child, guardian, relation, evidence, first_day,
                                    recorded_by, created_us, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.child.to_string())
    .bind(row.guardian.clone())
    .bind(row.relation.as_str())
    .bind(row.evidence.as_str())
    .bind(row.first_day.to_string())
    .bind(row.recorded_by.to_string())
    .bind(micros(now))
    .bind(sealed)
    .execute(tx)
    .await?;
    Ok(())
}

/// One guardianship.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Guardianship>,
) -> Result<Option<GuardianshipRow>, StoreError> {
    let row = tx
        .query("SELECT * FROM guardianships WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// A child's guardianships in order of recording.
pub async fn of_child(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
) -> Result<Vec<GuardianshipRow>, StoreError> {
    let rows = tx
        .query("SELECT * FROM guardianships WHERE region = $1 AND child = $2 ORDER BY id")
        .bind(region.to_string())
        .bind(child.to_string())
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// Keeps when it ended and since when it is disputed.
pub async fn update(
    tx: &mut Tx,
    region: RegionCode,
    row: &GuardianshipRow,
) -> Result<(), StoreError> {
    tx.query(
        "UPDATE guardianships SET ended_us = $3, disputed_us = $4 WHERE region = $1 AND id = $2",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.ended.map(micros))
    .bind(row.disputed.map(micros))
    .execute(tx)
    .await?;
    Ok(())
}

/// Why a guardianship was turned.
pub struct NewTurn<'a> {
    /// Its id.
    pub id: Id<GuardianshipTurn>,
    /// The guardianship.
    pub guardianship: Id<Guardianship>,
    /// What happened, as the ledger names it.
    pub turn: &'a str,
    /// The reason and the evidence seen, sealed under the child's key.
    pub sealed: Vec<u8>,
}

/// Keeps why a guardianship was turned.
pub async fn insert_turn(
    tx: &mut Tx,
    region: RegionCode,
    new: NewTurn<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO guardianship_turns (region, id, guardianship, turn, at_us, sealed)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(region.to_string())
    .bind(new.id.to_string())
    .bind(new.guardianship.to_string())
    .bind(new.turn.to_owned())
    .bind(micros(now))
    .bind(new.sealed)
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether the organization has to do with the child: it registered it first, sent a check-up of it,
/// or has (or had) it in care. To have recorded a guardianship is nothing: whoever knows a number
/// can do that.
pub async fn concerns(
    tx: &mut Tx,
    region: RegionCode,
    child: Id<Child>,
    organization: Id<Organization>,
) -> Result<bool, StoreError> {
    let row = tx
        .query(
            "SELECT 1 AS yes FROM children
                WHERE region = $1 AND id = $2 AND registered_by = $3
             UNION ALL SELECT 1 FROM enrolments
                WHERE region = $1 AND child = $2 AND facility = $3
             UNION ALL SELECT 1 FROM check_ups
                WHERE region = $1 AND child = $2 AND superseded = 0 AND source = $3
             LIMIT 1",
        )
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(organization.to_string())
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

/// A one-time code to be kept.
pub struct NewCode {
    /// Keyed digest of the code.
    pub digest: String,
    /// For whom it speaks.
    pub guardianship: Id<Guardianship>,
    /// About whom.
    pub child: Id<Child>,
    /// What it may be used for.
    pub usage: GuardianCodeUse,
    /// Who handed it over.
    pub issued_by: Id<Organization>,
    /// By which actor.
    pub issued_actor: Id<Actor>,
    /// When it ends.
    pub expires: DateTime<Utc>,
}

/// Keeps a code.
pub async fn insert_code(
    tx: &mut Tx,
    region: RegionCode,
    code: NewCode,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO guardian_codes
             (region, digest, guardianship, child, usage, issued_by, issued_actor, issued_us,
              expires_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(region.to_string())
    .bind(code.digest)
    .bind(code.guardianship.to_string())
    .bind(code.child.to_string())
    .bind(code.usage.as_str())
    .bind(code.issued_by.to_string())
    .bind(code.issued_actor.to_string())
    .bind(micros(now))
    .bind(micros(code.expires))
    .execute(tx)
    .await?;
    Ok(())
}

/// Uses a code for a decision up, once, and keeps who carried it: gives the guardianship it speaks
/// for if it is one for this child, in time and unused.
pub async fn use_code(
    tx: &mut Tx,
    region: RegionCode,
    digest: &str,
    child: Id<Child>,
    (organization, actor): (Id<Organization>, Id<Actor>),
    now: DateTime<Utc>,
) -> Result<Option<Id<Guardianship>>, StoreError> {
    let row = tx
        .query(
            "UPDATE guardian_codes SET used_us = $5, used_by = $6, used_actor = $7
             WHERE region = $1 AND digest = $2 AND child = $3 AND usage = $4
               AND used_us IS NULL AND expires_us > $5
             RETURNING guardianship",
        )
        .bind(region.to_string())
        .bind(digest.to_owned())
        .bind(child.to_string())
        .bind(GuardianCodeUse::Decide.as_str())
        .bind(micros(now))
        .bind(organization.to_string())
        .bind(actor.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| Reader::new(&row, "guardian_codes", "guardianship").parsed("guardianship"))
        .transpose()
}
