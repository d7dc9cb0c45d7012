//! A guardian looks at everything about the own child, and at every look anyone took.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Answer, Ask, Audience, Wish,
    facility::shown,
    sitting::{Shown, Sitting},
};
use crate::{
    access::{
        self, Asker, Basis, Permit,
        facts::{ChildFacts, Facts},
    },
    domain::{alert::Category, child::Child, id::Id, purpose::Purpose, region::RegionCode},
    ledger::{LeafBody, Opening},
    service::{error::Error, gateway::Gateway, grounds, reason::Reason},
    store::{
        alerts::{self, Wanted},
        children,
        looks::{self, SealedLook},
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
    pub organization: Option<String>,
    /// Its name.
    pub organization_name: Option<String>,
    /// The actor; the guardianship for a guardian.
    pub actor: String,
    /// Lawful basis.
    pub basis: &'static Basis,
    /// Which method was called.
    pub method: String,
    /// Categories that were shown of this child.
    pub categories: BTreeSet<Category>,
}

impl Sitting {
    pub(super) async fn guardian(
        &mut self,
        ask: &Ask,
        child: Id<Child>,
        code: &str,
        about: &Wish,
    ) -> Result<Answer, Error> {
        let (asker, _) = self.admit(&ask.claim).await?;
        let region = self.region;
        let now = self.now;
        let guardianship = looks::use_code(self.writes(), region, code, child, now).await?;
        let guardianship = guardianship.ok_or(Reason::GuardianCodeInvalid)?;
        let row = children::find(&mut self.tx, region, &[child])
            .await?
            .into_iter()
            .next();
        let row = row.ok_or(Reason::GuardianCodeInvalid)?;
        let speaks_for = guardianship.id.to_string();
        let facts = ChildFacts {
            own_guardianship: Some(guardianship),
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
                self.leaf(ask, &speaks_for, &shown(&permits, &found))
                    .await?;
                Ok(Answer::Alerts {
                    alerts: found,
                    audience: Audience::Guardian,
                    withheld: Vec::new(),
                    next: None,
                })
            }
            Wish::Looks { before, limit } => {
                let looks = self
                    .looks(&permit, row.wrapped_key, *before, *limit)
                    .await?;
                let shown = Shown {
                    permit: &permit,
                    categories: BTreeSet::new(),
                };
                self.leaf(ask, &speaks_for, &[shown]).await?;
                Ok(Answer::Looks(looks))
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

/// Opens the looks at a guardian's child. Changes of keys are left out: they show nobody anything.
pub fn open_looks(gateway: &Gateway, region: RegionCode, looks: Looks) -> Result<Vec<Look>, Error> {
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
            organization: look.organization,
            organization_name: sealed.organization_name,
            actor: look.actor,
            basis,
            method: look.method,
            categories,
        });
    }
    Ok(opened)
}
