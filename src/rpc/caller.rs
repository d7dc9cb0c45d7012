//! Who claims to call: the organization by the connection's certificate, the actor by metadata.
//!
//! A claim is believed only after `service::caller` has read the facts about it.

use chrono::{DateTime, Utc};
use tonic::Request;

use super::incoming::peer;
pub use crate::service::caller::Claim;
use crate::service::{error::Error, reason::Reason};

/// The metadata key that names the actor: its id, the last part of `regions/{region}/actors/{id}`.
pub const ACTOR: &str = "yuqiao-actor";

/// Opens a call: who claims to make it, and its message.
///
/// # Errors
/// As [`claim`].
pub fn open<T>(request: Request<T>, now: DateTime<Utc>) -> Result<(Claim, T), Error> {
    let claim = claim(&request, now)?;
    Ok((claim, request.into_inner()))
}

/// Who claims to call. The certificate was verified in the handshake; its dates are compared with
/// `now` again, because a connection may outlive it; and, as a stream may outlive this, once more with
/// the time of each decision (`service::caller`).
///
/// # Errors
/// `CERTIFICATE_REQUIRED` without a certificate, `CERTIFICATE_EXPIRED` with an old one,
/// `CERTIFICATE_UNKNOWN` where its name can't be one of ours, `ACTOR_UNKNOWN` where the actor's
/// metadata is no id. No actor at all is left to whoever needs one.
pub fn claim<T>(request: &Request<T>, now: DateTime<Utc>) -> Result<Claim, Error> {
    let shown = peer(request.extensions()).ok_or(Reason::CertificateRequired)?;
    if !shown.is_valid_at(now) {
        return Err(Reason::CertificateExpired.into());
    }
    let unknown = || Error::from(Reason::CertificateUnknown);
    let actor = match request.metadata().get(ACTOR) {
        None => None,
        Some(value) => {
            let id = value.to_str().ok().and_then(|text| text.parse().ok());
            Some(id.ok_or(Reason::ActorUnknown)?)
        }
    };
    Ok(Claim {
        home: shown.name.region().parse().map_err(|_| unknown())?,
        organization: shown.name.organization().parse().map_err(|_| unknown())?,
        fingerprint: shown.fingerprint.to_string(),
        not_after: shown.not_after,
        actor,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::TimeDelta;

    use super::*;
    use crate::{
        pki::{CertificateName, Fingerprint, PeerCertificate},
        rpc::incoming::Peer,
    };

    const ORGANIZATION: &str = "0197a4b0-0000-7000-8000-000000000001";
    const PERSON: &str = "0197a4b0-0000-7000-8000-000000000002";

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn call(certificate: Option<&str>, actor: Option<&str>) -> Request<()> {
        let mut request = Request::new(());
        let certificate = certificate.map(|organization| {
            Arc::new(PeerCertificate {
                name: CertificateName::new("150627", organization).unwrap(),
                fingerprint: Fingerprint::of(b"certificate"),
                not_before: now() - TimeDelta::days(1),
                not_after: now() + TimeDelta::days(1),
            })
        });
        let address = "127.0.0.1:1".parse().unwrap();
        request.extensions_mut().insert(Peer {
            address,
            certificate,
        });
        if let Some(actor) = actor {
            request.metadata_mut().insert(ACTOR, actor.parse().unwrap());
        }
        request
    }

    fn reason(call: Request<()>, now: DateTime<Utc>) -> &'static str {
        claim(&call, now).map_or_else(|e| e.reason().code(), |_| "ADMITTED")
    }

    #[test]
    fn a_claim_is_certificate_and_actor() {
        let claim = claim(&call(Some(ORGANIZATION), Some(PERSON)), now()).unwrap();
        assert_eq!(claim.home.to_string(), "150627");
        assert_eq!(claim.organization.to_string(), ORGANIZATION);
        assert_eq!(claim.actor.unwrap().to_string(), PERSON);
        assert_eq!(
            claim.fingerprint,
            Fingerprint::of(b"certificate").to_string()
        );
    }

    #[test]
    fn each_missing_part_has_its_reason() {
        assert_eq!(reason(Request::new(()), now()), "CERTIFICATE_REQUIRED");
        assert_eq!(
            reason(call(None, Some(PERSON)), now()),
            "CERTIFICATE_REQUIRED"
        );
        let known = || call(Some(ORGANIZATION), None);
        assert_eq!(reason(known(), now()), "ADMITTED");
        assert_eq!(
            reason(known(), now() + TimeDelta::days(2)),
            "CERTIFICATE_EXPIRED"
        );
        assert_eq!(
            reason(call(Some("somebody"), None), now()),
            "CERTIFICATE_UNKNOWN"
        );
        assert_eq!(
            reason(call(Some(ORGANIZATION), Some("somebody")), now()),
            "ACTOR_UNKNOWN"
        );
    }
}
