//! The example county's organizations and people: plainly synthetic names, numbers that are valid.

use chrono::{Days, Months, NaiveDate};
use rand::{Rng, RngCore};

use super::numbers;
use crate::rpc::wire::{self, IdentifierKind, OrganizationKind, Relation, Sex};

/// How many children the county has.
pub const CHILDREN: usize = 200;

/// An organization of the county.
#[derive(Clone, PartialEq)]
pub struct Organization {
    /// Short name for files and directories, e.g. `hospital-a`.
    pub key: &'static str,
    /// As it is registered.
    pub registration: wire::Organization,
    /// Its responsible person.
    pub responsible: &'static str,
}

/// Where a child is in care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facility {
    /// 公办托育中心.
    Public,
    /// 社区萌宝驿站.
    Community,
    /// 家庭托育点.
    Home,
}

/// A child and the guardian who speaks for it.
#[derive(Clone, PartialEq)]
pub struct Child {
    /// As it is registered; its `name` is given by the gateway.
    pub registration: wire::Child,
    /// The guardianship to record; `child` is given by the gateway.
    pub guardianship: wire::Guardianship,
    /// Day of birth.
    pub birth: NaiveDate,
    /// Where it is in care, if anywhere.
    pub facility: Option<Facility>,
}

/// The commission first, then the medical institutions, then the facilities.
#[must_use]
pub fn organizations() -> Vec<Organization> {
    use OrganizationKind as Kind;
    let of = |key, kind: Kind, name: &str, authority, serial, responsible, places: [u32; 2]| {
        let [licensed_places, inclusive_places] = places;
        Organization {
            key,
            responsible,
            registration: wire::Organization {
                kind: kind.into(),
                display_name: name.into(),
                social_credit_code: numbers::social_credit_code(authority, serial),
                filing_number: format!("示例-{serial}"),
                licensed_places,
                inclusive_places,
                ..wire::Organization::default()
            },
        }
    };
    vec![
        of(
            "commission",
            Kind::HealthCommission,
            "示例旗卫生健康委员会",
            "11",
            9_900_004,
            "测试委主任",
            [0, 0],
        ),
        of(
            "hospital-a",
            Kind::Hospital,
            "示例旗人民医院",
            "12",
            9_900_001,
            "测试甲院长",
            [0, 0],
        ),
        of(
            "hospital-b",
            Kind::Hospital,
            "示例旗蒙医综合医院",
            "12",
            9_900_003,
            "测试乙院长",
            [0, 0],
        ),
        of(
            "mch",
            Kind::MchCentre,
            "示例旗妇幼保健院",
            "12",
            9_900_005,
            "测试丙院长",
            [0, 0],
        ),
        of(
            "public",
            Kind::PublicFacility,
            "示例旗公办托育中心",
            "12",
            9_900_006,
            "测试园长一",
            [90, 90],
        ),
        of(
            "community",
            Kind::CommunityFacility,
            "示例社区萌宝驿站",
            "52",
            9_900_002,
            "测试园长二",
            [40, 24],
        ),
        of(
            "home",
            Kind::HomeFacility,
            "示例家庭托育点",
            "92",
            9_900_007,
            "测试园长三",
            [5, 0],
        ),
    ]
}

/// One child: the `nth` from 0, of an age between 6 and 40 months on `today`.
pub fn child(nth: usize, age_months: u32, today: NaiveDate, chance: &mut dyn RngCore) -> Child {
    let serial = u32::try_from(nth).unwrap_or(0) + 1;
    let days = chance.random_range(0..28);
    let birth = today - Months::new(age_months) - Days::new(days);
    let sex = if chance.random_bool(0.5) {
        Sex::Male
    } else {
        Sex::Female
    };
    let mut identifiers = vec![wire::Identifier {
        kind: IdentifierKind::BirthCertificate.into(),
        value: numbers::birth_certificate(serial),
    }];
    if chance.random_bool(0.6) {
        identifiers.push(wire::Identifier {
            kind: IdentifierKind::ResidentId.into(),
            value: numbers::resident_id(birth, sex, serial),
        });
    }
    let preterm = chance.random_bool(0.06);
    let gestation_days = if preterm {
        chance.random_range(238..259)
    } else {
        chance.random_range(263..287)
    };
    Child {
        registration: wire::Child {
            name: String::new(),
            display_name: format!("测试童{serial:03}"),
            sex: sex.into(),
            birth_date: birth.to_string(),
            gestation_days,
            identifiers,
        },
        guardianship: guardianship(serial, birth, chance),
        birth,
        facility: None,
    }
}

fn guardianship(serial: u32, birth: NaiveDate, chance: &mut dyn RngCore) -> wire::Guardianship {
    let mother = chance.random_bool(0.7);
    let (relation, sex, title) = if mother {
        (Relation::Mother, Sex::Female, "母")
    } else {
        (Relation::Father, Sex::Male, "父")
    };
    let own_birth = birth - Months::new(12 * chance.random_range(23..39)) - Days::new(11);
    wire::Guardianship {
        display_name: format!("测试{title}{serial:03}"),
        relation: relation.into(),
        resident_id: numbers::resident_id(own_birth, sex, serial),
        phone: numbers::phone(serial),
        evidence: "BIRTH_CERTIFICATE".into(),
        first_day: birth.to_string(),
        ..wire::Guardianship::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn one_commission_three_institutions_three_kinds_of_facility() {
        let organizations = organizations();
        let mut codes: Vec<_> = organizations
            .iter()
            .map(|o| &o.registration.social_credit_code)
            .collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 7);
        let kinds: Vec<_> = organizations
            .iter()
            .map(|o| o.registration.kind())
            .collect();
        assert_eq!(kinds[0], OrganizationKind::HealthCommission);
        assert_eq!(
            kinds
                .iter()
                .filter(|k| **k == OrganizationKind::Hospital)
                .count(),
            2
        );
        assert!(
            organizations
                .iter()
                .all(|o| { o.registration.inclusive_places <= o.registration.licensed_places })
        );
    }

    #[test]
    fn a_child_is_younger_than_its_guardian_and_as_old_as_asked() {
        let today: NaiveDate = "2026-09-01".parse().unwrap();
        let mut chance = StdRng::seed_from_u64(1);
        for age in 6..=40 {
            let child = child(usize::try_from(age).unwrap(), age, today, &mut chance);
            assert!(child.birth + Months::new(age) <= today);
            assert!(child.birth + Months::new(age + 1) + Days::new(2) > today);
            let guardian: i32 = child.guardianship.resident_id[6..10].parse().unwrap();
            assert!(guardian + 22 < chrono::Datelike::year(&child.birth));
        }
    }
}
