//! Three years of a child's examinations: the scheduled visits of 国家基本公共卫生服务规范 and the
//! other occasions on which a child is weighed, rechecked or treated.

use chrono::{Days, Months, NaiveDate};
use rand::{Rng, RngCore};

use super::growth::{Drift, Measured, Track, normal};
use super::people::Child;
use crate::rpc::wire::{CheckUp, CheckUpStatus, Finding, Quantity, Subject, finding};

/// What a child carries through its examinations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Anaemic from this month on, until a recheck; the low value is found there.
    pub anaemic_at: Option<u32>,
    /// Cow's milk allergy confirmed at this month.
    pub milk_allergy_at: Option<u32>,
    /// A first febrile convulsion at this month.
    pub febrile_seizure_at: Option<u32>,
    /// Asthma confirmed at this month.
    pub asthma_at: Option<u32>,
    /// Where weight goes.
    pub drift: Option<Drift>,
    /// Fails the hearing check of this month.
    pub deaf_at: Option<u32>,
}

/// Nominal age in months, visit code, and the days after it by which the child comes.
const SCHEDULE: [(u32, &str, std::ops::Range<u64>); 10] = [
    (0, "V00", 3..9),
    (1, "V01", 0..3),
    (3, "V03", 0..12),
    (6, "V06", 0..12),
    (8, "V08", 0..14),
    (12, "V12", 0..16),
    (18, "V18", 0..20),
    (24, "V24", 0..20),
    (30, "V30", 0..24),
    (36, "V36", 0..24),
];

/// Months at which many children are weighed between two visits.
const BETWEEN: [u32; 9] = [2, 4, 5, 10, 15, 21, 27, 33, 39];

/// A child's examinations up to `today`, in order of age. Record ids are given later.
pub fn examinations(
    child: &Child,
    fate: Fate,
    today: NaiveDate,
    chance: &mut dyn RngCore,
) -> Vec<CheckUp> {
    let mut track = Track::draw(
        child.registration.sex(),
        fate.drift.unwrap_or(Drift::Steady),
        chance,
    );
    let mut occasions: Vec<(u32, &str, NaiveDate)> = SCHEDULE
        .into_iter()
        .map(|(month, visit, late)| {
            let after = Days::new(chance.random_range(late));
            let nominal = if month == 1 {
                child.birth + Days::new(28)
            } else {
                child.birth + Months::new(month)
            };
            (month, visit, nominal + after)
        })
        .collect();
    let illness = [
        fate.milk_allergy_at,
        fate.febrile_seizure_at,
        fate.asthma_at,
    ];
    for month in BETWEEN {
        let date = child.birth + Months::new(month) + Days::new(chance.random_range(0..20));
        if chance.random_bool(0.72) || illness.contains(&Some(month)) {
            occasions.push((month, "OTHER", date));
        }
    }
    occasions.retain(|(_, _, date)| *date <= today);
    occasions.sort_by_key(|(_, _, date)| *date);
    occasions
        .into_iter()
        .map(|(month, visit, date)| {
            let age = (date - child.birth).num_days() as f64 / 30.4375;
            let measured = track.measure(age, chance);
            CheckUp {
                revision: 1,
                status: CheckUpStatus::Final.into(),
                date: date.to_string(),
                visit: visit.into(),
                subject: Some(subject(child)),
                findings: findings(month, visit, measured, fate, chance),
                ..CheckUp::default()
            }
        })
        .collect()
}

/// Every number the child has, as a hospital's system exports it.
fn subject(child: &Child) -> Subject {
    Subject {
        identifiers: child.registration.identifiers.clone(),
        birth_date: child.registration.birth_date.clone(),
        sex: child.registration.sex,
    }
}

