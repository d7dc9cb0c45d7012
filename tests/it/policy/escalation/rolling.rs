//! Clocks while a gateway of another version still runs: one of before `stopped_us` deletes a clock or
//! lets it run, and never writes that column.

use chrono::{DateTime, Utc};

use super::*;

/// The clocks' rows, as the older program leaves them.
async fn rewrite(bench: &Bench, since: DateTime<Utc>, stopped: DateTime<Utc>) {
    let mut raw = Raw::connect(&bench.place).await;
    raw.execute(format!(
        "UPDATE escalations SET since_us = {}, stopped_us = {} WHERE region = '{REGION}'",
        since.timestamp_micros(),
        stopped.timestamp_micros()
    ))
    .await;
}

/// Stopped by this program at 10 hours, delivered again by the older one 10 hours later: the clock
/// counts the hours before and after.
///
/// Break it: in `store/escalations.rs`, let `RUNS` ask for `stopped_us IS NULL` alone; or let `run_on`
/// take `now` for the time at which it was let run.
#[tokio::test]
async fn a_clock_that_an_older_gateway_let_run_on_runs() {
    on_every_engine(async |bench| {
        let care = Care::of(&bench, 1, Vec::new()).await;
        let (gateway, office) = (&bench.gateway, &care.county.commission.claim);
        let ward = care.county.children[0].clone();
        let alert = allergic(&bench, &care, &ward, "r1").await;
        let since = clocks(&bench, &care).await[0].since;
        hours_pass(&bench, 10).await;
        let which = agreements::Which {
            region: region(),
            id: care.county.agreements[0],
            seen: None,
        };
        let stand_still = async || {
            let stopped = yuqiao::clock::Clock::now(&*bench.clock);
            let suspended = agreements::suspend(gateway, office, which, "整改".to_owned());
            suspended.await.unwrap();
            settle(&bench).await;
            assert!(clocks(&bench, &care).await.is_empty());
            stopped
        };
        let resume = async || {
            agreements::resume(gateway, office, which).await.unwrap();
            settle(&bench).await;
        };
        let stopped = stand_still().await;
        hours_pass(&bench, 10).await;
        resume().await;
        rewrite(&bench, since, stopped).await;

        let facility = &care.county.facilities[0].claim;
        let to_instructor = Some(EscalationStep::ToInstructor);
        // Twice: before its keys closed, and since they opened.
        assert_eq!(shown(&care, facility).await, [(alert, to_instructor); 2]);
        // By the row it looks due at 24 hours since its delivery, ten of which the keys were closed.
        hours_pass(&bench, 13).await;
        assert!(!holds(&bench, &care.clinician, &ward).await, "23 hours");
        hours_pass(&bench, 1).await;
        assert!(holds(&bench, &care.clinician, &ward).await, "24 hours");

        // The same once it has come to the commission, and the older gateway closes nothing.
        hours_pass(&bench, 24).await;
        let since = clocks(&bench, &care).await[0].since;
        let stopped = stand_still().await;
        let notice = async || {
            let events = care.inbox(office, 0).await.unwrap();
            assert_eq!(events.len(), 1);
            matches!(events[0].1, Event::Notice { .. })
        };
        assert!(!notice().await, "nobody is late with what is not shown");
        resume().await;
        rewrite(&bench, since, stopped).await;
        assert!(notice().await);
        // Closed again, by this program: it stands still from now.
        hours_pass(&bench, 3).await;
        rewrite(&bench, since, stopped).await;
        stand_still().await;
        hours_pass(&bench, 5).await;
        resume().await;
        let clock = clocks(&bench, &care).await.remove(0);
        assert_eq!(clock.since, since + TimeDelta::hours(5));
        quiet::check(&bench, &care.county).await;
    })
    .await;
}
