//! Alerts: what queries need in clear, what was found and what to do sealed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    engine::{Column, Conflict, Row},
    error::StoreError,
    rows::{Reader, micros},
};
use crate::{
    access::{AlertFacts, Permit, Scope},
    domain::{
        alert::{Alert, Category, Level},
        checkup::CheckUp,
        child::Child,
        id::Id,
        organization::Organization,
        region::RegionCode,
    },
};

/// An alert's row, without what is sealed.
#[derive(Debug, Clone)]
pub struct AlertRow {
    /// The alert.
    pub id: Id<Alert>,
    /// Whose.
    pub child: Id<Child>,
    /// Rule family; with `subject` it identifies the alert.
    pub family: String,
    /// Blind index of the subject; empty when there is none.
    pub subject: String,
    /// The rule.
    pub rule: String,
    /// Its version.
    pub rule_version: u32,
    /// `OPEN`, `ACKNOWLEDGED`, `RESOLVED` or `RETRACTED`.
    pub state: String,
    /// What decides who sees it.
    pub facts: AlertFacts,
    /// Whether its rule lets a guardian have it.
    pub for_guardian: bool,
    /// By when to act.
    pub due: Option<NaiveDate>,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// Rises when it changes.
    pub revision: i64,
    /// Keyed digest of its content: equal content is no change.
    pub digest: Vec<u8>,
    /// The check-ups it rests on, each with the institution that sent it. Not read by disclosing
    /// queries.
    pub evidence: BTreeMap<Id<CheckUp>, Evidence>,
}

/// A check-up that an alert rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// The institution that sent it.
    pub source: Id<Organization>,
    /// The day of the examination; not known of alerts of before it was kept.
    pub day: Option<NaiveDate>,
}

/// An alert disclosed under a permit: still sealed, with the wrapped key that opens it.
#[derive(Clone)]
pub struct Disclosed {
    /// Its row.
    pub row: AlertRow,
    /// What was found and what to do, sealed.
    pub sealed: Vec<u8>,
    /// The child's key, wrapped; none once the child is erased.
    pub wrapped_key: Option<Vec<u8>>,
}

const STANDING: &str = "state IN ('OPEN', 'ACKNOWLEDGED')";

const COLUMNS: &str = "a.id, a.child, a.family, a.subject, a.rule, a.rule_version, a.state, a.category, \
                       a.level, a.evidence_first, a.evidence_last, a.for_facility, a.for_instructor, \
                       a.for_mch, a.for_guardian, a.due_date, a.opened_us, a.revision, a.digest";

fn read(row: &Row) -> Result<AlertRow, StoreError> {
    let r = Reader::new(row, "alerts", "id");
    let level: usize = r.number("level")?;
    Ok(AlertRow {
        id: r.parsed("id")?,
        child: r.parsed("child")?,
        family: r.text("family")?,
        subject: r.text("subject")?,
        rule: r.text("rule")?,
        rule_version: r.number("rule_version")?,
        state: r.text("state")?,
        facts: AlertFacts {
            category: r.word("category", Category::parse)?,
            level: *Level::ALL.get(level).ok_or_else(|| r.corrupt("level"))?,
            sources: BTreeSet::new(),
            statements: BTreeSet::new(),
            evidence_first: r.day("evidence_first")?,
            evidence_last: r.day("evidence_last")?,
            for_facility: r.flag("for_facility")?,
            for_instructor: r.flag("for_instructor")?,
            for_mch: r.flag("for_mch")?,
        },
        for_guardian: r.flag("for_guardian")?,
        due: r.maybe_parsed("due_date")?,
        opened: r.time("opened_us")?,
        revision: r.int("revision")?,
        digest: r.bytes("digest")?,
        evidence: BTreeMap::new(),
    })
}

/// A level as it is stored: its place in order of urgency.
pub fn stored_level(level: Level) -> i64 {
    (0..)
        .zip(Level::ALL)
        .find_map(|(i, &l)| (l == level).then_some(i))
        .unwrap_or(0)
}

