//! Consents: never on the recipient's word alone, by a code that works once, and ended at once.

use chrono::TimeDelta;
use yuqiao::{
    domain::{
        child::Child,
        consent::ConsentState,
        guardianship::{GuardianCodeUse, Guardianship},
        id::Id,
    },
    pki::GuardianCode,
    service::{
        Error, Reason,
        consents::{self, Evidence},
        enrolments, guardian_codes, guardianships,
    },
};

use crate::support::{
    Bench, Party,
    county::haemoglobin,
    families::{County, FATHER, MOTHER, day, guardian, placement, story},
    on_every_engine, region,
};

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

fn paper() -> Evidence {
    Evidence::Document("PAPER_SCAN 2026-0917".to_owned())
}

async fn code(
    bench: &Bench,
    by: &Party,
    of: Id<Guardianship>,
    usage: GuardianCodeUse,
) -> Result<GuardianCode, Error> {
    let issued = guardian_codes::issue(&bench.gateway, &by.claim, region(), of, usage).await?;
    Ok(GuardianCode::parse(&issued.text).unwrap())
}

async fn family(bench: &Bench, county: &County) -> (Id<Child>, Id<Guardianship>) {
    let child = county.child_of(bench, &county.hospital, "X150000001").await;
    (child, county.guardian(bench, child, FATHER).await)
}

/// Break it: in `service/consents.rs`, let `speaks` pass over the recipient.
#[tokio::test]
async fn a_consent_is_never_taken_on_the_recipients_word() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let grant = async |by: &Party, evidence| {
            let wish = county.wish(child);
            consents::grant(gateway, &by.claim, region(), Some(father), wish, evidence).await
        };
        let own_word = grant(&county.facility, paper()).await;
        assert_eq!(reason(own_word), Reason::RecipientCannotRecord);
        let another = grant(&county.other_facility, paper()).await;
        assert_eq!(reason(another), Reason::NotForThisOrganization);
        // Nor may it make itself the guardian's code.
        let made = code(&bench, &county.facility, father, GuardianCodeUse::Decide).await;
        assert_eq!(reason(made), Reason::NotForThisOrganization);
        // Over its connection, but by the guardian's code: that is the guardian's word.
        let given = code(&bench, &county.hospital, father, GuardianCodeUse::Decide)
            .await
            .unwrap();
        let by_code = grant(&county.facility, Evidence::Code(given))
            .await
            .unwrap();
        assert_eq!(
            (by_code.recorded_by, by_code.guardianship),
            (county.facility.id, father)
        );
        assert_eq!(by_code.evidence, "CODE");
        for recorder in [&county.hospital, &county.commission] {
            let recorded = grant(recorder, paper()).await.unwrap();
            assert_eq!(recorded.recorded_by, recorder.id);
        }
    })
    .await;
}

/// To have written somebody down as a child's guardian is no reason to have that one's paper. Break it: in
/// `service/consents.rs`, leave out `serves`.
#[tokio::test]
async fn a_paper_is_recorded_by_whoever_serves_the_child() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let stranger = &county.other_hospital;
        let own =
            guardianships::record(gateway, &stranger.claim, region(), guardian(child, MOTHER));
        let own = own.await.unwrap().id;
        let nobody: Id<Child> = Id::opaque(&mut gateway.own_chance());
        let grant = async |child, guardianship| {
            let wish = county.wish(child);
            let by = &stranger.claim;
            consents::grant(gateway, by, region(), Some(guardianship), wish, paper()).await
        };
        assert_eq!(reason(grant(child, own).await), Reason::ChildNotServed);
        for (of, under) in [(child, father), (nobody, father), (nobody, own)] {
            assert_eq!(reason(grant(of, under).await), Reason::GuardianshipNotHeld);
        }
        county
            .examines(&bench, stranger, "X150000001", haemoglobin(120))
            .await;
        grant(child, father).await.unwrap();
    })
    .await;
}

/// Break it: in `store/guardianships.rs`, let `use_code` pass over `used_us IS NULL`.
#[tokio::test]
async fn a_guardians_code_works_once_in_time_for_one_child_and_use() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let other = county.child(&bench, "X150000002").await;
        let decide = async || {
            code(&bench, &county.hospital, father, GuardianCodeUse::Decide)
                .await
                .unwrap()
        };
        let grant = async |child, code| {
            let (claim, wish) = (&county.facility.claim, county.wish(child));
            consents::grant(gateway, claim, region(), None, wish, Evidence::Code(code)).await
        };
        // Eight at once with one code: one wins.
        let raced = decide().await;
        let all = (0..8).map(|_| grant(child, raced.clone()));
        let all = futures_util::future::join_all(all).await;
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
        for lost in all.into_iter().filter(Result::is_err) {
            assert_eq!(reason(lost), Reason::GuardianCodeInvalid);
        }
        let misused = grant(other, decide().await).await;
        assert_eq!(reason(misused), Reason::GuardianCodeInvalid);
        let to_read = code(&bench, &county.hospital, father, GuardianCodeUse::Read)
            .await
            .unwrap();
        assert_eq!(
            reason(grant(child, to_read).await),
            Reason::GuardianCodeInvalid
        );
        // A request that fails for another reason uses nothing up.
        let kept = decide().await;
        let mut empty = county.wish(child);
        empty.categories.clear();
        let evidence = Evidence::Code(kept.clone());
        let claim = &county.facility.claim;
        let failed = consents::grant(gateway, claim, region(), None, empty, evidence).await;
        assert_eq!(reason(failed), Reason::FieldMalformed);
        grant(child, kept).await.unwrap();
        let late = decide().await;
        bench.clock.advance(TimeDelta::hours(24));
        assert_eq!(
            reason(grant(child, late).await),
            Reason::GuardianCodeInvalid
        );
    })
    .await;
}

