//! A facility's actor has read an alert and will act on it: a look that leaves a mark.

use super::{
    Ask, Audience, OpenedAlert, Withheld,
    act::refusal,
    facility::{may_view, shown},
    open_alert,
    sitting::Sitting,
};
use crate::{
    domain::{
        alert::{Acknowledgement, Alert, AlertRefusal},
        id::Id,
        purpose::Purpose,
    },
    service::{delivery, error::Error, gateway::Gateway, reason::Reason},
    store::{
        alert_life,
        alerts::{self, Part, Wanted},
        children,
    },
};

/// Acknowledges an alert for the calling facility. It goes alone, because it locks the child's row.
/// Acknowledging again is harmless.
pub async fn acknowledge(
    gateway: &Gateway,
    ask: &Ask,
    alert: Id<Alert>,
) -> Result<OpenedAlert, Error> {
    let mut sitting = Sitting::begin(gateway, ask.region).await?;
    let region = ask.region;
    let (asker, caller) = sitting.admit(&ask.claim).await?;
    caller.must_be_facility()?;
    // An alert that is not there is asked for like somebody else's: of a child nobody has.
    let child = alert_life::child_of(&mut sitting.tx, region, alert).await?;
    let child = child.unwrap_or_else(|| Id::opaque(&mut gateway.own_chance()));
    children::lock(&mut sitting.tx, region, &[child]).await?;
    let ward = sitting
        .ward(asker, &caller, caller.organization, Some(child))
        .await?;
    let (permits, withheld) = sitting.decide_all(&ward, Purpose::DailyCare);
    if let Some(denial) = withheld.into_iter().find_map(Withheld::denial) {
        return Err(Error::Denied(denial));
    }
    let wanted = Wanted {
        only: Some(vec![alert]),
        part: Part::Any,
    };
    let mut found = alerts::under(&mut sitting.tx, region, &permits, &wanted).await?;
    if !sitting.take_unreadable(&mut found).await?.is_empty() {
        return Err(Reason::RecordUnreadable.into());
    }
    let actor = caller.actor_id();
    let told = shown(&permits, &found);
    sitting.leaf(ask, &actor.to_string(), &told).await?;
    let mut seen = found.into_iter().next().ok_or(Reason::NotFound)?;
    let at = sitting.now.max(seen.row.state.last_change());
    // Another facility of the child may have taken note before: that is its own matter.
    let state = seen.row.state.as_told(seen.acknowledged);
    match state.acknowledge(actor, at) {
        Ok(_) => {
            let (own, of) = (Acknowledgement { by: actor, at }, caller.organization);
            alert_life::acknowledge(&mut sitting.tx, region, alert, of, own).await?;
            seen.acknowledged = Some(own);
            seen.escalated_to = None;
        }
        Err(AlertRefusal::AlreadyAcknowledged) => {}
        Err(refused) => return Err(sitting.refuse(refusal(refused)).await),
    }
    let audience = Audience::Facility {
        may_view: may_view(&permits),
    };
    let setting = delivery::Setting::new(region, &sitting.settings, sitting.now);
    let rung = delivery::reconcile(&mut sitting.tx, &setting, &[child]).await?;
    sitting.rise().await?;
    gateway.announce(region, rung).await;
    open_alert(gateway, region, seen, &audience)?.ok_or_else(|| Reason::NotFound.into())
}
