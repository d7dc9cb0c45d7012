//! Each facility takes note for itself: a child in the care of two is in nobody's hands at the second
//! because the first one has read the alert.

use yuqiao::{
    domain::{
        alert::{Alert, AlertState, Category},
        escalation::EscalationStep,
        id::Id,
    },
    service::{
        caller::Claim,
        disclosure::{self, Answer, Ask, OpenedAlert, Question},
        enrolments,
    },
    store::alerts::Part,
};

use super::{allergic, clocks, hours_pass};
use crate::{
    support::{
        Bench,
        care::Care,
        county::{allergy, day},
        families::placement,
        on_every_engine, region,
    },
    survival::quiet,
};

fn asked(by: &Claim, method: &'static str) -> Ask {
    Ask {
        claim: by.clone(),
        region: region(),
        method,
        question: Question::Facility {
            facility: by.organization,
            purpose: None,
            child: None,
            part: Part::Standing,
        },
    }
}

async fn seen_by(bench: &Bench, care: &Care, by: &Claim, alert: Id<Alert>) -> OpenedAlert {
    let ask = asked(by, "AlertService.ListAlerts");
    let Answer::Alerts {
        alerts, audience, ..
    } = care.looks.ask(ask).await.unwrap()
    else {
        panic!("another answer than was asked for");
    };
    let one = alerts.into_iter().find(|a| a.row.id == alert).unwrap();
    let opened = disclosure::open_alert(&bench.gateway, region(), one, &audience);
    opened.unwrap().unwrap()
}

async fn acknowledge(bench: &Bench, by: &Claim, alert: Id<Alert>) -> OpenedAlert {
    let ask = asked(by, "AlertService.AcknowledgeAlert");
    disclosure::acknowledge(&bench.gateway, &ask, alert)
        .await
        .unwrap()
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

        let own = acknowledge(&bench, &ours, alert).await;
        assert!(own.row.state.life().acknowledged.is_some());
        let other = seen_by(&bench, &care, &theirs, alert).await;
        assert_eq!(other.row.state, AlertState::open(other.row.state.since()));
        let left = clocks(&bench, &care).await;
        assert_eq!((left.len(), left[0].facility), (1, theirs.organization));
        hours_pass(&bench, 25).await;
        let passed_on = Some(EscalationStep::ToMchCentre);
        let other = seen_by(&bench, &care, &theirs, alert).await;
        assert_eq!(other.escalated_to, passed_on);
        let own = seen_by(&bench, &care, &ours, alert).await;
        assert!(matches!(own.row.state, AlertState::Acknowledged { .. }));
        assert_eq!(own.escalated_to, None, "another left it alone");
        let followed = care
            .sees(&bench, &care.clinician, Part::Standing)
            .await
            .unwrap();
        let followed = followed.iter().find(|a| a.row.id == alert).unwrap();
        assert_eq!(followed.escalated_to, passed_on);
        quiet::check(&bench, county).await;

        // Again is harmless, and the other's own note ends the other's clock.
        acknowledge(&bench, &ours, alert).await;
        let other = acknowledge(&bench, &theirs, alert).await;
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
