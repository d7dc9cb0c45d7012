//! One batch of rows, one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;

use super::{
    Row, Verdict,
    matching::{self, Known, Unmatched},
    records::{Records, Step},
    waiting::Waiting,
};
use crate::{
    domain::{
        checkup::CheckUp,
        child::Child,
        finding::Finding,
        id::Id,
        region::{RegionCode, Settings},
    },
    service::{
        assessment::{self, FINDINGS_PLACE, Occasion},
        caller,
        change::LockedChild,
        delivery,
        error::{Error, Problem},
        gateway::Gateway,
        keyring::RegionKeys,
        reason::Reason,
        regions_apart::{self, InRegion},
    },
    store::{
        StoreError, Tx,
        batch::Apply,
        check_ups::{self, CheckUpRow, PushKey, SealedCheckUp},
        children, regions,
    },
};

/// Applies batches of rows.
pub(super) struct Pusher {
    pub(super) gateway: Gateway,
}

/// How often a batch is tried when others wrote the same at the same time.
const TRIES: usize = 16;

impl Apply<Row, Verdict, Error> for Pusher {
    async fn apply(&self, rows: &[Row]) -> Result<Vec<Result<Verdict, Error>>, Error> {
        regions_apart::apply(self, rows).await
    }

    fn panicked(&self) -> Error {
        Error::Broken("a batch panicked")
    }

    fn common(&self, error: &Error) -> Option<Error> {
        error.common()
    }
}

impl InRegion<Row, Verdict> for Pusher {
    fn region(row: &Row) -> RegionCode {
        row.region
    }

    async fn in_region(
        &self,
        region: RegionCode,
        rows: &[&Row],
    ) -> Result<Vec<Result<Verdict, Error>>, Error> {
        let mut tried = 1;
        let mut further = BTreeSet::new();
        loop {
            match self.once(region, rows, &mut further).await {
                Err(Error::Store(e)) if e.is_contended() && tried < TRIES => tried += 1,
                outcome => return outcome,
            }
        }
    }
}

impl Pusher {
    async fn once(
        &self,
        region: RegionCode,
        rows: &[&Row],
        further: &mut BTreeSet<Id<Child>>,
    ) -> Result<Vec<Result<Verdict, Error>>, Error> {
        let gateway = &self.gateway;
        let mut chance = gateway.own_chance();
        let mut tx = gateway.store().begin().await?;
        let Some((settings, _)) = regions::find(&mut tx, region).await? else {
            return Ok(rows
                .iter()
                .map(|_| Err(Reason::RegionForeign.into()))
                .collect());
        };
        let keys = gateway
            .keyring()
            .region(&mut tx, region, &mut chance)
            .await?;
        let facts = Facts::read(&mut tx, gateway, region, rows, further).await?;
        // After the locks: a sender whose certificate ended while its rows waited is refused.
        let now = tx.now().await?;
        let admitted = admit(&mut tx, region, rows, now).await?;
        let mut batch = Batch {
            region,
            settings: &settings,
            now,
            keys: &keys,
            chance,
            written: Written::default(),
            facts,
        };
        let mut verdicts = Vec::with_capacity(rows.len());
        for (row, admitted) in rows.iter().zip(admitted) {
            verdicts.push(match admitted {
                Ok(()) => batch.take(row),
                Err(error) => Err(error),
            });
        }
        let Batch {
            facts,
            written,
            mut chance,
            ..
        } = batch;
        let rung = written
            .carry_out(
                &mut tx,
                gateway,
                &settings,
                &facts,
                (region, now),
                (&mut chance, further),
            )
            .await?;
        tx.commit().await?;
        gateway.keyring().keep(region, keys);
        gateway.announce(region, rung).await;
        Ok(verdicts)
    }
}

/// Whether each row's sender may push: a medical institution in good standing with an approved actor.
async fn admit(
    tx: &mut Tx,
    region: RegionCode,
    rows: &[&Row],
    now: DateTime<Utc>,
) -> Result<Vec<Result<(), Error>>, Error> {
    let mut known: BTreeMap<(String, String), Result<(), Reason>> = BTreeMap::new();
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        let actor = row.claim.actor.map_or_else(String::new, |a| a.to_string());
        let claim = (row.claim.fingerprint.clone(), actor);
        let admitted = match known.get(&claim) {
            Some(admitted) => *admitted,
            None => {
                let caller = caller::admit_at(tx, region, &row.claim, now).await;
                let admitted = match caller.and_then(|c| c.must_be_medical()) {
                    Ok(()) => Ok(()),
                    Err(Error::Refused(reason)) => Err(reason),
                    Err(error) => return Err(error),
                };
                known.insert(claim, admitted);
                admitted
            }
        };
        answers.push(admitted.map_err(Error::from));
    }
    Ok(answers)
}

/// What the batch decides on, read under its locks.
struct Facts {
    known: Known,
    /// Every child whose row is locked, erased or not.
    locked: BTreeSet<Id<Child>>,
    children: BTreeMap<Id<Child>, LockedChild>,
    records: Records,
}

