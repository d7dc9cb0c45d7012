//! How a doubtful measurement may have been mistyped: a hint for whoever checks the record, never a
//! correction. All of it is `[P]`.

use crate::clinical::growth::Indicator;
use crate::domain::text_code::text_codes;

text_codes! {
    /// A usual mistake that would explain a value.
    Slip {
        /// Weight in 斤, half a kilogram.
        Jin = "JIN",
        /// The decimal point one place off.
        DecimalPoint = "DECIMAL_POINT",
        /// Two neighbouring digits swapped.
        SwappedDigits = "SWAPPED_DIGITS",
        /// One digit wrong.
        OneDigit = "ONE_DIGIT",
    }
}

impl Slip {
    /// For the clinician who checks.
    pub fn label_zh(self) -> &'static str {
        match self {
            Slip::Jin => "可能按市斤填写",
            Slip::DecimalPoint => "小数点可能错位",
            Slip::SwappedDigits => "相邻数字可能颠倒",
            Slip::OneDigit => "可能有一位数字填错",
        }
    }
}

/// The first usual mistake that turns what was expected, give or take a tenth of a weight and a 25th of
/// a length, into what was written; both in the last digit written, 0.1 kg or millimetres.
pub fn guess(indicator: Indicator, written: i64, expected: i64) -> Option<Slip> {
    let share = if indicator == Indicator::WeightForAge {
        10
    } else {
        25
    };
    let fits = |value: i64| (value - expected).abs().saturating_mul(share) <= expected;
    if indicator == Indicator::WeightForAge && fits(written / 2) {
        return Some(Slip::Jin);
    }
    if fits(written / 10) || written.checked_mul(10).is_some_and(fits) {
        return Some(Slip::DecimalPoint);
    }
    let digits: Vec<i64> = written
        .to_string()
        .chars()
        .filter_map(|digit| digit.to_digit(10).map(i64::from))
        .collect();
    let number = |digits: &[i64]| digits.iter().fold(0, |sum, digit| sum * 10 + digit);
    let swapped = (1..digits.len()).any(|at| {
        let mut digits = digits.clone();
        digits.swap(at - 1, at);
        fits(number(&digits))
    });
    if swapped {
        return Some(Slip::SwappedDigits);
    }
    let one_wrong = (0..digits.len()).any(|at| {
        (0..=9).any(|digit| {
            let mut digits = digits.clone();
            digits[at] = digit;
            fits(number(&digits))
        })
    });
    one_wrong.then_some(Slip::OneDigit)
}
