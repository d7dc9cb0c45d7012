//! Who calls can't be proved, or may not call: each is turned away in words, and the gateway goes on
//! for everybody else.

use chrono::{TimeDelta, Utc};
use tonic::Code;
use yuqiao::{
    clock::system_chance,
    domain::{
        escalation::EscalationHours,
        growth_standard::GrowthStandard,
        identifier::SocialCreditCode,
        organization::OrganizationKind as Kind,
        region::{RegionCode, Settings, Zone},
    },
    pki::{Authority, CertificateName, PrivateKey, Request, authority::CA_VALIDITY},
    rpc::wire::{self, ActorRole, OrganizationKind},
    service::organizations::{self, Invitation},
};

use crate::support::{
    clients::{Client, Credentials, PARENT, enrol, id, refused_with},
    credit_code,
    server::{Server, on_every_server},
};

/// A region that this deployment serves too.
const ELSEWHERE: &str = "150626";

fn authority(server: &Server) -> Authority {
    let read = |name: &str| std::fs::read_to_string(server.dir().join(name)).unwrap();
    let key = PrivateKey::from_pem(read("ca.key")).unwrap();
    Authority::load(&read("ca.pem"), &key).unwrap()
}

/// A certificate issued `ago`, good for `lasts`, that names an organization of a region.
fn certified(
    by: &Authority,
    (region, organization): (&str, &str),
    (ago, lasts): (TimeDelta, TimeDelta),
    ca_pem: &str,
) -> Credentials {
    let name = CertificateName::new(region, organization).unwrap();
    let request = Request::generate().unwrap();
    let then = Utc::now() - ago;
    let chance = &mut system_chance();
    let issued = by.issue_client(&request.csr_pem, &name, then, lasts, chance);
    Credentials {
        certificate_pem: issued.unwrap().certificate_pem,
        key: request.key,
        ca_pem: ca_pem.to_owned(),
    }
}

fn get_region() -> wire::GetRegionRequest {
    wire::GetRegionRequest {
        name: PARENT.to_owned(),
    }
}

impl Client {
    /// The same caller with another certificate.
    async fn showing(&self, credentials: Credentials, endpoint: &str) -> Self {
        let mut other = self.clone();
        other.credentials = credentials;
        other.at(endpoint).await
    }
}

/// A handshake carries no words, so the reason is in the gateway's log, without a name; and a bad
/// certificate is never taken for none.
#[tokio::test]
async fn an_unknown_authority_and_an_expired_certificate_end_at_the_handshake() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let whom = ("150627", id(&commission.organization));
        let ca_pem = &commission.credentials.ca_pem;
        let (day, year) = (TimeDelta::days(1), TimeDelta::days(365));

        let chance = &mut system_chance();
        let (stranger, _) = Authority::create("stranger", Utc::now(), CA_VALIDITY, chance).unwrap();
        let unknown = certified(&stranger, whom, (TimeDelta::zero(), year), ca_pem);
        // As if it had been issued when the authority was new, two days ago.
        let (early, key) =
            Authority::create("early", Utc::now() - year, CA_VALIDITY, chance).unwrap();
        std::fs::write(server.dir().join("further.pem"), early.certificate_pem()).unwrap();
        drop(key);
        server.stop().await;
        let file = server.dir().join("yuqiao.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("[tls]", "[tls]\nclient_ca = \"further.pem\"");
        std::fs::write(&file, text).unwrap();
        server.start().await;
        let endpoint = if endpoint == server.endpoint() {
            endpoint
        } else {
            server.endpoint()
        };
        let expired = certified(&early, whom, (day * 2, day), ca_pem);
        for (bad, kind) in [
            (unknown, "unknown authority"),
            (expired, "expired certificate"),
        ] {
            let told = match bad.dial(&endpoint).connect().await {
                // The client's side of a TLS 1.3 handshake ends before the gateway's.
                Ok(line) => {
                    let mut directory =
                        wire::directory_service_client::DirectoryServiceClient::new(line);
                    let status = directory.get_region(get_region()).await.unwrap_err();
                    format!("{:?}", status.code())
                }
                Err(error) => error.to_string(),
            };
            assert!(
                ["Unavailable", "Unknown", "Cancelled", "refused the caller"]
                    .iter()
                    .any(|expected| told.contains(expected)),
                "{kind}: {told}"
            );
            let log = server.logged(kind).await;
            assert!(!log.contains(id(&commission.organization)), "{log}");
        }
        let commission = commission.at(&endpoint).await;
        commission
            .directory()
            .get_region(get_region())
            .await
            .unwrap();
    })
    .await;
}

/// A connection outlives the certificate that opened it.
#[tokio::test]
async fn a_certificate_that_ends_while_its_connection_stands_is_refused_at_the_next_call() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let whom = ("150627", id(&commission.organization));
        let ca_pem = commission.credentials.ca_pem.clone();
        // On a busy machine one may end before its first call: then another lasts longer.
        let mut brief = None;
        for seconds in [4, 16, 64] {
            let lasts = (TimeDelta::zero(), TimeDelta::seconds(seconds));
            let shown = certified(&authority(server), whom, lasts, &ca_pem);
            let Ok(line) = shown.dial(&endpoint).connect().await else {
                continue;
            };
            let caller = commission.on(line);
            if caller.directory().get_region(get_region()).await.is_ok() {
                brief = Some((caller, seconds));
                break;
            }
        }
        let (brief, seconds) = brief.expect("a call in time");
        let mut late = Ok(());
        for _ in 0..=4 * (seconds + 10) {
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            let told = brief.directory().get_region(get_region()).await;
            late = told.map(drop);
            if late.is_err() {
                break;
            }
        }
        refused_with(late, (Code::Unauthenticated, "CERTIFICATE_EXPIRED"), &[]);
    })
    .await;
}

