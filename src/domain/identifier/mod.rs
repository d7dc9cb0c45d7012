//! Numbers that name people and organizations, parsed once at the door.
//!
//! A value of these types has the right form and, where the standard gives one, the right check
//! character. It does not say that the number was ever issued. None of them prints: `Debug` hides
//! the value, there is no `Display`, and errors name the rule that failed, never the number. For
//! lists there is `masked()` (the display masks of GB/T 35273-2020 practice: resident ID first six
//! and last two, telephone first three and last four).

mod numbers;
mod resident_id;
mod social_credit_code;

pub use numbers::{BirthCertificateNo, HealthFileNo, NurseLicenceNo, Phone, PhysicianLicenceNo};
pub use resident_id::{RegisteredSex, ResidentId};
pub use social_credit_code::SocialCreditCode;

use thiserror::Error;

/// Which rule a number breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum IdentifierError {
    #[error("resident ID must have 18 characters")]
    ResidentIdLength,
    #[error("resident ID must be 17 digits and a digit or X")]
    ResidentIdCharacter,
    #[error("resident ID holds a date that does not exist")]
    ResidentIdBirthDate,
    #[error("resident ID check digit does not match")]
    ResidentIdCheckDigit,
    #[error("social credit code must have 18 characters")]
    SocialCreditCodeLength,
    #[error("social credit code holds a character outside its alphabet")]
    SocialCreditCodeCharacter,
    #[error("social credit code check character does not match")]
    SocialCreditCodeCheckDigit,
    #[error("birth certificate number must be a capital letter and 9 digits")]
    BirthCertificateNoFormat,
    #[error("health file number must have 17 digits")]
    HealthFileNoFormat,
    #[error("physician licence number must have 15 digits")]
    PhysicianLicenceNoFormat,
    #[error("nurse licence number must have 12 digits")]
    NurseLicenceNoFormat,
    #[error("telephone number is neither a mobile nor a landline number")]
    PhoneFormat,
    #[error("kind of identifier is unknown")]
    KindUnknown,
}

impl IdentifierError {
    /// Every rule.
    pub const ALL: [Self; 13] = [
        Self::ResidentIdLength,
        Self::ResidentIdCharacter,
        Self::ResidentIdBirthDate,
        Self::ResidentIdCheckDigit,
        Self::SocialCreditCodeLength,
        Self::SocialCreditCodeCharacter,
        Self::SocialCreditCodeCheckDigit,
        Self::BirthCertificateNoFormat,
        Self::HealthFileNoFormat,
        Self::PhysicianLicenceNoFormat,
        Self::NurseLicenceNoFormat,
        Self::PhoneFormat,
        Self::KindUnknown,
    ];

    /// A stable code for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ResidentIdLength => "RESIDENT_ID_LENGTH",
            Self::ResidentIdCharacter => "RESIDENT_ID_CHARACTER",
            Self::ResidentIdBirthDate => "RESIDENT_ID_BIRTH_DATE",
            Self::ResidentIdCheckDigit => "RESIDENT_ID_CHECK_DIGIT",
            Self::SocialCreditCodeLength => "SOCIAL_CREDIT_CODE_LENGTH",
            Self::SocialCreditCodeCharacter => "SOCIAL_CREDIT_CODE_CHARACTER",
            Self::SocialCreditCodeCheckDigit => "SOCIAL_CREDIT_CODE_CHECK_DIGIT",
            Self::BirthCertificateNoFormat => "BIRTH_CERTIFICATE_NO_FORMAT",
            Self::HealthFileNoFormat => "HEALTH_FILE_NO_FORMAT",
            Self::PhysicianLicenceNoFormat => "PHYSICIAN_LICENCE_NO_FORMAT",
            Self::NurseLicenceNoFormat => "NURSE_LICENCE_NO_FORMAT",
            Self::PhoneFormat => "PHONE_FORMAT",
            Self::KindUnknown => "IDENTIFIER_KIND_UNKNOWN",
        }
    }

    /// The same for a person, in Chinese.
    pub const fn message_zh(self) -> &'static str {
        match self {
            Self::ResidentIdLength => "公民身份号码应为18位",
            Self::ResidentIdCharacter => "公民身份号码应为17位数字加1位数字或X",
            Self::ResidentIdBirthDate => "公民身份号码中的出生日期不存在",
            Self::ResidentIdCheckDigit => "公民身份号码校验码不符，请核对",
            Self::SocialCreditCodeLength => "统一社会信用代码应为18位",
            Self::SocialCreditCodeCharacter => {
                "统一社会信用代码含有不允许的字符（只用数字和大写字母，不含I、O、S、V、Z）"
            }
            Self::SocialCreditCodeCheckDigit => "统一社会信用代码校验码不符，请核对",
            Self::BirthCertificateNoFormat => "出生医学证明编号应为1位大写字母加9位数字",
            Self::HealthFileNoFormat => "居民健康档案编号应为17位数字",
            Self::PhysicianLicenceNoFormat => "医师执业证书编码应为15位数字",
            Self::NurseLicenceNoFormat => "护士执业证书编号应为12位数字",
            Self::PhoneFormat => "电话号码既不是手机号也不是固定电话号码",
            Self::KindUnknown => "证件种类未知",
        }
    }
}