/// The standing alerts of children whose rows are locked, with their sources. Discloses nothing: what
/// is sealed stays in the database.
pub async fn standing(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<Vec<AlertRow>, StoreError> {
    let ids: Vec<String> = children.iter().map(ToString::to_string).collect();
    // What is not done has no evidence, and stands all the same.
    let sql = format!(
        "SELECT {COLUMNS}, a.each_alone, s.check_up, s.source, s.day
         FROM alerts a LEFT JOIN alert_evidence s ON s.region = a.region AND s.alert = a.id
         WHERE a.region = $1 AND {} AND a.{STANDING}
         ORDER BY a.child, a.id",
        tx.among("a.child", 2)
    );
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids)
        .fetch_all(tx)
        .await?;
    let mut alerts: Vec<AlertRow> = Vec::new();
    for row in &rows {
        let r = Reader::new(row, "alert_evidence", "id");
        let id = r.parsed("id")?;
        if alerts.last().is_none_or(|last| last.id != id) {
            alerts.push(read(row)?);
        }
        if let Some(last) = alerts.last_mut()
            && let Some(check_up) = r.maybe_parsed("check_up")?
        {
            let evidence = Evidence {
                source: r.parsed("source")?,
                day: r.maybe_parsed("day")?,
            };
            last.facts.sources.insert(evidence.source);
            if r.flag("each_alone")? {
                let day = evidence.day.ok_or_else(|| r.corrupt("day"))?;
                last.facts.statements.insert((evidence.source, day));
            }
            last.evidence.insert(check_up, evidence);
        }
    }
    Ok(alerts)
}

/// The states of alerts by id, for telling why one was retracted.
pub async fn states(
    tx: &mut Tx,
    region: RegionCode,
    alerts: &[Id<Alert>],
) -> Result<BTreeMap<Id<Alert>, String>, StoreError> {
    let sql = format!(
        "SELECT id, state FROM alerts WHERE region = $1 AND {}",
        tx.among("id", 2)
    );
    let ids = alerts.iter().map(ToString::to_string).collect();
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| {
            let r = Reader::new(row, "alerts", "id");
            Ok((r.parsed("id")?, r.text("state")?))
        })
        .collect()
}

/// An alert with what is sealed, to be opened.
#[derive(Clone)]
pub struct NewAlert {
    /// Its row.
    pub row: AlertRow,
    /// What was found and what to do, sealed.
    pub sealed: Vec<u8>,
}

/// Opens alerts.
pub async fn insert(
    tx: &mut Tx,
    region: RegionCode,
    alerts: &[NewAlert],
) -> Result<(), StoreError> {
    let n = alerts.len();
    let text =
        |f: &dyn Fn(&AlertRow) -> String| Column::Text(alerts.iter().map(|a| f(&a.row)).collect());
    let int =
        |f: &dyn Fn(&AlertRow) -> i64| Column::Int(alerts.iter().map(|a| f(&a.row)).collect());
    let columns = [
        ("region", Column::Text(vec![region.to_string(); n])),
        ("id", text(&|a| a.id.to_string())),
        ("child", text(&|a| a.child.to_string())),
        ("family", text(&|a| a.family.clone())),
        ("subject", text(&|a| a.subject.clone())),
        ("rule", text(&|a| a.rule.clone())),
        ("rule_version", int(&|a| i64::from(a.rule_version))),
        ("category", text(&|a| a.facts.category.as_str().to_owned())),
        ("level", int(&|a| stored_level(a.facts.level))),
        ("state", text(&|a| a.state.clone())),
        ("for_facility", int(&|a| i64::from(a.facts.for_facility))),
        (
            "for_instructor",
            int(&|a| i64::from(a.facts.for_instructor)),
        ),
        ("for_mch", int(&|a| i64::from(a.facts.for_mch))),
        (
            "each_alone",
            int(&|a| i64::from(!a.facts.statements.is_empty())),
        ),
        ("for_guardian", int(&|a| i64::from(a.for_guardian))),
        (
            "evidence_first",
            text(&|a| a.facts.evidence_first.to_string()),
        ),
        (
            "evidence_last",
            text(&|a| a.facts.evidence_last.to_string()),
        ),
        (
            "due_date",
            Column::MaybeText(
                alerts
                    .iter()
                    .map(|a| a.row.due.map(|d| d.to_string()))
                    .collect(),
            ),
        ),
        ("opened_us", int(&|a| micros(a.opened))),
        ("revision", int(&|a| a.revision)),
        (
            "digest",
            Column::Bytes(alerts.iter().map(|a| a.row.digest.clone()).collect()),
        ),
        (
            "sealed",
            Column::Bytes(alerts.iter().map(|a| a.sealed.clone()).collect()),
        ),
    ];
    tx.insert("alerts", &columns, Conflict::Fail).await?;
    insert_evidence(tx, region, alerts).await
}

