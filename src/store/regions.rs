//! Regions and their settings.

use super::{
    Tx,
    engine::Row,
    error::StoreError,
    rows::{Reader, or_nothing},
};
use crate::domain::{
    escalation::{EscalationHours, EscalationStep},
    growth_standard::GrowthStandard,
    region::{RegionCode, Settings, Zone},
    rule_set::RuleSetId,
};

/// A region's settings, and the revision at which they were read.
pub async fn find(tx: &mut Tx, region: RegionCode) -> Result<Option<(Settings, i64)>, StoreError> {
    let row = tx
        .query("SELECT * FROM regions WHERE region = $1")
        .bind(region.to_string())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let revision = Reader::new(&row, "regions", "region").int("revision")?;
    Ok(Some((read(&row)?, revision)))
}

fn read(row: &Row) -> Result<Settings, StoreError> {
    let r = Reader::new(row, "regions", "region");
    let zone = Zone::east(r.number("utc_offset_minutes")?);
    let escalation = EscalationHours::new(
        r.number("instructor_hours")?,
        r.number("mch_centre_hours")?,
        r.number("commission_hours")?,
    );
    Ok(Settings {
        zone: zone.ok_or_else(|| r.corrupt("utc_offset_minutes"))?,
        altitude_m: r.number("altitude_m")?,
        correct_for_altitude: r.flag("correct_for_altitude")?,
        growth_standard: r.word("growth_standard", GrowthStandard::parse)?,
        mongolian_medicine: r.flag("mongolian_medicine")?,
        rule_set: r.given("active_rule_set")?,
        escalation: escalation.ok_or_else(|| r.corrupt("commission_hours"))?,
    })
}

/// Every region. Not their settings: what is wrong with one region's must stop no other's work.
pub async fn codes(tx: &mut Tx) -> Result<Vec<RegionCode>, StoreError> {
    let rows = tx
        .query("SELECT region FROM regions ORDER BY region")
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Reader::new(row, "regions", "region").parsed("region"))
        .collect()
}

/// Creates a region with an empty ledger.
pub async fn create(
    tx: &mut Tx,
    region: RegionCode,
    settings: &Settings,
) -> Result<(), StoreError> {
    tx.query(
        "INSERT INTO regions (region, utc_offset_minutes, altitude_m, correct_for_altitude,
                              growth_standard, active_rule_set, instructor_hours,
                              mch_centre_hours, commission_hours, mongolian_medicine, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
    )
    .bind(region.to_string())
    .bind(i64::from(settings.zone.minutes()))
    .bind(i64::from(settings.altitude_m))
    .bind(i64::from(settings.correct_for_altitude))
    .bind(settings.growth_standard.as_str())
    .bind(or_nothing(settings.rule_set))
    .bind(hours(settings, EscalationStep::ToInstructor))
    .bind(hours(settings, EscalationStep::ToMchCentre))
    .bind(hours(settings, EscalationStep::ToCommission))
    .bind(i64::from(settings.mongolian_medicine))
    .execute(tx)
    .await?;
    tx.query("INSERT INTO ledger_heads (region, size, time_us) VALUES ($1, 0, 0)")
        .bind(region.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Changes the settings if nobody changed them since `revision`; tells whether it did.
pub async fn update(
    tx: &mut Tx,
    region: RegionCode,
    settings: &Settings,
    revision: i64,
) -> Result<bool, StoreError> {
    let changed = tx
        .query(
            "UPDATE regions
             SET altitude_m = $3, correct_for_altitude = $4, growth_standard = $5,
                 instructor_hours = $6, mch_centre_hours = $7, commission_hours = $8,
                 mongolian_medicine = $9, revision = revision + 1
             WHERE region = $1 AND revision = $2",
        )
        .bind(region.to_string())
        .bind(revision)
        .bind(i64::from(settings.altitude_m))
        .bind(i64::from(settings.correct_for_altitude))
        .bind(settings.growth_standard.as_str())
        .bind(hours(settings, EscalationStep::ToInstructor))
        .bind(hours(settings, EscalationStep::ToMchCentre))
        .bind(hours(settings, EscalationStep::ToCommission))
        .bind(i64::from(settings.mongolian_medicine))
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

/// Lets regions that never said by which rules their children are assessed go on with `rule_set`.
pub async fn settle(tx: &mut Tx, rule_set: RuleSetId) -> Result<(), StoreError> {
    tx.query("UPDATE regions SET active_rule_set = $1 WHERE active_rule_set = ''")
        .bind(rule_set.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Turns the pointer to the rules, if nobody changed the region since `revision`; tells whether it
/// did.
pub async fn point(
    tx: &mut Tx,
    region: RegionCode,
    rule_set: RuleSetId,
    revision: i64,
) -> Result<bool, StoreError> {
    let changed = tx
        .query(
            "UPDATE regions SET active_rule_set = $3, revision = revision + 1
             WHERE region = $1 AND revision = $2",
        )
        .bind(region.to_string())
        .bind(revision)
        .bind(rule_set.to_string())
        .execute(tx)
        .await?;
    Ok(changed == 1)
}

fn hours(settings: &Settings, step: EscalationStep) -> i64 {
    i64::from(settings.escalation.until(step))
}
