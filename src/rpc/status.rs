//! What a caller is told when a use case did not happen: the one place where a
//! [`service::Error`](Error) becomes a status code.
//!
//! Each status carries `google.rpc` details: `ErrorInfo` (stable reason, domain `yuqiao`; for a
//! denied look how each key stands), `BadRequest` (every field at fault) and `LocalizedMessage` in
//! Chinese. Causes are logged here, once, and never sent.

use std::{collections::HashMap, error::Error as _, time::Duration};

use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::{
    access::{Closed, Denial, KeyState},
    service::{
        error::{Error, Problem},
        reason::{Kind, Reason},
    },
};

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "yuqiao";
/// More problems than this are counted, not listed: clients bound the size of a status.
pub const MOST_PROBLEMS: usize = 20;
const LOCALE: &str = "zh-CN";
const OPEN: &str = "OPEN";
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Runs the work of a unary method and makes its answer or its status.
///
/// # Errors
/// The status of the work's error.
pub async fn answer<T>(
    method: &'static str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<Response<T>, Status> {
    work.await
        .map(Response::new)
        .map_err(|error| status(method, &error))
}

/// The status of an error of `method`. Logs the cause where it is ours.
pub fn status(method: &'static str, error: &Error) -> Status {
    log(method, error);
    let reason = error.reason();
    let mut details = ErrorDetails::new();
    let (code_told, metadata, message_zh) = match error {
        Error::Invalid(problems) => {
            details.set_bad_request(violations(problems));
            (
                first_reason(problems),
                too_many(problems),
                invalid_zh(problems),
            )
        }
        Error::Denied(denial) => (reason.code(), key_states(denial), denied_zh(denial)),
        Error::Refused(_) | Error::Store(_) | Error::Vault(_) | Error::Broken(_) => {
            (reason.code(), HashMap::new(), reason.zh().to_owned())
        }
    };
    details.set_error_info(code_told, DOMAIN, metadata);
    details.set_localized_message(LOCALE, message_zh);
    if matches!(reason.kind(), Kind::Unavailable | Kind::Exhausted) {
        details.set_retry_info(Some(RETRY_AFTER));
    }
    Status::with_error_details(code(reason.kind()), message(error), details)
}

/// The status code of each kind of refusal.
pub const fn code(kind: Kind) -> Code {
    match kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::Denied => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::Exists => Code::AlreadyExists,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::Aborted => Code::Aborted,
        Kind::Exhausted | Kind::TooLarge => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    }
}

/// What is told of a message that the transport itself refused to read, in its own bare words: the
/// same in ours. Whatever else went wrong stays as it is.
pub fn unread(refusal: Status) -> Status {
    if !refusal.details().is_empty() {
        return refusal;
    }
    let reason = match refusal.code() {
        Code::OutOfRange => Reason::MessageTooLarge,
        // A frame or a message that breaks off, or is of another type.
        Code::Internal => Reason::MessageMalformed,
        _ => return refusal,
    };
    status("unread", &Error::Refused(reason))
}

/// The English message: stable reasons and field paths, for a log.
fn message(error: &Error) -> String {
    match error {
        Error::Invalid(problems) => {
            let told = problems.iter().take(MOST_PROBLEMS);
            let told: Vec<_> = told.map(|p| format!("{}: {}", p.field, p.reason)).collect();
            told.join("; ")
        }
        Error::Denied(denial) => {
            let missing: Vec<_> = denial.missing().map(|key| key.key.code()).collect();
            format!("{}: {}", error.reason().code(), missing.join(", "))
        }
        Error::Refused(_) | Error::Store(_) | Error::Vault(_) | Error::Broken(_) => {
            error.reason().code().to_owned()
        }
    }
}

fn violations(problems: &[Problem]) -> Vec<FieldViolation> {
    let violation = |problem: &Problem| FieldViolation {
        field: problem.field.clone(),
        description: problem.message_zh.clone(),
        reason: problem.reason.to_owned(),
        localized_message: None,
    };
    problems.iter().take(MOST_PROBLEMS).map(violation).collect()
}

/// Of several problems the first speaks for the request.
fn first_reason(problems: &[Problem]) -> &'static str {
    problems
        .first()
        .map_or(Reason::FieldMalformed.code(), |problem| problem.reason)
}

fn too_many(problems: &[Problem]) -> HashMap<String, String> {
    let count = problems.len();
    let told = (count > MOST_PROBLEMS).then(|| ("problems".to_owned(), count.to_string()));
    told.into_iter().collect()
}

fn invalid_zh(problems: &[Problem]) -> String {
    let told: Vec<_> = problems
        .iter()
        .take(MOST_PROBLEMS)
        .map(|problem| format!("{}：{}", problem.field, problem.message_zh))
        .collect();
    told.join("；")
}

