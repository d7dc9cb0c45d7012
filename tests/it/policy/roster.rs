//! The roster: a child is who its numbers say, a guardian speaks until it ends or is disputed, and an
//! enrolment is a key from its first day to its last.

use chrono::TimeDelta;
use yuqiao::{
    domain::{
        child::Child,
        enrolment::EnrolmentState,
        finding::{Finding, FindingStatus, RawValue},
        guardianship::GuardianCodeUse,
        id::Id,
        identifier::ChildIdentifier,
        sex::Sex,
    },
    ledger::KeyState,
    service::{
        Error, Reason, children, consents,
        consents::Evidence,
        enrolments, guardian_codes,
        guardianships::{self, Turn},
    },
    store::{alerts, children as children_rows},
};

use crate::support::{
    Bench,
    families::{County, FATHER, MOTHER, certificate, day, girl, guardian, placement, story, turns},
    on_every_engine, region,
};

/// What a clerk writes when a guardianship turns.
const WHY: &str = "法院受理通知书（2026）示例001号";

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

/// Invariant 8. Break it: in `service/children.rs`, let `register` pass over `same`.
#[tokio::test]
async fn a_child_is_found_by_its_numbers_and_never_merged() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (ours, theirs) = (&county.facility.claim, &county.hospital.claim);
        let register = async |claim, registration| {
            let registered = children::register(gateway, claim, region(), registration).await;
            registered.map(|r| r.id)
        };
        let (one, two) = (certificate("X150000001"), certificate("X150000002"));
        let child = register(ours, girl(vec![one.clone()])).await.unwrap();
        // Known by number: the same child. Same name and birthday, other number: another child.
        assert_eq!(
            register(theirs, girl(vec![one.clone()])).await.unwrap(),
            child
        );
        let other = register(theirs, girl(vec![two.clone()])).await.unwrap();
        assert_ne!(other, child);
        let both = register(ours, girl(vec![one.clone(), two.clone()])).await;
        assert_eq!(reason(both), Reason::IdentifierTaken);
        let mut boy = girl(vec![one.clone()]);
        boy.sex = Sex::Male;
        assert_eq!(reason(register(ours, boy).await), Reason::IdentityDisagrees);
        let mut unborn = girl(vec![certificate("X150000003")]);
        unborn.birth_date = day("2026-09-02");
        assert_eq!(reason(register(ours, unborn).await), Reason::FieldMalformed);
        let official = &county.commission.claim;
        let by_office = register(official, girl(vec![one.clone()])).await;
        assert_eq!(reason(by_office), Reason::NotForThisOrganization);

        // A further number: proof by a known one, and it must not contradict the child.
        let number = |text| ChildIdentifier::parse(ChildIdentifier::RESIDENT_ID, text).unwrap();
        let resident = number("15062720240408998X");
        let add = async |known: &ChildIdentifier, new: &ChildIdentifier| {
            let added = children::add_identifier(gateway, ours, region(), child, known, new).await;
            added.map(|r| r.id)
        };
        assert_eq!(reason(add(&two, &resident).await), Reason::NotFound);
        let someone = number("150627202306019988");
        assert_eq!(reason(add(&one, &someone).await), Reason::IdentityDisagrees);
        assert_eq!(reason(add(&one, &two).await), Reason::IdentifierTaken);
        assert_eq!(add(&one, &resident).await.unwrap(), child);
        assert_eq!(add(&one, &resident).await.unwrap(), child);
        assert_eq!(register(theirs, girl(vec![resident])).await.unwrap(), child);
    })
    .await;
}

