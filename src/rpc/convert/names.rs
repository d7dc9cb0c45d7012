//! Resource names: `regions/{region}/{collection}/{id}`, typed by what they name.

use crate::domain::{
    absence::Absence,
    actor::{Actor, Practitioner},
    agreement::Agreement,
    alert::Alert,
    assignment::Assignment,
    checkup::CheckUp,
    child::Child,
    consent::Consent,
    enrolment::Enrolment,
    guardianship::Guardianship,
    id::Id,
    organization::Organization,
    region::RegionCode,
    rule_set::RuleSetId,
};

/// What a resource name can name.
pub trait Resource {
    /// The part of the name before the id.
    const COLLECTION: &'static str;
}

macro_rules! resources {
    ($($of:ty => $collection:literal,)+) => {
        $(impl Resource for $of { const COLLECTION: &'static str = $collection; })+
        /// Every collection, for the test that no two are spelled alike.
        #[cfg(test)]
        const COLLECTIONS: &[&str] = &[$($collection),+];
    };
}

resources! {
    Organization => "organizations",
    Actor => "actors",
    Practitioner => "practitioners",
    Agreement => "agreements",
    Assignment => "assignments",
    Child => "children",
    Guardianship => "guardianships",
    Enrolment => "enrolments",
    Absence => "absences",
    Consent => "consents",
    CheckUp => "checkUps",
    Alert => "alerts",
}

/// `regions/{region}`.
pub fn region_name(region: RegionCode) -> String {
    format!("regions/{region}")
}

/// `regions/{region}/{collection}/{id}`.
pub fn name<T: Resource>(region: RegionCode, id: Id<T>) -> String {
    format!("regions/{region}/{}/{id}", T::COLLECTION)
}

/// `regions/{region}/ruleSets/{id}`.
pub fn rule_set_name(region: RegionCode, id: RuleSetId) -> String {
    format!("regions/{region}/ruleSets/{id}")
}

/// Region and id in the resource name of a rule set.
pub fn parse_rule_set(text: &str) -> Option<(RegionCode, RuleSetId)> {
    let (region, rest) = text.strip_prefix("regions/")?.split_once('/')?;
    let id = rest.strip_prefix("ruleSets/")?;
    Some((region.parse().ok()?, id.parse().ok()?))
}

/// The region in `regions/{region}`.
pub fn parse_region(text: &str) -> Option<RegionCode> {
    text.strip_prefix("regions/")?.parse().ok()
}

/// Region and id in a resource name of a `T`.
pub fn parse<T: Resource>(text: &str) -> Option<(RegionCode, Id<T>)> {
    let (region, rest) = text.strip_prefix("regions/")?.split_once('/')?;
    let (collection, id) = rest.split_once('/')?;
    if collection != T::COLLECTION {
        return None;
    }
    Some((region.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_name_is_of_one_collection() {
        assert_eq!(
            COLLECTIONS.iter().collect::<BTreeSet<_>>().len(),
            COLLECTIONS.len()
        );
        let region = "150627".parse().unwrap();
        let id: Id<Child> = Id::opaque(&mut StdRng::seed_from_u64(1));
        let text = name(region, id);
        assert_eq!(parse::<Child>(&text), Some((region, id)));
        assert_eq!(parse::<Consent>(&text), None);
        assert_eq!(parse_region(&text), None);
        assert_eq!(parse::<Child>(&format!("{text}/")), None);
        assert_eq!(parse::<Child>(&text.to_uppercase()), None);
        assert_eq!(parse_region(&region_name(region)), Some(region));
    }

    proptest! {
        #[test]
        fn any_text_is_met_with_grace(text in "(regions/)?\\PC{0,60}") {
            let _ = (parse::<Child>(&text), parse_region(&text), parse_rule_set(&text));
        }
    }
}