async fn insert_evidence(
    tx: &mut Tx,
    region: RegionCode,
    alerts: &[NewAlert],
) -> Result<(), StoreError> {
    let (mut ids, mut check_ups) = (vec![], vec![]);
    let (mut sources, mut days) = (vec![], vec![]);
    for row in alerts.iter().map(|a| &a.row) {
        for (check_up, evidence) in &row.evidence {
            ids.push(row.id.to_string());
            check_ups.push(check_up.to_string());
            sources.push(evidence.source.to_string());
            days.push(evidence.day.map(|day| day.to_string()));
        }
    }
    let columns = [
        ("region", Column::Text(vec![region.to_string(); ids.len()])),
        ("alert", Column::Text(ids)),
        ("check_up", Column::Text(check_ups)),
        ("source", Column::Text(sources)),
        ("day", Column::MaybeText(days)),
    ];
    tx.insert("alert_evidence", &columns, Conflict::Fail)
        .await?;
    Ok(())
}

/// Renews a standing alert: what it says and rests on is replaced, and it is open again.
pub async fn renew(tx: &mut Tx, region: RegionCode, alert: &NewAlert) -> Result<(), StoreError> {
    let row = &alert.row;
    tx.query(
        "UPDATE alerts SET rule = $3, rule_version = $4, category = $5, level = $6, state = 'OPEN',
                for_facility = $7, for_instructor = $8, for_mch = $9, for_guardian = $10,
                evidence_first = $11, evidence_last = $12, due_date = $13, revision = $14,
                digest = $15, sealed = $16, each_alone = $17, acknowledged_by = NULL, acknowledged_us = NULL
         WHERE region = $1 AND id = $2",
    )
    .bind(region.to_string())
    .bind(row.id.to_string())
    .bind(row.rule.clone())
    .bind(i64::from(row.rule_version))
    .bind(row.facts.category.as_str())
    .bind(stored_level(row.facts.level))
    .bind(i64::from(row.facts.for_facility))
    .bind(i64::from(row.facts.for_instructor))
    .bind(i64::from(row.facts.for_mch))
    .bind(i64::from(row.for_guardian))
    .bind(row.facts.evidence_first.to_string())
    .bind(row.facts.evidence_last.to_string())
    .bind(row.due.map(|d| d.to_string()))
    .bind(row.revision)
    .bind(row.digest.clone())
    .bind(alert.sealed.clone())
    .bind(i64::from(!row.facts.statements.is_empty()))
    .execute(tx)
    .await?;
    tx.query("DELETE FROM alert_evidence WHERE region = $1 AND alert = $2")
        .bind(region.to_string())
        .bind(row.id.to_string())
        .execute(tx)
        .await?;
    insert_evidence(tx, region, std::slice::from_ref(alert)).await
}

/// Ends standing alerts as `state` (`RESOLVED` or `RETRACTED`).
pub async fn end(
    tx: &mut Tx,
    region: RegionCode,
    alerts: &[Id<Alert>],
    state: &'static str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if alerts.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE alerts SET state = $3, ended_us = $4, revision = revision + 1
         WHERE region = $1 AND {} AND {STANDING}",
        tx.among("id", 2)
    );
    tx.query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(alerts.iter().map(ToString::to_string).collect())
        .bind(state)
        .bind(micros(now))
        .execute(tx)
        .await?;
    Ok(())
}

