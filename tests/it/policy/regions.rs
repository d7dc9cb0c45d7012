//! Two regions in one deployment, with children of the same numbers and a hospital that works in
//! both: nothing crosses from one into the other.

use chrono::{Days, TimeDelta};
use yuqiao::{
    domain::{
        absence::AbsenceDays, alert::Category, checkup::CheckUpStatus, finding::Finding,
        region::RegionCode,
    },
    service::{
        Error, Reason, absences, agreements,
        agreements::Which,
        caller::Claim,
        consents,
        consents::Evidence,
        disclosure::{Answer, Ask, Looks, Question},
        enrolments, guardianships,
        guardianships::Turn,
        organizations,
        push::{Pushes, Row, Verdict},
        retention::{Retention, sweep},
        tide, unmatched,
    },
    store::alerts::Part,
};

use crate::{
    support::{
        Bench, Raw,
        county::{County, allergy, day, haemoglobin, shown},
        on_every_engine,
    },
    survival::audit::audit_of,
};

const HERE: &str = "150627";
const THERE: &str = "150626";

struct Two {
    here: County,
    there: County,
}

impl Two {
    /// Both regions laid out alike: the first child is in care and entrusted, the second is not. The
    /// hospital of `here` has standing, and its actor is known, in both.
    async fn lay_out(bench: &Bench) -> Self {
        let [here, there]: [RegionCode; 2] = [HERE, THERE].map(|r| r.parse().unwrap());
        let two = Self {
            here: County::lay_out_in(bench, here, 2).await,
            there: County::lay_out_in(bench, there, 2).await,
        };
        let today = day("2026-09-01");
        let days = (today, today + Days::new(30));
        for county in [&two.here, &two.there] {
            let ward = &county.children[0];
            let gateway = &bench.gateway;
            let enrolment = county.enrol(gateway, 0, ward.id, today).await.unwrap().id;
            let (of, staff) = (county.region(), &county.facilities[0].claim);
            let away = AbsenceDays {
                first_day: today,
                last_day: None,
            };
            let away = absences::record(gateway, staff, of, enrolment, None, away).await;
            away.unwrap();
            let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
            granted.unwrap();
        }
        let mut raw = Raw::connect(&bench.place).await;
        let hospital = two.here.hospital.id;
        raw.execute(format!(
            "INSERT INTO standings (region, organization, state, reason, since_us)
             SELECT '{THERE}', organization, state, reason, since_us FROM standings
             WHERE region = '{HERE}' AND organization = '{hospital}'"
        ))
        .await;
        raw.execute(format!(
            "INSERT INTO actors (region, id, organization, role, state, reason, created_us, sealed)
             SELECT '{THERE}', id, organization, role, state, reason, created_us, sealed
             FROM actors WHERE region = '{HERE}' AND organization = '{hospital}'"
        ))
        .await;
        two
    }

    /// What the hospital that works in both sends to one of them, always under the same key and
    /// record, about the same number.
    fn row(&self, bench: &Bench, to: &County, which: usize, found: Vec<Finding>) -> Row {
        let source = &self.here.hospital;
        let (number, record) = (&to.children[which].number, format!("r{which}"));
        let version = (record.as_str(), 1, CheckUpStatus::Final);
        to.check_up(&bench.gateway, source, number, &record, version, found)
    }
}

/// The ids of rows, whatever they are of.
fn ids<T>(rows: Vec<T>, id: impl Fn(T) -> String) -> Vec<String> {
    rows.into_iter().map(id).collect()
}

/// What `claim` is told when it lists everything there is to list in a region.
async fn lists(bench: &Bench, claim: &Claim, region: RegionCode) -> Vec<String> {
    let gateway = &bench.gateway;
    let mut told = Vec::new();
    let some = organizations::list(gateway, region, claim, None, 100).await;
    told.extend(some.map_or_else(
        |_| vec![],
        |rows| ids(rows, |r| r.organization.id.to_string()),
    ));
    let some = agreements::list(gateway, claim, region, "", 100).await;
    told.extend(some.map_or_else(|_| vec![], |rows| ids(rows, |r| r.row.id.to_string())));
    let some = consents::list(gateway, claim, region, "", 100).await;
    told.extend(some.map_or_else(|_| vec![], |rows| ids(rows, |(r, _)| r.id.to_string())));
    let some = enrolments::list(gateway, claim, region, "", 100).await;
    told.extend(some.map_or_else(|_| vec![], |rows| ids(rows, |r| r.id.to_string())));
    let some = absences::list(gateway, claim, region, None, "", 100).await;
    told.extend(some.map_or_else(|_| vec![], |rows| ids(rows, |r| r.id.to_string())));
    let some = unmatched::list(gateway, claim, region, "", 100).await;
    told.extend(some.map_or_else(|_| vec![], |rows| ids(rows, |r| r.id.to_string())));
    told
}

