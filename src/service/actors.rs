//! The people behind the calls: registered by their organization, approved by its responsible
//! person (未成年人网络保护条例 art. 36).

use std::fmt;

use rand::RngCore;

use super::{
    caller::{self, Claim},
    change::{Change, KeyChange},
    error::Error,
    gateway::Gateway,
    health_certificates::{HealthCertificate, Yearly},
    keyring::RegionKeys,
    reason::Reason,
};
use crate::{
    domain::{
        actor::{Actor, ActorRole, ActorState, Practitioner},
        canonical::{Reader, Writer},
        id::Id,
        organization::OrganizationKind,
        region::RegionCode,
    },
    ledger::{KeyKind, KeyState},
    store::{
        actors::{self, ActorRow},
        regions,
    },
    vault::{self, Place, VaultError},
};

/// A person (or system account) to be registered.
pub struct NewActor {
    /// Its name. Personal.
    pub display_name: String,
    /// What it does.
    pub role: ActorRole,
    /// The practitioner it is, if registered as one.
    pub practitioner: Option<Id<Practitioner>>,
}

/// An actor with its name, for its own organization.
pub struct NamedActor {
    /// The actor.
    pub row: ActorRow,
    /// Its name. Personal.
    pub display_name: String,
    /// How its health certificate stands, of somebody who works in care.
    pub certificate: Option<HealthCertificate>,
}

impl fmt::Debug for NamedActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedActor({:?}, …)", self.row)
    }
}

/// Registers an actor of the caller's organization; not yet approved.
pub async fn register(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    new: NewActor,
) -> Result<NamedActor, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    if !fits(new.role, change.caller.kind) {
        return Err(Error::field("actor.role", Reason::WrongOrganizationKind));
    }
    let organization = change.caller.organization;
    if let Some(practitioner) = new.practitioner
        && !actors::employs(&mut change.tx, region, organization, practitioner).await?
    {
        return Err(Error::field("actor.practitioner", Reason::NotFound));
    }
    let id = Id::timed(change.now, &mut change.chance);
    let sealed = seal_name(
        &change.keys,
        region,
        id,
        &new.display_name,
        &mut change.chance,
    )?;
    let row = ActorRow {
        id,
        organization,
        role: new.role,
        practitioner: new.practitioner,
        state: ActorState::Pending,
        decided_by: None,
        certificate_issued: None,
        sealed,
    };
    actors::insert(&mut change.tx, region, &row, change.now).await?;
    let named = named(&mut change, row).await?;
    // Nothing opens before the approval: no leaf.
    change.commit().await?;
    Ok(named)
}

/// An actor of the caller's organization as that may see it.
pub(super) async fn named(change: &mut Change, row: ActorRow) -> Result<NamedActor, Error> {
    let gateway = change.gateway().clone();
    let at = (change.region, &change.settings);
    let kind = change.caller.kind;
    let yearly = Yearly::read(&mut change.tx, &gateway, at, kind, change.now).await?;
    Ok(NamedActor {
        display_name: open_name(&change.keys, change.region, &row)?,
        certificate: yearly.of(row.role, row.certificate_issued),
        row,
    })
}

/// Which roles an organization of a kind has.
fn fits(role: ActorRole, kind: OrganizationKind) -> bool {
    match role {
        ActorRole::ResponsiblePerson | ActorRole::System => true,
        ActorRole::HealthWorker | ActorRole::Carer => kind.is_facility(),
        ActorRole::Clinician => kind.is_medical(),
        ActorRole::Official => kind == OrganizationKind::HealthCommission,
    }
}

/// Responsible person: approves a registered actor.
pub async fn approve(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Actor>,
) -> Result<NamedActor, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    let row = own(&mut change, id).await?;
    if row.state != ActorState::Pending {
        return Err(Reason::WrongState.into());
    }
    let from = change.now.timestamp_micros();
    let opened = ("ACTOR_APPROVED", KeyState::Open { from, until: None });
    decide(change, row, ActorState::Approved, "", opened).await
}

