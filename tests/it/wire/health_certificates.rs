//! The yearly health certificates of a facility's workers: recorded by its responsible person, seen by
//! the facility itself, counted for the commission.

use chrono::{Datelike, Days, Months, NaiveDate};
use prost::Message;
use tonic::Status;
use yuqiao::rpc::wire::{self, ActorRole, CertificateStatus, OrganizationKind};

use crate::support::{
    clients::{Client, PARENT, refused},
    server::on_every_server,
    wire_county::{ago, today},
};

async fn records(by: &Client, actor: &str, issued_day: &str) -> Result<wire::Actor, Status> {
    let request = wire::RecordHealthCertificateRequest {
        name: actor.to_owned(),
        issued_day: issued_day.to_owned(),
    };
    let recorded = by.directory().record_health_certificate(request).await?;
    Ok(recorded.into_inner())
}

async fn certificate(by: &Client, actor: &str) -> Option<wire::HealthCertificate> {
    let request = wire::ListActorsRequest {
        parent: PARENT.to_owned(),
        ..Default::default()
    };
    let listed = by.directory().list_actors(request).await.unwrap();
    let mut actors = listed.into_inner().actors.into_iter();
    actors.find(|a| a.name == actor).unwrap().health_certificate
}

async fn counts(
    by: &Client,
    page_size: u32,
    page_token: &str,
) -> Result<wire::ListStaffCertificatesResponse, Status> {
    let request = wire::ListStaffCertificatesRequest {
        parent: PARENT.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let answer = by.directory().list_staff_certificates(request).await?;
    Ok(answer.into_inner())
}

/// Break it: in `service/health_certificates.rs`, leave out `must_be_facility`, the comparison with today,
/// or the role; in `service/actors.rs`, let `own` take anybody.
#[tokio::test]
async fn a_facility_records_its_workers_certificates_and_sees_how_they_stand() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let kind = OrganizationKind::CommunityFacility;
        let facility = commission.brings_in(&endpoint, kind, "测试驿站甲").await;
        let worker = facility
            .with_actor(ActorRole::HealthWorker, "测试保健员")
            .await;
        let none = certificate(&facility, &worker.actor).await.unwrap();
        assert_eq!(none.status(), CertificateStatus::Missing);
        assert_eq!((none.issued_day.as_str(), none.due_day.as_str()), ("", ""));

        for (days, status) in [
            (400, CertificateStatus::Lapsed),
            (350, CertificateStatus::RenewalDue),
            (10, CertificateStatus::Valid),
            (0, CertificateStatus::Valid),
        ] {
            let issued = today() - Days::new(days);
            let told = records(&facility, &worker.actor, &issued.to_string()).await;
            let told = told.unwrap().health_certificate.unwrap();
            assert_eq!(told.status(), status, "issued {days} days ago");
            assert_eq!(told.issued_day, issued.to_string());
            let expiry = expiry(issued);
            assert_eq!(told.expiry_day, expiry.to_string());
            assert_eq!(told.due_day, (expiry - Days::new(30)).to_string());
            assert_eq!(certificate(&worker, &worker.actor).await, Some(told));
        }
        let back = records(&facility, &worker.actor, "").await.unwrap();
        assert_eq!(back.health_certificate, Some(none), "taken back");

        let day = ago(1);
        let tomorrow = (today() + Days::new(1)).to_string();
        let ahead = records(&facility, &worker.actor, &tomorrow).await;
        assert_eq!(refused(ahead), "DAY_AHEAD");
        let nonsense = records(&facility, &worker.actor, "2026-02-30").await;
        assert_eq!(refused(nonsense), "DATE_MALFORMED");
        let by_worker = records(&worker, &worker.actor, &day).await;
        assert_eq!(refused(by_worker), "RESPONSIBLE_PERSON_REQUIRED");
        let system = facility.with_actor(ActorRole::System, "测试系统").await;
        assert_eq!(certificate(&facility, &system.actor).await, None);
        let of_system = records(&facility, &system.actor, &day).await;
        assert_eq!(refused(of_system), "PERSON_REQUIRED");
        let other = commission.brings_in(&endpoint, kind, "测试驿站乙").await;
        let of_other = records(&other, &worker.actor, &day).await;
        assert_eq!(refused(of_other), "NOT_FOUND");
        let kind = OrganizationKind::Hospital;
        let hospital = commission.brings_in(&endpoint, kind, "测试医院").await;
        assert_eq!(certificate(&hospital, &hospital.actor).await, None);
        let of_hospital = records(&hospital, &hospital.actor, &day).await;
        assert_eq!(refused(of_hospital), "NOT_FOR_THIS_ORGANIZATION");
        let revoke = wire::RevokeActorRequest {
            name: worker.actor.clone(),
            reason: "离职".to_owned(),
        };
        facility.directory().revoke_actor(revoke).await.unwrap();
        let of_revoked = records(&facility, &worker.actor, &day).await;
        assert_eq!(refused(of_revoked), "WRONG_STATE");
    })
    .await;
}

