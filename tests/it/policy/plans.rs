//! Access queries use an index, with every column that the condition names: what a look costs does
//! not grow with the children, facilities or years. The statements are those that the store really
//! sends; each engine is asked how it would run them.

mod explain;
mod fill;
mod statements;

use std::collections::BTreeSet;

use yuqiao::{
    access::{Asker, Permit, facts::FacilityFacts},
    clock::Clock,
    domain::{
        alert::Category, escalation::EscalationHours, organization::Organization, purpose::Purpose,
    },
    service::caller::Claim,
    store::{
        Tx, absences, actors, alert_life, alerts,
        alerts::{Part, Wanted},
        askers, assessments, backfills, check_ups, children, enrolments, escalations, facts,
        inboxes, looks, organizations,
    },
};

use super::permits::{Agreed, Covers, id, permit};
use crate::support::{Bench, Raw, on_every_engine, region};
use explain::{Access, accesses};
use statements::overhear;

/// A table, and the columns by which it is searched.
type Search = (&'static str, &'static [&'static str]);

/// What a store function read, and the searches that its statements may use.
struct Query {
    name: &'static str,
    statements: Vec<String>,
    searches: &'static [Search],
}

const CHILDREN: Search = ("children", &["region", "id"]);
const ALERTS: Search = ("alerts", &["region", "child"]);
const EVIDENCE: Search = ("alert_evidence", &["region", "alert"]);
const NOTERS: Search = ("actors", &["region", "id"]);
const NOTES: Search = ("acknowledgements", &["region", "alert"]);
const CLOCKS: Search = ("escalations", &["region", "alert"]);
const HELD: Search = ("inbox_held", &["region", "child", "recipient"]);
const DISPUTES: Search = ("guardianships", &["region", "child"]);
const WAITING: &[Search] = &[
    ("children", &["region", "assessed_by"]),
    ("children", &["region", "next_day"]),
];
const CURRENT: Search = ("enrolments", &["region", "facility", "<expr>"]);

/// Runs every access query once; none of these rows exists, which is no matter to the statements.
#[rustfmt::skip]
async fn queries(bench: &Bench) -> Vec<Query> {
    let mut tx = bench.gateway.store().begin().await.unwrap();
    let (region, tx) = (region(), &mut tx);
    let (children, facility) = ([id(50), id(51)], id(1));
    let today = "2026-09-01".parse().unwrap();
    let mut queries = Vec::new();
    macro_rules! query {
        ($name:literal, $call:expr, $searches:expr) => {{
            let (done, statements) = overhear($call).await;
            done.unwrap();
            queries.push(Query { name: $name, statements, searches: $searches });
        }};
    }

    let claim = Claim { home: region, organization: id(2), fingerprint: "f".into(), not_after: chrono::DateTime::UNIX_EPOCH, actor: Some(id(5)) };
    query!("the caller", askers::find(tx, region, &claim), &[
        ("organizations", &["region", "id"]),
        ("standings", &["region", "organization"]),
        ("actors", &["region", "id"]),
        ("certificates", &["region", "fingerprint"]),
    ]);
    query!("facilities", organizations::facilities(tx, region, Some(id(7)), 50), &[
        ("organizations", &["region", "id"]),
    ]);
    query!("certificates of staff", actors::certified(tx, region, &[facility, id(7)]), &[
        ("actors", &["region", "organization"]),
    ]);
    query!("agreements", facts::facilities(tx, region, &[facility]), &[
        ("agreements", &["region", "facility"]),
        ("standings", &["region", "organization"]),
    ]);
    let mut of = FacilityFacts { facility, agreements: vec![], assignments: vec![] };
    query!("assignments", facts::assignments(tx, region, &mut of, Some(id(6))), &[
        ("assignments", &["region", "facility", "practitioner"]),
    ]);
    query!("everybody's assignments", facts::assignments(tx, region, &mut of, None), &[
        ("assignments", &["region", "facility"]),
    ]);
    query!("the children of a facility", facts::children_at(tx, region, &[facility], today),
        &[CURRENT, CHILDREN, DISPUTES]);
    query!("a child of a facility", facts::child_at(tx, region, facility, children[0]),
        &[("enrolments", &["region", "child", "facility"]), CHILDREN, DISPUTES]);
    query!("the facilities of children", facts::enrolled(tx, region, &children, today),
        &[("enrolments", &["region", "child"]), CHILDREN, DISPUTES]);
    query!("stays", enrolments::stays(tx, region, &children), &[("enrolments", &["region", "child"])]);
    query!("absences of children", absences::of_children(tx, region, &children), &[("absences", &["region", "child"])]);
    query!("absences from a facility", absences::list(tx, region, facility, "g", 50), &[("absences", &["region", "facility", "id"])]);
    query!("absences of an enrolment", absences::of_enrolment(tx, region, id(60), "g", 50), &[("absences", &["region", "enrolment", "id"])]);
    query!("consents", facts::consents(tx, region, &children, None),
        &[("consents", &["region", "child"]), ("guardianships", &["region", "id"])]);
    query!("consents to a facility", facts::consents(tx, region, &children, Some(facility)),
        &[("consents", &["region", "child", "recipient"]), ("guardianships", &["region", "id"])]);
    query!("who took note", alert_life::acknowledged(tx, region, &[id(30)]), &[("alerts", &["region", "id"]), NOTES, NOTERS]);
    query!("standing alerts", alerts::standing(tx, region, &children), &[ALERTS, EVIDENCE]);
    query!("alerts that an assessment reads", alerts::standing_and_decided(tx, region, &children), &[ALERTS, EVIDENCE]);
    query!("states of alerts", alerts::states(tx, region, &[id(70)]), &[("alerts", &["region", "id"])]);
    query!("the child of an alert", alert_life::child_of(tx, region, id(70)), &[("alerts", &["region", "id"])]);
    query!("children to follow up", alerts::children_to_follow_up(tx, region, Part::Standing, "", 50), &[ALERTS]);
    query!("children with decisions", alerts::children_to_follow_up(tx, region, Part::Decided, "", 50), &[ALERTS]);
    query!("clocks", escalations::of_children(tx, region, &children), &[("escalations", &["region", "child"]), HELD]);
    query!("clocks that are due", escalations::due(tx, region, EscalationHours::USUAL, bench.clock.now(), 64),
        &[("escalations", &["region", "reached", "since_us"]), HELD]);
    query!("what is left alone", escalations::left_alone(tx, region, vec![facility.to_string()]),
        &[("escalations", &["region", "facility"]), HELD]);
    query!("of whom a commission was told", inboxes::told_of(tx, region, &[(facility, bench.clock.now())].into(), vec![id::<Organization>(7).to_string()]),
        &[("inbox_notices", &["region", "recipient", "facility"])]);
    query!("notices after a number", inboxes::notices_after(tx, region, facility, 7, 100),
        &[("inbox_notices", &["region", "recipient", "number"])]);
    query!("held", inboxes::held(tx, region, &children), &[("inbox_held", &["region", "child"])]);
    query!("an inbox's extent", inboxes::extent(tx, region, facility), &[("inboxes", &["region", "recipient"])]);
    query!("an inbox after a number", inboxes::after(tx, region, facility, 7, 100),
        &[("inbox_entries", &["region", "recipient", "number"])]);
    query!("children by id", children::find(tx, region, &children), &[CHILDREN]);
    query!("children, locked", children::lock(tx, region, &children), &[CHILDREN]);
    query!("children by number", children::by_identifiers(tx, region, vec!["i".into()]),
        &[("identifier_slots", &["region", "identifier"])]);
    query!("children of a backfill", backfills::children_of(tx, region, facility, today, "", 64),
        &[CURRENT, ("inbox_held", &["region", "recipient"])]);
    let active = "0123456789abcdef0123.WST423.0".parse().unwrap();
    query!("whether a child waits", assessments::any_waiting(tx, region, active, today), WAITING);
    query!("children that wait", assessments::lock_waiting(tx, region, active, today, 64, &mut Vec::new()), WAITING);
    query!("children assessed", assessments::note(tx, region, active, &children.map(|c| (c, None))), &[CHILDREN]);
    query!("children in order", assessments::after(tx, region, "", 64), &[CHILDREN]);
    query!("keys that were used", check_ups::keys(tx, region, [("s".into(), "k".into())].into()),
        &[("push_keys", &["region", "source", "key"])]);
    query!("revisions of records", check_ups::records(tx, region, [("s".into(), "r".into())].into()),
        &[("check_ups", &["region", "source", "record_id"])]);
    query!("histories", check_ups::latest_of(tx, region, &children), &[("check_ups", &["region", "child"])]);
    disclosing(tx, &mut queries).await;
    queries
}

/// The queries that demand a permit.
async fn disclosing(tx: &mut Tx, queries: &mut Vec<Query>) {
    let rows = [
        ("alerts for staff", Asker::FacilityStaff, Purpose::DailyCare),
        ("urgent alerts", Asker::FacilityStaff, Purpose::UrgentSafety),
        (
            "alerts for an instructor",
            Asker::Instructor,
            Purpose::HealthGuidance,
        ),
        ("alerts to follow up", Asker::MchCentre, Purpose::FollowUp),
        (
            "alerts for a guardian",
            Asker::Guardian,
            Purpose::GuardianAccess,
        ),
    ];
    for (name, asker, purpose) in rows {
        let permits = [permitted(asker, purpose)];
        for part in [Part::Standing, Part::Decided] {
            let all = Wanted { only: None, part };
            let (done, statements) = overhear(alerts::under(tx, region(), &permits, &all)).await;
            done.unwrap();
            let searches = &[ALERTS, CHILDREN, EVIDENCE, NOTES, NOTERS, CLOCKS, HELD];
            queries.push(Query {
                name,
                statements,
                searches,
            });
        }
    }
    let permits = [permitted(Asker::FacilityStaff, Purpose::DailyCare)];
    let wanted = Wanted {
        only: Some(vec![id(70)]),
        ..Wanted::default()
    };
    let (done, statements) = overhear(alerts::under(tx, region(), &permits, &wanted)).await;
    done.unwrap();
    let searches = &[
        ("alerts", &["region", "id"] as &[_]),
        ALERTS,
        CHILDREN,
        EVIDENCE,
        NOTES,
        NOTERS,
        CLOCKS,
        HELD,
    ];
    queries.push(Query {
        name: "alerts of an inbox",
        statements,
        searches,
    });

    let author = permitted(Asker::SourceInstitution, Purpose::OwnRecord);
    let (done, statements) = overhear(check_ups::own(tx, region(), &author, "g", 50)).await;
    done.unwrap();
    let searches = &[("check_ups", &["region", "source", "id"] as &[_]), CHILDREN];
    queries.push(Query {
        name: "own check-ups",
        statements,
        searches,
    });

    let guardian = permitted(Asker::Guardian, Purpose::GuardianAccess);
    for (name, permit) in [
        ("own check-ups of a child", &author),
        ("check-ups of a guardian's child", &guardian),
    ] {
        let (done, statements) = overhear(check_ups::under(tx, region(), permit)).await;
        done.unwrap();
        queries.push(Query {
            name,
            statements,
            searches: &[("check_ups", &["region", "child"])],
        });
    }
    let (done, statements) = overhear(looks::under(tx, region(), &guardian, None, 50)).await;
    done.unwrap();
    let searches = &[
        ("ledger_entries", &["region", "child", "sequence"] as &[_]),
        ("ledger_leaves", &["region", "sequence"]),
        ("organizations", &["region", "id"]),
    ];
    queries.push(Query {
        name: "looks at a child",
        statements,
        searches,
    });
}

fn permitted(asker: Asker, purpose: Purpose) -> Permit {
    let covers = Covers {
        categories: Category::ALL.iter().copied().collect(),
        sources: [id(2)].into(),
    };
    let agreed = Agreed {
        clauses: vec![covers.clone()],
        consent: covers,
        data_from: Some("2026-01-01".parse().unwrap()),
        data_until: Some("2026-12-31".parse().unwrap()),
    };
    permit(asker, purpose, id(50), &agreed).unwrap()
}

/// Section 9: every hot query is an index range. Break it: drop an index from both migrations, or
/// wrap a column of a condition in a function.
#[tokio::test]
async fn every_access_query_is_an_index_range() {
    on_every_engine(async |bench| {
        let queries = queries(&bench).await;
        let mut raw = Raw::connect(&bench.place).await;
        fill::fill(&mut raw).await;
        fill::analyse(&mut raw).await;
        check(&mut raw, &queries, bench.engine()).await;
    })
    .await;
}

/// The queries that a batch of pushed rows runs, whatever it finds.
const OF_A_PUSH: &[&str] = &[
    "the caller",
    "children by number",
    "children, locked",
    "revisions of records",
    "keys that were used",
    "histories",
    "alerts that an assessment reads",
    "stays",
    "absences of children",
    "children assessed",
    "the facilities of children",
    "held",
    "standing alerts",
    "clocks",
];

/// What each row of a push looks up stays a search by every column while nobody has analysed the tables:
/// a plan made then is kept. Break it: look up a list of keys by [`Tx::among`].
#[tokio::test]
async fn a_push_searches_tables_that_nobody_analysed() {
    on_every_engine(async |bench| {
        let mut queries = queries(&bench).await;
        queries.retain(|query| OF_A_PUSH.contains(&query.name));
        assert_eq!(queries.len(), OF_A_PUSH.len());
        let mut raw = Raw::connect(&bench.place).await;
        fill::fill(&mut raw).await;
        check(&mut raw, &queries, bench.engine()).await;
    })
    .await;
}

/// Every access of the queries is one of the searches that they may use.
async fn check(raw: &mut Raw, queries: &[Query], engine: &str) {
    let mut wrong = Vec::new();
    for query in queries {
        assert!(
            !query.statements.is_empty(),
            "{} was not overheard",
            query.name
        );
        let mut used = BTreeSet::new();
        for statement in &query.statements {
            let of_statement = accesses(raw, statement).await;
            assert!(!of_statement.is_empty(), "no plan was read of {statement}");
            used.extend(of_statement);
        }
        wrong.extend(
            used.iter()
                .filter(|access| !query.searches.iter().any(|search| is(access, search)))
                .map(|access| format!("{}: {access:?}", query.name)),
        );
        let tables: BTreeSet<&str> = used.iter().map(|a| a.table.as_str()).collect();
        for (table, _) in query.searches.iter().filter(|(t, _)| !tables.contains(t)) {
            let told = query.statements.iter().any(|s| s.contains(table));
            wrong.extend(told.then(|| format!("{}: no access to {table} told", query.name)));
        }
    }
    assert!(wrong.is_empty(), "on {engine}:\n{}", wrong.join("\n"));
}

/// Whether an access searches an index by all columns that it should (more may narrow it further).
fn is(access: &Access, (table, columns): &Search) -> bool {
    access.table == *table
        && access.index.is_some()
        && columns.iter().all(|c| access.by.contains(*c))
}
