//! One sitting of looks: one lock, one deciding time, one commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;

use super::{Answer, Ask, Question, facility::Decided, gathered::Gathered};
use crate::{
    access::{Asker, Basis, Permit},
    domain::{
        alert::{Alert, Category},
        child::Child,
        id::Id,
        region::{RegionCode, Settings},
    },
    ledger::{Entry, LeafBody},
    service::{
        error::Error,
        gateway::Gateway,
        grounds,
        keyring::{ChildKey, RegionKeys},
        leaves::Leaves,
        reason::Reason,
    },
    store::{Tx, ledger, regions},
};

/// A sitting under way.
pub(super) struct Sitting {
    pub(super) tx: Tx,
    pub(super) gateway: Gateway,
    pub(super) region: RegionCode,
    pub(super) settings: Settings,
    pub(super) now: DateTime<Utc>,
    keys: Arc<RegionKeys>,
    chance: StdRng,
    leaves: Leaves,
    /// Whether anything but leaves was written.
    wrote: bool,
    pub(super) gathered: Gathered,
}

/// What a leaf says of one child: the permit it was shown under, which categories, and what else.
pub(super) struct Shown<'a> {
    pub(super) permit: &'a Permit,
    pub(super) categories: BTreeSet<Category>,
    /// Further names and values of the entry's detail.
    pub(super) further: Vec<(String, String)>,
}

/// How far a look has come.
enum Step {
    Answered(Answer),
    /// A look at a facility: what its permits reach is read with that of the others.
    Decided(Decided),
}

impl Sitting {
    /// Takes the region's head; facts are read by later statements, under it.
    pub(super) async fn begin(gateway: &Gateway, region: RegionCode) -> Result<Self, Error> {
        let mut tx = gateway.store().begin().await?;
        let head = match ledger::take_head(&mut tx, region).await {
            Err(crate::store::StoreError::UnknownRegion) => {
                return Err(Reason::RegionForeign.into());
            }
            head => head?,
        };
        let (settings, _) = regions::find(&mut tx, region)
            .await?
            .ok_or(Reason::RegionForeign)?;
        let mut chance = gateway.own_chance();
        let keys = gateway
            .keyring()
            .region(&mut tx, region, &mut chance)
            .await?;
        let (gateway, now) = (gateway.clone(), head.now);
        Ok(Self {
            tx,
            gateway,
            region,
            settings,
            now,
            keys,
            chance,
            leaves: Leaves::under(head),
            wrote: false,
            gathered: Gathered::default(),
        })
    }

    /// The transaction, for a look that writes more than its leaf.
    pub(super) fn writes(&mut self) -> &mut Tx {
        self.wrote = true;
        &mut self.tx
    }

    /// Answers looks, in order. Looks at whole facilities are read together.
    ///
    /// # Errors
    /// A failure of the store, which leaves the transaction unusable, fails the sitting; what is
    /// refused fails its look alone.
    pub(super) async fn answer_all(
        &mut self,
        asks: &[&Ask],
    ) -> Result<Vec<Result<Answer, Error>>, Error> {
        let mut answers: Vec<Option<Result<Answer, Error>>> = asks.iter().map(|_| None).collect();
        self.gather_wards(asks).await?;
        let mut decided = Vec::new();
        for (place, &ask) in asks.iter().enumerate() {
            let refused = match self.decide_or_answer(ask).await {
                Ok(Step::Answered(answer)) => Ok(answer),
                Ok(Step::Decided(look)) => {
                    decided.push((place, ask, look));
                    continue;
                }
                Err(error @ (Error::Store(_) | Error::Vault(_) | Error::Broken(_))) => {
                    return Err(error);
                }
                Err(error) => Err(error),
            };
            answers[place] = Some(refused);
        }
        for (place, answer) in self.show(decided).await? {
            answers[place] = Some(Ok(answer));
        }
        let missing = || Err(Error::Broken("a look without an answer"));
        Ok(answers
            .into_iter()
            .map(|a| a.unwrap_or_else(missing))
            .collect())
    }

