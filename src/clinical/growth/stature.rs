//! Length and height: how the child was measured, and the 0.7 cm between lying and standing.

use crate::domain::text_code::text_codes;

text_codes! {
    /// How length or height was taken; unknown is `None` and is never invented.
    Position {
        /// Recumbent length.
        Lying = "L",
        /// Standing height.
        Standing = "H",
    }
}

/// A child measured lying is this much longer than standing: 0.7 cm (WHO 2006).
pub const LYING_EXCESS_UM: i64 = 7_000;

/// A length or height in micrometres (0.0001 cm), so that no sum of it is inexact.
pub type Micrometres = i64;

/// A length or height as the standard wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjusted {
    pub um: Micrometres,
    /// "Standing" under 9 months can't be: the position was ignored.
    pub position_ignored: bool,
}

/// Turns what was measured into length (`by_length`) or height.
///
/// WHO 2006, as in the program `anthro`: +0.7 cm if standing where length is wanted, −0.7 cm if
/// lying where height is wanted, no change if the position is unknown; `can_stand` is whether the
/// child is 9 months or older.
pub fn adjust(
    um: Micrometres,
    position: Option<Position>,
    by_length: bool,
    can_stand: bool,
) -> Adjusted {
    let position_ignored = position == Some(Position::Standing) && !can_stand;
    let um = match position {
        Some(Position::Standing) if by_length && can_stand => um + LYING_EXCESS_UM,
        Some(Position::Lying) if !by_length => um - LYING_EXCESS_UM,
        _ => um,
    };
    Adjusted {
        um,
        position_ignored,
    }
}
