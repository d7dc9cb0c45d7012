//! Numbers with a form but no check character that is known for sure.

use super::{IdentifierError, private_number};

private_number! {
    /// 出生医学证明编号: one capital letter (the print edition) and nine digits, the first two a
    /// province.
    BirthCertificateNo, shows 3 and 2
}

private_number! {
    /// 城乡居民健康档案编号: six digits division, three town, three village or committee, five
    /// serial.
    HealthFileNo, shows 6 and 2
}

private_number! {
    /// 医师执业证书编码: fifteen digits. Published accounts of their parts disagree, so nothing is
    /// derived from them.
    PhysicianLicenceNo, shows 6 and 2
}

private_number! {
    /// 护士执业证书编号: twelve digits.
    NurseLicenceNo, shows 4 and 2
}

private_number! {
    /// A mobile number (`1[3-9]` and nine digits) or a landline number with its area code (`0` and
    /// two or three digits, then seven or eight; a hyphen between is dropped).
    Phone, shows 3 and 4
}

impl BirthCertificateNo {
    pub fn parse(value: &str) -> Result<Self, IdentifierError> {
        let digits = value.strip_prefix(|first: char| first.is_ascii_uppercase());
        match digits {
            Some(digits) if all_digits(digits, 9) => Ok(Self(value.to_owned())),
            _ => Err(IdentifierError::BirthCertificateNoFormat),
        }
    }
}

impl HealthFileNo {
    pub fn parse(value: &str) -> Result<Self, IdentifierError> {
        let right = all_digits(value, 17);
        right
            .then(|| Self(value.to_owned()))
            .ok_or(IdentifierError::HealthFileNoFormat)
    }
}

impl PhysicianLicenceNo {
    pub fn parse(value: &str) -> Result<Self, IdentifierError> {
        let right = all_digits(value, 15);
        right
            .then(|| Self(value.to_owned()))
            .ok_or(IdentifierError::PhysicianLicenceNoFormat)
    }
}

impl NurseLicenceNo {
    pub fn parse(value: &str) -> Result<Self, IdentifierError> {
        let right = all_digits(value, 12);
        right
            .then(|| Self(value.to_owned()))
            .ok_or(IdentifierError::NurseLicenceNoFormat)
    }
}

impl Phone {
    pub fn parse(value: &str) -> Result<Self, IdentifierError> {
        match value.as_bytes() {
            [b'1', b'3'..=b'9', ..] if all_digits(value, 11) => Ok(Self(value.to_owned())),
            [b'0', ..] if is_landline(value) => Ok(Self(value.replace('-', ""))),
            _ => Err(IdentifierError::PhoneFormat),
        }
    }
}

fn is_landline(value: &str) -> bool {
    match value.split_once('-') {
        Some((area, number)) => {
            (all_digits(area, 3) || all_digits(area, 4))
                && (all_digits(number, 7) || all_digits(number, 8))
        }
        None => (10..=12).any(|count| all_digits(value, count)),
    }
}

fn all_digits(value: &str, count: usize) -> bool {
    value.len() == count && value.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms() {
        assert!(BirthCertificateNo::parse("X320101001").is_ok());
        for wrong in [
            "",
            "x320101001",
            "X32010100",
            "XX20101001",
            "3201010011",
            "X32010100１",
        ] {
            let refused = BirthCertificateNo::parse(wrong);
            assert_eq!(refused, Err(IdentifierError::BirthCertificateNoFormat));
        }
        for (digits, physician, nurse, file) in [
            ("110150627000001", true, false, false),
            ("201515000001", false, true, false),
            ("15062710020300001", false, false, true),
            ("11015062700000X", false, false, false),
        ] {
            assert_eq!(PhysicianLicenceNo::parse(digits).is_ok(), physician);
            assert_eq!(NurseLicenceNo::parse(digits).is_ok(), nurse);
            assert_eq!(HealthFileNo::parse(digits).is_ok(), file);
        }
    }

    #[test]
    fn telephones_have_one_spelling() {
        for (given, normalized) in [
            ("13800000001", "13800000001"),
            ("0477-8580000", "04778580000"),
            ("04778580000", "04778580000"),
            ("010-12345678", "01012345678"),
        ] {
            assert_eq!(Phone::parse(given).unwrap().as_str(), normalized);
        }
        for wrong in [
            "12800000001",
            "1380000000",
            "8580000",
            "04-778580000",
            "0477--8580000",
            "-",
        ] {
            assert_eq!(Phone::parse(wrong), Err(IdentifierError::PhoneFormat));
        }
    }

    #[test]
    fn nothing_is_printed() {
        let phone = Phone::parse("13800000001").unwrap();
        assert_eq!(format!("{phone:?}"), "Phone(…)");
        assert_eq!(phone.masked(), "138****0001");
        let nurse = NurseLicenceNo::parse("201515000001").unwrap();
        assert_eq!(nurse.masked(), "2015******01");
    }

    proptest! {
        #[test]
        fn parsing_again_changes_nothing(given in "0[0-9]{2,3}-?[0-9]{7,8}|1[3-9][0-9]{9}") {
            let phone = Phone::parse(&given).unwrap();
            prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
        }

        #[test]
        fn any_text_is_met_with_grace(text in "\\PC{0,20}") {
            let _ = (Phone::parse(&text), BirthCertificateNo::parse(&text));
        }
    }
}
