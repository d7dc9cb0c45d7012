//! 监护关系: who speaks for a child.

use super::text_code::text_codes;

/// Marks ids of guardianships.
#[derive(Debug)]
pub enum Guardianship {}

/// Marks ids of what happened to guardianships.
#[derive(Debug)]
pub enum GuardianshipTurn {}

text_codes! {
    /// How a guardian is related.
    Relation {
        /// 父.
        Father = "FATHER",
        /// 母.
        Mother = "MOTHER",
        /// 其他监护人.
        OtherGuardian = "OTHER_GUARDIAN",
    }
}

text_codes! {
    /// What was seen as proof of a guardianship.
    GuardianshipEvidence {
        /// 出生医学证明.
        BirthCertificate = "BIRTH_CERTIFICATE",
        /// 户口簿.
        HouseholdRegister = "HOUSEHOLD_REGISTER",
        /// 法院判决.
        CourtDecision = "COURT_DECISION",
        /// 其他.
        Other = "OTHER",
    }
}

text_codes! {
    /// What a guardian's one-time code may be used for.
    GuardianCodeUse {
        /// To grant or withdraw a consent.
        Decide = "DECIDE",
        /// To read about the own child and see every look.
        Read = "READ",
    }
}
