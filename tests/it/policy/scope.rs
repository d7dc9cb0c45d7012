//! The disclosing query says in SQL what `Scope::reaches` says in Rust. Whatever lies in the tables,
//! the two agree: what a permit does not reach is not read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use yuqiao::{
    access::{AlertFacts, Asker, Permit, Scope},
    domain::{
        alert::{
            Alert, AlertState, Category, Decision, FollowUp, FollowUpOutcome, Level, Resolution,
        },
        child::Child,
        id::Id,
        organization::Organization,
        purpose::Purpose,
        region::RegionCode,
        sex::Sex,
    },
    store::{
        Tx, alert_life,
        alerts::{self, AlertRow, Disclosed, Evidence, NewAlert, Part, Wanted},
        children::{self, Assessed, ChildRow, NewChild},
    },
};

use super::permits::{Agreed, Covers, id, permit};
use crate::support::{engines::MORNING, on_every_engine, region};

const ALERTS: u64 = 150;
const QUESTIONS: usize = 200;
/// Source institutions, few enough that scopes often reach.
const SOURCES: [u64; 3] = [21, 22, 23];

fn some<T: Ord + Copy>(of: &[T], at_most: usize, chance: &mut StdRng) -> BTreeSet<T> {
    let n = chance.random_range(0..=at_most);
    of.choose_multiple(chance, n).copied().collect()
}

fn june(chance: &mut StdRng) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
    first + Days::new(chance.random_range(0..6))
}

fn child_of(n: u64) -> Id<Child> {
    id(1000 + n % 3)
}

fn random_alert(n: u64, chance: &mut StdRng) -> NewAlert {
    let check_ups = (0..chance.random_range(0..4u64)).map(|k| id(n * 10 + k));
    let evidence: BTreeMap<_, _> = check_ups
        .map(|c| {
            let source = id(*SOURCES.choose(chance).unwrap());
            let day = Some(june(chance));
            (c, Evidence { source, day })
        })
        .collect();
    let each_alone = chance.random_bool(0.4);
    let spoken = evidence.values().filter(|_| each_alone);
    let statements = spoken.map(|e| (e.source, e.day.unwrap())).collect();
    let days = (june(chance), june(chance));
    NewAlert {
        row: AlertRow {
            id: id(5000 + n),
            child: child_of(n),
            family: format!("family-{n}"),
            subject: String::new(),
            rule: "rule".into(),
            rule_version: chance.random_range(1..3),
            state: random_state(chance),
            facts: AlertFacts {
                category: *Category::ALL.choose(chance).unwrap(),
                facility: *[None, None, Some(id(1)), Some(id(9))]
                    .choose(chance)
                    .unwrap(),
                level: *Level::ALL.choose(chance).unwrap(),
                sources: evidence.values().map(|e| e.source).collect(),
                statements,
                evidence_first: days.0.min(days.1),
                evidence_last: days.0.max(days.1),
                for_facility: chance.random_bool(0.8),
                for_instructor: chance.random_bool(0.8),
                for_mch: chance.random_bool(0.5),
            },
            for_guardian: true,
            due: None,
            revision: 1,
            digest: vec![],
            evidence,
        },
        sealed: vec![],
    }
}

fn random_state(chance: &mut StdRng) -> AlertState {
    let at: DateTime<Utc> = MORNING.parse().unwrap();
    let (open, by) = (AlertState::open(at), id(7));
    let followed_up = FollowUp {
        by,
        at,
        outcome: FollowUpOutcome::Referred,
    };
    let decision = Decision::Recovered;
    let lived = match chance.random_range(0..8) {
        0..3 => Ok(open),
        3 => open.acknowledge(by, at),
        4 => open.follow_up(followed_up),
        5 => open.resolve(Resolution::ByClinician { by, decision }, at),
        6 => open.resolve(Resolution::ByAssessment, at),
        _ => open.retract(at),
    };
    lived.unwrap()
}

/// The facility that takes note of it: the one that asks, or another.
fn notes_of(row: &AlertRow) -> Id<Organization> {
    id(if row.rule_version == 1 { 1 } else { 9 })
}

