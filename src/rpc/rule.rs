//! RuleService: rule sets are added, looked through and made to count.

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream::BoxStream};
use tokio::sync::watch::Receiver;
use tonic::{Request, Response, Status, Streaming};

use super::{
    caller,
    convert::{self, Fields, WireWord, name, names::rule_set_name},
    page::{self, Walk},
    status::{answer, status},
    streams::answers,
    wire::{self, preview_rule_set_response::Event, rule_service_server::RuleService},
};
use crate::{
    clinical::{
        rules::{
            RuleFile,
            bundle::{LONGEST_NAME, LONGEST_SET, MOST_FILES},
        },
        tally::{Tally, Told},
    },
    domain::{
        region::{RegionCode, Settings},
        rule_set::RuleSetId,
    },
    service::{
        Error, Gateway, Reason,
        caller::Claim,
        rule_sets::{self, Preview, Shown, Standing},
    },
};

const USUAL_PAGE: u32 = 50;
const LONGEST_LABEL: usize = 100;
const ADD: &str = "RuleService.AddRuleSet";
const PREVIEW: &str = "RuleService.PreviewRuleSet";

/// The service.
pub struct Rules {
    /// The use cases.
    pub gateway: Gateway,
    /// Turns true when the gateway stops.
    pub stop: Receiver<bool>,
}

impl Rules {
    fn open<T>(&self, request: Request<T>) -> Result<(Claim, T), Error> {
        caller::open(request, self.gateway.store().clock().now())
    }
}

/// A set as it arrives, file by file, never more of it than a set may have.
#[derive(Default)]
struct Arriving {
    files: Vec<RuleFile>,
    bytes: usize,
}

impl Arriving {
    fn take(&mut self, file: Option<wire::RuleFile>) -> Result<(), Error> {
        let Some(wire::RuleFile { name, text }) = file else {
            return Ok(());
        };
        if name.len() > LONGEST_NAME {
            return Err(Error::field("file.name", Reason::FieldTooLong));
        }
        self.bytes += name.len() + text.len();
        if self.files.len() >= MOST_FILES || self.bytes > LONGEST_SET {
            return Err(Error::field("file", Reason::FieldTooLong));
        }
        self.files.push(RuleFile { name, text });
        Ok(())
    }
}

/// Where a set is added and what it is called, from the first message.
fn headed(first: &wire::AddRuleSetRequest) -> Result<(RegionCode, String), Error> {
    let mut f = Fields::default();
    let region = f.parent("parent", &first.parent);
    let label = f.text("label", &first.label, LONGEST_LABEL);
    f.finish((|| Some((region?, label?)))())
}

#[tonic::async_trait]
impl RuleService for Rules {
    async fn add_rule_set(
        &self,
        request: Request<Streaming<wire::AddRuleSetRequest>>,
    ) -> Result<Response<wire::RuleSet>, Status> {
        let refused = |error: Error| status(ADD, &error);
        let (claim, mut messages) = self.open(request).map_err(refused)?;
        let first = messages.message().await?.unwrap_or_default();
        let (region, label) = headed(&first).map_err(refused)?;
        // Who may not add one sends no megabytes that are kept for it.
        let admitted = rule_sets::may_add(&self.gateway, region, &claim).await;
        admitted.map_err(refused)?;
        let mut arriving = Arriving::default();
        arriving.take(first.file).map_err(refused)?;
        while let Some(message) = messages.message().await? {
            arriving.take(message.file).map_err(refused)?;
        }
        answer(ADD, async {
            let added =
                rule_sets::add(&self.gateway, region, &claim, label, arriving.files).await?;
            Ok(message(region, added))
        })
        .await
    }

