//! AlertService: the alerts an asker may see now, a facility's inbox, and acknowledging.

mod watch;

use futures_util::stream::BoxStream;
use tokio::sync::watch::Receiver;
use tonic::{Request, Response, Status};

use super::{
    caller,
    convert::{self, Fields, WireWord, name, names},
    page::{self, Walk},
    status::{answer, status},
    streams::answers,
    wire::{self, alert_service_server::AlertService},
};
use crate::{
    access::KeyState,
    domain::{alert::Alert, child::Child, id::Id, organization::Organization, region::RegionCode},
    pki::GuardianCode,
    service::{
        Error, Gateway, Reason,
        caller::Claim,
        disclosure::{
            self, Answer, Ask, Audience, Looks, OpenedAlert, Question, Wish, Withheld, open_alert,
        },
        guardian_codes,
    },
    store::alerts::Disclosed,
};

const USUAL_PAGE: u32 = 100;
const LIST: &str = "AlertService.ListAlerts";
const ACKNOWLEDGE: &str = "AlertService.AcknowledgeAlert";

/// The service.
pub struct Alerts {
    /// The use cases.
    pub gateway: Gateway,
    /// Where looks wait for the next lock.
    pub looks: Looks,
    /// Turns true when the gateway stops.
    pub stop: Receiver<bool>,
}

/// Whose alerts are asked for.
enum Parent {
    Facility(Id<Organization>),
    Area,
    Child(Id<Child>),
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
            let facility = f.name::<Organization>("parent", &message.parent);
            let after = i64::try_from(message.after);
            if after.is_err() {
                f.refuse("after", Reason::FieldOutOfRange);
            }
            let ((region, facility), after) = f.finish((|| Some((facility?, after.ok()?)))())?;
            Ok((claim, region, facility, after))
        });
        let (claim, region, facility, after) =
            opened.map_err(|error| status(watch::METHOD, &error))?;
        let watch = watch::Watch::new(
            self.gateway.clone(),
            self.looks.clone(),
            (claim, region, facility),
            after,
        );
        Ok(Response::new(answers(watch.events(), self.stop.clone())))
    }

    async fn acknowledge_alert(
        &self,
        request: Request<wire::AcknowledgeAlertRequest>,
    ) -> Result<Response<wire::Alert>, Status> {
        answer(ACKNOWLEDGE, async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let alert = f.name::<Alert>("name", &message.name);
            let (region, alert) = f.finish(alert)?;
            // The question names the method's look; the alert itself is asked for below.
            let question = Question::Facility {
                facility: claim.organization,
                purpose: None,
                child: None,
            };
            let ask = Ask {
                claim,
                region,
                method: ACKNOWLEDGE,
                question,
            };
            let seen = disclosure::acknowledge(&self.gateway, &ask, alert).await?;
            Ok(self::message(region, seen))
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
        let mut f = Fields::default();
        let parent = parent(&mut f, &message.parent);
        let region = parent.as_ref().map(|(region, _)| *region);
        let purpose = f.optional_word("purpose", message.purpose);
        let child = f.optional_name_in::<Child>("child", &message.child, region);
        let code = (!message.guardian_code.is_empty()).then(|| {
            GuardianCode::parse(&message.guardian_code)
                .map_err(|_| f.refuse("guardian_code", Reason::FieldMalformed))
                .ok()
        });
        let ((region, parent), purpose, child, code) = f.finish((|| {
            let code = match code {
                Some(code) => Some(code?),
                None => None,
            };
            Some((parent?, purpose?, child?, code))
        })())?;
        let index = self.gateway.keyring().index();
        let filter = format!("{} {} {}", message.parent, message.purpose, message.child);
        let walk = Walk::new(index, claim.organization, "ListAlerts", filter);
        let size = page::size(message.page_size, USUAL_PAGE);
        let after = walk.after(&message.page_token)?;
        let question = match (parent, code) {
            (Parent::Facility(facility), None) => Question::Facility {
                facility,
                purpose,
                child,
            },
            (Parent::Area, None) => Question::FollowUp {
                cursor: after.clone().unwrap_or_default(),
                children: i64::from(size),
            },
            (Parent::Child(child), Some(code)) => Question::Guardian {
                child,
                code: guardian_codes::digest(&self.gateway, region, &code),
                about: Wish::Alerts,
            },
            (Parent::Child(_), None) => {
                return Err(Error::field("guardian_code", Reason::FieldRequired));
            }
            (_, Some(_)) => return Err(Error::field("parent", Reason::FieldMalformed)),
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
        } = found
        else {
            return Err(Error::Broken("another question's answer"));
        };
        if by_child {
            let alerts = self.opened(region, alerts, &audience)?;
            let next_page_token = next.map(|cursor| walk.seal(&cursor)).unwrap_or_default();
            return Ok(wire::ListAlertsResponse {
                alerts,
                withheld: Vec::new(),
                next_page_token,
            });
        }
        let alerts = most_pressing_first(alerts, after.as_deref());
        let (alerts, next_page_token) = walk.cut(alerts, size, place);
        let withheld = match after {
            None => withheld
                .into_iter()
                .map(|w| self::withheld(region, w))
                .collect(),
            Some(_) => Vec::new(),
        };
        let alerts = self.opened(region, alerts, &audience)?;
        Ok(wire::ListAlertsResponse {
            alerts,
            withheld,
            next_page_token,
        })
    }

    fn opened(
        &self,
        region: RegionCode,
        alerts: Vec<Disclosed>,
        audience: &Audience,
    ) -> Result<Vec<wire::Alert>, Error> {
        let mut opened = Vec::with_capacity(alerts.len());
        for alert in alerts {
            if let Some(alert) = open_alert(&self.gateway, region, alert, audience)? {
                opened.push(message(region, alert));
            }
        }
        Ok(opened)
    }
}

fn parent(f: &mut Fields, text: &str) -> Option<(RegionCode, Parent)> {
    if let Some((region, facility)) = names::parse::<Organization>(text) {
        return Some((region, Parent::Facility(facility)));
    }
    if let Some((region, child)) = names::parse::<Child>(text) {
        return Some((region, Parent::Child(child)));
    }
    f.parent("parent", text)
        .map(|region| (region, Parent::Area))
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

fn withheld(region: RegionCode, withheld: Withheld) -> wire::WithheldChild {
    wire::WithheldChild {
        child: name(region, withheld.child),
        missing: withheld.denial.missing().map(key_state).collect(),
    }
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

/// An alert as its reader gets it.
fn message(region: RegionCode, alert: OpenedAlert) -> wire::Alert {
    let OpenedAlert {
        row,
        source_document,
        care_card,
        inputs,
    } = alert;
    let state = match row.state.as_str() {
        "ACKNOWLEDGED" => wire::AlertState::Acknowledged,
        "RESOLVED" => wire::AlertState::Resolved,
        "RETRACTED" => wire::AlertState::Retracted,
        _ => wire::AlertState::Open,
    };
    wire::Alert {
        name: name(region, row.id),
        child: name(region, row.child),
        rule: row.rule,
        rule_version: row.rule_version,
        source_document,
        category: row.facts.category.number(),
        level: row.facts.level.number(),
        state: state.into(),
        care_card,
        due_date: convert::maybe_day(row.due),
        open_time: convert::time(row.opened),
        revision: u32::try_from(row.revision).unwrap_or(u32::MAX),
        inputs: inputs
            .into_iter()
            .map(|(name, value)| wire::RuleInput { name, value })
            .collect(),
    }
}
