//! AlertService.ListFitness: who may be in care today.

use std::collections::BTreeSet;

use super::{
    Alerts, message, told,
    whose::{Request, Whose},
};
use crate::{
    domain::{alert::Category, region::RegionCode},
    rpc::{
        convert::{self, WireWord, name},
        page::{self, Walk},
        wire,
    },
    service::{
        Error, Reason,
        caller::Claim,
        disclosure::{self, Answer, Ask, ChildFitness, Question, Wish},
    },
    store::alerts::Part,
};

pub(super) const METHOD: &str = "AlertService.ListFitness";

const USUAL_PAGE: u32 = 100;

impl Alerts {
    pub(super) async fn fitness(
        &self,
        claim: Claim,
        message: wire::ListFitnessRequest,
    ) -> Result<wire::ListFitnessResponse, Error> {
        let request = Request {
            parent: &message.parent,
            purpose: message.purpose,
            child: &message.child,
            guardian_code: &message.guardian_code,
        };
        let (region, whose) = request.read(&self.gateway)?;
        let part = Part::Standing;
        let question = match whose {
            Whose::Facility {
                facility,
                purpose,
                child,
            } => Question::Facility {
                facility,
                purpose,
                child,
                part,
            },
            Whose::Own { child, code } => Question::Guardian {
                child,
                code,
                about: Wish::Alerts(part),
            },
            Whose::Area => return Err(Error::field("parent", Reason::FieldMalformed)),
        };
        let index = self.gateway.keyring().index();
        let walk = Walk::new(index, claim.organization, "ListFitness", request.filter());
        let size = page::size(message.page_size, USUAL_PAGE);
        let after = walk.after(&message.page_token)?;
        let ask = Ask {
            claim,
            region,
            method: METHOD,
            question,
        };
        let Answer::Alerts {
            alerts,
            audience,
            withheld: of_whom_nothing,
            seen,
            ..
        } = self.looks.ask(ask).await?
        else {
            return Err(Error::Broken("another question's answer"));
        };
        let found = disclosure::fitness(&self.gateway, region, (alerts, &audience), seen).await?;
        let mut children = found.children;
        if let Some(after) = &after {
            children.retain(|child| child.place() > *after);
        }
        let (children, next_page_token) = walk.cut(children, size, ChildFitness::place);
        // A child whose key does not open may stand in both.
        let named: BTreeSet<_> = of_whom_nothing.iter().map(|w| w.child).collect();
        let unreadable = found.unreadable.into_iter();
        let unreadable = unreadable.filter(|w| !named.contains(&w.child));
        let of_whom_nothing = of_whom_nothing.into_iter().chain(unreadable);
        Ok(wire::ListFitnessResponse {
            day: convert::day(found.day),
            children: children.into_iter().map(|c| child(region, c)).collect(),
            withheld: told(region, of_whom_nothing.filter(|_| after.is_none())),
            next_page_token,
        })
    }
}

fn child(region: RegionCode, child: ChildFitness) -> wire::ChildFitness {
    let headline_zh = child.headline_zh();
    let grade = if child.is_known() {
        child.fitness.grade.number()
    } else {
        wire::Grade::Unspecified.into()
    };
    let numbers = |of: &BTreeSet<Category>| of.iter().map(|c| c.number()).collect();
    wire::ChildFitness {
        child: name(region, child.child),
        grade,
        until: convert::maybe_day(child.fitness.until),
        headline_zh,
        considered: numbers(&child.considered),
        not_considered: numbers(&child.not_considered),
        because: child
            .fitness
            .because
            .into_iter()
            .map(|(because, limit)| wire::FitnessReason {
                alert: name(region, because.alert),
                category: because.category.number(),
                card: Some(message::card(because.card)),
                limit: Some(message::care_limit(limit)),
            })
            .collect(),
    }
}
