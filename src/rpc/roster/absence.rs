//! Absences on the wire.

use tonic::Request;

use super::{Roster, USUAL_PAGE};
use crate::{
    domain::{
        absence::{Absence, AbsenceDays},
        enrolment::Enrolment,
        region::RegionCode,
    },
    rpc::{
        convert::{self, Fields, name},
        page::{self, Walk},
        wire,
    },
    service::{Error, absences},
    store::absences::AbsenceRow,
};

pub async fn record(
    of: &Roster,
    request: Request<wire::RecordAbsenceRequest>,
) -> Result<wire::Absence, Error> {
    let (claim, m) = of.open(request)?;
    let mut f = Fields::default();
    let enrolment = f.name::<Enrolment>("enrolment", &m.enrolment);
    let region = enrolment.map(|(region, _)| region);
    let corrected = f.optional_name_in::<Absence>("name", &m.name, region);
    let first_day = f.day("first_day", &m.first_day);
    let last_day = f.optional_day("last_day", &m.last_day);
    let ((region, enrolment), corrected, days) = f.finish((|| {
        let days = AbsenceDays {
            first_day: first_day?,
            last_day: last_day?,
        };
        Some((enrolment?, corrected?, days))
    })())?;
    let row = absences::record(&of.0, &claim, region, enrolment, corrected, days).await?;
    Ok(message(region, row))
}

pub async fn end(
    of: &Roster,
    request: Request<wire::EndAbsenceRequest>,
) -> Result<wire::Absence, Error> {
    let (claim, m) = of.open(request)?;
    let mut f = Fields::default();
    let absence = f.name::<Absence>("name", &m.name);
    let last_day = f.day("last_day", &m.last_day);
    let ((region, absence), last_day) = f.finish((|| Some((absence?, last_day?)))())?;
    let row = absences::end(&of.0, &claim, region, absence, last_day).await?;
    Ok(message(region, row))
}

pub async fn delete(
    of: &Roster,
    request: Request<wire::DeleteAbsenceRequest>,
) -> Result<wire::DeleteAbsenceResponse, Error> {
    let (claim, m) = of.open(request)?;
    let mut f = Fields::default();
    let absence = f.name::<Absence>("name", &m.name);
    let (region, absence) = f.finish(absence)?;
    absences::delete(&of.0, &claim, region, absence).await?;
    Ok(wire::DeleteAbsenceResponse {})
}

pub async fn list(
    of: &Roster,
    request: Request<wire::ListAbsencesRequest>,
) -> Result<wire::ListAbsencesResponse, Error> {
    let (claim, m) = of.open(request)?;
    let mut f = Fields::default();
    let region = f.parent("parent", &m.parent);
    let enrolment = f.optional_name_in::<Enrolment>("enrolment", &m.enrolment, region);
    let (region, enrolment) = f.finish(region.zip(enrolment))?;
    let index = of.0.keyring().index();
    let filter = format!("{region} {}", m.enrolment);
    let walk = Walk::new(index, claim.organization, "ListAbsences", filter);
    let size = page::size(m.page_size, USUAL_PAGE);
    let cursor = walk.after(&m.page_token)?.unwrap_or_default();
    let limit = i64::from(size) + 1;
    let found = absences::list(&of.0, &claim, region, enrolment, &cursor, limit).await?;
    let (found, next_page_token) = walk.cut(found, size, |row| row.id.to_string());
    Ok(wire::ListAbsencesResponse {
        absences: found.into_iter().map(|row| message(region, row)).collect(),
        next_page_token,
    })
}

fn message(region: RegionCode, row: AbsenceRow) -> wire::Absence {
    wire::Absence {
        name: name(region, row.id),
        enrolment: name(region, row.enrolment),
        child: name(region, row.child),
        first_day: convert::day(row.days.first_day),
        last_day: convert::maybe_day(row.days.last_day),
    }
}
