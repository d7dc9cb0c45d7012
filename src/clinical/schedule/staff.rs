//! The yearly health certificate of those who work in care (托幼机构工作人员健康合格证).

use chrono::NaiveDate;

use super::{Item, Reason, Schedules, Span, Status, Track, Window};
use crate::clinical::rules::Source;

/// What an edition asks for.
#[derive(Debug)]
pub(super) struct Certificate {
    pub item: String,
    pub label_zh: String,
    /// How long one is valid.
    pub valid_for: Span,
    /// So many days before its end the next one is due.
    pub due_days: u16,
    pub source: Source,
}

/// How the next certificate of somebody stands whose last one was issued on a day; without one,
/// nobody works in care. `None` if no schedule of certificates is in force.
pub fn certificate(
    schedules: &Schedules,
    issued: Option<NaiveDate>,
    today: NaiveDate,
) -> Option<Item<'_>> {
    let edition = schedules.staff.on(today)?;
    let row = edition.rows.first()?;
    let mut item = Item {
        track: Track::Staff,
        item: &row.item,
        facility: None,
        label_zh: &row.label_zh,
        schedule_version: &edition.version,
        source: &row.source,
        earliest: None,
        due: None,
        overdue: None,
        latest: None,
        status: Status::Overdue,
        reason: Reason::NoCertificate,
        done: issued,
        rests_on: Vec::new(),
    };
    let Some(issued) = issued else {
        return Some(item);
    };
    let end = row.valid_for.after(issued);
    let due = Span::Days(row.due_days).before(end).max(issued);
    let window = Window::new(issued, due, Some(end), None);
    item.earliest = Some(window.earliest);
    item.due = Some(window.due);
    item.overdue = window.overdue;
    (item.status, item.reason) = window.open(today);
    Some(item)
}
