//! An urgent alert that nobody takes up is passed on until somebody does; then it is followed up, and
//! a clinician decides that it is settled. The MCH centre works at the command line.

use tonic::Streaming;
use yuqiao::rpc::wire::{self, ActorRole, inbox_event::Event};

use crate::support::{
    Raw,
    clients::{Client, PARENT, refused},
    desk::Desk,
    engines::Place,
    server::{Server, on_every_server},
    wire_county::{County, coded, next, row, today},
};

/// What the MCH centre says of its follow-up.
const NOTE: &str = "已电话告知测试母亲\n下周复查";

/// A practitioner of the hospital, assigned to the facility.
async fn instructor(county: &County, agreement: String) -> Client {
    let practitioner = wire::Practitioner {
        display_name: "测试指导员".to_owned(),
        licence_kind: wire::LicenceKind::Physician.into(),
        licence_number: "110150627000001".to_owned(),
        fields: vec!["CHILD_HEALTH".to_owned()],
        ..Default::default()
    };
    let request = wire::RegisterPractitionerRequest {
        parent: PARENT.to_owned(),
        practitioner: Some(practitioner),
    };
    let mut posts = county.hospital.instructors();
    let registered = posts.register_practitioner(request).await.unwrap();
    let practitioner = registered.into_inner().name;
    let request = wire::RegisterActorRequest {
        parent: PARENT.to_owned(),
        actor: Some(wire::Actor {
            display_name: "测试指导员".to_owned(),
            role: ActorRole::Clinician.into(),
            practitioner: practitioner.clone(),
            ..Default::default()
        }),
    };
    let mut directory = county.hospital.directory();
    let actor = directory.register_actor(request).await.unwrap();
    let name = actor.into_inner().name;
    let request = wire::ApproveActorRequest { name: name.clone() };
    directory.approve_actor(request).await.unwrap();
    let assignment = wire::Assignment {
        practitioner,
        agreement,
        first_day: today().to_string(),
        last_day: (today() + chrono::Days::new(30)).to_string(),
        ..Default::default()
    };
    let request = wire::CreateAssignmentRequest {
        parent: PARENT.to_owned(),
        assignment: Some(assignment),
    };
    posts.create_assignment(request).await.unwrap();
    county.hospital.acting_as(&name)
}

/// So many hours pass for the clocks that run.
async fn hours_pass(server: &Server, hours: i64) {
    let place = match &server.database {
        Some(url) => Place::Postgres(url.clone()),
        None => Place::Sqlite(server.dir().join("yuqiao.db")),
    };
    let mut raw = Raw::connect(&place).await;
    let micros = hours * 3_600_000_000;
    raw.execute(format!(
        "UPDATE escalations SET since_us = since_us - {micros}"
    ))
    .await;
}

async fn watch(by: &Client) -> Streaming<wire::InboxEvent> {
    let request = wire::WatchAlertsRequest {
        parent: by.organization.clone(),
        after: 0,
    };
    let stream = by.alerts().watch_alerts(request).await;
    stream.unwrap().into_inner()
}

/// The next event, which must be an alert.
async fn next_alert(stream: &mut Streaming<wire::InboxEvent>) -> (u64, wire::Alert) {
    let event = next(stream).await;
    match event.event {
        Some(Event::Alert(alert)) => (event.number, alert),
        other => panic!("{other:?}"),
    }
}

