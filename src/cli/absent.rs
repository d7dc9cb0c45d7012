//! Who is away from a facility today, by its own record: what `fitness` and the day sheet mark. It says
//! nothing of health, so a child's grade stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::Connection;
use super::error::CliError;
use crate::rpc::wire::roster_service_client::RosterServiceClient;
use crate::rpc::wire::{
    Absence, Enrolment, EnrolmentState, ListAbsencesRequest, ListEnrolmentsRequest,
};

const PAGE_SIZE: u32 = 500;

/// The first day away of each child that the calling facility has recorded as absent on a civil day;
/// by the child's resource name.
///
/// # Errors
/// What the gateway refused.
pub async fn on(connection: &Connection, day: &str) -> Result<BTreeMap<String, String>, CliError> {
    let mut roster = RosterServiceClient::new(connection.service());
    let mut request = ListAbsencesRequest {
        parent: connection.region.clone(),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let mut away = Vec::new();
    loop {
        let page = roster.list_absences(request.clone()).await?.into_inner();
        away.extend(page.absences.into_iter().filter(|of| covers(of, day)));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if away.is_empty() {
        return Ok(BTreeMap::new());
    }
    // An absence that nobody ended still stands after its child left, and perhaps came anew.
    let current = enrolled(connection, day).await?;
    let of_today = away
        .into_iter()
        .filter(|of| current.contains(&of.enrolment));
    Ok(of_today.map(|of| (of.child, of.first_day)).collect())
}

/// The enrolments at the calling facility that hold on a day.
async fn enrolled(connection: &Connection, day: &str) -> Result<BTreeSet<String>, CliError> {
    let mut roster = RosterServiceClient::new(connection.service());
    let mut request = ListEnrolmentsRequest {
        parent: connection.region.clone(),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let mut current = BTreeSet::new();
    loop {
        let page = roster.list_enrolments(request.clone()).await?.into_inner();
        let hold = page.enrolments.into_iter().filter(|of| holds(of, day));
        current.extend(hold.map(|of| of.name));
        if page.next_page_token.is_empty() {
            return Ok(current);
        }
        request.page_token = page.next_page_token;
    }
}

fn covers(absence: &Absence, day: &str) -> bool {
    between(&absence.first_day, &absence.last_day, day)
}

fn holds(enrolment: &Enrolment, day: &str) -> bool {
    let active = enrolment.state() == EnrolmentState::Active;
    active && between(&enrolment.first_day, &enrolment.last_day, day)
}

/// Days of the form `2026-11-25` are in the order of their texts; an empty last day is not known yet.
fn between(first: &str, last: &str, day: &str) -> bool {
    first <= day && (last.is_empty() || day <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_days_away_and_an_unknown_end_goes_on() {
        let away = |last: &str| Absence {
            first_day: "2026-11-20".to_owned(),
            last_day: last.to_owned(),
            ..Default::default()
        };
        for (last, day, told) in [
            ("2026-11-25", "2026-11-19", false),
            ("2026-11-25", "2026-11-20", true),
            ("2026-11-25", "2026-11-25", true),
            ("2026-11-25", "2026-11-26", false),
            ("", "2027-01-01", true),
            ("", "2026-11-19", false),
        ] {
            assert_eq!(covers(&away(last), day), told, "{last} {day}");
        }
    }
}