/// Brings an alert that was inserted to where it is in its life.
async fn live(tx: &mut Tx, region: RegionCode, row: &AlertRow) {
    let (alert, state) = (row.id, &row.state);
    let written = match state {
        AlertState::Open { .. } => Ok(()),
        AlertState::Acknowledged { acknowledged, .. } => {
            alert_life::acknowledge(tx, region, alert, notes_of(row), *acknowledged).await
        }
        AlertState::FollowedUp { .. } => {
            alert_life::follow_up(tx, region, alert, state, None).await
        }
        AlertState::Resolved {
            resolution: Resolution::ByClinician { .. },
            ..
        } => alert_life::decide(tx, region, alert, state, vec![]).await,
        ended => {
            let at = ended.last_change();
            alert_life::end(tx, region, &[alert], state.stored(), at).await
        }
    };
    written.unwrap();
}

fn random_agreed(chance: &mut StdRng) -> Agreed {
    let sources: Vec<_> = SOURCES.map(id).into();
    let mut covers = |at_most| Covers {
        categories: some(Category::ALL, Category::ALL.len(), chance),
        sources: some(&sources, at_most, chance),
    };
    let clauses = vec![covers(2), covers(3), covers(3)];
    let consent = covers(2);
    Agreed {
        clauses,
        consent,
        data_from: chance.random_bool(0.2).then(|| june(chance)),
        data_until: chance.random_bool(0.2).then(|| june(chance)),
    }
}

const ROWS: [(Asker, Purpose); 8] = [
    (Asker::FacilityStaff, Purpose::DailyCare),
    (Asker::FacilityStaff, Purpose::EntryExamination),
    (Asker::FacilityStaff, Purpose::UrgentSafety),
    (Asker::Instructor, Purpose::HealthGuidance),
    (Asker::MchCentre, Purpose::FollowUp),
    (Asker::Guardian, Purpose::GuardianAccess),
    (Asker::SourceInstitution, Purpose::OwnRecord),
    (Asker::Commission, Purpose::Supervision),
];

async fn lay_out(tx: &mut Tx, region: RegionCode, chance: &mut StdRng) -> Vec<AlertRow> {
    for n in 0..3 {
        let row = ChildRow {
            id: child_of(n),
            sex: Sex::Female,
            birth_date: "2024-05-04".parse().unwrap(),
            gestation_days: None,
            wrapped_key: None,
            registered: MORNING.parse().unwrap(),
            assessed: Assessed::default(),
        };
        let child = NewChild {
            row,
            registered_by: id(1),
            sealed: vec![],
        };
        children::insert(tx, region, child).await.unwrap();
    }
    let new: Vec<NewAlert> = (0..ALERTS).map(|n| random_alert(n, chance)).collect();
    let raised: Vec<NewAlert> = new
        .iter()
        .cloned()
        .map(|mut alert| {
            alert.row.state = AlertState::open(alert.row.state.since());
            alert
        })
        .collect();
    alerts::put(tx, region, &raised).await.unwrap();
    for alert in &new {
        live(tx, region, &alert.row).await;
    }
    let mut rows: Vec<AlertRow> = new.into_iter().map(|a| a.row).collect();
    for row in rows.iter_mut().step_by(7) {
        renewed_by_an_older_gateway(tx, region, row).await;
    }
    let children: Vec<Id<Child>> = (0..3).map(child_of).collect();
    let standing = alerts::standing(tx, region, &children).await.unwrap();
    assert!(!standing.is_empty());
    for read in standing {
        let row = rows.iter().find(|row| row.id == read.id).unwrap();
        assert_eq!(read.facts, row.facts, "what decides reads back");
    }
    rows
}

/// A gateway of before days were kept leaves `each_alone` as it stands and the days out. Break it: in
/// `store/alerts.rs` or in `under_scope`, pass over what is undated.
async fn renewed_by_an_older_gateway(tx: &mut Tx, region: RegionCode, row: &mut AlertRow) {
    tx.query("UPDATE alert_evidence SET day = NULL WHERE region = $1 AND alert = $2")
        .bind(region.to_string())
        .bind(row.id.to_string())
        .execute(tx)
        .await
        .unwrap();
    row.facts.statements.clear();
    for evidence in row.evidence.values_mut() {
        evidence.day = None;
    }
}