/// Break it: in `service/enrolments.rs`, let `finish` leave out the leaf.
#[tokio::test]
async fn an_enrolment_is_open_when_expected_and_closed_after_its_last_day() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (ours, theirs) = (&county.facility.claim, &county.other_facility.claim);
        let child = county.child(&bench, "X150000001").await;
        let expected = placement(child, "2026-09-07");
        let row = enrolments::expect(gateway, ours, region(), expected)
            .await
            .unwrap();
        let again = enrolments::expect(gateway, ours, region(), placement(child, "2026-09-08"));
        assert_eq!(reason(again.await), Reason::EnrolmentExists);
        let place = placement(child, "2026-09-03");
        let enrolled = enrolments::enrol(gateway, ours, region(), place)
            .await
            .unwrap();
        assert_eq!(enrolled.id, row.id, "the expected enrolment becomes active");
        let twice = enrolments::enrol(gateway, ours, region(), placement(child, "2026-09-03"));
        assert_eq!(reason(twice.await), Reason::EnrolmentExists);
        let early = enrolments::leave(gateway, ours, region(), row.id, day("2026-09-01")).await;
        assert_eq!(reason(early), Reason::FieldMalformed);
        let stranger = enrolments::leave(gateway, theirs, region(), row.id, day("2026-09-04"));
        assert_eq!(reason(stranger.await), Reason::NotFound);
        let last = day("2026-09-04");
        let left = enrolments::leave(gateway, ours, region(), row.id, last)
            .await
            .unwrap();
        assert_eq!(left.state.last_day(), Some(last));
        let leaves = [
            "CHILD_EXPECTED open",
            "CHILD_ENROLLED open",
            "CHILD_LEAVES open",
        ];
        assert_eq!(story(&bench, row.id).await, leaves);
        // While it still lasts, a new one must begin after it.
        let within = enrolments::enrol(gateway, ours, region(), placement(child, "2026-09-04"));
        assert_eq!(reason(within.await), Reason::WrongState);
        let next = enrolments::enrol(gateway, ours, region(), placement(child, "2026-09-05")).await;
        assert_ne!(next.unwrap().id, row.id);
        // 24:00 of the last day, in the region's zone: 16:00 UTC.
        bench
            .clock
            .advance(TimeDelta::hours(88) - TimeDelta::microseconds(1));
        assert_eq!(story(&bench, row.id).await[2], "CHILD_LEAVES open");
        bench.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(story(&bench, row.id).await[2], "CHILD_LEAVES closed");
        let of_others = enrolments::list(gateway, theirs, region(), "", 10)
            .await
            .unwrap();
        assert!(of_others.is_empty());
        assert_eq!(
            enrolments::list(gateway, ours, region(), "", 10)
                .await
                .unwrap()
                .len(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn a_child_that_never_came_is_gone_at_once_and_none_comes_before_its_birth() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, ours) = (&bench.gateway, &county.facility.claim);
        let child = county.child(&bench, "X150000001").await;
        let unborn = enrolments::enrol(gateway, ours, region(), placement(child, "2024-04-07"));
        assert_eq!(reason(unborn.await), Reason::FieldMalformed);
        let expected = placement(child, "2026-10-08");
        let row = enrolments::expect(gateway, ours, region(), expected)
            .await
            .unwrap();
        let eve = day("2026-10-07");
        let left = enrolments::leave(gateway, ours, region(), row.id, eve)
            .await
            .unwrap();
        assert!(matches!(left.state, EnrolmentState::Left { .. }));
        let (change, state) = turns(&bench, row.id).await.pop().unwrap();
        assert_eq!((change.as_str(), state), ("CHILD_LEAVES", KeyState::Closed));
        let medical = enrolments::enrol(
            gateway,
            &county.hospital.claim,
            region(),
            placement(child, "2026-09-01"),
        );
        assert_eq!(reason(medical.await), Reason::NotForThisOrganization);
    })
    .await;
}

/// Why a child's guardianships were turned, unsealed, by what happened.
async fn reasons(bench: &Bench, child: Id<Child>) -> Vec<(String, String)> {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let of = children_rows::find(&mut tx, region(), &[child])
        .await
        .unwrap()
        .remove(0);
    let keyring = bench.gateway.keyring();
    let key = keyring.child(region(), child, of.wrapped_key.as_deref());
    let key = key.unwrap().unwrap();
    let rows = tx
        .query("SELECT id, turn, sealed FROM guardianship_turns WHERE region = $1 ORDER BY turn")
        .bind(region().to_string())
        .fetch_all(&mut tx)
        .await
        .unwrap();
    let (table, column) = guardianships::WHY_PLACE;
    let opened = rows.iter().map(|row| {
        let (id, turn): (String, String) = (row.get("id").unwrap(), row.get("turn").unwrap());
        let sealed: Vec<u8> = row.get("sealed").unwrap();
        let why = key.open(table, &id, column, &sealed).unwrap();
        (turn, String::from_utf8(why.to_vec()).unwrap())
    });
    opened.collect()
}

