//! Why a reader asks. Access is decided for a purpose (PIPL art. 6: clear and smallest).

use super::text_code::text_codes;

text_codes! {
    /// Purpose of a look.
    Purpose {
        /// 日常照护.
        DailyCare = "DAILY_CARE",
        /// 入托查验.
        EntryExamination = "ENTRY_EXAMINATION",
        /// 紧急安全.
        UrgentSafety = "URGENT_SAFETY",
        /// 健康指导.
        HealthGuidance = "HEALTH_GUIDANCE",
        /// 本机构记录.
        OwnRecord = "OWN_RECORD",
        /// 随访管理.
        FollowUp = "FOLLOW_UP",
        /// 监护人知情.
        GuardianAccess = "GUARDIAN_ACCESS",
        /// 监督管理.
        Supervision = "SUPERVISION",
        /// 紧急救治.
        Emergency = "EMERGENCY",
    }
}
