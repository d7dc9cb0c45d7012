//! An urgent alert that nobody takes up is passed on by the clock: to the instructors' institution, to
//! the MCH centre, to the commission by count; and no further once somebody has it in hand.

mod commissions;
mod rolling;
mod two_facilities;

use chrono::TimeDelta;
use yuqiao::{
    domain::{
        alert::Alert,
        assignment::{Duty, Shift},
        checkup::CheckUpStatus,
        escalation::{EscalationHours, EscalationStep, SMALL_CELL},
        id::Id,
        inbox::RetractionReason,
    },
    service::{
        Error, Reason, agreements,
        caller::Claim,
        disclosure::Event,
        organizations,
        practitioners::{self, NewAssignment},
        regions, tide,
    },
    store::{
        escalations::{self, Clock},
        inboxes::{self, Pointer},
    },
};

use crate::{
    support::{
        Bench, REGION, Raw,
        care::Care,
        county::{Ward, allergy, coded, day, haemoglobin},
        on_every_engine, region, replay,
    },
    survival::{
        audit::audit,
        quiet::{self, settle},
    },
};

/// The clocks that run.
async fn clocks(bench: &Bench, care: &Care) -> Vec<Clock> {
    let children: Vec<_> = care.county.children.iter().map(|w| w.id).collect();
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let clocks = escalations::of_children(&mut tx, region(), &children).await;
    tx.rollback().await.unwrap();
    let clocks = clocks.unwrap().into_iter();
    let running = clocks.filter(|c| c.stopped.is_none() || c.restarted.is_some());
    running.collect()
}

/// Hours pass, and the tide does what is due.
async fn hours_pass(bench: &Bench, hours: i64) {
    bench.clock.advance(TimeDelta::hours(hours));
    settle(bench).await;
}

/// What stands in an organization's inbox, in words: `+` an alert, `-REASON` a retraction.
async fn pointers(bench: &Bench, of: &Claim) -> Vec<String> {
    let mut tx = bench.gateway.store().snapshot().await.unwrap();
    let entries = inboxes::after(&mut tx, region(), of.organization, 0, 1000).await;
    tx.rollback().await.unwrap();
    let word = |pointer: &Pointer| match pointer {
        Pointer::Delivered { .. } => "+".to_owned(),
        Pointer::Retracted { reason, .. } => format!("-{}", reason.as_str()),
    };
    entries.unwrap().iter().map(|e| word(&e.pointer)).collect()
}

/// The alerts an inbox shows its reader, with how far each was passed on.
async fn shown(care: &Care, by: &Claim) -> Vec<(Id<Alert>, Option<EscalationStep>)> {
    let events = care.inbox(by, 0).await.unwrap();
    let shown = events.into_iter().filter_map(|(_, event)| match event {
        Event::Alert(d, _) => Some((d.row.id, d.escalated_to)),
        _ => None,
    });
    shown.collect()
}

/// Whether somebody's organization holds an alert of a child.
async fn holds(bench: &Bench, by: &Claim, ward: &Ward) -> bool {
    let held = replay::held(bench, &[ward.id], by.organization).await;
    !held.is_empty()
}

async fn allergic(bench: &Bench, care: &Care, ward: &Ward, record: &str) -> Id<Alert> {
    care.push(bench, ward, record, "2026-08-20", allergy("鸡蛋"))
        .await;
    care.only(bench, ward.id).await.id
}

