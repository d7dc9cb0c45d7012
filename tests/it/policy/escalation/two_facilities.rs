//! Each facility takes note for itself: a child in the care of two is in nobody's hands at the second
//! because the first one has read the alert.

use chrono::TimeDelta;
use yuqiao::{
    domain::{
        alert::{Alert, AlertState, Category},
        escalation::EscalationStep,
        id::Id,
    },
    service::{
        caller::Claim,
        disclosure::{Event, OpenedAlert},
        enrolments,
        practitioners::{self, NewAssignment},
    },
    store::alerts::Part,
};

use super::{allergic, clocks, hours_pass, pointers};
use crate::{
    support::{
        Bench, Raw,
        care::Care,
        county::{allergy, day, haemoglobin},
        families::placement,
        on_every_engine, region,
    },
    survival::quiet,
};

async fn seen_by(bench: &Bench, care: &Care, by: &Claim, alert: Id<Alert>) -> OpenedAlert {
    let seen = care.sees(bench, by, Part::Standing).await.unwrap();
    seen.into_iter().find(|a| a.row.id == alert).unwrap()
}

/// Break it: in `service/escalation.rs`, let `leaves` ask for any facility; in `store/alerts/disclosing.rs`,
/// read `a` for `k`, or leave out `clocks`; in `put_evidence`, leave the acknowledgements.
#[tokio::test]
async fn one_facility_s_note_is_not_the_other_s() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let (county, gateway) = (&care.county, &bench.gateway);
        let ward = &county.children[0];
        let [ours, theirs] = [0, 1].map(|n| county.facilities[n].claim.clone());
        let place = placement(ward.id, "2026-09-01");
        enrolments::enrol(gateway, &theirs, region(), place)
            .await
            .unwrap();
        let days = (day("2026-09-01"), day("2027-02-28"));
        county
            .consent(gateway, 1, ward, Category::ALL, days)
            .await
            .unwrap();
        let alert = allergic(&bench, &care, ward, "r1").await;
        assert_eq!(clocks(&bench, &care).await.len(), 2);

        let own = care.acknowledge_by(&bench, &ours, alert).await.unwrap();
        assert!(own.row.state.life().acknowledged.is_some());
        let other = seen_by(&bench, &care, &theirs, alert).await;
        assert_eq!(other.row.state, AlertState::open(other.row.state.since()));
        let left = clocks(&bench, &care).await;
        assert_eq!((left.len(), left[0].facility), (1, theirs.organization));
        let entries = async |of: &Claim| pointers(&bench, of).await.len();
        let (before, revision) = (entries(&ours).await, own.row.revision);
        hours_pass(&bench, 25).await;
        assert_eq!(entries(&ours).await, before, "nothing has happened here");
        let passed_on = Some(EscalationStep::ToMchCentre);
        let other = seen_by(&bench, &care, &theirs, alert).await;
        assert_eq!(other.escalated_to, passed_on);
        let own = seen_by(&bench, &care, &ours, alert).await;
        assert!(matches!(own.row.state, AlertState::Acknowledged { .. }));
        assert_eq!(own.escalated_to, None, "another left it alone");
        assert_eq!(own.row.revision, revision);
        let followed = care
            .sees(&bench, &care.clinician, Part::Standing)
            .await
            .unwrap();
        let followed = followed.iter().find(|a| a.row.id == alert).unwrap();
        assert_eq!(followed.escalated_to, passed_on);
        quiet::check(&bench, county).await;

        // Again is harmless, and the other's own note ends the other's clock.
        care.acknowledge_by(&bench, &ours, alert).await.unwrap();
        let other = care.acknowledge_by(&bench, &theirs, alert).await.unwrap();
        assert!(matches!(other.row.state, AlertState::Acknowledged { .. }));
        assert!(clocks(&bench, &care).await.is_empty());
        quiet::check(&bench, county).await;

        // New content opens it again at both.
        care.push(&bench, ward, "r2", "2026-08-28", allergy("鸡蛋"))
            .await;
        for by in [&ours, &theirs] {
            let seen = seen_by(&bench, &care, by, alert).await;
            assert!(matches!(seen.row.state, AlertState::Open { .. }));
        }
        assert_eq!(clocks(&bench, &care).await.len(), 2);
        quiet::check(&bench, county).await;
    })
    .await;
}

