//! Check-ups that waited for their child are claimed when one of their identifiers is registered.

use zeroize::Zeroizing;

use super::{
    assessment::{self, FINDINGS_PLACE, Occasion},
    change::{Change, LockedChild},
    error::Error,
    push::{
        matching::{self, Known},
        waiting::Waiting,
    },
};
use crate::store::{check_ups, children};

/// Claims what waits for these identifiers (blind indexes) of the locked child and seals it anew under
/// the child's key. What still disagrees goes on waiting, and says why. Tells whether anything was
/// claimed: then the child is to be assessed anew, once, after all that changes of it.
pub async fn claim_unmatched(
    change: &mut Change,
    child: &LockedChild,
    identifiers: &[String],
) -> Result<bool, Error> {
    let region = change.region;
    let waiting = check_ups::awaiting(&mut change.tx, region, identifiers.to_vec()).await?;
    let mut claimed = false;
    for (check_up, named) in waiting {
        let known: Known = children::by_identifiers(&mut change.tx, region, named.clone())
            .await?
            .into_iter()
            .collect();
        let id = check_up.row.id;
        let row = id.to_string();
        let body = Waiting::open(&change.keys.unmatched, region, &row, &check_up.sealed)?;
        let of = matching::child_of(&named, &known).and_then(|of| {
            matching::agrees(&child.row, body.birth_date, body.sex)?;
            Ok(of)
        });
        match of {
            Ok(of) if of == child.row.id && check_up.row.date >= child.row.birth_date => {}
            Ok(_) => continue,
            Err(why) => {
                check_ups::keep_waiting(&mut change.tx, region, id, why.code()).await?;
                continue;
            }
        }
        let (table, column) = FINDINGS_PLACE;
        let plain = Zeroizing::new(body.findings.into_bytes());
        let sealed = child
            .key
            .seal(table, &row, column, &plain, &mut change.chance)?;
        claimed |= check_ups::adopt(&mut change.tx, region, id, child.row.id, sealed).await?;
    }
    Ok(claimed)
}

/// Assesses the locked child anew, after something about it changed.
pub(super) async fn reassess(change: &mut Change, child: &LockedChild) -> Result<(), Error> {
    let gateway = change.gateway().clone();
    let settings = change.settings.clone();
    let occasion = Occasion {
        region: change.region,
        settings: &settings,
        now: change.now,
    };
    let mut chance = gateway.own_chance();
    assessment::reassess(&mut change.tx, &gateway, &occasion, &[child], &mut chance).await?;
    change.touch(child.row.id);
    Ok(())
}
