//! A check-up arrives: matched by identifier or held, stored once, assessed, delivered; answered only
//! once it is durable. Many rows share a commit, each has its own verdict.

mod apply;
pub mod matching;
mod records;
pub mod waiting;

use std::sync::Arc;

use chrono::NaiveDate;

use super::{
    caller::Claim,
    error::{Error, Problem},
    gateway::Gateway,
};
use crate::{
    domain::{
        canonical::Writer,
        checkup::CheckUp,
        finding::{Finding, Value},
        id::Id,
        identifier::ChildIdentifier,
        region::RegionCode,
        sex::Sex,
    },
    store::batch::Batch,
    vault::IndexKey,
};

/// One row, parsed by the door.
#[derive(Clone)]
pub struct Row {
    claim: Claim,
    region: RegionCode,
    key: String,
    identifiers: Vec<String>,
    birth_date: Option<NaiveDate>,
    sex: Option<Sex>,
    check_up: CheckUp,
    digest: [u8; 32],
}

/// What a row is made from.
pub struct RowParts {
    /// Who sends.
    pub claim: Claim,
    /// To which region.
    pub region: RegionCode,
    /// Idempotency key.
    pub key: String,
    /// Numbers of the child, at least one.
    pub identifiers: Vec<ChildIdentifier>,
    /// Day of birth as the sender knows it.
    pub birth_date: Option<NaiveDate>,
    /// Sex as the sender knows it.
    pub sex: Option<Sex>,
    /// The check-up; its source is the calling organization.
    pub check_up: CheckUp,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Stored and matched.
    Accepted {
        /// The check-up.
        check_up: Id<CheckUp>,
        /// Whether this is the answer to an earlier row again.
        replayed: bool,
    },
    /// Stored; waits for its child.
    Held {
        /// The check-up.
        check_up: Id<CheckUp>,
        /// Whether this is the answer to an earlier row again.
        replayed: bool,
    },
    /// Not stored.
    Refused(Vec<Problem>),
}

impl Row {
    /// A row, with the keyed digest of its content over the versioned domain bytes.
    pub fn new(gateway: &Gateway, parts: RowParts) -> Self {
        let index = gateway.keyring().index();
        let identifiers: Vec<String> = parts.identifiers.iter().map(|i| blind(index, i)).collect();
        let digest = digest(index, &parts, &identifiers);
        let RowParts {
            claim,
            region,
            key,
            birth_date,
            sex,
            check_up,
            ..
        } = parts;
        Self {
            claim,
            region,
            key,
            identifiers,
            birth_date,
            sex,
            check_up,
            digest,
        }
    }

    /// The region it is sent to.
    pub fn region(&self) -> RegionCode {
        self.region
    }
}

/// The blind index by which a child's number is looked up.
pub fn blind(index: &IndexKey, identifier: &ChildIdentifier) -> String {
    index
        .blind_index("child", identifier.kind(), identifier.normalized())
        .as_str()
        .to_owned()
}

/// What makes two rows the same: the content in the domain's own bytes, not the wire's.
fn digest(index: &IndexKey, parts: &RowParts, identifiers: &[String]) -> [u8; 32] {
    let c = &parts.check_up;
    let mut identifiers: Vec<&String> = identifiers.iter().collect();
    identifiers.sort_unstable();
    let bytes = Writer::new("yuqiao-check-up", 1)
        .list(identifiers, |w, i| w.text(i))
        .option(parts.birth_date, |w, d| w.text(&d.to_string()))
        .option(parts.sex, |w, s| w.text(s.as_str()))
        .text(c.record_id())
        .u32(c.revision())
        .text(c.status().as_str())
        .text(&c.date().to_string())
        .text(c.visit().as_str())
        .list(c.findings(), finding_bytes)
        .finish();
    index.keyed_digest(&bytes)
}

fn finding_bytes(writer: Writer, finding: &Finding) -> Writer {
    let writer = writer
        .text(finding.code().as_str())
        .text(finding.status().as_str())
        .text(finding.source_finding_id());
    match finding.value() {
        Value::Quantity(digits) => writer.u8(1).i64(*digits),
        Value::Coded { code, text } => writer
            .u8(2)
            .text(code)
            .option(text.as_ref(), |w, t| w.text(t)),
        Value::Text(text) => writer.u8(3).text(text),
        Value::Date(day) => writer.u8(4).text(&day.to_string()),
    }
}

/// The queue rows wait in for the next commit.
#[derive(Clone)]
pub struct Pushes(Batch<Row, Verdict, Error>);

impl Pushes {
    /// Starts the workers that write: one on the embedded database, which has one writer; a few on
    /// PostgreSQL, which gains from them.
    pub fn start(gateway: Gateway) -> Self {
        let workers = if gateway.store().engine() == "sqlite" {
            1
        } else {
            4
        };
        Self(Batch::start(workers, Arc::new(apply::Pusher { gateway })))
    }

    /// Pushes one row and waits until it is durable.
    pub async fn submit(&self, row: Row) -> Result<Verdict, Error> {
        self.0.submit(row).await.map_err(Error::from)?
    }

    /// Queues a row; the receiver gets its verdict.
    pub async fn queue(
        &self,
        row: Row,
    ) -> Result<tokio::sync::oneshot::Receiver<Result<Verdict, Error>>, Error> {
        self.0.queue(row).await.map_err(Error::from)
    }
}
