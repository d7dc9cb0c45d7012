//! Everything at once, from a seed: what one participant does, one operation after the other.

use chrono::{Days, TimeDelta};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use yuqiao::{
    clock::Clock,
    domain::{
        alert::Category, checkup::CheckUpStatus, consent::Consent, enrolment::Enrolment, id::Id,
        region::Zone,
    },
    service::{
        Error, Reason,
        disclosure::{Answer, Looks},
        push::{Pushes, Verdict},
        tide,
    },
    store::{consents, enrolments},
};

use crate::support::{
    Bench, Party,
    county::{County, Ward, allergy, coded, haemoglobin, shown},
    region,
};

/// What went on, so that a test can see that it did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub accepted: u32,
    pub opened: u32,
    pub closed: u32,
    pub looked: u32,
    pub shown: u32,
    pub refused: u32,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.opened += other.opened;
        self.closed += other.closed;
        self.looked += other.looked;
        self.shown += other.shown;
        self.refused += other.refused;
    }
}

/// One participant: it works on a gateway of its own choice, with chance of its own.
pub struct Storm<'a> {
    pub bench: &'a Bench,
    pub county: &'a County,
    pub pushes: Pushes,
    pub looks: Looks,
    pub chance: StdRng,
    tally: Tally,
    name: u64,
    seen: [i64; 2],
}

impl<'a> Storm<'a> {
    pub fn new(bench: &'a Bench, county: &'a County, seed: u64) -> Self {
        Self {
            bench,
            county,
            pushes: Pushes::start(bench.gateway.clone()),
            looks: Looks::start(bench.gateway.clone()),
            chance: StdRng::seed_from_u64(seed),
            tally: Tally::default(),
            name: seed,
            seen: [0; 2],
        }
    }

    /// Does `count` random things.
    pub async fn rage(mut self, count: u32) -> Tally {
        for n in 0..count {
            let ward = self
                .county
                .children
                .choose(&mut self.chance)
                .unwrap()
                .clone();
            let facility = self.chance.random_range(0..self.county.facilities.len());
            let done = match self.chance.random_range(0..100) {
                0..40 => self.push(&ward, n).await,
                40..52 => self.enrol(&ward, facility).await,
                52..58 => self.leave(&ward, facility).await,
                58..70 => self.grant(&ward, facility).await,
                70..78 => self.withdraw(&ward, facility).await,
                78..86 => self.list(facility).await,
                86..96 => self.follow(facility).await,
                _ => self.time_passes().await,
            };
            match done {
                Ok(()) => {}
                Err(Error::Refused(reason)) if expected(reason) => self.tally.refused += 1,
                Err(Error::Denied(_)) => self.tally.refused += 1,
                // A transient error is one too many: locks are taken in order.
                Err(other) => panic!("participant {} at {n}: {other:?}", self.name),
            }
        }
        self.tally
    }

    fn today(&self) -> chrono::NaiveDate {
        Zone::china().day(self.bench.clock.now())
    }

    /// A few rows at once; records are few, so that revisions of one meet from both gateways.
    async fn push(&mut self, ward: &Ward, n: u32) -> Result<(), Error> {
        let mut verdicts = Vec::new();
        for k in 0..self.chance.random_range(1..5u32) {
            let ward = if k == 0 {
                ward.clone()
            } else {
                self.county
                    .children
                    .choose(&mut self.chance)
                    .unwrap()
                    .clone()
            };
            let from: &Party = if self.chance.random() {
                &self.county.hospital
            } else {
                &self.county.mch
            };
            let status = *[
                CheckUpStatus::Final,
                CheckUpStatus::Corrected,
                CheckUpStatus::Corrected,
                CheckUpStatus::EnteredInError,
            ]
            .choose(&mut self.chance)
            .unwrap();
            let findings = match self.chance.random_range(0..4) {
                0 => vec![haemoglobin(self.chance.random_range(50..140))],
                1 => vec![coded(
                    "HEARING",
                    if self.chance.random() { "FAIL" } else { "PASS" },
                )],
                2 => vec![allergy(["鸡蛋", "牛奶"].choose(&mut self.chance).unwrap())],
                _ => vec![coded("EPILEPSY", "PRESENT"), haemoglobin(85)],
            };
            // Sometimes a record turns out to be another child's.
            let record = self.chance.random_range(0..self.county.children.len() * 2);
            let record = (format!("r{record}"), self.chance.random_range(1..60));
            let row = self.county.check_up(
                &self.bench.gateway,
                from,
                &ward.number,
                &format!("{}-{n}-{k}", self.name),
                (&record.0, record.1, status),
                findings,
            );
            verdicts.push(self.pushes.queue(row).await?);
        }
        for verdict in verdicts {
            match verdict.await.unwrap()? {
                Verdict::Accepted { .. } => self.tally.accepted += 1,
                // The same record and revision with other content.
                Verdict::Refused(_) => self.tally.refused += 1,
                Verdict::Held { .. } => panic!("every child is registered"),
            }
        }
        Ok(())
    }