impl Facts {
    /// Takes the slots of unknown identifiers, then the rows of every child concerned, in key order;
    /// then reads keys and records under those locks. `further` are children that an earlier try
    /// found to be concerned too.
    async fn read(
        tx: &mut Tx,
        gateway: &Gateway,
        region: RegionCode,
        rows: &[&Row],
        further: &mut BTreeSet<Id<Child>>,
    ) -> Result<Self, Error> {
        let identifiers = list(rows.iter().flat_map(|r| r.identifiers.iter().cloned()));
        let mut known: Known = children::by_identifiers(tx, region, identifiers)
            .await?
            .into_iter()
            .collect();
        // A check-up without a child meets its child's registration at the identifier's slot.
        let unknown = rows
            .iter()
            .filter(|r| matching::child_of(&r.identifiers, &known).is_err());
        let unknown: Vec<String> = unknown
            .flat_map(|r| r.identifiers.iter().cloned())
            .collect();
        for (identifier, child) in children::take_slots(tx, region, &unknown).await? {
            if let Some(child) = child {
                known.insert(identifier, child);
            }
        }
        let mut concerned: BTreeSet<Id<Child>> = known.values().copied().collect();
        concerned.extend(further.iter().copied());
        let in_order: Vec<_> = concerned.iter().copied().collect();
        let mut locked = BTreeMap::new();
        for row in children::lock(tx, region, &in_order).await? {
            if let Some(key) =
                gateway
                    .keyring()
                    .child(region, row.id, row.wrapped_key.as_deref())?
            {
                locked.insert(row.id, LockedChild { row, key });
            }
        }
        // An earlier revision may have been another child's: that child is concerned too.
        let source = |row: &Row| row.check_up.source().to_owned();
        let records = rows.iter();
        let records = records.map(|r| (source(r), r.check_up.record_id().to_owned()));
        let earlier = check_ups::records(tx, region, records.collect()).await?;
        must_be_locked(&concerned, earlier.iter().filter_map(|r| r.child), further)?;
        let keys = rows.iter().map(|r| (source(r), r.key.clone()));
        let keys = check_ups::keys(tx, region, keys.collect()).await?;
        Ok(Self {
            known,
            locked: concerned,
            children: locked,
            records: Records::new(keys, &earlier),
        })
    }
}

/// A child that is concerned but not locked can't be locked now, out of order: all begins anew, with
/// it among the `further` ones.
fn must_be_locked(
    locked: &BTreeSet<Id<Child>>,
    children: impl IntoIterator<Item = Id<Child>>,
    further: &mut BTreeSet<Id<Child>>,
) -> Result<(), StoreError> {
    let known = further.len();
    further.extend(children.into_iter().filter(|c| !locked.contains(c)));
    if further.len() == known {
        Ok(())
    } else {
        Err(StoreError::Moved)
    }
}

fn list(values: impl Iterator<Item = String>) -> Vec<String> {
    values.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What the batch will write.
#[derive(Default)]
struct Written {
    check_ups: Vec<SealedCheckUp>,
    superseded: Vec<Id<CheckUp>>,
    keys: Vec<PushKey>,
    waiting: Vec<(Id<CheckUp>, String)>,
    touched: BTreeSet<Id<Child>>,
}

struct Batch<'a> {
    region: RegionCode,
    settings: &'a Settings,
    now: DateTime<Utc>,
    keys: &'a RegionKeys,
    chance: StdRng,
    written: Written,
    facts: Facts,
}

