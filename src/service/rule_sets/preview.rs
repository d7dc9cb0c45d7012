//! What a rule set would do, were it to count now: every child of the region is assessed by it and
//! compared with the alerts that stand. Nothing is written, and nothing leaves but counts.
//!
//! Read in child order, a snapshot a chunk, and judged on every core: a region of any size takes the
//! memory of a few chunks.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, thread};

use chrono::NaiveDate;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    clinical::{rules::RuleSet, tally::Tally},
    domain::{
        child::Child,
        id::Id,
        region::{RegionCode, Settings},
        rule_set::RuleSetId,
    },
    service::{
        assessment::{self, Basis, Known},
        caller::Claim,
        change::LockedChild,
        error::Error,
        gateway::Gateway,
        reason::Reason,
    },
    store::{assessments, children::ChildRow, rule_sets},
};

/// Children read by one snapshot.
const CHUNK: usize = 256;

/// How far a preview has come, or what it found.
pub enum Preview {
    /// Children done, and children there are.
    Progress(u64, u64),
    /// What it found.
    Found(Tally),
}

/// Begins a preview. One runs at a time: it takes every core.
pub async fn preview(
    gateway: &Gateway,
    region: RegionCode,
    claim: &Claim,
    id: RuleSetId,
) -> Result<BoxStream<'static, Result<Preview, Error>>, Error> {
    let mut tx = gateway.store().snapshot().await?;
    super::admit(&mut tx, region, claim).await?;
    let (settings, ..) = super::settings(&mut tx, gateway, region).await?;
    if rule_sets::find(&mut tx, region, id).await?.is_none() {
        return Err(Reason::NotFound.into());
    }
    let rules = gateway.rule_book().read(&mut tx, region, id).await?;
    let rules = rules.ok_or(Reason::RuleSetUnreadable)?;
    let today = settings.zone.day(tx.now().await?);
    let basis = settings.basis(rules.id());
    let (all, _) = assessments::progress(&mut tx, region, basis).await?;
    tx.rollback().await?;
    let turn = gateway.previews().clone().try_acquire_owned();
    let turn = turn.map_err(|_| Reason::PreviewUnderWay)?;
    let question = Arc::new(Question {
        gateway: gateway.clone(),
        region,
        settings,
        rules,
        today,
    });
    Ok(answers(question, all, turn))
}

/// What is asked of every child.
struct Question {
    gateway: Gateway,
    region: RegionCode,
    settings: Settings,
    rules: Arc<RuleSet>,
    today: NaiveDate,
}

/// Some children with everything an assessment reads.
struct Chunk {
    children: Vec<ChildRow>,
    known: BTreeMap<Id<Child>, Known>,
}

fn answers(
    question: Arc<Question>,
    all: u64,
    turn: OwnedSemaphorePermit,
) -> BoxStream<'static, Result<Preview, Error>> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let read = question.clone();
    let chunks = stream::try_unfold(String::new(), move |after| {
        let question = read.clone();
        async move { question.read(&after).await }
    });
    let tallies = chunks
        .map_ok(move |chunk| {
            let question = question.clone();
            let judged = tokio::task::spawn_blocking(move || question.judge(chunk));
            async move { judged.await.map_err(|_| Error::Broken("a preview's chunk")) }
        })
        .try_buffered(cores);
    let under_way = (tallies.boxed(), Tally::default(), turn);
    let answers = stream::try_unfold(Some(under_way), move |under_way| async move {
        let Some((mut tallies, mut sum, turn)) = under_way else {
            return Ok(None);
        };
        match tallies.try_next().await? {
            Some(tally) => {
                sum.add(tally);
                let done = sum.children + sum.unreadable;
                let progress = Preview::Progress(done, all.max(done));
                Ok(Some((progress, Some((tallies, sum, turn)))))
            }
            None => Ok(Some((Preview::Found(sum), None))),
        }
    });
    answers.boxed()
}

impl Question {
    /// The children after `after`, and the last of them.
    async fn read(&self, after: &str) -> Result<Option<(Chunk, String)>, Error> {
        let region = self.region;
        let mut tx = self.gateway.store().snapshot().await?;
        let children = assessments::after(&mut tx, region, after, CHUNK).await?;
        let Some(last) = children.last().map(|child| child.id.to_string()) else {
            return Ok(None);
        };
        let ids: Vec<Id<Child>> = children.iter().map(|child| child.id).collect();
        let known = assessment::known_of(&mut tx, region, &ids).await?;
        tx.rollback().await?;
        Ok(Some((Chunk { children, known }, last)))
    }

    fn judge(&self, mut chunk: Chunk) -> Tally {
        let keyring = self.gateway.keyring();
        let basis = Basis {
            rules: &self.rules,
            index: keyring.index(),
            settings: &self.settings,
            today: self.today,
        };
        let mut tally = Tally::default();
        for row in chunk.children {
            let known = chunk.known.remove(&row.id).unwrap_or_default();
            let key = keyring.child(self.region, row.id, row.wrapped_key.as_deref());
            let judged = key.map_err(Error::from).and_then(|key| {
                let child = key.map(|key| LockedChild { row, key });
                child
                    .map(|child| assessment::foresee(&basis, &child, known))
                    .transpose()
            });
            match judged {
                Ok(Some(fates)) => tally.child(fates),
                // Erased between the two statements of the snapshot there is none.
                Ok(None) => {}
                Err(_) => tally.unreadable += 1,
            }
        }
        tally
    }
}
