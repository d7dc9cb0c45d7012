//! InstructorService: practitioners, and their assignment to facilities.

use std::collections::BTreeSet;

use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{
    caller,
    convert::{self, Fields, WireWord, name},
    page::{self, Walk},
    status::answer,
    wire::{self, instructor_service_server::InstructorService},
};
use crate::{
    domain::{
        actor::{Expertise, LicenceKind},
        assignment::{Assignment, Duty, Shift},
        identifier::{NurseLicenceNo, PhysicianLicenceNo},
        region::RegionCode,
    },
    service::{
        Error, Gateway, Reason,
        caller::Claim,
        practitioners::{self, Licence, NamedPractitioner, NewAssignment, NewPractitioner},
    },
    store::practitioners::AssignmentRow,
};

const USUAL_PAGE: u32 = 50;
const LONGEST_NAME: usize = 50;
const LONGEST_REASON: usize = 500;
const MOST_FIELDS: usize = 8;
const MOST_SHIFTS: usize = 21;

/// The service.
pub struct Instructors(pub Gateway);

impl Instructors {
    fn open<T>(&self, request: Request<T>) -> Result<(Claim, T), Error> {
        caller::open(request, self.0.store().clock().now())
    }

    fn walk(&self, claim: &Claim, method: &'static str, region: RegionCode) -> Walk<'_> {
        Walk::new(
            self.0.keyring().index(),
            claim.organization,
            method,
            region.to_string(),
        )
    }
}

#[tonic::async_trait]
impl InstructorService for Instructors {
    async fn register_practitioner(
        &self,
        request: Request<wire::RegisterPractitionerRequest>,
    ) -> Result<Response<wire::Practitioner>, Status> {
        answer("InstructorService.RegisterPractitioner", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let practitioner = f.message("practitioner", m.practitioner);
            let new = practitioner.and_then(|p| read_practitioner(&mut f, p));
            let (region, new) = f.finish((|| Some((region?, new?)))())?;
            let named = practitioners::register(&self.0, &claim, region, new).await?;
            Ok(practitioner_message(region, named))
        })
        .await
    }

