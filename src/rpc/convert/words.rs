//! Enums of the wire ↔ words of the field, matched exhaustively both ways: a new value on either
//! side does not compile until it is met here.

use crate::{
    clinical::{
        fitness::Grade,
        growth::chart::{ChartKind, Scale as ChartScale},
    },
    domain::{
        actor::{ActorRole, ActorState, CertificateStatus, LicenceKind},
        agreement::AgreementMode,
        alert::{Category, Decision, FollowUpOutcome, Level},
        checkup::CheckUpStatus,
        consent::ConsentMode,
        enrolment::CareKind,
        escalation::EscalationStep,
        growth_standard::GrowthStandard,
        guardianship::{GuardianCodeUse, Relation},
        organization::OrganizationKind,
        purpose::Purpose,
        sex::Sex,
    },
    rpc::wire,
};

/// A word of the field that the wire writes as an enum.
pub trait WireWord: Sized {
    /// The wire's enum.
    type Wire: TryFrom<i32> + Into<i32>;

    /// The word; `None` for the unspecified value.
    fn from_wire(wire: Self::Wire) -> Option<Self>;

    /// The wire's value.
    fn wire(self) -> Self::Wire;

    /// The wire's value as a message's field holds it.
    fn number(self) -> i32 {
        self.wire().into()
    }
}

macro_rules! words {
    ($($word:ident { $($value:ident),+ $(,)? })+) => { $(
        impl WireWord for $word {
            type Wire = wire::$word;

            fn from_wire(wire: wire::$word) -> Option<Self> {
                match wire {
                    wire::$word::Unspecified => None,
                    $(wire::$word::$value => Some(Self::$value),)+
                }
            }

            fn wire(self) -> wire::$word {
                match self { $(Self::$value => wire::$word::$value,)+ }
            }
        }
    )+ };
}

words! {
    Sex { Male, Female }
    Category {
        Growth, Nutrition, Hearing, Vision, Development, Rickets, Allergy, Condition, Infectious,
        Immunisation, CheckUpDue, EntryCheck, Examination, OralHealth,
    }
    Purpose {
        DailyCare, EntryExamination, UrgentSafety, HealthGuidance, OwnRecord, FollowUp,
        GuardianAccess, Supervision, Emergency,
    }
    OrganizationKind {
        HealthCommission, Hospital, MchCentre, PrimaryCareCentre, PublicFacility,
        CommunityFacility, KindergartenNurseryClass, HomeFacility, EmployerFacility,
    }
    ActorRole { ResponsiblePerson, HealthWorker, Carer, Clinician, Official, System }
    ActorState { Pending, Approved, Revoked }
    CertificateStatus { Valid, RenewalDue, Lapsed, Missing }
    LicenceKind { Physician, Nurse }
    AgreementMode { Touring, Posting }
    Relation { Father, Mother, OtherGuardian }
    GuardianCodeUse { Decide, Read }
    CareKind { FullDay, HalfDay, Hourly, Temporary }
    ConsentMode { AlertsOnly, View, Store }
    CheckUpStatus { Preliminary, Final, Corrected, EnteredInError }
    Level { Low, Medium, High, Urgent }
    GrowthStandard { Wst423, Who }
    ChartKind { Weight, Stature, WeightForLength, WeightForHeight, Bmi, Head }
    ChartScale { Sd, Percentile }
    FollowUpOutcome {
        GuardianInformed, FacilityGuided, ReexaminationBooked, Referred, UnderTreatment,
    }
    Decision { RuledOut, Recovered, KnownAndManaged, NotApplicable }
    Grade { Fit, Conditional, Unfit }
    EscalationStep { ToInstructor, ToMchCentre, ToCommission }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word keeps its text on the wire: the enum value's name is the stable text code.
    macro_rules! same_text {
        ($($word:ident),+) => { $(
            for &word in $word::ALL {
                assert_eq!(word.wire().as_str_name(), word.as_str());
                assert_eq!($word::from_wire(word.wire()), Some(word));
            }
            assert_eq!($word::from_wire(wire::$word::Unspecified), None);
        )+ };
    }

    #[test]
    fn a_word_has_one_text_everywhere() {
        same_text!(
            Category,
            Purpose,
            OrganizationKind,
            ActorRole,
            ActorState,
            CertificateStatus,
            LicenceKind,
            AgreementMode,
            Relation,
            GuardianCodeUse,
            CareKind,
            ConsentMode,
            CheckUpStatus,
            Level,
            GrowthStandard,
            ChartKind,
            ChartScale,
            FollowUpOutcome,
            Decision,
            Grade,
            EscalationStep
        );
        assert_eq!(Sex::from_wire(wire::Sex::Female), Some(Sex::Female));
    }
}
