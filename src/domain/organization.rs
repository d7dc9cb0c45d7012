//! 机构: health commissions, medical institutions and childcare facilities.

use super::text_code::text_codes;

/// Marks ids of organizations.
#[derive(Debug)]
pub enum Organization {}

text_codes! {
    /// What an organization is.
    OrganizationKind {
        /// 卫生健康委.
        HealthCommission = "HEALTH_COMMISSION",
        /// 医院.
        Hospital = "HOSPITAL",
        /// 妇幼保健机构.
        MchCentre = "MCH_CENTRE",
        /// 基层医疗卫生机构.
        PrimaryCareCentre = "PRIMARY_CARE_CENTRE",
        /// 公办托育机构.
        PublicFacility = "PUBLIC_FACILITY",
        /// 社区托育 (萌宝驿站).
        CommunityFacility = "COMMUNITY_FACILITY",
        /// 幼儿园托班.
        KindergartenNurseryClass = "KINDERGARTEN_NURSERY_CLASS",
        /// 家庭托育点.
        HomeFacility = "HOME_FACILITY",
        /// 用人单位托育.
        EmployerFacility = "EMPLOYER_FACILITY",
    }
}

impl OrganizationKind {
    /// Looks after children all day.
    pub fn is_facility(self) -> bool {
        matches!(
            self,
            Self::PublicFacility
                | Self::CommunityFacility
                | Self::KindergartenNurseryClass
                | Self::HomeFacility
                | Self::EmployerFacility
        )
    }

    /// Examines children.
    pub fn is_medical(self) -> bool {
        matches!(
            self,
            Self::Hospital | Self::MchCentre | Self::PrimaryCareCentre
        )
    }
}

text_codes! {
    /// Whether an organization may act in a region.
    Standing {
        /// May act.
        Active = "ACTIVE",
        /// May not, until the commission restores it.
        Suspended = "SUSPENDED",
    }
}