/// Break it: in `service/escalation.rs`, let `Turned::of` take no step.
#[tokio::test]
async fn it_goes_from_the_facility_to_its_instructor_the_mch_centre_and_the_commission() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        let (instructor, clinician) = (&care.instructor, &care.clinician);
        let office = &care.county.commission.claim;
        let facility = &care.county.facilities[0];
        let alert = allergic(&bench, &care, &ward, "r1").await;
        assert_eq!(clocks(&bench, &care).await.len(), 1);

        bench.clock.advance(TimeDelta::minutes(4 * 60 - 1));
        settle(&bench).await;
        assert!(pointers(&bench, instructor).await.is_empty(), "too early");
        bench.clock.advance(TimeDelta::minutes(1));
        settle(&bench).await;
        let to_instructor = Some(EscalationStep::ToInstructor);
        assert_eq!(shown(&care, instructor).await, [(alert, to_instructor)]);
        assert!(pointers(&bench, clinician).await.is_empty());
        // The facility is told too: what it holds was passed on.
        assert_eq!(
            shown(&care, &facility.claim).await,
            [(alert, to_instructor)]
        );

        hours_pass(&bench, 20).await;
        let to_mch = Some(EscalationStep::ToMchCentre);
        assert_eq!(shown(&care, clinician).await, [(alert, to_mch)]);
        assert!(care.inbox(office, 0).await.unwrap().is_empty());

        hours_pass(&bench, 24).await;
        let notices = care.inbox(office, 0).await.unwrap();
        let [
            (
                1,
                Event::Notice {
                    facility: of,
                    alerts,
                },
            ),
        ] = &notices[..]
        else {
            panic!("{}", notices.len())
        };
        assert_eq!(
            (*of, *alerts),
            (facility.id, None),
            "one child is too few to count"
        );
        hours_pass(&bench, 240).await;
        assert_eq!(care.inbox(office, 0).await.unwrap().len(), 1, "told once");

        care.acknowledge(&bench, alert).await.unwrap();
        assert!(clocks(&bench, &care).await.is_empty());
        for held in [instructor, clinician] {
            let told = pointers(&bench, held).await;
            assert_eq!(told.last().unwrap(), "-TAKEN_UP");
            let events = care.inbox(held, 0).await.unwrap();
            let Some((_, Event::Retraction { reason, .. })) = events.last() else {
                panic!("whoever follows the inbox forgets it")
            };
            assert_eq!(*reason, RetractionReason::TakenUp);
        }
        assert!(
            !pointers(&bench, &facility.claim)
                .await
                .contains(&"-TAKEN_UP".to_owned())
        );
        let (_, event) = &care.inbox(office, 0).await.unwrap()[0];
        assert!(matches!(event, Event::Tombstone), "counted anew at read");
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// Break it: in `Turned::of`, leave out `attended`.
#[tokio::test]
async fn whoever_takes_it_up_stops_the_clock_and_so_do_closed_keys() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 5, Vec::new()).await;
        let wards = care.county.children.clone();
        let mut raised = Vec::new();
        for (n, ward) in wards.iter().enumerate() {
            raised.push(allergic(&bench, &care, ward, &format!("r{n}")).await);
        }
        assert_eq!(clocks(&bench, &care).await.len(), 5);
        hours_pass(&bench, 5).await;
        let followed = care.follow_up(&bench, &care.instructor, raised[0], "已电话告知");
        followed.await.unwrap();
        let resolved = care.resolve(&bench, &care.clinician, raised[1], None, "已排除");
        resolved.await.unwrap();
        care.acknowledge(&bench, raised[2]).await.unwrap();
        let consent = care.consents[3].id;
        care.county.withdraw(&bench.gateway, consent).await.unwrap();
        // What it rested on was a mistake.
        let wrong = ("r4", 2, CheckUpStatus::EnteredInError);
        care.push_revision(&bench, &wards[4], wrong, day("2026-08-20"), vec![])
            .await;
        assert!(clocks(&bench, &care).await.is_empty());
        let told = pointers(&bench, &care.instructor).await;
        let count = |word: &str| told.iter().filter(|t| *t == word).count();
        assert_eq!(count("+"), 5, "{told:?}");
        for (word, expected) in [
            ("-TAKEN_UP", 2),
            ("-RESOLVED", 1),
            ("-KEY_CLOSED", 1),
            ("-CORRECTED", 1),
        ] {
            assert_eq!(count(word), expected, "{word}: {told:?}");
        }
        hours_pass(&bench, 100).await;
        assert!(pointers(&bench, &care.clinician).await.is_empty());
        let office = &care.county.commission.claim;
        assert!(care.inbox(office, 0).await.unwrap().is_empty());

        // A key that opens again lets the clock run on from where it stood: at five hours.
        care.consent(&bench, &wards[3]).await;
        let reached = async || clocks(&bench, &care).await[0].reached;
        assert_eq!(reached().await, Some(EscalationStep::ToInstructor));
        assert!(holds(&bench, &care.instructor, &wards[3]).await);
        hours_pass(&bench, 18).await;
        assert_eq!(reached().await, Some(EscalationStep::ToInstructor));
        hours_pass(&bench, 1).await;
        assert_eq!(reached().await, Some(EscalationStep::ToMchCentre));
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