fn reason<T>(answer: Result<T, Error>) -> Reason {
    answer.err().expect("a refusal").reason()
}

async fn leaves(bench: &Bench, region: &str) -> usize {
    let sql = format!("SELECT hash FROM ledger_leaves WHERE region = '{region}'");
    Raw::connect(&bench.place).await.blobs(sql).await.len()
}

/// Invariant 9. Break it: in `store/check_ups.rs`, leave `region = $1 AND` out of `keys` (and let
/// `$1` be of no account), or out of `records`.
#[tokio::test]
async fn a_key_a_record_and_a_number_mean_another_thing_in_each_region() {
    on_every_engine(async |bench| {
        let two = Two::lay_out(&bench).await;
        let pushes = Pushes::start(bench.gateway.clone());
        let mut stored = Vec::new();
        for (to, found) in [(&two.here, haemoglobin(67)), (&two.there, allergy("鸡蛋"))] {
            let verdict = pushes.submit(two.row(&bench, to, 0, vec![found])).await;
            let Verdict::Accepted { check_up, replayed } = verdict.unwrap() else {
                panic!("the number is known in each region");
            };
            assert!(!replayed, "another region's answer is no answer here");
            stored.push(check_up);
        }
        assert_ne!(stored[0], stored[1]);
        assert_ne!(two.here.children[0].id, two.there.children[0].id);

        // What it sent is told in the region it was sent to, and there alone.
        let looks = Looks::start(bench.gateway.clone());
        for (county, own) in [(&two.here, stored[0]), (&two.there, stored[1])] {
            let ask = Ask {
                claim: two.here.hospital.claim.clone(),
                region: county.region(),
                method: "ExchangeService.ListCheckUps",
                question: Question::OwnRecords {
                    cursor: String::new(),
                    limit: 50,
                },
            };
            let Answer::CheckUps(found) = looks.ask(ask).await.unwrap() else {
                panic!("another answer than was asked for");
            };
            assert_eq!(ids(found, |(c, _)| c.row.id.to_string()), [own.to_string()]);
        }

        // A number that is known there is unknown here until it is registered here.
        let only_there = two.there.register(&bench.gateway, 7).await;
        let from = &two.here.hospital;
        let version = ("r7", 1, CheckUpStatus::Final);
        let number = &only_there.number;
        let found = vec![haemoglobin(67)];
        let row = two
            .here
            .check_up(&bench.gateway, from, number, "k7", version, found);
        let verdict = pushes.submit(row).await.unwrap();
        assert!(matches!(verdict, Verdict::Held { .. }), "{verdict:?}");
    })
    .await;
}

