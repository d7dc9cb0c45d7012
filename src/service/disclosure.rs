//! The only way out for a child's data.
//!
//! A look takes the region's ledger head, reads the facts under that lock, decides, reads the data
//! under the permit, appends the leaf and commits; only then is anything unsealed, and only then do
//! bytes leave. Looks that gather while one batch commits share the next lock and commit. A batch
//! holds looks only: a change of keys goes alone.

mod acknowledge;
mod act;
mod due;
mod facility;
mod fitness;
mod follow_up;
mod gathered;
mod growth;
mod guardian;
mod inbox;
mod medical_side;
mod opened;
mod own;
mod passed_on;
mod sitting;

use std::{collections::BTreeSet, sync::Arc};

pub use acknowledge::acknowledge;
pub use act::{Act, act};
pub use due::{ChildDue, Due, DueItem, Page, due_lists};
pub use fitness::{ChildFitness, DayFitness, fitness};
pub use growth::{Drawn, Growth, Wanted, draw};
pub use guardian::{Look, Named, Party, open_looks};
pub use inbox::Event;
pub use opened::{
    Audience, OpenedAlert, OpenedCheckUp, is_unreadable, open_alert, open_alerts, open_check_up,
};

use super::{
    caller::Claim,
    error::Error,
    gateway::Gateway,
    regions_apart::{self, InRegion},
};
use crate::{
    access::{Denial, bases::Basis},
    domain::{
        alert::Category, child::Child, id::Id, organization::Organization, purpose::Purpose,
        region::RegionCode,
    },
    store::{
        alerts::{Disclosed, Part},
        batch::{Apply, Batch},
        check_ups::SealedCheckUp,
    },
};
use sitting::Sitting;

/// One look that is asked for.
#[derive(Clone)]
pub struct Ask {
    /// Who calls.
    pub claim: Claim,
    /// The region.
    pub region: RegionCode,
    /// The method called, as the ledger names it.
    pub method: &'static str,
    /// What is asked.
    pub question: Question,
}

/// What is asked.
#[derive(Clone)]
pub enum Question {
    /// The alerts of a facility's children: by its staff, or an instructor assigned to it.
    Facility {
        /// The facility.
        facility: Id<Organization>,
        /// Why; none means daily care for staff, health guidance for an instructor.
        purpose: Option<Purpose>,
        /// Only this child.
        child: Option<Id<Child>>,
        /// In which part of their life.
        part: Part,
    },
    /// The alerts of the area an MCH centre follows up, by child after a cursor.
    FollowUp {
        /// The last child of the page before; empty at the beginning.
        cursor: String,
        /// Children a page holds at most.
        children: i64,
        /// In which part of their life.
        part: Part,
    },
    /// What is due of a facility's children: by its staff, or an instructor assigned to it.
    DueAt {
        /// The facility.
        facility: Id<Organization>,
        /// Why; none means daily care for staff, health guidance for an instructor.
        purpose: Option<Purpose>,
        /// Only this child.
        child: Option<Id<Child>>,
        /// Which children.
        page: Page,
    },
    /// What is due in the area an MCH centre follows up.
    DueIn(Page),
    /// The caller's inbox after a number.
    Inbox {
        /// The caller's organization.
        recipient: Id<Organization>,
        /// The last number the reader has.
        after: i64,
        /// Entries at most.
        limit: i64,
    },
    /// What an institution sent, newest first, before a cursor.
    OwnRecords {
        /// The last check-up of the page before; empty at the beginning.
        cursor: String,
        /// Check-ups a page holds at most.
        limit: i64,
    },
    /// What an institution measured of a child's growth.
    OwnGrowth(Id<Child>),
    /// A guardian about the own child, by a one-time code for reading.
    Guardian {
        /// The child.
        child: Id<Child>,
        /// Keyed digest of the code.
        code: String,
        /// What of it.
        about: Wish,
    },
}

/// What a guardian asks about.
#[derive(Clone)]
pub enum Wish {
    /// The child's alerts in this part of their life.
    Alerts(Part),
    /// The child's whole plan.
    Due,
    /// Every look at the child, newest first.
    Looks {
        /// Before this leaf; none at the beginning.
        before: Option<i64>,
        /// Looks at most.
        limit: i64,
    },
    /// Its growth, measured by whomever.
    Growth,
}

