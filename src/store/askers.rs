//! Who calls: the organization behind a certificate, its standing, and the actor named on the call.

use chrono::{DateTime, Utc};

use super::{Tx, error::StoreError, rows::Reader};
use crate::{
    access::facts::{ActorFact, AskerFacts},
    domain::{
        actor::{Actor, ActorRole, ActorState},
        id::Id,
        organization::{Organization, OrganizationKind, Standing},
        region::RegionCode,
    },
};

/// What a certificate and a call claim; nothing of it is believed before it is read here.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The region in which the organization was registered.
    pub home: RegionCode,
    /// The organization.
    pub organization: Id<Organization>,
    /// SHA-256 of the certificate, hex.
    pub fingerprint: String,
    /// The last instant of the certificate's validity: a stream may outlive it.
    pub not_after: DateTime<Utc>,
    /// The actor named in the call's metadata.
    pub actor: Option<Id<Actor>>,
}

/// What the region knows about a claim.
pub struct Asker {
    /// Facts for the decision.
    pub facts: AskerFacts,
    /// Whether the certificate was revoked.
    pub revoked: bool,
    /// Whether the certificate is kept here as another organization's.
    pub of_another: bool,
}

/// Reads the facts about whoever calls, as `region` knows them. `None`: no such organization.
pub async fn find(
    tx: &mut Tx,
    region: RegionCode,
    claim: &Claim,
) -> Result<Option<Asker>, StoreError> {
    let row = tx
        .query(
            "SELECT o.id, o.kind, s.state AS standing, a.id AS actor, a.role, a.state AS actor_state,
                    a.practitioner, c.revoked_us, c.organization AS certified
             FROM organizations o
             LEFT JOIN standings s ON s.region = $3 AND s.organization = o.id
             LEFT JOIN actors a ON a.region = $3 AND a.id = $4 AND a.organization = o.id
             LEFT JOIN certificates c ON c.region = $1 AND c.fingerprint = $5
             WHERE o.region = $1 AND o.id = $2",
        )
        .bind(claim.home.to_string())
        .bind(claim.organization.to_string())
        .bind(region.to_string())
        .bind(claim.actor.map_or_else(String::new, |a| a.to_string()))
        .bind(claim.fingerprint.clone())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let r = Reader::new(&row, "organizations", "id");
    let standing = match r.maybe_text("standing")? {
        None => None,
        Some(text) => Some(Standing::parse(&text).ok_or_else(|| r.corrupt("standing"))?),
    };
    let actor = match r.maybe_parsed("actor")? {
        None => None,
        Some(id) => Some(ActorFact {
            id,
            role: r.word("role", ActorRole::parse)?,
            state: r.word("actor_state", ActorState::parse)?,
            practitioner: r.maybe_parsed("practitioner")?,
        }),
    };
    let facts = AskerFacts {
        organization: r.parsed("id")?,
        kind: r.word("kind", OrganizationKind::parse)?,
        standing,
        actor,
    };
    let certified: Option<Id<Organization>> = r.maybe_parsed("certified")?;
    Ok(Some(Asker {
        of_another: certified.is_some_and(|of| of != facts.organization),
        facts,
        revoked: r.maybe_time("revoked_us")?.is_some(),
    }))
}