    async fn decide_or_answer(&mut self, ask: &Ask) -> Result<Step, Error> {
        let answer = match &ask.question {
            Question::Facility {
                facility,
                purpose,
                child,
                part,
            } => {
                let of = (*facility, *child);
                let look = self.facility(ask, of, *purpose, *part).await?;
                return Ok(Step::Decided(look));
            }
            Question::FollowUp {
                cursor,
                children,
                part,
            } => self.follow_up(ask, cursor, *children, *part).await,
            Question::DueAt {
                facility,
                purpose,
                child,
                page,
            } => {
                let of = (*facility, *child);
                self.due_at(ask, of, *purpose, page).await
            }
            Question::DueIn(page) => self.due_in(ask, page).await,
            Question::Inbox {
                recipient,
                after,
                limit,
            } => self.inbox(ask, *recipient, *after, *limit).await,
            Question::OwnRecords { cursor, limit } => self.own_records(ask, cursor, *limit).await,
            Question::OwnGrowth(child) => self.own_growth(ask, *child).await,
            Question::Guardian { child, code, about } => {
                self.guardian(ask, *child, code, about).await
            }
        };
        answer.map(Step::Answered)
    }

    /// Writes the leaves of one look: one a basis, with an entry for each child.
    pub(super) async fn leaf(
        &mut self,
        ask: &Ask,
        actor: &str,
        shown: &[Shown<'_>],
    ) -> Result<(), Error> {
        let ids: Vec<Id<Child>> = shown.iter().filter_map(|s| s.permit.child()).collect();
        self.gather_keys(ids).await?;
        let mut by_basis: BTreeMap<&'static str, Vec<&Shown<'_>>> = BTreeMap::new();
        for one in shown {
            by_basis
                .entry(one.permit.basis().code)
                .or_default()
                .push(one);
        }
        for of_basis in by_basis.into_values() {
            if let Some(basis) = of_basis.first().map(|s| s.permit.basis()) {
                self.leaf_of_basis(ask, actor, basis, &of_basis)?;
            }
        }
        Ok(())
    }

    fn leaf_of_basis(
        &mut self,
        ask: &Ask,
        actor: &str,
        basis: &'static Basis,
        shown: &[&Shown<'_>],
    ) -> Result<(), Error> {
        let mut categories: BTreeSet<Category> = BTreeSet::new();
        let mut entries = Vec::with_capacity(shown.len());
        let mut keys: BTreeMap<String, Arc<ChildKey>> = BTreeMap::new();
        for one in shown {
            let Some(child) = one.permit.child() else {
                continue;
            };
            // An erased child has no key: its data can't be shown, so there is nothing to tell.
            let Some(key) = self.key(child) else {
                continue;
            };
            let child = child.to_string();
            keys.insert(child.clone(), key);
            categories.extend(&one.categories);
            let mut detail = grounds::detail(one.permit);
            detail.extend(
                one.categories
                    .iter()
                    .map(|c| (grounds::CATEGORY.to_owned(), c.as_str().to_owned())),
            );
            detail.extend(one.further.iter().cloned());
            entries.push(Entry { child, detail });
        }
        let categories = categories.iter().map(|c| c.as_str().to_owned()).collect();
        let body = |entries| {
            LeafBody::Look(crate::ledger::Look {
                // A guardian acts for no organization; who carried the call stands in the entry.
                organization: (basis.asker != Asker::Guardian)
                    .then(|| ask.claim.organization.to_string()),
                actor: actor.to_owned(),
                asker: basis.asker.code().to_owned(),
                basis: basis.code.to_owned(),
                purpose: basis.purpose.as_str().to_owned(),
                method: ask.method.to_owned(),
                categories,
                entries,
            })
        };
        self.leaves.write(
            entries,
            |child| keys.get(child).map(Arc::as_ref),
            &mut self.chance,
            body,
        )
    }

    /// Seals what was said of an alert, for its place.
    pub(super) fn seal(
        &mut self,
        key: &ChildKey,
        alert: Id<Alert>,
        (table, column): (&str, &str),
        words: &str,
    ) -> Result<Vec<u8>, Error> {
        let (row, words) = (alert.to_string(), words.as_bytes());
        Ok(key.seal(table, &row, column, words, &mut self.chance)?)
    }

    /// Refuses a step after its look, which tells the caller how the alert stands: the look's leaf stays.
    /// Gives what the caller is told.
    pub(super) async fn refuse(self, why: Error) -> Error {
        match self.rise().await {
            Ok(()) => why,
            Err(failed) => failed,
        }
    }

    /// Appends the leaves and commits. A sitting that showed nothing of any child leaves no leaf; it
    /// rolls back, so that idle readers cost no flush.
    pub(super) async fn rise(mut self) -> Result<(), Error> {
        if self.leaves.is_empty() && !self.wrote {
            return Ok(self.tx.rollback().await?);
        }
        if !self.leaves.is_empty() {
            self.leaves.append(&mut self.tx).await?;
        }
        self.tx.commit().await?;
        self.gateway.keyring().keep(self.region, self.keys);
        Ok(())
    }
}