/// Invariant 9. Break it: in `store/organizations.rs`, leave the region out of the condition of `list`;
/// or in `store/askers.rs`, let `find` take a standing in any region.
#[tokio::test]
async fn nobody_sees_or_turns_what_is_in_another_region() {
    on_every_engine(async |bench| {
        let two = Two::lay_out(&bench).await;
        let (gateway, here) = (&bench.gateway, two.here.region());
        let pushes = Pushes::start(gateway.clone());
        for (to, found) in [(&two.here, haemoglobin(67)), (&two.there, allergy("鸡蛋"))] {
            let row = to.check_up(
                gateway,
                &to.hospital,
                &to.children[0].number,
                "own",
                ("own", 1, CheckUpStatus::Final),
                vec![found],
            );
            pushes.submit(row).await.unwrap();
        }

        // A look here: nothing of there, no leaf there, and both ledgers are in order.
        let looks = Looks::start(gateway.clone());
        let before = (leaves(&bench, HERE).await, leaves(&bench, THERE).await);
        let (alerts, withheld) = shown(&looks, two.here.morning(0, None)).await.unwrap();
        let categories: Vec<Category> = alerts.iter().map(|a| a.row.facts.category).collect();
        assert_eq!(categories, [Category::Nutrition]);
        assert!(withheld.is_empty());
        let after = (leaves(&bench, HERE).await, leaves(&bench, THERE).await);
        assert_eq!(after, (before.0 + 1, before.1));
        for county in [&two.here, &two.there] {
            let (summary, violations) = audit_of(&bench, county.region()).await;
            assert!(violations.is_empty(), "{violations:?}");
            assert_eq!(summary.unopened, 0);
        }

        // Lists: what is told in one region is told in no other.
        let of = |c: &County| {
            let staff = c.facilities[0].claim.clone();
            vec![c.commission.claim.clone(), staff, c.hospital.claim.clone()]
        };
        let mut told: Vec<Vec<String>> = Vec::new();
        for county in [&two.here, &two.there] {
            let mut of_region = Vec::new();
            for claim in of(county) {
                of_region.extend(lists(&bench, &claim, county.region()).await);
            }
            told.push(of_region);
        }
        assert!(told.iter().all(|of| of.len() > 10), "{told:?}");
        assert!(told[0].iter().all(|id| !told[1].contains(id)));

        // Without standing nobody is heard there at all.
        for claim in [&two.here.facilities[0].claim, &two.here.commission.claim] {
            let there = two.there.region();
            let listed = enrolments::list(gateway, claim, there, "", 10).await;
            assert_eq!(reason(listed), Reason::RegionForeign);
        }

        // And what is there can't be named here: not a facility, a child, a paper.
        let [child, foreign] = [&two.there.children[0], &two.here.children[0]];
        let mut ask = two.here.morning(0, Some(child.id));
        assert_eq!(reason(looks.ask(ask.clone()).await), Reason::NotFound);
        ask.question = Question::Facility {
            facility: two.there.facilities[0].id,
            purpose: None,
            child: Some(foreign.id),
            part: Part::Standing,
        };
        ask.claim = two.here.hospital.claim.clone();
        assert_eq!(reason(looks.ask(ask).await), Reason::NotFound);
        let enrolled = two
            .here
            .enrol(gateway, 1, child.id, day("2026-09-01"))
            .await;
        assert_eq!(reason(enrolled), Reason::NotFound);
        let office = &two.here.commission.claim;
        let dispute = guardianships::turn(
            gateway,
            office,
            here,
            child.guardianship,
            Turn::Dispute,
            "测试",
        );
        assert_eq!(reason(dispute.await), Reason::NotFound);
        let which = Which {
            region: here,
            id: two.there.agreements[0],
            seen: None,
        };
        let suspended = agreements::suspend(gateway, office, which, "整改".to_owned()).await;
        assert_eq!(reason(suspended), Reason::NotFound);
        let staff = &two.there.facilities[0].claim;
        let listed = consents::list(gateway, staff, two.there.region(), "", 10).await;
        let consent = listed.unwrap().remove(0).0.id;
        let paper = Evidence::Document("测试撤回书".to_owned());
        let hospital = &two.here.hospital.claim;
        let withdrawn = consents::withdraw(gateway, hospital, here, consent, paper).await;
        assert_eq!(reason(withdrawn), Reason::NotFound);
    })
    .await;
}

/// Invariants 7 and 9. Break it: in `service/tide.rs`, let `tick` return the error of a region.
#[tokio::test]
async fn what_is_wrong_with_one_region_stops_no_others_deliveries() {
    on_every_engine(async |bench| {
        let two = Two::lay_out(&bench).await;
        let gateway = &bench.gateway;
        let pushes = Pushes::start(gateway.clone());
        let row = two.row(&bench, &two.here, 0, vec![allergy("鸡蛋")]);
        pushes.submit(row).await.unwrap();
        let told = async || {
            let mut raw = Raw::connect(&bench.place).await;
            let sql = format!("SELECT kind FROM inbox_entries WHERE region = '{HERE}'");
            raw.texts(sql).await.len()
        };
        let before = told().await;
        assert!(before > 0);

        // Its hours no longer rise, and it comes first.
        let mut raw = Raw::connect(&bench.place).await;
        raw.execute(format!(
            "UPDATE regions SET commission_hours = 0 WHERE region = '{THERE}'"
        ))
        .await;
        let (commission, hospital) = (&two.here.commission.claim, two.here.hospital.id);
        organizations::suspend(gateway, two.here.region(), commission, hospital, "整改")
            .await
            .unwrap();
        tide::tick(gateway).await.unwrap();
        assert!(told().await > before, "what is taken back is told");
        let days = TimeDelta::days(30);
        let kept = Retention {
            inbox: days,
            idempotency: days,
        };
        sweep(gateway, &kept).await.unwrap();
    })
    .await;
}
