//! Assessment: a child's standing alerts are brought in line with all its check-ups.
//!
//! Always over the whole history, so that the order in which check-ups arrive does not matter and
//! assessing twice is assessing once. What a clinician has decided stays decided while an alert would
//! rest on nothing new. The caller holds the child's row locked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use chrono::{DateTime, NaiveDate, Utc};
use rand::RngCore;

use super::{
    alert_body::{self, ALERT_PLACE},
    attendance::{self, Attendance},
    change::LockedChild,
    error::Error,
    gateway::Gateway,
    keyring::ChildKey,
};
use crate::{
    access::AlertFacts,
    clinical::{
        assess::{self, Assessment, Examined, Raised},
        rules::{Recipient, RuleSet},
        schedule::{Life, Track},
        tally::Fate,
    },
    domain::{
        alert::{Alert, AlertState, Level},
        canonical::Writer,
        checkup::{CheckUp, CheckUpParts},
        child::Child,
        finding::Finding,
        id::Id,
        organization::Organization,
        region::{RegionCode, Settings},
    },
    store::{
        Tx, alert_life,
        alerts::{self, AlertRow, Evidence, NewAlert},
        assessments,
        check_ups::{self, Examination},
        children::{Assessed, ChildRow},
    },
    vault::IndexKey,
};

/// Place of a check-up's sealed findings.
pub(super) const FINDINGS_PLACE: (&str, &str) = ("check_ups", "sealed");

/// Where and when an assessment happens.
pub struct Occasion<'a> {
    /// The region.
    pub region: RegionCode,
    /// Its settings.
    pub settings: &'a Settings,
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// Brings the standing alerts of locked children in line with their check-ups; gives the children
/// whose alerts changed.
pub async fn reassess(
    tx: &mut Tx,
    gateway: &Gateway,
    occasion: &Occasion<'_>,
    children: &[&LockedChild],
    chance: &mut (dyn RngCore + Send),
) -> Result<Vec<Id<Child>>, Error> {
    let ids: Vec<Id<Child>> = children.iter().map(|c| c.row.id).collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let mut known = known_of(tx, occasion.region, &ids).await?;
    let rules = gateway
        .rule_book()
        .of(tx, occasion.region, occasion.settings)
        .await?;
    let basis = Basis {
        rules: &rules,
        index: gateway.keyring().index(),
        settings: occasion.settings,
        today: occasion.settings.zone.day(occasion.now),
    };
    let mut plan = Plan::default();
    for child in children {
        let known = known.remove(&child.row.id).unwrap_or_default();
        plan_child(&mut plan, &basis, occasion, child, known, chance)?;
    }
    let by = occasion.settings.basis(rules.id());
    assessments::note(tx, occasion.region, by, &plan.assessed).await?;
    plan.carry_out(tx, occasion).await
}

/// What is stored of one child.
#[derive(Default)]
pub(super) struct Known {
    history: Vec<Examination>,
    standing: Vec<AlertRow>,
    decided: Vec<AlertRow>,
    attendance: Attendance,
}

/// Reads what is stored of children; of whom nothing is stored is left out.
pub(super) async fn known_of(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
) -> Result<BTreeMap<Id<Child>, Known>, Error> {
    let mut known: BTreeMap<Id<Child>, Known> = BTreeMap::new();
    for check_up in check_ups::latest_of(tx, region, children).await? {
        let of = known.entry(check_up.child).or_default();
        of.history.push(check_up);
    }
    let (standing, decided) = alerts::standing_and_decided(tx, region, children).await?;
    for alert in standing {
        known.entry(alert.child).or_default().standing.push(alert);
    }
    for alert in decided {
        known.entry(alert.child).or_default().decided.push(alert);
    }
    for (child, days) in attendance::of(tx, region, children).await? {
        known.entry(child).or_default().attendance = days;
    }
    Ok(known)
}

/// What an assessment rests on beside the child's own records.
pub(super) struct Basis<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// Indexes subjects and content.
    pub index: &'a IndexKey,
    /// The region's settings.
    pub settings: &'a Settings,
    /// The region's civil day.
    pub today: NaiveDate,
}

impl Basis<'_> {
    /// What should stand of a child, from its opened check-ups and its days in care.
    fn assess(&self, child: &LockedChild, check_ups: &Opened, days: &Attendance) -> Assessment<'_> {
        let named = named(check_ups);
        let examined = examined(&named);
        let life = life(&child.row, self.settings, days);
        let setting = assess::Setting {
            altitude_m: i32::try_from(self.settings.altitude_m).unwrap_or(i32::MAX),
            correct_for_altitude: self.settings.correct_for_altitude,
            growth_standard: self.settings.growth_standard,
        };
        let (rules, schedules) = (self.rules, self.rules.schedules());
        assess::assess(rules, schedules, &life, &setting, &examined, self.today)
    }
}

