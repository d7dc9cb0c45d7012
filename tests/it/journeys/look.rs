//! A facility looks, and so do an instructor and the MCH centre: each sees what its keys open.

use yuqiao::rpc::wire::{self, ActorRole, Category, Outcome, inbox_event::Event};

use crate::support::{
    clients::{PARENT, refused},
    server::on_every_server,
    wire_county::{County, coded, haemoglobin, next, row, today},
};

fn keys(missing: &[(String, String)]) -> Vec<(&str, &str)> {
    missing
        .iter()
        .map(|(k, r)| (k.as_str(), r.as_str()))
        .collect()
}

/// Break it: take any key out of the facility's row of `access/bases.rs`.
#[tokio::test]
async fn every_missing_key_is_named_until_all_are_there_and_the_family_sees_the_look() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let family = county.family().await;
        let found = vec![
            haemoglobin(1040),
            coded("RICKETS_SIGN", "03", ""),
            coded("DEVELOPMENT_SIGN", "12-1", ""),
        ];
        let pushed = county.pushes(&row(&family.number, "r1", found)).await;
        assert_eq!(pushed.outcome(), Outcome::Accepted, "{pushed:?}");

        let one = wire::ListAlertsRequest {
            parent: county.facility.organization.clone(),
            child: family.child.clone(),
            ..Default::default()
        };
        let stranger = county.worker.alerts().list_alerts(one.clone()).await;
        assert_eq!(refused(stranger), "NOT_FOUND", "no enrolment, no child");
        let nobody = county.list().await;
        assert!(nobody.alerts.is_empty() && nobody.withheld.is_empty());

        county.enrols(&family).await;
        let missing = county.missing(&family).await;
        assert!(
            keys(&missing).contains(&("AGREEMENT", "ABSENT")),
            "{missing:?}"
        );
        assert!(
            keys(&missing).contains(&("CONSENT", "ABSENT")),
            "{missing:?}"
        );
        let denied = county.worker.alerts().list_alerts(one.clone()).await;
        assert_eq!(refused(denied), "KEY_MISSING");

        let agreement = county.proposes(today()).await;
        for party in [&county.hospital, &county.facility] {
            County::signs(party, party, &agreement).await.unwrap();
        }
        let missing = county.missing(&family).await;
        assert!(
            keys(&missing).contains(&("AGREEMENT", "NOT_FILED")),
            "{missing:?}"
        );
        county.files(&agreement).await.unwrap();
        assert_eq!(
            keys(&county.missing(&family).await),
            [("CONSENT", "ABSENT")]
        );

        let mut inbox = county.watch(0).await;
        county.consents(&family).await;
        let event = next(&mut inbox).await;
        let Some(Event::Alert(alert)) = event.event else {
            panic!("{event:?}")
        };
        assert!(alert.rule.starts_with("ANAEMIA"), "raised before enrolment");
        let seen = county.list().await;
        assert!(seen.withheld.is_empty());
        let rules: Vec<_> = seen.alerts.iter().map(wire::Alert::category).collect();
        assert_eq!(rules, [Category::Nutrition]);

        for purpose in [wire::Purpose::FollowUp, wire::Purpose::EntryExamination] {
            let other = wire::ListAlertsRequest {
                purpose: purpose.into(),
                ..one.clone()
            };
            let other = county.worker.alerts().list_alerts(other).await;
            assert_eq!(refused(other), "KEY_MISSING", "{purpose:?}");
        }
        let register = wire::RegisterActorRequest {
            parent: PARENT.to_owned(),
            actor: Some(wire::Actor {
                display_name: "测试照护员".to_owned(),
                role: ActorRole::Carer.into(),
                ..Default::default()
            }),
        };
        let pending = county.facility.directory().register_actor(register).await;
        let pending = county
            .facility
            .acting_as(&pending.unwrap().into_inner().name);
        let unapproved = County::sees(&pending, &county.facility.organization).await;
        assert_eq!(refused(unapproved), "ACTOR_NOT_APPROVED");

        let code = county.code(&family, wire::GuardianCodeUse::Read).await;
        let request = wire::ListLooksRequest {
            child: family.child.clone(),
            guardian_code: code,
            ..Default::default()
        };
        let looks = county.worker.ledger().list_looks(request).await;
        let looks = looks.unwrap().into_inner().looks;
        let look = looks
            .iter()
            .find(|l| l.method == "AlertService.ListAlerts" && !l.categories.is_empty())
            .unwrap_or_else(|| panic!("{looks:?}"));
        assert_eq!(look.organization, county.facility.organization);
        assert_eq!(look.actor, county.worker.actor);
        assert_eq!(look.purpose(), wire::Purpose::DailyCare);
        assert_eq!(look.categories().collect::<Vec<_>>(), [Category::Nutrition]);
        assert_eq!((&look.carried_by, &look.code_issued_by), (&None, &None));

        // The family's own look is in its list the next time: who carried it, and who gave the code.
        let code = county.code(&family, wire::GuardianCodeUse::Read).await;
        let request = wire::ListLooksRequest {
            child: family.child.clone(),
            guardian_code: code,
            ..Default::default()
        };
        let again = county.hospital.ledger().list_looks(request.clone()).await;
        let again = again.unwrap().into_inner().looks;
        let (own, party) = (&again[0], |of: &Option<wire::LookParty>| {
            of.clone().unwrap()
        });
        assert_eq!((own.organization.as_str(), own.actor.as_str()), ("", ""));
        let carried = party(&own.carried_by);
        assert_eq!(carried.organization, county.facility.organization);
        assert_eq!(carried.organization_display_name, "测试驿站");
        assert_eq!(carried.actor, county.worker.actor);
        let issued = party(&own.code_issued_by);
        assert_eq!(issued.organization, county.mch.organization);
        assert_eq!(issued.actor, county.mch.actor);
        // The code stays with who used it first.
        let taken = county.worker.ledger().list_looks(request.clone()).await;
        assert_eq!(refused(taken), "GUARDIAN_CODE_INVALID");
        let next_page = county.hospital.ledger().list_looks(request).await;
        assert!(next_page.is_ok());

        let area = County::sees(&county.mch, PARENT).await.unwrap().alerts;
        for category in [Category::Rickets, Category::Development] {
            assert!(area.iter().any(|a| a.category() == category), "{area:?}");
        }
        assert!(area.iter().all(|a| !a.inputs.is_empty()), "{area:?}");
    })
    .await;
}

