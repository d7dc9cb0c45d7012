//! RosterService: children, guardianship, enrolment, absences and leave.

mod absence;

use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{
    caller,
    convert::{self, Fields, WireWord, name},
    exchange::read_identifier,
    page::{self, Walk},
    status::answer,
    wire::{self, roster_service_server::RosterService},
};
use crate::{
    domain::{
        child::Child,
        enrolment::Enrolment,
        guardianship::{Guardianship, GuardianshipEvidence},
        identifier::{ChildIdentifier, Phone, ResidentId},
        region::RegionCode,
    },
    service::{
        Error, Gateway, Reason,
        caller::Claim,
        children::{self, Registered, Registration},
        consents::Evidence,
        enrolments::{self, Placement},
        erasures,
        guardianships::{self, NewGuardianship, Turn},
    },
    store::{enrolments::EnrolmentRow, guardianships::GuardianshipRow},
};

const USUAL_PAGE: u32 = 50;
const LONGEST_NAME: usize = 50;
const LONGEST_REASON: usize = 500;
const MOST_IDENTIFIERS: usize = 8;
/// Gestation a child can be born after, in days: 22 to 44 weeks.
const GESTATION_DAYS: std::ops::RangeInclusive<u32> = 154..=308;

/// The service.
pub struct Roster(pub Gateway);

impl Roster {
    fn open<T>(&self, request: Request<T>) -> Result<(Claim, T), Error> {
        caller::open(request, self.0.store().clock().now())
    }

    async fn turn(
        &self,
        claim: Claim,
        text: (&str, &str),
        turn: Turn,
    ) -> Result<wire::Guardianship, Error> {
        let mut f = Fields::default();
        let guardianship = f.name::<Guardianship>("name", text.0);
        let reason = f.text("reason", text.1, LONGEST_REASON);
        let ((region, id), why) =
            f.finish((|| Some((guardianship?, reason.map(Zeroizing::new)?)))())?;
        let row = guardianships::turn(&self.0, &claim, region, id, turn, &why).await?;
        Ok(guardianship_message(region, row))
    }
}