/// Break it: in `service/consents.rs`, let `grant` leave out the leaf of `former`.
#[tokio::test]
async fn a_new_consent_supersedes_and_a_withdrawal_ends_each_with_its_leaf() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let hospital = &county.hospital.claim;
        let grant = async |wish| {
            consents::grant(gateway, hospital, region(), Some(father), wish, paper()).await
        };
        let first = grant(county.wish(child)).await.unwrap();
        let second = grant(county.wish(child)).await.unwrap();
        let withdraw = async |by: &Party, id, evidence| {
            consents::withdraw(gateway, &by.claim, region(), id, evidence).await
        };
        let stranger = &county.other_hospital;
        assert_eq!(
            reason(withdraw(stranger, second.id, paper()).await),
            Reason::NotFound
        );
        let stolen = GuardianCode::generate(&mut gateway.own_chance());
        let guess = withdraw(stranger, second.id, Evidence::Code(stolen.clone())).await;
        assert_eq!(reason(guess), Reason::NotFound);
        let guess = withdraw(&county.facility, second.id, Evidence::Code(stolen)).await;
        assert_eq!(reason(guess), Reason::GuardianCodeInvalid);
        let gone = withdraw(&county.facility, first.id, paper()).await;
        assert_eq!(reason(gone), Reason::WrongState);
        // The recipient passes the guardian's no on: ending is easier than beginning.
        let ended = withdraw(&county.facility, second.id, paper())
            .await
            .unwrap();
        assert!(matches!(ended.state, ConsentState::Withdrawn { .. }));
        let retried = withdraw(&county.facility, second.id, paper())
            .await
            .unwrap();
        assert_eq!(retried.state, ended.state, "a retry is harmless");
        let kept = consents::get(gateway, hospital, region(), second.id).await;
        let kept = kept.unwrap().0.end_evidence;
        assert_eq!(kept.as_deref(), Some("PAPER_SCAN 2026-0917"));
        assert_eq!(
            story(&bench, first.id).await,
            ["CONSENT_GRANTED open", "CONSENT_SUPERSEDED closed"]
        );
        assert_eq!(
            story(&bench, second.id).await,
            ["CONSENT_GRANTED open", "CONSENT_WITHDRAWN closed"]
        );
        // By the other guardian's code, over any connection.
        let third = grant(county.wish(child)).await.unwrap();
        let mother = county.guardian(&bench, child, MOTHER).await;
        let no = code(&bench, &county.hospital, mother, GuardianCodeUse::Decide)
            .await
            .unwrap();
        let ended = withdraw(stranger, third.id, Evidence::Code(no)).await;
        assert_eq!(ended.unwrap().end_evidence.as_deref(), Some("CODE"));
    })
    .await;
}

#[tokio::test]
async fn a_consent_holds_from_its_first_day_to_its_last() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let claim = &county.hospital.claim;
        let mut wish = county.wish(child);
        (wish.first_day, wish.last_day) = (Some(day("2026-09-02")), day("2026-09-03"));
        let granted = consents::grant(gateway, claim, region(), Some(father), wish, paper()).await;
        let id = granted.unwrap().id;
        let open = async || story(&bench, id).await == ["CONSENT_GRANTED open"];
        let expired = async || consents::get(gateway, claim, region(), id).await.unwrap().1;
        // 08:00 of 1 September; the region's days begin at 16:00 UTC.
        assert!(!open().await && !expired().await);
        bench.clock.advance(TimeDelta::hours(16));
        assert!(open().await);
        bench
            .clock
            .advance(TimeDelta::hours(48) - TimeDelta::microseconds(1));
        assert!(open().await && !expired().await);
        bench.clock.advance(TimeDelta::microseconds(1));
        assert!(!open().await && expired().await);
    })
    .await;
}

