//! Actors and their approval. Names are sealed under the region's staff key.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    error::StoreError,
    rows::{Reader, micros, or_nothing},
};
use crate::domain::{
    actor::{Actor, ActorRole, ActorState, Practitioner},
    id::Id,
    organization::Organization,
    region::RegionCode,
};

/// An actor.
#[derive(Clone)]
pub struct ActorRow {
    /// Its id.
    pub id: Id<Actor>,
    /// The organization.
    pub organization: Id<Organization>,
    /// What it does.
    pub role: ActorRole,
    /// The practitioner it is, if registered as one.
    pub practitioner: Option<Id<Practitioner>>,
    /// Where its approval stands.
    pub state: ActorState,
    /// Who decided that last: the responsible person; none before the first decision.
    pub decided_by: Option<Id<Actor>>,
    /// The day its yearly health certificate was issued, of somebody who works in care.
    pub certificate_issued: Option<NaiveDate>,
    /// The sealed name.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for ActorRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorRow({}, {:?})", self.id, self.state)
    }
}

/// Registers an actor.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    row: &ActorRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let decided = row.decided_by.map(|_| micros(now));
    tx.query(
        "INSERT INTO actors (region, id, organization, role, practitioner, state, reason,
             decided_by, decided_us, created_us, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9, $10)",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.organization.to_string())
    .bind(row.role.as_str())
    .bind(row.practitioner.map(|id| id.to_string()))
    .bind(row.state.as_str())
    .bind(row.decided_by.map(|id| id.to_string()))
    .bind(decided)
    .bind(micros(now))
    .bind(row.sealed.clone())
    .execute(tx)
    .await?;
    Ok(())
}

const COLUMNS: &str =
    "id, organization, role, practitioner, state, decided_by, certificate_issued, sealed";

/// An actor of an organization.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    id: Id<Actor>,
) -> Result<Option<ActorRow>, StoreError> {
    let row = tx
        .query_of_parts(format!(
            "SELECT {COLUMNS} FROM actors WHERE region = $1 AND id = $2 AND organization = $3"
        ))
        .bind(region.to_string())
        .bind(id.to_string())
        .bind(organization.to_string())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(read).transpose()
}

/// An organization's actors after `after`, in order of registration, at most `limit`.
pub async fn list(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    after: Option<Id<Actor>>,
    limit: u32,
) -> Result<Vec<ActorRow>, StoreError> {
    let rows = tx
        .query_of_parts(format!(
            "SELECT {COLUMNS} FROM actors WHERE region = $1 AND organization = $2 AND id > $3
             ORDER BY id LIMIT $4"
        ))
        .bind(region.to_string())
        .bind(organization.to_string())
        .bind(after.map_or_else(String::new, |id| id.to_string()))
        .bind(i64::from(limit))
        .fetch_all(tx)
        .await?;
    rows.iter().map(read).collect()
}

/// The approved responsible persons of an organization, the latest approved first.
pub async fn responsible(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
) -> Result<Vec<Id<Actor>>, StoreError> {
    let rows = tx
        .query(
            "SELECT id FROM actors
             WHERE region = $1 AND organization = $2 AND role = $3 AND state = $4
             ORDER BY decided_us DESC, id DESC",
        )
        .bind(region.to_string())
        .bind(organization.to_string())
        .bind(ActorRole::ResponsiblePerson.as_str())
        .bind(ActorState::Approved.as_str())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "actors", "id").parsed("id"))
        .collect()
}

/// Decides over an actor's approval.
pub async fn decide(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Actor>,
    state: ActorState,
    (by, reason): (Id<Actor>, &str),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "UPDATE actors SET state = $3, decided_by = $4, reason = $5, decided_us = $6
         WHERE region = $1 AND id = $2",
    )
    .bind(region.to_string())
    .bind(id.to_string())
    .bind(state.as_str())
    .bind(by.to_string())
    .bind(reason.to_owned())
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps the day an actor's health certificate was issued; none: there is none.
pub async fn certify(
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Actor>,
    issued: Option<NaiveDate>,
    by: Id<Actor>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.query(
        "UPDATE actors SET certificate_issued = $3, certificate_by = $4, certificate_us = $5
         WHERE region = $1 AND id = $2",
    )
    .bind(region.to_string())
    .bind(id.to_string())
    .bind(or_nothing(issued))
    .bind(by.to_string())
    .bind(micros(now))
    .execute(tx)
    .await?;
    Ok(())
}

/// How many approved workers of a facility have a certificate of one day.
pub struct Certified {
    /// The facility.
    pub facility: Id<Organization>,
    /// The day; none: no certificate is on record.
    pub issued: Option<NaiveDate>,
    /// How many.
    pub workers: u32,
}

/// The certificates of facilities' approved workers.
pub async fn certified(
    tx: &mut Tx,
    region: RegionCode,
    facilities: &[Id<Organization>],
) -> Result<Vec<Certified>, StoreError> {
    let roles = ActorRole::ALL.iter().filter(|role| role.works_in_care());
    let roles: Vec<&str> = roles.map(|role| role.as_str()).collect();
    let sql = format!(
        "SELECT organization, certificate_issued, CAST(COUNT(*) AS BIGINT) AS workers
         FROM actors WHERE region = $1 AND state = $2 AND role IN ('{}') AND {}
         GROUP BY organization, certificate_issued",
        roles.join("', '"),
        tx.among("organization", 3)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(ActorState::Approved.as_str())
        .bind_list(facilities.iter().map(ToString::to_string).collect())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "actors", "organization");
            Ok(Certified {
                facility: r.parsed("organization")?,
                issued: r.given("certificate_issued")?,
                workers: r.number("workers")?,
            })
        })
        .collect()
}

/// Whether an organization employs a practitioner.
pub async fn employs(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    practitioner: Id<Practitioner>,
) -> Result<bool, StoreError> {
    let row = tx
        .query("SELECT id FROM practitioners WHERE region = $1 AND id = $2 AND employer = $3")
        .bind(region.to_string())
        .bind(practitioner.to_string())
        .bind(organization.to_string())
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

fn read(row: &super::engine::Row) -> Result<ActorRow, StoreError> {
    let r = Reader::new(row, "actors", "id");
    Ok(ActorRow {
        id: r.parsed("id")?,
        organization: r.parsed("organization")?,
        role: r.word("role", ActorRole::parse)?,
        practitioner: r.maybe_parsed("practitioner")?,
        state: r.word("state", ActorState::parse)?,
        decided_by: r.maybe_parsed("decided_by")?,
        certificate_issued: r.given("certificate_issued")?,
        sealed: r.bytes("sealed")?,
    })
}
