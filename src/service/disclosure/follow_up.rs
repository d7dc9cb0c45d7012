//! An MCH centre follows up what was found in its area (national basic public health service).

use super::{Answer, Ask, Audience, Withheld, facility::shown, sitting::Sitting};
use crate::{
    access::{
        self, Asker, Permit,
        facts::{AskerFacts, ChildFacts, Facts},
    },
    domain::{organization::OrganizationKind, purpose::Purpose},
    service::{error::Error, reason::Reason},
    store::{
        alerts::{self, Part, Wanted},
        children::{self, ChildRow},
    },
};

impl Sitting {
    pub(super) async fn follow_up(
        &mut self,
        ask: &Ask,
        cursor: &str,
        limit: i64,
        part: Part,
    ) -> Result<Answer, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        if caller.kind != OrganizationKind::MchCentre {
            return Err(Reason::NotForThisOrganization.into());
        }
        let region = self.region;
        let ids = alerts::children_to_follow_up(&mut self.tx, region, part, cursor, limit).await?;
        let next = (ids.len() as i64 == limit).then(|| ids.last().map(ToString::to_string));
        let rows = children::find(&mut self.tx, region, &ids).await?;
        let permits = self.follows(&asker, &rows)?;
        let wanted = Wanted { only: None, part };
        let mut found = alerts::under(&mut self.tx, region, &permits, &wanted).await?;
        let unreadable = self.take_unreadable(&mut found).await?;
        self.leaf(
            ask,
            &caller.actor_id().to_string(),
            &shown(&permits, &found),
        )
        .await?;
        Ok(Answer::Alerts {
            alerts: found,
            audience: Audience::MedicalSide,
            withheld: Withheld::unreadable(unreadable.iter().map(|d| d.row.child)),
            seen: self.seen(&permits),
            next: next.flatten(),
        })
    }

    /// Decides over children of the area.
    pub(super) fn follows(
        &self,
        asker: &AskerFacts,
        rows: &[ChildRow],
    ) -> Result<Vec<Permit>, Error> {
        let asked = access::Ask {
            asker: Asker::MchCentre,
            purpose: Purpose::FollowUp,
        };
        let permits = rows.iter().map(|row| {
            let child = ChildFacts::bare(row.id, row.birth_date);
            let facts = Facts {
                zone: self.settings.zone,
                asker,
                facility: None,
                child: Some(&child),
            };
            access::decide(&facts, asked, self.now).map_err(Error::Denied)
        });
        permits.collect()
    }
}
