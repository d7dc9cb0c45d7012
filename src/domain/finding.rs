//! One result of a check-up, parsed into a type that can only hold what the catalogue allows.
//!
//! Refuses unknown codes, other units, impossible values and the units trap; it never converts and
//! never guesses. A finding is sensitive personal data: `Debug` shows its code and nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::catalogue::{FindingCode, HAEMOGLOBIN_LEAST_G_L, Kind, MAX_TEXT, TextRule};
use crate::domain::text_code::text_codes;

/// A value in the unit and with the decimals of its catalogue row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A scaled integer: 8400 g is 8400, a length of 692.0 mm is 6920, a vision of 4.8 is 48.
    Quantity(i64),
    /// A code of the catalogue row, with free text where the row asks for it (a substance).
    Coded {
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    Text(String),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

text_codes! {
    /// Whether a result may be relied on; only `Final` and `Corrected` make facts.
    FindingStatus {
        Preliminary = "PRELIMINARY",
        Final = "FINAL",
        Corrected = "CORRECTED",
        EnteredInError = "ENTERED_IN_ERROR",
    }
}

impl FindingStatus {
    /// Whether rules may read the finding.
    pub fn is_effective(self) -> bool {
        matches!(self, FindingStatus::Final | FindingStatus::Corrected)
    }
}

/// One result. Made by [`Finding::parse`] or read back by [`Finding::decode_all`].
#[derive(Clone, PartialEq, Eq)]
pub struct Finding {
    code: FindingCode,
    value: Value,
    status: FindingStatus,
    source_finding_id: String,
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finding({}, …)", self.code.as_str())
    }
}

/// A value as a door received it.
#[derive(Clone, Copy)]
pub enum RawValue<'a> {
    /// `value` × 10^-`decimals` in `unit`.
    Quantity {
        value: i64,
        decimals: u32,
        unit: &'a str,
    },
    Coded {
        code: &'a str,
        text: Option<&'a str>,
    },
    Text(&'a str),
}

/// Why a finding was refused. [`FindingReason::as_str`] is stable; it never holds the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindingReason {
    #[error("finding code is not in the catalogue")]
    UnknownCode,
    #[error("value is of another kind than the catalogue's {expected}")]
    WrongKind { expected: &'static str },
    #[error("unit must be {expected}")]
    WrongUnit { expected: &'static str },
    #[error("at most {decimals} decimals of {unit} are kept")]
    TooPrecise { decimals: u32, unit: &'static str },
    #[error(
        "value is outside the possible range, given times 10^{decimals}: {low} to {high} {unit}"
    )]
    Impossible {
        low: i64,
        high: i64,
        decimals: u32,
        unit: &'static str,
    },
    #[error("below {HAEMOGLOBIN_LEAST_G_L} g/L, probably g/dL; send g/L")]
    ProbableUnitError,
    #[error("value code is not in the catalogue's list")]
    UnknownValueCode,
    #[error("text is missing")]
    TextMissing,
    #[error("text is longer than {MAX_TEXT} characters")]
    TextTooLong,
}

impl FindingReason {
    /// The machine-readable reason.
    pub fn as_str(self) -> &'static str {
        match self {
            FindingReason::UnknownCode => "FINDING_CODE_UNKNOWN",
            FindingReason::WrongKind { .. } => "FINDING_KIND_WRONG",
            FindingReason::WrongUnit { .. } => "FINDING_UNIT_WRONG",
            FindingReason::TooPrecise { .. } => "FINDING_TOO_PRECISE",
            FindingReason::Impossible { .. } => "FINDING_IMPOSSIBLE",
            FindingReason::ProbableUnitError => "FINDING_PROBABLE_UNIT_ERROR",
            FindingReason::UnknownValueCode => "FINDING_VALUE_CODE_UNKNOWN",
            FindingReason::TextMissing => "FINDING_TEXT_MISSING",
            FindingReason::TextTooLong => "FINDING_TEXT_TOO_LONG",
        }
    }

    /// The same for a person, in Chinese.
    pub fn message_zh(self) -> String {
        match self {
            FindingReason::UnknownCode => "检查项目代码不在目录中".into(),
            FindingReason::WrongKind { expected } => format!("值的类型不符，应为{expected}"),
            FindingReason::WrongUnit { expected } => format!("单位不符，应为 {expected}"),
            FindingReason::TooPrecise { decimals, unit } => {
                format!("精度过高，以 {unit} 计最多保留 {decimals} 位小数")
            }
            FindingReason::Impossible {
                low,
                high,
                decimals,
                unit,
            } => format!(
                "数值不可能，允许范围 {} 至 {} {unit}，请核对数值与单位",
                decimal(low, decimals),
                decimal(high, decimals)
            ),
            FindingReason::ProbableUnitError => format!(
                "血红蛋白低于 {HAEMOGLOBIN_LEAST_G_L} g/L，疑似以 g/dL 填报，请按 g/L 核对后重报"
            ),
            FindingReason::UnknownValueCode => "值代码不在目录中".into(),
            FindingReason::TextMissing => "缺少文字说明".into(),
            FindingReason::TextTooLong => format!("文字超过 {MAX_TEXT} 个字"),
        }
    }
}