impl Batch<'_> {
    /// Decides over one row and notes what is to be written.
    fn take(&mut self, row: &Row) -> Result<Verdict, Error> {
        let c = &row.check_up;
        let source = row.claim.organization;
        let record = (c.record_id(), c.revision());
        match self
            .facts
            .records
            .step(source, &row.key, record, &row.digest)
        {
            Step::Refuse(reason) => {
                let field = match reason {
                    Reason::IdempotencyKeyReused => "idempotency_key",
                    _ => "check_up.revision",
                };
                Ok(Verdict::Refused(vec![Problem::new(field, reason)]))
            }
            Step::Replay {
                check_up,
                held,
                new_key,
            } => {
                if new_key {
                    self.keep_key(row, check_up, held);
                }
                Ok(verdict(check_up, held, true))
            }
            Step::Store {
                superseded,
                replaces,
            } => self.store(row, superseded, replaces),
        }
    }

    fn store(
        &mut self,
        row: &Row,
        superseded: bool,
        replaces: Vec<Id<CheckUp>>,
    ) -> Result<Verdict, Error> {
        let matched = self.child_of(row);
        let birth = matched
            .as_ref()
            .ok()
            .map(|c| c.row.birth_date)
            .or(row.birth_date);
        let today = self.settings.zone.day(self.now);
        if let Err(wrong) = row.check_up.check_dates(birth, Some(today)) {
            return Ok(Verdict::Refused(vec![Problem {
                field: format!("check_up.{}", wrong.field),
                reason: wrong.reason.as_str(),
                message_zh: wrong.reason.message_zh(),
            }]));
        }
        let child = matched.as_ref().ok().map(|c| c.row.id);
        let unmatched = matched.as_ref().err().map(|why| why.code().to_owned());
        let id: Id<CheckUp> = Id::timed(self.now, &mut self.chance);
        let sealed = self.seal(child, id, row)?;
        let c = &row.check_up;
        self.written.check_ups.push(SealedCheckUp {
            row: CheckUpRow {
                id,
                child,
                source: row.claim.organization,
                record_id: c.record_id().to_owned(),
                revision: c.revision(),
                status: c.status(),
                date: c.date(),
                visit: c.visit(),
                superseded,
                digest: row.digest.to_vec(),
                unmatched_reason: unmatched,
                created: self.now,
            },
            sealed,
        });
        match child {
            Some(child) => {
                self.written.touched.insert(child);
            }
            None => {
                let named = row.identifiers.iter().map(|i| (id, i.clone()));
                self.written.waiting.extend(named);
            }
        }
        self.written.superseded.extend(replaces);
        let key = self.keep_key(row, id, child.is_none());
        self.facts.records.stored(&key, c.record_id(), c.revision());
        Ok(verdict(id, child.is_none(), false))
    }

    fn child_of(&self, row: &Row) -> Result<&LockedChild, Unmatched> {
        let child = matching::child_of(&row.identifiers, &self.facts.known)?;
        // An erased child has no key any more: nothing can be stored for it.
        let child = self
            .facts
            .children
            .get(&child)
            .ok_or(Unmatched::UnknownIdentifier)?;
        matching::agrees(&child.row, row.birth_date, row.sex)?;
        Ok(child)
    }

    fn seal(
        &mut self,
        child: Option<Id<Child>>,
        id: Id<CheckUp>,
        pushed: &Row,
    ) -> Result<Vec<u8>, Error> {
        let findings = Finding::encode_all(pushed.check_up.findings())
            .map_err(|_| Error::Broken("findings that can't be written"))?;
        let row = id.to_string();
        if let Some(child) = child.and_then(|c| self.facts.children.get(&c)) {
            let (table, column) = FINDINGS_PLACE;
            return Ok(child
                .key
                .seal(table, &row, column, &findings, &mut self.chance)?);
        }
        let findings = String::from_utf8(findings)
            .map_err(|_| Error::Broken("findings that can't be written"))?;
        let waiting = Waiting {
            birth_date: pushed.birth_date,
            sex: pushed.sex,
            findings,
        };
        waiting.seal(&self.keys.unmatched, self.region, &row, &mut self.chance)
    }

    fn keep_key(&mut self, row: &Row, check_up: Id<CheckUp>, held: bool) -> PushKey {
        let key = PushKey {
            source: row.claim.organization,
            key: row.key.clone(),
            digest: row.digest.to_vec(),
            check_up,
            held,
        };
        self.facts.records.answered(&key);
        self.written.keys.push(key.clone());
        key
    }
}

fn verdict(check_up: Id<CheckUp>, held: bool, replayed: bool) -> Verdict {
    if held {
        Verdict::Held { check_up, replayed }
    } else {
        Verdict::Accepted { check_up, replayed }
    }
}

impl Written {
    /// Writes everything, assesses the children concerned and delivers what changed. Gives the
    /// recipients to be woken after commit.
    async fn carry_out(
        mut self,
        tx: &mut Tx,
        gateway: &Gateway,
        settings: &Settings,
        facts: &Facts,
        (region, now): (RegionCode, DateTime<Utc>),
        (chance, further): (&mut StdRng, &mut BTreeSet<Id<Child>>),
    ) -> Result<BTreeSet<Id<crate::domain::organization::Organization>>, Error> {
        let replaced: BTreeSet<Id<CheckUp>> = self.superseded.iter().copied().collect();
        for check_up in &mut self.check_ups {
            check_up.row.superseded |= replaced.contains(&check_up.row.id);
        }
        let replaced = replaced.iter().map(ToString::to_string).collect();
        let of = check_ups::supersede(tx, region, replaced).await?;
        // One that waited may have been claimed by its child meanwhile.
        must_be_locked(&facts.locked, of, further)?;
        // In one order everywhere: batches that bring the same records wait for each other here.
        let place = |c: &SealedCheckUp| (c.row.source, c.row.record_id.clone(), c.row.revision);
        self.check_ups.sort_by_cached_key(place);
        check_ups::insert(tx, region, self.check_ups).await?;
        check_ups::await_child(tx, region, self.waiting).await?;
        self.keys.sort_by_cached_key(|k| (k.source, k.key.clone()));
        check_ups::insert_keys(tx, region, self.keys, now).await?;
        // Every locked child is assessed when a revision was replaced: it may have been another's.
        let touched: Vec<&LockedChild> = if self.superseded.is_empty() {
            self.touched
                .iter()
                .filter_map(|c| facts.children.get(c))
                .collect()
        } else {
            facts.children.values().collect()
        };
        let occasion = Occasion {
            region,
            settings,
            now,
        };
        let changed = assessment::reassess(tx, gateway, &occasion, &touched, chance).await?;
        let setting = delivery::Setting::new(region, settings, now);
        delivery::reconcile(tx, &setting, &changed).await
    }
}
