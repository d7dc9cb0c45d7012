//! 健康合格证: those who work in care need a health certificate to begin, and a new one every year
//! (托儿所幼儿园卫生保健管理办法 art. 14). The facility records the days; it alone sees whose they are, and
//! the commission, which supervises, is told how many.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    actors::{self, NamedActor},
    caller::{self, Claim},
    change::Change,
    error::Error,
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    clinical::{
        rules::RuleSet,
        schedule::{self, Status},
    },
    domain::{
        actor::{Actor, ActorRole, ActorState, CertificateStatus},
        id::Id,
        organization::{Organization, OrganizationKind},
        region::{RegionCode, Settings},
    },
    store::{
        Tx,
        actors::{self as actor_rows, ActorRow},
        organizations, regions,
    },
};

/// How the certificate of somebody who works in care stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCertificate {
    /// How, today.
    pub status: CertificateStatus,
    /// The day it was issued; none where none is on record, and then there is no other day.
    pub issued: Option<NaiveDate>,
    /// From this day the next one is due.
    pub due: Option<NaiveDate>,
    /// The first day on which it no longer holds.
    pub expiry: Option<NaiveDate>,
}

/// What is asked of the staff of one kind of organization on one day.
pub(super) struct Yearly {
    rules: Arc<RuleSet>,
    today: NaiveDate,
    asked: bool,
}

impl Yearly {
    /// By the schedules that count in the region.
    pub(super) async fn read(
        tx: &mut Tx,
        gateway: &Gateway,
        (region, settings): (RegionCode, &Settings),
        kind: OrganizationKind,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        Ok(Self {
            rules: gateway.rule_book().of(tx, region, settings).await?,
            today: settings.zone.day(now),
            asked: kind.is_facility(),
        })
    }

    /// How a certificate of that day stands; none for whom none is asked.
    pub(super) fn of(
        &self,
        role: ActorRole,
        issued: Option<NaiveDate>,
    ) -> Option<HealthCertificate> {
        if !self.asked || !role.works_in_care() {
            return None;
        }
        self.stands(issued)
    }

    fn stands(&self, issued: Option<NaiveDate>) -> Option<HealthCertificate> {
        let item = schedule::staff::certificate(self.rules.schedules(), issued, self.today)?;
        let status = match item.status {
            _ if issued.is_none() => CertificateStatus::Missing,
            Status::Upcoming | Status::Done => CertificateStatus::Valid,
            Status::Due => CertificateStatus::RenewalDue,
            _ => CertificateStatus::Lapsed,
        };
        Some(HealthCertificate {
            status,
            issued,
            due: item.due,
            expiry: item.overdue,
        })
    }
}

/// Responsible person of a facility: the day a worker's certificate was issued, not after today; none
/// takes back what was recorded. No key turns on it, so there is no leaf.
pub async fn record(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Actor>,
    issued: Option<NaiveDate>,
) -> Result<NamedActor, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_facility()?;
    let row = actors::own(&mut change, id).await?;
    if !row.role.works_in_care() {
        return Err(Error::field("name", Reason::PersonRequired));
    }
    if row.state == ActorState::Revoked {
        return Err(Reason::WrongState.into());
    }
    let today = change.settings.zone.day(change.now);
    if issued.is_some_and(|day| day > today) {
        return Err(Error::field("issued_day", Reason::DayAhead));
    }
    let (by, now) = (change.caller.actor_id(), change.now);
    actor_rows::certify(&mut change.tx, region, id, issued, by, now).await?;
    let row = ActorRow {
        certificate_issued: issued,
        ..row
    };
    let named = actors::named(&mut change, row).await?;
    change.commit().await?;
    Ok(named)
}

/// How the certificates of a facility's approved workers stand. They are counts of staff, not of
/// children, and a duty of the facility: small ones are told too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffCertificates {
    /// The facility.
    pub facility: Id<Organization>,
    /// Its public name.
    pub display_name: String,
    /// Approved workers.
    pub workers: u32,
    /// Whose certificate holds.
    pub valid: u32,
    /// Whose next one is due.
    pub renewal_due: u32,
    /// Whose certificate no longer holds.
    pub lapsed: u32,
    /// Who has none on record.
    pub missing: u32,
}

/// The commission's office: at most `limit` facilities after `after`, in order of registration.
pub async fn count(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    after: Option<Id<Organization>>,
    limit: u32,
) -> Result<Vec<StaffCertificates>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    caller::admit(&mut tx, region, claim)
        .await?
        .must_be_office()?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Reason::RegionForeign)?;
    let now = tx.now().await?;
    let rules = gateway.rule_book().of(&mut tx, region, &settings).await?;
    let yearly = Yearly {
        rules,
        today: settings.zone.day(now),
        asked: true,
    };
    let facilities = organizations::facilities(&mut tx, region, after, limit).await?;
    let ids: Vec<Id<Organization>> = facilities.iter().map(|(id, _)| *id).collect();
    let certified = actor_rows::certified(&mut tx, region, &ids).await?;
    tx.rollback().await?;
    let mut counted: Vec<StaffCertificates> = facilities
        .into_iter()
        .map(|(facility, display_name)| StaffCertificates {
            facility,
            display_name,
            workers: 0,
            valid: 0,
            renewal_due: 0,
            lapsed: 0,
            missing: 0,
        })
        .collect();
    for some in certified {
        let of = counted.iter_mut().find(|of| of.facility == some.facility);
        let (Some(of), Some(certificate)) = (of, yearly.stands(some.issued)) else {
            continue;
        };
        of.workers += some.workers;
        *match certificate.status {
            CertificateStatus::Valid => &mut of.valid,
            CertificateStatus::RenewalDue => &mut of.renewal_due,
            CertificateStatus::Lapsed => &mut of.lapsed,
            CertificateStatus::Missing => &mut of.missing,
        } += some.workers;
    }
    Ok(counted)
}