#[tokio::test]
async fn a_consent_ends_with_the_enrolment() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let (facility, hospital) = (&county.facility.claim, &county.hospital.claim);
        let place = placement(child, "2026-09-01");
        let enrolment = enrolments::enrol(gateway, facility, region(), place)
            .await
            .unwrap();
        let wish = county.wish(child);
        let granted = consents::grant(gateway, hospital, region(), Some(father), wish, paper());
        let id = granted.await.unwrap().id;
        let last = day("2026-09-01");
        enrolments::leave(gateway, facility, region(), enrolment.id, last)
            .await
            .unwrap();
        let (row, expired) = consents::get(gateway, facility, region(), id)
            .await
            .unwrap();
        assert!(!expired && row.grant.last_day == last);
        bench.clock.advance(TimeDelta::hours(16));
        let (_, expired) = consents::get(gateway, facility, region(), id)
            .await
            .unwrap();
        assert!(expired);
        assert_eq!(
            story(&bench, id).await[1],
            "CONSENT_ENDS_WITH_ENROLMENT closed"
        );
    })
    .await;
}

/// Between the word that a child leaves and its last day the facility may still be granted a consent,
/// and it ends with that day all the same. Break it: in `service/consents.rs`, let `grant` leave out
/// `until_it_leaves`.
#[tokio::test]
async fn a_consent_given_when_the_child_is_about_to_leave_ends_with_its_last_day() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let (facility, hospital) = (&county.facility.claim, &county.hospital.claim);
        let grant = async |first: Option<&str>| {
            let mut wish = county.wish(child);
            wish.first_day = first.map(day);
            let granted =
                consents::grant(gateway, hospital, region(), Some(father), wish, paper()).await;
            granted.unwrap()
        };
        let year = day("2027-08-31");
        assert_eq!(grant(None).await.grant.last_day, year, "not in care yet");
        let place = placement(child, "2026-09-01");
        let enrolment = enrolments::enrol(gateway, facility, region(), place).await;
        let enrolment = enrolment.unwrap().id;
        assert_eq!(grant(None).await.grant.last_day, year, "in care");
        let last = day("2026-09-03");
        let left = enrolments::leave(gateway, facility, region(), enrolment, last).await;
        left.unwrap();
        let given = grant(None).await;
        assert_eq!(given.grant.last_day, last);
        let kept = consents::get(gateway, hospital, region(), given.id).await;
        assert_eq!(kept.unwrap().0.grant.last_day, last);
        let next = placement(child, "2026-09-10");
        assert_eq!(
            grant(Some("2026-09-10")).await.grant.last_day,
            year,
            "for when it comes again"
        );
        let given = grant(None).await;
        bench.clock.advance(TimeDelta::hours(64));
        assert_eq!(story(&bench, given.id).await, ["CONSENT_GRANTED closed"]);
        enrolments::enrol(gateway, facility, region(), next)
            .await
            .unwrap();
        assert_eq!(grant(None).await.grant.last_day, year, "it comes again");
    })
    .await;
}

#[tokio::test]
async fn strangers_hear_not_found_and_every_misfit_is_told() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let gateway = &bench.gateway;
        let (child, father) = family(&bench, &county).await;
        let claim = &county.hospital.claim;
        let mut wish = county.wish(child);
        wish.sources.insert(county.other_hospital.id);
        let granted = consents::grant(gateway, claim, region(), Some(father), wish, paper()).await;
        let id = granted.unwrap().id;
        for (party, part, listed) in [
            (&county.facility, true, 1),
            (&county.hospital, true, 1),
            (&county.other_hospital, true, 0),
            (&county.other_facility, false, 0),
        ] {
            let got = consents::get(gateway, &party.claim, region(), id).await;
            assert_eq!(got.is_ok(), part);
            if !part {
                assert_eq!(reason(got), Reason::NotFound);
            }
            let all = consents::list(gateway, &party.claim, region(), "", 10)
                .await
                .unwrap();
            assert_eq!(all.len(), listed);
        }
        let mut wrong = county.wish(child);
        wrong.recipient = county.commission.id;
        wrong.sources.insert(county.facility.id);
        wrong.purposes.clear();
        wrong.last_day = day("2027-09-03");
        (wrong.data_from, wrong.data_until) = (Some(day("2026-01-02")), Some(day("2026-01-01")));
        let refused = consents::grant(gateway, claim, region(), Some(father), wrong, paper()).await;
        let Err(Error::Invalid(problems)) = refused else {
            panic!("misfits are refused")
        };
        let mut told: Vec<_> = problems
            .iter()
            .map(|p| (p.field.as_str(), p.reason))
            .collect();
        told.sort_unstable();
        let expected = [
            ("consent.data_until", "PERIOD_INVERTED"),
            ("consent.last_day", "PERIOD_TOO_LONG"),
            ("consent.purposes", "FIELD_REQUIRED"),
            ("consent.recipient", "WRONG_ORGANIZATION_KIND"),
            ("consent.sources[0]", "WRONG_ORGANIZATION_KIND"),
        ];
        assert_eq!(told, expected);
    })
    .await;
}