/// Break it: in `domain/enrolment.rs`, refuse a day before the first whatever today is.
#[tokio::test]
async fn a_child_expected_in_weeks_is_taken_off_the_list_with_yesterday() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, ours) = (&bench.gateway, &county.facility.claim);
        let child = county.child(&bench, "X150000001").await;
        let place = placement(child, "2026-09-22");
        let row = enrolments::expect(gateway, ours, region(), place)
            .await
            .unwrap();
        // Today is 1 September: a day to come before the child comes makes no sense.
        let early = enrolments::leave(gateway, ours, region(), row.id, day("2026-09-02")).await;
        assert_eq!(reason(early), Reason::FieldMalformed);
        let yesterday = day("2026-08-31");
        enrolments::leave(gateway, ours, region(), row.id, yesterday)
            .await
            .unwrap();
        assert_eq!(
            story(&bench, row.id).await,
            ["CHILD_EXPECTED open", "CHILD_LEAVES closed"]
        );
        bench.clock.advance(TimeDelta::days(22));
        assert_eq!(story(&bench, row.id).await[1], "CHILD_LEAVES closed");
    })
    .await;
}

/// Born ten weeks early, it is judged by corrected age from when that is known. Break it: in
/// `service/children.rs`, let `register` leave out `learn_gestation`.
#[tokio::test]
async fn a_known_childs_gestation_is_kept_when_it_comes_and_never_contradicted() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, hospital) = (&bench.gateway, &county.hospital);
        let register = async |gestation_days| {
            let boy = children::Registration {
                sex: Sex::Male,
                birth_date: day("2026-02-01"),
                gestation_days,
                ..girl(vec![certificate("X150000001")])
            };
            let registered = children::register(gateway, &hospital.claim, region(), boy).await;
            registered.map(|r| r.id)
        };
        let child = register(None).await.unwrap();
        // 6.3 kg at six months: below -2 SD (6.8 kg); at the corrected three months it is not (5.5 kg).
        let raw = RawValue::Quantity {
            value: 6_300,
            decimals: 0,
            unit: "g",
        };
        let weight = Finding::parse("WEIGHT", raw, FindingStatus::Final, "").unwrap();
        county
            .examines(&bench, hospital, "X150000001", weight)
            .await;
        let rules = async || {
            let mut tx = gateway.store().snapshot().await.unwrap();
            let standing = alerts::standing(&mut tx, region(), &[child]).await.unwrap();
            let found = standing.into_iter().filter(|a| !a.evidence.is_empty());
            found.map(|a| a.rule).collect::<Vec<_>>()
        };
        assert_eq!(rules().await, ["GROWTH_WEIGHT_UNDERWEIGHT"]);
        assert_eq!(register(Some(210)).await.unwrap(), child);
        assert_eq!(rules().await, [""; 0]);
        for known in [None, Some(210)] {
            assert_eq!(register(known).await.unwrap(), child);
        }
        assert_eq!(reason(register(Some(280)).await), Reason::IdentityDisagrees);
        assert_eq!(rules().await, [""; 0]);
    })
    .await;
}

