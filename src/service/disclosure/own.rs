//! A source institution reads what it sent.

use super::{
    Answer, Ask,
    sitting::{Shown, Sitting},
};
use crate::{
    access::{
        self, Asker, Permit,
        facts::{AskerFacts, ChildFacts, Facts},
    },
    domain::{child::Child, id::Id, purpose::Purpose},
    service::{error::Error, grounds},
    store::{
        check_ups::{self, SealedCheckUp},
        children,
    },
};

impl Sitting {
    pub(super) async fn own_records(
        &mut self,
        ask: &Ask,
        cursor: &str,
        limit: i64,
    ) -> Result<Answer, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        let permit = self.author(&asker, None)?;
        // Ids sort by time: what is newest comes first, and nothing sorts behind `g`.
        let cursor = if cursor.is_empty() { "g" } else { cursor };
        let region = self.region;
        let found = check_ups::own(&mut self.tx, region, &permit, cursor, limit).await?;
        let mut ids: Vec<Id<Child>> = found.iter().filter_map(|(c, _)| c.row.child).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut permits = Vec::with_capacity(ids.len());
        for row in children::find(&mut self.tx, region, &ids).await? {
            let child = ChildFacts::bare(row.id, row.birth_date);
            permits.push(self.author(&asker, Some(&child))?);
        }
        let shown: Vec<Shown<'_>> = permits
            .iter()
            .map(|permit| Shown {
                permit,
                categories: Default::default(),
                further: check_ups_of(permit, found.iter().map(|(c, _)| c)),
            })
            .collect();
        self.leaf(ask, &caller.actor_id().to_string(), &shown)
            .await?;
        Ok(Answer::CheckUps(found))
    }

    /// A permit to one's own records, about one child or about the request as a whole.
    pub(super) fn author(
        &self,
        asker: &AskerFacts,
        child: Option<&ChildFacts>,
    ) -> Result<Permit, Error> {
        let facts = Facts {
            zone: self.settings.zone,
            asker,
            facility: None,
            child,
        };
        let ask = access::Ask {
            asker: Asker::SourceInstitution,
            purpose: Purpose::OwnRecord,
        };
        access::decide(&facts, ask, self.now).map_err(Error::Denied)
    }
}

/// The check-ups of the permit's child that were shown, for its entry, in the order given.
pub(super) fn check_ups_of<'a>(
    permit: &Permit,
    found: impl IntoIterator<Item = &'a SealedCheckUp>,
) -> Vec<(String, String)> {
    let of_child = found
        .into_iter()
        .filter(|c| c.row.child.is_some() && c.row.child == permit.child());
    of_child
        .map(|c| (grounds::CHECK_UP.to_owned(), c.row.id.to_string()))
        .collect()
}
