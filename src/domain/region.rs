//! 行政区划: the county a row belongs to, and its settings.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::escalation::EscalationHours;
use super::growth_standard::GrowthStandard;
use super::rule_set::{Basis, RuleSetId};

/// A six-digit GB/T 2260 code. The tenant key: every primary key starts with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(u32);

impl RegionCode {
    /// Not a place: rows that belong to the whole deployment.
    pub const DEPLOYMENT: Self = Self(0);
}

/// The text is not a division code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a six-digit GB/T 2260 code")]
pub struct NotARegion;

impl FromStr for RegionCode {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('0') {
            return Err(NotARegion);
        }
        text.parse().map(Self).map_err(|_| NotARegion)
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// What differs from county to county.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where civil days begin.
    pub zone: Zone,
    /// Metres above sea level, 0 to 6000; for haemoglobin.
    pub altitude_m: u32,
    /// Whether haemoglobin limits rise with altitude: a local decision.
    pub correct_for_altitude: bool,
    /// Whose growth classes raise alerts.
    pub growth_standard: GrowthStandard,
    /// Whether Mongolian-medicine guidance (蒙医药健康指导) is offered, and so asked for.
    pub mongolian_medicine: bool,
    /// The rules children are assessed by; none before a gateway has settled on its own.
    pub rule_set: Option<RuleSetId>,
    /// When an urgent alert that nobody takes up is passed on.
    pub escalation: EscalationHours,
}

impl Settings {
    /// The highest altitude a region may state, in metres.
    pub const HIGHEST_ALTITUDE_M: u32 = 6000;
    /// A count of children from 1 to one less than this is not told to a supervisor `[cfg]`.
    pub const FEW: u32 = 5;

    /// What an assessment by these rules rests on here. A setting that rules read belongs into it:
    /// then a change of it reaches every child.
    pub fn basis(&self, rule_set: RuleSetId) -> Basis {
        Basis {
            rule_set,
            growth_standard: self.growth_standard,
            mongolian_medicine: self.mongolian_medicine,
            corrected_m: if self.correct_for_altitude {
                self.altitude_m
            } else {
                0
            },
        }
    }
}

/// A region's time zone. China keeps one offset without summer time, so an offset is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(FixedOffset);

impl Zone {
    /// `minutes` east of UTC, within a day.
    pub fn east(minutes: i32) -> Option<Self> {
        minutes
            .checked_mul(60)
            .and_then(FixedOffset::east_opt)
            .map(Self)
    }

    /// China Standard Time.
    pub fn china() -> Self {
        const CHINA: Option<FixedOffset> = FixedOffset::east_opt(8 * 3600);
        const { Self(CHINA.expect("eight hours are less than a day")) }
    }

    /// Minutes east of UTC.
    pub fn minutes(self) -> i32 {
        self.0.local_minus_utc() / 60
    }

    /// The civil day at `now`.
    pub fn day(self, now: DateTime<Utc>) -> NaiveDate {
        self.local(now).date()
    }

    /// The civil day and time of day at `now`.
    pub fn day_and_time(self, now: DateTime<Utc>) -> (NaiveDate, NaiveTime) {
        let local = self.local(now);
        (local.date(), local.time())
    }

    /// Clocks and calendars in the zone; at the very ends of time, where they have none, UTC's.
    fn local(self, now: DateTime<Utc>) -> NaiveDateTime {
        let utc = now.naive_utc();
        utc.checked_add_offset(self.0).unwrap_or(utc)
    }

    /// The instant `day` begins.
    pub fn start(self, day: NaiveDate) -> DateTime<Utc> {
        // Only at the very ends of the calendar is there no such instant.
        let ends = if day.year() < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        };
        let utc = day.and_time(NaiveTime::MIN).checked_sub_offset(self.0);
        utc.map_or(ends, |local| local.and_utc())
    }

    /// The instant `day` ends: the start of the next.
    pub fn end(self, day: NaiveDate) -> DateTime<Utc> {
        self.start(day.succ_opt().unwrap_or(NaiveDate::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_civil_day_is_a_half_open_span_of_the_zone() {
        let day = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        let zone = Zone::china();
        assert_eq!(zone.start(day).to_rfc3339(), "2026-08-31T16:00:00+00:00");
        assert_eq!(zone.day(zone.start(day)), day);
        assert_eq!(zone.day(zone.end(day)), day.succ_opt().unwrap());
    }

    #[test]
    fn only_six_digits_are_a_region() {
        assert!("150627".parse::<RegionCode>().is_ok());
        for bad in ["", "15062", "1506270", "15062a", "000000"] {
            assert_eq!(bad.parse::<RegionCode>(), Err(NotARegion));
        }
    }
}