/// Looks that are read together get what each would get alone. Break it: in `under_each`, leave out
/// the line that compares the scope.
async fn each_has_its_own(tx: &mut Tx, looks: [&[Permit]; 2]) {
    let ids = |found: &[Disclosed]| {
        let mut ids: Vec<Id<Alert>> = found.iter().map(|d| d.row.id).collect();
        ids.sort_unstable();
        ids
    };
    let together = alerts::under_each(tx, region(), Part::Standing, &looks)
        .await
        .unwrap();
    for (permits, together) in looks.into_iter().zip(together) {
        let alone = alerts::under(tx, region(), permits, &Wanted::default()).await;
        assert_eq!(ids(&together), ids(&alone.unwrap()), "{permits:?}");
    }
}

/// Invariant 4. Break it: in `store/alerts/disclosing.rs`, leave out any line of `under_scope` that adds a
/// condition.
#[tokio::test]
async fn what_a_permit_does_not_reach_is_not_read() {
    on_every_engine(async |bench| {
        let mut chance = StdRng::seed_from_u64(26);
        let store = bench.gateway.store();
        let mut tx = store.begin().await.unwrap();
        // The same ids stand in another region with other contents.
        let elsewhere: RegionCode = "150626".parse().unwrap();
        lay_out(&mut tx, elsewhere, &mut chance).await;
        let rows = lay_out(&mut tx, region(), &mut chance).await;
        let (mut reached, mut hidden) = (0, 0);
        let mut before: Vec<Permit> = Vec::new();
        for _ in 0..QUESTIONS {
            let (permits, wanted) = question(&mut chance);
            let under = alerts::under(&mut tx, region(), &permits, &wanted)
                .await
                .unwrap();
            let mut read: Vec<Id<Alert>> = under.iter().map(|d| d.row.id).collect();
            read.sort_unstable();
            let mut expected: Vec<Id<Alert>> = rows
                .iter()
                .filter(|a| match wanted.part {
                    Part::Standing => a.state.is_standing(),
                    Part::Decided => a.state.life().decided.is_some(),
                    Part::Any => true,
                })
                .filter(|a| wanted.only.as_ref().is_none_or(|only| only.contains(&a.id)))
                .filter(|a| {
                    let about = |p: &&Permit| p.child() == Some(a.child);
                    permits
                        .iter()
                        .find(about)
                        .is_some_and(|p| p.scope().reaches(&a.facts))
                })
                .map(|a| a.id)
                .collect();
            expected.sort_unstable();
            assert_eq!(read, expected, "{permits:?}");
            for found in &under {
                let row = rows.iter().find(|a| a.id == found.row.id).unwrap();
                assert_eq!(found.row.state, row.state, "a state reads back");
                let of = permits
                    .iter()
                    .find(|p| p.child() == Some(row.child))
                    .unwrap();
                let bound = matches!(of.scope(), Scope::Consented { .. });
                let told = row.state.life().acknowledged;
                let told = told.filter(|_| !bound || notes_of(row) == id(1));
                assert_eq!(found.acknowledged, told, "another's note is not told");
            }
            reached += read.len();
            hidden += rows.len() - read.len();
            each_has_its_own(&mut tx, [&before, &permits]).await;
            before = permits;
        }
        assert!(
            reached > 500 && hidden > 500,
            "{reached} reached, {hidden} hidden"
        );
        tx.rollback().await.unwrap();
    })
    .await;
}

/// Permits about up to three children, of one scope or of several, and sometimes only some alerts.
fn question(chance: &mut StdRng) -> (Vec<Permit>, Wanted) {
    let shared = (*ROWS.choose(chance).unwrap(), random_agreed(chance));
    let permits = (0..3).filter_map(|n| {
        let ((asker, purpose), agreed) = if chance.random_bool(0.5) {
            shared.clone()
        } else {
            (*ROWS.choose(chance).unwrap(), random_agreed(chance))
        };
        permit(asker, purpose, child_of(n), &agreed)
    });
    let permits: Vec<Permit> = permits.collect();
    let all: Vec<Id<Alert>> = (0..ALERTS).map(|n| id(5000 + n)).collect();
    let only = chance
        .random_bool(0.2)
        .then(|| some(&all, 60, chance).into_iter().collect());
    let parts = [Part::Standing, Part::Standing, Part::Decided, Part::Any];
    let part = *parts.choose(chance).unwrap();
    (permits, Wanted { only, part })
}
