//! Whose check-up it is. Never guessed: by identifier only, and only when everything stated agrees.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::{
    domain::{child::Child, id::Id, sex::Sex},
    store::children::ChildRow,
};

/// Why a check-up waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmatched {
    /// No child has any of the identifiers.
    UnknownIdentifier,
    /// The identifiers belong to different children.
    IdentifiersDisagree,
    /// The stated day of birth is not the child's.
    BirthDateDisagrees,
    /// The stated sex is not the child's.
    SexDisagrees,
}

impl Unmatched {
    /// Every reason.
    pub const ALL: [Self; 4] = [
        Self::UnknownIdentifier,
        Self::IdentifiersDisagree,
        Self::BirthDateDisagrees,
        Self::SexDisagrees,
    ];

    /// Stable text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownIdentifier => "UNKNOWN_IDENTIFIER",
            Self::IdentifiersDisagree => "IDENTIFIERS_DISAGREE",
            Self::BirthDateDisagrees => "BIRTH_DATE_DISAGREES",
            Self::SexDisagrees => "SEX_DISAGREES",
        }
    }

    /// What a clerk reads.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::UnknownIdentifier => "尚无儿童登记此证件号",
            Self::IdentifiersDisagree => "所填证件号属于不同的儿童",
            Self::BirthDateDisagrees => "出生日期与登记不一致",
            Self::SexDisagrees => "性别与登记不一致",
        }
    }
}

/// The children to whom identifiers belong.
pub type Known = BTreeMap<String, Id<Child>>;

/// The one child all known identifiers belong to.
pub fn child_of(identifiers: &[String], known: &Known) -> Result<Id<Child>, Unmatched> {
    let children: BTreeSet<Id<Child>> = identifiers
        .iter()
        .filter_map(|i| known.get(i).copied())
        .collect();
    let mut children = children.into_iter();
    match (children.next(), children.next()) {
        (Some(child), None) => Ok(child),
        (None, _) => Err(Unmatched::UnknownIdentifier),
        (Some(_), Some(_)) => Err(Unmatched::IdentifiersDisagree),
    }
}

/// What is stated besides must agree with the child.
pub fn agrees(
    row: &ChildRow,
    birth_date: Option<NaiveDate>,
    sex: Option<Sex>,
) -> Result<(), Unmatched> {
    if birth_date.is_some_and(|stated| stated != row.birth_date) {
        return Err(Unmatched::BirthDateDisagrees);
    }
    if sex.is_some_and(|stated| stated != row.sex) {
        return Err(Unmatched::SexDisagrees);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn one_child_or_none_is_told() {
        let mut chance = StdRng::seed_from_u64(1);
        let (a, b) = (Id::opaque(&mut chance), Id::opaque(&mut chance));
        let known: Known = [("x", a), ("y", a), ("z", b)]
            .map(|(i, c)| (i.into(), c))
            .into();
        let of = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            child_of(&ids, &known)
        };
        assert_eq!(of(&["x", "y", "new"]), Ok(a));
        assert_eq!(of(&["x", "z"]), Err(Unmatched::IdentifiersDisagree));
        assert_eq!(of(&["new"]), Err(Unmatched::UnknownIdentifier));
    }
}
