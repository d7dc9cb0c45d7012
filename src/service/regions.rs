//! The region's settings.

use super::{
    caller::{self, Claim},
    error::Error,
    gateway::Gateway,
    reason::Reason,
};
use crate::{
    domain::{
        escalation::EscalationHours,
        growth_standard::GrowthStandard,
        region::{RegionCode, Settings},
    },
    store::regions,
};

/// The region's settings: for everybody who may act in it.
pub async fn get(gateway: &Gateway, region: RegionCode, claim: &Claim) -> Result<Settings, Error> {
    let mut tx = gateway.store().snapshot().await?;
    caller::admit(&mut tx, region, claim).await?;
    let (settings, _) = regions::find(&mut tx, region)
        .await?
        .ok_or(Reason::RegionForeign)?;
    Ok(settings)
}

/// What a commission may change; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Edit {
    /// Metres above sea level, at most [`Settings::HIGHEST_ALTITUDE_M`].
    pub altitude_m: Option<u32>,
    /// Whether haemoglobin limits rise with altitude.
    pub correct_for_altitude: Option<bool>,
    /// Whose growth classes raise alerts.
    pub growth_standard: Option<GrowthStandard>,
    /// Whether Mongolian-medicine guidance is offered.
    pub mongolian_medicine: Option<bool>,
    /// When an urgent alert that nobody takes up is passed on. Clocks that run follow it.
    pub escalation: Option<EscalationHours>,
}

/// Changes the settings. Every child is assessed anew where rules read what changed, in the
/// background.
pub async fn update(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    edit: Edit,
) -> Result<Settings, Error> {
    let mut tx = gateway.store().begin().await?;
    caller::admit(&mut tx, region, claim)
        .await?
        .must_be_commission()?;
    let found = regions::find(&mut tx, region).await?;
    let (mut settings, revision) = found.ok_or(Reason::RegionForeign)?;
    settings.altitude_m = edit.altitude_m.unwrap_or(settings.altitude_m);
    settings.correct_for_altitude = edit
        .correct_for_altitude
        .unwrap_or(settings.correct_for_altitude);
    settings.growth_standard = edit.growth_standard.unwrap_or(settings.growth_standard);
    settings.mongolian_medicine = edit
        .mongolian_medicine
        .unwrap_or(settings.mongolian_medicine);
    settings.escalation = edit.escalation.unwrap_or(settings.escalation);
    if !regions::update(&mut tx, region, &settings, revision).await? {
        return Err(Reason::EtagMismatch.into());
    }
    tx.commit().await?;
    Ok(settings)
}
