//! Clients of the program under test: an organization with its certificate, its signing key and an
//! actor, over mutual TLS.

use std::sync::Arc;

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use tonic_types::StatusExt;
use yuqiao::{
    clock::SystemClock,
    pki::{EnrolmentCode, PrivateKey, Request as CertificateRequest, SigningKey, TrustBundle},
    rpc::{
        caller::ACTOR,
        dial::{Dial, Trust},
        wire::{
            self, agreement_service_client::AgreementServiceClient,
            alert_service_client::AlertServiceClient, consent_service_client::ConsentServiceClient,
            directory_service_client::DirectoryServiceClient,
            exchange_service_client::ExchangeServiceClient,
            instructor_service_client::InstructorServiceClient,
            ledger_service_client::LedgerServiceClient, roster_service_client::RosterServiceClient,
            rule_service_client::RuleServiceClient,
        },
    },
};

use super::parties::credit_code;

/// The example region as a resource name.
pub const PARENT: &str = "regions/150627";

/// Puts the actor on every call.
#[derive(Clone)]
pub struct As(Option<MetadataValue<Ascii>>);

impl Interceptor for As {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(actor) = &self.0 {
            request.metadata_mut().insert(ACTOR, actor.clone());
        }
        Ok(request)
    }
}

type Line = InterceptedService<Channel, As>;

/// An enrolled organization, and who speaks for it.
#[derive(Clone)]
pub struct Client {
    /// `regions/{region}/organizations/{id}`.
    pub organization: String,
    /// `regions/{region}/actors/{id}`: who calls.
    pub actor: String,
    /// The organization's signing key for agreements.
    pub signing: Arc<SigningKey>,
    /// What it shows, and whom it believes.
    pub credentials: Credentials,
    channel: Channel,
}

/// A certificate with its key, and the authorities to believe.
#[derive(Clone)]
pub struct Credentials {
    /// PEM.
    pub certificate_pem: String,
    /// Its key.
    pub key: PrivateKey,
    /// Authorities.
    pub ca_pem: String,
}

impl Credentials {
    /// How to reach a gateway with them.
    pub fn dial(&self, endpoint: &str) -> Dial {
        let trust = Trust::Bundle(TrustBundle::from_pem(&self.ca_pem).unwrap());
        let dial = Dial::new(endpoint, trust, Arc::new(SystemClock)).unwrap();
        dial.identity(&self.certificate_pem, &self.key)
    }
}

/// Enrols with a one-time code, as a client does: believing the code's authority alone, then those
/// it is told.
pub async fn enrol(endpoint: &str, code: &str, person: &str) -> Client {
    try_enrol(endpoint, code, person).await.unwrap()
}

/// The same, where it may be refused.
pub async fn try_enrol(endpoint: &str, code: &str, person: &str) -> Result<Client, Status> {
    let pin = EnrolmentCode::parse(code).unwrap().pin();
    let dial = Dial::new(endpoint, Trust::Pinned(pin), Arc::new(SystemClock)).unwrap();
    let channel = dial.connect().await.unwrap();
    let request = CertificateRequest::generate().unwrap();
    let (signing, _) = SigningKey::generate().unwrap();
    let answer = DirectoryServiceClient::new(channel)
        .enroll(wire::EnrollRequest {
            enrolment_code: code.to_owned(),
            certificate_request_pem: request.csr_pem.clone(),
            signing_key_pem: signing.public_key().spki_pem(),
            responsible_person: person.to_owned(),
        })
        .await?
        .into_inner();
    let credentials = Credentials {
        certificate_pem: answer.certificate_pem,
        key: request.key,
        ca_pem: answer.ca_pem,
    };
    Ok(Client {
        organization: answer.organization,
        actor: answer.actor,
        signing: Arc::new(signing),
        channel: credentials.dial(endpoint).connect().await.unwrap(),
        credentials,
    })
}

macro_rules! clients {
    ($($name:ident -> $client:ident),+ $(,)?) => {
        impl Client { $(
            #[doc = concat!("A `", stringify!($client), "` of this client.")]
            pub fn $name(&self) -> $client<Line> {
                $client::with_interceptor(self.channel.clone(), As(Some(id(&self.actor).parse().unwrap())))
            }
        )+ }
    };
}

