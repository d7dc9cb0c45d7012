//! ExchangeService: a medical institution pushes check-ups and reads its own history.

mod growth;
mod read;

pub(super) use read::read_identifier;
pub use read::{Alone, alone};

use futures_util::{StreamExt, stream::BoxStream};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

use super::{
    caller,
    convert::{self, Fields, name},
    page::{self, Walk},
    status::{answer, status, unread},
    streams::answers,
    wire::{self, exchange_service_server::ExchangeService},
};
use crate::{
    domain::{checkup::CheckUp, finding::Value, region::RegionCode},
    rpc::convert::WireWord,
    service::{
        Error, Gateway, Problem, Reason,
        caller::Claim,
        disclosure::{Answer, Ask, Looks, OpenedCheckUp, Question, open_check_up},
        push::{Pushes, Verdict, matching::Unmatched},
        unmatched,
    },
    store::check_ups::CheckUpRow,
};

const USUAL_PAGE: u32 = 50;
/// A check-up of the most and longest findings takes 150 kB: a page of them fits an answer.
const MOST_A_PAGE: u32 = 100;
/// Rows of one stream that wait for their verdict at most; the sender is slowed down beyond.
const ROWS_IN_FLIGHT: usize = 1024;

/// The service.
pub struct Exchange {
    /// The use cases.
    pub gateway: Gateway,
    /// Where rows wait for the next commit.
    pub pushes: Pushes,
    /// Where looks wait for the next lock.
    pub looks: Looks,
    /// Turns true when the gateway stops.
    pub stop: watch::Receiver<bool>,
}

impl Exchange {
    fn open<T>(&self, request: Request<T>) -> Result<(Claim, T), Error> {
        caller::open(request, self.gateway.store().clock().now())
    }

    fn walk(&self, claim: &Claim, method: &'static str, region: RegionCode) -> Walk<'_> {
        let index = self.gateway.keyring().index();
        Walk::new(index, claim.organization, method, region.to_string())
    }
}

#[tonic::async_trait]
impl ExchangeService for Exchange {
    type PushStream = BoxStream<'static, Result<wire::PushResponse, Status>>;

    async fn push(
        &self,
        request: Request<Streaming<wire::PushRequest>>,
    ) -> Result<Response<Self::PushStream>, Status> {
        let (claim, rows) = self
            .open(request)
            .map_err(|error| status("ExchangeService.Push", &error))?;
        let (gateway, pushes) = (self.gateway.clone(), self.pushes.clone());
        // Rows are queued in their order and answered in their order; a row cut in the middle never
        // becomes a message, so nothing of it is stored.
        let verdicts = rows
            .map(move |row| {
                let (gateway, pushes, claim) = (gateway.clone(), pushes.clone(), claim.clone());
                async move {
                    let message = row.map_err(unread)?;
                    let number = message.row;
                    queue(&gateway, &pushes, &claim, message)
                        .await
                        .map_err(|error| (number, error))
                        .map_or_else(
                            |(number, error)| refused_or_fatal(number, error),
                            |waiting| Ok(Queued::Waiting(number, waiting)),
                        )
                }
            })
            // Parsing and queueing go one row after the other, which keeps the order.
            .buffered(1)
            .map(|queued| async move { queued?.verdict().await })
            .buffered(ROWS_IN_FLIGHT);
        Ok(Response::new(answers(verdicts, self.stop.clone())))
    }

    async fn push_one(
        &self,
        request: Request<wire::PushRequest>,
    ) -> Result<Response<wire::PushResponse>, Status> {
        answer("ExchangeService.PushOne", async {
            let (claim, message) = self.open(request)?;
            let number = message.row;
            let row = match read::row(&self.gateway, &claim, message) {
                Err(Error::Invalid(problems)) => return Ok(refused(number, problems)),
                row => row?,
            };
            let region = row.region();
            let verdict = self.pushes.submit(row).await?;
            Ok(response(region, number, verdict))
        })
        .await
    }