#[tokio::test]
async fn a_renewed_alert_keeps_its_clock_until_somebody_took_note() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        care.push(&bench, &ward, "r1", "2026-08-10", haemoglobin(55))
            .await;
        let first = care.only(&bench, ward.id).await;
        hours_pass(&bench, 6).await;
        // A repeated finding updates the alert; it does not buy the facility time.
        care.push(&bench, &ward, "r2", "2026-08-20", haemoglobin(54))
            .await;
        let renewed = care.only(&bench, ward.id).await;
        assert_eq!(renewed.id, first.id);
        assert!(renewed.revision > first.revision);
        let reached = |clocks: Vec<Clock>| clocks[0].reached;
        let clock = clocks(&bench, &care).await;
        assert_eq!(reached(clock), Some(EscalationStep::ToInstructor));

        care.acknowledge(&bench, first.id).await.unwrap();
        care.push(&bench, &ward, "r3", "2026-08-25", haemoglobin(52))
            .await;
        let again = care.only(&bench, ward.id).await;
        assert!(
            again.state.life().acknowledged.is_none(),
            "new content opens it again"
        );
        assert_eq!(reached(clocks(&bench, &care).await), None, "a new clock");

        // Milder than urgent: passed on no further, and taken back.
        hours_pass(&bench, 5).await;
        care.push(&bench, &ward, "r4", "2026-08-28", haemoglobin(80))
            .await;
        assert!(clocks(&bench, &care).await.is_empty());
        let told = pointers(&bench, &care.instructor).await;
        assert_eq!(told.last().unwrap(), "-RESOLVED");
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// Any gateway does what is due, as often as it likes; one that was away takes all steps at once.
#[tokio::test]
async fn two_gateways_pass_on_once() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 6, Vec::new()).await;
        for (n, ward) in care.county.children.clone().iter().enumerate() {
            allergic(&bench, &care, ward, &format!("r{n}")).await;
        }
        let second = bench.second().await;
        bench.clock.advance(TimeDelta::hours(50));
        let ticks = (0..3).flat_map(|_| [tide::tick(&bench.gateway), tide::tick(&second.gateway)]);
        for done in futures_util::future::join_all(ticks).await {
            done.unwrap();
        }
        settle(&bench).await;
        for held in [&care.instructor, &care.clinician] {
            assert_eq!(pointers(&bench, held).await, vec!["+"; 6]);
            assert_eq!(shown(&care, held).await.len(), 6);
        }
        let office = &care.county.commission.claim;
        let notices = care.inbox(office, 0).await.unwrap();
        assert!(!notices.is_empty());
        for (_, notice) in notices {
            let Event::Notice { alerts, .. } = notice else {
                panic!("a count stands")
            };
            const { assert!(6 >= SMALL_CELL) };
            assert_eq!(alerts, Some(6), "children enough to count");
        }
        let (_, violations) = audit(&bench).await;
        assert!(violations.is_empty(), "{violations:?}");
        second.gateway.store().close().await;
    })
    .await;
}

/// Each reads its inbox under its own keys; what they don't open is a bare number.
#[tokio::test]
async fn what_was_passed_on_is_shown_by_the_keys_of_whoever_reads() {
    on_every_engine(async |bench| {
        // Tuesday mornings; it is a Tuesday.
        let shift = Shift::parse(2, "08:00", "12:00").unwrap();
        let care = Care::of(&bench, 1, vec![shift]).await;
        let ward = care.county.children[0].clone();
        allergic(&bench, &care, &ward, "r1").await;
        hours_pass(&bench, 4).await;
        let bare = async |by: &Claim| {
            let events = care.inbox(by, 0).await.unwrap();
            assert_eq!(events.len(), 1);
            matches!(events[0].1, Event::Tombstone)
        };
        assert!(bare(&care.instructor).await, "noon: the shift is over");
        assert!(bare(&care.county.hospital.claim).await, "no instructor");
        hours_pass(&bench, 7 * 24 - 4).await;
        assert_eq!(shown(&care, &care.instructor).await.len(), 1);
        let other = &care.county.mch.claim;
        let foreign = Claim {
            organization: care.county.facilities[0].id,
            ..other.clone()
        };
        assert!(care.inbox(&foreign, 0).await.is_err(), "another's inbox");

        let consent = care.consents[0].id;
        care.county.withdraw(&bench.gateway, consent).await.unwrap();
        let events = care.inbox(&care.instructor, 0).await.unwrap();
        let hidden = |e: &(i64, Event)| matches!(e.1, Event::Tombstone);
        assert!(events.iter().all(hidden), "a replay applies today's keys");
        let events = care.inbox(&care.clinician, 0).await.unwrap();
        let last = &events.last().unwrap().1;
        let Event::Retraction { reason, child, .. } = last else {
            panic!("the MCH centre's basis is not the consent")
        };
        assert_eq!((*reason, *child), (RetractionReason::KeyClosed, ward.id));
        let (_, violations) = audit(&bench).await;
        assert!(violations.is_empty(), "{violations:?}");
    })
    .await;
}

