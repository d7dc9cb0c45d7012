//! Against a gateway that breaks its streams: a stand-in, the real one is met in the journeys.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response};

use super::*;
use crate::rpc::wire::exchange_service_server::{ExchangeService, ExchangeServiceServer};
use crate::rpc::wire::{
    GetGrowthChartRequest, GrowthChart, ListCheckUpsRequest, ListCheckUpsResponse,
    ListUnmatchedRequest, ListUnmatchedResponse, Outcome,
};

/// Answers so many rows of a stream, then breaks it with the status; the last stream is whole.
struct Breaking {
    streams: Mutex<Vec<(usize, Status)>>,
    received: Arc<Mutex<BTreeMap<String, usize>>>,
}

type Answers = Pin<Box<dyn Stream<Item = Result<PushResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ExchangeService for Breaking {
    type PushStream = Answers;

    async fn push(
        &self,
        request: Request<Streaming<PushRequest>>,
    ) -> Result<Response<Answers>, Status> {
        assert_eq!(request.metadata().get("yuqiao-actor").unwrap(), "a1");
        let (most, last) = {
            let mut streams = self.streams.lock().unwrap();
            if streams.is_empty() {
                (usize::MAX, None)
            } else {
                let (most, status) = streams.remove(0);
                (most, Some(Err(status)))
            }
        };
        let received = self.received.clone();
        let answers = request.into_inner().take(most).map(move |row| {
            let row = row?;
            *received
                .lock()
                .unwrap()
                .entry(row.idempotency_key)
                .or_default() += 1;
            let odd = row.row % 10 == 3;
            let outcome = if odd {
                Outcome::Refused
            } else {
                Outcome::Accepted
            };
            Ok(PushResponse {
                row: row.row,
                outcome: outcome.into(),
                ..PushResponse::default()
            })
        });
        Ok(Response::new(Box::pin(
            answers.chain(tokio_stream::iter(last)),
        )))
    }

    async fn push_one(&self, _: Request<PushRequest>) -> Result<Response<PushResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_check_ups(
        &self,
        _: Request<ListCheckUpsRequest>,
    ) -> Result<Response<ListCheckUpsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_unmatched(
        &self,
        _: Request<ListUnmatchedRequest>,
    ) -> Result<Response<ListUnmatchedResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_growth_chart(
        &self,
        _: Request<GetGrowthChartRequest>,
    ) -> Result<Response<GrowthChart>, Status> {
        Err(Status::unimplemented(""))
    }
}

struct Run {
    pushed: Result<Tally, Failure>,
    received: BTreeMap<String, usize>,
    verdicts: String,
}

async fn run(text: String, streams: Vec<(usize, Status)>) -> Run {
    let received = Arc::new(Mutex::new(BTreeMap::new()));
    let service = Breaking {
        streams: Mutex::new(streams),
        received: received.clone(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server = Server::builder().add_service(ExchangeServiceServer::new(service));
    let server = tokio::spawn(server.serve_with_incoming(incoming));

    let uri = format!("http://{address}");
    let channel = Channel::from_shared(uri).unwrap().connect().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("verdicts");
    let file = VerdictFile::create(&path).unwrap();
    let connection = Connection::over(channel);
    let bar = ProgressBar::hidden();
    let pushed = Pusher::new(&connection, text.as_bytes(), file, Stored::default(), bar)
        .run()
        .await;
    server.abort();
    let verdicts = std::fs::read_to_string(&path).unwrap();
    let received = received.lock().unwrap().clone();
    Run {
        pushed,
        received,
        verdicts,
    }
}

fn rows(count: usize) -> String {
    let row = |n| format!("{{\"checkUp\":{{\"recordId\":\"A-{n}\",\"revision\":1}}}}\n");
    (1..=count).map(row).collect()
}

#[tokio::test]
async fn a_file_wider_than_the_window_is_pushed_and_tallied() {
    let count = 3 * WINDOW + 5;
    let Run {
        pushed,
        received,
        verdicts,
    } = run(rows(count), Vec::new()).await;
    let tally = pushed.unwrap();
    assert_eq!(tally.accepted + tally.refused, count as u64);
    assert_eq!(
        tally.refused,
        (1..=count).filter(|n| n % 10 == 3).count() as u64
    );
    assert_eq!(received.len(), count);
    assert!(received.values().all(|times| *times == 1));
    assert_eq!(verdicts.lines().count(), count);
}

#[tokio::test]
async fn broken_streams_cost_no_row_and_no_second_verdict() {
    let streams = vec![
        (0, Status::unavailable("restarting")),
        (7, Status::unavailable("restarting")),
        (
            1_500,
            Status::internal("h2 protocol error: connection reset"),
        ),
        (1, Status::resource_exhausted("busy")),
    ];
    let count = 2_000;
    let Run {
        pushed,
        received,
        verdicts,
    } = run(rows(count), streams).await;
    let tally = pushed.unwrap();
    assert_eq!(tally.accepted + tally.refused, count as u64);
    assert_eq!(received.len(), count);
    let mut answered: Vec<u64> = verdicts
        .lines()
        .map(|line| serde_json::from_str::<Verdict>(line).unwrap().row)
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, (1..=count as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_refusal_of_the_stream_ends_it_and_keeps_what_was_answered() {
    let streams = vec![(4, Status::permission_denied("actor is not approved"))];
    let Run {
        pushed, verdicts, ..
    } = run(rows(10), streams).await;
    assert!(matches!(pushed, Err(Failure::Refused(refusal))
        if refusal.code == tonic::Code::PermissionDenied));
    assert_eq!(verdicts.lines().count(), 4);
}

#[tokio::test]
async fn lines_that_can_t_be_sent_are_verdicts_and_nothing_else_stops() {
    let text = format!("not json\n\n{}{{\"checkUp\":{{\"x\":1}}}}\n{{", rows(2));
    let Run {
        pushed,
        received,
        verdicts,
    } = run(text, Vec::new()).await;
    let tally = pushed.unwrap();
    // Lines 3 and 4 are rows; line 3 is one of the stand-in's refusals.
    assert_eq!((tally.accepted, tally.refused), (1, 4));
    assert_eq!(received.len(), 2);
    for (row, reason) in [
        (1, "LINE_NOT_JSON"),
        (5, "LINE_UNKNOWN_FIELD"),
        (6, "LINE_NOT_JSON"),
    ] {
        let found = verdicts.lines().any(|line| {
            let verdict: Verdict = serde_json::from_str(line).unwrap();
            verdict.row == row && verdict.problems.iter().any(|p| p.reason == reason)
        });
        assert!(found, "{row} {reason}");
    }
}

#[tokio::test]
async fn a_file_without_rows_opens_no_stream() {
    let Run {
        pushed, received, ..
    } = run("\n \n".into(), vec![(0, Status::permission_denied("no"))]).await;
    assert_eq!(pushed.unwrap(), Tally::default());
    assert!(received.is_empty());
}
