//! How an example child grows: a track through the WS/T 423-2022 medians, a little noise, and for
//! some a drift away from it. Plausible, not clinical: nothing is assessed here.

use rand::{Rng, RngCore};

use crate::rpc::wire::Sex;

/// Age in months, then median and one standard deviation of weight (g), recumbent length (mm) and
/// head circumference (mm). Medians of WS/T 423-2022 tables B.1-B.12; from 24 months the standing
/// height is given there, 7 mm are added to make it a length.
type Row = (f64, [f64; 2], [f64; 2], [f64; 2]);

const BOYS: [Row; 11] = [
    (0.0, [3_500.0, 400.0], [512.0, 19.0], [343.0, 13.0]),
    (1.0, [4_600.0, 500.0], [551.0, 20.0], [370.0, 12.0]),
    (3.0, [6_800.0, 750.0], [622.0, 22.0], [405.0, 11.0]),
    (6.0, [8_400.0, 900.0], [687.0, 24.0], [434.0, 12.0]),
    (8.0, [9_100.0, 950.0], [717.0, 25.0], [446.0, 13.0]),
    (12.0, [10_100.0, 1_050.0], [767.0, 26.0], [461.0, 13.0]),
    (18.0, [11_300.0, 1_150.0], [831.0, 29.0], [474.0, 13.0]),
    (24.0, [12_600.0, 1_350.0], [889.0, 31.0], [483.0, 13.0]),
    (30.0, [13_700.0, 1_450.0], [939.0, 33.0], [489.0, 14.0]),
    (36.0, [14_600.0, 1_550.0], [982.0, 35.0], [493.0, 14.0]),
    (42.0, [15_700.0, 1_700.0], [1_020.0, 37.0], [497.0, 14.0]),
];

const GIRLS: [Row; 11] = [
    (0.0, [3_300.0, 350.0], [503.0, 19.0], [339.0, 13.0]),
    (1.0, [4_300.0, 500.0], [541.0, 20.0], [363.0, 12.0]),
    (3.0, [6_200.0, 650.0], [608.0, 22.0], [395.0, 11.0]),
    (6.0, [7_800.0, 850.0], [671.0, 24.0], [422.0, 12.0]),
    (8.0, [8_400.0, 900.0], [701.0, 24.0], [435.0, 13.0]),
    (12.0, [9_400.0, 1_000.0], [752.0, 26.0], [451.0, 13.0]),
    (18.0, [10_700.0, 1_150.0], [819.0, 29.0], [464.0, 13.0]),
    (24.0, [11_900.0, 1_300.0], [877.0, 31.0], [473.0, 13.0]),
    (30.0, [13_000.0, 1_450.0], [926.0, 33.0], [479.0, 14.0]),
    (36.0, [14_100.0, 1_600.0], [969.0, 35.0], [485.0, 14.0]),
    (42.0, [15_200.0, 1_750.0], [1_008.0, 36.0], [490.0, 14.0]),
];

/// Where weight goes after the eighth month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// Along the track.
    Steady,
    /// Down, towards 低体重.
    Down,
    /// Up, towards 超重.
    Up,
}

/// One child's way through the tables, in standard deviations.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    sex: Sex,
    length: f64,
    weight: f64,
    head: f64,
    drift: Drift,
    last_length: f64,
}

/// What was measured on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Grams, to 10 g.
    pub weight_g: i64,
    /// Millimetres: length lying under 24 months, height standing from then on.
    pub length_mm: i64,
    /// Whether the child stood.
    pub standing: bool,
    /// Millimetres.
    pub head_mm: i64,
}

impl Track {
    /// A child's track; a tall child is rather heavy too.
    pub fn draw(sex: Sex, drift: Drift, chance: &mut dyn RngCore) -> Self {
        let length = 0.75 * normal(chance);
        let weight = 0.6 * length + 0.45 * normal(chance);
        Self {
            sex,
            length,
            weight,
            head: 0.7 * normal(chance),
            drift,
            last_length: 0.0,
        }
    }

    /// Measures the child at an age, in months; call it in order of age: nobody grows shorter.
    pub fn measure(&mut self, age_months: f64, chance: &mut dyn RngCore) -> Measured {
        let (weight, length, head) = row(self.sex, age_months);
        let drifted = ((age_months - 8.0) / 14.0).clamp(0.0, 1.0);
        let away = match self.drift {
            Drift::Steady => 0.0,
            Drift::Down => -2.2 * drifted,
            Drift::Up => 1.9 * drifted,
        };
        let at = |[median, deviation]: [f64; 2], z: f64| median + z * deviation;
        let grown = at(length, self.length + 0.05 * normal(chance));
        self.last_length = self.last_length.max(grown);
        let standing = age_months >= 24.0;
        let shrink = if standing { 7.0 } else { 0.0 };
        let weight_g = at(weight, self.weight + away + 0.1 * normal(chance));
        let head_mm = at(head, self.head + 0.05 * normal(chance));
        Measured {
            weight_g: (weight_g / 10.0).round() as i64 * 10,
            length_mm: (self.last_length - shrink).round() as i64,
            standing,
            head_mm: head_mm.round() as i64,
        }
    }
}

/// A draw from nearly a standard normal distribution, within ±6: twelve uniform draws, so that the
/// same seed gives the same digits on every machine.
pub fn normal(chance: &mut dyn RngCore) -> f64 {
    (0..12).map(|_| chance.random::<f64>()).sum::<f64>() - 6.0
}

fn row(sex: Sex, age_months: f64) -> ([f64; 2], [f64; 2], [f64; 2]) {
    let table = if sex == Sex::Female { &GIRLS } else { &BOYS };
    let next = table
        .iter()
        .position(|row| row.0 > age_months)
        .unwrap_or(table.len() - 1)
        .max(1);
    let (a, b) = (&table[next - 1], &table[next]);
    let part = ((age_months - a.0) / (b.0 - a.0)).clamp(0.0, 1.0);
    let between =
        |a: [f64; 2], b: [f64; 2]| [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
    (between(a.1, b.1), between(a.2, b.2), between(a.3, b.3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn medians_are_met_at_the_table_s_ages() {
        assert_eq!(row(Sex::Male, 12.0).0, [10_100.0, 1_050.0]);
        assert_eq!(row(Sex::Female, 24.0).1[0], 877.0);
        assert_eq!(row(Sex::Male, 0.0).0[0], 3_500.0);
        assert_eq!(row(Sex::Male, 50.0).0[0], 15_700.0);
    }

    proptest! {
        #[test]
        fn a_child_grows_and_stays_a_child(seed: u64, girl: bool, way in 0u8..3) {
            let mut chance = StdRng::seed_from_u64(seed);
            let drift = [Drift::Steady, Drift::Down, Drift::Up][usize::from(way)];
            let sex = if girl { Sex::Female } else { Sex::Male };
            let mut track = Track::draw(sex, drift, &mut chance);
            let mut last = 0;
            for month in 0..=42u32 {
                let seen = track.measure(f64::from(month), &mut chance);
                let lying = seen.length_mm + if seen.standing { 7 } else { 0 };
                prop_assert!(lying >= last, "shorter at {month}");
                last = lying;
                prop_assert!((1_500..25_000).contains(&seen.weight_g));
                prop_assert!((400..1_250).contains(&seen.length_mm));
                prop_assert!((280..560).contains(&seen.head_mm));
                prop_assert_eq!(seen.standing, month >= 24);
            }
        }
    }
}