/// A year later; a day that year does not have is the next month's first.
fn expiry(issued: NaiveDate) -> NaiveDate {
    let year_on = issued + Months::new(12);
    if year_on.day() < issued.day() {
        year_on + Days::new(1)
    } else {
        year_on
    }
}

/// Break it: in `store/actors.rs`, count revoked or system actors, or leave out who has nobody.
#[tokio::test]
async fn the_commission_counts_certificates_and_learns_no_name() {
    on_every_server(async |server| {
        let endpoint = server.endpoint();
        let commission = server.commission().await;
        let kind = OrganizationKind::PublicFacility;
        let one = commission.brings_in(&endpoint, kind, "测试托育园甲").await;
        let kind = OrganizationKind::HomeFacility;
        let two = commission.brings_in(&endpoint, kind, "测试托育点乙").await;
        let kind = OrganizationKind::Hospital;
        commission.brings_in(&endpoint, kind, "测试医院").await;
        let invited = commission
            .invites(OrganizationKind::HomeFacility, "测试托育点丙")
            .await
            .unwrap();
        let nobody_yet = invited.organization.unwrap().name;

        one.with_actor(ActorRole::System, "测试系统").await;
        records(&one, &one.actor, &ago(10)).await.unwrap();
        for days in [10, 20, 350, 400] {
            let carer = one.with_actor(ActorRole::Carer, "测试照护员").await;
            records(&one, &carer.actor, &ago(days)).await.unwrap();
        }
        one.with_actor(ActorRole::HealthWorker, "测试保健员").await;
        let gone = one.with_actor(ActorRole::Carer, "测试照护员").await;
        let revoke = wire::RevokeActorRequest {
            name: gone.actor.clone(),
            reason: "离职".to_owned(),
        };
        one.directory().revoke_actor(revoke).await.unwrap();

        let counted = |of: &wire::StaffCertificates| {
            let holds = [of.valid, of.renewal_due, of.lapsed, of.missing];
            (of.organization.clone(), of.workers, holds)
        };
        let all = counts(&commission, 0, "").await.unwrap();
        let told: Vec<_> = all.facilities.iter().map(counted).collect();
        let expected = [
            (one.organization.clone(), 6, [3, 1, 1, 1]),
            (two.organization.clone(), 1, [0, 0, 0, 1]),
            (nobody_yet, 0, [0, 0, 0, 0]),
        ];
        assert_eq!(told, expected);
        assert_eq!(all.facilities[0].display_name, "测试托育园甲");
        let bytes = all.encode_to_vec();
        for personal in ["测试照护员", "测试保健员", "测试负责人"] {
            let personal = personal.as_bytes();
            assert!(!bytes.windows(personal.len()).any(|w| w == personal));
        }

        let mut paged = Vec::new();
        let mut token = String::new();
        loop {
            let page = counts(&commission, 1, &token).await.unwrap();
            assert_eq!(page.facilities.len(), 1);
            paged.extend(page.facilities);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, all.facilities);

        let by_facility = counts(&one, 0, "").await;
        assert_eq!(refused(by_facility), "NOT_FOR_THIS_ORGANIZATION");
        let machine = commission.with_actor(ActorRole::System, "测试系统").await;
        assert_eq!(refused(counts(&machine, 0, "").await), "OFFICE_REQUIRED");
    })
    .await;
}