/// Why the stream takes back what it told, whatever it repeats before.
async fn taken_back(stream: &mut Streaming<wire::InboxEvent>) -> String {
    loop {
        match next(stream).await.event {
            Some(Event::Retraction(retraction)) => return retraction.reason,
            Some(Event::Alert(_) | Event::Tombstone(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Break it: in `service/tide.rs`, leave out `pass_on`.
#[tokio::test]
async fn an_urgent_alert_is_passed_on_until_somebody_has_it_in_hand_and_a_clinician_settles_it() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let agreement = county.agreed().await;
        let family = county.family().await;
        county.enrols(&family).await;
        county.consents(&family).await;
        let instructor = instructor(&county, agreement).await;
        let allergy = vec![coded("ALLERGY", "FOOD", "鸡蛋")];
        county
            .pushes(&row(&family.number, "r1", allergy.clone()))
            .await;

        // The clock outlives the gateway.
        server.kill();
        server.start().await;
        let endpoint = server.endpoint();
        let instructor = instructor.at(&endpoint).await;
        let county = County {
            commission: county.commission.at(&endpoint).await,
            hospital: county.hospital.at(&endpoint).await,
            mch: county.mch.at(&endpoint).await,
            facility: county.facility.at(&endpoint).await,
            worker: county.worker.at(&endpoint).await,
        };
        let desk = Desk::of_the_mch_centre(server, &county).await;
        let mut facility = county.watch(0).await;
        let (number, alert) = next_alert(&mut facility).await;
        assert_eq!((number, alert.level()), (1, wire::Level::Urgent));
        assert_eq!(alert.escalated_to(), wire::EscalationStep::Unspecified);

        let mut guide = watch(&instructor).await;
        hours_pass(server, 4).await;
        let (_, passed_on) = next_alert(&mut guide).await;
        assert_eq!(passed_on.name, alert.name);
        assert_eq!(passed_on.escalated_to(), wire::EscalationStep::ToInstructor);
        assert_ne!(
            passed_on.care_card, alert.care_card,
            "what the medical side does"
        );
        assert!(
            passed_on.inputs.is_empty(),
            "the consent is to alerts, not to results"
        );
        let (number, told) = next_alert(&mut facility).await;
        assert_eq!((number, &told.name), (2, &alert.name));
        assert_eq!(told.escalated_to(), wire::EscalationStep::ToInstructor);

        hours_pass(server, 20).await;
        // How soon the tide comes to it is not said.
        let mut told = Vec::new();
        for _ in 0..8 {
            if told.is_empty() {
                told = desk.told(&["watch", "--until-idle", "5"], "");
            }
        }
        assert_eq!(told[0]["alert"]["escalatedTo"], "TO_MCH_CENTRE", "{told:?}");
        hours_pass(server, 24).await;
        let mut office = watch(&county.commission).await;
        let notice = next(&mut office).await.event;
        let Some(Event::Notice(notice)) = notice else {
            panic!("{notice:?}")
        };
        assert_eq!(notice.facility, county.facility.organization);
        assert_eq!(
            (notice.alerts, notice.fewer_than),
            (0, 5),
            "no child, no small count"
        );

        let follow_up = [
            "alerts",
            "follow-up",
            &alert.name,
            "--outcome",
            "guardian-informed",
            "--note",
        ];
        // As a clerk's file has it: more than one line.
        let followed = desk.told(&follow_up, "已电话告知测试母亲\r\n下周复查\r\n");
        assert_eq!(followed[0]["state"], "FOLLOWED_UP");
        assert_eq!(followed[0]["followUp"]["note"], NOTE);
        assert_eq!(taken_back(&mut guide).await, "TAKEN_UP");
        let seen = county.list().await.alerts;
        assert_eq!(seen[0].state(), wire::AlertState::FollowedUp);
        let follow_up = seen[0].follow_up.clone().unwrap();
        assert_eq!(follow_up.outcome(), wire::FollowUpOutcome::GuardianInformed);
        assert_eq!(follow_up.note, "", "not for the facility");
        let name = alert.name.clone();
        let request = wire::AcknowledgeAlertRequest { name };
        let noted = county.worker.alerts().acknowledge_alert(request).await;
        let noted = noted.unwrap().into_inner();
        let by = noted.acknowledgement.clone().unwrap().actor;
        assert_eq!(by, county.worker.actor);
        assert_eq!(noted.state(), wire::AlertState::FollowedUp);

        let resolve = wire::ResolveAlertRequest {
            name: alert.name.clone(),
            decision: wire::Decision::RuledOut.into(),
            reason: "测试".to_owned(),
            revision: 0,
        };
        let staff = county.worker.alerts().resolve_alert(resolve.clone()).await;
        assert_eq!(refused(staff), "NOT_FOR_THIS_ORGANIZATION");
        let unsaid = wire::ResolveAlertRequest {
            reason: " ".to_owned(),
            ..resolve
        };
        let unsaid = county.mch.alerts().resolve_alert(unsaid).await;
        assert_eq!(refused(unsaid), "FIELD_REQUIRED");
        let decide = [
            "alerts",
            "resolve",
            &alert.name,
            "--decision",
            "ruled-out",
            "--revision",
        ];
        let stale = desk.run(&[&decide[..], &["1"]].concat(), "激发试验阴性");
        assert_eq!(stale.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&stale.stderr).contains("ETAG_MISMATCH"));
        let revision = seen[0].revision.to_string();
        let resolved = desk.told(&[&decide[..], &[&revision]].concat(), "激发试验阴性");
        assert_eq!(resolved[0]["state"], "RESOLVED");
        assert_eq!(resolved[0]["resolution"]["decision"], "RULED_OUT");
        assert_eq!(taken_back(&mut facility).await, "RESOLVED");
        assert!(county.list().await.alerts.is_empty());
        let decided = desk.told(&["alerts", "list", "--parent", PARENT, "--resolved"], "");
        assert_eq!(decided[0]["alert"]["resolution"]["reason"], "激发试验阴性");

        let code = county.code(&family, wire::GuardianCodeUse::Read).await;
        let request = wire::ListAlertsRequest {
            parent: family.child.clone(),
            guardian_code: code,
            resolved: true,
            ..Default::default()
        };
        let own = county.worker.alerts().list_alerts(request).await;
        let own = own.unwrap().into_inner().alerts;
        assert_eq!(own[0].resolution.clone().unwrap().reason, "激发试验阴性");
        assert_eq!(own[0].follow_up.clone().unwrap().note, NOTE);

        county.pushes(&row(&family.number, "r2", allergy)).await;
        let again = county.list().await.alerts;
        assert_ne!(again[0].name, alert.name, "a new finding, a new alert");
        assert_eq!(again[0].state(), wire::AlertState::Open);
    })
    .await;
}
