//! A guardian looks at everything about the own child, and at every look anyone took.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Answer, Ask, Audience, Wish, due,
    facility::shown,
    sitting::{Shown, Sitting},
};
use crate::{
    access::{
        self, Asker, Basis, Permit,
        facts::{ChildFacts, Facts},
    },
    domain::{
        actor::Actor, alert::Category, child::Child, id::Id, organization::Organization,
        purpose::Purpose, region::RegionCode,
    },
    ledger::{LeafBody, Opening},
    service::{caller::Caller, error::Error, gateway::Gateway, grounds, reason::Reason},
    store::{
        alerts::{self, Wanted},
        children,
        looks::{self, SealedLook, UsedCode},
        organizations,
    },
};

/// The looks a guardian may see, still sealed.
pub struct Looks {
    child: Id<Child>,
    wrapped_key: Option<Vec<u8>>,
    looks: Vec<SealedLook>,
    /// The last leaf considered, when there may be more.
    pub next: Option<i64>,
}

/// One look at a child, opened for its guardian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Number of the leaf.
    pub sequence: u64,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// Who looked: the organization; none for a guardian.
    pub organization: Option<Named>,
    /// The actor; the guardianship for a guardian.
    pub actor: String,
    /// Lawful basis.
    pub basis: &'static Basis,
    /// Which method was called.
    pub method: String,
    /// Categories that were shown of this child.
    pub categories: BTreeSet<Category>,
    /// Whose connection a guardian's call came by.
    pub carried_by: Option<Party>,
    /// Who handed over the guardian's code that was used.
    pub code_issued_by: Option<Party>,
}

/// An organization and its public name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The organization.
    pub id: Id<Organization>,
    /// Its name, as the region knows it.
    pub name: String,
}

/// An organization and the person who acted for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The organization.
    pub organization: Named,
    /// Its actor, as far as kept.
    pub actor: Option<Id<Actor>>,
}

impl Sitting {
    pub(super) async fn guardian(
        &mut self,
        ask: &Ask,
        child: Id<Child>,
        code: &str,
        about: &Wish,
    ) -> Result<Answer, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        let region = self.region;
        let by = (caller.organization, caller.actor_id());
        let now = self.now;
        let used = looks::use_code(self.writes(), region, code, child, by, now).await?;
        let used = used.ok_or(Reason::GuardianCodeInvalid)?;
        let hands = hands(&caller, &used);
        let row = children::find(&mut self.tx, region, &[child])
            .await?
            .into_iter()
            .next();
        let row = row.ok_or(Reason::GuardianCodeInvalid)?;
        let speaks_for = used.guardianship.id.to_string();
        let facts = ChildFacts {
            own_guardianship: Some(used.guardianship),
            ..ChildFacts::bare(child, row.birth_date)
        };
        let facts = Facts {
            zone: self.settings.zone,
            asker: &asker,
            facility: None,
            child: Some(&facts),
        };
        let asked = access::Ask {
            asker: Asker::Guardian,
            purpose: Purpose::GuardianAccess,
        };
        let permit = access::decide(&facts, asked, self.now).map_err(Error::Denied)?;
        match about {
            Wish::Alerts(part) => {
                let permits = [permit];
                let wanted = Wanted {
                    only: None,
                    part: *part,
                };
                let found = alerts::under(&mut self.tx, region, &permits, &wanted).await?;
                let mut shown = shown(&permits, &found);
                for one in &mut shown {
                    one.further.clone_from(&hands);
                }
                self.leaf(ask, &speaks_for, &shown).await?;
                Ok(Answer::Alerts {
                    alerts: found,
                    audience: Audience::Guardian,
                    withheld: Vec::new(),
                    seen: self.seen(&permits),
                    next: None,
                })
            }
            Wish::Due => {
                let permits = [permit];
                let due = self.due(&permits, Vec::new(), None).await?;
                let mut shown = due::shown(&permits);
                for one in &mut shown {
                    one.further.clone_from(&hands);
                }
                self.leaf(ask, &speaks_for, &shown).await?;
                Ok(Answer::Due(due))
            }
            Wish::Looks { before, limit } => {
                let looks = self
                    .looks(&permit, row.wrapped_key, *before, *limit)
                    .await?;
                let shown = Shown {
                    permit: &permit,
                    categories: BTreeSet::new(),
                    further: hands,
                };
                self.leaf(ask, &speaks_for, &[shown]).await?;
                Ok(Answer::Looks(looks))
            }
            Wish::Growth => {
                let growth = self.growth(&permit, row).await?;
                let shown = Shown {
                    permit: &permit,
                    categories: BTreeSet::from([Category::Growth]),
                    further: hands,
                };
                self.leaf(ask, &speaks_for, &[shown]).await?;
                Ok(Answer::Growth(growth))
            }
        }
    }

    async fn looks(
        &mut self,
        permit: &Permit,
        wrapped_key: Option<Vec<u8>>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Looks, Error> {
        let looks = looks::under(&mut self.tx, self.region, permit, before, limit).await?;
        let full = i64::try_from(looks.len()).is_ok_and(|n| n == limit);
        let last = looks
            .last()
            .and_then(|l| i64::try_from(l.leaf.sequence).ok());
        let child = permit
            .child()
            .ok_or(Error::Broken("a guardian's permit without its child"))?;
        Ok(Looks {
            child,
            wrapped_key,
            looks,
            next: if full { last } else { None },
        })
    }
}

