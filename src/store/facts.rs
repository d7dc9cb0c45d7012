//! The facts a decision rests on, read by later statements under the region's ledger head (for a
//! look) or the child's row lock (for a delivery). Every statement is an index range.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::{Tx, engine::Row, error::StoreError, rows::Reader};
use crate::{
    access::facts::{
        AgreementFact, AssignmentFact, ChildFacts, ConsentFact, EnrolmentFact, FacilityFacts,
    },
    domain::{
        actor::Practitioner,
        agreement::{AgreementState, Ending, Filing},
        alert::Category,
        assignment::{Duty, Shift},
        child::Child,
        consent::{ConsentMode, ConsentState},
        enrolment::EnrolmentState,
        id::Id,
        organization::Organization,
        purpose::Purpose,
        region::RegionCode,
    },
};

/// Agreements of facilities, with the standing of both parties.
pub async fn facilities(
    tx: &mut Tx,
    region: RegionCode,
    of: &[Id<Organization>],
) -> Result<BTreeMap<Id<Organization>, FacilityFacts>, StoreError> {
    let mut facilities: BTreeMap<_, _> = of
        .iter()
        .map(|&f| {
            (
                f,
                FacilityFacts {
                    facility: f,
                    agreements: vec![],
                    assignments: vec![],
                },
            )
        })
        .collect();
    if facilities.is_empty() {
        return Ok(facilities);
    }
    let sql = format!(
        "SELECT a.id, a.institution, a.facility, a.first_day, a.last_day, a.categories, a.purposes,
                a.further_sources, a.state, a.filing_number, a.filed_us, a.ending_reason, a.ended_us,
                CASE WHEN i.state = 'ACTIVE' AND f.state = 'ACTIVE' THEN 1 ELSE 0 END
                    AS parties_active
         FROM agreements a
         LEFT JOIN standings i ON i.region = a.region AND i.organization = a.institution
         LEFT JOIN standings f ON f.region = a.region AND f.organization = a.facility
         WHERE a.region = $1 AND {}",
        tx.among("a.facility", 2)
    );
    let ids = facilities.keys().map(ToString::to_string).collect();
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(ids)
        .fetch_all(tx)
        .await?;
    for row in &rows {
        let facility = Reader::new(row, "agreements", "id").parsed("facility")?;
        if let Some(facts) = facilities.get_mut(&facility) {
            facts.agreements.push(agreement(row)?);
        }
    }
    Ok(facilities)
}

fn agreement(row: &Row) -> Result<AgreementFact, StoreError> {
    let r = Reader::new(row, "agreements", "id");
    let institution = r.parsed("institution")?;
    let mut sources: BTreeSet<Id<Organization>> = r.words("further_sources", |w| w.parse().ok())?;
    sources.insert(institution);
    Ok(AgreementFact {
        id: r.parsed("id")?,
        institution,
        // SQLite gives a CASE of integers back as INTEGER, PostgreSQL as INT4: read as text-free flag.
        parties_active: flag(row, "parties_active")?,
        state: agreement_state(&r)?,
        term: (r.day("first_day")?, r.day("last_day")?),
        categories: r.words("categories", Category::parse)?,
        purposes: r.words("purposes", Purpose::parse)?,
        sources,
    })
}

/// The state of an agreement's row, for whoever reads one.
pub fn agreement_state(r: &Reader<'_>) -> Result<AgreementState, StoreError> {
    let filing = match (r.maybe_text("filing_number")?, r.maybe_time("filed_us")?) {
        (Some(number), Some(at)) => Some(Filing { number, at }),
        (None, None) => None,
        _ => return Err(r.corrupt("filed_us")),
    };
    let ending = match (r.maybe_text("ending_reason")?, r.maybe_time("ended_us")?) {
        (Some(reason), Some(at)) => Some(Ending { reason, at }),
        (None, None) => None,
        _ => return Err(r.corrupt("ended_us")),
    };
    AgreementState::from_parts(&r.text("state")?, filing, ending).ok_or_else(|| r.corrupt("state"))
}