/// Responsible person: ends an actor's approval at once. The last responsible person can't be
/// revoked: nobody could approve another.
pub async fn revoke(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: Id<Actor>,
    reason: &str,
) -> Result<NamedActor, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    let row = own(&mut change, id).await?;
    if row.state == ActorState::Revoked {
        return Err(Reason::WrongState.into());
    }
    let responsible = actors::responsible(&mut change.tx, region, row.organization).await?;
    if responsible == [id] {
        return Err(Reason::WrongState.into());
    }
    decide(
        change,
        row,
        ActorState::Revoked,
        reason,
        ("ACTOR_REVOKED", KeyState::Closed),
    )
    .await
}

/// An actor of the caller's organization, for its responsible person.
pub(super) async fn own(change: &mut Change, id: Id<Actor>) -> Result<ActorRow, Error> {
    change.caller.must_be_responsible()?;
    let (region, organization) = (change.region, change.caller.organization);
    let found = actors::find(&mut change.tx, region, organization, id).await?;
    Ok(found.ok_or(Reason::NotFound)?)
}

async fn decide(
    mut change: Change,
    row: ActorRow,
    state: ActorState,
    reason: &str,
    (name, key): (&'static str, KeyState),
) -> Result<NamedActor, Error> {
    let (region, now, by) = (change.region, change.now, change.caller.actor_id());
    actors::decide(&mut change.tx, region, row.id, state, (by, reason), now).await?;
    change.record(KeyChange {
        kind: KeyKind::Actor,
        id: row.id.to_string(),
        change: name,
        state: key,
        facts: vec![("actor.role".to_owned(), row.role.as_str().to_owned())],
        child: None,
    })?;
    let row = ActorRow {
        state,
        decided_by: Some(by),
        ..row
    };
    let named = named(&mut change, row).await?;
    change.commit().await?;
    Ok(named)
}

/// The caller's organization's actors after `after`, at most `limit`.
pub async fn list(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    after: Option<Id<Actor>>,
    limit: u32,
) -> Result<Vec<NamedActor>, Error> {
    let mut tx = gateway.store().begin().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    let mut chance = gateway.own_chance();
    let keys = gateway
        .keyring()
        .region(&mut tx, region, &mut chance)
        .await?;
    let rows = actors::list(&mut tx, region, caller.organization, after, limit).await?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Reason::RegionForeign)?;
    let now = tx.now().await?;
    let at = (region, &settings);
    let yearly = Yearly::read(&mut tx, gateway, at, caller.kind, now).await?;
    tx.commit().await?;
    gateway.keyring().keep(region, keys.clone());
    rows.into_iter()
        .map(|row| {
            Ok(NamedActor {
                display_name: open_name(&keys, region, &row)?,
                certificate: yearly.of(row.role, row.certificate_issued),
                row,
            })
        })
        .collect()
}

const NAME: &str = "yuqiao.actor";
const VERSION: u8 = 1;

fn place<'a>(region: &'a str, row: &'a str) -> Place<'a> {
    Place {
        table: "actors",
        region,
        row,
        column: "sealed",
    }
}

/// An actor's name as it is stored.
pub(super) fn seal_name(
    keys: &RegionKeys,
    region: RegionCode,
    id: Id<Actor>,
    name: &str,
    chance: &mut dyn RngCore,
) -> Result<Vec<u8>, VaultError> {
    let (region, row) = (region.to_string(), id.to_string());
    let plain = zeroize::Zeroizing::new(Writer::new(NAME, VERSION).text(name).finish());
    vault::seal(&keys.staff, &place(&region, &row), &plain, chance)
}

fn open_name(keys: &RegionKeys, region: RegionCode, row: &ActorRow) -> Result<String, Error> {
    let (region, id) = (region.to_string(), row.id.to_string());
    let plain = vault::open(&keys.staff, &place(&region, &id), &row.sealed)?;
    let read = || {
        let mut reader = Reader::new(NAME, &plain).ok()?;
        let name = reader.text().ok()?.to_owned();
        (reader.version() == VERSION && reader.finish().is_ok()).then_some(name)
    };
    read().ok_or(Error::Broken("an actor's name"))
}
