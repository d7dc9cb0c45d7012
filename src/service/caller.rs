//! Who calls: a claim becomes a caller only against committed facts.

use chrono::{DateTime, Utc};

use super::{error::Error, reason::Reason};
use crate::{
    access::facts::{ActorFact, AskerFacts},
    domain::{
        actor::{Actor, ActorRole, ActorState},
        id::Id,
        organization::{Organization, OrganizationKind, Standing},
        region::RegionCode,
    },
    store::{Tx, askers},
};

pub use askers::Claim;

/// Reads the facts about whoever calls. Refuses a certificate that is past its end at `now` (the
/// deciding time), unknown, another's, revoked or foreign to the region; leaves standing and actor to
/// the decision.
pub async fn asker(
    tx: &mut Tx,
    region: RegionCode,
    claim: &Claim,
    now: DateTime<Utc>,
) -> Result<AskerFacts, Error> {
    // Compared at the call's beginning too; but a stream, or a wait for a lock, may outlast it.
    if now > claim.not_after {
        return Err(Reason::CertificateExpired.into());
    }
    let found = askers::find(tx, region, claim)
        .await?
        .ok_or(Reason::CertificateUnknown)?;
    if found.of_another {
        return Err(Reason::CertificateUnknown.into());
    }
    if found.revoked {
        return Err(Reason::CertificateRevoked.into());
    }
    if found.facts.standing.is_none() {
        return Err(Reason::RegionForeign.into());
    }
    Ok(found.facts)
}

/// A caller in good standing with an approved actor.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The organization.
    pub organization: Id<Organization>,
    /// What it is.
    pub kind: OrganizationKind,
    /// The actor.
    pub actor: ActorFact,
}

/// Admits a caller to what is decided now: standing active, actor approved.
pub async fn admit(tx: &mut Tx, region: RegionCode, claim: &Claim) -> Result<Caller, Error> {
    let now = tx.now().await?;
    admit_at(tx, region, claim, now).await
}

/// Admits a caller to what is decided at `now`: standing active, actor approved.
pub async fn admit_at(
    tx: &mut Tx,
    region: RegionCode,
    claim: &Claim,
    now: DateTime<Utc>,
) -> Result<Caller, Error> {
    let facts = asker(tx, region, claim, now).await?;
    admitted(&facts, claim)
}

/// Whether these facts admit the caller.
pub fn admitted(facts: &AskerFacts, claim: &Claim) -> Result<Caller, Error> {
    if facts.standing != Some(Standing::Active) {
        return Err(Reason::OrganizationSuspended.into());
    }
    if claim.actor.is_none() {
        return Err(Reason::ActorRequired.into());
    }
    let actor = facts.actor.clone().ok_or(Reason::ActorUnknown)?;
    if actor.state != ActorState::Approved {
        return Err(Reason::ActorNotApproved.into());
    }
    Ok(Caller {
        organization: facts.organization,
        kind: facts.kind,
        actor,
    })
}

impl Caller {
    /// The actor's id.
    pub fn actor_id(&self) -> Id<Actor> {
        self.actor.id
    }

    /// Refuses everybody but a health commission.
    pub fn must_be_commission(&self) -> Result<(), Error> {
        self.must_be(|kind| kind == OrganizationKind::HealthCommission)
    }

    /// Refuses everybody but a health commission's responsible person and officials.
    pub fn must_be_office(&self) -> Result<(), Error> {
        self.must_be_commission()?;
        match self.actor.role {
            ActorRole::ResponsiblePerson | ActorRole::Official => Ok(()),
            _ => Err(Reason::OfficeRequired.into()),
        }
    }

    /// Refuses everybody but a facility.
    pub fn must_be_facility(&self) -> Result<(), Error> {
        self.must_be(OrganizationKind::is_facility)
    }

    /// Refuses everybody but a medical institution.
    pub fn must_be_medical(&self) -> Result<(), Error> {
        self.must_be(OrganizationKind::is_medical)
    }

    /// Refuses organizations of a kind that does not fit.
    pub fn must_be(&self, fits: impl Fn(OrganizationKind) -> bool) -> Result<(), Error> {
        if fits(self.kind) {
            Ok(())
        } else {
            Err(Reason::NotForThisOrganization.into())
        }
    }

    /// Refuses everybody but the responsible person.
    pub fn must_be_responsible(&self) -> Result<(), Error> {
        if self.actor.role == ActorRole::ResponsiblePerson {
            Ok(())
        } else {
            Err(Reason::ResponsiblePersonRequired.into())
        }
    }
}
