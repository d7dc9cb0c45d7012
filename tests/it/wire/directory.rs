//! Organizations, certificates, actors and settings, over TLS against the real server.

use tonic::Code;
use yuqiao::{
    pki::{Request, SigningKey},
    rpc::wire::{
        self, ActorRole, OrganizationKind, directory_service_client::DirectoryServiceClient,
    },
};

use crate::support::{
    clients::{PARENT, enrol, reason, refused, try_enrol},
    server::on_every_server,
};

#[tokio::test]
async fn a_code_is_good_once_and_revokes_what_was_before() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        assert_eq!(commission.organization, server.commission);
        let again = try_enrol(&endpoint, &server.code, "测试他人").await;
        assert_eq!(refused(again), "ENROLMENT_CODE_INVALID");

        let invited = commission
            .invites(OrganizationKind::Hospital, "测试医院")
            .await
            .unwrap();
        let hospital = enrol(&endpoint, &invited.enrolment_code, "测试负责人").await;
        let get = || wire::GetOrganizationRequest {
            name: hospital.organization.clone(),
        };
        let seen = hospital
            .directory()
            .get_organization(get())
            .await
            .unwrap()
            .into_inner();
        assert!(seen.active && seen.enrolled);
        let registered = invited.organization.clone().unwrap();
        assert_eq!(seen.social_credit_code, registered.social_credit_code);

        // A fresh code ends an earlier unused one; enrolling anew revokes the first certificate and
        // keeps the responsible person.
        let reissue = || wire::ReissueEnrolmentCodeRequest {
            name: get().name,
            code_hours: 1,
        };
        let lost = commission
            .directory()
            .reissue_enrolment_code(reissue())
            .await
            .unwrap();
        let fresh = commission
            .directory()
            .reissue_enrolment_code(reissue())
            .await
            .unwrap();
        let lost = try_enrol(&endpoint, &lost.into_inner().enrolment_code, "测试他人").await;
        assert_eq!(refused(lost), "ENROLMENT_CODE_INVALID");
        let anew = enrol(&endpoint, &fresh.into_inner().enrolment_code, "测试他人").await;
        assert_eq!(
            (&anew.organization, &anew.actor),
            (&hospital.organization, &hospital.actor)
        );
        let old = hospital.directory().get_organization(get()).await;
        assert_eq!(refused(old), "CERTIFICATE_REVOKED");
        anew.directory().get_organization(get()).await.unwrap();

        // What is registered can't be registered again.
        let twice = wire::InviteOrganizationRequest {
            parent: PARENT.to_owned(),
            organization: Some(registered),
            code_hours: 0,
        };
        let twice = commission.directory().invite_organization(twice).await;
        assert_eq!(twice.as_ref().unwrap_err().code(), Code::AlreadyExists);
        assert_eq!(refused(twice), "ORGANIZATION_EXISTS");
    })
    .await;
}

#[tokio::test]
async fn strangers_and_the_unapproved_are_refused() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let get = || wire::GetRegionRequest {
            name: PARENT.to_owned(),
        };

        let nobody = commission.credentials.dial(&endpoint);
        let bare = DirectoryServiceClient::new(nobody.connect().await.unwrap());
        assert_eq!(
            refused(bare.clone().get_region(get()).await),
            "ACTOR_REQUIRED"
        );
        let pin = yuqiao::pki::EnrolmentCode::parse(&server.code)
            .unwrap()
            .pin();
        let unnamed = yuqiao::rpc::dial::Dial::new(
            &endpoint,
            yuqiao::rpc::dial::Trust::Pinned(pin),
            std::sync::Arc::new(yuqiao::clock::SystemClock),
        );
        let unnamed = unnamed.unwrap().connect().await.unwrap();
        let unnamed = DirectoryServiceClient::new(unnamed).get_region(get()).await;
        assert_eq!(unnamed.as_ref().unwrap_err().code(), Code::Unauthenticated);
        assert_eq!(refused(unnamed), "CERTIFICATE_REQUIRED");

        let facility = commission
            .brings_in(&endpoint, OrganizationKind::CommunityFacility, "测试驿站")
            .await;
        let elsewhere = wire::GetRegionRequest {
            name: "regions/150626".to_owned(),
        };
        let foreign = facility.directory().get_region(elsewhere).await;
        assert_eq!(refused(foreign), "REGION_FOREIGN");
        assert_eq!(
            refused(
                facility
                    .invites(OrganizationKind::Hospital, "测试医院")
                    .await
            ),
            "NOT_FOR_THIS_ORGANIZATION"
        );

        // Registered, not approved; approved; revoked.
        let register = |role: ActorRole| wire::RegisterActorRequest {
            parent: PARENT.to_owned(),
            actor: Some(wire::Actor {
                display_name: "测试保健员".to_owned(),
                role: role.into(),
                ..Default::default()
            }),
        };
        let wrong = facility
            .directory()
            .register_actor(register(ActorRole::Clinician))
            .await;
        assert_eq!(refused(wrong), "WRONG_ORGANIZATION_KIND");
        let worker = facility
            .directory()
            .register_actor(register(ActorRole::HealthWorker))
            .await;
        let worker = worker.unwrap().into_inner();
        let as_worker = facility.acting_as(&worker.name);
        assert_eq!(
            refused(as_worker.directory().get_region(get()).await),
            "ACTOR_NOT_APPROVED"
        );
        let approve = || wire::ApproveActorRequest {
            name: worker.name.clone(),
        };
        // Nobody approves another organization's people, and no stranger learns that they exist.
        assert_eq!(
            refused(commission.directory().approve_actor(approve()).await),
            "NOT_FOUND"
        );
        facility.directory().approve_actor(approve()).await.unwrap();
        as_worker.directory().get_region(get()).await.unwrap();
        assert_eq!(
            refused(as_worker.directory().approve_actor(approve()).await),
            "RESPONSIBLE_PERSON_REQUIRED"
        );
        let of_others = commission.acting_as(&worker.name);
        assert_eq!(
            refused(of_others.directory().get_region(get()).await),
            "ACTOR_UNKNOWN"
        );
        let revoke = |name: &str| wire::RevokeActorRequest {
            name: name.to_owned(),
            reason: "离职".to_owned(),
        };
        facility
            .directory()
            .revoke_actor(revoke(&worker.name))
            .await
            .unwrap();
        assert_eq!(
            refused(as_worker.directory().get_region(get()).await),
            "ACTOR_NOT_APPROVED"
        );
        let last = facility
            .directory()
            .revoke_actor(revoke(&facility.actor))
            .await;
        assert_eq!(refused(last), "WRONG_STATE");
    })
    .await;
}