clients! {
    directory -> DirectoryServiceClient,
    agreements -> AgreementServiceClient,
    instructors -> InstructorServiceClient,
    roster -> RosterServiceClient,
    consents -> ConsentServiceClient,
    exchange -> ExchangeServiceClient,
    alerts -> AlertServiceClient,
    ledger -> LedgerServiceClient,
    rules -> RuleServiceClient,
}

impl Client {
    /// The same organization, spoken for by another actor.
    pub fn acting_as(&self, actor: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            ..self.clone()
        }
    }

    /// The same client on a line to another endpoint of the deployment.
    pub async fn at(&self, endpoint: &str) -> Self {
        let dial = self.credentials.dial(endpoint);
        self.on(dial.connect().await.unwrap())
    }

    /// The same client on a line that is open already.
    pub fn on(&self, channel: Channel) -> Self {
        Self {
            channel,
            ..self.clone()
        }
    }

    /// The line itself, for calls of its own.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// As the commission: enters a synthetic organization, which enrols at once.
    pub async fn brings_in(
        &self,
        endpoint: &str,
        kind: wire::OrganizationKind,
        display_name: &str,
    ) -> Client {
        let invited = self.invites(kind, display_name).await.unwrap();
        enrol(endpoint, &invited.enrolment_code, "测试负责人").await
    }

    /// As the commission: enters a synthetic organization.
    pub async fn invites(
        &self,
        kind: wire::OrganizationKind,
        display_name: &str,
    ) -> Result<wire::InviteOrganizationResponse, Status> {
        let organization = wire::Organization {
            kind: kind.into(),
            display_name: display_name.to_owned(),
            social_credit_code: credit_code().as_str().to_owned(),
            ..Default::default()
        };
        let request = wire::InviteOrganizationRequest {
            parent: PARENT.to_owned(),
            organization: Some(organization),
            code_hours: 0,
        };
        Ok(self
            .directory()
            .invite_organization(request)
            .await?
            .into_inner())
    }

    /// As the responsible person: registers and approves an actor; the party it speaks as.
    pub async fn with_actor(&self, role: wire::ActorRole, display_name: &str) -> Client {
        let actor = wire::Actor {
            display_name: display_name.to_owned(),
            role: role.into(),
            ..Default::default()
        };
        let request = wire::RegisterActorRequest {
            parent: PARENT.to_owned(),
            actor: Some(actor),
        };
        let registered = self
            .directory()
            .register_actor(request)
            .await
            .unwrap()
            .into_inner();
        let request = wire::ApproveActorRequest {
            name: registered.name,
        };
        let approved = self
            .directory()
            .approve_actor(request)
            .await
            .unwrap()
            .into_inner();
        self.acting_as(&approved.name)
    }
}

/// The last part of a resource name.
pub fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

/// The stable reason of a refusal.
pub fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .map_or_else(|| format!("{status:?}"), |info| info.reason.clone())
}

/// The stable reason of a call that must be refused.
pub fn refused<T>(answer: Result<T, Status>) -> String {
    match answer {
        Ok(_) => "ANSWERED".to_owned(),
        Err(status) => reason(&status),
    }
}

/// Whether a text is something a clerk reads.
pub fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// A call that must be refused: with this code and stable reason, in Chinese, and, where fields are
/// at fault, naming them (each with its reason) and no others.
#[track_caller]
pub fn refused_with<T>(
    answer: Result<T, Status>,
    (code, stable): (tonic::Code, &str),
    fields: &[(&str, &str)],
) {
    let Err(status) = answer else {
        panic!("answered instead of {stable}");
    };
    assert_eq!((status.code(), reason(&status).as_str()), (code, stable));
    let details = status.get_error_details();
    let zh = details.localized_message().expect("a message for a clerk");
    assert_eq!(zh.locale, "zh-CN");
    assert!(is_chinese(&zh.message), "{}", zh.message);
    let bad = details.bad_request().map(|b| &b.field_violations[..]);
    let told: Vec<(&str, &str)> = bad
        .unwrap_or_default()
        .iter()
        .map(|v| (v.field.as_str(), v.reason.as_str()))
        .collect();
    assert_eq!(told, fields);
    for violation in bad.unwrap_or_default() {
        assert!(is_chinese(&violation.description), "{violation:?}");
    }
}
