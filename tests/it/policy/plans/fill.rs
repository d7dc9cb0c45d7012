//! Rows enough that a planner would rather use an index: a few counties, some of them large.

use crate::support::{Raw, shape::Shape};

const ROWS: u32 = 24_000;

/// The tables that access queries read.
const TABLES: &[&str] = &[
    "organizations",
    "standings",
    "certificates",
    "actors",
    "agreements",
    "assignments",
    "children",
    "identifier_slots",
    "guardianships",
    "enrolments",
    "absences",
    "consents",
    "alerts",
    "alert_evidence",
    "acknowledgements",
    "inboxes",
    "inbox_entries",
    "inbox_held",
    "check_ups",
    "push_keys",
    "ledger_entries",
    "ledger_leaves",
    "backfills",
    "escalations",
    "inbox_notices",
];

/// What a column holds in row `i`, so that joins meet and states are as in life: most enrolments,
/// consents and alerts are over.
#[rustfmt::skip]
fn value(table: &str, column: &str, is_text: bool, blob: &str) -> String {
    let of = |n: u32, prefix: &str| format!("'{prefix}' || (i % {n})");
    match (table, column) {
        (_, "region") => "CAST(150600 + i % 3 AS TEXT)".into(),
        ("children", "id") | ("alert_evidence" | "acknowledgements", "alert") | ("organizations", "id") => of(ROWS, "x"),
        ("standings" | "inboxes", "organization" | "recipient") => of(ROWS, "x"),
        // A facility has an agreement or a few.
        ("agreements", "facility") => of(8_000, "x"),
        // All is done, as nearly always: one range would otherwise be worth a scan.
        ("children", "assessed_by") => "'0123456789abcdef0123.WST423.0'".into(),
        ("children", "next_day") => "CASE WHEN i % 9 = 0 THEN '2027-01-01' ELSE '' END".into(),
        (_, "child") => of(6_000, "x"),
        // A region has a commission or two.
        ("inbox_notices", "recipient") => of(2, "x"),
        (_, "organization" | "facility" | "recipient" | "institution" | "source" | "employer") => of(300, "x"),
        ("absences", "enrolment") => of(8_000, "x"),
        (_, "practitioner") => of(900, "x"),
        ("enrolments", "state") => "CASE WHEN i % 4 = 0 THEN 'ACTIVE' ELSE 'LEFT' END".into(),
        ("enrolments", "last_day") => "CASE WHEN i % 4 = 0 THEN NULL ELSE '202' || (i % 6) || '-06-30' END".into(),
        ("consents", "state") => "CASE WHEN i % 4 = 0 THEN 'GRANTED' ELSE 'WITHDRAWN' END".into(),
        ("alerts", "state") => "CASE WHEN i % 5 = 0 THEN 'OPEN' ELSE 'RESOLVED' END".into(),
        ("alerts", "resolved_by") => "CASE WHEN i % 50 = 1 THEN 'x' ELSE NULL END".into(),
        ("escalations", "stopped_us") => "CASE WHEN i % 9 = 0 THEN i ELSE NULL END".into(),
        ("escalations", "reached") => "i % 4".into(),
        ("alerts", "for_mch") => "CASE WHEN i % 2 = 0 THEN 1 ELSE 0 END".into(),
        ("guardianships", "ended_us" | "disputed_us") => "NULL".into(),
        ("check_ups", "superseded") => "0".into(),
        (_, "sealed" | "digest" | "bytes" | "hash" | "opening" | "wrapped_key" | "follow_up_note" | "decision_reason") => blob.into(),
        _ if is_text => "'x' || i".into(),
        _ => "i".into(),
    }
}

/// Fills the tables, and tells no planner.
pub async fn fill(raw: &mut Raw) {
    let shape = Shape::read(raw).await;
    for table in TABLES {
        let columns = &shape.tables[*table].columns;
        let (blob, rows) = match raw {
            Raw::Sqlite(_) => (
                "x'00'",
                format!(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
                ),
            ),
            Raw::Postgres(_) => (
                "'\\x00'::bytea",
                format!("WITH n(i) AS (SELECT generate_series(1, {ROWS}))"),
            ),
        };
        let values = columns
            .iter()
            .map(|(name, column)| value(table, name, column.kind == "text", blob));
        let names: Vec<&str> = columns.keys().map(String::as_str).collect();
        raw.execute(format!(
            "{rows} INSERT INTO {table} ({}) SELECT {} FROM n WHERE true ON CONFLICT DO NOTHING",
            names.join(", "),
            values.collect::<Vec<_>>().join(", ")
        ))
        .await;
    }
}

/// Lets the planner know. SQLite plans without statistics, as the gateway runs it.
pub async fn analyse(raw: &mut Raw) {
    if let Raw::Postgres(_) = raw {
        raw.execute("ANALYZE".into()).await;
    }
}
