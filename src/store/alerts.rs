//! Alerts: what queries need in clear, what was found and what to do sealed.

mod disclosing;

pub use disclosing::{Disclosed, Part, Wanted, children_to_follow_up, under, under_each};

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Tx,
    engine::{Column, Conflict, Row},
    error::StoreError,
    rows::{Reader, micros},
};
use crate::{
    access::AlertFacts,
    domain::{
        actor::Actor,
        alert::{
            Acknowledgement, Alert, AlertState, Category, Decision, FollowUp, FollowUpOutcome,
            Level, Life,
        },
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
    /// Where it is in its life.
    pub state: AlertState,
    /// What decides who sees it.
    pub facts: AlertFacts,
    /// Whether its rule lets a guardian have it.
    pub for_guardian: bool,
    /// By when to act.
    pub due: Option<NaiveDate>,
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

const STANDING: &str = "state IN ('OPEN', 'ACKNOWLEDGED')";
const DECIDED: &str = "resolved_by IS NOT NULL";

const COLUMNS: &str = "a.id, a.child, a.family, a.subject, a.rule, a.rule_version, a.state, a.category, \
                       a.facility, a.level, a.evidence_first, a.evidence_last, a.for_facility, a.for_instructor, \
                       a.for_mch, a.for_guardian, a.due_date, a.opened_us, a.revision, a.digest, \
                       a.acknowledged_by, a.acknowledged_us, a.followed_up_by, a.followed_up_us, \
                       a.follow_up, a.ended_us, a.resolved_by, a.decision";

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
        state: AlertState::from_parts(&r.text("state")?, life(&r)?)
            .ok_or_else(|| r.corrupt("state"))?,
        facts: AlertFacts {
            category: r.word("category", Category::parse)?,
            facility: r.maybe_parsed("facility")?,
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
        revision: r.int("revision")?,
        digest: r.bytes("digest")?,
        evidence: BTreeMap::new(),
    })
}

type Step = (Id<Actor>, DateTime<Utc>);

/// Who did something, and when.
fn step(r: &Reader<'_>, by: &'static str, at: &'static str) -> Result<Option<Step>, StoreError> {
    match (r.maybe_parsed(by)?, r.maybe_time(at)?) {
        (Some(by), Some(at)) => Ok(Some((by, at))),
        (None, None) => Ok(None),
        _ => Err(r.corrupt(by)),
    }
}

fn life(r: &Reader<'_>) -> Result<Life, StoreError> {
    let followed_up = match step(r, "followed_up_by", "followed_up_us")? {
        None => None,
        Some((by, at)) => Some(FollowUp {
            by,
            at,
            outcome: r.word("follow_up", FollowUpOutcome::parse)?,
        }),
    };
    let decided = match r.maybe_parsed("resolved_by")? {
        None => None,
        Some(by) => Some((by, r.word("decision", Decision::parse)?)),
    };
    Ok(Life {
        since: r.time("opened_us")?,
        acknowledged: step(r, "acknowledged_by", "acknowledged_us")?
            .map(|(by, at)| Acknowledgement { by, at }),
        followed_up,
        ended: r.maybe_time("ended_us")?,
        decided,
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
    of_children(tx, region, children, &[STANDING]).await
}

/// The standing alerts of locked children, and those that a clinician resolved, with what the decisions
/// rest on.
pub async fn standing_and_decided(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<(Vec<AlertRow>, Vec<AlertRow>), StoreError> {
    let both = of_children(tx, region, children, &[STANDING, DECIDED]).await?;
    let decided = |alert: &AlertRow| alert.state.life().decided.is_some();
    Ok(both.into_iter().partition(|alert| !decided(alert)))
}

/// Each of the parts is an index range of its own.
async fn of_children(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
    parts: &[&str],
) -> Result<Vec<AlertRow>, StoreError> {
    let ids: Vec<String> = children.iter().map(ToString::to_string).collect();
    // What is not done has no evidence, and stands all the same.
    let part = |which: &&str| {
        let select = format!(
            "SELECT {COLUMNS}, a.each_alone, s.check_up, s.source, s.day
             FROM alerts a LEFT JOIN alert_evidence s ON s.region = a.region AND s.alert = a.id
             WHERE a.region = $1 AND a.{which}"
        );
        tx.each(&select, &["a.child"], 2, "")
    };
    let parts: Vec<String> = parts.iter().map(part).collect();
    let sql = format!("{} ORDER BY child, id", parts.join(" UNION ALL "));
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids)
        .fetch_all(tx)
        .await?;
    let mut alerts: Vec<AlertRow> = Vec::new();
    // A gateway of before days were kept renews an alert and leaves them out: which statement
    // could bear it alone is not known, and it takes all of them, as it did there.
    let mut undated: BTreeSet<Id<Alert>> = BTreeSet::new();
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
                match evidence.day {
                    Some(day) => last.facts.statements.insert((evidence.source, day)),
                    None => undated.insert(id),
                };
            }
            last.evidence.insert(check_up, evidence);
        }
    }
    for alert in alerts.iter_mut().filter(|a| undated.contains(&a.id)) {
        alert.facts.statements.clear();
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

/// How a standing alert is renewed: what it says and rests on is replaced, and it is open again.
const RENEWED: &str = "(region, id) DO UPDATE \
     SET rule = excluded.rule, rule_version = excluded.rule_version, category = excluded.category, \
         level = excluded.level, state = excluded.state, for_facility = excluded.for_facility, \
         for_instructor = excluded.for_instructor, for_mch = excluded.for_mch, \
         for_guardian = excluded.for_guardian, evidence_first = excluded.evidence_first, \
         evidence_last = excluded.evidence_last, due_date = excluded.due_date, \
         revision = excluded.revision, digest = excluded.digest, sealed = excluded.sealed, \
         each_alone = excluded.each_alone, acknowledged_by = NULL, acknowledged_us = NULL, \
         followed_up_by = NULL, followed_up_us = NULL, follow_up = NULL, follow_up_note = NULL";

/// Opens alerts, and renews those that stand.
pub async fn put(tx: &mut Tx, region: RegionCode, alerts: &[NewAlert]) -> Result<(), StoreError> {
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
        (
            "facility",
            Column::MaybeText(
                alerts
                    .iter()
                    .map(|a| a.row.facts.facility.map(|f| f.to_string()))
                    .collect(),
            ),
        ),
        ("level", int(&|a| stored_level(a.facts.level))),
        ("state", text(&|a| a.state.stored().to_owned())),
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
        ("opened_us", int(&|a| micros(a.state.since()))),
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
    tx.insert("alerts", &columns, Conflict::Update(RENEWED))
        .await?;
    put_evidence(tx, region, alerts).await
}

/// Replaces what alerts rest on; what was said of them before they changed is of the earlier content.
async fn put_evidence(
    tx: &mut Tx,
    region: RegionCode,
    alerts: &[NewAlert],
) -> Result<(), StoreError> {
    let renewed = alerts.iter().filter(|a| a.row.revision > 1);
    let renewed: Vec<String> = renewed.map(|a| a.row.id.to_string()).collect();
    if !renewed.is_empty() {
        for of in ["alert_evidence", "acknowledgements"] {
            let among = tx.among("alert", 2);
            let sql = format!("DELETE FROM {of} WHERE region = $1 AND {among}");
            let query = tx.query_of_parts(sql).bind(region.to_string());
            query.bind_list(renewed.clone()).execute(tx).await?;
        }
    }
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
