//! No silent hole, no missed allergy: whatever opens a key delivers what it uncovers, whatever closes
//! one retracts it, and the numbers of an inbox follow each other.

use chrono::{DateTime, Days, TimeDelta, Utc};
use yuqiao::{
    domain::{
        alert::Category,
        checkup::CheckUpStatus,
        id::Id,
        organization::{Organization, OrganizationKind},
        region::Zone,
    },
    service::{
        agreements::{self, Which},
        disclosure::{Answer, Event, Looks},
        guardianships::{self, Turn},
        organizations,
        push::Pushes,
    },
    store::{
        alerts::Disclosed,
        inboxes::{self, Pointer},
    },
};

use crate::{
    support::{
        Bench,
        care::Care,
        county::{County, allergy, coded, day, haemoglobin, shown},
        on_every_engine, region,
        replay::{held, replay},
    },
    survival::quiet::settle,
};

/// What the entries of one step say, in short: `+` a delivery, `-` an alert retracted, `0` a child
/// gone dark.
struct Inbox<'a> {
    bench: &'a Bench,
    of: Id<Organization>,
    last: i64,
}

impl Inbox<'_> {
    /// What came since the last time: with the change itself, and after `…` what followed when all
    /// that was due had happened.
    async fn news(&mut self) -> String {
        let at_once = self.fresh().await;
        settle(self.bench).await;
        match self.fresh().await {
            later if later.is_empty() => at_once,
            later => format!("{at_once}…{later}"),
        }
    }

    async fn fresh(&mut self) -> String {
        let mut tx = self.bench.gateway.store().snapshot().await.unwrap();
        let after = inboxes::after(&mut tx, region(), self.of, self.last, 1000).await;
        let after = after.unwrap();
        let (_, last) = inboxes::extent(&mut tx, region(), self.of).await.unwrap();
        tx.rollback().await.unwrap();
        for (entry, expected) in after.iter().zip(self.last + 1..) {
            assert_eq!(entry.number, expected, "no number is missing");
        }
        self.last += after.len() as i64;
        assert_eq!(last, self.last, "the counter is the last number");
        let told = after.iter().map(|entry| match entry.pointer {
            Pointer::Delivered { .. } => '+',
            Pointer::Retracted { alert: Some(_), .. } => '-',
            Pointer::Retracted { alert: None, .. } => '0',
        });
        told.collect()
    }
}

/// Sets the clock to the beginning of a day in the region.
fn dawn(bench: &Bench, text: &str) -> DateTime<Utc> {
    let dawn = Zone::china().start(day(text));
    bench.clock.set(dawn);
    dawn
}

