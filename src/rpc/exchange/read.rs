//! A row of the wire becomes a row of the use case, or the list of everything wrong with it.

use crate::{
    domain::{
        checkup::{CheckUp, CheckUpParts, VisitKind},
        finding::{Finding, FindingStatus, RawValue},
        identifier::ChildIdentifier,
        sex::Sex,
    },
    rpc::{convert::Fields, wire},
    service::{
        Error, Gateway, Reason,
        caller::Claim,
        push::{Row, RowParts},
    },
};

const LONGEST_ID: usize = 64;
const LONGEST_KEY: usize = 128;
const MOST_IDENTIFIERS: usize = 8;
const MOST_FINDINGS: usize = crate::domain::checkup::MAX_FINDINGS;

/// Reads a row; every problem is told, not the first.
pub(super) fn row(
    gateway: &Gateway,
    claim: &Claim,
    message: wire::PushRequest,
) -> Result<Row, Error> {
    let mut f = Fields::default();
    let region = f.parent("parent", &message.parent);
    let key = f.text("idempotency_key", &message.idempotency_key, LONGEST_KEY);
    let check_up = f.message("check_up", message.check_up);
    let parts = check_up.and_then(|check_up| {
        let subject = f.message("check_up.subject", check_up.subject.clone());
        let subject = subject.and_then(|s| read_subject(&mut f, s));
        let source = claim.organization.to_string();
        let check_up = read_check_up(&mut f, source, check_up);
        let Subject {
            identifiers,
            birth_date,
            sex,
        } = subject?;
        Some((identifiers, birth_date, sex, check_up?))
    });
    let whole = (|| {
        let (identifiers, birth_date, sex, check_up) = parts?;
        let (region, key) = (region?, key?);
        let claim = claim.clone();
        Some(RowParts {
            claim,
            region,
            key,
            identifiers,
            birth_date,
            sex,
            check_up,
        })
    })();
    Ok(Row::new(gateway, f.finish(whole)?))
}

/// A check-up outside of any gateway, for who tries rules on a file. Personal.
pub struct Alone {
    /// Day of birth, if the row says it.
    pub birth_date: Option<chrono::NaiveDate>,
    /// Sex, if the row says it.
    pub sex: Option<Sex>,
    /// The check-up.
    pub check_up: CheckUp,
}

/// Reads a check-up that is pushed nowhere, as it would be read if it were.
///
/// # Errors
/// Every problem of the row.
pub fn alone(source: &str, mut message: wire::CheckUp) -> Result<Alone, Error> {
    let mut f = Fields::default();
    let subject = f.message("check_up.subject", message.subject.take());
    let subject = subject.and_then(|s| read_subject(&mut f, s));
    let check_up = read_check_up(&mut f, source.to_owned(), message);
    let whole = subject.zip(check_up).map(|(subject, check_up)| Alone {
        birth_date: subject.birth_date,
        sex: subject.sex,
        check_up,
    });
    f.finish(whole)
}

struct Subject {
    identifiers: Vec<ChildIdentifier>,
    birth_date: Option<chrono::NaiveDate>,
    sex: Option<Sex>,
}

fn read_subject(f: &mut Fields, subject: wire::Subject) -> Option<Subject> {
    const FIELD: &str = "check_up.subject";
    if subject.identifiers.is_empty() {
        f.refuse(format!("{FIELD}.identifiers"), Reason::FieldRequired);
    }
    let identifiers = f.bounded(
        &format!("{FIELD}.identifiers"),
        &subject.identifiers,
        MOST_IDENTIFIERS,
    );
    let identifiers = identifiers.unwrap_or_default().iter().enumerate();
    let identifiers: Vec<Option<ChildIdentifier>> = identifiers
        .map(|(at, i)| read_identifier(f, &format!("{FIELD}.identifiers[{at}]"), i))
        .collect();
    let birth_date = f.optional_day(&format!("{FIELD}.birth_date"), &subject.birth_date);
    let sex = f.optional_word(&format!("{FIELD}.sex"), subject.sex);
    Some(Subject {
        identifiers: identifiers.into_iter().collect::<Option<Vec<_>>>()?,
        birth_date: birth_date?,
        sex: sex?,
    })
}

