//! ConsentService: a guardian's grant, its end, and what it opens.

use tonic::{Request, Response, Status};

use super::{
    alert::key_state,
    caller,
    convert::{self, Fields, WireWord, name},
    page::{self, Walk},
    status::answer,
    wire::{self, consent_service_server::ConsentService},
};
use crate::{
    domain::{
        child::Child,
        consent::{Consent, ConsentState},
        guardianship::Guardianship,
        organization::Organization,
        region::RegionCode,
    },
    service::{
        Error, Gateway,
        caller::Claim,
        consents::{self, Evidence, Wish},
        explain, guardian_codes,
    },
    store::consents::ConsentRow,
};

const USUAL_PAGE: u32 = 50;
const MOST_SOURCES: usize = 64;
const LONGEST_VERSION: usize = 32;
const LONGEST_DOCUMENT: usize = 100;

/// The service.
pub struct Consents(pub Gateway);

impl Consents {
    fn open<T>(&self, request: Request<T>) -> Result<(Claim, T), Error> {
        caller::open(request, self.0.store().clock().now())
    }
}

#[tonic::async_trait]
impl ConsentService for Consents {
    async fn issue_guardian_code(
        &self,
        request: Request<wire::IssueGuardianCodeRequest>,
    ) -> Result<Response<wire::IssueGuardianCodeResponse>, Status> {
        answer("ConsentService.IssueGuardianCode", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let guardianship = f.name::<Guardianship>("guardianship", &m.guardianship);
            let usage = f.word("use", m.r#use);
            let ((region, guardianship), usage) = f.finish((|| Some((guardianship?, usage?)))())?;
            let code = guardian_codes::issue(&self.0, &claim, region, guardianship, usage).await?;
            Ok(wire::IssueGuardianCodeResponse {
                code: code.text.to_string(),
                expire_time: convert::time(code.expires),
            })
        })
        .await
    }

