//! How an engine would run a statement, as one list of accesses for both.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Executor, PgConnection, Row, SqliteConnection};

use crate::support::Raw;

/// One access to a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The table.
    pub table: String,
    /// The index; none for a scan of the table.
    pub index: Option<String>,
    /// The columns that the index is searched by (`<expr>` for a computed one).
    pub by: BTreeSet<String>,
}

/// The accesses of a statement.
pub async fn accesses(raw: &mut Raw, statement: &str) -> BTreeSet<Access> {
    match raw {
        Raw::Sqlite(c) => sqlite(c, statement).await,
        Raw::Postgres(c) => postgres(c, statement).await,
    }
}

async fn sqlite(connection: &mut SqliteConnection, statement: &str) -> BTreeSet<Access> {
    let indexes = tables_of(
        sqlx::query("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'")
            .fetch_all(&mut *connection)
            .await
            .unwrap()
            .iter()
            .map(|row| (row.get(0), row.get(1))),
    );
    let explain = format!("EXPLAIN QUERY PLAN {statement}");
    let plan = sqlx::query(AssertSqlSafe(explain))
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    let details: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    // What was gathered by the statement itself is no table: reading it costs what gathering did.
    let gathered: Vec<String> = details
        .iter()
        .filter_map(|d| Some(format!("SCAN {}", d.strip_prefix("MATERIALIZE ")?)))
        .collect();
    details
        .iter()
        .filter(|detail| !gathered.contains(detail))
        .filter_map(|detail| sqlite_access(detail, &indexes))
        .collect()
}

/// `SEARCH a USING INDEX name (region=? AND facility=?)`, `SCAN a`; other lines touch no table.
fn sqlite_access(detail: &str, indexes: &BTreeMap<String, String>) -> Option<Access> {
    if detail.contains("json_each") {
        return None;
    }
    if let Some(scan) = detail.strip_prefix("SCAN ") {
        let table = scan.split(' ').next()?.to_owned();
        // Scanning a whole index is a scan all the same.
        return (table != "CONSTANT").then_some(Access {
            table,
            index: None,
            by: BTreeSet::new(),
        });
    }
    let (_, index) = detail.strip_prefix("SEARCH ")?.split_once(" INDEX ")?;
    let (index, conditions) = index.split_once(" (")?;
    let (conditions, _) = conditions.split_once(')')?;
    // `region=?`, `number>?`, `<expr>>?`
    let column = |c: &str| {
        let c = c.trim().trim_end_matches('?');
        c.strip_suffix(['=', '<', '>']).unwrap_or(c).to_owned()
    };
    Some(Access {
        table: indexes[index].clone(),
        index: Some(index.to_owned()),
        by: conditions.split(" AND ").map(column).collect(),
    })
}

async fn postgres(connection: &mut PgConnection, statement: &str) -> BTreeSet<Access> {
    let indexes = tables_of(
        sqlx::query("SELECT indexname, tablename FROM pg_indexes WHERE schemaname = 'public'")
            .persistent(false)
            .fetch_all(&mut *connection)
            .await
            .unwrap()
            .iter()
            .map(|row| (row.get(0), row.get(1))),
    );
    let parameters = (1..)
        .take_while(|n| statement.contains(&format!("${n}")))
        .count();
    let nulls = vec!["NULL"; parameters].join(", ");
    // As a statement of a long-lived connection runs: planned once, for any value.
    connection
        .execute("SET plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    let prepare = format!("PREPARE explained AS {statement}");
    connection.execute(AssertSqlSafe(prepare)).await.unwrap();
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE explained({nulls})");
    let row = connection.fetch_one(AssertSqlSafe(explain)).await.unwrap();
    let text: String = row.try_get_unchecked(0).unwrap();
    connection.execute("DEALLOCATE explained").await.unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut accesses = BTreeSet::new();
    postgres_accesses(&plan[0]["Plan"], &indexes, &mut accesses);
    accesses
}

fn postgres_accesses(
    node: &serde_json::Value,
    indexes: &BTreeMap<String, String>,
    into: &mut BTreeSet<Access>,
) {
    let text = |key: &str| node[key].as_str();
    match (text("Node Type"), text("Index Name"), text("Relation Name")) {
        (Some("Seq Scan"), _, Some(table)) => {
            into.insert(Access {
                table: table.to_owned(),
                index: None,
                by: BTreeSet::new(),
            });
        }
        (Some(_), Some(index), _) => {
            into.insert(Access {
                table: indexes[index].clone(),
                index: Some(index.to_owned()),
                by: columns(text("Index Cond").unwrap_or_default()),
            });
        }
        _ => {}
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        postgres_accesses(child, indexes, into);
    }
}

/// `((region = $1) AND (c.child = ANY ($2)))`: what stands to the left.
fn columns(condition: &str) -> BTreeSet<String> {
    let left = |part: &str| {
        let part = part.trim_start_matches('(');
        if part.starts_with("COALESCE") {
            return "<expr>".to_owned();
        }
        let word = part.split(' ').next().unwrap_or_default();
        word.rsplit('.')
            .next()
            .unwrap_or_default()
            .trim_end_matches(')')
            .to_owned()
    };
    condition.split(" AND ").map(left).collect()
}

fn tables_of(rows: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    rows.collect()
}