/// Break it: in `access/bases.rs`, take `Key::Assignment` out of the instructor's row.
#[tokio::test]
async fn an_assignment_opens_its_facility_to_the_instructor_and_nothing_else() {
    on_every_server(async |server| {
        let county = County::at(server).await;
        let (family, other) = (county.family().await, county.family().await);
        for (family, record) in [(&family, "r1"), (&other, "r2")] {
            let found = vec![haemoglobin(1040), coded("RICKETS_SIGN", "03", "")];
            county.pushes(&row(&family.number, record, found)).await;
        }
        let agreement = county.agreed().await;
        county.enrols(&family).await;
        county.enrols(&other).await;
        county.consents(&family).await;

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
        let registered = posts.register_practitioner(request);
        let practitioner = registered.await.unwrap().into_inner().name;
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
        let name = directory
            .register_actor(request)
            .await
            .unwrap()
            .into_inner()
            .name;
        let request = wire::ApproveActorRequest { name: name.clone() };
        directory.approve_actor(request).await.unwrap();
        let instructor = county.hospital.acting_as(&name);

        let facility = &county.facility.organization;
        let early = County::sees(&instructor, facility).await;
        assert_eq!(refused(early), "NOT_FOUND", "no assignment");
        let assignment = wire::Assignment {
            practitioner,
            agreement,
            first_day: today().to_string(),
            last_day: (today() + chrono::Days::new(1)).to_string(),
            ..Default::default()
        };
        let request = wire::CreateAssignmentRequest {
            parent: PARENT.to_owned(),
            assignment: Some(assignment),
        };
        let assigned = posts.create_assignment(request);
        let assigned = assigned.await.unwrap().into_inner();
        assert_eq!(&assigned.facility, facility);

        let seen = County::sees(&instructor, facility).await.unwrap();
        assert!(seen.alerts.iter().all(|a| a.child == family.child));
        assert!(
            seen.alerts
                .iter()
                .any(|a| a.category() == Category::Rickets)
        );
        assert!(seen.withheld.is_empty(), "whom it may not see is not told");
        // The consent is to alerts only: what was measured stays with who measured it.
        assert!(seen.alerts.iter().all(|a| a.inputs.is_empty()));
        // A colleague without the assignment sees nothing.
        let colleague = County::sees(&county.hospital, facility).await;
        assert_eq!(refused(colleague), "NOT_FOUND");

        let request = wire::EndAssignmentRequest {
            name: assigned.name,
            reason: "测试".to_owned(),
        };
        county
            .hospital
            .instructors()
            .end_assignment(request)
            .await
            .unwrap();
        let late = refused(County::sees(&instructor, facility).await);
        assert!(
            ["KEY_MISSING", "NOT_FOUND"].contains(&late.as_str()),
            "{late}"
        );
    })
    .await;
}
