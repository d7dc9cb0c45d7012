//! Instructors: a licence is registered once, and an assignment rests on an agreement in force.

use chrono::TimeDelta;
use yuqiao::{
    domain::{
        actor::{Expertise, Practitioner},
        agreement::Agreement,
        assignment::Duty,
        id::Id,
        identifier::PhysicianLicenceNo,
    },
    ledger::KeyState,
    service::{
        Error, Reason, agreements,
        practitioners::{self, Licence, NewAssignment, NewPractitioner},
    },
};

use crate::support::{
    Bench, Party,
    families::{County, day, turns, which},
    on_every_engine, region,
};

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

async fn register(bench: &Bench, by: &Party, number: &str) -> Result<Id<Practitioner>, Error> {
    let new = NewPractitioner {
        display_name: "测试医师".to_owned().into(),
        licence: Licence::Physician(PhysicianLicenceNo::parse(number).unwrap()),
        fields: [Expertise::Paediatrics].into(),
    };
    let registered = practitioners::register(&bench.gateway, &by.claim, region(), new).await?;
    assert_eq!(registered.display_name, "测试医师");
    assert_eq!(registered.licence_end, number[11..]);
    Ok(registered.row.id)
}

fn served(practitioner: Id<Practitioner>, agreement: Id<Agreement>, last: &str) -> NewAssignment {
    NewAssignment {
        practitioner,
        agreement,
        duty: Duty {
            first_day: day("2026-09-02"),
            last_day: day(last),
            shifts: Vec::new(),
            ended: None,
        },
    }
}

#[tokio::test]
async fn a_licence_is_registered_once_and_shown_to_its_employer() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let number = "110150627000001";
        register(&bench, &county.hospital, number).await.unwrap();
        let again = register(&bench, &county.other_hospital, number).await;
        assert_eq!(reason(again), Reason::PractitionerExists);
        let facility = register(&bench, &county.facility, "110150627000002").await;
        assert_eq!(reason(facility), Reason::NotForThisOrganization);
        for (party, count) in [
            (&county.hospital, 1),
            (&county.other_hospital, 0),
            (&county.commission, 1),
        ] {
            let told = practitioners::list(gateway, &party.claim, region(), "", 10).await;
            assert_eq!(told.unwrap().len(), count);
        }
        let told = practitioners::list(gateway, &county.facility.claim, region(), "", 10).await;
        assert_eq!(reason(told.map(|_| ())), Reason::NotForThisOrganization);
    })
    .await;
}

/// Break it: in `service/practitioners.rs`, let `assign` pass over `holds`.
#[tokio::test]
async fn an_assignment_rests_on_an_agreement_in_force_and_stays_within_its_term() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, hospital) = (&bench.gateway, &county.hospital);
        let doctor = register(&bench, hospital, "110150627000001").await.unwrap();
        let stranger = register(&bench, &county.other_hospital, "110150627000002")
            .await
            .unwrap();
        let assign =
            async |by: &Party, new| practitioners::assign(gateway, &by.claim, region(), new).await;
        let unfiled = county.signed(&bench, county.terms()).await;
        let early = assign(hospital, served(doctor, unfiled, "2026-12-31")).await;
        assert_eq!(reason(early), Reason::AgreementNotInForce);
        let office = &county.commission.claim;
        let filed = agreements::file(gateway, office, which(unfiled), "备案-1".to_owned()).await;
        let agreement = filed.unwrap().row.id;
        for (by, who, last) in [
            (hospital, stranger, "2026-12-31"),
            (hospital, doctor, "2027-09-01"),
            (&county.other_hospital, stranger, "2026-12-31"),
            (&county.facility, doctor, "2026-12-31"),
        ] {
            let refused = assign(by, served(who, agreement, last)).await;
            assert_eq!(reason(refused), Reason::FieldMalformed);
        }
        let row = assign(hospital, served(doctor, agreement, "2026-12-31"))
            .await
            .unwrap();
        assert_eq!(row.facility, county.facility.id);
        for (party, count) in [
            (&county.hospital, 1),
            (&county.facility, 1),
            (&county.commission, 1),
            (&county.other_hospital, 0),
        ] {
            let told = practitioners::assignments(gateway, &party.claim, region(), "", 10).await;
            assert_eq!(told.unwrap().len(), count);
        }
        let end = async |by: &Party| {
            let why = "测试".to_owned();
            practitioners::end(gateway, &by.claim, region(), row.id, why).await
        };
        assert_eq!(reason(end(&county.other_hospital).await), Reason::NotFound);
        bench.clock.advance(TimeDelta::days(30));
        assert!(end(hospital).await.unwrap().duty.ended.is_some());
        assert_eq!(reason(end(hospital).await), Reason::WrongState);
        let told = turns(&bench, row.id).await;
        let zone = yuqiao::domain::region::Zone::china();
        let open = KeyState::Open {
            from: zone.start(day("2026-09-02")).timestamp_micros(),
            until: Some(zone.end(day("2026-12-31")).timestamp_micros()),
        };
        let expected = [
            ("ASSIGNMENT_CREATED".to_owned(), open),
            ("ASSIGNMENT_ENDED".to_owned(), KeyState::Closed),
        ];
        assert_eq!(told, expected);
    })
    .await;
}
