//! ExchangeService.GetGrowthChart: a question about a child, and the picture that answers it.

use crate::{
    clinical::growth::chart::{ChartKind, Scale},
    domain::child::Child,
    rpc::{
        convert::{Fields, WireWord},
        wire,
    },
    service::{
        Error, Gateway, Reason,
        caller::Claim,
        disclosure::{Answer, Ask, Looks, Question, Wanted, Wish, draw},
        guardian_codes,
    },
};

pub(super) const METHOD: &str = "ExchangeService.GetGrowthChart";
/// Where an x axis ends at most: months, or cm.
const FARTHEST: u32 = 300;

pub(super) async fn chart(
    gateway: &Gateway,
    looks: &Looks,
    claim: Claim,
    message: wire::GetGrowthChartRequest,
) -> Result<wire::GrowthChart, Error> {
    let mut f = Fields::default();
    let child = f.name::<Child>("child", &message.child);
    let code = f.optional_guardian_code("guardian_code", &message.guardian_code);
    let wanted = wanted(&mut f, &message);
    let ((region, child), code, wanted) = f.finish((|| Some((child?, code?, wanted?)))())?;
    let question = match code {
        None => Question::OwnGrowth(child),
        Some(code) => Question::Guardian {
            child,
            code: guardian_codes::digest(gateway, region, &code),
            about: Wish::Growth,
        },
    };
    let found = looks
        .ask(Ask {
            claim,
            region,
            method: METHOD,
            question,
        })
        .await?;
    let Answer::Growth(growth) = found else {
        return Err(Error::Broken("another question's answer"));
    };
    let drawn = draw(gateway, region, growth, wanted)?.ok_or(Reason::NotFound)?;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(wire::GrowthChart {
        svg: drawn.svg,
        standard: drawn.standard.number(),
        points: count(drawn.points),
        doubtful: count(drawn.doubtful),
    })
}

fn wanted(f: &mut Fields, message: &wire::GetGrowthChartRequest) -> Option<Wanted> {
    let kind = f.optional_word::<ChartKind>("kind", message.kind);
    let standard = f.optional_word("standard", message.standard);
    let scale = f.optional_word::<Scale>("scale", message.scale);
    let range = match (message.from, message.until) {
        (0, 0) => Some(None),
        (from, until) if from < until && until <= FARTHEST => {
            Some(Some((f64::from(from), f64::from(until))))
        }
        _ => {
            f.refuse("until", Reason::FieldOutOfRange);
            None
        }
    };
    Some(Wanted {
        kind: kind?.unwrap_or(ChartKind::Weight),
        standard: standard?,
        scale: scale?.unwrap_or(Scale::Sd),
        range: range?,
    })
}
