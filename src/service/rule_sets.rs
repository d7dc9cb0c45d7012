//! Rule sets of a region: added, looked through, made to count. For the commission's office.
//!
//! A rule set is no key: nobody sees more or less of a child by it, so its activation is no leaf of the
//! ledger; who made which set count, and when, is kept in a table of its own.

mod preview;

use chrono::{DateTime, Utc};

pub use preview::{Preview, preview};

use super::{
    caller::{self, Caller, Claim},
    error::{Error, Problem},
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    clinical::rules::{Bundle, RuleFile, RuleSet, diff},
    domain::{
        id::Id,
        region::{RegionCode, Settings},
        rule_set::RuleSetId,
    },
    store::{
        Tx, assessments, regions,
        rule_sets::{self, ActivationRow, RuleSetRow},
    },
};

/// The most sets a region may add.
const MOST_SETS: u64 = 500;

/// A set, and whether it counts.
pub struct Shown {
    /// The set.
    pub row: RuleSetRow,
    /// Whether it counts in the region.
    pub active: bool,
}

/// Which set counts, and how far the assessment by it has come.
pub struct Standing {
    /// The set that counts.
    pub rule_set: RuleSetId,
    /// Who made it so; none where the region still has its first.
    pub activation: Option<ActivationRow>,
    /// Children whose alerts stand by it and the region's settings.
    pub assessed: u64,
    /// Children there are.
    pub children: u64,
    /// Of the region's row.
    pub revision: i64,
}

/// Admits the commission's office.
pub(super) async fn admit(tx: &mut Tx, region: RegionCode, claim: &Claim) -> Result<Caller, Error> {
    let caller = caller::admit(tx, region, claim).await?;
    caller.must_be_office()?;
    Ok(caller)
}

/// The region's settings with their revision, and the set that counts.
pub(super) async fn settings(
    tx: &mut Tx,
    gateway: &Gateway,
    region: RegionCode,
) -> Result<(Settings, i64, RuleSetId), Error> {
    let found = regions::find(tx, region).await?;
    let (settings, revision) = found.ok_or(Reason::RegionForeign)?;
    let active = settings.rule_set;
    let active = active.unwrap_or(gateway.rule_book().shipped().id());
    Ok((settings, revision, active))
}

/// Whether the caller may add a set; asked before one is received, and again before it is read.
pub async fn may_add(gateway: &Gateway, region: RegionCode, claim: &Claim) -> Result<(), Error> {
    let mut tx = gateway.store().snapshot().await?;
    admit(&mut tx, region, claim).await?;
    tx.rollback().await?;
    Ok(())
}

/// Adds a set. The same files are the same set: the one that is there is given.
pub async fn add(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    label: String,
    files: Vec<RuleFile>,
) -> Result<Shown, Error> {
    // Reading up to 200 files is work: it is done for the office alone.
    may_add(gateway, region, claim).await?;
    let tables = gateway.rule_book().shipped().tables().clone();
    let read = move || {
        let bundle = Bundle::new(files).map_err(|refused| unsound("files", refused.zh()))?;
        RuleSet::of(bundle, tables)
            .map_err(|fault| unsound(&format!("files[{}]", fault.file()), fault.zh()))
    };
    // Megabytes of text: beside the threads that answer everybody else.
    let read = tokio::task::spawn_blocking(read).await;
    let set = read.map_err(|_| Error::Broken("a rule set that was being read"))??;
    let mut tx = gateway.store().begin().await?;
    let caller = admit(&mut tx, region, claim).await?;
    let (_, _, active) = settings(&mut tx, gateway, region).await?;
    if let Some(row) = rule_sets::find(&mut tx, region, set.id()).await? {
        let active = row.id == active;
        return Ok(Shown { row, active });
    }
    if rule_sets::count(&mut tx, region).await? >= MOST_SETS {
        return Err(Reason::RuleSetsFull.into());
    }
    if let Some(now) = gateway.rule_book().read(&mut tx, region, active).await? {
        must_tell_versions_apart(&now, &set)?;
    }
    let row = RuleSetRow {
        owner: region,
        id: set.id(),
        label,
        rules: u32::try_from(set.rules().len()).unwrap_or(u32::MAX),
        added: tx.now().await?,
        by: Some((caller.organization, caller.actor_id())),
    };
    rule_sets::insert(&mut tx, &row, set.bundle()).await?;
    tx.commit().await?;
    Ok(Shown { row, active: false })
}