/// Enters a further region in the server's database, as a second county of the deployment would
/// be; gives the first code of its commission.
async fn second_region(server: &Server) -> String {
    let gateway = server.gateway().await;
    let settings = Settings {
        zone: Zone::china(),
        altitude_m: 1300,
        correct_for_altitude: false,
        growth_standard: GrowthStandard::Wst423,
        mongolian_medicine: false,
        rule_set: None,
        escalation: EscalationHours::USUAL,
    };
    let invitation = Invitation {
        kind: Kind::HealthCommission,
        display_name: "示例邻县卫生健康委".to_owned(),
        social_credit_code: SocialCreditCode::parse(credit_code().as_str()).unwrap(),
        filing_number: String::new(),
        licensed_places: 0,
        inclusive_places: 0,
    };
    let region: RegionCode = ELSEWHERE.parse().unwrap();
    let hour = TimeDelta::hours(1);
    let founded = organizations::found(&gateway, region, &settings, invitation, hour).await;
    let code = founded.unwrap().1.text.to_string();
    gateway.store().close().await;
    code
}

#[tokio::test]
async fn a_foreign_region_is_foreign_by_name_and_by_standing() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let ca_pem = commission.credentials.ca_pem.clone();
        let whom = (ELSEWHERE, id(&commission.organization));
        let lasts = (TimeDelta::zero(), TimeDelta::days(1));

        // The authority is ours; the organization it names is nobody in that region.
        let misnamed = certified(&authority(server), whom, lasts, &ca_pem);
        let misnamed = commission.showing(misnamed, &endpoint).await;
        let answer = misnamed.directory().get_region(get_region()).await;
        let unknown = (Code::Unauthenticated, "CERTIFICATE_UNKNOWN");
        refused_with(answer, unknown, &[]);

        // A real organization of another region has no standing here, nor has one of ours there.
        let code = second_region(server).await;
        let neighbour = enrol(&endpoint, &code, "测试负责人").await;
        let answer = neighbour.directory().get_region(get_region()).await;
        let foreign = (Code::PermissionDenied, "REGION_FOREIGN");
        refused_with(answer, foreign, &[]);
        let there = wire::GetRegionRequest {
            name: format!("regions/{ELSEWHERE}"),
        };
        let answer = commission.directory().get_region(there.clone()).await;
        refused_with(answer, foreign, &[]);
        neighbour.directory().get_region(there).await.unwrap();

        // A resource of another region than the request is about.
        let request = wire::ListAlertsRequest {
            parent: PARENT.to_owned(),
            child: format!(
                "regions/{ELSEWHERE}/children/{}",
                id(&neighbour.organization)
            ),
            ..Default::default()
        };
        let answer = commission.alerts().list_alerts(request).await;
        let mixed = (Code::InvalidArgument, "REGION_MISMATCH");
        refused_with(answer, mixed, &[("child", "REGION_MISMATCH")]);
    })
    .await;
}

#[tokio::test]
async fn the_suspended_and_the_unapproved_are_told_so() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        let kind = OrganizationKind::Hospital;
        let hospital = commission
            .brings_in(&server.endpoint(), kind, "测试医院")
            .await;
        let clerk = wire::RegisterActorRequest {
            parent: PARENT.to_owned(),
            actor: Some(wire::Actor {
                display_name: "测试录入员".to_owned(),
                role: ActorRole::Clinician.into(),
                ..Default::default()
            }),
        };
        let clerk = hospital.directory().register_actor(clerk).await.unwrap();
        let clerk = hospital.acting_as(&clerk.into_inner().name);
        let list = || wire::ListCheckUpsRequest {
            parent: PARENT.to_owned(),
            ..Default::default()
        };
        let answer = clerk.exchange().list_check_ups(list()).await;
        refused_with(answer, (Code::PermissionDenied, "ACTOR_NOT_APPROVED"), &[]);
        let nobody = hospital.acting_as("regions/150627/actors/nobody");
        let answer = nobody.exchange().list_check_ups(list()).await;
        refused_with(answer, (Code::PermissionDenied, "ACTOR_UNKNOWN"), &[]);

        let suspend = wire::SuspendOrganizationRequest {
            name: hospital.organization.clone(),
            reason: "整改".to_owned(),
        };
        commission
            .directory()
            .suspend_organization(suspend)
            .await
            .unwrap();
        let suspended = (Code::PermissionDenied, "ORGANIZATION_SUSPENDED");
        let answer = hospital.exchange().list_check_ups(list()).await;
        refused_with(answer, suspended, &[]);
        let rows = tokio_stream::iter([wire::PushRequest::default()]);
        let row = crate::support::wire_county::row("X150000001", "r1", Vec::new());
        let mut verdicts = hospital.exchange().push(rows).await.unwrap().into_inner();
        let malformed = verdicts.message().await.unwrap().unwrap();
        assert_eq!(malformed.outcome(), wire::Outcome::Refused);
        let rows = tokio_stream::iter([row.clone()]);
        let mut verdicts = hospital.exchange().push(rows).await.unwrap().into_inner();
        refused_with(verdicts.message().await, suspended, &[]);
        let answer = hospital.exchange().push_one(row).await;
        refused_with(answer, suspended, &[]);
    })
    .await;
}
