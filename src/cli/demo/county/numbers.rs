//! Synthetic numbers that pass every public check: GB 11643-1999, GB 32100-2015, GB 11714-1997.
//!
//! They are counted up, never looked up: no number here was ever given to anyone by design, and the
//! division is the example county's own.

use chrono::NaiveDate;

use crate::rpc::wire::Sex;

/// 伊金霍洛旗 (GB/T 2260): the example county.
pub const DIVISION: &str = "150627";

const SCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const SCC_WEIGHTS: [usize; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
const ORGANIZATION_WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
const RESIDENT_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const RESIDENT_CHECK: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// 公民身份号码: the `nth` (0 to 499) person of that sex born on that day in the division.
#[must_use]
pub fn resident_id(birth: NaiveDate, sex: Sex, nth: u32) -> String {
    let sequence = (nth % 500) * 2 + u32::from(sex == Sex::Male);
    let body = format!("{DIVISION}{}{sequence:03}", birth.format("%Y%m%d"));
    let sum: u32 = body
        .bytes()
        .zip(RESIDENT_WEIGHTS)
        .map(|(b, w)| u32::from(b - b'0') * w)
        .sum();
    format!("{body}{}", RESIDENT_CHECK[(sum % 11) as usize])
}

/// 统一社会信用代码: `kind` is registering authority and kind (`12` a public institution, `52` a
/// private non-enterprise unit, …), `serial` has at most seven digits.
#[must_use]
pub fn social_credit_code(kind: &str, serial: u32) -> String {
    let organization = format!("9{:07}", serial % 10_000_000);
    let body = format!(
        "{kind}{DIVISION}{organization}{}",
        organization_check(&organization)
    );
    let index = |byte: u8| SCC_ALPHABET.iter().position(|&a| a == byte).unwrap_or(0);
    let sum: usize = body
        .bytes()
        .zip(SCC_WEIGHTS)
        .map(|(b, w)| index(b) * w)
        .sum();
    format!("{body}{}", char::from(SCC_ALPHABET[(31 - sum % 31) % 31]))
}

/// GB 11714-1997, over digits alone (their values are themselves in base 36).
fn organization_check(organization: &str) -> char {
    let digits = organization.bytes().map(|b| usize::from(b - b'0'));
    let sum: usize = digits.zip(ORGANIZATION_WEIGHTS).map(|(d, w)| d * w).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        check => char::from_digit(check as u32, 10).unwrap_or('0'),
    }
}

/// 出生医学证明编号 of the seventh edition's form: a letter, the province code 15, seven digits.
#[must_use]
pub fn birth_certificate(serial: u32) -> String {
    format!("X15{:07}", serial % 10_000_000)
}

/// A mobile number.
#[must_use]
pub fn phone(serial: u32) -> String {
    format!("1390000{:04}", serial % 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn check_digits_are_those_of_published_and_known_numbers() {
        let known = resident_id(day("2023-06-01"), Sex::Female, 499);
        assert_eq!(known, "150627202306019988");
        let known = resident_id(day("2022-01-15"), Sex::Male, 499);
        assert_eq!(known, "150627202201159992");
        assert_eq!(social_credit_code("12", 9_900_001), "121506279990000132");
        assert_eq!(social_credit_code("52", 9_900_002), "52150627999000021Q");
        assert_eq!(social_credit_code("11", 9_900_004), "11150627999000048P");
    }

    #[test]
    fn numbers_of_different_people_differ() {
        let birth = day("2024-02-29");
        let mut seen: Vec<_> = (0..500)
            .flat_map(|n| {
                [
                    resident_id(birth, Sex::Male, n),
                    resident_id(birth, Sex::Female, n),
                ]
            })
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 1_000);
    }
}