/// A facility's actor takes note of a standing alert; tells whether it was open.
pub async fn acknowledge(
    tx: &mut Tx,
    region: RegionCode,
    alert: Id<Alert>,
    by: String,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = tx
        .query(
            "UPDATE alerts SET state = 'ACKNOWLEDGED', acknowledged_by = $3, acknowledged_us = $4
             WHERE region = $1 AND id = $2 AND state = 'OPEN'",
        )
        .bind(region.to_string())
        .bind(alert.to_string())
        .bind(by)
        .bind(micros(now))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// The child an alert is about. Discloses nothing of the alert.
pub async fn child_of(
    tx: &mut Tx,
    region: RegionCode,
    alert: Id<Alert>,
) -> Result<Option<Id<Child>>, StoreError> {
    let row = tx
        .query("SELECT id, child FROM alerts WHERE region = $1 AND id = $2")
        .bind(region.to_string())
        .bind(alert.to_string())
        .fetch_optional(tx)
        .await?;
    row.map(|row| Reader::new(&row, "alerts", "id").parsed("child"))
        .transpose()
}

/// Which of the permitted alerts are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only these, if any are named.
    pub only: Option<Vec<Id<Alert>>>,
}

/// The standing alerts that the permits reach: the query is filtered, not its result. Permits of the
/// same scope share one statement.
pub async fn under(
    tx: &mut Tx,
    region: RegionCode,
    permits: &[Permit],
    wanted: &Wanted,
) -> Result<Vec<Disclosed>, StoreError> {
    let mut alerts = Vec::new();
    for (scope, children) in by_scope(permits) {
        alerts.extend(under_scope(tx, region, scope, children, wanted).await?);
    }
    Ok(alerts)
}

/// The same for the permits of several looks: permits of the same scope share one statement across
/// all of them, and each look gets what its own permits reach.
pub async fn under_each(
    tx: &mut Tx,
    region: RegionCode,
    looks: &[&[Permit]],
) -> Result<Vec<Vec<Disclosed>>, StoreError> {
    let mut answers: Vec<Vec<Disclosed>> = looks.iter().map(|_| Vec::new()).collect();
    let all = looks.iter().copied().flatten();
    for (scope, children) in by_scope(all) {
        let found = under_scope(tx, region, scope, children, &Wanted::default()).await?;
        let mut of: BTreeMap<Id<Child>, Vec<Disclosed>> = BTreeMap::new();
        for alert in found {
            of.entry(alert.row.child).or_default().push(alert);
        }
        for (permits, answer) in looks.iter().zip(&mut answers) {
            let children = permits
                .iter()
                .filter(|p| p.scope() == scope)
                .filter_map(Permit::child);
            answer.extend(children.filter_map(|c| of.get(&c)).flatten().cloned());
        }
    }
    Ok(answers)
}

fn by_scope<'a>(
    permits: impl IntoIterator<Item = &'a Permit>,
) -> Vec<(&'a Scope, BTreeSet<Id<Child>>)> {
    let mut groups: Vec<(&Scope, BTreeSet<Id<Child>>)> = Vec::new();
    for permit in permits {
        let Some(child) = permit.child() else {
            continue;
        };
        match groups
            .iter_mut()
            .find(|(scope, _)| *scope == permit.scope())
        {
            Some((_, children)) => {
                children.insert(child);
            }
            None => groups.push((permit.scope(), [child].into())),
        }
    }
    groups
}