    async fn list_practitioners(
        &self,
        request: Request<wire::ListPractitionersRequest>,
    ) -> Result<Response<wire::ListPractitionersResponse>, Status> {
        answer("InstructorService.ListPractitioners", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let region = f.finish(region)?;
            let walk = self.walk(&claim, "ListPractitioners", region);
            let size = page::size(m.page_size, USUAL_PAGE);
            let cursor = walk.after(&m.page_token)?.unwrap_or_default();
            let limit = i64::from(size) + 1;
            let found = practitioners::list(&self.0, &claim, region, &cursor, limit).await?;
            let (found, next_page_token) = walk.cut(found, size, |p| p.row.id.to_string());
            let told = found.into_iter().map(|p| practitioner_message(region, p));
            Ok(wire::ListPractitionersResponse {
                practitioners: told.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn create_assignment(
        &self,
        request: Request<wire::CreateAssignmentRequest>,
    ) -> Result<Response<wire::Assignment>, Status> {
        answer("InstructorService.CreateAssignment", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let assignment = f.message("assignment", m.assignment);
            let new = assignment.and_then(|a| read_assignment(&mut f, region, a));
            let (region, new) = f.finish((|| Some((region?, new?)))())?;
            let row = practitioners::assign(&self.0, &claim, region, new).await?;
            Ok(assignment_message(region, row))
        })
        .await
    }

    async fn end_assignment(
        &self,
        request: Request<wire::EndAssignmentRequest>,
    ) -> Result<Response<wire::Assignment>, Status> {
        answer("InstructorService.EndAssignment", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let assignment = f.name::<Assignment>("name", &m.name);
            let reason = f.text("reason", &m.reason, LONGEST_REASON);
            let ((region, id), reason) = f.finish((|| Some((assignment?, reason?)))())?;
            let row = practitioners::end(&self.0, &claim, region, id, reason).await?;
            Ok(assignment_message(region, row))
        })
        .await
    }

    async fn list_assignments(
        &self,
        request: Request<wire::ListAssignmentsRequest>,
    ) -> Result<Response<wire::ListAssignmentsResponse>, Status> {
        answer("InstructorService.ListAssignments", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let region = f.finish(region)?;
            let walk = self.walk(&claim, "ListAssignments", region);
            let size = page::size(m.page_size, USUAL_PAGE);
            let cursor = walk.after(&m.page_token)?.unwrap_or_default();
            let limit = i64::from(size) + 1;
            let found = practitioners::assignments(&self.0, &claim, region, &cursor, limit).await?;
            let (found, next_page_token) = walk.cut(found, size, |row| row.id.to_string());
            let told = found.into_iter().map(|row| assignment_message(region, row));
            Ok(wire::ListAssignmentsResponse {
                assignments: told.collect(),
                next_page_token,
            })
        })
        .await
    }
}

fn read_practitioner(f: &mut Fields, m: wire::Practitioner) -> Option<NewPractitioner> {
    let display_name = f.text("practitioner.display_name", &m.display_name, LONGEST_NAME);
    let kind = f.word::<LicenceKind>("practitioner.licence_kind", m.licence_kind);
    let field = "practitioner.licence_number";
    let licence = kind.and_then(|kind| match kind {
        LicenceKind::Physician => f
            .identifier(field, &m.licence_number, PhysicianLicenceNo::parse)
            .map(Licence::Physician),
        LicenceKind::Nurse => f
            .identifier(field, &m.licence_number, NurseLicenceNo::parse)
            .map(Licence::Nurse),
    });
    let fields = f
        .bounded("practitioner.fields", &m.fields, MOST_FIELDS)
        .unwrap_or_default();
    if fields.is_empty() {
        f.refuse("practitioner.fields", Reason::FieldRequired);
    }
    let known: BTreeSet<Expertise> = fields.iter().filter_map(|w| Expertise::parse(w)).collect();
    for (at, word) in fields.iter().enumerate() {
        if Expertise::parse(word).is_none() {
            f.refuse(format!("practitioner.fields[{at}]"), Reason::FieldMalformed);
        }
    }
    Some(NewPractitioner {
        display_name: Zeroizing::new(display_name?),
        licence: licence?,
        fields: known,
    })
}

fn read_assignment(
    f: &mut Fields,
    region: Option<RegionCode>,
    m: wire::Assignment,
) -> Option<NewAssignment> {
    let practitioner = f.name_in("assignment.practitioner", &m.practitioner, region);
    let agreement = f.name_in("assignment.agreement", &m.agreement, region);
    let days = f.period(
        ("assignment.first_day", &m.first_day),
        ("assignment.last_day", &m.last_day),
    );
    let shifts = f
        .bounded("assignment.shifts", &m.shifts, MOST_SHIFTS)
        .unwrap_or_default();
    let shifts: Vec<Option<Shift>> = shifts
        .iter()
        .enumerate()
        .map(|(at, s)| {
            let shift = Shift::parse(s.weekday, &s.from, &s.until).ok();
            if shift.is_none() {
                f.refuse(format!("assignment.shifts[{at}]"), Reason::FieldMalformed);
            }
            shift
        })
        .collect();
    let (first_day, last_day) = days?;
    Some(NewAssignment {
        practitioner: practitioner?,
        agreement: agreement?,
        duty: Duty {
            first_day,
            last_day,
            shifts: shifts.into_iter().collect::<Option<Vec<_>>>()?,
            ended: None,
        },
    })
}

fn practitioner_message(region: RegionCode, named: NamedPractitioner) -> wire::Practitioner {
    let NamedPractitioner {
        row,
        display_name,
        licence_end,
    } = named;
    wire::Practitioner {
        name: name(region, row.id),
        employer: name(region, row.employer),
        display_name,
        licence_kind: row.licence_kind.number(),
        licence_number: licence_end,
        fields: row.fields.iter().map(|f| f.as_str().to_owned()).collect(),
    }
}

fn assignment_message(region: RegionCode, row: AssignmentRow) -> wire::Assignment {
    let shifts = row.duty.shifts.iter().map(|shift| {
        let (weekday, from, until) = shift.parts();
        wire::Shift {
            weekday,
            from,
            until,
        }
    });
    wire::Assignment {
        name: name(region, row.id),
        practitioner: name(region, row.practitioner),
        agreement: name(region, row.agreement),
        facility: name(region, row.facility),
        first_day: convert::day(row.duty.first_day),
        last_day: convert::day(row.duty.last_day),
        shifts: shifts.collect(),
        ended: row.duty.ended.is_some(),
    }
}