/// How each key stands: `OPEN`, or why not. A key that is asked for twice is open when both are.
fn key_states(denial: &Denial) -> HashMap<String, String> {
    let mut states = HashMap::new();
    for key in &denial.keys {
        let state = key.state.map_or_else(Closed::code, |()| OPEN);
        let told = states
            .entry(key.key.code().to_owned())
            .or_insert_with(|| state.to_owned());
        if told == OPEN {
            state.clone_into(told);
        }
    }
    states
}

fn denied_zh(denial: &Denial) -> String {
    let missing: Vec<_> = denial.missing().map(KeyState::zh).collect();
    let reason = Reason::KeyMissing.zh();
    if missing.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}。{}", missing.join("；"))
    }
}

/// Logs what is ours, with every cause, once. Errors hold no personal data.
fn log(method: &'static str, error: &Error) {
    let mut causes = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        next = cause.source();
    }
    match error.reason().kind() {
        Kind::Internal => tracing::error!(method, "{error}{causes}"),
        Kind::Unavailable => tracing::warn!(method, "{error}{causes}"),
        _ => tracing::debug!(method, reason = error.reason().code(), "refused"),
    }
}

/// What a client tells itself when the connection, or a stream that should go on, is gone.
pub fn connection_lost() -> Status {
    Status::unavailable("the connection to the gateway was lost")
}

/// What a client tells itself when a message can't be written or read.
pub fn unreadable() -> Status {
    Status::internal("a message can't be written or read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{access::Key, store::StoreError};

    fn told(error: Error) -> (Code, ErrorDetails) {
        let status = status("Test", &error);
        (status.code(), status.get_error_details())
    }

    #[test]
    fn every_reason_has_its_code_and_its_chinese() {
        for &reason in Reason::ALL {
            let (told_code, details) = told(reason.into());
            assert_eq!(told_code, code(reason.kind()));
            let info = details.error_info().unwrap();
            assert_eq!(
                (info.reason.as_str(), info.domain.as_str()),
                (reason.code(), DOMAIN)
            );
            let zh = details.localized_message().unwrap();
            assert_eq!(
                (zh.locale.as_str(), zh.message.as_str()),
                (LOCALE, reason.zh())
            );
        }
    }

    #[test]
    fn kinds_map_to_the_codes_clients_expect() {
        for (reason, expected) in [
            (Reason::FieldRequired, Code::InvalidArgument),
            (Reason::CertificateRequired, Code::Unauthenticated),
            (Reason::OrganizationSuspended, Code::PermissionDenied),
            (Reason::NotFound, Code::NotFound),
            (Reason::OrganizationExists, Code::AlreadyExists),
            (Reason::WrongState, Code::FailedPrecondition),
            (Reason::EtagMismatch, Code::Aborted),
            (Reason::TooBusy, Code::ResourceExhausted),
            (Reason::MessageTooLarge, Code::ResourceExhausted),
            (Reason::StoreUnavailable, Code::Unavailable),
            (Reason::Internal, Code::Internal),
        ] {
            assert_eq!(told(reason.into()).0, expected, "{reason:?}");
        }
    }

    #[test]
    fn every_field_at_fault_is_told_up_to_a_bound() {
        let problem = |at| Problem::new(format!("rows[{at}].date"), Reason::DateMalformed);
        let (code, details) = told(Error::Invalid((0..30).map(problem).collect()));
        assert_eq!(code, Code::InvalidArgument);
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(violations.len(), MOST_PROBLEMS);
        assert_eq!(violations[1].field, "rows[1].date");
        assert_eq!(violations[1].reason, "DATE_MALFORMED");
        assert_eq!(violations[1].description, Reason::DateMalformed.zh());
        let info = details.error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.metadata["problems"].as_str()),
            ("DATE_MALFORMED", "30")
        );
    }

    #[test]
    fn a_denial_tells_how_each_key_stands() {
        let key = |key, state| KeyState { key, state };
        let keys = vec![
            key(Key::Standing, Ok(())),
            key(Key::Agreement, Err(Closed::NotFiled)),
            key(Key::Consent, Err(Closed::Withdrawn)),
        ];
        let (code, details) = told(Error::Denied(Denial { basis: None, keys }));
        assert_eq!(code, Code::PermissionDenied);
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, "KEY_MISSING");
        assert_eq!(info.metadata["STANDING"], "OPEN");
        assert_eq!(info.metadata["AGREEMENT"], "NOT_FILED");
        assert_eq!(info.metadata["CONSENT"], "WITHDRAWN");
        let zh = &details.localized_message().unwrap().message;
        assert_eq!(
            zh,
            "查阅所需的条件不齐。签约服务协议：尚未备案；监护人同意：监护人已撤回"
        );
    }

    #[test]
    fn causes_stay_in_the_house() {
        let row = "0197a4b0".to_owned();
        let corrupt = StoreError::Corrupt {
            table: "consents",
            column: "mode",
            row,
        };
        let status = status("Test", &corrupt.into());
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), "INTERNAL");
        let sent = format!("{:?}", status.get_error_details());
        assert!(
            !sent.contains("consents") && !sent.contains("0197a4b0"),
            "{sent}"
        );
    }
}
