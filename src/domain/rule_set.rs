//! 规则集: the name of a set of rules. A set is named by what it says, so a name can't come to mean
//! something else.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;

use super::growth_standard::GrowthStandard;

const BYTES: usize = 10;

/// The id of a rule set: the first 80 bits of a SHA-256 over its files, 20 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleSetId([u8; BYTES]);

impl RuleSetId {
    /// The id that belongs to a SHA-256 over a set's files.
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        let mut id = [0; BYTES];
        id.copy_from_slice(&digest[..BYTES]);
        Self(id)
    }
}

/// The text is not the id of a rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not twenty lower-case hexadecimal digits")]
pub struct NotARuleSet;

impl FromStr for RuleSetId {
    type Err = NotARuleSet;

    /// Accepts exactly what [`fmt::Display`] writes, so that one id has one spelling.
    fn from_str(text: &str) -> Result<Self, NotARuleSet> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| NotARuleSet)?;
        bytes.try_into().map(Self).map_err(|_| NotARuleSet)
    }
}

impl fmt::Display for RuleSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for RuleSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a child was assessed by: the rules, and the settings of its region that rules read. Children
/// of another basis than their region's wait for assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// The rules.
    pub rule_set: RuleSetId,
    /// Whose growth classes raised alerts.
    pub growth_standard: GrowthStandard,
    /// Metres by which haemoglobin limits were raised; 0 where the region does not correct.
    pub corrected_m: u32,
    /// Whether Mongolian-medicine guidance was asked for.
    pub mongolian_medicine: bool,
}

/// What a basis ends with where Mongolian-medicine guidance was asked for: a basis without it is
/// spelled as before there was the choice, so that nobody waits for nothing.
const MONGOLIAN: &str = ".MONGOLIAN";

/// The text is not the basis of an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the basis of an assessment")]
pub struct NotABasis;

impl fmt::Display for Basis {
    /// For example `1c58d033b8ae9563adff.WST423.0`, or `1c58d033b8ae9563adff.WST423.0.MONGOLIAN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standard = self.growth_standard.as_str();
        let optional = if self.mongolian_medicine {
            MONGOLIAN
        } else {
            ""
        };
        write!(
            f,
            "{}.{standard}.{}{optional}",
            self.rule_set, self.corrected_m
        )
    }
}

impl FromStr for Basis {
    type Err = NotABasis;

    fn from_str(text: &str) -> Result<Self, NotABasis> {
        let read = || {
            let (rest, mongolian_medicine) = match text.strip_suffix(MONGOLIAN) {
                Some(rest) => (rest, true),
                None => (text, false),
            };
            let (rule_set, settings) = rest.split_once('.')?;
            let (standard, metres) = settings.split_once('.')?;
            Some(Self {
                rule_set: rule_set.parse().ok()?,
                growth_standard: GrowthStandard::parse(standard)?,
                corrected_m: metres.parse().ok()?,
                mongolian_medicine,
            })
        };
        read()
            .filter(|basis| basis.to_string() == text)
            .ok_or(NotABasis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = RuleSetId::of_digest(&[0xab; 32]);
        assert_eq!(id.to_string(), "abababababababababab");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "abab", "ABABABABABABABABABAB", "ababababababababababab"] {
            assert_eq!(bad.parse::<RuleSetId>(), Err(NotARuleSet), "{bad}");
        }
    }

    #[test]
    fn a_basis_has_one_spelling() {
        let basis = Basis {
            rule_set: RuleSetId::of_digest(&[7; 32]),
            growth_standard: GrowthStandard::Who,
            corrected_m: 1300,
            mongolian_medicine: false,
        };
        assert_eq!(basis.to_string(), "07070707070707070707.WHO.1300");
        assert_eq!(basis.to_string().parse(), Ok(basis));
        let offered = Basis {
            mongolian_medicine: true,
            ..basis
        };
        let text = "07070707070707070707.WHO.1300.MONGOLIAN";
        assert_eq!(offered.to_string(), text);
        assert_eq!(text.parse(), Ok(offered));
        for bad in [
            "",
            "07070707070707070707",
            "07070707070707070707.WHO.01",
            "07070707070707070707.WHO.1.MONGOLIAN.MONGOLIAN",
            "07070707070707070707.WHO.1.TCM",
            "x.WHO.0",
        ] {
            assert_eq!(bad.parse::<Basis>(), Err(NotABasis), "{bad}");
        }
    }
}