fn unsound(field: &str, message_zh: String) -> Error {
    Error::Invalid(vec![Problem {
        field: field.to_owned(),
        reason: Reason::RuleSetUnsound.code(),
        message_zh,
    }])
}

/// An alert explains itself by rule and version: a rule that says something else has another version.
fn must_tell_versions_apart(now: &RuleSet, new: &RuleSet) -> Result<(), Error> {
    let kept = diff::diff(now, new).into_iter();
    let kept: Vec<Problem> = kept
        .filter(diff::Difference::keeps_its_version)
        .map(|difference| Problem {
            field: format!("files[{}]", difference.file),
            reason: Reason::RuleVersionKept.code(),
            message_zh: format!(
                "{}：{} 的内容与现行规则集不同，version 没有提高，请提高 version",
                difference.file, difference.of
            ),
        })
        .collect();
    if kept.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(kept))
    }
}

/// The sets the region may use, the latest first, before the cursor, at most `limit`.
pub async fn list(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    before: Option<(DateTime<Utc>, RuleSetId)>,
    limit: u32,
) -> Result<Vec<Shown>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    admit(&mut tx, region, claim).await?;
    let (_, _, active) = settings(&mut tx, gateway, region).await?;
    let rows = rule_sets::list(&mut tx, region, before, limit).await?;
    let shown = rows.into_iter().map(|row| {
        let active = row.id == active;
        Shown { row, active }
    });
    Ok(shown.collect())
}

/// One set with its files.
pub async fn get(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: RuleSetId,
) -> Result<(Shown, Vec<RuleFile>), Error> {
    let mut tx = gateway.store().snapshot().await?;
    admit(&mut tx, region, claim).await?;
    let (_, _, active) = settings(&mut tx, gateway, region).await?;
    let row = rule_sets::find(&mut tx, region, id).await?;
    let row = row.ok_or(Reason::NotFound)?;
    let files = rule_sets::files(&mut tx, region, id).await?;
    let files = files.ok_or(Error::Broken("a rule set without files"))?;
    let active = row.id == active;
    Ok((Shown { row, active }, files))
}

/// Makes a set count: one pointer. The tide assesses every child anew.
pub async fn activate(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: RuleSetId,
    seen: Option<i64>,
) -> Result<Standing, Error> {
    let mut tx = gateway.store().begin().await?;
    let caller = admit(&mut tx, region, claim).await?;
    let (_, revision, active) = settings(&mut tx, gateway, region).await?;
    if rule_sets::find(&mut tx, region, id).await?.is_none() {
        return Err(Reason::NotFound.into());
    }
    if gateway
        .rule_book()
        .read(&mut tx, region, id)
        .await?
        .is_none()
    {
        return Err(Reason::RuleSetUnreadable.into());
    }
    // A set that counts already is a retry, which has raised the revision itself.
    if id != active {
        if seen.is_some_and(|seen| seen != revision) {
            return Err(Reason::EtagMismatch.into());
        }
        if !regions::point(&mut tx, region, id, revision).await? {
            return Err(Reason::EtagMismatch.into());
        }
        let at = tx.now().await?;
        let activation = ActivationRow {
            id: Id::timed(at, &mut *gateway.chance()),
            rule_set: id,
            previous: Some(active),
            by: (caller.organization, caller.actor_id()),
            at,
        };
        rule_sets::insert_activation(&mut tx, region, &activation).await?;
    }
    let standing = standing(&mut tx, gateway, region).await?;
    tx.commit().await?;
    tracing::info!(%region, rule_set = %id, previous = %active, "a rule set counts");
    Ok(standing)
}

/// Which set counts, and how far the assessment by it has come.
pub async fn activation(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
) -> Result<Standing, Error> {
    let mut tx = gateway.store().snapshot().await?;
    admit(&mut tx, region, claim).await?;
    standing(&mut tx, gateway, region).await
}

async fn standing(tx: &mut Tx, gateway: &Gateway, region: RegionCode) -> Result<Standing, Error> {
    let (settings, revision, active) = settings(tx, gateway, region).await?;
    let (children, assessed) = assessments::progress(tx, region, settings.basis(active)).await?;
    Ok(Standing {
        rule_set: active,
        activation: rule_sets::latest_activation(tx, region).await?,
        assessed,
        children,
        revision,
    })
}
