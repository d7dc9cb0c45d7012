//! The medical side acts on an alert: it follows it up, or a clinician decides that it is settled. A
//! look that leaves a mark, under the permit that shows the alert.

use zeroize::Zeroizing;

use super::{
    Ask, OpenedAlert,
    facility::shown,
    medical_side::audience,
    open_alert,
    opened::{FOLLOW_UP_PLACE, REASON_PLACE},
    sitting::Sitting,
};
use crate::{
    domain::{
        actor::ActorRole,
        alert::{Alert, AlertRefusal, AlertState, Decision, FollowUp, FollowUpOutcome, Resolution},
        id::Id,
    },
    service::{
        caller::Caller, delivery, error::Error, gateway::Gateway, keyring::ChildKey, reason::Reason,
    },
    store::{
        alert_life,
        alerts::{Disclosed, Part},
        children,
    },
};

/// What is done. What is said of it is personal: it does not print, and is sealed.
pub enum Act {
    /// The medical side has it in hand.
    FollowUp {
        /// What came of it.
        outcome: FollowUpOutcome,
        /// In words; may be empty.
        note: Zeroizing<String>,
    },
    /// A clinician holds it to be settled.
    Resolve {
        /// Why.
        decision: Decision,
        /// In words.
        reason: Zeroizing<String>,
    },
}

/// Acts on an alert for the calling medical institution. It goes alone, because it locks the child's
/// row. Doing the same again is harmless; `seen`, the revision the caller read, must still stand.
pub async fn act(
    gateway: &Gateway,
    ask: &Ask,
    alert: Id<Alert>,
    seen: Option<i64>,
    act: &Act,
) -> Result<OpenedAlert, Error> {
    let mut sitting = Sitting::begin(gateway, ask.region).await?;
    let region = ask.region;
    let (asker, caller) = sitting.admit(&ask.claim).await?;
    caller.must_be_medical()?;
    // An alert that is not there is asked for like somebody else's: of a child nobody has.
    let child = alert_life::child_of(&mut sitting.tx, region, alert).await?;
    let child = child.unwrap_or_else(|| Id::opaque(&mut gateway.own_chance()));
    let locked = children::lock(&mut sitting.tx, region, &[child]).await?;
    let side = sitting.medical_side(&asker, &caller, &[child]).await?;
    let found = sitting.read_by_group(&side, vec![alert], Part::Any).await?;
    let group = side.groups.iter().zip(found).find(|(_, f)| !f.is_empty());
    let Some((permits, found)) = group else {
        let denied = side.denial.map(Error::Denied);
        return Err(denied.unwrap_or_else(|| Reason::NotFound.into()));
    };
    let audience = audience(permits);
    let actor = caller.actor_id().to_string();
    sitting.leaf(ask, &actor, &shown(permits, &found)).await?;
    let mut seen_now = found.into_iter().next().ok_or(Reason::NotFound)?;
    let wrapped = locked.into_iter().next().and_then(|row| row.wrapped_key);
    let key = gateway.keyring().child(region, child, wrapped.as_deref())?;
    let key = key.ok_or(Reason::ChildErased)?;
    if matches!(act, Act::Resolve { .. })
        && let Err(refused) = must_be_clinician(&caller)
    {
        return Err(sitting.refuse(refused).await);
    }
    if !is_done(&seen_now, &caller, act, &key)? {
        if seen.is_some_and(|revision| revision != seen_now.row.revision) {
            return Err(sitting.refuse(Reason::EtagMismatch.into()).await);
        }
        let done = sitting.carry_out(&caller, &key, act, &mut seen_now);
        match done.await {
            Ok(()) => {}
            Err(refused @ Error::Refused(_)) => return Err(sitting.refuse(refused).await),
            Err(failed) => return Err(failed),
        }
    }
    let setting = delivery::Setting::new(region, &sitting.settings, sitting.now);
    let rung = delivery::reconcile(&mut sitting.tx, &setting, &[child]).await?;
    sitting.rise().await?;
    gateway.announce(region, rung).await;
    open_alert(gateway, region, seen_now, &audience)?.ok_or_else(|| Reason::NotFound.into())
}

/// A decision over a child's health is a clinician's, whatever office opens the look.
fn must_be_clinician(caller: &Caller) -> Result<(), Error> {
    if caller.actor.role == ActorRole::Clinician || caller.actor.practitioner.is_some() {
        Ok(())
    } else {
        Err(Reason::ClinicianRequired.into())
    }
}

/// Whether the same person has done the same already: a retry.
fn is_done(seen: &Disclosed, caller: &Caller, act: &Act, key: &ChildKey) -> Result<bool, Error> {
    let life = seen.row.state.life();
    let (same, said, place, words) = match act {
        Act::FollowUp { outcome, note } => (
            life.followed_up
                .is_some_and(|f| (f.by, f.outcome) == (caller.actor_id(), *outcome)),
            &seen.follow_up_note,
            FOLLOW_UP_PLACE,
            note,
        ),
        Act::Resolve { decision, reason } => (
            life.decided == Some((caller.actor_id(), *decision)),
            &seen.decision_reason,
            REASON_PLACE,
            reason,
        ),
    };
    if !same {
        return Ok(false);
    }
    let Some(said) = said else {
        return Ok(words.is_empty());
    };
    let (table, column) = place;
    let said = key.open(table, &seen.row.id.to_string(), column, said)?;
    Ok(said.as_slice() == words.as_bytes())
}

/// A refused step as the caller is told it.
pub(super) fn refusal(refused: AlertRefusal) -> Error {
    match refused {
        AlertRefusal::Ended { .. } => Reason::AlertEnded.into(),
        AlertRefusal::AlreadyAcknowledged | AlertRefusal::BeforeLastChange => {
            Reason::WrongState.into()
        }
    }
}

impl Sitting {
    async fn carry_out(
        &mut self,
        caller: &Caller,
        key: &ChildKey,
        act: &Act,
        seen: &mut Disclosed,
    ) -> Result<(), Error> {
        let (region, alert) = (self.region, seen.row.id);
        let (by, at) = (
            caller.actor_id(),
            self.now.max(seen.row.state.last_change()),
        );
        let before: AlertState = seen.row.state.clone();
        match act {
            Act::FollowUp { outcome, note } => {
                let outcome = *outcome;
                let followed_up = FollowUp { by, at, outcome };
                let state = before.follow_up(followed_up).map_err(refusal)?;
                let note = (!note.is_empty()).then_some(note);
                let note = note.map(|note| self.seal(key, alert, FOLLOW_UP_PLACE, note));
                let note = note.transpose()?;
                alert_life::follow_up(&mut self.tx, region, alert, &state, note.clone()).await?;
                seen.follow_up_note = note;
                seen.row.state = state;
            }
            Act::Resolve { decision, reason } => {
                let decision = *decision;
                let by_clinician = Resolution::ByClinician { by, decision };
                let state = before.resolve(by_clinician, at).map_err(refusal)?;
                let reason = self.seal(key, alert, REASON_PLACE, reason)?;
                alert_life::decide(&mut self.tx, region, alert, &state, reason.clone()).await?;
                seen.decision_reason = Some(reason);
                seen.row.state = state;
                seen.row.revision += 1;
            }
        }
        // Whoever has it in hand, it is passed on no further.
        seen.escalated_to = None;
        Ok(())
    }
}
