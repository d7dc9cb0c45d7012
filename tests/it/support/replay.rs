//! A client that follows an inbox from its beginning, page by page, and does what each event says. What
//! it ends up with is what people at the other end believe; an inbox is right only if that is right.

use std::collections::BTreeMap;

use yuqiao::{
    domain::{alert::Alert, child::Child, id::Id, organization::Organization},
    service::{
        caller::Claim,
        disclosure::{Answer, Ask, Event, Looks, Question},
    },
    store::inboxes,
};

use super::{Bench, region};

/// Alerts of each child, with the revision last shown.
pub type Known = BTreeMap<Id<Child>, BTreeMap<Id<Alert>, i64>>;

/// What somebody knows who reads the own inbox from the beginning in pages of `limit` entries.
pub async fn replay(looks: &Looks, by: &Claim, limit: i64) -> Known {
    let (mut known, mut last) = (Known::new(), 0);
    loop {
        let ask = Ask {
            claim: by.clone(),
            region: region(),
            method: "AlertService.WatchAlerts",
            question: Question::Inbox {
                recipient: by.organization,
                after: last,
                limit,
            },
        };
        let Answer::Inbox { events, .. } = looks.ask(ask).await.unwrap() else {
            panic!("another answer than was asked for");
        };
        let Some(&(number, _)) = events.last() else {
            break;
        };
        last = number;
        for (_, event) in events {
            match event {
                Event::Alert(d, _) => {
                    let of = known.entry(d.row.child).or_default();
                    of.insert(d.row.id, d.row.revision);
                }
                Event::Retraction {
                    alert: Some(alert),
                    child,
                    ..
                } => {
                    known.entry(child).or_default().remove(&alert);
                }
                Event::Retraction {
                    alert: None, child, ..
                } => {
                    known.remove(&child);
                }
                Event::Tombstone | Event::Notice { .. } => {}
            }
        }
    }
    known.retain(|_, of| !of.is_empty());
    known
}

/// What an organization holds of these children.
pub async fn held(bench: &Bench, children: &[Id<Child>], recipient: Id<Organization>) -> Known {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let held = inboxes::held(&mut tx, region(), children).await.unwrap();
    tx.rollback().await.unwrap();
    let of = held.into_iter().filter(|((_, r), _)| *r == recipient);
    of.map(|((child, _), of)| (child, of)).collect()
}
