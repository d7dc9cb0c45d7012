//! The region's register of organizations, their codes and their standing.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::{
    caller::{self, Claim},
    change::{Change, KeyChange},
    error::{Error, Problem},
    founding::{Founding, Opening},
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    domain::{
        id::Id,
        identifier::SocialCreditCode,
        organization::{Organization, OrganizationKind, Standing},
        region::{RegionCode, Settings},
    },
    ledger::{KeyKind, KeyState},
    pki::EnrolmentCode,
    store::{
        Tx, certificates, escalations,
        organizations::{self, NewOrganization},
        regions,
    },
};

pub use organizations::OrganizationRow;

/// How long a code lasts unless told otherwise.
pub const USUAL_CODE: TimeDelta = TimeDelta::hours(72);
/// How long a code may last.
pub const LONGEST_CODE: TimeDelta = TimeDelta::hours(720);

/// An organization to be entered in the register.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// What it is.
    pub kind: OrganizationKind,
    /// Its full name in Chinese.
    pub display_name: String,
    /// 统一社会信用代码.
    pub social_credit_code: SocialCreditCode,
    /// Filing or licence number; empty when none.
    pub filing_number: String,
    /// Licensed places; 0 for what is no facility.
    pub licensed_places: u32,
    /// Of those, inclusive places.
    pub inclusive_places: u32,
}

impl Invitation {
    fn check(&self) -> Result<(), Error> {
        let mut problems = Vec::new();
        let places = self.licensed_places.max(self.inclusive_places);
        if places > 0 && !self.kind.is_facility() {
            let field = "organization.licensed_places";
            problems.push(Problem::new(field, Reason::WrongOrganizationKind));
        } else if self.inclusive_places > self.licensed_places {
            let field = "organization.inclusive_places";
            problems.push(Problem::new(field, Reason::FieldOutOfRange));
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(problems))
        }
    }

    fn row(self, id: Id<Organization>) -> NewOrganization {
        NewOrganization {
            id,
            kind: self.kind,
            display_name: self.display_name,
            social_credit_code: self.social_credit_code,
            filing_number: self.filing_number,
            licensed_places: self.licensed_places,
            inclusive_places: self.inclusive_places,
        }
    }
}

/// A one-time enrolment code, to be shown once and handed over.
pub struct IssuedCode {
    /// The text; it speaks for the organization until it is used or expires.
    pub text: Zeroizing<String>,
    /// When it ends.
    pub expires: DateTime<Utc>,
}

/// Commission: enters an organization and gives its code.
pub async fn invite(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    invitation: Invitation,
    lasts: TimeDelta,
) -> Result<(OrganizationRow, IssuedCode), Error> {
    invitation.check()?;
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_commission()?;
    let row = invitation.row(Id::timed(change.now, &mut change.chance));
    if !organizations::insert(&mut change.tx, region, &row, change.now).await? {
        return Err(Reason::OrganizationExists.into());
    }
    change.record(KeyChange {
        kind: KeyKind::Standing,
        id: row.id.to_string(),
        change: "ORGANIZATION_INVITED",
        state: KeyState::Open {
            from: change.now.timestamp_micros(),
            until: None,
        },
        facts: vec![],
        child: None,
    })?;
    let code = issue_code(&mut change, row.id, lasts).await?;
    for facility in passing_on_to(&mut change.tx, region, row.kind).await? {
        change.backfill(facility, change.now).await?;
    }
    change.commit().await?;
    let invited = OrganizationRow {
        organization: row,
        standing: Standing::Active,
        enrolled: false,
    };
    Ok((invited, code))
}

/// Commission: a fresh code for a registered organization; earlier unused codes of it end.
pub async fn reissue_code(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Organization>,
    lasts: TimeDelta,
) -> Result<(OrganizationRow, IssuedCode), Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_commission()?;
    let found = organizations::find(&mut change.tx, region, id, change.now).await?;
    let found = found.ok_or(Reason::NotFound)?;
    let code = issue_code(&mut change, id, lasts).await?;
    change.commit().await?;
    Ok((found, code))
}

async fn issue_code(
    change: &mut Change,
    id: Id<Organization>,
    lasts: TimeDelta,
) -> Result<IssuedCode, Error> {
    let gateway = change.gateway().clone();
    let (tx, now) = (&mut change.tx, change.now);
    put_code(
        &gateway,
        tx,
        change.region,
        id,
        now + lasts,
        &mut change.chance,
    )
    .await
}

async fn put_code(
    gateway: &Gateway,
    tx: &mut Tx,
    region: RegionCode,
    id: Id<Organization>,
    expires: DateTime<Utc>,
    chance: &mut (dyn rand::RngCore + Send),
) -> Result<IssuedCode, Error> {
    let code = EnrolmentCode::generate(&region.to_string(), gateway.pin()?, chance)
        .map_err(|_| Error::Broken("a region that fits no code"))?;
    let digest = data_encoding::HEXLOWER.encode(&code.secret().digest());
    certificates::put_code(tx, region, id, &digest, expires).await?;
    Ok(IssuedCode {
        text: code.reveal(),
        expires,
    })
}

