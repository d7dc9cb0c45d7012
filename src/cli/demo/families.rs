//! Children, their guardians, their enrolment and what the guardians allow.

use chrono::{Days, NaiveDate};

use super::county::{Child, County};
use super::parties::{Member, region};
use super::stage::failed;
use crate::cli::error::CliError;
use crate::rpc::wire::{
    CareKind, Category, Child as Registered, Consent, ConsentMode, EnrolChildRequest, Enrolment,
    Evidence, GrantConsentRequest, GuardianCodeUse, Guardianship, IssueGuardianCodeRequest,
    IssueGuardianCodeResponse, Purpose, RecordGuardianshipRequest, RegisterChildRequest, evidence,
};

/// What a facility needs to know of a child, and no more.
pub const CATEGORIES: [Category; 10] = [
    Category::Growth,
    Category::Nutrition,
    Category::Hearing,
    Category::Vision,
    Category::Allergy,
    Category::Condition,
    Category::OralHealth,
    Category::Infectious,
    Category::EntryCheck,
    Category::CheckUpDue,
];

/// What for.
pub const PURPOSES: [Purpose; 2] = [Purpose::DailyCare, Purpose::UrgentSafety];

/// A child the gateway knows.
#[derive(Clone, Debug)]
pub struct Known {
    /// Place in the county's children.
    pub nth: usize,
    /// `regions/{region}/children/{id}`.
    pub child: String,
    /// `regions/{region}/guardianships/{id}`.
    pub guardianship: String,
}

/// An institution registers children and records their guardianship, with the evidence it saw.
///
/// # Errors
/// Where one is refused.
pub async fn register(
    institution: &Member,
    county: &County,
    children: &[usize],
) -> Result<Vec<Known>, CliError> {
    let of = |nth: &usize| &county.children[*nth];
    let requests: Vec<_> = children.iter().map(|nth| registration(of(nth))).collect();
    let by = &institution.responsible;
    let registered: Vec<Registered> = by
        .call_all("RosterService.RegisterChild", &requests)
        .await?;
    let requests: Vec<_> = children
        .iter()
        .zip(&registered)
        .map(|(nth, child)| RecordGuardianshipRequest {
            parent: region(),
            guardianship: Some(Guardianship {
                child: child.name.clone(),
                ..of(nth).guardianship.clone()
            }),
        })
        .collect();
    let guardianships: Vec<Guardianship> = by
        .call_all("RosterService.RecordGuardianship", &requests)
        .await?;
    let known = children.iter().zip(registered).zip(guardianships);
    Ok(known
        .map(|((nth, child), guardianship)| Known {
            nth: *nth,
            child: child.name,
            guardianship: guardianship.name,
        })
        .collect())
}

fn registration(child: &Child) -> RegisterChildRequest {
    RegisterChildRequest {
        parent: region(),
        child: Some(child.registration.clone()),
    }
}

/// A facility registers its children by their numbers (they keep their ids) and enrols them.
///
/// # Errors
/// Where one is refused, or a number leads to another child.
pub async fn enrol(
    facility: &Member,
    county: &County,
    known: &[&Known],
    first_day: NaiveDate,
) -> Result<Vec<Enrolment>, CliError> {
    let requests: Vec<_> = known
        .iter()
        .map(|known| registration(&county.children[known.nth]))
        .collect();
    let by = &facility.worker;
    let found: Vec<Registered> = by
        .call_all("RosterService.RegisterChild", &requests)
        .await?;
    if found
        .iter()
        .zip(known)
        .any(|(found, known)| found.name != known.child)
    {
        return Err(failed(
            "a child is matched by its numbers",
            "it was given another id",
        ));
    }
    let requests: Vec<_> = known
        .iter()
        .map(|known| EnrolChildRequest {
            child: known.child.clone(),
            care: CareKind::FullDay.into(),
            first_day: first_day.to_string(),
        })
        .collect();
    by.call_all("RosterService.EnrolChild", &requests).await
}

/// An institution hands guardians one-time codes in person.
///
/// # Errors
/// Where one is refused.
pub async fn codes(
    institution: &Member,
    known: &[&Known],
    r#use: GuardianCodeUse,
) -> Result<Vec<String>, CliError> {
    let requests: Vec<_> = known
        .iter()
        .map(|known| IssueGuardianCodeRequest {
            guardianship: known.guardianship.clone(),
            r#use: r#use.into(),
        })
        .collect();
    let codes: Vec<IssueGuardianCodeResponse> = institution
        .responsible
        .call_all("ConsentService.IssueGuardianCode", &requests)
        .await?;
    Ok(codes.into_iter().map(|answer| answer.code).collect())
}

/// Guardians consent by their codes, over the facility's connection.
///
/// # Errors
/// Where one is refused.
pub async fn consent(
    facility: &Member,
    institution: &Member,
    known: &[&Known],
    today: NaiveDate,
) -> Result<Vec<Consent>, CliError> {
    let codes = codes(institution, known, GuardianCodeUse::Decide).await?;
    let requests: Vec<_> = known
        .iter()
        .zip(codes)
        .map(|(known, code)| GrantConsentRequest {
            parent: region(),
            consent: Some(Consent {
                child: known.child.clone(),
                guardianship: known.guardianship.clone(),
                recipient: facility.name.clone(),
                purposes: PURPOSES.map(i32::from).to_vec(),
                categories: CATEGORIES.map(i32::from).to_vec(),
                mode: ConsentMode::AlertsOnly.into(),
                last_day: (today + Days::new(364)).to_string(),
                notice_version: "示例-1".into(),
                ..Consent::default()
            }),
            evidence: Some(by_code(code)),
        })
        .collect();
    facility
        .worker
        .call_all("ConsentService.GrantConsent", &requests)
        .await
}

/// A guardian's will, by a one-time code.
#[must_use]
pub fn by_code(code: String) -> Evidence {
    Evidence {
        kind: Some(evidence::Kind::GuardianCode(code)),
    }
}