/// A number by which a child may be found. A child has several, each with a period of its own:
/// the birth certificate first, the resident ID when the household registers it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChildIdentifier {
    ResidentId(ResidentId),
    BirthCertificate(BirthCertificateNo),
    HealthFile(HealthFileNo),
}

impl ChildIdentifier {
    pub const RESIDENT_ID: &'static str = "RESIDENT_ID";
    pub const BIRTH_CERTIFICATE: &'static str = "BIRTH_CERTIFICATE";
    pub const HEALTH_FILE: &'static str = "HEALTH_FILE";

    /// Parses a value of the kind named by its code.
    pub fn parse(kind: &str, value: &str) -> Result<Self, IdentifierError> {
        match kind {
            Self::RESIDENT_ID => ResidentId::parse(value).map(Self::ResidentId),
            Self::BIRTH_CERTIFICATE => BirthCertificateNo::parse(value).map(Self::BirthCertificate),
            Self::HEALTH_FILE => HealthFileNo::parse(value).map(Self::HealthFile),
            _ => Err(IdentifierError::KindUnknown),
        }
    }

    /// The stored code of the kind; part of what a blind index covers.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ResidentId(_) => Self::RESIDENT_ID,
            Self::BirthCertificate(_) => Self::BIRTH_CERTIFICATE,
            Self::HealthFile(_) => Self::HEALTH_FILE,
        }
    }

    /// The one spelling of the number: personal, for the blind index and the vault only.
    pub fn normalized(&self) -> &str {
        match self {
            Self::ResidentId(number) => number.as_str(),
            Self::BirthCertificate(number) => number.as_str(),
            Self::HealthFile(number) => number.as_str(),
        }
    }

    pub fn masked(&self) -> String {
        match self {
            Self::ResidentId(number) => number.masked(),
            Self::BirthCertificate(number) => number.masked(),
            Self::HealthFile(number) => number.masked(),
        }
    }
}

/// Keeps the first `head` and the last `tail` characters. ASCII only, as all these numbers are.
fn mask(value: &str, head: usize, tail: usize) -> String {
    let length = value.len();
    let hidden = |at: usize| at >= head && at + tail < length;
    value
        .chars()
        .enumerate()
        .map(|(at, c)| if hidden(at) { '*' } else { c })
        .collect()
}

/// What all these numbers share: a private text, its mask, and a `Debug` that tells nothing.
macro_rules! private_number {
    ($(#[$doc:meta])* $name:ident, shows $head:literal and $tail:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The number in its one spelling.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The number as lists may show it.
            pub fn masked(&self) -> String {
                $crate::domain::identifier::mask(&self.0, $head, $tail)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}
use private_number;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_identifier_tells_its_kind_and_one_spelling() {
        for (kind, given, normalized, masked) in [
            (
                "RESIDENT_ID",
                "15062720240408998x",
                "15062720240408998X",
                "150627**********8X",
            ),
            (
                "BIRTH_CERTIFICATE",
                "X320101001",
                "X320101001",
                "X32*****01",
            ),
            (
                "HEALTH_FILE",
                "15062710020300001",
                "15062710020300001",
                "150627*********01",
            ),
        ] {
            let identifier = ChildIdentifier::parse(kind, given).unwrap();
            assert_eq!(identifier.kind(), kind);
            assert_eq!(identifier.normalized(), normalized);
            assert_eq!(identifier.masked(), masked);
            assert!(!format!("{identifier:?}").contains(char::is_numeric));
        }
        let unknown = ChildIdentifier::parse("PASSPORT", "E00000000");
        assert_eq!(unknown, Err(IdentifierError::KindUnknown));
    }
}
