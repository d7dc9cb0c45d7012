//! Agreements: drafted, proposed, signed by both, filed; suspended and resumed, declined, terminated.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    caller::{self, Caller, Claim},
    change::{Change, KeyChange},
    error::{Error, Problem},
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    domain::{
        agreement::{
            Agreement, AgreementState, Ending, Filing, NotInForce, Terms, TermsError, WrongState,
            in_force,
        },
        id::Id,
        organization::{Organization, OrganizationKind},
        region::{RegionCode, Settings},
    },
    ledger::{KeyKind, KeyState},
    pki::PublicKey,
    store::{
        Tx,
        agreements::{self, AgreementRow, Signature},
        organizations, regions, signing_keys,
    },
};

/// An agreement as it is shown.
pub struct Shown {
    /// Its row.
    pub row: AgreementRow,
    /// The signatures so far.
    pub signatures: Vec<Signature>,
    /// Whether it is in force now: derived, never stored.
    pub in_force: bool,
}

/// Which agreement a step is about, and how the caller last saw it.
#[derive(Debug, Clone, Copy)]
pub struct Which {
    /// The region.
    pub region: RegionCode,
    /// The agreement.
    pub id: Id<Agreement>,
    /// The revision the caller saw, if it says so.
    pub seen: Option<i64>,
}

impl From<WrongState> for Error {
    fn from(_: WrongState) -> Self {
        Reason::WrongState.into()
    }
}

/// Drafts an agreement: by either party.
pub async fn create(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    terms: Terms,
) -> Result<Shown, Error> {
    terms.check().map_err(|wrong| {
        let (field, reason) = match wrong {
            TermsError::EndsBeforeItBegins => ("agreement.last_day", Reason::PeriodInverted),
            TermsError::TooLong => ("agreement.last_day", Reason::PeriodTooLong),
            TermsError::Frequency => ("agreement.services.times_per_year", Reason::FieldOutOfRange),
            TermsError::NoService => ("agreement.services", Reason::FieldRequired),
        };
        Error::field(field, reason)
    })?;
    let mut change = Change::begin(gateway, region, claim).await?;
    let us = change.caller.organization;
    if us != terms.institution && us != terms.facility {
        return Err(Reason::NotForThisOrganization.into());
    }
    check_parties(&mut change, &terms).await?;
    let row = AgreementRow {
        id: Id::timed(change.now, &mut change.chance),
        drafted_by: us,
        terms,
        state: AgreementState::Draft,
        revision: 1,
        parties_active: true,
    };
    agreements::insert(&mut change.tx, region, &row, change.now).await?;
    finish(change, row.id).await
}

/// Every party must be of this region and of a fitting kind; every misfit is told.
async fn check_parties(change: &mut Change, terms: &Terms) -> Result<(), Error> {
    type Fits = fn(OrganizationKind) -> bool;
    let (medical, facility): (Fits, Fits) =
        (OrganizationKind::is_medical, OrganizationKind::is_facility);
    let mut parties = vec![
        (
            "agreement.medical_institution".to_owned(),
            terms.institution,
            medical,
        ),
        ("agreement.facility".to_owned(), terms.facility, facility),
    ];
    for (at, source) in terms.data.further_sources.iter().enumerate() {
        let field = format!("agreement.data_clause.further_sources[{at}]");
        parties.push((field, *source, medical));
    }
    let (region, now) = (change.region, change.now);
    let mut problems = Vec::new();
    for (field, id, fits) in parties {
        match organizations::find(&mut change.tx, region, id, now).await? {
            None => problems.push(Problem::new(field, Reason::NotFound)),
            Some(found) if !fits(found.organization.kind) => {
                problems.push(Problem::new(field, Reason::WrongOrganizationKind));
            }
            Some(_) => {}
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(problems))
    }
}

/// Lays the draft before the other party: by the one that drafted it.
pub async fn propose(gateway: &Gateway, claim: &Claim, which: Which) -> Result<Shown, Error> {
    let (mut change, row) = begin(gateway, claim, which).await?;
    if row.drafted_by != change.caller.organization {
        return Err(Reason::NotForThisOrganization.into());
    }
    let state = row.state.clone().propose()?;
    keep(&mut change, &row, &state).await?;
    finish(change, row.id).await
}

/// The canonical bytes both parties sign.
pub async fn preview(gateway: &Gateway, claim: &Claim, which: Which) -> Result<String, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, which.region, claim).await?;
    let row = find(&mut tx, &caller, which).await?;
    let text = canonical(&mut tx, which.region, &row).await?;
    tx.rollback().await?;
    Ok(text)
}