/// Each key in turn opens and closes, while an allergy (urgent) and an anaemia stand.
///
/// Invariant 7. Break it: leave out the `backfill` of `turn` in `service/agreements.rs` or of
/// `set_standing` in `service/organizations.rs`; or `change.at(…, ends)` in `grant` of
/// `service/consents.rs`.
#[tokio::test]
async fn what_opens_a_key_delivers_and_what_closes_one_retracts() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let found = vec![allergy("花生酱"), haemoglobin(67)];
        let version = ("r", 1, CheckUpStatus::Final);
        let row = county.check_up(gateway, &county.hospital, &ward.number, "k", version, found);
        Pushes::start(gateway.clone()).submit(row).await.unwrap();
        let mut inbox = Inbox {
            bench: &bench,
            of: county.facilities[0].id,
            last: 0,
        };
        let office = &county.commission.claim;
        let which = Which {
            region: region(),
            id: county.agreements[0],
            seen: None,
        };
        let mut story = Vec::new();
        macro_rules! then {
            ($what:literal, $step:expr) => {{
                let done = $step;
                story.push(($what, inbox.news().await));
                done
            }};
        }

        let days = (day("2026-09-03"), day("2026-09-20"));
        let grant = async || {
            county
                .consent(gateway, 0, ward, Category::ALL, days)
                .await
                .unwrap()
        };
        then!("consent, from the 3rd on", grant().await);
        let place = county.enrol(gateway, 0, ward.id, day("2026-09-02")).await;
        let enrolment = then!("enrolled, from the 2nd on", place.unwrap());
        then!("the 2nd comes", dawn(&bench, "2026-09-02"));
        then!("the 3rd comes", dawn(&bench, "2026-09-03"));
        let suspended = agreements::suspend(gateway, office, which, "整改".to_owned()).await;
        then!("agreement suspended", suspended.unwrap());
        then!(
            "agreement resumed",
            agreements::resume(gateway, office, which).await.unwrap()
        );
        for of in [county.hospital.id, county.facilities[0].id] {
            let suspended = organizations::suspend(gateway, region(), office, of, "整改").await;
            then!("a party suspended", suspended.unwrap());
            let restored = organizations::restore(gateway, region(), office, of).await;
            then!("a party restored", restored.unwrap());
        }
        let turn = async |turn| {
            let turned =
                guardianships::turn(gateway, office, region(), ward.guardianship, turn, "测试");
            turned.await.unwrap()
        };
        then!("guardianship disputed", turn(Turn::Dispute).await);
        then!("dispute settled", turn(Turn::Settle).await);
        let consent = grant().await;
        then!("consent renewed", ());
        then!(
            "consent withdrawn",
            county.withdraw(gateway, consent.id).await.unwrap()
        );
        then!("consent again", grant().await);
        then!("the 20th, its last day", dawn(&bench, "2026-09-20"));
        then!("the 21st", dawn(&bench, "2026-09-21"));
        let days = (day("2026-09-21"), day("2026-12-31"));
        let again = county.consent(gateway, 0, ward, Category::ALL, days).await;
        then!("a new consent", again.unwrap());
        let left = county
            .leave(gateway, 0, enrolment.id, day("2026-09-22"))
            .await;
        then!("leaves on the 22nd", left.unwrap());
        then!("the 22nd, its last day", dawn(&bench, "2026-09-22"));
        then!("the 23rd", dawn(&bench, "2026-09-23"));

        let back = county.enrol(gateway, 0, ward.id, day("2026-09-23")).await;
        let back = then!(
            "back, but the consent ended with the enrolment",
            back.unwrap()
        );
        let again = county.consent(gateway, 0, ward, Category::ALL, days).await;
        then!("a consent for the new enrolment", again.unwrap());
        then!("guardianship ended", turn(Turn::End).await);
        let told: Vec<(&str, &str)> = story.iter().map(|(w, n)| (*w, n.as_str())).collect();
        assert_eq!(
            told,
            [
                ("consent, from the 3rd on", ""),
                ("enrolled, from the 2nd on", ""),
                ("the 2nd comes", ""),
                ("the 3rd comes", "…++"),
                ("agreement suspended", "…0"),
                ("agreement resumed", "…++"),
                ("a party suspended", "…0"),
                ("a party restored", "…++"),
                ("a party suspended", "…0"),
                ("a party restored", "…++"),
                // The allergy goes on flowing.
                ("guardianship disputed", "-"),
                ("dispute settled", "+"),
                ("consent renewed", ""),
                ("consent withdrawn", "0"),
                ("consent again", "++"),
                // Nobody took the allergy up: the facility is told that it was passed on, to the last
                // step.
                ("the 20th, its last day", "…+"),
                ("the 21st", "…0"),
                ("a new consent", "++"),
                ("leaves on the 22nd", ""),
                ("the 22nd, its last day", ""),
                ("the 23rd", "…0"),
                ("back, but the consent ended with the enrolment", ""),
                ("a consent for the new enrolment", "++"),
                ("guardianship ended", "0"),
            ]
        );
        // Replay applies today's keys: nothing is shown any more; typed while the child is here, a
        // bare number once it has left.
        let news: String = story.iter().map(|(_, news)| news.as_str()).collect();
        let news = news.replace('…', "");
        assert_eq!(replay_today(&bench, &county).await, news.replace('+', "-"));
        let left = county.leave(gateway, 0, back.id, day("2026-09-23")).await;
        left.unwrap();
        dawn(&bench, "2026-09-24");
        assert_eq!(replay_today(&bench, &county).await, "t".repeat(news.len()));
    })
    .await;
}

