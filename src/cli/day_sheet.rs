//! `yuqiao day-sheet`: a facility's morning on paper. Who may be in care, what to do, what is due.
//!
//! It shows what the three lists show and nothing more: no measured value, no number, no name. A
//! child stands there by the end of its id, with a line to write its name on. What the lists do not
//! show stands there as not shown, and who is recorded absent is marked: an empty place reads as
//! "nothing is due".

mod page;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::Global;
use super::absent;
use super::alerts;
use super::connection::Connection;
use super::error::CliError;
use super::output::Output;
use super::{due, fitness};
use crate::rpc::wire::alert_service_client::AlertServiceClient;
use crate::rpc::wire::{
    Alert, Category, ChildDueItems, ChildFitness, ListAlertsRequest, ListDueItemsRequest,
    ListFitnessRequest, WithheldChild,
};

/// Arguments of `yuqiao day-sheet`.
#[derive(Args, Debug)]
pub struct DaySheet {
    /// The HTML file to write, for printing on A4; readable by its owner alone
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Also what becomes due within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(..=366))]
    within: u32,
}

/// What is printed.
struct Sheet {
    /// The region's civil day.
    day: String,
    /// The facility's resource name.
    facility: String,
    /// The least fit first.
    children: Vec<OfChild>,
    /// What is due of children of whom the sheet says nothing else, e.g. who are still expected.
    only_due: Vec<ChildDueItems>,
    withheld: Vec<WithheldChild>,
    /// The first day away of each child that the facility has recorded as absent today.
    away: BTreeMap<String, String>,
}

struct OfChild {
    fitness: ChildFitness,
    alerts: Vec<Alert>,
    due: Option<ChildDueItems>,
    /// Why nothing is told of what is due, where nothing is.
    due_withheld: Option<WithheldChild>,
}

impl OfChild {
    /// The categories of which it is not told what is due.
    fn due_not_open(&self) -> Vec<Category> {
        self.due
            .as_ref()
            .map_or_else(|| due::CATEGORIES.to_vec(), due::not_open)
    }
}

impl DaySheet {
    /// Asks for the three lists and writes the sheet.
    ///
    /// # Errors
    /// What the gateway refused, or where the file can't be written.
    pub async fn run(self, global: &Global, out: Output) -> Result<(), CliError> {
        let connection = Connection::open(global).await?;
        let sheet = sheet(&connection, self.within).await?;
        write(&self.out, &page::page(&sheet).into_string()).map_err(CliError::file(&self.out))?;
        let count = Count::of(&sheet);
        if out.is_json() {
            out.value(&json!({
                "day": sheet.day,
                "children": count.children,
                "withheld": count.withheld,
                "absent": count.absent,
                "dueWithheld": count.due_withheld,
            }))
        } else {
            out.line(&count.line())
        }
    }
}

/// How much of the morning is on the sheet.
struct Count {
    children: usize,
    /// Children of whom nothing may be shown.
    withheld: usize,
    absent: usize,
    /// Of the children shown, those whose due list is withheld wholly or in part.
    due_withheld: usize,
}

impl Count {
    fn of(sheet: &Sheet) -> Self {
        let children = &sheet.children;
        let in_part = |child: &&OfChild| !child.due_not_open().is_empty();
        let away = |child: &&OfChild| sheet.away.contains_key(&child.fitness.child);
        Self {
            children: children.len(),
            withheld: sheet.withheld.len(),
            absent: children.iter().filter(away).count(),
            due_withheld: children.iter().filter(in_part).count(),
        }
    }

    fn line(&self) -> String {
        let Self {
            children,
            withheld,
            absent,
            due_withheld,
        } = self;
        format!(
            "{children} children ({absent} absent 缺勤), {withheld} withheld; \
             {due_withheld} with a due list withheld in whole or in part 待办未全部获授权"
        )
    }
}

async fn sheet(connection: &Connection, within_days: u32) -> Result<Sheet, CliError> {
    let mut service = AlertServiceClient::new(connection.service());
    let parent = connection.organization.clone();
    let request = ListFitnessRequest {
        parent: parent.clone(),
        page_size: 500,
        ..Default::default()
    };
    let found = fitness::all(&mut service, request).await?;
    let request = ListAlertsRequest {
        parent: parent.clone(),
        page_size: 500,
        ..Default::default()
    };
    let (listed, _) = alerts::all(&mut service, request).await?;
    let request = ListDueItemsRequest {
        parent: parent.clone(),
        page_size: 100,
        within_days,
        ..Default::default()
    };
    let due = due::all(&mut service, request).await?;
    let away = absent::on(connection, &found.day).await?;

    let mut alerts_of: BTreeMap<String, Vec<Alert>> = BTreeMap::new();
    for alert in listed {
        alerts_of
            .entry(alert.child.clone())
            .or_default()
            .push(alert);
    }
    let of = |due: ChildDueItems| (due.child.clone(), due);
    let mut due_of: BTreeMap<String, ChildDueItems> = due.children.into_iter().map(of).collect();
    let of = |child: WithheldChild| (child.child.clone(), child);
    let mut due_withheld: BTreeMap<String, WithheldChild> =
        due.withheld.into_iter().map(of).collect();
    let children = found.children.into_iter().map(|fitness| OfChild {
        alerts: alerts_of.remove(&fitness.child).unwrap_or_default(),
        due: due_of.remove(&fitness.child),
        due_withheld: due_withheld.remove(&fitness.child),
        fitness,
    });
    let children = children.collect();
    let mut only_due: Vec<ChildDueItems> = due_of.into_values().collect();
    only_due.retain(|due| !due.items.is_empty());
    Ok(Sheet {
        day: found.day,
        facility: parent,
        children,
        only_due,
        withheld: found.withheld,
        away,
    })
}

/// Always a new file: what stood there may have been readable by others.
fn write(path: &Path, page: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    options.open(path)?.write_all(page.as_bytes())
}

#[cfg(test)]
mod tests;