/// Adds the assignments of the practitioner, or of everybody, to a facility's facts.
pub async fn assignments(
    tx: &mut Tx,
    region: RegionCode,
    facility: &mut FacilityFacts,
    practitioner: Option<Id<Practitioner>>,
) -> Result<(), StoreError> {
    let mut sql = "SELECT id, agreement, first_day, last_day, shifts, ended_us FROM assignments
         WHERE region = $1 AND facility = $2"
        .to_owned();
    if practitioner.is_some() {
        sql.push_str(" AND practitioner = $3");
    }
    let mut query = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind(facility.facility.to_string());
    if let Some(practitioner) = practitioner {
        query = query.bind(practitioner.to_string());
    }
    for row in &query.fetch_all(tx).await? {
        let r = Reader::new(row, "assignments", "id");
        facility.assignments.push(AssignmentFact {
            id: r.parsed("id")?,
            agreement: r.parsed("agreement")?,
            duty: duty(&r)?,
        });
    }
    Ok(())
}

/// When an assignment's row holds, for whoever reads one.
pub fn duty(r: &Reader<'_>) -> Result<Duty, StoreError> {
    let shifts: Option<Vec<Shift>> = r
        .text("shifts")?
        .split_ascii_whitespace()
        .map(|shift| {
            let (weekday, hours) = shift.split_once('/')?;
            let (from, until) = hours.split_once('-')?;
            Shift::parse(weekday.parse().ok()?, from, until).ok()
        })
        .collect();
    Ok(Duty {
        first_day: r.day("first_day")?,
        last_day: r.day("last_day")?,
        shifts: shifts.ok_or_else(|| r.corrupt("shifts"))?,
        ended: r.maybe_time("ended_us")?,
    })
}