    async fn list_rule_sets(
        &self,
        request: Request<wire::ListRuleSetsRequest>,
    ) -> Result<Response<wire::ListRuleSetsResponse>, Status> {
        answer("RuleService.ListRuleSets", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let region = f.finish(region)?;
            let index = self.gateway.keyring().index();
            let walk = Walk::new(
                index,
                claim.organization,
                "RuleService.ListRuleSets",
                region.to_string(),
            );
            let before = walk.after_parsed::<Cursor>(&m.page_token)?;
            let before = before.map(|cursor| (cursor.added, cursor.id));
            let size = page::size(m.page_size, USUAL_PAGE);
            let found = rule_sets::list(&self.gateway, region, &claim, before, size + 1).await?;
            let (found, next_page_token) = walk.cut(found, size, |shown| {
                let (added, id) = (shown.row.added, shown.row.id);
                format!("{}.{id}", added.timestamp_micros())
            });
            let rule_sets = found.into_iter().map(|shown| message(region, shown));
            Ok(wire::ListRuleSetsResponse {
                rule_sets: rule_sets.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_rule_set(
        &self,
        request: Request<wire::GetRuleSetRequest>,
    ) -> Result<Response<wire::RuleSet>, Status> {
        answer("RuleService.GetRuleSet", async {
            let (claim, m) = self.open(request)?;
            let (region, id) = one(&m.name)?;
            let (shown, files) = rule_sets::get(&self.gateway, region, &claim, id).await?;
            let files = files
                .into_iter()
                .map(|RuleFile { name, text }| wire::RuleFile { name, text });
            Ok(wire::RuleSet {
                files: files.collect(),
                ..message(region, shown)
            })
        })
        .await
    }

    type PreviewRuleSetStream = BoxStream<'static, Result<wire::PreviewRuleSetResponse, Status>>;

    async fn preview_rule_set(
        &self,
        request: Request<wire::PreviewRuleSetRequest>,
    ) -> Result<Response<Self::PreviewRuleSetStream>, Status> {
        let begun = async {
            let (claim, m) = self.open(request)?;
            let (region, id) = one(&m.name)?;
            rule_sets::preview(&self.gateway, region, &claim, id).await
        };
        let begun = begun.await.map_err(|error| status(PREVIEW, &error))?;
        let events = begun.map(|event| match event {
            Ok(Preview::Progress(children_done, children_total)) => {
                Ok(Event::Progress(wire::PreviewProgress {
                    children_done,
                    children_total,
                }))
            }
            Ok(Preview::Found(tally)) => Ok(Event::Summary(summary(tally))),
            Err(error) => Err(status(PREVIEW, &error)),
        });
        let events = events
            .map(|event| event.map(|event| wire::PreviewRuleSetResponse { event: Some(event) }));
        Ok(Response::new(answers(events, self.stop.clone())))
    }

    async fn activate_rule_set(
        &self,
        request: Request<wire::ActivateRuleSetRequest>,
    ) -> Result<Response<wire::Activation>, Status> {
        answer("RuleService.ActivateRuleSet", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let named = f.rule_set("name", &m.name);
            let seen = f.etag("etag", &m.etag);
            let ((region, id), seen) = f.finish((|| Some((named?, seen?)))())?;
            let standing = rule_sets::activate(&self.gateway, region, &claim, id, seen).await?;
            Ok(activation(region, standing))
        })
        .await
    }

    async fn get_activation(
        &self,
        request: Request<wire::GetActivationRequest>,
    ) -> Result<Response<wire::Activation>, Status> {
        answer("RuleService.GetActivation", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("name", &m.name);
            let region = f.finish(region)?;
            let standing = rule_sets::activation(&self.gateway, region, &claim).await?;
            Ok(activation(region, standing))
        })
        .await
    }
}

/// Where a page of rule sets ends: `MICROSECONDS.ID`.
struct Cursor {
    added: DateTime<Utc>,
    id: RuleSetId,
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (added, id) = text.split_once('.').ok_or(())?;
        let added = added.parse().map_err(|_| ())?;
        Ok(Self {
            added: DateTime::from_timestamp_micros(added).ok_or(())?,
            id: id.parse().map_err(|_| ())?,
        })
    }
}

fn one(given: &str) -> Result<(RegionCode, RuleSetId), Error> {
    let mut f = Fields::default();
    let named = f.rule_set("name", given);
    f.finish(named)
}

fn message(region: RegionCode, Shown { row, active }: Shown) -> wire::RuleSet {
    let creator = row.by.map(|(_, actor)| name(region, actor));
    wire::RuleSet {
        name: rule_set_name(region, row.id),
        label: row.label,
        shipped: row.owner == RegionCode::DEPLOYMENT,
        active,
        rule_count: row.rules,
        create_time: convert::time(row.added),
        creator: creator.unwrap_or_default(),
        files: Vec::new(),
    }
}

fn activation(region: RegionCode, standing: Standing) -> wire::Activation {
    let of = standing.activation.as_ref();
    let previous = of.and_then(|a| a.previous);
    wire::Activation {
        rule_set: rule_set_name(region, standing.rule_set),
        previous: previous.map_or_else(String::new, |id| rule_set_name(region, id)),
        activated_by: of.map_or_else(String::new, |a| name(region, a.by.1)),
        activate_time: of.map_or_else(String::new, |a| convert::time(a.at)),
        children_done: standing.assessed,
        children_total: standing.children,
        etag: convert::etag(standing.revision),
    }
}

/// Counts as they may leave the house.
fn summary(tally: Tally) -> wire::PreviewSummary {
    let few = Settings::FEW;
    let told = |count: Told| match count {
        Told::Exactly(value) => Some(wire::Count {
            value,
            withheld: false,
        }),
        Told::Few => Some(wire::Count {
            value: 0,
            withheld: true,
        }),
    };
    let rows = tally.cells.into_iter().map(|((rule, level), counts)| {
        let count = |count| told(Told::of(count, few.into()));
        wire::PreviewRow {
            rule,
            level: level.number(),
            raised: count(counts.raised),
            changed: count(counts.changed),
            resolved: count(counts.resolved),
            unchanged: count(counts.unchanged),
        }
    });
    let affected = match Told::rounded(tally.affected, few.into()) {
        Told::Exactly(count) => count,
        Told::Few => 0,
    };
    wire::PreviewSummary {
        children: tally.children,
        children_affected: affected,
        children_unreadable: tally.unreadable,
        rows: rows.collect(),
        few,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clinical::tally::Fate, domain::alert::Level};

    #[test]
    fn small_counts_stay_in_the_house() {
        let mut tally = Tally::default();
        for n in 0..7 {
            let mut alerts = vec![(Fate::Raised, "COMMON".to_owned(), Level::Low)];
            if n < 3 {
                alerts.push((Fate::Resolved, "RARE".to_owned(), Level::High));
            }
            tally.child(alerts);
        }
        let summary = summary(tally);
        assert_eq!((summary.children, summary.children_affected), (7, 5));
        let of = |rule: &str| summary.rows.iter().find(|row| row.rule == rule).unwrap();
        let count = |value, withheld| Some(wire::Count { value, withheld });
        assert_eq!(of("COMMON").raised, count(7, false));
        assert_eq!(of("COMMON").resolved, count(0, false));
        assert_eq!(of("RARE").resolved, count(0, true));
        assert_eq!(of("RARE").level, i32::from(wire::Level::High));
    }

    #[test]
    fn a_set_that_is_too_long_is_refused_as_it_arrives() {
        let file = |name: &str, text: String| {
            let name = name.to_owned();
            Some(wire::RuleFile { name, text })
        };
        let mut names = Arriving::default();
        names.take(file(&"a".repeat(64), String::new())).unwrap();
        assert!(names.take(file(&"a".repeat(65), String::new())).is_err());
        let mut files = Arriving::default();
        let many = (0..MOST_FILES).all(|_| files.take(file("a.toml", String::new())).is_ok());
        assert!(many && files.take(file("a.toml", String::new())).is_err());
        let mut bytes = Arriving::default();
        bytes.take(file("a", "x".repeat(LONGEST_SET - 2))).unwrap();
        assert!(bytes.take(file("b", "x".to_owned())).is_err());
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor: Cursor = "17.00000000000000000000".parse().unwrap();
        assert_eq!(cursor.added.timestamp_micros(), 17);
        for bad in ["", "17", "x.00000000000000000000", "17.0"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
