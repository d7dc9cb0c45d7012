//! A child is away for long, and returns.

use yuqiao::rpc::wire;

use crate::support::{
    clients::PARENT,
    server::on_every_server,
    wire_county::{County, Family, ago},
};

/// The rules of a check before return.
const RULES: [&str; 2] = ["ENTRY_CHECK_BEFORE_RETURN", "ENTRY_CHECK_AFTER_ABSENCE"];

/// Those of them by which alerts stand, as the mother sees them.
async fn asked_for(county: &County, family: &Family, code: &str) -> Vec<String> {
    let request = wire::ListAlertsRequest {
        parent: family.child.clone(),
        guardian_code: code.to_owned(),
        ..Default::default()
    };
    let seen = county.worker.alerts().list_alerts(request).await;
    let alerts = seen.unwrap().into_inner().alerts.into_iter();
    let of_return = alerts.filter(|alert| RULES.contains(&&*alert.rule));
    of_return.map(|a| a.rule).collect()
}

/// Break it: in `service/absences.rs`, leave out `assessment::reassess`.
#[tokio::test]
async fn three_months_away_ask_for_a_check_before_return() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        let known = County::registers(&county.worker, &family.number).await;
        let request = wire::EnrolChildRequest {
            child: known,
            care: wire::CareKind::FullDay.into(),
            first_day: ago(200),
        };
        let enrolled = county.worker.roster().enrol_child(request).await;
        let enrolment = enrolled.unwrap().into_inner().name;
        let code = county.code(&family, wire::GuardianCodeUse::Read).await;

        let absence = county.records_absence(&enrolment, &ago(150), "").await;
        assert_eq!(
            (&absence.enrolment, &absence.child),
            (&enrolment, &family.child)
        );
        assert_eq!(
            (absence.first_day, absence.last_day),
            (ago(150), String::new())
        );
        let asked = asked_for(&county, &family, &code).await;
        assert_eq!(asked, ["ENTRY_CHECK_BEFORE_RETURN"]);

        // It came back after two months, and nobody had said so.
        let request = wire::EndAbsenceRequest {
            name: absence.name.clone(),
            last_day: ago(90),
        };
        let ended = county.worker.roster().end_absence(request).await.unwrap();
        assert_eq!(ended.into_inner().last_day, ago(90));
        assert!(asked_for(&county, &family, &code).await.is_empty());

        let listed = async |enrolment: &str| {
            let request = wire::ListAbsencesRequest {
                parent: PARENT.to_owned(),
                enrolment: enrolment.to_owned(),
                ..Default::default()
            };
            let listed = county.worker.roster().list_absences(request).await;
            let names = listed.unwrap().into_inner().absences.into_iter();
            names.map(|absence| absence.name).collect::<Vec<_>>()
        };
        assert_eq!(listed("").await, std::slice::from_ref(&absence.name));
        assert_eq!(
            listed(&enrolment).await,
            std::slice::from_ref(&absence.name)
        );
        let request = wire::DeleteAbsenceRequest {
            name: absence.name.clone(),
        };
        county
            .worker
            .roster()
            .delete_absence(request)
            .await
            .unwrap();
        assert!(listed("").await.is_empty());
    })
    .await;
}