/// A refusal: which field of the finding, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct FindingError {
    /// Path inside the finding, for example `value.quantity.unit`.
    pub field: &'static str,
    pub reason: FindingReason,
}

fn refuse<T>(field: &'static str, reason: FindingReason) -> Result<T, FindingError> {
    Err(FindingError { field, reason })
}

impl Finding {
    /// Reads one finding as sent.
    ///
    /// # Errors
    /// [`FindingError`] names the field and the rule; the value itself is never in it.
    pub fn parse(
        code: &str,
        raw: RawValue<'_>,
        status: FindingStatus,
        source_finding_id: &str,
    ) -> Result<Finding, FindingError> {
        let Some(code) = FindingCode::parse(code) else {
            return refuse("code", FindingReason::UnknownCode);
        };
        let value = match (code.entry().kind, raw) {
            (
                Kind::Quantity {
                    unit,
                    decimals,
                    low,
                    high,
                },
                RawValue::Quantity {
                    value,
                    decimals: sent,
                    unit: sent_unit,
                },
            ) => {
                if sent_unit != unit {
                    return refuse(
                        "value.quantity.unit",
                        FindingReason::WrongUnit { expected: unit },
                    );
                }
                let impossible = FindingReason::Impossible {
                    low,
                    high,
                    decimals,
                    unit,
                };
                let scaled = match rescale(value, sent, decimals) {
                    Rescaled::Exact(scaled) => scaled,
                    Rescaled::TooPrecise => {
                        let reason = FindingReason::TooPrecise { decimals, unit };
                        return refuse("value.quantity.decimals", reason);
                    }
                    Rescaled::Overflow => return refuse("value.quantity.value", impossible),
                };
                if code == FindingCode::Haemoglobin && (1..low).contains(&scaled) {
                    return refuse("value.quantity.value", FindingReason::ProbableUnitError);
                }
                if !(low..=high).contains(&scaled) {
                    return refuse("value.quantity.value", impossible);
                }
                Value::Quantity(scaled)
            }
            (Kind::Coded { codes, text: rule }, RawValue::Coded { code, text }) => {
                if !codes.contains(&code) {
                    return refuse("value.coded.code", FindingReason::UnknownValueCode);
                }
                let text = text.map(str::trim).filter(|text| !text.is_empty());
                if text.is_none() && matches!(rule, TextRule::RequiredUnless(free) if free != code)
                {
                    return refuse("value.coded.text", FindingReason::TextMissing);
                }
                let text = text
                    .map(|text| bounded(text, "value.coded.text"))
                    .transpose()?;
                Value::Coded {
                    code: code.to_owned(),
                    text,
                }
            }
            (Kind::Text, RawValue::Text(text)) => {
                let text = text.trim();
                if text.is_empty() {
                    return refuse("value.text", FindingReason::TextMissing);
                }
                Value::Text(bounded(text, "value.text")?)
            }
            (kind, _) => {
                return refuse(
                    "value",
                    FindingReason::WrongKind {
                        expected: kind.name(),
                    },
                );
            }
        };
        Ok(Finding {
            code,
            value,
            status,
            source_finding_id: source_finding_id.to_owned(),
        })
    }