#[tokio::test]
async fn the_hours_are_the_regions_and_only_urgent_alerts_have_a_clock() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        care.push(&bench, &ward, "r1", "2026-08-20", coded("HEARING", "FAIL"))
            .await;
        assert!(clocks(&bench, &care).await.is_empty());
        care.push(&bench, &ward, "r2", "2026-08-20", allergy("牛奶"))
            .await;
        hours_pass(&bench, 2).await;
        assert!(pointers(&bench, &care.instructor).await.is_empty());
        let edit = regions::Edit {
            escalation: EscalationHours::new(1, 3, 6),
            ..Default::default()
        };
        let change = async |by: &Claim| regions::update(&bench.gateway, region(), by, edit).await;
        let refused = change(&care.county.hospital.claim).await;
        assert!(matches!(
            refused,
            Err(Error::Refused(Reason::NotForThisOrganization))
        ));
        change(&care.county.commission.claim).await.unwrap();
        settle(&bench).await;
        assert_eq!(
            pointers(&bench, &care.instructor).await,
            ["+"],
            "clocks that run follow"
        );
        hours_pass(&bench, 4).await;
        assert_eq!(pointers(&bench, &care.clinician).await, ["+"]);
        let office = &care.county.commission.claim;
        assert_eq!(care.inbox(office, 0).await.unwrap().len(), 1);
    })
    .await;
}

/// A suspension of an hour, an hour before the commission would be told, buys the facility that hour.
///
/// Break it: in `Turned::of`, end a clock whose keys closed, or let `since` stand when it runs on.
#[tokio::test]
async fn closing_the_keys_for_a_moment_buys_no_time() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let (gateway, office) = (&bench.gateway, &care.county.commission.claim);
        let ward = care.county.children[0].clone();
        allergic(&bench, &care, &ward, "r1").await;
        hours_pass(&bench, 47).await;
        let which = agreements::Which {
            region: region(),
            id: care.county.agreements[0],
            seen: None,
        };
        let suspended = agreements::suspend(gateway, office, which, "整改".to_owned()).await;
        suspended.unwrap();
        settle(&bench).await;
        assert!(clocks(&bench, &care).await.is_empty(), "it stands still");
        hours_pass(&bench, 1).await;
        let passed_on = async || {
            let instructors = holds(&bench, &care.instructor, &ward).await;
            (instructors, holds(&bench, &care.clinician, &ward).await)
        };
        assert_eq!(passed_on().await, (false, false), "taken back");
        hours_pass(&bench, 1).await;
        let notices = async || care.inbox(office, 0).await.unwrap().len();
        assert_eq!(notices().await, 0);
        agreements::resume(gateway, office, which).await.unwrap();
        settle(&bench).await;
        assert_eq!(passed_on().await, (true, true));
        assert_eq!(notices().await, 0);
        hours_pass(&bench, 1).await;
        assert_eq!(notices().await, 1, "48 hours with open keys");
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// How many notices there are tells no more than what they say.
///
/// Break it: in `tell_commissions`, let every facility of `neglecting` have its notice.
#[tokio::test]
async fn notices_about_few_children_can_not_be_counted() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 6, Vec::new()).await;
        for (n, ward) in care.county.children.clone().iter().enumerate() {
            allergic(&bench, &care, ward, &format!("r{n}")).await;
            hours_pass(&bench, 1).await;
        }
        hours_pass(&bench, 48 - 6).await;
        let office = &care.county.commission.claim;
        let mut told = Vec::new();
        for _ in 0..6 {
            let notices = care.inbox(office, 0).await.unwrap();
            let counts = notices.iter().map(|(_, event)| match event {
                Event::Notice { alerts, .. } => *alerts,
                _ => panic!("a count stands"),
            });
            told.push(counts.collect::<Vec<_>>());
            hours_pass(&bench, 1).await;
        }
        let few = || vec![None];
        let expected = [
            few(),
            few(),
            few(),
            few(),
            vec![Some(5); 2],
            vec![Some(6); 3],
        ];
        const { assert!(SMALL_CELL == 5) };
        assert_eq!(told, expected);
    })
    .await;
}