    async fn enrol(&mut self, ward: &Ward, facility: usize) -> Result<(), Error> {
        // Today, or tomorrow: then the key opens when the day comes.
        let first = self.today() + Days::new(self.chance.random_range(0..2));
        let gateway = &self.bench.gateway;
        self.county.enrol(gateway, facility, ward.id, first).await?;
        self.tally.opened += 1;
        Ok(())
    }

    async fn leave(&mut self, ward: &Ward, facility: usize) -> Result<(), Error> {
        let Some(enrolment) = self.enrolment(ward, facility).await else {
            return Ok(());
        };
        // Yesterday: at once. Today: at midnight.
        let last = self.today() - Days::new(self.chance.random_range(0..2));
        let gateway = &self.bench.gateway;
        match self.county.leave(gateway, facility, enrolment, last).await {
            // It came after its last day.
            Err(Error::Invalid(_)) => self.tally.refused += 1,
            left => {
                left?;
                self.tally.closed += 1;
            }
        }
        Ok(())
    }

    async fn grant(&mut self, ward: &Ward, facility: usize) -> Result<(), Error> {
        let few = [Category::Nutrition, Category::Allergy];
        let categories: &[Category] = if self.chance.random_bool(0.3) {
            &few
        } else {
            Category::ALL
        };
        let first = self.today() + Days::new(self.chance.random_range(0..2));
        let last = first + Days::new(self.chance.random_range(0..60));
        let gateway = &self.bench.gateway;
        let days = (first, last);
        self.county
            .consent(gateway, facility, ward, categories, days)
            .await?;
        self.tally.opened += 1;
        Ok(())
    }

    async fn withdraw(&mut self, ward: &Ward, facility: usize) -> Result<(), Error> {
        let Some(consent) = self.consent(ward, facility).await else {
            return Ok(());
        };
        self.county.withdraw(&self.bench.gateway, consent).await?;
        self.tally.closed += 1;
        Ok(())
    }

    async fn list(&mut self, facility: usize) -> Result<(), Error> {
        let (alerts, _) = shown(&self.looks, self.county.morning(facility, None)).await?;
        self.tally.looked += 1;
        self.tally.shown += u32::try_from(alerts.len()).unwrap();
        Ok(())
    }

    /// A reader's numbers never jump: commit order is number order.
    async fn follow(&mut self, facility: usize) -> Result<(), Error> {
        let after = self.seen[facility];
        let answer = self
            .looks
            .ask(self.county.following(facility, after, 50))
            .await?;
        let Answer::Inbox { events, .. } = answer else {
            panic!("another answer than was asked for");
        };
        for ((number, _), expected) in events.iter().zip(after + 1..) {
            assert_eq!(*number, expected, "a reader stepped over a slow writer");
        }
        self.seen[facility] += events.len() as i64;
        self.tally.looked += 1;
        Ok(())
    }

    async fn time_passes(&mut self) -> Result<(), Error> {
        let minutes = self.chance.random_range(30..300);
        self.bench.clock.advance(TimeDelta::minutes(minutes));
        tide::tick(&self.bench.gateway).await?;
        Ok(())
    }

    async fn enrolment(&self, ward: &Ward, facility: usize) -> Option<Id<Enrolment>> {
        let mut tx = self.bench.gateway.store().snapshot().await.unwrap();
        let of = self.county.facilities[facility].id;
        let day = yuqiao::domain::region::Zone::china().day(tx.now().await.unwrap());
        let row = enrolments::standing(&mut tx, region(), ward.id, of, day)
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        row.map(|row| row.id)
    }

    async fn consent(&self, ward: &Ward, facility: usize) -> Option<Id<Consent>> {
        let mut tx = self.bench.gateway.store().snapshot().await.unwrap();
        let of = self.county.facilities[facility].id;
        let row = consents::granted(&mut tx, region(), ward.id, of)
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        row.map(|row| row.id)
    }
}

/// Refusals that others' changes make ordinary.
fn expected(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::EnrolmentExists | Reason::WrongState | Reason::NotFound
    )
}
