//! AlertService.ListDueItems: what is still to be done, and by when.

use super::{
    Alerts, told,
    whose::{Request, Whose},
};
use crate::{
    domain::region::RegionCode,
    rpc::{
        convert::{self, WireWord, name},
        page::{self, Walk},
        wire,
    },
    service::{
        Error, Reason,
        caller::Claim,
        disclosure::{Answer, Ask, ChildDue, DueItem, Page, Question, Wish, due_lists},
    },
};

pub(super) const METHOD: &str = "AlertService.ListDueItems";

/// Children of a page. Each is forecast from all its check-ups: fewer than of other lists.
const USUAL_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 100;

/// How far ahead one may look.
const FARTHEST: u32 = 366;

impl Alerts {
    pub(super) async fn due(
        &self,
        claim: Claim,
        message: wire::ListDueItemsRequest,
    ) -> Result<wire::ListDueItemsResponse, Error> {
        let request = Request {
            parent: &message.parent,
            purpose: message.purpose,
            child: &message.child,
            guardian_code: &message.guardian_code,
        };
        let (region, whose) = request.read(&self.gateway)?;
        if message.within_days > FARTHEST {
            return Err(Error::field("within_days", Reason::FieldOutOfRange));
        }
        let index = self.gateway.keyring().index();
        let filter = format!("{} {}", request.filter(), message.within_days);
        let walk = Walk::new(index, claim.organization, "ListDueItems", filter);
        let after = walk.after(&message.page_token)?;
        let first = after.is_none();
        let size = page::size(message.page_size, USUAL_PAGE).min(LARGEST_PAGE);
        let page = Page {
            after: after.unwrap_or_default(),
            children: size as usize,
        };
        let area = matches!(whose, Whose::Area);
        let question = match whose {
            Whose::Facility {
                facility,
                purpose,
                child,
            } => Question::DueAt {
                facility,
                purpose,
                child,
                page,
            },
            Whose::Area => Question::DueIn(page),
            Whose::Own { child, code } => Question::Guardian {
                child,
                code,
                about: Wish::Due,
            },
        };
        let ask = Ask {
            claim,
            region,
            method: METHOD,
            question,
        };
        let Answer::Due(mut due) = self.looks.ask(ask).await? else {
            return Err(Error::Broken("another question's answer"));
        };
        let day = convert::day(due.today);
        let of_whom_nothing = std::mem::take(&mut due.withheld);
        let next_page_token = due.next.take();
        let (mut children, unreadable) =
            due_lists(&self.gateway, region, due, message.within_days)?;
        if area {
            children.retain(|child| !child.items.is_empty());
        }
        Ok(wire::ListDueItemsResponse {
            day,
            children: children.into_iter().map(|c| child(region, c)).collect(),
            withheld: told(
                region,
                of_whom_nothing
                    .into_iter()
                    .filter(|_| first)
                    .chain(unreadable),
            ),
            next_page_token: next_page_token
                .map(|cursor| walk.seal(&cursor))
                .unwrap_or_default(),
        })
    }
}

fn child(region: RegionCode, child: ChildDue) -> wire::ChildDueItems {
    wire::ChildDueItems {
        child: name(region, child.child),
        items: child.items.into_iter().map(|of| item(region, of)).collect(),
        considered: child.considered.iter().map(|c| c.number()).collect(),
        without_record: child
            .without_record
            .iter()
            .map(|track| track.as_str().to_owned())
            .collect(),
    }
}

fn item(region: RegionCode, item: DueItem) -> wire::DueItem {
    wire::DueItem {
        facility: item
            .facility
            .map_or_else(String::new, |of| name(region, of)),
        track: item.track.as_str().to_owned(),
        category: item.track.category().number(),
        item: item.item,
        label_zh: item.label_zh,
        status: item.status.as_str().to_owned(),
        earliest: convert::maybe_day(item.earliest),
        due: convert::maybe_day(item.due),
        overdue: convert::maybe_day(item.overdue),
        latest: convert::maybe_day(item.latest),
        done: convert::maybe_day(item.done),
        reason: item.reason.as_str().to_owned(),
        reason_zh: item.reason.message_zh().to_owned(),
        source_document: item.source_document,
        schedule_version: item.schedule_version,
    }
}