/// While a dispute lasts nobody grants, and the last undisputed consent is not replaced. Break it:
/// in `service/consents.rs`, let `speaks` pass over `disputed`.
#[tokio::test]
async fn a_dispute_stops_every_grant_until_it_is_settled_but_no_withdrawal() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, hospital) = (&bench.gateway, &county.hospital.claim);
        let child = county
            .child_of(&bench, &county.hospital, "X150000001")
            .await;
        let father = county.guardian(&bench, child, FATHER).await;
        let mother = county.guardian(&bench, child, MOTHER).await;
        assert_eq!(
            county.guardian(&bench, child, FATHER).await,
            father,
            "recorded once"
        );
        let paper = || Evidence::Document("PAPER_SCAN 2026-0917".to_owned());
        let grant = async |by| {
            let wish = county.wish(child);
            consents::grant(gateway, hospital, region(), Some(by), wish, paper()).await
        };
        let turn = async |claim, id, turn| {
            guardianships::turn(gateway, claim, region(), id, turn, WHY).await
        };
        let before = grant(father).await.unwrap();
        // A facility has an interest in the consent: it settles nothing.
        let facility = &county.facility.claim;
        for step in [Turn::End, Turn::Dispute, Turn::Settle] {
            let refused = turn(facility, father, step).await;
            assert_eq!(reason(refused), Reason::NotForThisOrganization);
        }
        assert_eq!(
            reason(turn(hospital, father, Turn::Settle).await),
            Reason::WrongState
        );
        turn(hospital, father, Turn::Dispute).await.unwrap();
        for by in [father, mother] {
            assert_eq!(reason(grant(by).await), Reason::GuardianshipNotHeld);
        }
        let got = consents::get(gateway, facility, region(), before.id)
            .await
            .unwrap();
        assert_eq!(
            got.0.state, before.state,
            "the last undisputed consent stands"
        );
        // The disputed guardian may still end it.
        let decide = GuardianCodeUse::Decide;
        let code = guardian_codes::issue(gateway, hospital, region(), father, decide).await;
        let code = yuqiao::pki::GuardianCode::parse(&code.unwrap().text).unwrap();
        let ended =
            consents::withdraw(gateway, facility, region(), before.id, Evidence::Code(code)).await;
        assert!(ended.is_ok());
        turn(&county.commission.claim, father, Turn::Settle)
            .await
            .unwrap();
        let after = grant(mother).await.unwrap();
        turn(hospital, mother, Turn::End).await.unwrap();
        assert_eq!(
            reason(turn(hospital, mother, Turn::Dispute).await),
            Reason::WrongState
        );
        assert_eq!(
            story(&bench, father).await,
            [
                "GUARDIANSHIP_RECORDED open",
                "GUARDIANSHIP_DISPUTED closed",
                "GUARDIAN_CODE_ISSUED closed",
                "GUARDIANSHIP_SETTLED open"
            ]
        );
        assert_eq!(
            story(&bench, after.id).await,
            [
                "CONSENT_GRANTED open",
                "CONSENT_ENDS_WITH_GUARDIANSHIP closed"
            ]
        );
        let (_, expired) = consents::get(gateway, facility, region(), after.id)
            .await
            .unwrap();
        assert!(expired, "what she granted ended with her guardianship");
        let why = reasons(&bench, child).await;
        let turns = [
            "GUARDIANSHIP_DISPUTED",
            "GUARDIANSHIP_ENDED",
            "GUARDIANSHIP_SETTLED",
        ];
        assert_eq!(why, turns.map(|turn| (turn.to_owned(), WHY.to_owned())));
    })
    .await;
}

#[tokio::test]
async fn guardianships_are_told_to_those_who_have_to_do_with_the_child() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let child = county.child(&bench, "X150000001").await;
        county.guardian(&bench, child, FATHER).await;
        for (party, known) in [
            (&county.facility, true),
            (&county.hospital, true),
            (&county.other_hospital, false),
            (&county.other_facility, false),
        ] {
            let told = guardianships::list(gateway, &party.claim, region(), child).await;
            assert_eq!(told.is_ok(), known);
            if !known {
                assert_eq!(reason(told), Reason::NotFound);
            }
        }
        let office = &county.commission.claim;
        let recorded = guardianships::record(gateway, office, region(), guardian(child, MOTHER));
        assert_eq!(reason(recorded.await), Reason::NotForThisOrganization);
    })
    .await;
}