#[tokio::test]
async fn a_standing_that_is_suspended_shuts_out_until_it_is_restored() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        let hospital = commission
            .brings_in(&server.endpoint(), OrganizationKind::Hospital, "测试医院")
            .await;
        let get = || wire::GetRegionRequest {
            name: PARENT.to_owned(),
        };
        let suspend = |name: &str| wire::SuspendOrganizationRequest {
            name: name.to_owned(),
            reason: "整改".to_owned(),
        };
        let restore = || wire::RestoreOrganizationRequest {
            name: hospital.organization.clone(),
        };
        let mut office = commission.directory();
        let early = office.restore_organization(restore()).await;
        assert_eq!(refused(early), "WRONG_STATE");
        let itself = office
            .suspend_organization(suspend(&commission.organization))
            .await;
        assert_eq!(refused(itself), "NOT_FOR_THIS_ORGANIZATION");
        let suspended = office
            .suspend_organization(suspend(&hospital.organization))
            .await;
        assert!(!suspended.unwrap().into_inner().active);
        let shut_out = hospital.directory().get_region(get()).await;
        assert_eq!(refused(shut_out), "ORGANIZATION_SUSPENDED");
        assert!(
            office
                .restore_organization(restore())
                .await
                .unwrap()
                .into_inner()
                .active
        );
        hospital.directory().get_region(get()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn keys_are_renewed_and_kept_apart() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let request = Request::generate().unwrap();
        let renewed = commission
            .directory()
            .renew_certificate(wire::RenewCertificateRequest {
                certificate_request_pem: request.csr_pem,
            })
            .await
            .unwrap()
            .into_inner();
        let mut later = commission.clone();
        later.credentials.certificate_pem = renewed.certificate_pem;
        later.credentials.key = request.key;
        let later = later.at(&endpoint).await;
        let get = || wire::GetRegionRequest {
            name: PARENT.to_owned(),
        };
        later.directory().get_region(get()).await.unwrap();
        commission.directory().get_region(get()).await.unwrap();

        let (key, _) = SigningKey::generate().unwrap();
        let register = |pem: String| wire::RegisterSigningKeyRequest {
            parent: PARENT.to_owned(),
            signing_key_pem: pem,
        };
        let pem = key.public_key().spki_pem();
        let kept = later
            .directory()
            .register_signing_key(register(pem.clone()))
            .await
            .unwrap();
        assert_eq!(kept.into_inner().key_id, key.public_key().id().to_string());
        later
            .directory()
            .register_signing_key(register(pem))
            .await
            .expect("the present one stays");
        let former = commission.signing.public_key().spki_pem();
        let back = later
            .directory()
            .register_signing_key(register(former))
            .await;
        assert_eq!(refused(back), "SIGNING_KEY_INVALID");
        let bad = later
            .directory()
            .register_signing_key(register("x".to_owned()))
            .await;
        assert_eq!(refused(bad), "SIGNING_KEY_INVALID");
    })
    .await;
}

