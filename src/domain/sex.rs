//! Sex as the growth standards need it.
//!
//! GB/T 2261.1 also knows 0 未知 and 9 未说明; both are `None` here, because a growth table has no
//! row for them and nothing may be guessed.

use serde::{Deserialize, Serialize};

/// Male or female; unknown is `Option::None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sex {
    #[serde(rename = "M")]
    Male,
    #[serde(rename = "F")]
    Female,
}

impl Sex {
    /// Both, in the order of [`Sex::index`].
    pub const ALL: [Sex; 2] = [Sex::Male, Sex::Female];

    /// `M` or `F`.
    pub fn as_str(self) -> &'static str {
        match self {
            Sex::Male => "M",
            Sex::Female => "F",
        }
    }

    /// Reads `M` or `F`, in either case.
    pub fn parse(text: &str) -> Option<Sex> {
        match text {
            "M" | "m" => Some(Sex::Male),
            "F" | "f" => Some(Sex::Female),
            _ => None,
        }
    }

    /// GB/T 2261.1: 1 男, 2 女; 0 未知 and 9 未说明 are `None`.
    pub fn from_gb2261(code: u8) -> Option<Sex> {
        match code {
            1 => Some(Sex::Male),
            2 => Some(Sex::Female),
            _ => None,
        }
    }

    /// 0 or 1: the place in a two-row table.
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}