fn findings(
    month: u32,
    visit: &str,
    measured: Measured,
    fate: Fate,
    chance: &mut dyn RngCore,
) -> Vec<Finding> {
    let position = if measured.standing { "H" } else { "L" };
    let mut found = vec![
        quantity("WEIGHT", measured.weight_g, 0, "g"),
        quantity("LENGTH_HEIGHT", measured.length_mm, 0, "mm"),
        coded("MEASURING_POSITION", position),
    ];
    if month <= 24 && visit != "OTHER" {
        found.push(quantity("HEAD_CIRCUMFERENCE", measured.head_mm, 0, "mm"));
    }
    if matches!(visit, "V06" | "V12" | "V24" | "V36") {
        let outcome = if fate.deaf_at == Some(month) {
            "FAIL"
        } else {
            "PASS"
        };
        found.push(coded("HEARING", outcome));
    }
    if matches!(visit, "V08" | "V18" | "V30") {
        found.push(haemoglobin(fate.anaemic_at == Some(month), chance));
    }
    if visit == "OTHER" && fate.anaemic_at.is_some_and(|at| month == at + 3) {
        found.push(haemoglobin(false, chance));
    }
    match visit {
        "V00" => found.push(quantity(
            "TEMPERATURE",
            chance.random_range(364..372),
            1,
            "Cel",
        )),
        "OTHER" => {}
        _ => found.extend(routine(month, chance)),
    }
    found.extend(conditions(month, visit, fate));
    found
}

/// What is asked at every scheduled visit and nearly always is as it should be.
fn routine(month: u32, chance: &mut dyn RngCore) -> Vec<Finding> {
    let mut found = vec![quantity(
        "OUTDOOR_HOURS",
        chance.random_range(5..30),
        1,
        "h/d",
    )];
    if month <= 24 {
        found.push(quantity("VITAMIN_D", 400, 0, "[iU]/d"));
    }
    if (3..=24).contains(&month) {
        found.push(coded(
            "RICKETS_SIGN",
            if chance.random_bool(0.008) {
                "05"
            } else {
                "01"
            },
        ));
    }
    if month >= 6 {
        let expected = i64::from((month - 4).min(20));
        found.push(quantity(
            "TEETH_ERUPTED",
            expected + chance.random_range(-2..=0),
            0,
            "1",
        ));
    }
    if matches!(month, 3 | 6 | 8 | 12 | 18 | 24 | 30 | 36) {
        let sign = if chance.random_bool(0.01) {
            format!("{month}-1")
        } else {
            "NONE".into()
        };
        found.push(coded("DEVELOPMENT_SIGN", &sign));
    }
    found
}

/// Standing conditions, on the occasion they were confirmed.
fn conditions(month: u32, visit: &str, fate: Fate) -> Vec<Finding> {
    let mut found = Vec::new();
    if visit != "OTHER" {
        return found;
    }
    if fate.milk_allergy_at == Some(month) {
        found.push(Finding {
            coded_detail: "牛奶蛋白".into(),
            ..coded("ALLERGY", "FOOD")
        });
    }
    if fate.febrile_seizure_at == Some(month) {
        found.push(coded("FEBRILE_SEIZURE", "PRESENT"));
        found.push(quantity("TEMPERATURE", 394, 1, "Cel"));
    }
    if fate.asthma_at == Some(month) {
        found.push(coded("ASTHMA", "PRESENT"));
    }
    found
}

/// g/L with one decimal: clearly low (a limit raised for altitude changes nothing), or clearly not.
fn haemoglobin(low: bool, chance: &mut dyn RngCore) -> Finding {
    let tenths = if low {
        (1_010.0 + 35.0 * normal(chance)).clamp(910.0, 1_085.0)
    } else {
        (1_270.0 + 45.0 * normal(chance)).clamp(1_165.0, 1_450.0)
    };
    quantity("HAEMOGLOBIN", tenths.round() as i64, 1, "g/L")
}

/// A measured finding.
#[must_use]
pub fn quantity(code: &str, value: i64, decimals: u32, unit: &str) -> Finding {
    Finding {
        code: code.into(),
        value: Some(finding::Value::Quantity(Quantity {
            value,
            decimals,
            unit: unit.into(),
        })),
        ..Finding::default()
    }
}

/// A coded finding.
#[must_use]
pub fn coded(code: &str, value: &str) -> Finding {
    Finding {
        code: code.into(),
        value: Some(finding::Value::Coded(value.into())),
        ..Finding::default()
    }
}
