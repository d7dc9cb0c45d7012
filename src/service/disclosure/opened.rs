//! Unsealing, after the commit and outside the lock. Types that hold what was found don't print.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::Withheld;
use crate::{
    clinical::fitness::Limit,
    domain::{
        alert::Alert,
        checkup::{CheckUp, CheckUpParts},
        child::Child,
        escalation::EscalationStep,
        id::Id,
        region::RegionCode,
    },
    service::{
        alert_body::{ALERT_PLACE, AlertBody, CardParts},
        assessment::{self, FINDINGS_PLACE},
        error::Error,
        gateway::Gateway,
        keyring::ChildKey,
    },
    store::{
        alerts::{AlertRow, Disclosed},
        check_ups::{CheckUpRow, SealedCheckUp},
    },
};

/// Who reads an alert.
#[derive(Debug, Clone)]
pub enum Audience {
    /// A facility: the carer's card; inputs only of children whose consent lets results be viewed.
    Facility {
        /// Those children.
        may_view: BTreeSet<Id<Child>>,
    },
    /// An instructor assigned to a facility: what to follow up; inputs as the consent to the
    /// facility lets them be viewed.
    Instructor {
        /// Children whose results may be viewed.
        may_view: BTreeSet<Id<Child>>,
    },
    /// A guardian: everything.
    Guardian,
    /// An MCH centre by its statutory duty: what to follow up, with the inputs.
    MedicalSide,
}

/// An alert, opened for its reader.
pub struct OpenedAlert {
    /// What stands in clear.
    pub row: AlertRow,
    /// The document the rule rests on.
    pub source_document: String,
    /// What the reader does.
    pub care_card: String,
    /// The same by its parts: a carer's as the rule has them; another reader's text is all in `act`.
    pub card: CardParts,
    /// The reader's card in traditional-script Mongolian, where the rule has one.
    pub mongolian: Option<String>,
    /// What settles it, in Chinese.
    pub resolved_by: String,
    /// What it does to the child's fitness for care.
    pub limit: Option<Limit>,
    /// Inputs of the rule, for readers who may see results.
    pub inputs: Vec<(String, String)>,
    /// What was said of the last follow-up, for the medical side and guardians.
    pub follow_up_note: Option<Zeroizing<String>>,
    /// Why a clinician resolved it, for the same.
    pub decision_reason: Option<Zeroizing<String>>,
    /// How far it has been passed on, while nobody has taken it up.
    pub escalated_to: Option<EscalationStep>,
}

/// Place of what was said of a follow-up.
pub(super) const FOLLOW_UP_PLACE: (&str, &str) = ("alerts", "follow_up_note");
/// Place of a clinician's reason.
pub(super) const REASON_PLACE: (&str, &str) = ("alerts", "decision_reason");

/// A check-up, opened for its source.
pub struct OpenedCheckUp {
    /// Its row.
    pub row: CheckUpRow,
    /// What was found.
    pub check_up: CheckUp,
}

/// Opens an alert for its reader. `None` once the child is erased. What does not open is logged.
pub fn open_alert(
    gateway: &Gateway,
    region: RegionCode,
    alert: Disclosed,
    audience: &Audience,
) -> Result<Option<OpenedAlert>, Error> {
    let id = alert.row.id;
    unsealed(gateway, region, alert, audience).inspect_err(|cause| {
        tracing::error!(alert = %id, %cause, "an alert does not open");
    })
}

