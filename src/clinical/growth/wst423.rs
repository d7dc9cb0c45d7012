//! WS/T 423-2022 7岁以下儿童生长标准: level and nutrition class, birth to under 84 months.
//!
//! The standard publishes cut-offs, so it classifies and yields no z-score. Everything is compared
//! as exact fractions of integers: 8.2 kg in a boy of 12 months is exactly −2 SD and therefore not
//! 低体重, which binary floating point can't promise.

use crate::clinical::growth::Indicator;
use crate::clinical::growth::class::{GrowthLevel, NutritionClass};
use crate::clinical::growth::stature::Micrometres;
use crate::clinical::growth::table::{Lines, TableError};
use crate::domain::sex::Sex;
use crate::domain::text_code::text_codes;

/// The standard's name as alerts cite it.
pub const DOCUMENT: &str = "WS/T 423-2022";
/// From so many completed months height tables apply, before it length tables.
pub const FIRST_HEIGHT_MONTH: u32 = 24;
/// The standard ends before so many completed months.
pub const END_MONTHS: u32 = 84;

text_codes! {
    /// Which row the cut-offs came from; the standard has no rule between rows, so a result says it.
    RowUse {
        /// A row of the standard.
        Exact = "EXACT",
        /// `[P]` linear between the neighbouring rows.
        Interpolated = "INTERPOLATED",
        /// `[P]` 82 and 83 months: the row of 81.
        LastRow = "LAST_ROW",
    }
}

/// Where a measurement lies among the seven cut-offs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classified {
    pub indicator: Indicator,
    /// How many of the cut-offs −3 SD … +3 SD the measurement has reached (0 to 7).
    reached: u8,
    pub row: RowUse,
}

impl Classified {
    /// The level by standard deviations (table 2).
    pub fn level(&self) -> GrowthLevel {
        match self.reached {
            0 | 1 => GrowthLevel::Lower,
            2 => GrowthLevel::LowerMiddle,
            3 | 4 => GrowthLevel::Middle,
            5 => GrowthLevel::UpperMiddle,
            _ => GrowthLevel::Upper,
        }
    }

