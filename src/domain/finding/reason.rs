//! Why a finding was refused: for machines, for people, and never with the value in it.

use crate::domain::catalogue::{HAEMOGLOBIN_LEAST_G_L, MAX_TEXT};
use crate::domain::finding::decimal;

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
    #[error("date must be a civil day, YYYY-MM-DD")]
    DateMalformed,
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
            FindingReason::DateMalformed => "FINDING_DATE_MALFORMED",
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
            FindingReason::DateMalformed => "日期格式不正确，应为 YYYY-MM-DD".into(),
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
