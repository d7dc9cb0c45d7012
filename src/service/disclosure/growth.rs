//! A child's growth as a picture: for an institution of what it measured itself, for a guardian of
//! everything.

use std::collections::BTreeSet;

use super::{
    Answer, Ask,
    opened::open_check_up,
    own::check_ups_of,
    sitting::{Shown, Sitting},
};
use crate::{
    access::{Permit, facts::ChildFacts},
    clinical::growth::chart::{Chart, ChartKind, Scale, Subject, marks, usual_range, visits},
    domain::{
        alert::Category, checkup::CheckUp, child::Child, growth_standard::GrowthStandard, id::Id,
        region::RegionCode,
    },
    service::{error::Error, gateway::Gateway, reason::Reason},
    store::{
        check_ups::{self, SealedCheckUp},
        children::{self, ChildRow},
    },
};

/// What a chart is drawn from, still sealed.
pub struct Growth {
    child: ChildRow,
    check_ups: Vec<SealedCheckUp>,
    standard: GrowthStandard,
}

/// Which chart is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// What it draws.
    pub kind: ChartKind,
    /// Whose lines; none means the region's standard.
    pub standard: Option<GrowthStandard>,
    /// Which lines.
    pub scale: Scale,
    /// The x axis, in months or cm; none means as the points need it.
    pub range: Option<(f64, f64)>,
}

/// A chart that was drawn. No `Debug`: it shows findings.
pub struct Drawn {
    /// The page.
    pub svg: String,
    /// Whose lines it has.
    pub standard: GrowthStandard,
    /// How many measurements it shows.
    pub points: usize,
    /// How many of them are not to be believed before they are measured again.
    pub doubtful: usize,
}

impl Sitting {
    /// What the asking institution measured of a child. One that sent nothing of it is told what it
    /// would be told of no child.
    pub(super) async fn own_growth(
        &mut self,
        ask: &Ask,
        child: Id<Child>,
    ) -> Result<Answer, Error> {
        let (asker, caller) = self.admit(&ask.claim).await?;
        let _ = self.author(&asker, None)?;
        let found = children::find(&mut self.tx, self.region, &[child]).await?;
        let row = found.into_iter().next().ok_or(Reason::NotFound)?;
        let permit = self.author(&asker, Some(&ChildFacts::bare(child, row.birth_date)))?;
        let growth = self.growth(&permit, row).await?;
        if growth.check_ups.is_empty() {
            return Err(Reason::NotFound.into());
        }
        let further = check_ups_of(&permit, &growth.check_ups);
        let shown = Shown {
            permit: &permit,
            categories: BTreeSet::from([Category::Growth]),
            further,
        };
        self.leaf(ask, &caller.actor_id().to_string(), &[shown])
            .await?;
        Ok(Answer::Growth(growth))
    }

    /// The check-ups a chart is drawn from, as far as the permit reaches.
    pub(super) async fn growth(
        &mut self,
        permit: &Permit,
        child: ChildRow,
    ) -> Result<Growth, Error> {
        Ok(Growth {
            check_ups: check_ups::under(&mut self.tx, self.region, permit).await?,
            child,
            standard: self.settings.growth_standard,
        })
    }
}

/// Draws the chart. `None` once the child is erased.
pub fn draw(
    gateway: &Gateway,
    region: RegionCode,
    growth: Growth,
    wanted: Wanted,
) -> Result<Option<Drawn>, Error> {
    let Growth {
        child,
        check_ups,
        standard,
    } = growth;
    let mut opened: Vec<CheckUp> = Vec::with_capacity(check_ups.len());
    for sealed in check_ups {
        match open_check_up(gateway, region, sealed, child.wrapped_key.clone())? {
            Some(check_up) => opened.push(check_up.check_up),
            None => return Ok(None),
        }
    }
    let (indicator, by_length) = wanted.kind.indicator();
    let subject = Subject {
        sex: child.sex,
        indicator,
        standard: wanted.standard.unwrap_or(standard),
        scale: wanted.scale,
        by_length,
    };
    let rules = gateway.rule_book().shipped();
    let tables = rules.tables();
    let visits = visits(child.birth_date, child.gestation_days, &opened);
    let marks = marks(tables, &subject, &visits);
    let range = wanted
        .range
        .unwrap_or_else(|| usual_range(&subject, &marks));
    let chart = Chart {
        subject,
        range,
        marks: &marks,
    };
    Ok(Some(Drawn {
        svg: chart.svg(tables),
        standard: subject.standard,
        points: marks.len(),
        doubtful: marks.iter().filter(|mark| mark.doubtful).count(),
    }))
}