/// A child of whom nothing may be shown, and why.
#[derive(Debug, Clone)]
pub struct Withheld {
    /// The child.
    pub child: Id<Child>,
    /// Why.
    pub why: Why,
}

/// Why nothing may be shown of a child.
#[derive(Debug, Clone)]
pub enum Why {
    /// Its keys are not all open.
    Denied(Denial),
    /// What is sealed of it does not open: a fault of the store, which the operator is told.
    Unreadable,
}

impl Withheld {
    /// Each of these children once.
    fn unreadable(children: impl IntoIterator<Item = Id<Child>>) -> Vec<Self> {
        let children: BTreeSet<Id<Child>> = children.into_iter().collect();
        let why = Why::Unreadable;
        let one = |child| Self {
            child,
            why: why.clone(),
        };
        children.into_iter().map(one).collect()
    }

    fn denial(self) -> Option<Denial> {
        match self.why {
            Why::Denied(denial) => Some(denial),
            Why::Unreadable => None,
        }
    }
}

/// A child that was looked at, and what the permit opened.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The child.
    pub child: Id<Child>,
    /// The categories that are open at every level.
    pub opened: BTreeSet<Category>,
    /// Whether its key opens: else nothing of it may be said.
    pub readable: bool,
}

/// What may leave, still sealed: it is opened after the commit, outside the lock.
pub enum Answer {
    /// Alerts, for whom, and the children of whom nothing may be shown.
    Alerts {
        /// Still sealed.
        alerts: Vec<Disclosed>,
        /// Who reads them.
        audience: Audience,
        /// Children withheld.
        withheld: Vec<Withheld>,
        /// The children that were looked at, whatever was found.
        seen: Vec<Seen>,
        /// The last child considered, when there may be more.
        next: Option<String>,
    },
    /// Entries of an inbox, each as today's keys let it be shown.
    Inbox {
        /// In order of their numbers.
        events: Vec<(i64, Event)>,
        /// The oldest number the inbox still holds.
        oldest: i64,
    },
    /// Check-ups with the wrapped keys that open them.
    CheckUps(Vec<(SealedCheckUp, Option<Vec<u8>>)>),
    /// What is due.
    Due(Due),
    /// Looks at a child.
    Looks(guardian::Looks),
    /// What a growth chart is drawn from.
    Growth(Growth),
}

/// The queue looks wait in for the next lock.
#[derive(Clone)]
pub struct Looks(Batch<Ask, Answer, Error>);

impl Looks {
    /// Starts the one worker: a region has one head, and who waits for it shares it.
    pub fn start(gateway: Gateway) -> Self {
        Self(Batch::start(1, Arc::new(Teller { gateway })))
    }

    /// Asks; the answer comes after its leaf is committed.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, Error> {
        self.0.submit(ask).await.map_err(Error::from)?
    }
}

struct Teller {
    gateway: Gateway,
}

impl Apply<Ask, Answer, Error> for Teller {
    async fn apply(&self, asks: &[Ask]) -> Result<Vec<Result<Answer, Error>>, Error> {
        regions_apart::apply(self, asks).await
    }

    fn panicked(&self) -> Error {
        Error::Broken("a batch panicked")
    }

    fn common(&self, error: &Error) -> Option<Error> {
        error.common()
    }
}

impl InRegion<Ask, Answer> for Teller {
    fn region(ask: &Ask) -> RegionCode {
        ask.region
    }

    async fn in_region(
        &self,
        region: RegionCode,
        asks: &[&Ask],
    ) -> Result<Vec<Result<Answer, Error>>, Error> {
        let mut sitting = match Sitting::begin(&self.gateway, region).await {
            Ok(sitting) => sitting,
            Err(Error::Refused(reason)) => {
                return Ok(asks.iter().map(|_| Err(reason.into())).collect());
            }
            Err(error) => return Err(error),
        };
        // A failure of the store leaves the transaction unusable: the sitting fails, and each look
        // tries by itself.
        let answers = sitting.answer_all(asks).await?;
        sitting.rise().await?;
        Ok(answers)
    }
}

/// The basis a leaf names, for showing a look again.
pub(super) fn basis(code: &str) -> Option<&'static Basis> {
    crate::access::bases::by_code(code)
}