#[tonic::async_trait]
impl RosterService for Roster {
    async fn register_child(
        &self,
        request: Request<wire::RegisterChildRequest>,
    ) -> Result<Response<wire::Child>, Status> {
        answer("RosterService.RegisterChild", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let child = f.message("child", m.child);
            let registration = child.and_then(|child| read_registration(&mut f, child));
            let (region, registration) = f.finish((|| Some((region?, registration?)))())?;
            let registered = children::register(&self.0, &claim, region, registration).await?;
            Ok(child_message(region, registered))
        })
        .await
    }

    async fn add_identifier(
        &self,
        request: Request<wire::AddIdentifierRequest>,
    ) -> Result<Response<wire::Child>, Status> {
        answer("RosterService.AddIdentifier", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let child = f.name::<Child>("child", &m.child);
            let known = f.message("known", m.known);
            let known = known.and_then(|i| read_identifier(&mut f, "known", &i));
            let new = f.message("identifier", m.identifier);
            let new = new.and_then(|i| read_identifier(&mut f, "identifier", &i));
            let ((region, child), known, new) = f.finish((|| Some((child?, known?, new?)))())?;
            let registered =
                children::add_identifier(&self.0, &claim, region, child, &known, &new).await?;
            Ok(child_message(region, registered))
        })
        .await
    }

    async fn record_guardianship(
        &self,
        request: Request<wire::RecordGuardianshipRequest>,
    ) -> Result<Response<wire::Guardianship>, Status> {
        answer("RosterService.RecordGuardianship", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let guardianship = f.message("guardianship", m.guardianship);
            let new = guardianship.and_then(|g| read_guardianship(&mut f, region, g));
            let (region, new) = f.finish((|| Some((region?, new?)))())?;
            let row = guardianships::record(&self.0, &claim, region, new).await?;
            Ok(guardianship_message(region, row))
        })
        .await
    }

    async fn end_guardianship(
        &self,
        request: Request<wire::EndGuardianshipRequest>,
    ) -> Result<Response<wire::Guardianship>, Status> {
        answer("RosterService.EndGuardianship", async {
            let (claim, m) = self.open(request)?;
            self.turn(claim, (&m.name, &m.reason), Turn::End).await
        })
        .await
    }

    async fn dispute_guardianship(
        &self,
        request: Request<wire::DisputeGuardianshipRequest>,
    ) -> Result<Response<wire::Guardianship>, Status> {
        answer("RosterService.DisputeGuardianship", async {
            let (claim, m) = self.open(request)?;
            self.turn(claim, (&m.name, &m.reason), Turn::Dispute).await
        })
        .await
    }

    async fn settle_guardianship(
        &self,
        request: Request<wire::SettleGuardianshipRequest>,
    ) -> Result<Response<wire::Guardianship>, Status> {
        answer("RosterService.SettleGuardianship", async {
            let (claim, m) = self.open(request)?;
            self.turn(claim, (&m.name, &m.reason), Turn::Settle).await
        })
        .await
    }

    async fn list_guardianships(
        &self,
        request: Request<wire::ListGuardianshipsRequest>,
    ) -> Result<Response<wire::ListGuardianshipsResponse>, Status> {
        answer("RosterService.ListGuardianships", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let child = f.name::<Child>("child", &m.child);
            let (region, child) = f.finish(child)?;
            let rows = guardianships::list(&self.0, &claim, region, child).await?;
            let told = rows
                .into_iter()
                .map(|row| guardianship_message(region, row));
            Ok(wire::ListGuardianshipsResponse {
                guardianships: told.collect(),
            })
        })
        .await
    }

    async fn expect_child(
        &self,
        request: Request<wire::ExpectChildRequest>,
    ) -> Result<Response<wire::Enrolment>, Status> {
        answer("RosterService.ExpectChild", async {
            let (claim, m) = self.open(request)?;
            let (region, placement) = read_placement(&m.child, m.care, &m.first_day)?;
            let row = enrolments::expect(&self.0, &claim, region, placement).await?;
            Ok(enrolment_message(region, row))
        })
        .await
    }

    async fn enrol_child(
        &self,
        request: Request<wire::EnrolChildRequest>,
    ) -> Result<Response<wire::Enrolment>, Status> {
        answer("RosterService.EnrolChild", async {
            let (claim, m) = self.open(request)?;
            let (region, placement) = read_placement(&m.child, m.care, &m.first_day)?;
            let row = enrolments::enrol(&self.0, &claim, region, placement).await?;
            Ok(enrolment_message(region, row))
        })
        .await
    }

    async fn leave_child(
        &self,
        request: Request<wire::LeaveChildRequest>,
    ) -> Result<Response<wire::Enrolment>, Status> {
        answer("RosterService.LeaveChild", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let enrolment = f.name::<Enrolment>("name", &m.name);
            let last_day = f.day("last_day", &m.last_day);
            let ((region, enrolment), last_day) = f.finish((|| Some((enrolment?, last_day?)))())?;
            let row = enrolments::leave(&self.0, &claim, region, enrolment, last_day).await?;
            Ok(enrolment_message(region, row))
        })
        .await
    }

    async fn erase_child(
        &self,
        request: Request<wire::EraseChildRequest>,
    ) -> Result<Response<wire::EraseChildResponse>, Status> {
        answer("RosterService.EraseChild", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let child = f.name::<Child>("child", &m.child);
            let evidence = f.message("evidence", m.evidence);
            let evidence = evidence.and_then(|evidence| read_evidence(&mut f, evidence));
            let ((region, child), evidence) = f.finish((|| Some((child?, evidence?)))())?;
            let erased = erasures::erase(&self.0, &claim, region, child, evidence).await?;
            Ok(wire::EraseChildResponse {
                erase_time: convert::time(erased),
            })
        })
        .await
    }

    async fn list_enrolments(
        &self,
        request: Request<wire::ListEnrolmentsRequest>,
    ) -> Result<Response<wire::ListEnrolmentsResponse>, Status> {
        answer("RosterService.ListEnrolments", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let region = f.finish(region)?;
            let index = self.0.keyring().index();
            let filter = region.to_string();
            let walk = Walk::new(index, claim.organization, "ListEnrolments", filter);
            let size = page::size(m.page_size, USUAL_PAGE);
            let cursor = walk.after(&m.page_token)?.unwrap_or_default();
            let limit = i64::from(size) + 1;
            let found = enrolments::list(&self.0, &claim, region, &cursor, limit).await?;
            let (found, next_page_token) = walk.cut(found, size, |row| row.id.to_string());
            let told = found.into_iter().map(|row| enrolment_message(region, row));
            Ok(wire::ListEnrolmentsResponse {
                enrolments: told.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn record_absence(
        &self,
        request: Request<wire::RecordAbsenceRequest>,
    ) -> Result<Response<wire::Absence>, Status> {
        answer(
            "RosterService.RecordAbsence",
            absence::record(self, request),
        )
        .await
    }

    async fn end_absence(
        &self,
        request: Request<wire::EndAbsenceRequest>,
    ) -> Result<Response<wire::Absence>, Status> {
        answer("RosterService.EndAbsence", absence::end(self, request)).await
    }

    async fn delete_absence(
        &self,
        request: Request<wire::DeleteAbsenceRequest>,
    ) -> Result<Response<wire::DeleteAbsenceResponse>, Status> {
        answer(
            "RosterService.DeleteAbsence",
            absence::delete(self, request),
        )
        .await
    }

    async fn list_absences(
        &self,
        request: Request<wire::ListAbsencesRequest>,
    ) -> Result<Response<wire::ListAbsencesResponse>, Status> {
        answer("RosterService.ListAbsences", absence::list(self, request)).await
    }
}

fn read_evidence(f: &mut Fields, m: wire::erase_child_request::Evidence) -> Option<Evidence> {
    use wire::erase_child_request::Evidence as Given;
    match m {
        Given::GuardianCode(code) => f.guardian_code("guardian_code", &code).map(Evidence::Code),
        Given::Document(text) => f
            .text("document", &text, LONGEST_REASON)
            .map(Evidence::Document),
    }
}

fn read_registration(f: &mut Fields, m: wire::Child) -> Option<Registration> {
    let display_name = f.text("child.display_name", &m.display_name, LONGEST_NAME);
    let sex = f.word("child.sex", m.sex);
    let birth_date = f.day("child.birth_date", &m.birth_date);
    let gestation = match m.gestation_days {
        0 => Some(None),
        days => f
            .number("child.gestation_days", days, GESTATION_DAYS)
            .map(Some),
    };
    if m.identifiers.is_empty() {
        f.refuse("child.identifiers", Reason::FieldRequired);
    }
    let identifiers = f.bounded("child.identifiers", &m.identifiers, MOST_IDENTIFIERS);
    let identifiers: Vec<Option<ChildIdentifier>> = identifiers
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(at, i)| {
            let field = format!("child.identifiers[{at}]");
            let read = read_identifier(f, &field, i)?;
            if let (Some(sex), Some(birth_date)) = (sex, birth_date)
                && !children::agrees(&read, sex, birth_date)
            {
                f.refuse(format!("{field}.value"), Reason::IdentityDisagrees);
            }
            Some(read)
        })
        .collect();
    Some(Registration {
        display_name: Zeroizing::new(display_name?),
        sex: sex?,
        birth_date: birth_date?,
        gestation_days: gestation?,
        identifiers: identifiers.into_iter().collect::<Option<Vec<_>>>()?,
    })
}

fn read_guardianship(
    f: &mut Fields,
    region: Option<RegionCode>,
    m: wire::Guardianship,
) -> Option<NewGuardianship> {
    let child = f.name_in("guardianship.child", &m.child, region);
    let display_name = f.text("guardianship.display_name", &m.display_name, LONGEST_NAME);
    let relation = f.word("guardianship.relation", m.relation);
    let resident_id = f.identifier(
        "guardianship.resident_id",
        &m.resident_id,
        ResidentId::parse,
    );
    let phone = f.identifier("guardianship.phone", &m.phone, Phone::parse);
    let evidence = GuardianshipEvidence::parse(&m.evidence);
    if evidence.is_none() {
        let reason = if m.evidence.is_empty() {
            Reason::FieldRequired
        } else {
            Reason::FieldMalformed
        };
        f.refuse("guardianship.evidence", reason);
    }
    let first_day = f.day("guardianship.first_day", &m.first_day);
    Some(NewGuardianship {
        child: child?,
        display_name: Zeroizing::new(display_name?),
        relation: relation?,
        resident_id: resident_id?,
        phone: phone?,
        evidence: evidence?,
        first_day: first_day?,
    })
}

fn read_placement(
    child: &str,
    care: i32,
    first_day: &str,
) -> Result<(RegionCode, Placement), Error> {
    let mut f = Fields::default();
    let child = f.name::<Child>("child", child);
    let care = f.word("care", care);
    let first_day = f.day("first_day", first_day);
    f.finish((|| {
        let (region, child) = child?;
        Some((
            region,
            Placement {
                child,
                care: care?,
                first_day: first_day?,
            },
        ))
    })())
}

fn child_message(region: RegionCode, child: Registered) -> wire::Child {
    wire::Child {
        name: name(region, child.id),
        sex: child.sex.number(),
        birth_date: convert::day(child.birth_date),
        gestation_days: child.gestation_days.unwrap_or(0),
        ..Default::default()
    }
}

fn guardianship_message(region: RegionCode, row: GuardianshipRow) -> wire::Guardianship {
    wire::Guardianship {
        name: name(region, row.id),
        child: name(region, row.child),
        relation: row.relation.number(),
        evidence: row.evidence.as_str().to_owned(),
        first_day: convert::day(row.first_day),
        ended: row.ended.is_some(),
        disputed: row.disputed.is_some(),
        ..Default::default()
    }
}

fn enrolment_message(region: RegionCode, row: EnrolmentRow) -> wire::Enrolment {
    use crate::domain::enrolment::EnrolmentState;
    let state = match row.state {
        EnrolmentState::Expected { .. } => wire::EnrolmentState::Expected,
        EnrolmentState::Active { .. } => wire::EnrolmentState::Active,
        EnrolmentState::Left { .. } => wire::EnrolmentState::Left,
    };
    wire::Enrolment {
        name: name(region, row.id),
        child: name(region, row.child),
        facility: name(region, row.facility),
        care: row.care.number(),
        state: state.into(),
        first_day: convert::day(row.state.first_day()),
        last_day: convert::maybe_day(row.state.last_day()),
    }
}