    async fn list_check_ups(
        &self,
        request: Request<wire::ListCheckUpsRequest>,
    ) -> Result<Response<wire::ListCheckUpsResponse>, Status> {
        answer("ExchangeService.ListCheckUps", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &message.parent);
            let region = f.finish(region)?;
            let walk = self.walk(&claim, "ListCheckUps", region);
            let size = page::size(message.page_size, USUAL_PAGE).min(MOST_A_PAGE);
            let cursor = walk.after(&message.page_token)?.unwrap_or_default();
            let question = Question::OwnRecords {
                cursor,
                limit: i64::from(size),
            };
            let method = "ExchangeService.ListCheckUps";
            let found = self
                .looks
                .ask(Ask {
                    claim: claim.clone(),
                    region,
                    method,
                    question,
                })
                .await?;
            let Answer::CheckUps(found) = found else {
                return Err(Error::Broken("another question's answer"));
            };
            let last = found.last().map(|(c, _)| c.row.id.to_string());
            let next = last.filter(|_| found.len() == size as usize);
            let mut check_ups = Vec::with_capacity(found.len());
            for (sealed, key) in found {
                if let Some(opened) = open_check_up(&self.gateway, region, sealed, key)? {
                    check_ups.push(stored(region, opened));
                }
            }
            let next_page_token = next.map(|cursor| walk.seal(&cursor)).unwrap_or_default();
            Ok(wire::ListCheckUpsResponse {
                check_ups,
                next_page_token,
            })
        })
        .await
    }

    async fn get_growth_chart(
        &self,
        request: Request<wire::GetGrowthChartRequest>,
    ) -> Result<Response<wire::GrowthChart>, Status> {
        answer(growth::METHOD, async {
            let (claim, message) = self.open(request)?;
            growth::chart(&self.gateway, &self.looks, claim, message).await
        })
        .await
    }

    async fn list_unmatched(
        &self,
        request: Request<wire::ListUnmatchedRequest>,
    ) -> Result<Response<wire::ListUnmatchedResponse>, Status> {
        answer("ExchangeService.ListUnmatched", async {
            let (claim, message) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &message.parent);
            let region = f.finish(region)?;
            let walk = self.walk(&claim, "ListUnmatched", region);
            let size = page::size(message.page_size, USUAL_PAGE).min(MOST_A_PAGE);
            let cursor = walk.after(&message.page_token)?.unwrap_or_default();
            let limit = i64::from(size) + 1;
            let rows = unmatched::list(&self.gateway, &claim, region, &cursor, limit).await?;
            let (rows, next_page_token) = walk.cut(rows, size, |row| row.id.to_string());
            let check_ups = rows.into_iter().map(|row| waiting(region, row)).collect();
            Ok(wire::ListUnmatchedResponse {
                check_ups,
                next_page_token,
            })
        })
        .await
    }
}

/// A row that is queued, or was refused before.
enum Queued {
    Waiting(u64, Waiting),
    Refused(wire::PushResponse),
}

struct Waiting {
    region: RegionCode,
    receiver: tokio::sync::oneshot::Receiver<Result<Verdict, Error>>,
}

impl Queued {
    async fn verdict(self) -> Result<wire::PushResponse, Status> {
        let (number, Waiting { region, receiver }) = match self {
            Self::Refused(response) => return Ok(response),
            Self::Waiting(number, waiting) => (number, waiting),
        };
        let stopping = || Error::from(Reason::Stopping);
        match receiver
            .await
            .map_err(|_| stopping())
            .and_then(|verdict| verdict)
        {
            Ok(verdict) => Ok(response(region, number, verdict)),
            Err(error) => match refused_or_fatal(number, error)? {
                Self::Refused(response) => Ok(response),
                Self::Waiting(..) => Err(status("ExchangeService.Push", &stopping())),
            },
        }
    }
}

/// A bad row is refused by itself; what concerns the caller or the gateway ends the stream.
fn refused_or_fatal(number: u64, error: Error) -> Result<Queued, Status> {
    match error {
        Error::Invalid(problems) => Ok(Queued::Refused(refused(number, problems))),
        error => Err(status("ExchangeService.Push", &error)),
    }
}

