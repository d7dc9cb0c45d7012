//! Resident ID, 公民身份号码 (GB 11643-1999).

use super::{IdentifierError, private_number};
use chrono::NaiveDate;

private_number! {
    /// Six digits division of *first registration* (not the residence; old and foreign divisions
    /// are valid), eight birth date, three sequence (odd male, even female), one check character
    /// by ISO 7064 MOD 11-2.
    ResidentId, shows 6 and 2
}

/// Sex as the resident ID carries it, with its code in GB/T 2261.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegisteredSex {
    Male = 1,
    Female = 2,
}

impl ResidentId {
    /// Exactly 18 characters; a lower-case `x` becomes `X`. Whether the date lies in the future is
    /// for a caller who knows the day.
    pub fn parse(value: &str) -> Result<Self, IdentifierError> {
        if value.chars().count() != 18 {
            return Err(IdentifierError::ResidentIdLength);
        }
        let digits = value
            .get(..17)
            .filter(|body| body.bytes().all(|b| b.is_ascii_digit()));
        let check = value.bytes().last().map(|b| b.to_ascii_uppercase());
        let (Some(digits), Some(check @ (b'0'..=b'9' | b'X'))) = (digits, check) else {
            return Err(IdentifierError::ResidentIdCharacter);
        };
        if birth_date(digits).is_none() {
            return Err(IdentifierError::ResidentIdBirthDate);
        }
        if check_character(digits) != check {
            return Err(IdentifierError::ResidentIdCheckDigit);
        }
        Ok(Self(value.to_ascii_uppercase()))
    }

    pub fn birth_date(&self) -> NaiveDate {
        // `parse` has read this date; the fallback is never reached.
        birth_date(&self.0).unwrap_or_default()
    }

    pub fn sex(&self) -> RegisteredSex {
        let odd = self
            .0
            .as_bytes()
            .get(16)
            .is_some_and(|digit| digit % 2 == 1);
        if odd {
            RegisteredSex::Male
        } else {
            RegisteredSex::Female
        }
    }
}

fn birth_date(number: &str) -> Option<NaiveDate> {
    let part = |range| {
        number
            .get(range)
            .and_then(|digits: &str| digits.parse::<u32>().ok())
    };
    let year = i32::try_from(part(6..10)?).ok()?;
    NaiveDate::from_ymd_opt(year, part(10..12)?, part(12..14)?)
}

/// ISO 7064 MOD 11-2 over the first 17 digits: with p ← 2(p + digit) mod 11, the check value makes
/// p + check ≡ 1. The same as GB 11643's weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2.
fn check_character(digits: &str) -> u8 {
    let p = digits
        .bytes()
        .fold(0u32, |p, digit| (p + u32::from(digit - b'0')) * 2 % 11);
    b"10X98765432"[p as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_standards_example_and_synthetic_numbers() {
        // GB 11643-1999 gives the first.
        for (number, birth, sex) in [
            ("11010519491231002X", (1949, 12, 31), RegisteredSex::Female),
            ("150627202306019988", (2023, 6, 1), RegisteredSex::Female),
            ("150627202201159992", (2022, 1, 15), RegisteredSex::Male),
            ("15062720240408998X", (2024, 4, 8), RegisteredSex::Female),
        ] {
            let id = ResidentId::parse(number).unwrap();
            assert_eq!(
                Some(id.birth_date()),
                NaiveDate::from_ymd_opt(birth.0, birth.1, birth.2)
            );
            assert_eq!(id.sex(), sex);
        }
        assert_eq!(
            ResidentId::parse("15062720240408998x")
                .unwrap()
                .as_str()
                .len(),
            18
        );
        assert_eq!(RegisteredSex::Female as u8, 2);
    }

    #[test]
    fn each_rule_has_its_reason() {
        for (number, reason) in [
            ("", "RESIDENT_ID_LENGTH"),
            ("1506272023060199888", "RESIDENT_ID_LENGTH"),
            ("15062720230601998Y", "RESIDENT_ID_CHARACTER"),
            ("X50627202306019988", "RESIDENT_ID_CHARACTER"),
            ("15062720230601998８", "RESIDENT_ID_CHARACTER"),
            ("１50627202306019988", "RESIDENT_ID_CHARACTER"),
            ("150627202102309983", "RESIDENT_ID_BIRTH_DATE"), // 30 February, check digit right
            ("150627202306019989", "RESIDENT_ID_CHECK_DIGIT"),
        ] {
            assert_eq!(
                ResidentId::parse(number).map_err(IdentifierError::reason),
                Err(reason)
            );
        }
    }

    #[test]
    fn nothing_is_printed() {
        let id = ResidentId::parse("150627202306019988").unwrap();
        assert_eq!(format!("{id:?}"), "ResidentId(…)");
        assert_eq!(id.masked(), "150627**********88");
    }

    /// GB 11643-1999's own formulation, to hold the short one against.
    fn by_weights(digits: &str) -> u8 {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = digits
            .bytes()
            .zip(WEIGHTS)
            .map(|(d, w)| u32::from(d - b'0') * w)
            .sum();
        b"10X98765432"[(sum % 11) as usize]
    }

    fn number() -> impl Strategy<Value = String> {
        ("[1-9][0-9]{5}", 1900..2100i32, 1..=366u32, "[0-9]{3}").prop_filter_map(
            "no such day",
            |(division, year, day, sequence)| {
                let date = NaiveDate::from_yo_opt(year, day)?;
                let body = format!("{division}{}{sequence}", date.format("%Y%m%d"));
                let check = char::from(check_character(&body));
                Some(format!("{body}{check}"))
            },
        )
    }

    proptest! {
        #[test]
        fn both_formulations_agree(digits in "[0-9]{17}") {
            prop_assert_eq!(check_character(&digits), by_weights(&digits));
        }

        #[test]
        fn one_wrong_digit_is_caught(number in number(), at in 0..18usize, by in 1..10u8) {
            prop_assert!(ResidentId::parse(&number).is_ok());
            let mut typed = number.clone().into_bytes();
            typed[at] = match typed[at] {
                b'X' => b'0' + by,
                digit => b'0' + (digit - b'0' + by) % 10,
            };
            let typed = String::from_utf8(typed).unwrap();
            prop_assert!(ResidentId::parse(&typed).is_err());
            // and by the check character itself, not only because no such day exists
            prop_assert!(check_character(&typed[..17]) != typed.as_bytes()[17]);
        }

        #[test]
        fn two_swapped_neighbours_are_caught(number in number(), at in 0..16usize) {
            let mut typed = number.into_bytes();
            prop_assume!(typed[at] != typed[at + 1]);
            typed.swap(at, at + 1);
            prop_assert!(ResidentId::parse(std::str::from_utf8(&typed).unwrap()).is_err());
        }

        #[test]
        fn any_text_is_met_with_grace(text in "\\PC{0,20}") {
            let _ = ResidentId::parse(&text);
        }
    }
}
