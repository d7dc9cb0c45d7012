//! AgreementService: the lifecycle of an agreement.

use tonic::{Request, Response, Status};

use super::{
    caller,
    convert::{self, Fields, WireWord, name},
    page::{self, Walk},
    status::answer,
    wire::{self, agreement_service_server::AgreementService},
};
use crate::{
    domain::agreement::{Agreement, DataClause, Service, ServiceClause, Terms},
    domain::region::RegionCode,
    service::{
        Error, Gateway, Reason,
        agreements::{self, Shown, Which},
        caller::Claim,
    },
};

const USUAL_PAGE: u32 = 50;
const LONGEST_REASON: usize = 500;
const LONGEST_NUMBER: usize = 64;
const MOST_SERVICES: usize = 32;

/// The service.
pub struct Agreements(pub Gateway);

impl Agreements {
    fn open<T>(&self, request: Request<T>) -> Result<(Claim, T), Error> {
        caller::open(request, self.0.store().clock().now())
    }
}

#[tonic::async_trait]
impl AgreementService for Agreements {
    async fn create_agreement(
        &self,
        request: Request<wire::CreateAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.CreateAgreement", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let agreement = f.message("agreement", m.agreement);
            let terms = agreement.and_then(|agreement| read_terms(&mut f, region, agreement));
            let (region, terms) = f.finish((|| Some((region?, terms?)))())?;
            let shown = agreements::create(&self.0, &claim, region, terms).await?;
            Ok(message(region, shown))
        })
        .await
    }

    async fn propose_agreement(
        &self,
        request: Request<wire::ProposeAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.ProposeAgreement", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let which = which(&mut f, &m.name, &m.etag);
            let which = f.finish(which)?;
            let shown = agreements::propose(&self.0, &claim, which).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn preview_agreement(
        &self,
        request: Request<wire::PreviewAgreementRequest>,
    ) -> Result<Response<wire::PreviewAgreementResponse>, Status> {
        answer("AgreementService.PreviewAgreement", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let which = which(&mut f, &m.name, "");
            let which = f.finish(which)?;
            let canonical = agreements::preview(&self.0, &claim, which)
                .await?
                .into_bytes();
            Ok(wire::PreviewAgreementResponse { canonical })
        })
        .await
    }

    async fn sign_agreement(
        &self,
        request: Request<wire::SignAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.SignAgreement", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let which = which(&mut f, &m.name, "");
            let key_id = f.text("key_id", &m.key_id, LONGEST_NUMBER);
            let (which, key_id) = f.finish((|| Some((which?, key_id?)))())?;
            let shown = agreements::sign(&self.0, &claim, which, &key_id, m.signature).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn decline_agreement(
        &self,
        request: Request<wire::DeclineAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.DeclineAgreement", async {
            let (claim, m) = self.open(request)?;
            let (which, reason) = with_reason(&m.name, "", &m.reason)?;
            let shown = agreements::decline(&self.0, &claim, which, reason).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn file_agreement(
        &self,
        request: Request<wire::FileAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.FileAgreement", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let which = which(&mut f, &m.name, &m.etag);
            let number = f.text("filing_number", &m.filing_number, LONGEST_NUMBER);
            let (which, number) = f.finish((|| Some((which?, number?)))())?;
            let shown = agreements::file(&self.0, &claim, which, number).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn suspend_agreement(
        &self,
        request: Request<wire::SuspendAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.SuspendAgreement", async {
            let (claim, m) = self.open(request)?;
            let (which, reason) = with_reason(&m.name, &m.etag, &m.reason)?;
            let shown = agreements::suspend(&self.0, &claim, which, reason).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn resume_agreement(
        &self,
        request: Request<wire::ResumeAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.ResumeAgreement", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let which = which(&mut f, &m.name, &m.etag);
            let which = f.finish(which)?;
            let shown = agreements::resume(&self.0, &claim, which).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn terminate_agreement(
        &self,
        request: Request<wire::TerminateAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.TerminateAgreement", async {
            let (claim, m) = self.open(request)?;
            let (which, reason) = with_reason(&m.name, &m.etag, &m.reason)?;
            let shown = agreements::terminate(&self.0, &claim, which, reason).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn get_agreement(
        &self,
        request: Request<wire::GetAgreementRequest>,
    ) -> Result<Response<wire::Agreement>, Status> {
        answer("AgreementService.GetAgreement", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let which = which(&mut f, &m.name, "");
            let which = f.finish(which)?;
            let shown = agreements::get(&self.0, &claim, which).await?;
            Ok(message(which.region, shown))
        })
        .await
    }

    async fn list_agreements(
        &self,
        request: Request<wire::ListAgreementsRequest>,
    ) -> Result<Response<wire::ListAgreementsResponse>, Status> {
        answer("AgreementService.ListAgreements", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let region = f.finish(region)?;
            let index = self.0.keyring().index();
            let filter = region.to_string();
            let walk = Walk::new(index, claim.organization, "ListAgreements", filter);
            let size = page::size(m.page_size, USUAL_PAGE);
            let cursor = walk.after(&m.page_token)?.unwrap_or_default();
            let limit = i64::from(size) + 1;
            let found = agreements::list(&self.0, &claim, region, &cursor, limit).await?;
            let (found, next_page_token) = walk.cut(found, size, |s| s.row.id.to_string());
            Ok(wire::ListAgreementsResponse {
                agreements: found.into_iter().map(|s| message(region, s)).collect(),
                next_page_token,
            })
        })
        .await
    }
}

fn which(f: &mut Fields, name: &str, etag: &str) -> Option<Which> {
    let named = f.name::<Agreement>("name", name);
    let seen = f.etag("etag", etag);
    let ((region, id), seen) = (named?, seen?);
    Some(Which { region, id, seen })
}

fn with_reason(name: &str, etag: &str, reason: &str) -> Result<(Which, String), Error> {
    let mut f = Fields::default();
    let which = which(&mut f, name, etag);
    let reason = f.text("reason", reason, LONGEST_REASON);
    f.finish((|| Some((which?, reason?)))())
}

fn read_terms(f: &mut Fields, region: Option<RegionCode>, m: wire::Agreement) -> Option<Terms> {
    let institution = f.name_in(
        "agreement.medical_institution",
        &m.medical_institution,
        region,
    );
    let facility = f.name_in("agreement.facility", &m.facility, region);
    let mode = f.word("agreement.mode", m.mode);
    let first_day = f.day("agreement.first_day", &m.first_day);
    let last_day = f.day("agreement.last_day", &m.last_day);
    let services = f.bounded("agreement.services", &m.services, MOST_SERVICES);
    let services: Vec<Option<ServiceClause>> = services
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(at, clause)| read_service(f, at, clause))
        .collect();
    let data = f.message("agreement.data_clause", m.data_clause);
    let data = data.and_then(|data| {
        let field = |part: &str| format!("agreement.data_clause.{part}");
        let categories = f.words(&field("categories"), &data.categories);
        let purposes = f.words(&field("purposes"), &data.purposes);
        let further = f.names_in(&field("further_sources"), &data.further_sources, region, 64);
        Some(DataClause {
            categories: categories?,
            purposes: purposes?,
            further_sources: further?,
        })
    });
    Some(Terms {
        institution: institution?,
        facility: facility?,
        mode: mode?,
        first_day: first_day?,
        last_day: last_day?,
        services: services.into_iter().collect::<Option<Vec<_>>>()?,
        data: data?,
    })
}

fn read_service(f: &mut Fields, at: usize, m: &wire::ServiceClause) -> Option<ServiceClause> {
    let service = Service::parse(&m.service);
    if service.is_none() {
        f.refuse(
            format!("agreement.services[{at}].service"),
            Reason::FieldMalformed,
        );
    }
    Some(ServiceClause {
        service: service?,
        times_per_year: m.times_per_year,
        price_fen: m.price_fen,
    })
}

fn message(region: RegionCode, shown: Shown) -> wire::Agreement {
    let Shown {
        row,
        signatures,
        in_force,
    } = shown;
    let state = match row.state.code() {
        "DRAFT" => wire::AgreementState::Draft,
        "PROPOSED" => wire::AgreementState::Proposed,
        "SIGNED" => wire::AgreementState::Signed,
        "FILED" => wire::AgreementState::Filed,
        "SUSPENDED" => wire::AgreementState::Suspended,
        "TERMINATED" => wire::AgreementState::Terminated,
        _ => wire::AgreementState::Declined,
    };
    let signatures = signatures.into_iter().map(|s| wire::AgreementSignature {
        organization: name(region, s.organization),
        key_id: s.key_id,
        sign_time: convert::time(s.signed),
    });
    let services = row.terms.services.iter().map(|s| wire::ServiceClause {
        service: s.service.as_str().to_owned(),
        times_per_year: s.times_per_year,
        price_fen: s.price_fen,
    });
    let data = &row.terms.data;
    wire::Agreement {
        name: name(region, row.id),
        medical_institution: name(region, row.terms.institution),
        facility: name(region, row.terms.facility),
        mode: row.terms.mode.number(),
        first_day: convert::day(row.terms.first_day),
        last_day: convert::day(row.terms.last_day),
        services: services.collect(),
        data_clause: Some(wire::DataClause {
            categories: data.categories.iter().map(|c| c.number()).collect(),
            purposes: data.purposes.iter().map(|p| p.number()).collect(),
            further_sources: data
                .further_sources
                .iter()
                .map(|s| name(region, *s))
                .collect(),
        }),
        state: state.into(),
        signatures: signatures.collect(),
        filing_number: row
            .state
            .filing()
            .map(|f| f.number.clone())
            .unwrap_or_default(),
        in_force,
        reason: row
            .state
            .ending()
            .map(|e| e.reason.clone())
            .unwrap_or_default(),
        etag: convert::etag(row.revision),
    }
}
