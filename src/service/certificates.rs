//! How an organization comes by its certificate, and by its signing key.
//!
//! A private key never comes here: a request carries the public half, and proves the other. What a
//! certificate says is the authority's word, never the request's.

use chrono::{DateTime, Utc};

use super::{
    actors,
    caller::Claim,
    change::Change,
    error::Error,
    founding::{Founding, Opening},
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    domain::{
        actor::{Actor, ActorRole, ActorState},
        id::Id,
        organization::Organization,
        region::RegionCode,
    },
    ledger::KeyKind,
    pki::{
        CertificateName, EnrolmentCode, Fingerprint, PublicKey, authority::CLIENT_VALIDITY,
        request::proven_key,
    },
    store::{
        StoreError, Tx,
        actors::{self as actor_rows, ActorRow},
        certificates::{self, NewCertificate},
        organizations, signing_keys,
    },
};

/// What a party that enrols hands in.
pub struct Enrolling {
    /// The one-time code as it was typed.
    pub code: String,
    /// PKCS#10 request in PEM.
    pub csr_pem: String,
    /// The organization's signing key for agreements.
    pub signing_key: PublicKey,
    /// Name of the responsible person. Personal.
    pub responsible_person: String,
}

/// What it gets.
pub struct Enrolled {
    /// The region.
    pub region: RegionCode,
    /// The organization.
    pub organization: Id<Organization>,
    /// The responsible person: the first actor, or the present one on re-enrolment.
    pub actor: Id<Actor>,
    /// Its certificate; none where an outside authority issues them.
    pub certificate: Option<Certificate>,
}

/// A certificate just issued.
pub struct Certificate {
    /// PEM.
    pub pem: String,
    /// The last instant of its validity.
    pub expires: DateTime<Utc>,
}

/// Trades a code for a certificate. Earlier certificates that were issued here are revoked and the
/// organization's signing key ends: whoever enrols anew has lost the former, or should have. One of an
/// outside authority is not known here before it is revoked, see [`revoke`]. The present responsible
/// person stays.
pub async fn enroll(gateway: &Gateway, enrolling: Enrolling) -> Result<Enrolled, Error> {
    let invalid = Reason::EnrolmentCodeInvalid;
    proven_key(&enrolling.csr_pem).map_err(|_| bad_request())?;
    let code = EnrolmentCode::parse(&enrolling.code).map_err(|_| invalid)?;
    let region: RegionCode = code.region().parse().map_err(|_| invalid)?;
    let digest = data_encoding::HEXLOWER.encode(&code.secret().digest());

    // Anybody may call: a code that is not there must not take the region's head.
    let mut tx = gateway.store().snapshot().await?;
    let now = tx.now().await?;
    let usable = certificates::is_usable(&mut tx, region, &digest, now).await?;
    tx.rollback().await?;
    if !usable {
        return Err(invalid.into());
    }
    let tx = gateway.store().begin().await?;
    let mut founding = match Founding::begin(gateway, tx, region).await {
        Err(Error::Store(StoreError::UnknownRegion)) => return Err(invalid.into()),
        other => other?,
    };
    let now = founding.now;
    let organization = certificates::use_code(&mut founding.tx, region, &digest, now).await?;
    let organization = organization.ok_or(invalid)?;
    certificates::revoke_all(&mut founding.tx, region, organization, now).await?;
    let certificate = issue(
        gateway,
        &mut founding.tx,
        region,
        organization,
        &enrolling.csr_pem,
        now,
    )
    .await?;
    keep_key(
        &mut founding.tx,
        region,
        organization,
        &enrolling.signing_key,
        now,
    )
    .await?;
    let actor = responsible(&mut founding, organization, &enrolling.responsible_person).await?;
    founding.commit().await?;
    Ok(Enrolled {
        region,
        organization,
        actor,
        certificate,
    })
}

/// The present responsible person, or the one named now, who is approved by the code itself.
async fn responsible(
    founding: &mut Founding,
    organization: Id<Organization>,
    name: &str,
) -> Result<Id<Actor>, Error> {
    let (region, now) = (founding.region, founding.now);
    let present = actor_rows::responsible(&mut founding.tx, region, organization).await?;
    if let Some(present) = present.first() {
        return Ok(*present);
    }
    let id = Id::timed(now, &mut founding.chance);
    let row = ActorRow {
        id,
        organization,
        role: ActorRole::ResponsiblePerson,
        practitioner: None,
        state: ActorState::Approved,
        decided_by: Some(id),
        certificate_issued: None,
        sealed: actors::seal_name(&founding.keys, region, id, name, &mut founding.chance)?,
    };
    actor_rows::insert(&mut founding.tx, region, &row, now).await?;
    founding.record(Opening {
        kind: KeyKind::Actor,
        id: id.to_string(),
        change: "ORGANIZATION_ENROLLED",
        by: Some((organization.to_string(), id.to_string())),
        facts: vec![("actor.role".to_owned(), row.role.as_str().to_owned())],
    })?;
    Ok(id)
}

