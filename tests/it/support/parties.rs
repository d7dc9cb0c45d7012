//! The parties of an example region, registered and enrolled as they would be.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use yuqiao::{
    domain::{
        actor::{Actor, ActorRole, Practitioner},
        escalation::EscalationHours,
        growth_standard::GrowthStandard,
        id::Id,
        identifier::SocialCreditCode,
        organization::{Organization, OrganizationKind},
        region::{RegionCode, Settings, Zone},
    },
    pki::{Request, SigningKey},
    service::{
        actors::{self, NewActor},
        caller::Claim,
        certificates::{self, Enrolling},
        organizations::{self, Invitation},
    },
};

use super::Bench;

/// The example region.
pub const REGION: &str = "150627";

/// The same, parsed.
pub fn region() -> RegionCode {
    REGION.parse().unwrap()
}

/// A social credit code with right check characters, different at each call.
pub fn credit_code() -> SocialCreditCode {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [
        1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
    ];
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let head = format!("12150627{n:08}0");
    let value = |b: u8| ALPHABET.iter().position(|a| *a == b).unwrap();
    let sum: usize = head.bytes().zip(WEIGHTS).map(|(b, w)| value(b) * w).sum();
    let check = ALPHABET[(31 - sum % 31) % 31] as char;
    SocialCreditCode::parse(&format!("{head}{check}")).unwrap()
}

/// An enrolled organization, with its responsible person.
#[derive(Clone)]
pub struct Party {
    /// The organization.
    pub id: Id<Organization>,
    /// What it is.
    pub kind: OrganizationKind,
    /// How it calls, by its responsible person.
    pub claim: Claim,
    signing: std::sync::Arc<SigningKey>,
}

impl Party {
    /// How another of its people calls.
    pub fn as_actor(&self, actor: Id<Actor>) -> Claim {
        Claim {
            actor: Some(actor),
            ..self.claim.clone()
        }
    }

    /// Signs with the organization's signing key.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.signing.sign(bytes).unwrap()
    }

    /// The id of its signing key.
    pub fn key_id(&self) -> String {
        self.signing.public_key().id().to_string()
    }
}

fn invitation(kind: OrganizationKind, name: &str) -> Invitation {
    Invitation {
        kind,
        display_name: name.to_owned(),
        social_credit_code: credit_code(),
        filing_number: String::new(),
        licensed_places: if kind.is_facility() { 60 } else { 0 },
        inclusive_places: 0,
    }
}

impl Bench {
    /// Lays out the example region and enrols its commission.
    pub async fn commission(&self) -> Party {
        self.commission_of(region()).await
    }

    /// Lays out a region and enrols its commission.
    pub async fn commission_of(&self, region: RegionCode) -> Party {
        let settings = Settings {
            zone: Zone::china(),
            altitude_m: 1300,
            correct_for_altitude: false,
            growth_standard: GrowthStandard::Wst423,
            mongolian_medicine: false,
            rule_set: None,
            escalation: EscalationHours::USUAL,
        };
        let kind = OrganizationKind::HealthCommission;
        let commission = invitation(kind, "示例卫生健康委");
        let lasts = TimeDelta::hours(1);
        let (_, code) = organizations::found(&self.gateway, region, &settings, commission, lasts)
            .await
            .unwrap();
        self.enroll(kind, code.text.to_string()).await
    }

    /// Has the commission invite an organization, and enrols it.
    pub async fn party(&self, commission: &Party, kind: OrganizationKind, name: &str) -> Party {
        let (_, code) = organizations::invite(
            &self.gateway,
            commission.claim.home,
            &commission.claim,
            invitation(kind, name),
            TimeDelta::hours(1),
        )
        .await
        .unwrap();
        self.enroll(kind, code.text.to_string()).await
    }

    /// Registers and approves a person of a party.
    pub async fn actor(
        &self,
        party: &Party,
        role: ActorRole,
        practitioner: Option<Id<Practitioner>>,
    ) -> Id<Actor> {
        let new = NewActor {
            display_name: "测试职员".to_owned(),
            role,
            practitioner,
        };
        let actor = actors::register(&self.gateway, party.claim.home, &party.claim, new)
            .await
            .unwrap()
            .row
            .id;
        actors::approve(&self.gateway, party.claim.home, &party.claim, actor)
            .await
            .unwrap();
        actor
    }

    async fn enroll(&self, kind: OrganizationKind, code: String) -> Party {
        let request = Request::generate().unwrap();
        let (signing, _) = SigningKey::generate().unwrap();
        let enrolled = certificates::enroll(
            &self.gateway,
            Enrolling {
                code,
                csr_pem: request.csr_pem,
                signing_key: signing.public_key(),
                responsible_person: "测试负责人".to_owned(),
            },
        )
        .await
        .unwrap();
        let certificate = enrolled.certificate.unwrap();
        let peer = yuqiao::pki::PeerCertificate::parse_pem(&certificate.pem).unwrap();
        let claim = Claim {
            home: enrolled.region,
            organization: enrolled.organization,
            fingerprint: peer.fingerprint.to_string(),
            not_after: peer.not_after,
            actor: Some(enrolled.actor),
        };
        Party {
            id: enrolled.organization,
            kind,
            claim,
            signing: signing.into(),
        }
    }
}
