//! Keys, and how each can stand.

use crate::domain::{agreement::NotInForce, assignment::OffDuty};

/// One condition of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The asker's organization may act in the region.
    Standing,
    /// The person is approved, of this organization, in a fitting role.
    Actor,
    /// The child is in this facility's care today.
    Enrolment,
    /// The child is expected by this facility.
    ExpectedEnrolment,
    /// An agreement of the facility is in force and covers the purpose.
    Agreement,
    /// The person is assigned to the facility, and it is the person's shift.
    Assignment,
    /// Nobody disputes who speaks for the child.
    Guardianship,
    /// A guardian's consent to this facility holds and covers the purpose.
    Consent,
    /// While guardianship is disputed: the consent that held before the dispute.
    UndisputedConsent,
    /// The asker wrote the record.
    Authorship,
    /// The child belongs to the asker's area.
    Area,
    /// The asker is a guardian of the child now.
    OwnGuardianship,
    /// The asker holds the office of supervision.
    Office,
    /// A reason was stated for breaking the glass, within its hours.
    BrokenGlass,
}

/// Why a key is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// There is none.
    Absent,
    /// Standing suspended.
    Suspended,
    /// Registered, not approved.
    NotApproved,
    /// Approval revoked.
    Revoked,
    /// The actor's role does not fit.
    WrongRole,
    /// It has not begun.
    NotYetBegun,
    /// It is over.
    Ended,
    /// Taken back by the guardian.
    Withdrawn,
    /// Agreement: not filed.
    NotFiled,
    /// Assignment: not this shift.
    OutsideShift,
    /// Who speaks for the child is disputed.
    Disputed,
    /// It does not cover this purpose.
    OtherPurpose,
    /// Consent and data clause have no category and source in common.
    NothingCovered,
    /// One of the parties of the agreement is suspended.
    PartySuspended,
}

impl From<NotInForce> for Closed {
    fn from(why: NotInForce) -> Self {
        match why {
            NotInForce::NotFiled => Self::NotFiled,
            NotInForce::Suspended => Self::Suspended,
            NotInForce::Ended | NotInForce::Expired => Self::Ended,
            NotInForce::NotYetBegun => Self::NotYetBegun,
        }
    }
}

impl From<OffDuty> for Closed {
    fn from(why: OffDuty) -> Self {
        match why {
            OffDuty::OutsideShift => Self::OutsideShift,
            OffDuty::NotYetBegun => Self::NotYetBegun,
            OffDuty::Ended => Self::Ended,
        }
    }
}

/// A key and how it stands: open, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyState {
    /// The key.
    pub key: Key,
    /// `Ok` when open.
    pub state: Result<(), Closed>,
}