    async fn grant_consent(
        &self,
        request: Request<wire::GrantConsentRequest>,
    ) -> Result<Response<wire::Consent>, Status> {
        answer("ConsentService.GrantConsent", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let consent = f.message("consent", m.consent);
            let grant = consent.and_then(|consent| {
                let guardianship =
                    f.optional_name_in("consent.guardianship", &consent.guardianship, region);
                let grant = read_grant(&mut f, region, consent);
                Some((guardianship?, grant?))
            });
            let evidence = evidence(&mut f, m.evidence);
            let (region, (guardianship, grant), evidence) =
                f.finish((|| Some((region?, grant?, evidence?)))())?;
            let row =
                consents::grant(&self.0, &claim, region, guardianship, grant, evidence).await?;
            Ok(message(region, row, false))
        })
        .await
    }

    async fn withdraw_consent(
        &self,
        request: Request<wire::WithdrawConsentRequest>,
    ) -> Result<Response<wire::Consent>, Status> {
        answer("ConsentService.WithdrawConsent", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let consent = f.name::<Consent>("name", &m.name);
            let evidence = evidence(&mut f, m.evidence);
            let ((region, consent), evidence) = f.finish((|| Some((consent?, evidence?)))())?;
            let row = consents::withdraw(&self.0, &claim, region, consent, evidence).await?;
            Ok(message(region, row, false))
        })
        .await
    }

    async fn get_consent(
        &self,
        request: Request<wire::GetConsentRequest>,
    ) -> Result<Response<wire::Consent>, Status> {
        answer("ConsentService.GetConsent", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let consent = f.name::<Consent>("name", &m.name);
            let (region, consent) = f.finish(consent)?;
            let (row, expired) = consents::get(&self.0, &claim, region, consent).await?;
            Ok(message(region, row, expired))
        })
        .await
    }

    async fn list_consents(
        &self,
        request: Request<wire::ListConsentsRequest>,
    ) -> Result<Response<wire::ListConsentsResponse>, Status> {
        answer("ConsentService.ListConsents", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let region = f.parent("parent", &m.parent);
            let region = f.finish(region)?;
            let index = self.0.keyring().index();
            let filter = region.to_string();
            let walk = Walk::new(index, claim.organization, "ListConsents", filter);
            let size = page::size(m.page_size, USUAL_PAGE);
            let cursor = walk.after(&m.page_token)?.unwrap_or_default();
            let limit = i64::from(size) + 1;
            let found = consents::list(&self.0, &claim, region, &cursor, limit).await?;
            let (found, next_page_token) = walk.cut(found, size, |(row, _)| row.id.to_string());
            let told = found
                .into_iter()
                .map(|(row, expired)| message(region, row, expired));
            Ok(wire::ListConsentsResponse {
                consents: told.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn explain(
        &self,
        request: Request<wire::ExplainRequest>,
    ) -> Result<Response<wire::ExplainResponse>, Status> {
        answer("ConsentService.Explain", async {
            let (claim, m) = self.open(request)?;
            let mut f = Fields::default();
            let child = f.name::<Child>("child", &m.child);
            let region = child.map(|(region, _)| region);
            let facility = f.optional_name_in::<Organization>("facility", &m.facility, region);
            let purpose = f.optional_word("purpose", m.purpose);
            let ((region, child), facility, purpose) =
                f.finish((|| Some((child?, facility?, purpose?)))())?;
            let told = explain::explain(&self.0, &claim, region, child, facility, purpose).await?;
            Ok(wire::ExplainResponse {
                permitted: told.permitted,
                basis_zh: told.basis.law_zh.to_owned(),
                keys: told.keys.into_iter().map(key_state).collect(),
                categories: told.categories.into_iter().map(WireWord::number).collect(),
            })
        })
        .await
    }
}

fn evidence(f: &mut Fields, message: Option<wire::Evidence>) -> Option<Evidence> {
    let kind = f.message("evidence", message.and_then(|m| m.kind))?;
    match kind {
        wire::evidence::Kind::GuardianCode(text) => f
            .guardian_code("evidence.guardian_code", &text)
            .map(Evidence::Code),
        wire::evidence::Kind::Document(text) => f
            .text("evidence.document", &text, LONGEST_DOCUMENT)
            .map(Evidence::Document),
    }
}

fn read_grant(f: &mut Fields, region: Option<RegionCode>, m: wire::Consent) -> Option<Wish> {
    let child = f.name_in("consent.child", &m.child, region);
    let recipient = f.name_in("consent.recipient", &m.recipient, region);
    let sources = f.names_in("consent.sources", &m.sources, region, MOST_SOURCES);
    let purposes = f.words("consent.purposes", &m.purposes);
    let categories = f.words("consent.categories", &m.categories);
    let mode = f.word("consent.mode", m.mode);
    let data_from = f.optional_day("consent.data_from", &m.data_from);
    let data_until = f.optional_day("consent.data_until", &m.data_until);
    let first_day = f.optional_day("consent.first_day", &m.first_day);
    let last_day = f.day("consent.last_day", &m.last_day);
    let notice_version = f.text("consent.notice_version", &m.notice_version, LONGEST_VERSION);
    Some(Wish {
        child: child?,
        recipient: recipient?,
        sources: sources?,
        purposes: purposes?,
        categories: categories?,
        mode: mode?,
        data_from: data_from?,
        data_until: data_until?,
        first_day: first_day?,
        last_day: last_day?,
        notice_version: notice_version?,
    })
}

fn message(region: RegionCode, row: ConsentRow, expired: bool) -> wire::Consent {
    let grant = row.grant;
    let state = match row.state {
        ConsentState::Granted if expired => wire::ConsentState::Expired,
        ConsentState::Granted => wire::ConsentState::Granted,
        ConsentState::Withdrawn { .. } => wire::ConsentState::Withdrawn,
        ConsentState::Superseded { .. } => wire::ConsentState::Superseded,
    };
    wire::Consent {
        name: name(region, row.id),
        child: name(region, grant.child),
        guardianship: name(region, row.guardianship),
        recipient: name(region, grant.recipient),
        sources: grant.sources.into_iter().map(|s| name(region, s)).collect(),
        purposes: grant.purposes.into_iter().map(WireWord::number).collect(),
        categories: grant.categories.into_iter().map(WireWord::number).collect(),
        mode: grant.mode.number(),
        data_from: convert::maybe_day(grant.data_from),
        data_until: convert::maybe_day(grant.data_until),
        first_day: convert::day(grant.first_day),
        last_day: convert::day(grant.last_day),
        notice_version: grant.notice_version,
        recorded_by: name(region, row.recorded_by),
        state: state.into(),
        withdrawal_evidence: row.end_evidence.unwrap_or_default(),
    }
}
