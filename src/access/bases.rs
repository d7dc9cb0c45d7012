//! The lawful bases as data (design section 3; PIPL art. 13, 29, 31). What is not here is refused.

use super::keys::Key;
use crate::domain::purpose::Purpose;

/// In what capacity somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asker {
    /// A facility's own staff.
    FacilityStaff,
    /// An instructor assigned to a facility.
    Instructor,
    /// An institution about what it sent.
    SourceInstitution,
    /// An MCH centre with its statutory duty.
    MchCentre,
    /// A guardian.
    Guardian,
    /// A health commission.
    Commission,
    /// A medical institution in an emergency.
    EmergencyInstitution,
}

impl Asker {
    /// Stable text, as it stands in the ledger.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FacilityStaff => "FACILITY_STAFF",
            Self::Instructor => "INSTRUCTOR",
            Self::SourceInstitution => "SOURCE_INSTITUTION",
            Self::MchCentre => "MCH_CENTRE",
            Self::Guardian => "GUARDIAN",
            Self::Commission => "COMMISSION",
            Self::EmergencyInstitution => "EMERGENCY_INSTITUTION",
        }
    }
}

/// What a basis lets the asker see once every key is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// Categories of the consent that a data clause covers too.
    ConsentedCategories,
    /// Of those, the entry check only.
    EntryCheckOnly,
    /// Of those, urgent alerts only.
    UrgentOnly,
    /// Of those, what the rules let an instructor have.
    ConsentedCategoriesForInstructor,
    /// What the asker itself sent.
    OwnRecords,
    /// Abnormal findings and due checks of the area.
    AbnormalFindings,
    /// Everything about the child, and every look.
    Everything,
    /// Counts, small cells suppressed; no named child.
    Counts,
    /// The categories named when the glass was broken.
    NamedCategories,
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Basis {
    /// Stable text, as it stands in the ledger.
    pub code: &'static str,
    /// The basis in Chinese, with the article.
    pub law_zh: &'static str,
    /// Who asks.
    pub asker: Asker,
    /// Why.
    pub purpose: Purpose,
    /// Keys that must all be open.
    pub keys: &'static [Key],
    /// What it opens.
    pub sees: Sees,
}

/// The table.
pub const BASES: &[Basis] = &[
    Basis {
        code: "CONSENT_DAILY_CARE.PIPL_13_1_29_31",
        law_zh: "监护人单独同意（个人信息保护法第十三条第一款第一项、第二十三条、第二十九条、第三十一条）",
        asker: Asker::FacilityStaff,
        purpose: Purpose::DailyCare,
        keys: &[
            Key::Standing,
            Key::Actor,
            Key::Enrolment,
            Key::Agreement,
            Key::Guardianship,
            Key::Consent,
        ],
        sees: Sees::ConsentedCategories,
    },
    Basis {
        code: "CONSENT_ENTRY.PIPL_13_1_29_31",
        law_zh: "监护人单独同意，入托查验（个人信息保护法第十三条、第二十九条、第三十一条；卫生部 教育部令第76号）",
        asker: Asker::FacilityStaff,
        purpose: Purpose::EntryExamination,
        keys: &[
            Key::Standing,
            Key::Actor,
            Key::ExpectedEnrolment,
            Key::Agreement,
            Key::Guardianship,
            Key::Consent,
        ],
        sees: Sees::EntryCheckOnly,
    },
    Basis {
        code: "CONSENT_URGENT_SAFETY.PIPL_13_1_29_31",
        law_zh: "最近一份无争议的监护人同意，仅限紧急安全提示（个人信息保护法第十三条、第二十九条、第三十一条）",
        asker: Asker::FacilityStaff,
        purpose: Purpose::UrgentSafety,
        keys: &[
            Key::Standing,
            Key::Actor,
            Key::Enrolment,
            Key::Agreement,
            Key::UndisputedConsent,
        ],
        sees: Sees::UrgentOnly,
    },
    Basis {
        code: "CONSENT_HEALTH_GUIDANCE.PIPL_13_1_29_31",
        law_zh: "监护人单独同意，健康指导员指导（个人信息保护法第十三条、第二十九条、第三十一条）",
        asker: Asker::Instructor,
        purpose: Purpose::HealthGuidance,
        keys: &[
            Key::Standing,
            Key::Actor,
            Key::Assignment,
            Key::Enrolment,
            Key::Agreement,
            Key::Guardianship,
            Key::Consent,
        ],
        sees: Sees::ConsentedCategoriesForInstructor,
    },
    Basis {
        code: "OWN_RECORD.PIPL_13_3",
        law_zh: "本机构依法制作并保管的记录（个人信息保护法第十三条第一款第三项）",
        asker: Asker::SourceInstitution,
        purpose: Purpose::OwnRecord,
        keys: &[Key::Standing, Key::Actor, Key::Authorship],
        sees: Sees::OwnRecords,
    },
    Basis {
        code: "STATUTORY_FOLLOW_UP.PIPL_13_3_34",
        law_zh: "国家基本公共卫生服务法定职责（个人信息保护法第十三条第一款第三项、第三十四条）",
        asker: Asker::MchCentre,
        purpose: Purpose::FollowUp,
        keys: &[Key::Standing, Key::Actor, Key::Area],
        sees: Sees::AbnormalFindings,
    },
    Basis {
        code: "GUARDIAN_ACCESS.PIPL_45",
        law_zh: "监护人查阅（个人信息保护法第三十一条、第四十五条；未成年人网络保护条例第三十四条）",
        asker: Asker::Guardian,
        purpose: Purpose::GuardianAccess,
        keys: &[Key::OwnGuardianship],
        sees: Sees::Everything,
    },
    Basis {
        code: "SUPERVISION.PIPL_34",
        law_zh: "法定监督职责，仅限统计数（个人信息保护法第三十四条）",
        asker: Asker::Commission,
        purpose: Purpose::Supervision,
        keys: &[Key::Standing, Key::Actor, Key::Office],
        sees: Sees::Counts,
    },
    Basis {
        code: "EMERGENCY.PIPL_13_4_18",
        law_zh: "紧急情况下保护生命健康（个人信息保护法第十三条第一款第四项、第十八条）",
        asker: Asker::EmergencyInstitution,
        purpose: Purpose::Emergency,
        keys: &[Key::Standing, Key::Actor, Key::BrokenGlass],
        sees: Sees::NamedCategories,
    },
];

/// The row for an asker and a purpose.
pub fn find(asker: Asker, purpose: Purpose) -> Option<&'static Basis> {
    BASES
        .iter()
        .find(|b| b.asker == asker && b.purpose == purpose)
}

/// The row with this code, as it stands in a leaf.
pub fn by_code(code: &str) -> Option<&'static Basis> {
    BASES.iter().find(|b| b.code == code)
}