/// A child at both facilities, with every key open until a day, and an urgent alert.
async fn at_both(bench: &Bench, care: &Care, until: &str) -> Id<Alert> {
    let (county, gateway) = (&care.county, &bench.gateway);
    let ward = &county.children[0];
    let place = placement(ward.id, "2026-09-01");
    let theirs = &county.facilities[1].claim;
    enrolments::enrol(gateway, theirs, region(), place)
        .await
        .unwrap();
    let days = (day("2026-09-01"), day(until));
    county
        .consent(gateway, 1, ward, Category::ALL, days)
        .await
        .unwrap();
    allergic(bench, care, ward, "r1").await
}

/// An older gateway keeps in the alert's own row who took note, and ends every clock. Break it: leave out
/// the actor's facility in `alert_life::acknowledged`, or in `under_scope`.
#[tokio::test]
async fn what_an_older_gateway_acknowledged_is_acknowledged() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let alert = at_both(&bench, &care, "2027-02-28").await;
        let [ours, theirs] = [0, 1].map(|n| care.county.facilities[n].claim.clone());
        care.acknowledge_by(&bench, &ours, alert).await.unwrap();
        let mut raw = Raw::connect(&bench.place).await;
        raw.execute("DELETE FROM acknowledgements".to_owned()).await;
        raw.execute("DELETE FROM escalations".to_owned()).await;
        let ward = &care.county.children[0];
        care.push(&bench, ward, "other", "2026-08-21", haemoglobin(104))
            .await;
        let left = clocks(&bench, &care).await;
        assert_eq!((left.len(), left[0].facility), (1, theirs.organization));
        let own = seen_by(&bench, &care, &ours, alert).await;
        assert!(matches!(own.row.state, AlertState::Acknowledged { .. }));
        let other = seen_by(&bench, &care, &theirs, alert).await;
        assert!(matches!(other.row.state, AlertState::Open { .. }));
    })
    .await;
}

/// Whoever is assigned to both is told what was left alone. Break it: in `read_by_group`, keep the first.
#[tokio::test]
async fn an_instructor_of_both_is_told_what_one_left_alone() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 2, Vec::new()).await;
        let (county, gateway) = (&care.county, &bench.gateway);
        let hospital = &county.hospital.claim;
        let known = practitioners::assignments(gateway, hospital, region(), "", 10).await;
        let first = known.unwrap().remove(0);
        let new = NewAssignment {
            practitioner: first.practitioner,
            agreement: county.agreements[1],
            duty: first.duty,
        };
        practitioners::assign(gateway, hospital, region(), new)
            .await
            .unwrap();
        // Of each child another one of its facilities takes note.
        for (ward, notes) in county.children.iter().zip(&county.facilities) {
            let place = placement(ward.id, "2026-09-01");
            let second = &county.facilities[1].claim;
            enrolments::enrol(gateway, second, region(), place)
                .await
                .unwrap();
            care.consent_to(&bench, ward, 1).await;
            let alert = allergic(&bench, &care, ward, &ward.id.to_string()).await;
            care.acknowledge_by(&bench, &notes.claim, alert)
                .await
                .unwrap();
        }
        hours_pass(&bench, 5).await;
        let events = care.inbox(&care.instructor, 0).await.unwrap();
        let told = events.into_iter().filter_map(|(_, event)| match event {
            Event::Alert(d, _) => Some((d.escalated_to, d.acknowledged.is_some())),
            _ => None,
        });
        let left_alone = (Some(EscalationStep::ToInstructor), false);
        assert_eq!(told.collect::<Vec<_>>(), [left_alone; 2]);
        quiet::check(&bench, county).await;
    })
    .await;
}

/// Keys that closed by a date are told as that, though another facility takes note in the same moment.
/// Break it: in `Turned::told`, leave `first` to the clocks that ended.
#[tokio::test]
async fn who_lost_its_keys_is_not_told_that_another_took_note() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let alert = at_both(&bench, &care, "2026-09-02").await;
        let [ours, theirs] = [0, 1].map(|n| care.county.facilities[n].claim.clone());
        bench.clock.advance(TimeDelta::days(3));
        care.acknowledge_by(&bench, &ours, alert).await.unwrap();
        let told = pointers(&bench, &theirs).await;
        assert_eq!(told.last().unwrap(), "-KEY_CLOSED", "{told:?}");
        assert!(!told.contains(&"-TAKEN_UP".to_owned()));
    })
    .await;
}
