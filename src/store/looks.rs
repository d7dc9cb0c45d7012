//! What a guardian's code for reading opens: the guardianship it speaks for, and the looks at the
//! child.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros},
};
use crate::{
    access::{Permit, Scope, facts::GuardianshipFact},
    domain::{
        actor::Actor,
        child::Child,
        guardianship::{GuardianCodeUse, Guardianship},
        id::Id,
        organization::Organization,
        region::RegionCode,
    },
    ledger::Leaf,
};

/// How long after its first use a code for reading still opens the following pages.
const FOLLOWING_PAGES: TimeDelta = TimeDelta::minutes(10);

/// A guardian's code for reading, as it was used.
pub struct UsedCode {
    /// The guardianship it speaks for.
    pub guardianship: GuardianshipFact,
    /// The institution that handed it over.
    pub issued_by: Id<Organization>,
    /// Its actor, as far as kept.
    pub issued_actor: Option<Id<Actor>>,
}

/// Uses a code for reading, if it is one for this child, in time and not used up. From its first use
/// on it belongs to the organization and the actor that carried that, for the following pages.
pub async fn use_code(
    tx: &mut Tx,
    region: RegionCode,
    digest: &str,
    child: Id<Child>,
    (organization, actor): (Id<Organization>, Id<Actor>),
    now: DateTime<Utc>,
) -> Result<Option<UsedCode>, StoreError> {
    let used = tx
        .query(
            "UPDATE guardian_codes SET used_us = COALESCE(used_us, $5), used_by = $7, used_actor = $8
             WHERE region = $1 AND digest = $2 AND child = $3 AND usage = $4 AND expires_us > $5
               AND (used_us IS NULL OR (used_us > $6 AND used_by = $7 AND used_actor = $8))
             RETURNING guardianship, issued_by, issued_actor",
        )
        .bind(region.to_string())
        .bind(digest.to_owned())
        .bind(child.to_string())
        .bind(GuardianCodeUse::Read.as_str())
        .bind(micros(now))
        .bind(micros(now - FOLLOWING_PAGES))
        .bind(organization.to_string())
        .bind(actor.to_string())
        .fetch_optional(tx)
        .await?;
    let Some(used) = used else { return Ok(None) };
    let code = Reader::new(&used, "guardian_codes", "guardianship");
    let guardianship: Id<Guardianship> = code.parsed("guardianship")?;
    let row = tx
        .query(
            "SELECT id, first_day, ended_us, disputed_us FROM guardianships
             WHERE region = $1 AND id = $2",
        )
        .bind(region.to_string())
        .bind(guardianship.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| {
        let r = Reader::new(&row, "guardianships", "id");
        let guardianship = GuardianshipFact {
            id: r.parsed("id")?,
            first_day: r.day("first_day")?,
            ended: r.maybe_time("ended_us")?,
            disputed_since: r.maybe_time("disputed_us")?,
        };
        Ok(UsedCode {
            guardianship,
            issued_by: code.parsed("issued_by")?,
            issued_actor: code.maybe_parsed("issued_actor")?,
        })
    })
    .transpose()
}

/// A leaf that concerns the child, with the child's own entry still sealed.
pub struct SealedLook {
    /// The leaf.
    pub leaf: Leaf,
    /// Position of the child's entry in the leaf's sub-tree.
    pub position: i64,
    /// The entry's opening, sealed under the child's key.
    pub opening: Vec<u8>,
}

/// Leaves with an entry of the permitted child, newest first, before a number.
pub async fn under(
    tx: &mut Tx,
    region: RegionCode,
    permit: &Permit,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<SealedLook>, StoreError> {
    let (Scope::Everything, Some(child)) = (permit.scope(), permit.child()) else {
        return Ok(Vec::new());
    };
    let rows = tx
        .query(
            "SELECT e.sequence, e.position, e.opening, l.bytes
             FROM ledger_entries e
             JOIN ledger_leaves l ON l.region = e.region AND l.sequence = e.sequence
             WHERE e.region = $1 AND e.child = $2 AND e.sequence < $3
             ORDER BY e.sequence DESC LIMIT $4",
        )
        .bind(region.to_string())
        .bind(child.to_string())
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(tx)
        .await?;
    let mut looks = Vec::with_capacity(rows.len());
    for row in &rows {
        let r = Reader::new(row, "ledger_leaves", "sequence");
        let leaf = Leaf::from_bytes(&r.bytes("bytes")?).map_err(|_| r.corrupt("bytes"))?;
        looks.push(SealedLook {
            leaf,
            position: r.int("position")?,
            opening: r.bytes("opening")?,
        });
    }
    Ok(looks)
}
