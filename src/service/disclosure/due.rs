//! What is due: a facility about the children in its care, an MCH centre about its area, a guardian
//! about the own child.
//!
//! The keys say which categories are open, and only children of whom one is are read. What a forecast
//! rests on is read whole under their permits and stays sealed until the look is committed; then it is
//! worked out, and what of it the reader is told says `clinical::schedule::Reader`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::NaiveDate;

use super::{
    Answer, Ask, Why, Withheld,
    facility::Decided,
    is_unreadable,
    sitting::{Shown, Sitting},
};
use crate::{
    access::{Asker, Permit, Scope},
    clinical::{
        rules::RuleSet,
        schedule::{Item, Reader, Reason, Status, Track, forecast},
    },
    domain::{
        alert::Category,
        child::Child,
        id::Id,
        organization::{Organization, OrganizationKind},
        purpose::Purpose,
        region::{RegionCode, Settings},
    },
    service::{
        assessment,
        attendance::{self, Attendance},
        error::Error,
        gateway::Gateway,
        reason::Reason as Refusal,
    },
    store::{
        assessments,
        check_ups::{self, Examination},
        children::{self, ChildRow},
    },
};

/// A page of children, in the order of their ids.
#[derive(Debug, Clone)]
pub struct Page {
    /// The last child of the page before; empty at the beginning.
    pub after: String,
    /// Children at most.
    pub children: usize,
}

/// What due lists are worked out from, still sealed.
pub struct Due {
    children: Vec<Sealed>,
    rules: Arc<RuleSet>,
    settings: Settings,
    /// The region's civil day.
    pub today: NaiveDate,
    /// Children of whom nothing may be shown.
    pub withheld: Vec<Withheld>,
    /// The last child considered, when there may be more.
    pub next: Option<String>,
}

struct Sealed {
    row: ChildRow,
    check_ups: Vec<Examination>,
    attendance: Attendance,
    reader: Reader,
}

/// What a child's reader is told is due. No `Debug`: it tells of a child's health.
pub struct ChildDue {
    /// The child.
    pub child: Id<Child>,
    /// By track, and within a track in the order of the schedule.
    pub items: Vec<DueItem>,
    /// The categories that were open.
    pub considered: BTreeSet<Category>,
    /// Tracks of which nothing is on record.
    pub without_record: Vec<Track>,
}

/// One item of a due list.
pub struct DueItem {
    /// Its track.
    pub track: Track,
    /// The facility that asks for it; none for what is asked of the child wherever it is.
    pub facility: Option<Id<Organization>>,
    /// Stable within the track.
    pub item: String,
    /// What people call it.
    pub label_zh: String,
    /// From this day it counts.
    pub earliest: Option<NaiveDate>,
    /// From this day it should be done.
    pub due: Option<NaiveDate>,
    /// From this day it is late.
    pub overdue: Option<NaiveDate>,
    /// From this day on it can no longer be done.
    pub latest: Option<NaiveDate>,
    /// How it stands.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// The day it was done; for a guardian.
    pub done: Option<NaiveDate>,
    /// The document that asks for it.
    pub source_document: String,
    /// The edition of its schedule.
    pub schedule_version: String,
}

impl Sitting {
    /// A facility's children, or one of them.
    pub(super) async fn due_at(
        &mut self,
        ask: &Ask,
        (facility, child): (Id<Organization>, Option<Id<Child>>),
        purpose: Option<Purpose>,
        page: &Page,
    ) -> Result<Answer, Error> {
        let of = (facility, child);
        let Decided {
            caller,
            capacity,
            permits,
            mut withheld,
            ..
        } = self.facility(ask, of, purpose, Default::default()).await?;
        let (mut permits, short): (Vec<Permit>, Vec<Permit>) = permits
            .into_iter()
            .partition(|permit| !categories(permit).is_empty());
        if capacity == Asker::FacilityStaff {
            let falls_short = |permit: &Permit| {
                Some(Withheld {
                    child: permit.child()?,
                    why: Why::Denied(permit.falls_short()),
                })
            };
            withheld.extend(short.iter().filter_map(falls_short));
        }
        if child.is_some() && permits.is_empty() {
            let denial = withheld.pop().and_then(Withheld::denial);
            return Err(denial.map_or_else(|| Refusal::NotFound.into(), Error::Denied));
        }
        permits.retain(|permit| place(permit) > page.after);
        permits.sort_by_cached_key(place);
        let more = permits.len() > page.children;
        permits.truncate(page.children);
        let next = permits.last().filter(|_| more).map(place);
        let due = self.due(&permits, withheld, next).await?;
        let actor = caller.actor_id().to_string();
        self.leaf(ask, &actor, &shown(&permits)).await?;
        Ok(Answer::Due(due))
    }