/// The child as rules and schedules see it.
pub(super) fn life<'a>(
    child: &ChildRow,
    settings: &Settings,
    attendance: &'a Attendance,
) -> Life<'a> {
    Life {
        sex: Some(child.sex),
        birth_date: child.birth_date,
        gestation_days: child.gestation_days,
        known_since: Some(settings.zone.day(child.registered)),
        died: None,
        care: &attendance.care,
        absences: &attendance.absences,
        optional: offered(settings.mongolian_medicine),
    }
}

/// The optional tracks that a region asks for.
pub fn offered(mongolian_medicine: bool) -> &'static [Track] {
    if mongolian_medicine {
        &[Track::Mongolian]
    } else {
        &[]
    }
}

pub(super) type Opened = BTreeMap<Id<CheckUp>, CheckUp>;

/// Check-ups with their ids in text, as rules and schedules name them.
pub(super) fn named(opened: &Opened) -> Vec<(String, &CheckUp)> {
    let opened = opened.iter();
    opened
        .map(|(id, check_up)| (id.to_string(), check_up))
        .collect()
}

/// The same as rules and schedules read them.
pub(super) fn examined<'a>(named: &'a [(String, &'a CheckUp)]) -> Vec<Examined<'a>> {
    let named = named.iter();
    named
        .map(|(id, check_up)| Examined {
            id,
            source: check_up.source(),
            check_up,
        })
        .collect()
}

/// Opens check-ups that are sealed under the child's key.
pub(super) fn open_all(child: &ChildKey, history: Vec<Examination>) -> Result<Opened, Error> {
    let opened = history.into_iter();
    let opened = opened.map(|c| Ok((c.id, open_check_up(child, c)?)));
    opened.collect()
}

fn by_what(standing: Vec<AlertRow>) -> BTreeMap<(String, String), AlertRow> {
    let standing = standing.into_iter();
    let standing = standing.map(|a| ((a.family.clone(), a.subject.clone()), a));
    standing.collect()
}

/// What would become of a child's alerts, were it assessed on this basis: each with the rule and
/// level it is counted under. Nothing is written.
pub(super) fn foresee(
    basis: &Basis<'_>,
    child: &LockedChild,
    known: Known,
) -> Result<Vec<(Fate, String, Level)>, Error> {
    let opened = open_all(&child.key, known.history)?;
    let mut standing = by_what(known.standing);
    let mut fates = Vec::new();
    for raised in &basis.assess(child, &opened, &known.attendance).raised {
        let subject_by = subjects(basis.index, child, raised);
        let digest = content_digest(basis.index, raised);
        let place = (raised.family.to_owned(), subject_by(Whose::of(raised)));
        let before = standing.get(&place);
        let same = before.is_some_and(|b| b.digest == digest);
        if !same
            && known
                .decided
                .iter()
                .any(|d| settles(d, raised, &subject_by))
        {
            continue;
        }
        let fate = match standing.remove(&place) {
            None => Fate::Raised,
            Some(_) if same => Fate::Unchanged,
            Some(_) => Fate::Changed,
        };
        fates.push((fate, raised.rule.to_owned(), raised.level));
    }
    let gone = standing.into_values();
    fates.extend(gone.map(|alert| (Fate::Resolved, alert.rule, alert.facts.level)));
    Ok(fates)
}

/// What has to be written.
#[derive(Default)]
struct Plan {
    opened_or_renewed: Vec<NewAlert>,
    resolved: Vec<Id<Alert>>,
    retracted: Vec<Id<Alert>>,
    changed: BTreeSet<Id<Child>>,
    /// Children whose basis or next day are others than before.
    assessed: Vec<(Id<Child>, Option<NaiveDate>)>,
}

impl Plan {
    async fn carry_out(
        self,
        tx: &mut Tx,
        occasion: &Occasion<'_>,
    ) -> Result<Vec<Id<Child>>, Error> {
        let Occasion { region, now, .. } = *occasion;
        alert_life::end(tx, region, &self.resolved, "RESOLVED", now).await?;
        alert_life::end(tx, region, &self.retracted, "RETRACTED", now).await?;
        alerts::put(tx, region, &self.opened_or_renewed).await?;
        Ok(self.changed.into_iter().collect())
    }
}

fn plan_child(
    plan: &mut Plan,
    basis: &Basis<'_>,
    occasion: &Occasion<'_>,
    child: &LockedChild,
    known: Known,
    chance: &mut (dyn RngCore + Send),
) -> Result<(), Error> {
    let opened = open_all(&child.key, known.history)?;
    let Assessment {
        raised,
        next_change,
        ..
    } = basis.assess(child, &opened, &known.attendance);
    let assessed = Assessed {
        by: Some(basis.settings.basis(basis.rules.id())),
        next_day: next_change,
    };
    if child.row.assessed != assessed {
        plan.assessed.push((child.row.id, assessed.next_day));
    }
    let index = basis.index;
    let mut standing = by_what(known.standing);
    for raised in raised {
        let subject_by = subjects(index, child, &raised);
        let digest = content_digest(index, &raised);
        let subject = subject_by(Whose::of(&raised));
        let place = (raised.family.to_owned(), subject.clone());
        let before = standing.get(&place);
        if before.is_some_and(|b| b.digest == digest) {
            standing.remove(&place);
            continue;
        }
        // If one stands, it ends below: what it had beyond the decision is gone.
        if known
            .decided
            .iter()
            .any(|d| settles(d, &raised, &subject_by))
        {
            continue;
        }
        let alert = alert_row(
            child, &opened, &raised, before, subject, digest, occasion, chance,
        )?;
        standing.remove(&place);
        plan.changed.insert(child.row.id);
        let body = serde_json::to_vec(&alert_body::body(&raised))
            .map_err(|_| Error::Broken("an alert body"))?;
        let (table, column) = ALERT_PLACE;
        let sealed = child
            .key
            .seal(table, &alert.id.to_string(), column, &body, chance)?;
        plan.opened_or_renewed.push(NewAlert { row: alert, sealed });
    }
    for (_, gone) in standing {
        plan.changed.insert(child.row.id);
        // What it rested on still holds: a later finding no longer shows it. Otherwise it should
        // never have stood.
        let holds = |id: &Id<CheckUp>| opened.get(id).is_some_and(|c| c.status().is_effective());
        if gone.evidence.keys().all(holds) {
            plan.resolved.push(gone.id);
        } else {
            plan.retracted.push(gone.id);
        }
    }
    Ok(())
}

/// Whether a clinician's decision over an alert speaks for one that would be raised now: the same
/// matter, no graver, and resting on nothing that the clinician had not before them. Where neither
/// rests on a check-up, the day it was due is what it rests on.
///
/// Who speaks first of a matter, and who says the same, may change: a decision over the matter stays; and
/// what was decided before an entry check was a facility's own speaks for every facility.
fn settles(
    decided: &AlertRow,
    raised: &Raised<'_>,
    subject_by: &impl Fn(Whose<'_>) -> String,
) -> bool {
    let known = |id: &String| decided.evidence.keys().any(|of| of.to_string() == *id);
    let mut tellers = raised.sources.iter().map(|source| Whose::Teller(source));
    let of = |whose| decided.subject == subject_by(whose);
    decided.family == raised.family
        && raised.level <= decided.facts.level
        && raised.check_ups.iter().all(known)
        && (!raised.check_ups.is_empty() || raised.date == decided.facts.evidence_first)
        && (of(Whose::of(raised)) || of(Whose::Child) || tellers.any(of))
}

/// Opens a check-up that is sealed under the child's key.
fn open_check_up(child: &ChildKey, sealed: Examination) -> Result<CheckUp, Error> {
    let (table, column) = FINDINGS_PLACE;
    let findings = child.open(table, &sealed.id.to_string(), column, &sealed.sealed)?;
    check_up(CheckUpParts {
        source: sealed.source.to_string(),
        record_id: sealed.record_id,
        revision: sealed.revision,
        status: sealed.status,
        date: sealed.date,
        visit: sealed.visit,
        findings: read_findings(&findings)?,
    })
}

/// Reads a check-up's opened findings.
pub(super) fn read_findings(findings: &[u8]) -> Result<Vec<Finding>, Error> {
    Finding::decode_all(findings).map_err(|_| Error::Broken("a check-up's findings"))
}

/// Puts a stored check-up together.
pub(super) fn check_up(parts: CheckUpParts) -> Result<CheckUp, Error> {
    CheckUp::new(parts, None, None).map_err(|_| Error::Broken("a stored check-up"))
}

/// Whose an alert is, of those that one subject may have.
#[derive(Clone, Copy)]
enum Whose<'a> {
    /// The child's, wherever it is.
    Child,
    /// One facility's alone.
    Facility(Id<Organization>),
    /// By the word of an institution that has an alert apart.
    Teller(&'a str),
}

impl<'a> Whose<'a> {
    fn of(raised: &'a Raised<'_>) -> Self {
        match (raised.facility, &raised.apart) {
            (Some(facility), _) => Self::Facility(facility),
            (None, Some(teller)) => Self::Teller(teller),
            (None, None) => Self::Child,
        }
    }
}

/// The subject may be personal (an allergen): its row holds a keyed index of it, bound to the child and
/// to whose it is.
fn subjects<'r>(
    index: &'r IndexKey,
    child: &LockedChild,
    raised: &'r Raised<'_>,
) -> impl Fn(Whose<'_>) -> String + use<'r> {
    let child = child.row.id.to_string();
    move |whose| {
        // An id holds no line break.
        let of = |id: &dyn Display| format!("{id}\n{}", raised.subject);
        let indexed = match whose {
            Whose::Facility(id) => index.blind_index("alert-subject-at", &child, &of(&id)),
            Whose::Teller(id) => index.blind_index("alert-subject-apart", &child, &of(&id)),
            Whose::Child if raised.subject.is_empty() => return String::new(),
            Whose::Child => index.blind_index("alert-subject", &child, &raised.subject),
        };
        indexed.as_str().to_owned()
    }
}

/// Equal content is no change: renewing it would tell everybody what they know.
fn content_digest(index: &IndexKey, raised: &Raised<'_>) -> Vec<u8> {
    let writer = Writer::new("yuqiao-alert", 1)
        .text(raised.rule)
        .u32(raised.version)
        .text(raised.level.as_str())
        .text(raised.category.as_str())
        .text(raised.source_document)
        .option(raised.care_card.facility.as_ref(), |w, t| w.text(&t.text()))
        .text(raised.care_card.guardian.as_str())
        .text(raised.follow_up)
        .option(raised.due.as_ref(), |w, d| w.text(&d.to_string()))
        .list(&raised.inputs, |w, (name, value)| w.text(name).text(value))
        .list(&raised.check_ups, |w, id| w.text(id))
        .list(raised.recipients, |w, r| w.text(r.as_str()));
    // Only where there is one, so that alerts of before there were limits are not renewed.
    let writer = match &raised.limit {
        Some(limit) => writer
            .text(limit.grade.as_str())
            .option(limit.until, |w, day| w.text(&day.to_string()))
            .text(&limit.until_zh),
        None => writer,
    };
    let bytes = writer.finish();
    index.keyed_digest(&bytes).to_vec()
}

#[allow(clippy::too_many_arguments, reason = "one row from its eight origins")]
fn alert_row(
    child: &LockedChild,
    check_ups: &BTreeMap<Id<CheckUp>, CheckUp>,
    raised: &Raised<'_>,
    before: Option<&AlertRow>,
    subject: String,
    digest: Vec<u8>,
    occasion: &Occasion<'_>,
    chance: &mut (dyn RngCore + Send),
) -> Result<AlertRow, Error> {
    let mut evidence = BTreeMap::new();
    let mut days: Vec<NaiveDate> = Vec::new();
    let mut statements = BTreeSet::new();
    for id in &raised.check_ups {
        let id = id.parse().map_err(|_| Error::Broken("a check-up's id"))?;
        let check_up = check_ups
            .get(&id)
            .ok_or(Error::Broken("an alert's check-up"))?;
        let source: Id<Organization> = check_up
            .source()
            .parse()
            .map_err(|_| Error::Broken("a source's id"))?;
        let day = Some(check_up.date());
        evidence.insert(id, Evidence { source, day });
        days.push(check_up.date());
        if raised.each_alone {
            statements.insert((source, check_up.date()));
        }
    }
    // What is not done rests on no check-up, and stands for the day it was due.
    let first = days.iter().min().copied().unwrap_or(raised.date);
    let last = days.iter().max().copied().unwrap_or(raised.date);
    let for_whom = |r: Recipient| raised.recipients.contains(&r);
    Ok(AlertRow {
        id: before.map_or_else(|| Id::timed(occasion.now, chance), |b| b.id),
        child: child.row.id,
        family: raised.family.to_owned(),
        subject,
        rule: raised.rule.to_owned(),
        rule_version: raised.version,
        state: AlertState::open(before.map_or(occasion.now, |b| b.state.since())),
        facts: AlertFacts {
            category: raised.category,
            facility: raised.facility,
            level: raised.level,
            sources: evidence.values().map(|one| one.source).collect(),
            statements,
            evidence_first: first,
            evidence_last: last,
            for_facility: for_whom(Recipient::Facility)
                && raised.care_card.facility.is_some()
                && raised.category.may_reach_facility(),
            for_instructor: for_whom(Recipient::Instructor),
            for_mch: for_whom(Recipient::Mch),
        },
        for_guardian: for_whom(Recipient::Guardian),
        due: raised.due,
        revision: before.map_or(1, |b| b.revision + 1),
        digest,
        evidence,
    })
}
