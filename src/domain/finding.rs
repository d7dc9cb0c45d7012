//! One result of a check-up, parsed into a type that can only hold what the catalogue allows.
//!
//! Refuses unknown codes, other units, impossible values and the units trap; it never converts and
//! never guesses. A finding is sensitive personal data: `Debug` shows its code and nothing else.

mod reason;
mod stored;

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::catalogue::{FindingCode, Kind, MAX_TEXT, TextRule};
use crate::domain::text_code::text_codes;

pub use reason::{FindingError, FindingReason};
pub use stored::DecodeError;

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
    /// A civil day: of onset, of recovery.
    Date(NaiveDate),
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
    /// ISO 8601, `2026-03-01`.
    Date(&'a str),
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
            (Kind::Date, RawValue::Date(text)) => match civil_day(text) {
                Some(day) => Value::Date(day),
                None => return refuse("value.date", FindingReason::DateMalformed),
            },
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

    /// The civil day of a date.
    pub fn date(&self) -> Option<NaiveDate> {
        match self.value {
            Value::Date(day) => Some(day),
            _ => None,
        }
    }

    /// The free text of a value, if it has one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Coded { text, .. } => text.as_deref(),
            Value::Text(text) => Some(text),
            Value::Quantity(_) | Value::Date(_) => None,
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Quantity { .. } => "quantity",
            Kind::Coded { .. } => "coded",
            Kind::Text => "text",
            Kind::Date => "date",
        }
    }
}

/// `YYYY-MM-DD` and nothing else; the years are those a child under fourteen can have lived in.
fn civil_day(text: &str) -> Option<NaiveDate> {
    let day = text.parse::<NaiveDate>().ok()?;
    ((1990..=2200).contains(&day.year()) && day.to_string() == text).then_some(day)
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
    let mut text = format!("{sign}{whole}.{rest:0width$}", width = decimals as usize);
    text.truncate(text.trim_end_matches('0').len());
    text
}

#[cfg(test)]
pub(crate) mod tests;