async fn queue(
    gateway: &Gateway,
    pushes: &Pushes,
    claim: &Claim,
    message: wire::PushRequest,
) -> Result<Waiting, Error> {
    let row = read::row(gateway, claim, message)?;
    let region = row.region();
    let receiver = pushes.queue(row).await?;
    Ok(Waiting { region, receiver })
}

fn response(region: RegionCode, row: u64, verdict: Verdict) -> wire::PushResponse {
    let (outcome, check_up, replayed) = match verdict {
        Verdict::Accepted { check_up, replayed } => (wire::Outcome::Accepted, check_up, replayed),
        Verdict::Held { check_up, replayed } => (wire::Outcome::HeldUnmatched, check_up, replayed),
        Verdict::Refused(problems) => return refused(row, problems),
    };
    wire::PushResponse {
        row,
        outcome: outcome.into(),
        check_up: name(region, check_up),
        replayed,
        problems: Vec::new(),
    }
}

fn refused(row: u64, problems: Vec<Problem>) -> wire::PushResponse {
    let problems = problems.into_iter().map(|p| wire::Problem {
        field: p.field,
        reason: p.reason.to_owned(),
        message_zh: p.message_zh,
    });
    wire::PushResponse {
        row,
        outcome: wire::Outcome::Refused.into(),
        problems: problems.collect(),
        ..Default::default()
    }
}

fn stored(region: RegionCode, opened: OpenedCheckUp) -> wire::StoredCheckUp {
    let OpenedCheckUp { row, check_up } = opened;
    wire::StoredCheckUp {
        name: name(region, row.id),
        child: row
            .child
            .map(|child| name(region, child))
            .unwrap_or_default(),
        check_up: Some(message(&check_up)),
        create_time: convert::time(row.created),
        superseded: row.superseded,
    }
}

fn message(check_up: &CheckUp) -> wire::CheckUp {
    wire::CheckUp {
        record_id: check_up.record_id().to_owned(),
        revision: check_up.revision(),
        status: check_up.status().number(),
        date: convert::day(check_up.date()),
        visit: check_up.visit().as_str().to_owned(),
        subject: None,
        findings: check_up.findings().iter().map(finding).collect(),
    }
}

fn finding(finding: &crate::domain::finding::Finding) -> wire::Finding {
    use crate::domain::catalogue::Kind;
    let code = finding.code();
    let mut coded_detail = String::new();
    let value = match (finding.value(), code.entry().kind) {
        (Value::Quantity(value), Kind::Quantity { unit, decimals, .. }) => {
            wire::finding::Value::Quantity(wire::Quantity {
                value: *value,
                decimals,
                unit: unit.to_owned(),
            })
        }
        // A quantity has a kind with a unit; the parser lets no other pass.
        (Value::Quantity(value), _) => wire::finding::Value::Text(value.to_string()),
        (Value::Coded { code, text }, _) => {
            coded_detail = text.clone().unwrap_or_default();
            wire::finding::Value::Coded(code.clone())
        }
        (Value::Text(text), _) => wire::finding::Value::Text(text.clone()),
        (Value::Date(day), _) => wire::finding::Value::Date(convert::day(*day)),
    };
    wire::Finding {
        code: code.as_str().to_owned(),
        value: Some(value),
        source_finding_id: finding.source_finding_id().to_owned(),
        coded_detail,
    }
}

fn waiting(region: RegionCode, row: CheckUpRow) -> wire::UnmatchedCheckUp {
    let reason = row.unmatched_reason.unwrap_or_default();
    let known = Unmatched::ALL.into_iter().find(|u| u.code() == reason);
    wire::UnmatchedCheckUp {
        name: name(region, row.id),
        record_id: row.record_id,
        revision: row.revision,
        message_zh: known.map_or("", Unmatched::zh).to_owned(),
        reason,
        create_time: convert::time(row.created),
    }
}