/// Operator: lays a region out with its first organization, the commission, and gives that its code.
///
/// # Errors
/// `REGION_EXISTS` when it is laid out already.
pub async fn found(
    gateway: &Gateway,
    region: RegionCode,
    settings: &Settings,
    commission: Invitation,
    lasts: TimeDelta,
) -> Result<(Id<Organization>, IssuedCode), Error> {
    if commission.kind != OrganizationKind::HealthCommission {
        return Err(Error::field(
            "organization.kind",
            Reason::WrongOrganizationKind,
        ));
    }
    commission.check()?;
    let mut tx = gateway.store().begin().await?;
    if regions::find(&mut tx, region).await?.is_some() {
        return Err(Reason::RegionExists.into());
    }
    let settings = Settings {
        rule_set: settings
            .rule_set
            .or(Some(gateway.rule_book().shipped().id())),
        ..settings.clone()
    };
    regions::create(&mut tx, region, &settings).await?;
    let mut founding = Founding::begin(gateway, tx, region).await?;
    let row = commission.row(Id::timed(founding.now, &mut founding.chance));
    organizations::insert(&mut founding.tx, region, &row, founding.now).await?;
    founding.record(Opening {
        kind: KeyKind::Standing,
        id: row.id.to_string(),
        change: "REGION_FOUNDED",
        by: None,
        facts: vec![],
    })?;
    let (tx, expires) = (&mut founding.tx, founding.now + lasts);
    let code = put_code(gateway, tx, region, row.id, expires, &mut founding.chance).await?;
    founding.commit().await?;
    Ok((row.id, code))
}

/// One organization of the region: for everybody who may act in it.
pub async fn get(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Organization>,
) -> Result<OrganizationRow, Error> {
    let mut tx = gateway.store().snapshot().await?;
    caller::admit(&mut tx, region, claim).await?;
    let now = tx.now().await?;
    Ok(organizations::find(&mut tx, region, id, now)
        .await?
        .ok_or(Reason::NotFound)?)
}

/// The region's organizations after `after`, at most `limit`.
pub async fn list(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    after: Option<Id<Organization>>,
    limit: u32,
) -> Result<Vec<OrganizationRow>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    caller::admit(&mut tx, region, claim).await?;
    let now = tx.now().await?;
    Ok(organizations::list(&mut tx, region, after, limit, now).await?)
}

/// Commission: suspends an organization. Every look that starts later is refused; its agreements
/// stop being in force until it is restored. The commission can't shut itself out.
pub async fn suspend(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Organization>,
    reason: &str,
) -> Result<OrganizationRow, Error> {
    set_standing(gateway, region, claim, id, Standing::Suspended, reason).await
}

/// Commission: restores a suspended organization.
pub async fn restore(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Organization>,
) -> Result<OrganizationRow, Error> {
    set_standing(gateway, region, claim, id, Standing::Active, "").await
}

async fn set_standing(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Organization>,
    standing: Standing,
    reason: &str,
) -> Result<OrganizationRow, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be_commission()?;
    if id == change.caller.organization {
        return Err(Reason::NotForThisOrganization.into());
    }
    let now = change.now;
    let found = organizations::find(&mut change.tx, region, id, now).await?;
    let found = found.ok_or(Reason::NotFound)?;
    if !organizations::set_standing(&mut change.tx, region, id, standing, reason, now).await? {
        return Err(Reason::WrongState.into());
    }
    let (name, state) = match standing {
        Standing::Active => {
            let from = now.timestamp_micros();
            (
                "ORGANIZATION_RESTORED",
                KeyState::Open { from, until: None },
            )
        }
        Standing::Suspended => ("ORGANIZATION_SUSPENDED", KeyState::Closed),
    };
    change.record(KeyChange {
        kind: KeyKind::Standing,
        id: id.to_string(),
        change: name,
        state,
        facts: vec![],
        child: None,
    })?;
    for facility in concerned(&mut change.tx, region, &found).await? {
        change.backfill(facility, now).await?;
    }
    change.commit().await?;
    Ok(OrganizationRow { standing, ..found })
}

/// The facilities whose children's inbox entries rest on an organization's standing.
async fn concerned(
    tx: &mut Tx,
    region: RegionCode,
    of: &OrganizationRow,
) -> Result<Vec<Id<Organization>>, Error> {
    let id = of.organization.id;
    if of.organization.kind.is_facility() {
        return Ok(vec![id]);
    }
    let mut resting: BTreeSet<Id<Organization>> =
        organizations::facilities_resting_on(tx, region, id)
            .await?
            .into_iter()
            .collect();
    resting.extend(passing_on_to(tx, region, of.organization.kind).await?);
    Ok(resting.into_iter().collect())
}

/// The facilities whose urgent alerts are passed on to every organization of a kind that may act. A
/// step may be under way while this is read: every facility with a clock counts, however far it is.
async fn passing_on_to(
    tx: &mut Tx,
    region: RegionCode,
    kind: OrganizationKind,
) -> Result<Vec<Id<Organization>>, Error> {
    match kind {
        OrganizationKind::MchCentre | OrganizationKind::HealthCommission => {
            Ok(escalations::facilities(tx, region).await?)
        }
        _ => Ok(Vec::new()),
    }
}
