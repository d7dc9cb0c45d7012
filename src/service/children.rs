//! Children: registered by identifier, never merged by name and birthday.

use chrono::NaiveDate;
use zeroize::Zeroizing;

use super::{
    caller::Claim,
    change::{Change, LockedChild},
    claims,
    error::Error,
    gateway::Gateway,
    push::blind,
    reason::Reason,
};
use crate::{
    domain::{
        child::Child, id::Id, identifier::ChildIdentifier, organization::OrganizationKind,
        region::RegionCode, sex::Sex,
    },
    store::children::{self, Assessed, ChildRow, NewChild, NewIdentifier},
};

/// A child to be registered. Personal.
pub struct Registration {
    /// The child's name.
    pub display_name: Zeroizing<String>,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Gestation at birth in days, if known.
    pub gestation_days: Option<u32>,
    /// Numbers, at least one.
    pub identifiers: Vec<ChildIdentifier>,
}

/// What is told of a child: nothing that the caller did not say itself.
pub struct Registered {
    /// The child.
    pub id: Id<Child>,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth_date: NaiveDate,
    /// Gestation at birth in days, if known to the caller.
    pub gestation_days: Option<u32>,
}

/// Whether a number does not contradict sex and day of birth. Only a resident ID carries them
/// (GB 11643-1999).
pub fn agrees(identifier: &ChildIdentifier, sex: Sex, birth_date: NaiveDate) -> bool {
    let ChildIdentifier::ResidentId(id) = identifier else {
        return true;
    };
    Sex::from_gb2261(id.sex() as u8) == Some(sex) && id.birth_date() == birth_date
}

fn may_register(kind: OrganizationKind) -> bool {
    kind.is_facility() || kind.is_medical()
}

/// Registers a child. One whose identifier is known already keeps its id, and nobody is told that it
/// was known. Check-ups that waited for one of the identifiers are claimed.
pub async fn register(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    registration: Registration,
) -> Result<Registered, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be(may_register)?;
    if registration.birth_date > change.settings.zone.day(change.now) {
        return Err(Error::field("child.birth_date", Reason::FieldOutOfRange));
    }
    let index = gateway.keyring().index();
    let blinds: Vec<String> = registration
        .identifiers
        .iter()
        .map(|i| blind(index, i))
        .collect();
    let slots = children::take_slots(&mut change.tx, region, &blinds).await?;
    let mut owners: Vec<Id<Child>> = slots.iter().filter_map(|(_, child)| *child).collect();
    owners.sort_unstable();
    owners.dedup();
    let mut learned = false;
    let child = match owners.as_slice() {
        [] => create(&mut change, &registration).await?,
        [known] => {
            let mut known = change
                .lock_child(*known)
                .await?
                .ok_or(Reason::ChildErased)?;
            let told = registration.gestation_days;
            let gestation = known.row.gestation_days.or(told);
            let same = known.row.sex == registration.sex
                && known.row.birth_date == registration.birth_date
                && told.is_none_or(|told| gestation == Some(told));
            if !same {
                return Err(Reason::IdentityDisagrees.into());
            }
            learned = learn_gestation(&mut change, &mut known, gestation).await?;
            known
        }
        _ => return Err(Reason::IdentifierTaken.into()),
    };
    let free = registration
        .identifiers
        .iter()
        .zip(&blinds)
        .filter(|(_, blind)| {
            slots
                .iter()
                .any(|(slot, owner)| slot == *blind && owner.is_none())
        });
    for (identifier, blind) in free {
        add(&mut change, &child, identifier, blind).await?;
    }
    let claimed = claims::claim_unmatched(&mut change, &child, &blinds).await?;
    // Once, after both: an assessment compares with the row as it was read.
    if learned || claimed {
        claims::reassess(&mut change, &child).await?;
    }
    change.commit().await?;
    Ok(Registered {
        id: child.row.id,
        sex: registration.sex,
        birth_date: registration.birth_date,
        gestation_days: registration.gestation_days,
    })
}

/// Keeps a gestation that was not known before. Tells whether it was: what is judged by corrected age is
/// then to be assessed anew.
async fn learn_gestation(
    change: &mut Change,
    child: &mut LockedChild,
    gestation: Option<u32>,
) -> Result<bool, Error> {
    if child.row.gestation_days == gestation {
        return Ok(false);
    }
    child.row.gestation_days = gestation;
    children::set_gestation(&mut change.tx, change.region, child.row.id, gestation).await?;
    Ok(true)
}

async fn create(change: &mut Change, registration: &Registration) -> Result<LockedChild, Error> {
    let gateway = change.gateway().clone();
    let id = Id::opaque(&mut change.chance);
    let keyring = gateway.keyring();
    let (key, wrapped) = keyring
        .new_child(&mut change.tx, change.region, id, &mut change.chance)
        .await?;
    let name = registration.display_name.as_bytes();
    let sealed = key.seal(
        "children",
        &id.to_string(),
        "sealed",
        name,
        &mut change.chance,
    )?;
    let row = ChildRow {
        id,
        sex: registration.sex,
        birth_date: registration.birth_date,
        gestation_days: registration.gestation_days,
        wrapped_key: Some(wrapped),
        registered: change.now,
        assessed: Assessed::default(),
    };
    let new = NewChild {
        row: row.clone(),
        registered_by: change.caller.organization,
        sealed,
    };
    children::insert(&mut change.tx, change.region, new).await?;
    Ok(LockedChild { row, key })
}

async fn add(
    change: &mut Change,
    child: &LockedChild,
    identifier: &ChildIdentifier,
    blind: &str,
) -> Result<(), Error> {
    let row = format!("{}/{blind}", child.row.id);
    let number = identifier.normalized().as_bytes();
    let table = "child_identifiers";
    let sealed = child
        .key
        .seal(table, &row, "sealed", number, &mut change.chance)?;
    let new = NewIdentifier {
        identifier: blind.to_owned(),
        kind: identifier.kind(),
        sealed,
    };
    let (region, now) = (change.region, change.now);
    children::add_identifier(&mut change.tx, region, child.row.id, new, now).await?;
    Ok(())
}

/// Adds a further identifier to a child. The caller proves by one it knows already that it speaks of
/// this child.
pub async fn add_identifier(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    child: Id<Child>,
    known: &ChildIdentifier,
    identifier: &ChildIdentifier,
) -> Result<Registered, Error> {
    let mut change = Change::begin(gateway, region, claim).await?;
    change.caller.must_be(may_register)?;
    let index = gateway.keyring().index();
    let (known, new) = (blind(index, known), blind(index, identifier));
    let slots = children::take_slots(&mut change.tx, region, &[known.clone(), new.clone()]).await?;
    let owner = |of: &str| {
        slots
            .iter()
            .find(|(slot, _)| slot == of)
            .and_then(|(_, owner)| *owner)
    };
    if owner(&known) != Some(child) {
        return Err(Reason::NotFound.into());
    }
    let locked = change.lock_child(child).await?.ok_or(Reason::NotFound)?;
    if !agrees(identifier, locked.row.sex, locked.row.birth_date) {
        return Err(Reason::IdentityDisagrees.into());
    }
    match owner(&new) {
        None => add(&mut change, &locked, identifier, &new).await?,
        Some(owner) if owner == child => {}
        Some(_) => return Err(Reason::IdentifierTaken.into()),
    }
    if claims::claim_unmatched(&mut change, &locked, &[new]).await? {
        claims::reassess(&mut change, &locked).await?;
    }
    change.commit().await?;
    Ok(Registered {
        id: child,
        sex: locked.row.sex,
        birth_date: locked.row.birth_date,
        gestation_days: None,
    })
}
