//! Notices between gateways on PostgreSQL: sent after commit and batched, carrying only whose inbox
//! has something new. SQLite has one process, and needs none.

use sqlx::postgres::PgListener;

use super::{Store, error::StoreError};
use crate::domain::{id::Id, organization::Organization, region::RegionCode};

const CHANNEL: &str = "yuqiao_inbox";
/// A notification's payload is bounded by 8,000 bytes; one recipient takes 44.
const RECIPIENTS_A_NOTICE: usize = 150;

/// Tells the other gateways whose inbox has something new.
pub async fn send(
    store: &Store,
    recipients: &[(RegionCode, Id<Organization>)],
) -> Result<(), StoreError> {
    let Some(pool) = store.postgres_pool() else {
        return Ok(());
    };
    for part in recipients.chunks(RECIPIENTS_A_NOTICE) {
        let words: Vec<String> = part.iter().map(|(r, o)| format!("{r}/{o}")).collect();
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(words.join(" "))
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// Hears the other gateways' notices.
pub struct Listener(PgListener);

/// What was heard.
pub enum Heard {
    /// These inboxes have something new.
    Recipients(Vec<(RegionCode, Id<Organization>)>),
    /// The connection was lost and made again: anything may have been missed.
    Anything,
}

impl Listener {
    /// Begins to listen; none on an engine that needs none.
    pub async fn open(store: &Store) -> Result<Option<Self>, StoreError> {
        let Some(pool) = store.postgres_pool() else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Self(listener)))
    }

    /// Waits for the next notice.
    pub async fn hear(&mut self) -> Result<Heard, StoreError> {
        let Some(notice) = self.0.try_recv().await? else {
            return Ok(Heard::Anything);
        };
        let recipients = notice
            .payload()
            .split_ascii_whitespace()
            .filter_map(|word| {
                let (region, organization) = word.split_once('/')?;
                Some((region.parse().ok()?, organization.parse().ok()?))
            });
        Ok(Heard::Recipients(recipients.collect()))
    }
}
