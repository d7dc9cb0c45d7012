//! Which commissions are told of a facility that leaves urgent alerts alone: those that are active when an
//! alert comes so far, and those that become active while it still stands.

use yuqiao::domain::organization::OrganizationKind;

use super::*;
use crate::support::Party;

/// What stands in an office's inbox: whether each notice still speaks of a facility.
async fn notices(care: &Care, office: &Claim) -> Vec<bool> {
    let events = care.inbox(office, 0).await.unwrap();
    let told = events
        .iter()
        .map(|(_, event)| matches!(event, Event::Notice { .. }));
    told.collect()
}

async fn another(bench: &Bench, first: &Party, kind: OrganizationKind) -> Party {
    bench.party(first, kind, "另一示例机构").await
}

/// The standing of an organization, as nobody in the region could set it: there is always a commission.
async fn stand(bench: &Bench, party: &Party, state: &str) {
    let now = yuqiao::clock::Clock::now(&*bench.clock).timestamp_micros();
    let mut raw = Raw::connect(&bench.place).await;
    raw.execute(format!(
        "UPDATE standings SET state = '{state}', since_us = {now}
         WHERE region = '{REGION}' AND organization = '{}'",
        party.id
    ))
    .await;
}

/// Break it: leave out the `backfill` of `service/organizations.rs::invite`; or, for "once", take
/// `told` for empty in `tell_commissions`.
#[tokio::test]
async fn whoever_is_registered_later_hears_of_what_is_left_alone_already_and_once() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 2, Vec::new()).await;
        let wards = care.county.children.clone();
        let office = &care.county.commission;
        let alert = allergic(&bench, &care, &wards[0], "r1").await;
        hours_pass(&bench, 50).await;
        assert_eq!(notices(&care, &office.claim).await, [true]);

        let later = another(&bench, office, OrganizationKind::HealthCommission).await;
        settle(&bench).await;
        assert_eq!(notices(&care, &later.claim).await, [true]);
        // Whatever brings a child of the facility in line tells nobody again.
        allergic(&bench, &care, &wards[1], "r2").await;
        hours_pass(&bench, 24).await;
        for held in [&office.claim, &later.claim] {
            assert_eq!(notices(&care, held).await, [true], "told once");
        }

        // All taken up, and another left alone: both are told as those who were there.
        care.acknowledge(&bench, alert).await.unwrap();
        hours_pass(&bench, 48).await;
        for held in [&office.claim, &later.claim] {
            assert_eq!(notices(&care, held).await, [true, true]);
        }
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// Break it: in `tell_commissions`, ask `told_of` since the epoch for the one who had been told before, or
/// leave out what `told` does not contain.
#[tokio::test]
async fn whoever_could_not_act_is_told_when_it_can_again() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 2, Vec::new()).await;
        let wards = care.county.children.clone();
        let (gateway, office) = (&bench.gateway, &care.county.commission);
        let other = another(&bench, office, OrganizationKind::HealthCommission).await;
        let first = allergic(&bench, &care, &wards[0], "r1").await;
        hours_pass(&bench, 49).await;
        care.acknowledge(&bench, first).await.unwrap();
        for held in [&office.claim, &other.claim] {
            assert_eq!(notices(&care, held).await, [false]);
        }

        let suspended = organizations::suspend(gateway, region(), &office.claim, other.id, "整改");
        suspended.await.unwrap();
        stand(&bench, office, "SUSPENDED").await;
        allergic(&bench, &care, &wards[1], "r2").await;
        hours_pass(&bench, 49).await;
        stand(&bench, office, "ACTIVE").await;
        assert_eq!(notices(&care, &office.claim).await, [true], "the old one");

        let restored = organizations::restore(gateway, region(), &office.claim, other.id);
        restored.await.unwrap();
        settle(&bench).await;
        hours_pass(&bench, 1).await;
        for held in [&office.claim, &other.claim] {
            assert_eq!(notices(&care, held).await, [true, true], "told once");
        }
        quiet::check(&bench, &care.county).await;
    })
    .await;
}

/// The same for what has come to the MCH centre.
#[tokio::test]
async fn a_centre_that_is_registered_later_holds_what_has_come_so_far() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let ward = care.county.children[0].clone();
        allergic(&bench, &care, &ward, "r1").await;
        hours_pass(&bench, 25).await;
        let office = &care.county.commission;
        let centre = another(&bench, office, OrganizationKind::MchCentre).await;
        settle(&bench).await;
        assert!(holds(&bench, &centre.claim, &ward).await);
    })
    .await;
}