/// A party signs. The signature is verified over the canonical bytes with the organization's current
/// signing key.
pub async fn sign(
    gateway: &Gateway,
    claim: &Claim,
    which: Which,
    key_id: &str,
    signature: Vec<u8>,
) -> Result<Shown, Error> {
    let (mut change, row) = begin(gateway, claim, which).await?;
    let us = change.caller.organization;
    if us != row.terms.institution && us != row.terms.facility {
        return Err(Reason::NotForThisOrganization.into());
    }
    let current = signing_keys::find(&mut change.tx, which.region, us, key_id).await?;
    let current = current
        .filter(|key| key.ended.is_none())
        .ok_or(Reason::SignatureInvalid)?;
    let key = PublicKey::from_spki_pem(&current.spki_pem)
        .map_err(|_| Error::Broken("a stored signing key"))?;
    let text = canonical(&mut change.tx, which.region, &row).await?;
    key.verify(text.as_bytes(), &signature)
        .map_err(|_| Reason::SignatureInvalid)?;
    let before = agreements::signatures(&mut change.tx, which.region, &[row.id].into()).await?;
    let others = before.iter().any(|s| s.organization != us);
    let state = row.state.clone().sign(others)?;
    let signed = Signature {
        agreement: row.id,
        organization: us,
        key_id: key_id.to_owned(),
        signature,
        signed: change.now,
    };
    if !agreements::insert_signature(&mut change.tx, which.region, signed).await? {
        return Err(Reason::WrongState.into());
    }
    keep(&mut change, &row, &state).await?;
    finish(change, row.id).await
}

/// A party declines.
pub async fn decline(
    gateway: &Gateway,
    claim: &Claim,
    which: Which,
    reason: String,
) -> Result<Shown, Error> {
    let (mut change, row) = begin(gateway, claim, which).await?;
    if change.caller.kind == OrganizationKind::HealthCommission {
        return Err(Reason::NotForThisOrganization.into());
    }
    let state = row.state.clone().decline(Ending {
        reason,
        at: change.now,
    })?;
    keep(&mut change, &row, &state).await?;
    finish(change, row.id).await
}

/// The commission files a signed agreement: it is in force from its first day.
pub async fn file(
    gateway: &Gateway,
    claim: &Claim,
    which: Which,
    number: String,
) -> Result<Shown, Error> {
    let (mut change, row) = begin(gateway, claim, which).await?;
    change.caller.must_be_commission()?;
    let state = row.state.clone().file(Filing {
        number,
        at: change.now,
    })?;
    keep(&mut change, &row, &state).await?;
    record(&mut change, &row, &state, "AGREEMENT_FILED")?;
    let zone = change.settings.zone;
    let begins = zone.start(row.terms.first_day).max(change.now);
    change.backfill(row.terms.facility, begins).await?;
    change
        .backfill(row.terms.facility, zone.end(row.terms.last_day))
        .await?;
    finish(change, row.id).await
}

/// The commission suspends a filed agreement at once.
pub async fn suspend(
    gateway: &Gateway,
    claim: &Claim,
    which: Which,
    reason: String,
) -> Result<Shown, Error> {
    let (change, row) = begin(gateway, claim, which).await?;
    change.caller.must_be_commission()?;
    let state = row.state.clone().suspend(Ending {
        reason,
        at: change.now,
    })?;
    turn(change, row, state, "AGREEMENT_SUSPENDED").await
}

/// The commission resumes a suspended agreement.
pub async fn resume(gateway: &Gateway, claim: &Claim, which: Which) -> Result<Shown, Error> {
    let (change, row) = begin(gateway, claim, which).await?;
    change.caller.must_be_commission()?;
    let state = row.state.clone().resume()?;
    turn(change, row, state, "AGREEMENT_RESUMED").await
}

/// A party or the commission ends a filed agreement at once.
pub async fn terminate(
    gateway: &Gateway,
    claim: &Claim,
    which: Which,
    reason: String,
) -> Result<Shown, Error> {
    let (change, row) = begin(gateway, claim, which).await?;
    let state = row.state.clone().terminate(Ending {
        reason,
        at: change.now,
    })?;
    turn(change, row, state, "AGREEMENT_TERMINATED").await
}

/// One agreement, for its parties and the commission.
pub async fn get(gateway: &Gateway, claim: &Claim, which: Which) -> Result<Shown, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, which.region, claim).await?;
    let row = find(&mut tx, &caller, which).await?;
    let shown = show(&mut tx, which.region, vec![row]).await?;
    tx.rollback().await?;
    shown
        .into_iter()
        .next()
        .ok_or_else(|| Reason::NotFound.into())
}

/// The caller's agreements, or the region's for the commission, after `cursor`.
pub async fn list(
    gateway: &Gateway,
    claim: &Claim,
    region: RegionCode,
    cursor: &str,
    limit: i64,
) -> Result<Vec<Shown>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    let caller = caller::admit(&mut tx, region, claim).await?;
    let party = (caller.kind != OrganizationKind::HealthCommission).then_some(caller.organization);
    let rows = agreements::list(&mut tx, region, party, cursor, limit).await?;
    let shown = show(&mut tx, region, rows).await?;
    tx.rollback().await?;
    Ok(shown)
}