/// Through whose hands a guardian's look went, for the child's entry: a guardian can tell a look of
/// its own from one that somebody took in its name.
fn hands(caller: &Caller, used: &UsedCode) -> Vec<(String, String)> {
    let actor = used.issued_actor.map(|id| id.to_string());
    let hands = [
        (
            grounds::CARRIER_ORGANIZATION,
            Some(caller.organization.to_string()),
        ),
        (grounds::CARRIER_ACTOR, Some(caller.actor_id().to_string())),
        (
            grounds::ISSUER_ORGANIZATION,
            Some(used.issued_by.to_string()),
        ),
        (grounds::ISSUER_ACTOR, actor),
    ];
    let told = hands.into_iter();
    told.filter_map(|(name, id)| Some((name.to_owned(), id?)))
        .collect()
}

/// Opens the looks at a guardian's child and names the organizations. Changes of keys are left out:
/// they show nobody anything.
pub async fn open_looks(
    gateway: &Gateway,
    region: RegionCode,
    looks: Looks,
) -> Result<Vec<Look>, Error> {
    let key = gateway
        .keyring()
        .child(region, looks.child, looks.wrapped_key.as_deref())?;
    let Some(key) = key else {
        return Ok(Vec::new());
    };
    let mut opened = Vec::with_capacity(looks.looks.len());
    for sealed in looks.looks {
        let LeafBody::Look(look) = sealed.leaf.body else {
            continue;
        };
        let row = format!("{}/{}", sealed.leaf.sequence, sealed.position);
        let bytes = key.open("ledger_entries", &row, "opening", &sealed.opening)?;
        let opening = Opening::from_bytes(&bytes).map_err(|_| Error::Broken("an opening"))?;
        let basis = super::basis(&look.basis).ok_or(Error::Broken("a leaf's basis"))?;
        let detail = |name| {
            let mut of = opening.detail.iter();
            of.find(|(n, _)| n == name).map(|(_, value)| value.as_str())
        };
        let party = |organization, actor| {
            let organization = named(detail(organization)?)?;
            let actor = detail(actor).and_then(|id| id.parse().ok());
            Some(Party {
                organization,
                actor,
            })
        };
        let categories = opening
            .detail
            .iter()
            .filter(|(name, _)| name == grounds::CATEGORY)
            .filter_map(|(_, code)| Category::parse(code))
            .collect();
        opened.push(Look {
            sequence: sealed.leaf.sequence,
            at: DateTime::from_timestamp_micros(sealed.leaf.at)
                .ok_or(Error::Broken("a leaf's time"))?,
            organization: look.organization.as_deref().and_then(named),
            carried_by: party(grounds::CARRIER_ORGANIZATION, grounds::CARRIER_ACTOR),
            code_issued_by: party(grounds::ISSUER_ORGANIZATION, grounds::ISSUER_ACTOR),
            actor: look.actor,
            basis,
            method: look.method,
            categories,
        });
    }
    name_organizations(gateway, region, &mut opened).await?;
    Ok(opened)
}

/// An organization whose name is still to be read.
fn named(id: &str) -> Option<Named> {
    let name = String::new();
    Some(Named {
        id: id.parse().ok()?,
        name,
    })
}

async fn name_organizations(
    gateway: &Gateway,
    region: RegionCode,
    looks: &mut [Look],
) -> Result<(), Error> {
    let mut organizations: Vec<&mut Named> = looks
        .iter_mut()
        .flat_map(|look| {
            let parties = [&mut look.carried_by, &mut look.code_issued_by];
            let parties = parties.into_iter().flatten().map(|p| &mut p.organization);
            look.organization.iter_mut().chain(parties)
        })
        .collect();
    let ids: BTreeSet<_> = organizations.iter().map(|of| of.id).collect();
    let mut tx = gateway.store().snapshot().await?;
    let names = organizations::names(&mut tx, region, &ids).await?;
    tx.rollback().await?;
    for of in &mut organizations {
        if let Some(name) = names.get(&of.id) {
            of.name.clone_from(name);
        }
    }
    Ok(())
}
