//! What every use case has at hand. Nothing here is a fact about access: those are read anew in
//! each transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rand::rngs::StdRng;
use tokio::sync::Semaphore;

use super::{
    bell::Bell,
    error::Error,
    keyring::Keyring,
    rule_book::{RuleBook, Unreadable},
};
use crate::{
    clinical::rules::RuleSet,
    domain::{id::Id, organization::Organization, region::RegionCode},
    pki::{Authority, Pin, TrustBundle},
    store::{Store, notices},
    vault::MasterKeys,
};

/// The gateway's state, shared by all calls. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    store: Store,
    keyring: Keyring,
    chance: Mutex<StdRng>,
    rule_book: RuleBook,
    previews: Arc<Semaphore>,
    bell: Bell,
    certifying: RwLock<Certifying>,
}

/// Who certifies clients, and whom they are to believe. Replaced while serving, when an operator
/// replaces the files.
#[derive(Clone)]
pub struct Certifying {
    /// Issues client certificates; none when an outside authority does.
    pub authority: Option<Arc<Authority>>,
    /// The authorities clients of this deployment are to believe, the one that certifies the
    /// gateway first.
    pub trust: Arc<TrustBundle>,
}

/// What a gateway is made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Master keys.
    pub masters: MasterKeys,
    /// A cryptographically strong source of chance.
    pub chance: StdRng,
    /// The rules and schedules that ship with the program.
    pub rules: RuleSet,
    /// Who certifies clients.
    pub certifying: Certifying,
}

impl Gateway {
    /// Puts a gateway together, making the deployment's keys on the first start.
    pub async fn open(mut parts: Parts) -> Result<Self, Error> {
        let mut tx = parts.store.begin().await?;
        let keyring = Keyring::open(parts.masters, &mut tx, &mut parts.chance).await?;
        let rule_book = RuleBook::new(parts.rules);
        let now = tx.now().await?;
        rule_book.settle(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Self(Arc::new(Inner {
            store: parts.store,
            keyring,
            chance: Mutex::new(parts.chance),
            rule_book,
            previews: Arc::new(Semaphore::new(1)),
            bell: Bell::default(),
            certifying: RwLock::new(parts.certifying),
        })))
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The keyring.
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Chance. Not to be held over an await.
    pub fn chance(&self) -> MutexGuard<'_, StdRng> {
        self.0.chance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A source of chance of one's own, for work that awaits.
    pub fn own_chance(&self) -> StdRng {
        use rand::SeedableRng;
        StdRng::from_rng(&mut *self.chance())
    }

    /// The rule sets.
    pub fn rule_book(&self) -> &RuleBook {
        &self.0.rule_book
    }

    /// The turn for looking over a whole region: one at a time.
    pub fn previews(&self) -> &Arc<Semaphore> {
        &self.0.previews
    }

    /// Whether this program can read every rule set that counts somewhere.
    pub async fn rules_are_readable(&self) -> Result<Result<(), Unreadable>, Error> {
        let mut tx = self.0.store.snapshot().await?;
        self.0.rule_book.check(&mut tx).await
    }

    /// Wakes open streams.
    pub fn bell(&self) -> &Bell {
        &self.0.bell
    }

    /// After commit: wakes the recipients' streams, here and on the other gateways.
    pub async fn announce(
        &self,
        region: RegionCode,
        recipients: impl IntoIterator<Item = Id<Organization>>,
    ) {
        let rung: Vec<_> = recipients.into_iter().map(|r| (region, r)).collect();
        if rung.is_empty() {
            return;
        }
        self.bell().ring(rung.iter().copied());
        // A notification that is lost costs the other gateways their slow tick's wait, nothing more.
        if let Err(error) = notices::send(self.store(), &rung).await {
            tracing::warn!(%error, "a notification to the other gateways was not sent");
        }
    }

    /// Who certifies clients now, and whom they are to believe.
    pub fn certifying(&self) -> Certifying {
        let held = self.0.certifying.read();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes up a replaced authority.
    pub fn certify_by(&self, certifying: Certifying) {
        let held = self.0.certifying.write();
        *held.unwrap_or_else(PoisonError::into_inner) = certifying;
    }

    /// What a one-time code carries, so that its holder believes no other gateway.
    pub fn pin(&self) -> Result<Pin, Error> {
        let trust = self.certifying().trust;
        let first = trust.fingerprints().next();
        Ok(first.ok_or(Error::Broken("nobody to believe"))?.pin())
    }
}
