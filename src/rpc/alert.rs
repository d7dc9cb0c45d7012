//! AlertService: the alerts an asker may see now, who is fit for care, what is due, an
//! organization's inbox, and what people do about alerts.

mod acts;
mod due;
mod fitness;
mod message;
mod watch;
mod whose;

use futures_util::stream::BoxStream;
use tokio::sync::watch::Receiver;
use tonic::{Request, Response, Status};

use super::{
    caller,
    convert::{Fields, name},
    page::{self, Walk},
    status::{answer, status},
    streams::answers,
    wire::{self, alert_service_server::AlertService},
};
use crate::{
    access::KeyState,
    domain::{organization::Organization, region::RegionCode},
    service::{
        Error, Gateway, Reason,
        caller::Claim,
        disclosure::{Answer, Ask, Audience, Looks, Question, Why, Wish, Withheld, open_alerts},
    },
    store::alerts::{Disclosed, Part},
};
use whose::{Request as Asked, Whose};

const USUAL_PAGE: u32 = 100;
const LIST: &str = "AlertService.ListAlerts";

/// The service.
pub struct Alerts {
    /// The use cases.
    pub gateway: Gateway,
    /// Where looks wait for the next lock.
    pub looks: Looks,
    /// Turns true when the gateway stops.
    pub stop: Receiver<bool>,
}

#[tonic::async_trait]
impl AlertService for Alerts {
    type WatchAlertsStream = BoxStream<'static, Result<wire::InboxEvent, Status>>;

    async fn list_alerts(
        &self,
        request: Request<wire::ListAlertsRequest>,
    ) -> Result<Response<wire::ListAlertsResponse>, Status> {
        answer(LIST, async {
            let (claim, message) = self.open(request)?;
            self.list(claim, message).await
        })
        .await
    }

    async fn watch_alerts(
        &self,
        request: Request<wire::WatchAlertsRequest>,
    ) -> Result<Response<Self::WatchAlertsStream>, Status> {
        let opened = self.open(request).and_then(|(claim, message)| {
            let mut f = Fields::default();
            let recipient = f.name::<Organization>("parent", &message.parent);
            let after = i64::try_from(message.after);
            if after.is_err() {
                f.refuse("after", Reason::FieldOutOfRange);
            }
            let ((region, recipient), after) = f.finish((|| Some((recipient?, after.ok()?)))())?;
            Ok((claim, region, recipient, after))
        });
        let (claim, region, recipient, after) =
            opened.map_err(|error| status(watch::METHOD, &error))?;
        let watch = watch::Watch::new(
            self.gateway.clone(),
            self.looks.clone(),
            (claim, region, recipient),
            after,
        );
        Ok(Response::new(answers(watch.events(), self.stop.clone())))
    }

    async fn acknowledge_alert(
        &self,
        request: Request<wire::AcknowledgeAlertRequest>,
    ) -> Result<Response<wire::Alert>, Status> {
        answer(acts::ACKNOWLEDGE, self.acknowledge(request)).await
    }

    async fn follow_up_alert(
        &self,
        request: Request<wire::FollowUpAlertRequest>,
    ) -> Result<Response<wire::Alert>, Status> {
        answer(acts::FOLLOW_UP, self.follow_up(request)).await
    }

    async fn resolve_alert(
        &self,
        request: Request<wire::ResolveAlertRequest>,
    ) -> Result<Response<wire::Alert>, Status> {
        answer(acts::RESOLVE, self.resolve(request)).await
    }

    async fn list_fitness(
        &self,
        request: Request<wire::ListFitnessRequest>,
    ) -> Result<Response<wire::ListFitnessResponse>, Status> {
        answer(fitness::METHOD, async {
            let (claim, message) = self.open(request)?;
            self.fitness(claim, message).await
        })
        .await
    }

    async fn list_due_items(
        &self,
        request: Request<wire::ListDueItemsRequest>,
    ) -> Result<Response<wire::ListDueItemsResponse>, Status> {
        answer(due::METHOD, async {
            let (claim, message) = self.open(request)?;
            self.due(claim, message).await
        })
        .await
    }
}

impl Alerts {
    fn open<T>(&self, request: Request<T>) -> Result<(Claim, T), Error> {
        caller::open(request, self.gateway.store().clock().now())
    }

