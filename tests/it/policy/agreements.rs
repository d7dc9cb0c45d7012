//! Agreements: only what both signed is filed, only what is filed opens, and each turn is in the ledger.

use chrono::TimeDelta;
use yuqiao::{
    domain::agreement::AgreementState,
    pki::SigningKey,
    service::{
        Error, Reason,
        agreements::{self, Which},
    },
};

use crate::support::{
    families::{County, day, story, which},
    on_every_engine, region,
};

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

/// Break it: in `service/agreements.rs`, let `turn` leave out `record`.
#[tokio::test]
async fn each_turn_of_an_agreement_is_a_leaf_with_its_whole_state() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, office) = (&bench.gateway, &county.commission.claim);
        let id = county.filed(&bench).await;
        let why = || "测试".to_owned();
        let suspended = agreements::suspend(gateway, office, which(id), why())
            .await
            .unwrap();
        assert!(!suspended.in_force);
        let resumed = agreements::resume(gateway, office, which(id))
            .await
            .unwrap();
        assert!(resumed.in_force);
        let party = &county.facility.claim;
        let ended = agreements::terminate(gateway, party, which(id), why())
            .await
            .unwrap();
        assert!(!ended.in_force && matches!(ended.row.state, AgreementState::Terminated(..)));
        let again = agreements::resume(gateway, office, which(id)).await;
        assert_eq!(reason(again), Reason::WrongState);
        let expected = [
            "AGREEMENT_FILED open",
            "AGREEMENT_SUSPENDED closed",
            "AGREEMENT_RESUMED open",
            "AGREEMENT_TERMINATED closed",
        ];
        assert_eq!(story(&bench, id).await, expected);
    })
    .await;
}

/// Break it: in `service/agreements.rs`, let `sign` pass over `key.verify`.
#[tokio::test]
async fn only_a_partys_current_key_over_the_very_bytes_signs() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, hospital) = (&bench.gateway, &county.hospital);
        let drafted = agreements::create(gateway, &hospital.claim, region(), county.terms()).await;
        let id = drafted.unwrap().row.id;
        let text = agreements::preview(gateway, &hospital.claim, which(id))
            .await
            .unwrap();
        assert!(text.contains("HEALTH_CHECK 12/year 0 fen"), "{text}");
        let sign = async |party: &crate::support::Party, key_id: &str, signature: Vec<u8>| {
            agreements::sign(gateway, &party.claim, which(id), key_id, signature).await
        };
        let right = hospital.sign(text.as_bytes());
        // A draft is not yet to be signed.
        let early = sign(hospital, &hospital.key_id(), right.clone()).await;
        assert_eq!(reason(early), Reason::WrongState);
        agreements::propose(gateway, &hospital.claim, which(id))
            .await
            .unwrap();

        let (stranger, _) = SigningKey::generate().unwrap();
        let forged = stranger.sign(text.as_bytes()).unwrap();
        for (key_id, signature) in [
            (hospital.key_id(), hospital.sign(b"another text")),
            (hospital.key_id(), forged.clone()),
            (stranger.public_key().id().to_string(), forged),
            (
                county.facility.key_id(),
                county.facility.sign(text.as_bytes()),
            ),
        ] {
            let wrong = sign(hospital, &key_id, signature).await;
            assert_eq!(reason(wrong), Reason::SignatureInvalid);
        }
        let official = &county.commission;
        let of_office = sign(official, &official.key_id(), official.sign(text.as_bytes())).await;
        assert_eq!(reason(of_office), Reason::NotForThisOrganization);

        let one = sign(hospital, &hospital.key_id(), right.clone())
            .await
            .unwrap();
        assert_eq!(one.row.state, AgreementState::Proposed);
        let twice = sign(hospital, &hospital.key_id(), right).await;
        assert_eq!(reason(twice), Reason::WrongState);
        let number = || "备案-1".to_owned();
        let office = &official.claim;
        let half = agreements::file(gateway, office, which(id), number()).await;
        assert_eq!(reason(half), Reason::WrongState);
        let facility = &county.facility;
        let theirs = facility.sign(text.as_bytes());
        let both = sign(facility, &facility.key_id(), theirs).await.unwrap();
        assert_eq!(both.row.state, AgreementState::Signed);
        assert_eq!(both.signatures.len(), 2);
        // Filing is the commission's.
        let own = agreements::file(gateway, &facility.claim, which(id), number()).await;
        assert_eq!(reason(own), Reason::NotForThisOrganization);
        assert!(
            story(&bench, id).await.is_empty(),
            "nothing is open before it is filed"
        );
    })
    .await;
}

#[tokio::test]
async fn an_agreement_is_in_force_from_its_first_day_and_only_while_both_may_act() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, office) = (&bench.gateway, &county.commission.claim);
        let mut terms = county.terms();
        terms.first_day = day("2026-09-03");
        let id = county.signed(&bench, terms).await;
        let filed = agreements::file(gateway, office, which(id), "备案-2".to_owned()).await;
        assert!(!filed.unwrap().in_force);
        bench.clock.advance(TimeDelta::hours(39));
        let eve = agreements::get(gateway, office, which(id)).await.unwrap();
        assert!(!eve.in_force, "23:00 of the day before");
        bench.clock.advance(TimeDelta::hours(1));
        let begun = agreements::get(gateway, office, which(id)).await.unwrap();
        assert!(begun.in_force, "midnight of the region");
        let why = "测试".to_owned();
        let hospital = county.hospital.id;
        yuqiao::service::organizations::suspend(gateway, region(), office, hospital, &why)
            .await
            .unwrap();
        let after = agreements::get(gateway, office, which(id)).await.unwrap();
        assert!(!after.in_force, "a party may not act");
    })
    .await;
}

#[tokio::test]
async fn a_stranger_hears_not_found_and_a_stale_etag_changes_nothing() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let id = county.signed(&bench, county.terms()).await;
        for stranger in [&county.other_hospital, &county.other_facility] {
            let claim = &stranger.claim;
            let got = agreements::get(gateway, claim, which(id)).await;
            assert_eq!(reason(got), Reason::NotFound);
            let why = "测试".to_owned();
            let declined = agreements::decline(gateway, claim, which(id), why).await;
            assert_eq!(reason(declined), Reason::NotFound);
            let listed = agreements::list(gateway, claim, region(), "", 10).await;
            assert!(listed.unwrap().is_empty());
        }
        for party in [&county.hospital, &county.facility, &county.commission] {
            let listed = agreements::list(gateway, &party.claim, region(), "", 10).await;
            assert_eq!(listed.unwrap().len(), 1);
        }
        let stale = Which {
            seen: Some(1),
            ..which(id)
        };
        let office = &county.commission.claim;
        let filed = agreements::file(gateway, office, stale, "备案-3".to_owned()).await;
        assert_eq!(reason(filed), Reason::EtagMismatch);

        let mut terms = county.terms();
        (terms.institution, terms.facility) = (terms.facility, terms.institution);
        terms.data.further_sources.insert(county.commission.id);
        let wrong = agreements::create(gateway, &county.facility.claim, region(), terms).await;
        let Err(Error::Invalid(problems)) = wrong else {
            panic!("misfits are refused")
        };
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        let expected = [
            "agreement.medical_institution",
            "agreement.facility",
            "agreement.data_clause.further_sources[0]",
        ];
        assert_eq!(fields, expected);
    })
    .await;
}
