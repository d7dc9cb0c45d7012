//! A facility's open stream: a `yuqiao watch` process, and everything it has printed so far.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::stage::{Party, failed};
use crate::cli::error::CliError;
use crate::rpc::json::from_json;
use crate::rpc::wire::inbox_event::Event;
use crate::rpc::wire::{Alert, InboxEvent};

/// How long an event may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream and what came over it.
pub struct Watcher {
    events: Arc<Mutex<Vec<InboxEvent>>>,
    count: watch::Receiver<usize>,
    _process: Child,
}

impl Watcher {
    /// Opens the party's inbox from its beginning.
    ///
    /// # Errors
    /// Where the process can't be started.
    pub fn open(party: &Party) -> Result<Self, CliError> {
        let start = |error| failed("the facility opens its inbox", format!("{error}"));
        let mut process = party.process(&["watch"]).spawn().map_err(start)?;
        let stdout = process
            .stdout
            .take()
            .ok_or_else(|| failed("the facility opens its inbox", "it has no output"))?;
        let events = Arc::new(Mutex::new(Vec::new()));
        let (tell, count) = watch::channel(0);
        let seen = events.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(event) = from_json::<InboxEvent>(&line) else {
                    continue;
                };
                let mut events = seen.lock().unwrap_or_else(PoisonError::into_inner);
                events.push(event);
                // Nobody waiting is fine: the event is kept.
                let _ = tell.send(events.len());
            }
        });
        Ok(Self {
            events,
            count,
            _process: process,
        })
    }

    /// Everything so far.
    #[must_use]
    pub fn events(&self) -> Vec<InboxEvent> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many came so far: a place to look on from.
    #[must_use]
    pub fn mark(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until an event after `mark` is as described.
    ///
    /// # Errors
    /// Where none comes in time.
    pub async fn wait_for(
        &self,
        what: &str,
        mark: usize,
        described: impl Fn(&InboxEvent) -> bool,
    ) -> Result<InboxEvent, CliError> {
        let mut count = self.count.clone();
        let look = async {
            loop {
                let found = self
                    .events()
                    .into_iter()
                    .skip(mark)
                    .find(|event| described(event));
                if let Some(event) = found {
                    return Some(event);
                }
                if count.changed().await.is_err() {
                    return None;
                }
            }
        };
        let found = timeout(PATIENCE, look).await.ok().flatten();
        found.ok_or_else(|| failed(what, "nothing of the kind came over the open stream"))
    }

    /// Waits until nothing has come for a while.
    pub async fn settle(&self, quiet: Duration) {
        let mut count = self.count.clone();
        loop {
            tokio::select! {
                changed = count.changed() => if changed.is_err() { return },
                () = sleep(quiet) => return,
            }
        }
    }
}

/// The alert of an event, if it is one.
#[must_use]
pub fn alert(event: &InboxEvent) -> Option<&Alert> {
    match &event.event {
        Some(Event::Alert(alert)) => Some(alert),
        _ => None,
    }
}
