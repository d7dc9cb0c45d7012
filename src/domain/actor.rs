//! 操作人: the person (or system account) behind a call.
//!
//! Registered by the organization and approved by its responsible person before any look at a minor's
//! data (未成年人网络保护条例 art. 36).

use super::text_code::text_codes;

/// Marks ids of actors.
#[derive(Debug)]
pub enum Actor {}

/// Marks ids of practitioners.
#[derive(Debug)]
pub enum Practitioner {}

text_codes! {
    /// What an actor does in the organization.
    ActorRole {
        /// 负责人: approves the others.
        ResponsiblePerson = "RESPONSIBLE_PERSON",
        /// 卫生保健人员 of a facility.
        HealthWorker = "HEALTH_WORKER",
        /// 照护人员 of a facility.
        Carer = "CARER",
        /// Medical staff of an institution.
        Clinician = "CLINICIAN",
        /// Official of a commission.
        Official = "OFFICIAL",
        /// A system account.
        System = "SYSTEM",
    }
}

impl ActorRole {
    /// Whether a person has it who needs a yearly health certificate to work in care; a system account
    /// is nobody.
    pub fn works_in_care(self) -> bool {
        matches!(
            self,
            Self::ResponsiblePerson | Self::HealthWorker | Self::Carer
        )
    }
}

text_codes! {
    /// How the yearly health certificate (健康合格证) of somebody who works in care stands.
    CertificateStatus {
        /// It holds, and the next one is not due yet.
        Valid = "VALID",
        /// It holds, and the next one is due.
        RenewalDue = "RENEWAL_DUE",
        /// It no longer holds.
        Lapsed = "LAPSED",
        /// None is on record.
        Missing = "MISSING",
    }
}

text_codes! {
    /// Where an actor's approval stands.
    ActorState {
        /// Registered, waiting.
        Pending = "PENDING",
        /// Approved.
        Approved = "APPROVED",
        /// Ended.
        Revoked = "REVOKED",
    }
}

text_codes! {
    /// Which licence a practitioner holds.
    LicenceKind {
        /// 医师执业证书.
        Physician = "PHYSICIAN",
        /// 护士执业证书.
        Nurse = "NURSE",
    }
}

text_codes! {
    /// What a practitioner is versed in.
    Expertise {
        /// 儿科.
        Paediatrics = "PAEDIATRICS",
        /// 儿童保健.
        ChildHealth = "CHILD_HEALTH",
        /// 护理.
        Nursing = "NURSING",
        /// 中医.
        Tcm = "TCM",
        /// 蒙医.
        MongolianMedicine = "MONGOLIAN_MEDICINE",
    }
}
