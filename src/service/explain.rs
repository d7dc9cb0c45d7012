//! Explains: every key of a facility's look at a child, and the basis, in Chinese. Shows no finding.

use super::{caller, caller::Claim, error::Error, gateway::Gateway, reason::Reason};
use crate::{
    access::{
        self, Ask, Asker, Basis, Key, KeyState, Scope,
        facts::{AskerFacts, Facts},
    },
    domain::{
        alert::Category, child::Child, id::Id, organization::Organization, purpose::Purpose,
        region::RegionCode,
    },
    store::{facts, regions},
};

/// The keys of a look and how they stand.
pub struct Explanation {
    /// Whether it would be permitted now.
    pub permitted: bool,
    /// The row of the table it would rest on.
    pub basis: &'static Basis,
    /// Every key.
    pub keys: Vec<KeyState>,
    /// Categories that would be shown.
    pub categories: Vec<Category>,
}

/// Explains a facility's look: to the facility itself, and to a medical institution that has an
/// agreement in force with it (which is not told of the facility's staff). A draft is no ground: an
/// institution can write one alone. To anybody else, and about a child
/// that never was at the facility, NOT_FOUND.
pub async fn explain(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    child: Id<Child>,
    facility: Option<Id<Organization>>,
    purpose: Option<Purpose>,
) -> Result<Explanation, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let now = tx.now().await?;
    let asker = caller::asker(&mut tx, region, claim, now).await?;
    let caller = caller::admitted(&asker, claim)?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Reason::RegionForeign)?;
    let facility = facility.unwrap_or(caller.organization);
    let mut facilities = facts::facilities(&mut tx, region, &[facility]).await?;
    let ward = facilities.remove(&facility).ok_or(Reason::NotFound)?;
    let itself = caller.organization == facility && caller.kind.is_facility();
    let partner = ward
        .agreements
        .iter()
        .any(|a| a.institution == caller.organization && a.holds(settings.zone, now).is_ok());
    let of = facts::child_at(&mut tx, region, facility, child).await?;
    let mut consents = facts::consents(&mut tx, region, &[child], Some(facility)).await?;
    tx.rollback().await?;
    let Some(mut of) = of.filter(|_| itself || partner) else {
        return Err(Reason::NotFound.into());
    };
    of.consents = consents.remove(&(child, facility)).unwrap_or_default();
    let facts = Facts {
        zone: settings.zone,
        asker: &AskerFacts {
            organization: facility,
            ..asker
        },
        facility: Some(&ward),
        child: Some(&of),
    };
    let purpose = purpose.unwrap_or(Purpose::DailyCare);
    let ask = Ask {
        asker: Asker::FacilityStaff,
        purpose,
    };
    let basis = access::bases::find(ask.asker, purpose).ok_or_else(not_a_purpose)?;
    let (keys, scope) = access::explain(&facts, basis, now);
    let told = |k: &KeyState| itself || !matches!(k.key, Key::Actor | Key::Standing);
    let keys: Vec<KeyState> = keys.into_iter().filter(told).collect();
    let permitted = scope.is_some() && keys.iter().all(|k| k.state.is_ok());
    let categories = match scope {
        Some(Scope::Consented { grants, .. }) if permitted => {
            let mut categories: Vec<Category> = grants.iter().map(|g| g.category).collect();
            categories.dedup();
            categories
        }
        _ => Vec::new(),
    };
    Ok(Explanation {
        permitted,
        basis,
        keys,
        categories,
    })
}

fn not_a_purpose() -> Error {
    Error::field("purpose", Reason::FieldOutOfRange)
}
