//! Streams rows and settles verdicts; after a broken stream, begins again with the unanswered rows.

use std::io;
use std::path::Path;

use indicatif::ProgressBar;
use tokio::io::AsyncBufRead;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::rows::{Line, Lines, Row, row};
use super::verdicts::{Stored, Tally, Verdict, VerdictFile};
use super::window::{WINDOW, Window};
use crate::cli::connection::{Connection, Service};
use crate::cli::error::CliError;
use crate::cli::refusal::Refusal;
use crate::cli::retry::Backoff;
use crate::rpc::status::connection_lost;
use crate::rpc::wire::exchange_service_client::ExchangeServiceClient;
use crate::rpc::wire::{PushRequest, PushResponse};

/// Attempts without a single verdict before giving up: about a minute and a half.
const ATTEMPTS: u32 = 14;

/// Pushes one file.
pub struct Pusher<R> {
    client: ExchangeServiceClient<Service>,
    parent: String,
    lines: Lines<R>,
    read_all: bool,
    window: Window,
    stored: Stored,
    file: VerdictFile,
    tally: Tally,
    backoff: Backoff,
    bar: ProgressBar,
}

/// Why pushing ended early. What was answered is in the verdict file.
#[derive(Debug)]
pub enum Failure {
    /// The file can't be read.
    Read(io::Error),
    /// The verdict file can't be written.
    Write(io::Error),
    /// The gateway refused the stream, or stayed away too long.
    Refused(Box<Refusal>),
}

impl Failure {
    /// Names the file.
    pub fn into_error(self, rows: &Path, verdicts: &Path) -> CliError {
        match self {
            Self::Read(error) => CliError::file(rows)(error),
            Self::Write(error) => CliError::file(verdicts)(error),
            Self::Refused(refusal) => CliError::Refused(refusal),
        }
    }
}

impl<R: AsyncBufRead + Unpin> Pusher<R> {
    /// Ready to push `reader`'s rows.
    pub fn new(
        connection: &Connection,
        reader: R,
        file: VerdictFile,
        stored: Stored,
        bar: ProgressBar,
    ) -> Self {
        Self {
            client: ExchangeServiceClient::new(connection.service()),
            parent: connection.region.clone(),
            lines: Lines::new(reader),
            read_all: false,
            window: Window::default(),
            stored,
            file,
            tally: Tally::default(),
            backoff: Backoff::new(&connection.organization, ATTEMPTS),
            bar,
        }
    }

    /// Pushes every row, over as many streams as it takes.
    ///
    /// # Errors
    /// [`Failure`]; the verdict file holds every verdict that came.
    pub async fn run(mut self) -> Result<Tally, Failure> {
        loop {
            let ended = self.stream().await;
            self.file.flush().map_err(Failure::Write)?;
            let Some(status) = ended? else {
                return Ok(self.tally);
            };
            let refusal = Refusal::of(&status);
            let wait = if refusal.is_transient() {
                self.backoff.next_wait()
            } else {
                None
            };
            let Some(wait) = wait else {
                return Err(Failure::Refused(Box::new(refusal)));
            };
            self.bar.set_message("reconnecting");
            tokio::time::sleep(wait).await;
        }
    }

    /// One stream, until every row is answered (none) or it breaks (its status).
    async fn stream(&mut self) -> Result<Option<Status>, Failure> {
        // Everything that may wait fits, so that handing a row over never blocks reading verdicts.
        let (send, requests) = mpsc::channel::<PushRequest>(WINDOW);
        for request in self.window.unanswered() {
            // The channel is new and as wide as the window.
            let _ = send.try_send(request.clone());
        }
        while self.window.is_empty() && !self.read_all {
            self.admit(&send).await?;
        }
        if self.window.is_empty() {
            return Ok(None);
        }
        let mut answers: Streaming<PushResponse> =
            match self.client.push(ReceiverStream::new(requests)).await {
                Ok(answers) => answers.into_inner(),
                Err(status) => return Ok(Some(status)),
            };
        loop {
            let reading = !self.read_all && self.window.has_room();
            tokio::select! {
                answer = answers.message() => match answer {
                    Ok(Some(answer)) => self.settle(answer)?,
                    Ok(None) => return Ok(Some(connection_lost())),
                    Err(status) => return Ok(Some(status)),
                },
                line = self.lines.next(), if reading => {
                    self.take(line.map_err(Failure::Read)?, &send)?;
                }
            }
            if self.read_all && self.window.is_empty() {
                return Ok(None);
            }
        }
    }

    async fn admit(&mut self, send: &mpsc::Sender<PushRequest>) -> Result<(), Failure> {
        let line = self.lines.next().await.map_err(Failure::Read)?;
        self.take(line, send)
    }

    fn take(
        &mut self,
        line: Option<(u64, Line)>,
        send: &mpsc::Sender<PushRequest>,
    ) -> Result<(), Failure> {
        let Some((number, line)) = line else {
            self.read_all = true;
            return Ok(());
        };
        if let Line::Text(text) = &line {
            self.bar.inc(text.len() as u64 + 1);
        }
        match row(number, &line, &self.parent) {
            Row::Blank => Ok(()),
            Row::Refused(verdict) => self.record(&verdict),
            Row::Request(request) if self.stored.holds(&request) => {
                self.tally.skipped += 1;
                Ok(())
            }
            Row::Request(request) => {
                self.window.hold((*request).clone());
                // A stream that is ending has no receiver; the window sends the row again.
                let _ = send.try_send(*request);
                Ok(())
            }
        }
    }

    fn settle(&mut self, answer: PushResponse) -> Result<(), Failure> {
        let Some(request) = self.window.settle(answer.row) else {
            return Ok(());
        };
        self.backoff.reset();
        self.record(&Verdict::of(&request, answer))
    }

    fn record(&mut self, verdict: &Verdict) -> Result<(), Failure> {
        self.tally.count(verdict);
        let done = self.tally.accepted + self.tally.held;
        self.bar
            .set_message(format!("{done} stored, {} refused", self.tally.refused));
        self.file.write(verdict).map_err(Failure::Write)
    }
}

#[cfg(test)]
mod tests;