/// The facility reads its inbox from the beginning, by today's keys: `+` an alert, `-` and `0` a
/// typed retraction, `t` a bare number, `n` a notice.
async fn replay_today(bench: &Bench, county: &County) -> String {
    let looks = Looks::start(bench.gateway.clone());
    let answer = looks.ask(county.following(0, 0, 1000)).await.unwrap();
    let Answer::Inbox { events, .. } = answer else {
        panic!("another answer than was asked for");
    };
    let told = events.iter().map(|(_, event)| match event {
        Event::Alert(..) => '+',
        Event::Retraction { alert: Some(_), .. } => '-',
        Event::Retraction { alert: None, .. } => '0',
        Event::Tombstone => 't',
        Event::Notice { .. } => 'n',
    });
    told.collect()
}

/// An agreement opens with its first day and closes after its last, at midnight in the region, and
/// when a party ends it.
///
/// Invariant 7. Break it: in `service/agreements.rs`, leave out the first `backfill` of `file`, or that of
/// `turn`.
#[tokio::test]
async fn the_days_of_an_agreement_deliver_and_retract() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let found = vec![allergy("花生酱")];
        let version = ("r", 1, CheckUpStatus::Final);
        let row = county.check_up(gateway, &county.hospital, &ward.number, "k", version, found);
        Pushes::start(gateway.clone()).submit(row).await.unwrap();
        let mut inbox = Inbox {
            bench: &bench,
            of: county.facilities[0].id,
            last: 0,
        };
        let today = day("2026-09-01");
        let days = (today, today + Days::new(30));
        let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
        granted.unwrap();
        assert_eq!(inbox.news().await, "");
        county.enrol(gateway, 0, ward.id, today).await.unwrap();
        assert_eq!(inbox.news().await, "+", "at once");
        let which = Which {
            region: region(),
            id: county.agreements[0],
            seen: None,
        };
        let party = &county.facilities[0].claim;
        let ended = agreements::terminate(gateway, party, which, "终止".to_owned()).await;
        ended.unwrap();
        assert_eq!(inbox.news().await, "…0", "ended by a party");
        let days = (day("2026-09-05"), day("2026-09-06"));
        county.agree_for(gateway, 0, days).await;
        assert_eq!(inbox.news().await, "", "filed, and not begun");
        // On the second day the facility is told that the allergy was passed on.
        for (today, news) in [("05", "…+"), ("06", "…+"), ("07", "…0")] {
            dawn(&bench, &format!("2026-09-{today}"));
            assert_eq!(inbox.news().await, news, "the {today}th");
        }
    })
    .await;
}

/// A hospital outside the agreement finds the same disease, and worse: the facility keeps the alert
/// it was told of, and learns nothing else. What the hospital of the agreement corrects still reaches it.
///
/// Invariant 7. Break it: in `clinical/matching/period.rs`, judge only by the source of the latest
/// statement.
#[tokio::test]
async fn another_hospital_s_word_takes_no_alert_away() {
    on_every_engine(async |bench| {
        let county = County::lay_out(&bench, 1).await;
        let (gateway, ward) = (&bench.gateway, &county.children[0]);
        let kind = OrganizationKind::Hospital;
        let stranger = bench.party(&county.commission, kind, "示例县外医院").await;
        let today = day("2026-09-01");
        let days = (today, today + Days::new(30));
        county.enrol(gateway, 0, ward.id, today).await.unwrap();
        let granted = county.consent(gateway, 0, ward, Category::ALL, days).await;
        granted.unwrap();
        let mut inbox = Inbox {
            bench: &bench,
            of: county.facilities[0].id,
            last: 0,
        };
        inbox.news().await;
        let pushes = Pushes::start(gateway.clone());
        let version = |revision| ("r", revision, CheckUpStatus::Corrected);
        let measles = || coded("INFECTIOUS_DISEASE", "MEASLES");
        let plain = vec![measles()];
        let worse = vec![measles(), coded("WITH_PNEUMONIA", "Y")];
        for (from, key, found, news) in [
            (&county.hospital, "1", plain, "+"),
            (&stranger, "2", worse, ""),
        ] {
            let row = county.check_up(gateway, from, &ward.number, key, version(1), found);
            pushes.submit(row).await.unwrap();
            assert_eq!(inbox.news().await, news, "{key}");
        }
        let looks = Looks::start(gateway.clone());
        let morning = county.morning(0, Some(ward.id));
        let (alerts, _) = shown(&looks, morning).await.unwrap();
        let infectious = |one: &&Disclosed| one.row.facts.category == Category::Infectious;
        let told = alerts.iter().filter(infectious);
        let told: Vec<&str> = told.map(|one| one.row.rule.as_str()).collect();
        assert_eq!(told, ["MEASLES_RETURN"]);
        let flu = vec![coded("INFECTIOUS_DISEASE", "INFLUENZA")];
        let row = county.check_up(
            gateway,
            &county.hospital,
            &ward.number,
            "3",
            version(2),
            flu,
        );
        pushes.submit(row).await.unwrap();
        let mut news: Vec<char> = inbox.news().await.chars().collect();
        news.sort_unstable();
        assert_eq!(news, ['+', '-'], "corrected to another disease");
    })
    .await;
}