/// Reads one identifier of a child.
pub(in crate::rpc) fn read_identifier(
    f: &mut Fields,
    field: &str,
    identifier: &wire::Identifier,
) -> Option<ChildIdentifier> {
    let kind = match wire::IdentifierKind::try_from(identifier.kind) {
        Ok(wire::IdentifierKind::BirthCertificate) => ChildIdentifier::BIRTH_CERTIFICATE,
        Ok(wire::IdentifierKind::ResidentId) => ChildIdentifier::RESIDENT_ID,
        Ok(wire::IdentifierKind::HealthFile) => ChildIdentifier::HEALTH_FILE,
        Ok(wire::IdentifierKind::Unspecified) => {
            f.refuse(format!("{field}.kind"), Reason::FieldRequired);
            return None;
        }
        Err(_) => {
            f.refuse(format!("{field}.kind"), Reason::FieldMalformed);
            return None;
        }
    };
    f.identifier(&format!("{field}.value"), &identifier.value, |value| {
        ChildIdentifier::parse(kind, value)
    })
}

fn read_check_up(f: &mut Fields, source: String, message: wire::CheckUp) -> Option<CheckUp> {
    let record_id = f.text("check_up.record_id", &message.record_id, LONGEST_ID);
    let revision = f.number(
        "check_up.revision",
        message.revision,
        1..=u32::from(u16::MAX),
    );
    let status = f.word("check_up.status", message.status);
    let date = f.day("check_up.date", &message.date);
    let visit = VisitKind::parse(&message.visit);
    if visit.is_none() {
        let reason = if message.visit.is_empty() {
            Reason::FieldRequired
        } else {
            Reason::FieldMalformed
        };
        f.refuse("check_up.visit", reason);
    }
    let findings = f.bounded("check_up.findings", &message.findings, MOST_FINDINGS);
    let findings = findings.unwrap_or_default().iter().enumerate();
    let findings: Vec<Option<Finding>> = findings.map(|(at, x)| read_finding(f, at, x)).collect();
    let parts = CheckUpParts {
        source,
        record_id: record_id?,
        revision: revision?,
        status: status?,
        date: date?,
        visit: visit?,
        findings: findings.into_iter().collect::<Option<Vec<_>>>()?,
    };
    match CheckUp::new(parts, None, None) {
        Ok(check_up) => Some(check_up),
        Err(wrong) => {
            let field = format!("check_up.{}", wrong.field);
            f.refuse_as(field, wrong.reason.as_str(), wrong.reason.message_zh());
            None
        }
    }
}

fn read_finding(f: &mut Fields, at: usize, message: &wire::Finding) -> Option<Finding> {
    let field = format!("check_up.findings[{at}]");
    let detail = (!message.coded_detail.is_empty()).then_some(message.coded_detail.as_str());
    let raw = match &message.value {
        Some(wire::finding::Value::Quantity(q)) => RawValue::Quantity {
            value: q.value,
            decimals: q.decimals,
            unit: &q.unit,
        },
        Some(wire::finding::Value::Coded(code)) => RawValue::Coded { code, text: detail },
        Some(wire::finding::Value::Text(text)) => RawValue::Text(text),
        Some(wire::finding::Value::Date(day)) => RawValue::Date(day),
        None => {
            f.refuse(format!("{field}.value"), Reason::FieldRequired);
            return None;
        }
    };
    let source_id = f.optional_text(
        &format!("{field}.source_finding_id"),
        &message.source_finding_id,
        LONGEST_ID,
    )?;
    match Finding::parse(&message.code, raw, FindingStatus::Final, &source_id) {
        Ok(finding) => Some(finding),
        Err(wrong) => {
            f.refuse_as(
                format!("{field}.{}", on_the_wire(wrong.field)),
                wrong.reason.as_str(),
                wrong.reason.message_zh(),
            );
            None
        }
    }
}

/// Where the wire has what the domain calls so: its values are fields of a oneof.
fn on_the_wire(field: &str) -> &str {
    match field {
        "value.coded.code" => "coded",
        "value.coded.text" => "coded_detail",
        other => other.strip_prefix("value.").unwrap_or(other),
    }
}