async fn under_scope(
    tx: &mut Tx,
    region: RegionCode,
    scope: &Scope,
    children: BTreeSet<Id<Child>>,
    wanted: &Wanted,
) -> Result<Vec<Disclosed>, StoreError> {
    let mut sql = format!(
        "SELECT {COLUMNS}, a.sealed, c.wrapped_key FROM alerts a
         JOIN children c ON c.region = a.region AND c.id = a.child
         WHERE a.region = $1 AND {} AND a.{STANDING}",
        tx.among("a.child", 2)
    );
    let mut lists: Vec<Vec<String>> = vec![children.iter().map(ToString::to_string).collect()];
    if let Some(only) = &wanted.only {
        lists.push(only.iter().map(ToString::to_string).collect());
        sql.push_str(&format!(" AND {}", tx.among("a.id", 3)));
    }
    let mut texts: Vec<String> = Vec::new();
    match scope {
        Scope::Consented {
            grants,
            urgent_only,
            instructor,
            data_from,
            data_until,
            ..
        } => {
            let n = u32::try_from(lists.len()).unwrap_or(0) + 2;
            lists.push(
                grants
                    .iter()
                    .map(|g| format!("{}/{}", g.source, g.category.as_str()))
                    .collect(),
            );
            let audience = if *instructor {
                "a.for_instructor"
            } else {
                "a.for_facility"
            };
            let categories: BTreeSet<&str> = grants.iter().map(|g| g.category.as_str()).collect();
            lists.push(categories.into_iter().map(str::to_owned).collect());
            let granted = tx.among("(s.source || '/' || a.category)", n);
            let agreed = tx.among("a.category", n + 1);
            if *urgent_only {
                sql.push_str(&format!(" AND a.level >= {}", stored_level(Level::Urgent)));
            }
            let mut next = n + 1;
            let (mut said_within, mut all_within) = (String::new(), String::new());
            for (day, comparison, of_all) in [
                (data_from, ">=", "evidence_first"),
                (data_until, "<=", "evidence_last"),
            ] {
                if let Some(day) = day {
                    next += 1;
                    texts.push(day.to_string());
                    said_within.push_str(&format!(" AND s.day {comparison} ${next}"));
                    all_within.push_str(&format!(" AND a.{of_all} {comparison} ${next}"));
                }
            }
            // The same as `Scope::reaches`: of statements one that may be seen, of evidence all, and
            // of what is not done an agreement over its category.
            let evidence =
                "SELECT 1 FROM alert_evidence s WHERE s.region = a.region AND s.alert = a.id";
            sql.push_str(&format!(
                " AND {audience} = 1
                  AND ((a.each_alone = 1 AND EXISTS ({evidence} AND {granted}{said_within}))
                    OR (a.each_alone = 0 AND NOT EXISTS ({evidence} AND NOT ({granted}))
                        AND (EXISTS ({evidence}) OR {agreed}){all_within}))"
            ));
        }
        Scope::AbnormalFindings => sql.push_str(" AND a.for_mch = 1"),
        Scope::Everything => {}
        Scope::OwnRecords(_) | Scope::Counts => return Ok(Vec::new()),
    }
    let mut query = tx.query_of_parts(sql).bind(region.to_string());
    for list in lists {
        query = query.bind_list(list);
    }
    for text in texts {
        query = query.bind(text);
    }
    let rows = query.fetch_all(tx).await?;
    rows.iter()
        .map(|row| {
            Ok(Disclosed {
                row: read(row)?,
                sealed: row.get("sealed")?,
                wrapped_key: row.get("wrapped_key")?,
            })
        })
        .collect()
}

/// Children of the region with a standing alert for the MCH centre's follow-up, after `cursor`.
/// Pointers only; they are decided over before anything is read.
pub async fn children_to_follow_up(
    tx: &mut Tx,
    region: RegionCode,
    cursor: &str,
    limit: i64,
) -> Result<Vec<Id<Child>>, StoreError> {
    let rows = tx
        .query(
            "SELECT DISTINCT child FROM alerts
             WHERE region = $1 AND child > $2 AND for_mch = 1
               AND state IN ('OPEN', 'ACKNOWLEDGED')
             ORDER BY child LIMIT $3",
        )
        .bind(region.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "alerts", "child").parsed("child"))
        .collect()
}