/// Keys close and open again, so that the same alert was delivered more than once: whoever reads the inbox
/// from its beginning ends up with what is held, wherever its pages end.
///
/// Invariant 7. Break it: in `disclosure/inbox.rs` or `disclosure/passed_on.rs`, show an alert at the first
/// of its entries only.
#[tokio::test]
async fn a_replay_ends_with_what_is_held_whatever_its_pages() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 3, Vec::new()).await;
        let (gateway, county) = (&bench.gateway, &care.county);
        let on = "2026-08-20";
        for (n, ward) in county.children.iter().enumerate() {
            let (allergic, pale) = (format!("a{n}"), format!("h{n}"));
            care.push(&bench, ward, &allergic, on, allergy("花生酱"))
                .await;
            care.push(&bench, ward, &pale, on, haemoglobin(67)).await;
        }
        // The allergies are passed on.
        bench.clock.advance(TimeDelta::hours(25));
        let comes_to_what_is_held = async |step: &str| {
            settle(&bench).await;
            let children: Vec<_> = county.children.iter().map(|w| w.id).collect();
            let mut alerts = Vec::new();
            for by in [
                &county.facilities[0].claim,
                &care.instructor,
                &care.clinician,
            ] {
                let held = held(&bench, &children, by.organization).await;
                for limit in [1, 2, 3, 5, 8, 13, 64] {
                    let known = replay(&care.looks, by, limit).await;
                    assert_eq!(known, held, "{step}, pages of {limit}");
                }
                alerts.push(held.values().map(|of| of.len()).sum::<usize>());
            }
            alerts
        };
        assert_eq!(comes_to_what_is_held("passed on").await, [6, 3, 3]);
        let office = &county.commission.claim;
        let which = Which {
            region: region(),
            id: county.agreements[0],
            seen: None,
        };
        for _ in 0..2 {
            let suspended = agreements::suspend(gateway, office, which, "整改".to_owned()).await;
            suspended.unwrap();
            comes_to_what_is_held("suspended").await;
            agreements::resume(gateway, office, which).await.unwrap();
            assert_eq!(comes_to_what_is_held("resumed").await[0], 6);
        }
        let consent = care.consents[0].id;
        county.withdraw(gateway, consent).await.unwrap();
        assert_eq!(comes_to_what_is_held("withdrawn").await[0], 4);
        care.consent(&bench, &county.children[0]).await;
        assert_eq!(comes_to_what_is_held("given again").await[0], 6);
        let changed = ("h2", 2, CheckUpStatus::Corrected);
        let found = vec![haemoglobin(66)];
        care.push_revision(&bench, &county.children[2], changed, day(on), found)
            .await;
        assert_eq!(comes_to_what_is_held("corrected").await[0], 6);
        bench.clock.advance(TimeDelta::hours(25));
        assert_eq!(comes_to_what_is_held("passed on again").await, [6, 3, 3]);
    })
    .await;
}
