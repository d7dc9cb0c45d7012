//! Findings as versioned JSON: the plain text of a check-up's sealed blob.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Finding, FindingStatus, Value};
use crate::domain::catalogue::{FindingCode, Kind};

const BLOB_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Blob<'a> {
    version: u32,
    findings: Cow<'a, [Finding]>,
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
    code: Cow<'a, str>,
    value: Cow<'a, Value>,
    status: FindingStatus,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    id: Cow<'a, str>,
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use Cow::Borrowed;
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
                | (Kind::Date, Value::Date(_))
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

impl Finding {
    /// Versioned JSON, the plain text of a check-up's sealed blob.
    ///
    /// # Errors
    /// Only if memory for the text can't be had; kept as a `Result` so that nothing panics.
    pub fn encode_all(findings: &[Finding]) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Blob {
            version: BLOB_VERSION,
            findings: Cow::Borrowed(findings),
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