fn unsealed(
    gateway: &Gateway,
    region: RegionCode,
    alert: Disclosed,
    audience: &Audience,
) -> Result<Option<OpenedAlert>, Error> {
    let Some(key) = key_of(gateway, region, alert.row.child, alert.wrapped_key)? else {
        return Ok(None);
    };
    let (table, column) = ALERT_PLACE;
    let bytes = key.open(table, &alert.row.id.to_string(), column, &alert.sealed)?;
    let body: AlertBody =
        serde_json::from_slice(&bytes).map_err(|_| Error::Broken("an alert body"))?;
    let said = |place, sealed: Option<Vec<u8>>| match audience {
        Audience::Facility { .. } => Ok(None),
        Audience::Instructor { .. } | Audience::Guardian | Audience::MedicalSide => {
            words(&key, alert.row.id, place, sealed.as_deref())
        }
    };
    let follow_up_note = said(FOLLOW_UP_PLACE, alert.follow_up_note)?;
    let decision_reason = said(REASON_PLACE, alert.decision_reason)?;
    let child = alert.row.child;
    let (mut parts, mut mongolian) = (None, None);
    let (care_card, may_view) = match audience {
        Audience::Facility { may_view } => {
            let card = body
                .facility_card
                .ok_or(Error::Broken("an alert without a card"))?;
            parts = body.facility_parts;
            mongolian = body.mongolian.and_then(|text| text.facility);
            (card, may_view.contains(&child))
        }
        Audience::Instructor { may_view } => (body.follow_up, may_view.contains(&child)),
        Audience::Guardian => {
            mongolian = body.mongolian.and_then(|text| text.guardian);
            (body.guardian_card, true)
        }
        Audience::MedicalSide => (body.follow_up, true),
    };
    let in_one = || CardParts {
        act: Some(care_card.clone()),
        watch: None,
        emergency: None,
    };
    let mut row = alert.row;
    row.state = row.state.as_told(alert.acknowledged);
    Ok(Some(OpenedAlert {
        row,
        source_document: body.source_document,
        card: parts.unwrap_or_else(in_one),
        care_card,
        mongolian,
        resolved_by: body.resolved_by,
        limit: body.limit.map(|stored| Limit {
            grade: stored.grade,
            until: stored.until,
            until_zh: stored.until_zh,
        }),
        inputs: if may_view { body.inputs } else { Vec::new() },
        follow_up_note,
        decision_reason,
        escalated_to: alert.escalated_to,
    }))
}

/// Opens alerts for their reader. A child of whom something does not open is withheld, and the others
/// are shown: one bad row keeps a facility from no other child.
pub fn open_alerts(
    gateway: &Gateway,
    region: RegionCode,
    alerts: Vec<Disclosed>,
    audience: &Audience,
) -> Result<(Vec<OpenedAlert>, Vec<Withheld>), Error> {
    let (mut opened, mut unreadable) = (Vec::with_capacity(alerts.len()), Vec::new());
    for alert in alerts {
        let child = alert.row.child;
        match open_alert(gateway, region, alert, audience) {
            Ok(alert) => opened.extend(alert),
            Err(error) if is_unreadable(&error) => unreadable.push(child),
            Err(error) => return Err(error),
        }
    }
    Ok((opened, Withheld::unreadable(unreadable)))
}

/// Whether what is sealed did not open: trying again changes nothing.
pub fn is_unreadable(error: &Error) -> bool {
    matches!(error, Error::Vault(_) | Error::Broken(_))
}

fn words(
    key: &ChildKey,
    alert: Id<Alert>,
    (table, column): (&str, &str),
    sealed: Option<&[u8]>,
) -> Result<Option<Zeroizing<String>>, Error> {
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let bytes = key.open(table, &alert.to_string(), column, sealed)?;
    let text = String::from_utf8(bytes.to_vec());
    let text = text.map_err(|_| Error::Broken("words about an alert"))?;
    Ok(Some(Zeroizing::new(text)))
}

/// Opens a check-up for its source. `None` once the child is erased.
pub fn open_check_up(
    gateway: &Gateway,
    region: RegionCode,
    sealed: SealedCheckUp,
    wrapped_key: Option<Vec<u8>>,
) -> Result<Option<OpenedCheckUp>, Error> {
    let child = sealed
        .row
        .child
        .ok_or(Error::Broken("a matched check-up without its child"))?;
    let Some(key) = key_of(gateway, region, child, wrapped_key)? else {
        return Ok(None);
    };
    let (table, column) = FINDINGS_PLACE;
    let bytes = key.open(table, &sealed.row.id.to_string(), column, &sealed.sealed)?;
    let row = sealed.row;
    let check_up = assessment::check_up(CheckUpParts {
        source: row.source.to_string(),
        record_id: row.record_id.clone(),
        revision: row.revision,
        status: row.status,
        date: row.date,
        visit: row.visit,
        findings: assessment::read_findings(&bytes)?,
    })?;
    Ok(Some(OpenedCheckUp { row, check_up }))
}

fn key_of(
    gateway: &Gateway,
    region: RegionCode,
    child: Id<Child>,
    wrapped_key: Option<Vec<u8>>,
) -> Result<Option<ChildKey>, Error> {
    Ok(gateway
        .keyring()
        .child(region, child, wrapped_key.as_deref())?)
}
