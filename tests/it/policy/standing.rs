//! Standing and actors: every change of a key has its leaf, and a suspension reaches the inboxes of
//! every facility whose keys rest on it.

use std::collections::BTreeSet;

use yuqiao::{
    domain::{
        actor::ActorRole,
        agreement::{AgreementMode, DataClause, Service, ServiceClause, Terms},
        alert::Category,
        id::Id,
        organization::{Organization, OrganizationKind},
        purpose::Purpose,
    },
    ledger::{Auditor, Evidence, KeyState, Leaf, LeafBody},
    service::{actors, agreements, organizations},
    store::backfills::{self, Breadth},
};

use crate::support::{Bench, Party, on_every_engine, region};

/// The facilities whose children are to be brought in line, and forgets them.
async fn concerned(bench: &Bench) -> BTreeSet<Id<Organization>> {
    let mut tx = bench.gateway.store().begin().await.unwrap();
    let now = tx.now().await.unwrap();
    let mut facilities = BTreeSet::new();
    for due in backfills::due(&mut tx, region(), now, 100).await.unwrap() {
        let Breadth::Facility(facility) = due.breadth else {
            panic!("{due:?}")
        };
        facilities.insert(facility);
        backfills::delete(&mut tx, region(), due.id).await.unwrap();
    }
    tx.commit().await.unwrap();
    facilities
}

async fn agree(bench: &Bench, by: &Party, facility: &Party, further: &[&Party]) {
    let terms = Terms {
        institution: by.id,
        facility: facility.id,
        mode: AgreementMode::Touring,
        first_day: "2026-09-01".parse().unwrap(),
        last_day: "2027-08-31".parse().unwrap(),
        services: vec![ServiceClause {
            service: Service::HealthCheck,
            times_per_year: 4,
            price_fen: 0,
        }],
        data: DataClause {
            categories: [Category::Allergy].into(),
            purposes: [Purpose::DailyCare].into(),
            further_sources: further.iter().map(|party| party.id).collect(),
        },
    };
    agreements::create(&bench.gateway, &by.claim, region(), terms)
        .await
        .unwrap();
}

/// Invariant 7. Break it: in `service/organizations.rs`, drop the backfills of `set_standing`, or
/// in `store/organizations.rs` let `facilities_resting_on` count further sources.
#[tokio::test]
async fn a_suspension_reaches_every_facility_that_rests_on_it() {
    on_every_engine(async |bench| {
        let commission = bench.commission().await;
        let kinds = [
            OrganizationKind::Hospital,
            OrganizationKind::MchCentre,
            OrganizationKind::PublicFacility,
            OrganizationKind::HomeFacility,
        ];
        let mut parties = Vec::new();
        for kind in kinds {
            parties.push(bench.party(&commission, kind, "测试机构").await);
        }
        let [hospital, centre, covered, other] = &parties[..] else {
            panic!()
        };
        agree(&bench, hospital, covered, &[centre]).await;
        agree(&bench, hospital, other, &[]).await;
        assert_eq!(concerned(&bench).await, [].into());

        for (suspended, expected) in [
            (hospital, BTreeSet::from([covered.id, other.id])),
            // A further source is no party: what it sent stays true.
            (centre, BTreeSet::new()),
            (covered, [covered.id].into()),
        ] {
            let (gateway, claim) = (&bench.gateway, &commission.claim);
            organizations::suspend(gateway, region(), claim, suspended.id, "整改")
                .await
                .unwrap();
            assert_eq!(
                concerned(&bench).await,
                expected,
                "suspended {:?}",
                suspended.kind
            );
            organizations::restore(gateway, region(), claim, suspended.id)
                .await
                .unwrap();
            assert_eq!(
                concerned(&bench).await,
                expected,
                "restored {:?}",
                suspended.kind
            );
        }
    })
    .await;
}

/// Invariant 6. Break it: in `service/actors.rs`, drop `change.record` from `decide`, or in
/// `service/founding.rs` let `record` state another sequence.
#[tokio::test]
async fn every_change_of_standing_and_actors_has_its_leaf() {
    on_every_engine(async |bench| {
        let commission = bench.commission().await;
        let facility = bench
            .party(&commission, OrganizationKind::PublicFacility, "测试")
            .await;
        let carer = bench.actor(&facility, ActorRole::Carer, None).await;
        let (gateway, claim) = (&bench.gateway, &commission.claim);
        actors::revoke(gateway, region(), &facility.claim, carer, "离职")
            .await
            .unwrap();
        organizations::suspend(gateway, region(), claim, facility.id, "整改")
            .await
            .unwrap();
        organizations::restore(gateway, region(), claim, facility.id)
            .await
            .unwrap();

        let mut tx = bench.gateway.store().snapshot().await.unwrap();
        let sql = "SELECT bytes FROM ledger_leaves ORDER BY sequence";
        let rows = tx.query(sql).fetch_all(&mut tx).await.unwrap();
        let mut auditor = Auditor::new(&region().to_string(), |_, _| None);
        let mut told = Vec::new();
        for row in rows {
            let leaf = Leaf::from_bytes(&row.get::<Vec<u8>>("bytes").unwrap()).unwrap();
            let evidence = Evidence {
                leaf: &leaf,
                entries: &[],
                openings: &[],
            };
            assert_eq!(auditor.read(&evidence), [], "{leaf:?}");
            let LeafBody::Change(change) = leaf.body else {
                panic!()
            };
            let open = matches!(KeyState::read(&change.facts), Some(KeyState::Open { .. }));
            told.push((change.change, change.subject, open));
        }
        let (office, us) = (commission.id.to_string(), facility.id.to_string());
        let first = |party: &Party| party.claim.actor.unwrap().to_string();
        let expected = [
            ("REGION_FOUNDED", office, true),
            ("ORGANIZATION_ENROLLED", first(&commission), true),
            ("ORGANIZATION_INVITED", us.clone(), true),
            ("ORGANIZATION_ENROLLED", first(&facility), true),
            ("ACTOR_APPROVED", carer.to_string(), true),
            ("ACTOR_REVOKED", carer.to_string(), false),
            ("ORGANIZATION_SUSPENDED", us.clone(), false),
            ("ORGANIZATION_RESTORED", us, true),
        ];
        assert_eq!(
            told,
            expected.map(|(change, of, open)| (change.to_owned(), of, open))
        );
    })
    .await;
}
