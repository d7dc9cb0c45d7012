//! The bell: wakes only the recipients concerned, after commit. It carries no data, so a ring too
//! many costs a read and a ring lost costs the slow tick's wait.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;

use crate::domain::{id::Id, organization::Organization, region::RegionCode};

/// Whose inbox.
pub type Recipient = (RegionCode, Id<Organization>);

/// One watch a recipient that somebody listens for.
#[derive(Default)]
pub struct Bell(Mutex<HashMap<Recipient, watch::Sender<u64>>>);

impl Bell {
    /// Wakes whoever listens for these recipients.
    pub fn ring(&self, recipients: impl IntoIterator<Item = Recipient>) {
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for recipient in recipients {
            if let Some(watch) = watches.get(&recipient) {
                watch.send_modify(|rings| *rings += 1);
                if watch.is_closed() {
                    watches.remove(&recipient);
                }
            }
        }
    }

    /// Wakes everybody: after a loss of notifications nobody may be left asleep.
    pub fn ring_all(&self) {
        let watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for watch in watches.values() {
            watch.send_modify(|rings| *rings += 1);
        }
    }

    /// Listens for a recipient.
    pub fn listen(&self, recipient: Recipient) -> watch::Receiver<u64> {
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watches
            .entry(recipient)
            .or_insert_with(|| watch::channel(0).0)
            .subscribe()
    }
}