async fn begin(
    gateway: &Gateway,
    claim: &Claim,
    which: Which,
) -> Result<(Change, AgreementRow), Error> {
    let mut change = Change::begin(gateway, which.region, claim).await?;
    let caller = change.caller.clone();
    let row = find(&mut change.tx, &caller, which).await?;
    if which.seen.is_some_and(|seen| seen != row.revision) {
        return Err(Reason::EtagMismatch.into());
    }
    Ok((change, row))
}

/// The agreement, if it is the caller's to know: a stranger hears that there is none.
async fn find(tx: &mut Tx, caller: &Caller, which: Which) -> Result<AgreementRow, Error> {
    let row = agreements::find(tx, which.region, which.id).await?;
    let us = caller.organization;
    let commission = caller.kind == OrganizationKind::HealthCommission;
    row.filter(|r| commission || r.terms.institution == us || r.terms.facility == us)
        .ok_or_else(|| Reason::NotFound.into())
}

async fn canonical(tx: &mut Tx, region: RegionCode, row: &AgreementRow) -> Result<String, Error> {
    let mut parties: BTreeSet<Id<Organization>> = row.terms.data.further_sources.clone();
    parties.extend([row.terms.institution, row.terms.facility]);
    let mut codes = std::collections::BTreeMap::new();
    for party in parties {
        let now = tx.now().await?;
        let found = organizations::find(tx, region, party, now).await?;
        let found = found.ok_or(Error::Broken("a party of an agreement"))?;
        let code = found.organization.social_credit_code.as_str().to_owned();
        codes.insert(party, code);
    }
    let code = |id| codes.get(&id).cloned().unwrap_or_default();
    Ok(row.terms.canonical(region, row.id, code))
}

async fn keep(
    change: &mut Change,
    row: &AgreementRow,
    state: &AgreementState,
) -> Result<(), Error> {
    let region = change.region;
    if agreements::set_state(&mut change.tx, region, row.id, state, row.revision).await? {
        Ok(())
    } else {
        Err(Reason::EtagMismatch.into())
    }
}

/// An agreement's key turns: looks follow at once, inboxes by a backfill.
async fn turn(
    mut change: Change,
    row: AgreementRow,
    state: AgreementState,
    what: &'static str,
) -> Result<Shown, Error> {
    keep(&mut change, &row, &state).await?;
    record(&mut change, &row, &state, what)?;
    let now = change.now;
    change.backfill(row.terms.facility, now).await?;
    finish(change, row.id).await
}

fn record(
    change: &mut Change,
    row: &AgreementRow,
    state: &AgreementState,
    what: &'static str,
) -> Result<(), Error> {
    let zone = change.settings.zone;
    let key = match state {
        AgreementState::Filed(_) => KeyState::Open {
            from: zone.start(row.terms.first_day).timestamp_micros(),
            until: Some(zone.end(row.terms.last_day).timestamp_micros()),
        },
        _ => KeyState::Closed,
    };
    change.record(KeyChange {
        kind: KeyKind::Agreement,
        id: row.id.to_string(),
        change: what,
        state: key,
        facts: vec![
            ("institution".to_owned(), row.terms.institution.to_string()),
            ("facility".to_owned(), row.terms.facility.to_string()),
        ],
        child: None,
    })
}

async fn finish(mut change: Change, id: Id<Agreement>) -> Result<Shown, Error> {
    let region = change.region;
    let row = agreements::find(&mut change.tx, region, id).await?;
    let row = row.ok_or(Error::Broken("an agreement vanished"))?;
    let mut shown = show(&mut change.tx, region, vec![row]).await?;
    change.commit().await?;
    shown.pop().ok_or(Error::Broken("an agreement vanished"))
}

async fn show(
    tx: &mut Tx,
    region: RegionCode,
    rows: Vec<AgreementRow>,
) -> Result<Vec<Shown>, Error> {
    let (settings, _) = regions::find(tx, region)
        .await?
        .ok_or(Reason::RegionForeign)?;
    let now = tx.now().await?;
    let ids = rows.iter().map(|r| r.id).collect();
    let signatures = agreements::signatures(tx, region, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| Shown {
            signatures: signatures
                .iter()
                .filter(|s| s.agreement == row.id)
                .cloned()
                .collect(),
            in_force: holds(&row, &settings, now).is_ok() && row.parties_active,
            row,
        })
        .collect())
}

/// Whether an agreement is in force at `now`, its parties' standing apart.
pub(super) fn holds(
    row: &AgreementRow,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(), NotInForce> {
    in_force(
        &row.state,
        (row.terms.first_day, row.terms.last_day),
        settings.zone,
        now,
    )
}
