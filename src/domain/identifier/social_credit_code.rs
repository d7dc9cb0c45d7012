//! Unified social credit code, 统一社会信用代码 (GB 32100-2015).

use super::{IdentifierError, private_number};

private_number! {
    /// One character registering authority, one kind, six division, nine organisation code, one
    /// check character. Names an organization.
    SocialCreditCode, shows 6 and 2
}

/// GB 32100-2015: digits and capital letters without I, O, S, V, Z. A character's value is its
/// index.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

impl SocialCreditCode {
    /// Exactly 18 characters, capitals only.
    pub fn parse(value: &str) -> Result<Self, IdentifierError> {
        if value.chars().count() != 18 {
            return Err(IdentifierError::SocialCreditCodeLength);
        }
        let values: Option<Vec<usize>> = value.bytes().map(index).collect();
        let values = values.ok_or(IdentifierError::SocialCreditCodeCharacter)?;
        // Weights are 3^i mod 31, the check character's own weight is one: the whole sum is 0.
        let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31)).take(17);
        let sum: usize = values
            .iter()
            .zip(weights.chain([1]))
            .map(|(v, w)| v * w)
            .sum();
        if !sum.is_multiple_of(31) {
            return Err(IdentifierError::SocialCreditCodeCheckDigit);
        }
        Ok(Self(value.to_owned()))
    }

    /// The organisation code (组织机构代码, GB 11714) inside: eight characters and its own check.
    pub fn organisation_code(&self) -> &str {
        self.0.get(8..17).unwrap_or_default()
    }

    /// Whether the organisation code's own check character agrees (GB 11714: weights 3 7 9 10 5 8
    /// 4 2 over base 36, c = 11 − Σ mod 11, 10 → X, 11 → 0). A hint for people who type; a code
    /// is never refused for it.
    pub fn organisation_code_agrees(&self) -> bool {
        let code = self.organisation_code();
        let weighted = code.chars().zip([3, 7, 9, 10, 5, 8, 4, 2]);
        let sum: u32 = weighted
            .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
            .sum();
        let check = match 11 - sum % 11 {
            10 => Some('X'),
            11 => Some('0'),
            digit => char::from_digit(digit, 10),
        };
        code.chars().last() == check
    }
}

fn index(character: u8) -> Option<usize> {
    ALPHABET.iter().position(|&known| known == character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 5] = [
        "91110000600037341L",
        "121506279990000132",
        "52150627999000021Q",
        "91150627MA9990035C",
        "11150627999000048P",
    ];

    #[test]
    fn known_codes_pass() {
        for code in KNOWN {
            assert_eq!(SocialCreditCode::parse(code).unwrap().as_str(), code);
        }
    }

    #[test]
    fn each_rule_has_its_reason() {
        for (code, reason) in [
            ("91110000600037341", "SOCIAL_CREDIT_CODE_LENGTH"),
            ("91110000600037341I", "SOCIAL_CREDIT_CODE_CHARACTER"),
            ("91110000600037341l", "SOCIAL_CREDIT_CODE_CHARACTER"),
            ("９1110000600037341L", "SOCIAL_CREDIT_CODE_CHARACTER"),
            ("91110000600037341M", "SOCIAL_CREDIT_CODE_CHECK_DIGIT"),
        ] {
            let refused = SocialCreditCode::parse(code).map_err(IdentifierError::reason);
            assert_eq!(refused, Err(reason));
        }
    }

    #[test]
    fn the_organisation_code_is_a_hint_only() {
        let code = SocialCreditCode::parse(KNOWN[0]).unwrap();
        assert_eq!(code.organisation_code(), "600037341");
        assert!(code.organisation_code_agrees());
        // 600037340 has the wrong check of its own; the whole code's check is right again.
        let values = "91110000600037340".bytes().map(|b| index(b).unwrap());
        let weights = [
            1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
        ];
        let sum: usize = values.zip(weights).map(|(v, w)| v * w).sum();
        let check = char::from(ALPHABET[(31 - sum % 31) % 31]);
        let odd = SocialCreditCode::parse(&format!("91110000600037340{check}")).unwrap();
        assert!(!odd.organisation_code_agrees());
    }

    #[test]
    fn nothing_is_printed() {
        let code = SocialCreditCode::parse(KNOWN[0]).unwrap();
        assert_eq!(format!("{code:?}"), "SocialCreditCode(…)");
        assert_eq!(code.masked(), "911100**********1L");
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_caught(which in 0..5usize, at in 0..18usize, by in 1..31usize) {
            let mut typed = KNOWN[which].as_bytes().to_vec();
            typed[at] = ALPHABET[(index(typed[at]).unwrap() + by) % 31];
            let refused = SocialCreditCode::parse(std::str::from_utf8(&typed).unwrap());
            prop_assert_eq!(refused, Err(IdentifierError::SocialCreditCodeCheckDigit));
        }

        #[test]
        fn any_text_is_met_with_grace(text in "\\PC{0,20}") {
            let _ = SocialCreditCode::parse(&text);
        }
    }
}