    async fn list(
        &self,
        claim: Claim,
        message: wire::ListAlertsRequest,
    ) -> Result<wire::ListAlertsResponse, Error> {
        let request = Asked {
            parent: &message.parent,
            purpose: message.purpose,
            child: &message.child,
            guardian_code: &message.guardian_code,
        };
        let (region, whose) = request.read(&self.gateway)?;
        let index = self.gateway.keyring().index();
        let part = if message.resolved {
            Part::Decided
        } else {
            Part::Standing
        };
        let filter = format!("{} {}", request.filter(), message.resolved);
        let walk = Walk::new(index, claim.organization, "ListAlerts", filter);
        let size = page::size(message.page_size, USUAL_PAGE);
        let after = walk.after(&message.page_token)?;
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
            Whose::Area => Question::FollowUp {
                cursor: after.clone().unwrap_or_default(),
                children: i64::from(size),
                part,
            },
            Whose::Own { child, code } => Question::Guardian {
                child,
                code,
                about: Wish::Alerts(part),
            },
        };
        let by_child = matches!(question, Question::FollowUp { .. });
        let found = self
            .looks
            .ask(Ask {
                claim,
                region,
                method: LIST,
                question,
            })
            .await?;
        let Answer::Alerts {
            alerts,
            audience,
            withheld,
            next,
            ..
        } = found
        else {
            return Err(Error::Broken("another question's answer"));
        };
        if by_child {
            let (alerts, unreadable) = self.opened(region, alerts, &audience)?;
            let next_page_token = next.map(|cursor| walk.seal(&cursor)).unwrap_or_default();
            return Ok(wire::ListAlertsResponse {
                alerts,
                withheld: told(region, withheld.into_iter().chain(unreadable)),
                next_page_token,
            });
        }
        let alerts = most_pressing_first(alerts, after.as_deref());
        let (alerts, next_page_token) = walk.cut(alerts, size, place);
        let (alerts, unreadable) = self.opened(region, alerts, &audience)?;
        // The first page names who is withheld; what does not open is known where it would stand.
        let withheld = if after.is_none() {
            withheld
        } else {
            Vec::new()
        };
        Ok(wire::ListAlertsResponse {
            alerts,
            withheld: told(region, withheld.into_iter().chain(unreadable)),
            next_page_token,
        })
    }

    fn opened(
        &self,
        region: RegionCode,
        alerts: Vec<Disclosed>,
        audience: &Audience,
    ) -> Result<(Vec<wire::Alert>, Vec<Withheld>), Error> {
        let (opened, unreadable) = open_alerts(&self.gateway, region, alerts, audience)?;
        let opened = opened.into_iter().map(|a| message::message(region, a));
        Ok((opened.collect(), unreadable))
    }
}

/// Where an alert stands in the list: the most pressing first, then the oldest.
fn place(alert: &Disclosed) -> String {
    let pressing = 9 - crate::store::alerts::stored_level(alert.row.facts.level);
    format!("{pressing}/{}", alert.row.id)
}

fn most_pressing_first(mut alerts: Vec<Disclosed>, after: Option<&str>) -> Vec<Disclosed> {
    alerts.sort_by_cached_key(place);
    if let Some(after) = after {
        alerts.retain(|alert| place(alert).as_str() > after);
    }
    alerts
}

fn told(region: RegionCode, withheld: impl Iterator<Item = Withheld>) -> Vec<wire::WithheldChild> {
    let told = withheld.map(|withheld| {
        let child = name(region, withheld.child);
        match withheld.why {
            Why::Denied(denial) => wire::WithheldChild {
                child,
                missing: denial.missing().map(key_state).collect(),
                ..Default::default()
            },
            Why::Unreadable => wire::WithheldChild {
                child,
                reason: Reason::RecordUnreadable.code().to_owned(),
                message_zh: Reason::RecordUnreadable.zh().to_owned(),
                ..Default::default()
            },
        }
    });
    told.collect()
}

/// A key and how it stands.
pub(super) fn key_state(key: KeyState) -> wire::KeyState {
    wire::KeyState {
        key: key.key.code().to_owned(),
        open: key.state.is_ok(),
        reason: key
            .state
            .err()
            .map(|why| why.code().to_owned())
            .unwrap_or_default(),
        message_zh: key.zh(),
    }
}