    /// The nutrition class (table 3), if the measurement falls into one.
    pub fn nutrition(&self) -> Option<NutritionClass> {
        use NutritionClass::*;
        match (self.indicator, self.reached) {
            (Indicator::WeightForAge, 0) => Some(SevereUnderweight),
            (Indicator::WeightForAge, 1) => Some(Underweight),
            (Indicator::LengthHeightForAge, 0) => Some(SevereStunting),
            (Indicator::LengthHeightForAge, 1) => Some(Stunting),
            (Indicator::WeightForLengthHeight | Indicator::BmiForAge, reached) => match reached {
                0 => Some(SevereWasting),
                1 => Some(Wasting),
                5 => Some(Overweight),
                6 => Some(Obesity),
                7.. => Some(SevereObesity),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A non-negative fraction.
#[derive(Clone, Copy)]
struct Fraction {
    over: i128,
    under: i128,
}

type Cutoffs = [i32; 7];

/// One table for one sex: rows in rising order of `x`.
type Column = Vec<(u32, Cutoffs)>;

#[derive(Debug, Default)]
struct BySex([Column; 2]);

/// The SD cut-offs of annex B.
#[derive(Debug, Default)]
pub struct Standard {
    weight_for_age: BySex,
    length_height_for_age: BySex,
    weight_for_length: BySex,
    weight_for_height: BySex,
    bmi_for_age: BySex,
    head_for_age: BySex,
}

impl Standard {
    pub(super) fn load() -> Result<Standard, TableError> {
        let file = "wst423_2022_sd.csv";
        let text = include_str!("../data/wst423_2022_sd.csv");
        let header = "indicator,sex,x,sd_neg3,sd_neg2,sd_neg1,median,sd_pos1,sd_pos2,sd_pos3";
        let mut standard = Standard::default();
        for mut line in Lines::open(file, text, header)? {
            let table = match line.text()? {
                "wfa" => &mut standard.weight_for_age,
                "lhfa" => &mut standard.length_height_for_age,
                "wfl" => &mut standard.weight_for_length,
                "wfh" => &mut standard.weight_for_height,
                "bfa" => &mut standard.bmi_for_age,
                "hcfa" => &mut standard.head_for_age,
                _ => return Err(line.refuse("unknown indicator")),
            };
            let column = &mut table.0[line.sex()?.index()];
            let x = u32::try_from(line.integer()?).map_err(|_| line.refuse("x is negative"))?;
            if column.last().is_some_and(|&(last, _)| x <= last) {
                return Err(line.refuse("rows are not in rising order"));
            }
            let mut cutoffs = [0; 7];
            for cutoff in &mut cutoffs {
                *cutoff = line.integer()?;
            }
            if !cutoffs.is_sorted_by(|a, b| a < b) {
                return Err(line.refuse("cut-offs do not rise"));
            }
            column.push((x, cutoffs));
        }
        Ok(standard)
    }

    /// Weight for age; `months` completed.
    pub fn weight_for_age(&self, sex: Sex, months: u32, grams: i64) -> Option<Classified> {
        let value = Fraction {
            over: grams.into(),
            under: 1,
        };
        at_age(
            Indicator::WeightForAge,
            &self.weight_for_age,
            sex,
            months,
            value,
        )
    }

    /// Length (under 24 completed months) or height for age; `um` is already adjusted.
    pub fn length_height_for_age(
        &self,
        sex: Sex,
        months: u32,
        um: Micrometres,
    ) -> Option<Classified> {
        let value = Fraction {
            over: um.into(),
            under: 1_000,
        };
        let table = &self.length_height_for_age;
        at_age(Indicator::LengthHeightForAge, table, sex, months, value)
    }

    /// BMI for age; `um` is already adjusted.
    pub fn bmi_for_age(
        &self,
        sex: Sex,
        months: u32,
        grams: i64,
        um: Micrometres,
    ) -> Option<Classified> {
        // kg / m² in tenths: (g / 10^3) / (µm / 10^6)² × 10 = g × 10^10 / µm².
        let um = i128::from(um);
        let value = Fraction {
            over: i128::from(grams) * 10_000_000_000,
            under: um * um,
        };
        at_age(Indicator::BmiForAge, &self.bmi_for_age, sex, months, value)
    }

    /// Head circumference for age; the standard's table ends at 36 months.
    pub fn head_for_age(&self, sex: Sex, months: u32, um: Micrometres) -> Option<Classified> {
        let value = Fraction {
            over: um.into(),
            under: 1_000,
        };
        at_age(
            Indicator::HeadCircumferenceForAge,
            &self.head_for_age,
            sex,
            months,
            value,
        )
    }

    /// Weight for length (under 24 completed months, 45-100 cm) or for height (75-130 cm).
    pub fn weight_for_length_height(
        &self,
        sex: Sex,
        months: u32,
        grams: i64,
        um: Micrometres,
    ) -> Option<Classified> {
        const UM_PER_CM: Micrometres = 10_000;
        let table = match months {
            ..FIRST_HEIGHT_MONTH => &self.weight_for_length,
            FIRST_HEIGHT_MONTH..END_MONTHS => &self.weight_for_height,
            _ => return None,
        };
        let value = Fraction {
            over: grams.into(),
            under: 1,
        };
        let column = &table.0[sex.index()];
        let (reached, row) = place(column, um, UM_PER_CM, value)?;
        Some(Classified {
            indicator: Indicator::WeightForLengthHeight,
            reached,
            row,
        })
    }
}

fn at_age(
    indicator: Indicator,
    table: &BySex,
    sex: Sex,
    months: u32,
    value: Fraction,
) -> Option<Classified> {
    /// The last row of the tables that go beyond 36 months.
    const LAST_ROW: u32 = 81;
    if months >= END_MONTHS {
        return None;
    }
    let column = &table.0[sex.index()];
    let held = months > LAST_ROW && column.last().is_some_and(|&(last, _)| last == LAST_ROW);
    let x = if held { LAST_ROW } else { months };
    let (reached, row) = place(column, x.into(), 1, value)?;
    let row = if held { RowUse::LastRow } else { row };
    Some(Classified {
        indicator,
        reached,
        row,
    })
}

/// How many cut-offs `value` reaches at `x / per_row`, and how the row was found.
fn place(column: &Column, x: i64, per_row: i64, value: Fraction) -> Option<(u8, RowUse)> {
    if value.over <= 0 || value.under <= 0 || x < 0 {
        return None;
    }
    let scaled = |row: &(u32, Cutoffs)| i64::from(row.0) * per_row;
    let next = column.partition_point(|row| scaled(row) <= x);
    let low = column.get(next.checked_sub(1)?)?;
    let (high, share, whole, row) = if scaled(low) == x {
        (low, 0, 1, RowUse::Exact)
    } else {
        let high = column.get(next)?;
        (
            high,
            x - scaled(low),
            scaled(high) - scaled(low),
            RowUse::Interpolated,
        )
    };
    let (share, whole) = (i128::from(share), i128::from(whole));
    let reached = (0..7).filter(|&at| {
        // cut-off = (low × (whole − share) + high × share) / whole, compared without dividing.
        let (a, b) = (i128::from(low.1[at]), i128::from(high.1[at]));
        value.over * whole >= (a * (whole - share) + b * share) * value.under
    });
    Some((reached.count() as u8, row))
}

#[cfg(test)]
mod tests;