    pub fn code(&self) -> FindingCode {
        self.code
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    pub fn status(&self) -> FindingStatus {
        self.status
    }

    /// The sender's own id of this result; may be empty.
    pub fn source_finding_id(&self) -> &str {
        &self.source_finding_id
    }

    /// The scaled integer of a quantity.
    pub fn quantity(&self) -> Option<i64> {
        match self.value {
            Value::Quantity(scaled) => Some(scaled),
            _ => None,
        }
    }

    /// The code of a coded value.
    pub fn coded(&self) -> Option<&str> {
        match &self.value {
            Value::Coded { code, .. } => Some(code),
            _ => None,
        }
    }

    /// The free text of a value, if it has one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Coded { text, .. } => text.as_deref(),
            Value::Text(text) => Some(text),
            Value::Quantity(_) => None,
        }
    }

    /// Versioned JSON, the plain text of a check-up's sealed blob.
    ///
    /// # Errors
    /// Only if memory for the text can't be had; kept as a `Result` so that nothing panics.
    pub fn encode_all(findings: &[Finding]) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Blob {
            version: BLOB_VERSION,
            findings: std::borrow::Cow::Borrowed(findings),
        })
    }

    /// Reads what [`Finding::encode_all`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`]; its text never holds what was found.
    pub fn decode_all(blob: &[u8]) -> Result<Vec<Finding>, DecodeError> {
        // serde's own messages may quote the value they choke on, so they are dropped here.
        let blob: Blob<'_> = serde_json::from_slice(blob).map_err(|_| DecodeError::Malformed)?;
        match blob.version {
            BLOB_VERSION => Ok(blob.findings.into_owned()),
            found => Err(DecodeError::Version { found }),
        }
    }
}

const BLOB_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Blob<'a> {
    version: u32,
    findings: std::borrow::Cow<'a, [Finding]>,
}

/// Why a stored blob of findings could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("findings are malformed")]
    Malformed,
    #[error("findings have the unknown version {found}")]
    Version { found: u32 },
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    code: std::borrow::Cow<'a, str>,
    value: std::borrow::Cow<'a, Value>,
    status: FindingStatus,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    id: std::borrow::Cow<'a, str>,
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use std::borrow::Cow::Borrowed;
        Stored {
            code: Borrowed(self.code.as_str()),
            value: Borrowed(&self.value),
            status: self.status,
            id: Borrowed(&self.source_finding_id),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Finding, D::Error> {
        use serde::de::Error;
        let stored = Stored::deserialize(deserializer)?;
        let code = FindingCode::parse(&stored.code)
            .ok_or_else(|| D::Error::custom("unknown finding code"))?;
        // The bounds of the day it was received applied; only the kind is checked again.
        let fits = matches!(
            (code.entry().kind, stored.value.as_ref()),
            (Kind::Quantity { .. }, Value::Quantity(_))
                | (Kind::Coded { .. }, Value::Coded { .. })
                | (Kind::Text, Value::Text(_))
        );
        if !fits {
            return Err(D::Error::custom("value of another kind"));
        }
        Ok(Finding {
            code,
            value: stored.value.into_owned(),
            status: stored.status,
            source_finding_id: stored.id.into_owned(),
        })
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Quantity { .. } => "quantity",
            Kind::Coded { .. } => "coded",
            Kind::Text => "text",
        }
    }
}

enum Rescaled {
    Exact(i64),
    TooPrecise,
    Overflow,
}

/// `value` × 10^-`from` as an integer × 10^-`to`; trailing zeros may go, digits may not.
fn rescale(mut value: i64, from: u32, to: u32) -> Rescaled {
    let mut from = from;
    while from > to {
        if value == 0 {
            return Rescaled::Exact(0);
        }
        if value % 10 != 0 {
            return Rescaled::TooPrecise;
        }
        value /= 10;
        from -= 1;
    }
    match 10_i64
        .checked_pow(to - from)
        .and_then(|scale| value.checked_mul(scale))
    {
        Some(scaled) => Rescaled::Exact(scaled),
        None => Rescaled::Overflow,
    }
}

fn bounded(text: &str, field: &'static str) -> Result<String, FindingError> {
    if text.chars().count() > MAX_TEXT {
        return refuse(field, FindingReason::TextTooLong);
    }
    Ok(text.to_owned())
}

/// A scaled integer as plain decimal text: `decimal(1157, 1)` is `115.7`, `decimal(1100, 1)` `110`.
pub(crate) fn decimal(scaled: i64, decimals: u32) -> String {
    let scale = 10_u64.checked_pow(decimals).unwrap_or(1);
    let (whole, rest) = (scaled.unsigned_abs() / scale, scaled.unsigned_abs() % scale);
    let sign = if scaled < 0 { "-" } else { "" };
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{rest:0width$}", width = decimals as usize);
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests;