/// Those to whom alerts are passed on change: whoever may see them now holds those that came so far,
/// and whoever may not any more holds none.
///
/// Invariant 7. Break it: leave out a `backfill` of `assign` or `end` in `service/practitioners.rs`, or the
/// centre in `service/organizations.rs::passing_on_to`.
#[tokio::test]
async fn what_was_passed_on_follows_assignments_and_the_centres_standing() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let gateway = &bench.gateway;
        let (hospital, office) = (&care.county.hospital.claim, &care.county.commission.claim);
        let assigned = practitioners::assignments(gateway, hospital, region(), "", 10).await;
        let first = assigned.unwrap().remove(0);
        let end = async |id| {
            let ended = practitioners::end(gateway, hospital, region(), id, "调岗".to_owned());
            ended.await.unwrap();
            settle(&bench).await;
        };
        let assign = async |first_day: &str, last_day: &str| {
            let new = NewAssignment {
                practitioner: first.practitioner,
                agreement: first.agreement,
                duty: Duty {
                    first_day: day(first_day),
                    last_day: day(last_day),
                    shifts: Vec::new(),
                    ended: None,
                },
            };
            let assigned = practitioners::assign(gateway, hospital, region(), new).await;
            settle(&bench).await;
            assigned.unwrap().id
        };
        end(first.id).await;
        let ward = care.county.children[0].clone();
        let alert = allergic(&bench, &care, &ward, "r1").await;
        hours_pass(&bench, 5).await;
        let held = async |by: &Claim| {
            let held = replay::held(&bench, &[ward.id], by.organization).await;
            held.values().any(|of| of.contains_key(&alert))
        };
        assert!(!held(hospital).await, "nobody is assigned");
        let again = assign("2026-09-01", "2027-08-31").await;
        assert!(held(hospital).await, "assigned after it came so far");
        end(again).await;
        assert!(!held(hospital).await, "ended");
        assign("2026-09-02", "2026-09-02").await;
        assert!(!held(hospital).await, "not yet its first day");
        hours_pass(&bench, 20).await;
        assert!(held(hospital).await, "its first day");
        hours_pass(&bench, 24).await;
        assert!(!held(hospital).await, "after its last day");

        let mch = &care.county.mch;
        assert!(held(&mch.claim).await);
        let suspended = organizations::suspend(gateway, region(), office, mch.id, "整改").await;
        suspended.unwrap();
        settle(&bench).await;
        assert!(!held(&mch.claim).await, "suspended");
        let restored = organizations::restore(gateway, region(), office, mch.id).await;
        restored.unwrap();
        settle(&bench).await;
        assert!(held(&mch.claim).await, "restored");
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// Urgent alerts that were delivered before there were clocks have them after the upgrade.
#[tokio::test]
async fn an_upgrade_starts_the_clocks_of_what_facilities_hold() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 2, Vec::new()).await;
        let wards = care.county.children.clone();
        allergic(&bench, &care, &wards[0], "r1").await;
        let taken = allergic(&bench, &care, &wards[1], "r2").await;
        care.acknowledge(&bench, taken).await.unwrap();
        let before = clocks(&bench, &care).await;
        let mut raw = Raw::connect(&bench.place).await;
        raw.execute(format!("DELETE FROM escalations WHERE region = '{REGION}'"))
            .await;
        let migration = include_str!("../../../migrations/postgres/0003_alert_life.sql");
        let (_, seeds) = migration.split_once("INSERT INTO escalations").unwrap();
        raw.execute(format!("INSERT INTO escalations{seeds}")).await;
        assert_eq!(clocks(&bench, &care).await, before);
        assert_eq!(before.len(), 1);
    })
    .await;
}