/// Shifts as they are stored: `1/08:30-11:30 3/14:00-17:00`.
pub fn stored_shifts(shifts: &[Shift]) -> String {
    let one = |shift: &Shift| {
        let (weekday, from, until) = shift.parts();
        format!("{weekday}/{from}-{until}")
    };
    shifts.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What is read of an enrolment and its child.
const ENROLLED: &str = "SELECT e.id, e.child, e.facility, e.state, e.first_day, e.last_day,
           c.birth_date,
           (SELECT MIN(g.disputed_us) FROM guardianships g
            WHERE g.region = e.region AND g.child = e.child AND g.ended_us IS NULL)
               AS disputed_us
     FROM enrolments e JOIN children c ON c.region = e.region AND c.id = e.child
     WHERE e.region = $1 AND ";

/// Children in the facilities' care (or expected) from `today` on, without consents, by facility.
pub async fn children_at(
    tx: &mut Tx,
    region: RegionCode,
    facilities: &[Id<Organization>],
    today: NaiveDate,
) -> Result<Wards, StoreError> {
    let sql = format!(
        "{ENROLLED} {} AND COALESCE(e.last_day, '9999-12-31') >= $3",
        tx.among("e.facility", 2)
    );
    let query = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(facilities.iter().map(ToString::to_string).collect())
        .bind(today.to_string());
    by_facility(&query.fetch_all(tx).await?)
}

/// A child that is or was in a facility's care, or is expected, with every enrolment there and
/// without consents.
pub async fn child_at(
    tx: &mut Tx,
    region: RegionCode,
    facility: Id<Organization>,
    child: Id<Child>,
) -> Result<Option<ChildFacts>, StoreError> {
    let rows = tx
        .query_of_parts(format!("{ENROLLED} e.facility = $2 AND e.child = $3"))
        .bind(region.to_string())
        .bind(facility.to_string())
        .bind(child.to_string())
        .fetch_all(tx)
        .await?;
    let mut children = BTreeMap::new();
    for row in &rows {
        enter(&mut children, row)?;
    }
    Ok(children.into_values().next())
}

/// Every enrolment of the children that has not ended before `today`, by facility.
pub async fn enrolled(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
    today: NaiveDate,
) -> Result<Vec<(Id<Organization>, ChildFacts)>, StoreError> {
    let select = format!("{ENROLLED} COALESCE(e.last_day, '9999-12-31') >= $3");
    let sql = tx.each(&select, &["e.child"], 2, "");
    let rows = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(children.iter().map(ToString::to_string).collect())
        .bind(today.to_string())
        .fetch_all(tx)
        .await?;
    let pairs = by_facility(&rows)?
        .into_iter()
        .flat_map(|(facility, children)| children.into_iter().map(move |child| (facility, child)));
    Ok(pairs.collect())
}

/// Children by the facility that has them in its care.
pub type Wards = BTreeMap<Id<Organization>, Vec<ChildFacts>>;

fn by_facility(rows: &[Row]) -> Result<Wards, StoreError> {
    let mut wards: BTreeMap<Id<Organization>, BTreeMap<Id<Child>, ChildFacts>> = BTreeMap::new();
    for row in rows {
        let facility = Reader::new(row, "enrolments", "id").parsed("facility")?;
        enter(wards.entry(facility).or_default(), row)?;
    }
    let wards = wards.into_iter();
    Ok(wards
        .map(|(facility, children)| (facility, children.into_values().collect()))
        .collect())
}

fn enter(children: &mut BTreeMap<Id<Child>, ChildFacts>, row: &Row) -> Result<(), StoreError> {
    let r = Reader::new(row, "enrolments", "id");
    let child = r.parsed("child")?;
    let facts = match children.entry(child) {
        std::collections::btree_map::Entry::Occupied(slot) => slot.into_mut(),
        std::collections::btree_map::Entry::Vacant(slot) => slot.insert(ChildFacts {
            child,
            birth_date: r.day("birth_date")?,
            disputed_since: r.maybe_time("disputed_us")?,
            enrolments: Vec::new(),
            consents: Vec::new(),
            own_guardianship: None,
        }),
    };
    facts.enrolments.push(EnrolmentFact {
        id: r.parsed("id")?,
        state: enrolment_state(&r)?,
    });
    Ok(())
}

/// The state of an enrolment's row, for whoever reads one.
pub fn enrolment_state(r: &Reader<'_>) -> Result<EnrolmentState, StoreError> {
    EnrolmentState::from_parts(
        &r.text("state")?,
        r.day("first_day")?,
        r.maybe_parsed("last_day")?,
    )
    .ok_or_else(|| r.corrupt("state"))
}

/// Consents of the children, by child and recipient; only those to `recipient` if one is named.
pub async fn consents(
    tx: &mut Tx,
    region: RegionCode,
    children: &[Id<Child>],
    recipient: Option<Id<Organization>>,
) -> Result<BTreeMap<(Id<Child>, Id<Organization>), Vec<ConsentFact>>, StoreError> {
    let mut sql = format!(
        "SELECT s.id, s.child, s.recipient, s.granted_us, s.state, s.ended_us, s.first_day,
                s.last_day, s.purposes, s.categories, s.sources, s.mode, s.data_from, s.data_until,
                CASE WHEN g.ended_us IS NULL THEN 0 ELSE 1 END AS guardianship_ended
         FROM consents s
         JOIN guardianships g ON g.region = s.region AND g.id = s.guardianship
         WHERE s.region = $1 AND {}",
        tx.among("s.child", 2)
    );
    if recipient.is_some() {
        sql.push_str(" AND s.recipient = $3");
    }
    let mut query = tx
        .query_of_parts(sql)
        .bind(region.to_string())
        .bind_list(children.iter().map(ToString::to_string).collect());
    if let Some(recipient) = recipient {
        query = query.bind(recipient.to_string());
    }
    let mut consents: BTreeMap<_, Vec<ConsentFact>> = BTreeMap::new();
    for row in &query.fetch_all(tx).await? {
        let r = Reader::new(row, "consents", "id");
        consents
            .entry((r.parsed("child")?, r.parsed("recipient")?))
            .or_default()
            .push(ConsentFact {
                id: r.parsed("id")?,
                granted: r.time("granted_us")?,
                state: consent_state(&r)?,
                guardianship_ended: flag(row, "guardianship_ended")?,
                first_day: r.day("first_day")?,
                last_day: r.day("last_day")?,
                purposes: r.words("purposes", Purpose::parse)?,
                categories: r.words("categories", Category::parse)?,
                sources: r.words("sources", |w| w.parse().ok())?,
                mode: r.word("mode", ConsentMode::parse)?,
                data_from: r.maybe_parsed("data_from")?,
                data_until: r.maybe_parsed("data_until")?,
            });
    }
    Ok(consents)
}

/// The state of a consent's row, for whoever reads one.
pub fn consent_state(r: &Reader<'_>) -> Result<ConsentState, StoreError> {
    let ended: Option<DateTime<Utc>> = r.maybe_time("ended_us")?;
    ConsentState::from_parts(&r.text("state")?, ended).ok_or_else(|| r.corrupt("state"))
}

/// A computed flag: SQLite gives it back as INTEGER, PostgreSQL as INT4.
fn flag(row: &Row, column: &str) -> Result<bool, StoreError> {
    let value: i32 = row.get(column)?;
    Ok(value != 0)
}