#[tokio::test]
async fn lists_go_page_by_page_and_a_token_is_its_callers_own() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        for _ in 1..=4 {
            commission
                .invites(OrganizationKind::Hospital, "测试医院")
                .await
                .unwrap();
        }
        let page = |page_token: &str| wire::ListOrganizationsRequest {
            parent: PARENT.to_owned(),
            page_size: 2,
            page_token: page_token.to_owned(),
        };
        let (mut names, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let got = commission
                .directory()
                .list_organizations(page(&token))
                .await
                .unwrap();
            let got = got.into_inner();
            names.extend(got.organizations.into_iter().map(|of| of.name));
            pages += 1;
            token = got.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!((names.len(), pages), (5, 3));
        assert!(names.is_sorted(), "in order of registration");
        assert_eq!(names[0], commission.organization);

        let first = commission
            .directory()
            .list_organizations(page(""))
            .await
            .unwrap();
        let token = first.into_inner().next_page_token;
        let other = commission
            .brings_in(&server.endpoint(), OrganizationKind::MchCentre, "测试妇幼")
            .await;
        let stolen = other.directory().list_organizations(page(&token)).await;
        assert_eq!(refused(stolen), "PAGE_TOKEN_INVALID");
        let actors = wire::ListActorsRequest {
            parent: PARENT.to_owned(),
            page_size: 0,
            page_token: token,
        };
        assert_eq!(
            refused(commission.directory().list_actors(actors).await),
            "PAGE_TOKEN_INVALID"
        );
    })
    .await;
}

#[tokio::test]
async fn names_of_actors_are_for_their_own_organization() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        let facility = commission
            .brings_in(
                &server.endpoint(),
                OrganizationKind::HomeFacility,
                "测试托育点",
            )
            .await;
        facility.with_actor(ActorRole::Carer, "测试照护员").await;
        let list = || wire::ListActorsRequest {
            parent: PARENT.to_owned(),
            ..Default::default()
        };
        let own = facility
            .directory()
            .list_actors(list())
            .await
            .unwrap()
            .into_inner()
            .actors;
        let names: Vec<_> = own
            .iter()
            .map(|actor| actor.display_name.as_str())
            .collect();
        assert_eq!(names, ["测试负责人", "测试照护员"]);
        let others = commission
            .directory()
            .list_actors(list())
            .await
            .unwrap()
            .into_inner()
            .actors;
        assert!(
            others
                .iter()
                .all(|actor| actor.organization == commission.organization)
        );
    })
    .await;
}

#[tokio::test]
async fn settings_and_bad_fields() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        let mut office = commission.directory();
        let edit = |altitude_m| wire::UpdateRegionRequest {
            name: PARENT.to_owned(),
            altitude_m: Some(altitude_m),
            ..Default::default()
        };
        let region = office.update_region(edit(1400)).await.unwrap().into_inner();
        assert_eq!(
            (region.altitude_m, region.correct_for_altitude),
            (1400, true)
        );
        // A region founded without a word goes by WS/T 423, and what an edit leaves out stays.
        assert_eq!(region.growth_standard(), wire::GrowthStandard::Wst423);
        let to_who = wire::UpdateRegionRequest {
            name: PARENT.to_owned(),
            growth_standard: wire::GrowthStandard::Who.into(),
            ..Default::default()
        };
        office.update_region(to_who).await.unwrap();
        let region = office.update_region(edit(1300)).await.unwrap().into_inner();
        assert_eq!(
            (region.altitude_m, region.growth_standard()),
            (1300, wire::GrowthStandard::Who)
        );
        assert!(!region.mongolian_medicine, "off unless switched on");
        let offered = wire::UpdateRegionRequest {
            name: PARENT.to_owned(),
            mongolian_medicine: Some(true),
            ..Default::default()
        };
        office.update_region(offered).await.unwrap();
        office.update_region(edit(1300)).await.unwrap();
        let request = wire::GetRegionRequest {
            name: PARENT.to_owned(),
        };
        let region = office.get_region(request).await.unwrap().into_inner();
        assert!(region.mongolian_medicine, "what an edit leaves out stays");
        let unknown = wire::UpdateRegionRequest {
            growth_standard: 9,
            ..edit(1300)
        };
        assert_eq!(
            refused(office.update_region(unknown).await),
            "FIELD_MALFORMED"
        );
        assert_eq!(
            refused(office.update_region(edit(6001)).await),
            "FIELD_OUT_OF_RANGE"
        );

        let nonsense = wire::InviteOrganizationRequest {
            parent: PARENT.to_owned(),
            organization: Some(wire::Organization {
                social_credit_code: "91110000600037341M".to_owned(),
                ..Default::default()
            }),
            code_hours: 721,
        };
        let refused = office.invite_organization(nonsense).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        use tonic_types::StatusExt;
        let details = refused.get_error_details();
        let told: Vec<_> = details
            .bad_request()
            .unwrap()
            .field_violations
            .iter()
            .map(|v| (v.field.as_str(), v.reason.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("organization.kind", "FIELD_REQUIRED"),
                ("organization.display_name", "FIELD_REQUIRED"),
                (
                    "organization.social_credit_code",
                    "SOCIAL_CREDIT_CODE_CHECK_DIGIT"
                ),
                ("code_hours", "FIELD_OUT_OF_RANGE"),
            ]
        );
        assert_eq!(reason(&refused), "FIELD_REQUIRED");
    })
    .await;
}