/// A fresh certificate for the caller's organization. The present one stays good until it ends, so
/// that a machine can change over at leisure.
pub async fn renew(gateway: &Gateway, claim: &Claim, csr_pem: &str) -> Result<Certificate, Error> {
    proven_key(csr_pem).map_err(|_| bad_request())?;
    let region = claim.home;
    // Under the head, so that an enrolment anew, which revokes, and a renewal don't pass each other.
    let mut change = Change::begin(gateway, region, claim).await?;
    let (us, now) = (change.caller.organization, change.now);
    let issued = issue(gateway, &mut change.tx, region, us, csr_pem, now).await?;
    let issued = issued.ok_or(Reason::AuthorityOutside)?;
    change.commit().await?;
    Ok(issued)
}

/// Revokes one certificate by its fingerprint, whoever issued it: the commission any organization's,
/// a responsible person the own one's. Every call with it that is decided later is refused, on open
/// streams too. Revoking again is harmless.
///
/// # Errors
/// `NOT_FOUND` for an organization of another region or one that is not the caller's to revoke for,
/// and for a certificate that is kept here as another's.
pub async fn revoke(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    organization: Id<Organization>,
    fingerprint: &Fingerprint,
) -> Result<(), Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    if change.caller.must_be_commission().is_err() {
        change.caller.must_be_responsible()?;
        if organization != change.caller.organization {
            return Err(Reason::NotFound.into());
        }
    }
    let now = change.now;
    let known = organizations::find(&mut change.tx, region, organization, now).await?;
    known.ok_or(Reason::NotFound)?;
    let print = fingerprint.to_string();
    if !certificates::revoke(&mut change.tx, region, organization, &print, now).await? {
        return Err(Reason::NotFound.into());
    }
    change.commit().await
}

async fn issue(
    gateway: &Gateway,
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    csr_pem: &str,
    now: DateTime<Utc>,
) -> Result<Option<Certificate>, Error> {
    let Some(authority) = gateway.certifying().authority else {
        return Ok(None);
    };
    let name = CertificateName::new(&region.to_string(), &organization.to_string())
        .map_err(|_| Error::Broken("an organization that fits no certificate"))?;
    let issued = {
        let mut chance = gateway.chance();
        authority.issue_client(csr_pem, &name, now, CLIENT_VALIDITY, &mut *chance)
    };
    let issued = issued.map_err(|_| Error::Broken("the authority could not sign"))?;
    let fingerprint = issued.fingerprint.to_string();
    let new = NewCertificate {
        fingerprint,
        organization,
        expires: issued.not_after,
    };
    certificates::insert(tx, region, &new, now).await?;
    Ok(Some(Certificate {
        pem: issued.certificate_pem,
        expires: issued.not_after,
    }))
}

fn bad_request() -> Error {
    Error::field("certificate_request_pem", Reason::CertificateRequestInvalid)
}

/// A signing key as it was registered.
pub struct RegisteredKey {
    /// SHA-256 of the SPKI, hex.
    pub key_id: String,
    /// When.
    pub created: DateTime<Utc>,
}

/// Responsible person: the organization's new signing key. The former stays in history, so that
/// what it signed can be checked; a key that ended can't come back.
pub async fn register_signing_key(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    key: &PublicKey,
) -> Result<RegisteredKey, Error> {
    // Under the head, as above: of an enrolment anew and a registration the later one counts.
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_responsible()?;
    let (us, now) = (change.caller.organization, change.now);
    let created = keep_key(&mut change.tx, region, us, key, now).await?;
    change.commit().await?;
    Ok(RegisteredKey {
        key_id: key.id().to_string(),
        created,
    })
}

/// Makes `key` the present one, unless it is already. Gives since when it is registered.
async fn keep_key(
    tx: &mut Tx,
    region: RegionCode,
    organization: Id<Organization>,
    key: &PublicKey,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Error> {
    let id = key.id().to_string();
    match signing_keys::find(tx, region, organization, &id).await? {
        Some(known) if known.ended.is_none() => Ok(known.created),
        Some(_) => Err(Error::field("signing_key_pem", Reason::SigningKeyInvalid)),
        None => {
            let pem = key.spki_pem();
            signing_keys::replace(tx, region, organization, &id, &pem, now).await?;
            Ok(now)
        }
    }
}
