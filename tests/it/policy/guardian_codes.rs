//! Guardians' codes: handed out only where a guardian has a reason to stand, each with its leaf, and
//! a code for reading stays with who used it first.

use chrono::TimeDelta;
use yuqiao::{
    domain::{
        actor::ActorRole,
        child::Child,
        guardianship::{GuardianCodeUse, Guardianship},
        id::Id,
    },
    pki::GuardianCode,
    service::{
        Error, Reason,
        caller::Claim,
        children,
        disclosure::{Ask, Looks, Question, Wish},
        enrolments, explain, guardian_codes, guardianships,
    },
    store::alerts::Part,
};

use crate::support::{
    Bench, Party,
    county::haemoglobin,
    families::{County, FATHER, MOTHER, certificate, day, girl, guardian, placement, story},
    on_every_engine, region,
};

const NUMBER: &str = "X150000001";

fn reason<T>(result: Result<T, Error>) -> Reason {
    result.err().expect("a refusal").reason()
}

async fn issue(bench: &Bench, by: &Party, of: Id<Guardianship>) -> Result<GuardianCode, Error> {
    let read = GuardianCodeUse::Read;
    let issued = guardian_codes::issue(&bench.gateway, &by.claim, region(), of, read).await?;
    Ok(GuardianCode::parse(&issued.text).unwrap())
}

/// Asks for the child's alerts with a code for reading.
async fn read(
    bench: &Bench,
    claim: &Claim,
    child: Id<Child>,
    code: &GuardianCode,
) -> Option<Reason> {
    let code = guardian_codes::digest(&bench.gateway, region(), code);
    let ask = Ask {
        claim: claim.clone(),
        region: region(),
        method: "AlertService.ListAlerts",
        question: Question::Guardian {
            child,
            code,
            about: Wish::Alerts(Part::default()),
        },
    };
    let looks = Looks::start(bench.gateway.clone());
    looks.ask(ask).await.err().map(|error| error.reason())
}

/// Whoever knows a child's number, sex and birthday can register it and record an invented guardian:
/// neither makes a reason to hand out its guardians' codes. Break it: in `store/guardianships.rs`, let
/// `concerns` count who recorded a guardianship.
#[tokio::test]
async fn who_only_knows_a_childs_number_gets_no_code() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, clinic) = (&bench.gateway, &county.other_hospital);
        let child = county.child(&bench, NUMBER).await;
        let mother = county.guardian(&bench, child, MOTHER).await;

        let known = girl(vec![certificate(NUMBER)]);
        let known = children::register(gateway, &clinic.claim, region(), known).await;
        assert_eq!(known.unwrap().id, child);
        let invented = guardian(child, FATHER);
        let invented = guardianships::record(gateway, &clinic.claim, region(), invented).await;
        let invented = invented.unwrap().id;
        let told = guardianships::list(gateway, &clinic.claim, region(), child).await;
        let told: Vec<_> = told.unwrap().iter().map(|g| g.id).collect();
        assert_eq!(told, [invented], "the mother's is not the clinic's to know");
        let own = issue(&bench, clinic, invented).await;
        assert_eq!(reason(own), Reason::ChildNotServed);
        assert_eq!(
            reason(issue(&bench, clinic, mother).await),
            Reason::NotFound
        );
        for never in [&county.facility, &county.commission] {
            let refused = issue(&bench, never, mother).await;
            assert_eq!(reason(refused), Reason::NotForThisOrganization);
        }
        assert_eq!(
            story(&bench, mother).await,
            ["GUARDIANSHIP_RECORDED open"],
            "what was refused has no leaf"
        );
    })
    .await;
}