    /// The area an MCH centre follows up.
    pub(super) async fn due_in(&mut self, ask: &Ask, page: &Page) -> Result<Answer, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        if caller.kind != OrganizationKind::MchCentre {
            return Err(Refusal::NotForThisOrganization.into());
        }
        let (region, limit) = (self.region, page.children);
        let rows = assessments::after(&mut self.tx, region, &page.after, limit).await?;
        let permits = self.follows(&asker, &rows)?;
        let full = rows.len() == limit;
        let next = rows.last().filter(|_| full).map(|row| row.id.to_string());
        let due = self.due(&permits, Vec::new(), next).await?;
        let actor = caller.actor_id().to_string();
        self.leaf(ask, &actor, &shown(&permits)).await?;
        Ok(Answer::Due(due))
    }

    /// Reads what forecasts rest on of the permits' children.
    pub(super) async fn due(
        &mut self,
        permits: &[Permit],
        withheld: Vec<Withheld>,
        next: Option<String>,
    ) -> Result<Due, Error> {
        let (region, gateway) = (self.region, self.gateway.clone());
        let ids: Vec<Id<Child>> = permits.iter().filter_map(Permit::child).collect();
        let mut check_ups: BTreeMap<Id<Child>, Vec<Examination>> = BTreeMap::new();
        let mut days = BTreeMap::new();
        let mut rows = BTreeMap::new();
        if !ids.is_empty() {
            for row in children::find(&mut self.tx, region, &ids).await? {
                rows.insert(row.id, row);
            }
            for one in check_ups::to_forecast(&mut self.tx, region, permits).await? {
                check_ups.entry(one.child).or_default().push(one);
            }
            days = attendance::of(&mut self.tx, region, &ids).await?;
        }
        let sealed = |permit: &Permit| {
            let child = permit.child()?;
            Some(Sealed {
                row: rows.remove(&child)?,
                check_ups: check_ups.remove(&child).unwrap_or_default(),
                attendance: days.remove(&child).unwrap_or_default(),
                reader: reader(permit)?,
            })
        };
        let book = gateway.rule_book();
        Ok(Due {
            children: permits.iter().filter_map(sealed).collect(),
            rules: book.of(&mut self.tx, region, &self.settings).await?,
            today: self.settings.zone.day(self.now),
            settings: self.settings.clone(),
            withheld,
            next,
        })
    }
}

/// What each permit showed: the categories of the tracks that are told, whatever is due.
pub(super) fn shown(permits: &[Permit]) -> Vec<Shown<'_>> {
    let of = |permit| Shown {
        permit,
        categories: categories(permit),
        further: Vec::new(),
    };
    permits.iter().map(of).collect()
}

/// Who reads under a permit; nobody reads a due list under one over records or counts.
fn reader(permit: &Permit) -> Option<Reader> {
    Some(match permit.scope() {
        Scope::Everything => Reader::Guardian,
        Scope::AbnormalFindings => Reader::FollowUp,
        scope @ Scope::Consented {
            facility,
            data_from,
            data_until,
            ..
        } => {
            let all = Category::ALL.iter().copied();
            Reader::Care {
                facility: *facility,
                opened: all.filter(|category| scope.opens(*category)).collect(),
                data_from: *data_from,
                data_until: *data_until,
            }
        }
        Scope::OwnRecords(_) | Scope::Counts => return None,
    })
}

/// The categories of what a permit's reader is told.
fn categories(permit: &Permit) -> BTreeSet<Category> {
    reader(permit).map(|r| r.categories()).unwrap_or_default()
}

/// Where a permit's child stands in the order of children.
fn place(permit: &Permit) -> String {
    permit.child().map(|c| c.to_string()).unwrap_or_default()
}

/// Opens what was read and works out each child's due list: what is due or overdue, and what becomes
/// due within so many days. Children that were erased are left out; of whom something does not open,
/// nothing is said.
pub fn due_lists(
    gateway: &Gateway,
    region: RegionCode,
    due: Due,
    within_days: u32,
) -> Result<(Vec<ChildDue>, Vec<Withheld>), Error> {
    let (mut lists, mut unreadable) = (Vec::with_capacity(due.children.len()), Vec::new());
    let basis = (&*due.rules, &due.settings, due.today);
    for sealed in due.children {
        let child = sealed.row.id;
        match due_list(gateway, region, sealed, basis, within_days) {
            Ok(list) => lists.extend(list),
            Err(cause) if is_unreadable(&cause) => {
                tracing::error!(%child, %cause, "a child's check-ups do not open");
                unreadable.push(child);
            }
            Err(error) => return Err(error),
        }
    }
    Ok((lists, Withheld::unreadable(unreadable)))
}

fn due_list(
    gateway: &Gateway,
    region: RegionCode,
    sealed: Sealed,
    (rules, settings, today): (&RuleSet, &Settings, NaiveDate),
    within_days: u32,
) -> Result<Option<ChildDue>, Error> {
    let wrapped = sealed.row.wrapped_key.as_deref();
    let key = gateway.keyring().child(region, sealed.row.id, wrapped)?;
    let Some(key) = key else {
        return Ok(None);
    };
    let opened = assessment::open_all(&key, sealed.check_ups)?;
    let named = assessment::named(&opened);
    let examined = assessment::examined(&named);
    let life = assessment::life(&sealed.row, settings, &sealed.attendance);
    let forecast = forecast(rules.schedules(), &life, &examined, today);
    let told = forecast.told_to(&sealed.reader, today, within_days);
    Ok(Some(ChildDue {
        child: sealed.row.id,
        items: told.items.into_iter().map(item).collect(),
        considered: sealed.reader.categories(),
        without_record: told.without_record,
    }))
}

fn item(item: Item<'_>) -> DueItem {
    DueItem {
        track: item.track,
        facility: item.facility,
        item: item.item.to_owned(),
        label_zh: item.label_zh.to_owned(),
        earliest: item.earliest,
        due: item.due,
        overdue: item.overdue,
        latest: item.latest,
        status: item.status,
        reason: item.reason,
        done: item.done,
        source_document: item.source.citation(),
        schedule_version: item.schedule_version.to_owned(),
    }
}
