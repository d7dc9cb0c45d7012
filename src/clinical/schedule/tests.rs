//! Tables of published cases and what holds of every child.

mod child_health;
mod samples;

use super::*;

#[test]
fn the_shipped_schedules_are_sound_and_name_their_sources() {
    let schedules = Schedules::load().unwrap();
    for series in &schedules.visits {
        for visit in series.editions.0.iter().flat_map(|edition| &edition.rows) {
            assert!(!visit.source.document.is_empty(), "{}", visit.item);
            assert!(!visit.source.section.is_empty(), "{}", visit.item);
        }
    }
}