/// Each tie by itself is enough. Break it: in `service/guardian_codes.rs`, leave one out of `serves`.
#[tokio::test]
async fn a_code_is_handed_out_where_a_guardian_has_a_reason_to_stand() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let child = county.child(&bench, NUMBER).await;
        let mother = county.guardian(&bench, child, MOTHER).await;
        let (hospital, clinic) = (&county.hospital, &county.other_hospital);
        // An agreement in force with the facility the child is in.
        let early = issue(&bench, hospital, mother).await;
        assert_eq!(
            reason(early),
            Reason::ChildNotServed,
            "it recorded the mother"
        );
        county.filed(&bench).await;
        assert_eq!(
            reason(issue(&bench, hospital, mother).await),
            Reason::ChildNotServed
        );
        let (gateway, facility) = (&bench.gateway, &county.facility.claim);
        let place = placement(child, "2026-09-01");
        let enrolled = enrolments::enrol(gateway, facility, region(), place).await;
        issue(&bench, hospital, mother).await.unwrap();
        assert_eq!(
            story(&bench, mother).await,
            ["GUARDIANSHIP_RECORDED open", "GUARDIAN_CODE_ISSUED open"]
        );
        let gone = enrolled.unwrap().id;
        let gone = enrolments::leave(gateway, facility, region(), gone, day("2026-08-31")).await;
        gone.unwrap();
        assert_eq!(
            reason(issue(&bench, hospital, mother).await),
            Reason::ChildNotServed
        );
        // An examination.
        assert_eq!(
            reason(issue(&bench, clinic, mother).await),
            Reason::NotFound
        );
        county
            .examines(&bench, clinic, NUMBER, haemoglobin(120))
            .await;
        issue(&bench, clinic, mother).await.unwrap();
        // The first registration.
        let other = county.child_of(&bench, clinic, "X150000002").await;
        let father = county.guardian(&bench, other, FATHER).await;
        issue(&bench, clinic, father).await.unwrap();
    })
    .await;
}

/// Break it: in `store/looks.rs`, let `use_code` pass over `used_by` or `used_actor`.
#[tokio::test]
async fn a_code_for_reading_stays_with_who_used_it_first_for_ten_minutes() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (hospital, facility) = (&county.hospital, &county.facility);
        let child = county.child_of(&bench, hospital, NUMBER).await;
        let mother = county.guardian(&bench, child, MOTHER).await;
        let code = issue(&bench, hospital, mother).await.unwrap();
        let colleague = bench.actor(facility, ActorRole::Carer, None).await;
        let colleague = facility.as_actor(colleague);
        let invalid = Some(Reason::GuardianCodeInvalid);
        assert_eq!(read(&bench, &facility.claim, child, &code).await, None);
        assert_eq!(read(&bench, &facility.claim, child, &code).await, None);
        assert_eq!(read(&bench, &colleague, child, &code).await, invalid);
        assert_eq!(read(&bench, &hospital.claim, child, &code).await, invalid);
        bench.clock.advance(TimeDelta::minutes(10));
        assert_eq!(read(&bench, &facility.claim, child, &code).await, invalid);
    })
    .await;
}

/// Break it: in `service/explain.rs`, take any agreement for one in force.
#[tokio::test]
async fn a_draft_explains_no_childs_keys() {
    on_every_engine(async |bench| {
        let county = County::found(&bench).await;
        let (gateway, facility) = (&bench.gateway, &county.facility);
        let child = county.child(&bench, NUMBER).await;
        let place = placement(child, "2026-09-01");
        let enrolled = enrolments::enrol(gateway, &facility.claim, region(), place).await;
        enrolled.unwrap();
        let explain = async |by: &Party| {
            let of = Some(facility.id);
            explain::explain(gateway, &by.claim, region(), child, of, None).await
        };
        let signed = county.signed(&bench, county.terms()).await;
        assert_eq!(reason(explain(&county.hospital).await), Reason::NotFound);
        let (office, which) = (
            &county.commission.claim,
            crate::support::families::which(signed),
        );
        let filed = yuqiao::service::agreements::file(gateway, office, which, "备案-1".to_owned());
        filed.await.unwrap();
        assert!(!explain(&county.hospital).await.unwrap().permitted);
        assert_eq!(
            reason(explain(&county.other_hospital).await),
            Reason::NotFound
        );
    })
    .await;
}
