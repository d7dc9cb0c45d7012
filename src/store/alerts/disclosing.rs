//! The disclosing reads of alerts. Each demands a permit, and filters the query by its scope, not the
//! result.

use std::collections::{BTreeMap, BTreeSet};

use super::{AlertRow, COLUMNS, DECIDED, STANDING, read, step, stored_level};
use crate::{
    access::{Permit, Scope},
    domain::{
        alert::{Acknowledgement, Alert, Level},
        child::Child,
        escalation::EscalationStep,
        id::Id,
        region::RegionCode,
    },
    store::{Tx, alert_life::COUNTS, error::StoreError, escalations, rows::Reader},
};

/// An alert disclosed under a permit: still sealed, with the wrapped key that opens it.
#[derive(Clone)]
pub struct Disclosed {
    /// Its row.
    pub row: AlertRow,
    /// What was found and what to do, sealed.
    pub sealed: Vec<u8>,
    /// What was said of the last follow-up, sealed.
    pub follow_up_note: Option<Vec<u8>>,
    /// Why a clinician resolved it, sealed.
    pub decision_reason: Option<Vec<u8>>,
    /// Who took note: for a facility and its instructors the facility's own, else whoever did so first.
    pub acknowledged: Option<Acknowledgement>,
    /// How far it has been passed on, while nobody has taken it up; to a facility and its instructors
    /// what the facility left alone.
    pub escalated_to: Option<EscalationStep>,
    /// The child's key, wrapped; none once the child is erased.
    pub wrapped_key: Option<Vec<u8>>,
}

/// Which of the permitted alerts are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only these, if any are named.
    pub only: Option<Vec<Id<Alert>>>,
    /// In which part of their life.
    pub part: Part,
}

/// A part of alerts' lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// Those that still ask for something.
    #[default]
    Standing,
    /// Those that a clinician resolved.
    Decided,
    /// Whatever became of them; for alerts that are named.
    Any,
}

impl Part {
    /// A further condition on a table's columns.
    fn condition(self, table: &str) -> String {
        match self {
            Self::Standing => format!(" AND {table}{STANDING}"),
            Self::Decided => format!(" AND {table}{DECIDED}"),
            Self::Any => String::new(),
        }
    }
}

/// The alerts that the permits reach: the query is filtered, not its result. Permits of the
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
    part: Part,
    looks: &[&[Permit]],
) -> Result<Vec<Vec<Disclosed>>, StoreError> {
    let mut answers: Vec<Vec<Disclosed>> = looks.iter().map(|_| Vec::new()).collect();
    let all = looks.iter().copied().flatten();
    let wanted = Wanted { only: None, part };
    for (scope, children) in by_scope(all) {
        let found = under_scope(tx, region, scope, children, &wanted).await?;
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
    let facility = match scope {
        Scope::Consented { facility, .. } => Some(facility.to_string()),
        _ => None,
    };
    // After the lists: children, what is named, and a scope's grants and categories.
    let own = format!("${}", 5 + u32::from(wanted.only.is_some()));
    let (noted, acknowledgements, clocks) = match facility {
        Some(_) => (
            "COALESCE(k.acknowledged_by, t.id) AS own_by,
             COALESCE(k.acknowledged_us, CASE WHEN t.id IS NULL THEN NULL ELSE a.acknowledged_us END)
                AS own_us",
            format!(
                "LEFT JOIN acknowledgements k ON k.region = a.region AND k.alert = a.id
                    AND k.facility = {own} AND {COUNTS}
                 LEFT JOIN actors t ON t.region = a.region AND t.id = a.acknowledged_by
                    AND t.organization = {own}"
            ),
            format!(" AND e.facility = {own}"),
        ),
        None => (
            "a.acknowledged_by AS own_by, a.acknowledged_us AS own_us",
            String::new(),
            String::new(),
        ),
    };
    let mut sql = format!(
        "SELECT {COLUMNS}, a.sealed, a.follow_up_note, a.decision_reason, c.wrapped_key,
                {noted}, {} AS reached
         FROM alerts a
         JOIN children c ON c.region = a.region AND c.id = a.child
         {acknowledgements}
         WHERE a.region = $1 AND {}",
        escalations::reach_of_alert(&clocks),
        tx.among("a.child", 2)
    );
    sql.push_str(&wanted.part.condition("a."));
    let mut lists: Vec<Vec<String>> = vec![children.iter().map(ToString::to_string).collect()];
    if let Some(only) = &wanted.only {
        lists.push(only.iter().map(ToString::to_string).collect());
        sql.push_str(&format!(" AND {}", tx.among("a.id", 3)));
    }
    let mut texts: Vec<String> = facility.into_iter().collect();
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
            let mut next = n + 2;
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
            let undated = format!("EXISTS ({evidence} AND s.day IS NULL)");
            sql.push_str(&format!(
                " AND {audience} = 1 AND (a.facility IS NULL OR a.facility = {own})
                  AND ((a.each_alone = 1 AND NOT {undated}
                        AND EXISTS ({evidence} AND {granted}{said_within}))
                    OR ((a.each_alone = 0 OR {undated}) AND NOT EXISTS ({evidence} AND NOT ({granted}))
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
                follow_up_note: row.get("follow_up_note")?,
                decision_reason: row.get("decision_reason")?,
                acknowledged: step(
                    &Reader::new(row, "acknowledgements", "id"),
                    "own_by",
                    "own_us",
                )?
                .map(|(by, at)| Acknowledgement { by, at }),
                escalated_to: escalations::reached_of_alert(row)?,
                wrapped_key: row.get("wrapped_key")?,
            })
        })
        .collect()
}

/// Children of the region with an alert of this part for the MCH centre's follow-up, after `cursor`.
/// Pointers only; they are decided over before anything is read.
pub async fn children_to_follow_up(
    tx: &mut Tx,
    region: RegionCode,
    part: Part,
    cursor: &str,
    limit: i64,
) -> Result<Vec<Id<Child>>, StoreError> {
    let part = part.condition("");
    let rows = tx
        .query_of_parts(format!(
            "SELECT DISTINCT child FROM alerts
             WHERE region = $1 AND child > $2 AND for_mch = 1{part}
             ORDER BY child LIMIT $3"
        ))
        .bind(region.to_string())
        .bind(cursor.to_owned())
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "alerts", "child").parsed("child"))
        .collect()
}
