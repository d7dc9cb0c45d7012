//! What the gateway said when it said no, read from `google.rpc` details, for a person and a script.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The bound that no later time lifts.
const TOO_LARGE: &str = "MESSAGE_TOO_LARGE";

/// A refused or failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC code.
    pub code: Code,
    /// Stable reason (docs/errors.md), or empty where the gateway was not reached.
    pub reason: String,
    /// The English message.
    pub message: String,
    /// The same in Chinese; empty where the gateway gave none.
    pub message_zh: String,
    /// Fields at fault with what is wrong with each.
    pub fields: Vec<Field>,
    /// What else a program may want to know, in order of its names: of a denied look, each key and
    /// how it stands.
    pub metadata: BTreeMap<String, String>,
}

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path in the request.
    pub field: String,
    /// Stable reason; may be empty.
    pub reason: String,
    /// What a person reads, in Chinese where the gateway gave it.
    pub description: String,
}

impl Refusal {
    /// Reads a status with its details.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let fields = details
            .bad_request()
            .map(|bad| &bad.field_violations[..])
            .unwrap_or_default();
        Self {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            metadata: info
                .map(|info| info.metadata.clone().into_iter().collect())
                .unwrap_or_default(),
            message: status.message().to_owned(),
            message_zh: details
                .localized_message()
                .map(|text| text.message.clone())
                .unwrap_or_default(),
            fields: fields
                .iter()
                .map(|violation| Field {
                    field: violation.field.clone(),
                    reason: violation.reason.clone(),
                    description: violation.description.clone(),
                })
                .collect(),
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.code {
            Code::Unavailable
            | Code::Unknown
            | Code::Aborted
            | Code::Cancelled
            | Code::DeadlineExceeded => true,
            Code::ResourceExhausted => self.reason != TOO_LARGE,
            // A broken connection is an internal error to the HTTP/2 library; the gateway's own
            // internal errors carry a reason.
            Code::Internal => self.reason.is_empty(),
            _ => false,
        }
    }

    /// One object for a script.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let field =
            |f: &Field| json!({"field": f.field, "reason": f.reason, "description": f.description});
        json!({
            "code": code_name(self.code),
            "reason": self.reason,
            "message": self.message,
            "messageZh": self.message_zh,
            "metadata": self.metadata,
            "fields": self.fields.iter().map(field).collect::<Vec<_>>(),
        })
    }

    /// Lines for a person: the Chinese message first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let code = code_name(self.code);
        let said = if self.message_zh.is_empty() {
            &self.message
        } else {
            &self.message_zh
        };
        // With fields at fault the message only strings them together: each has its own line.
        let said = if self.fields.is_empty() {
            said
        } else {
            "填写有误"
        };
        let head = match self.reason.as_str() {
            "" => format!("{said} ({code})"),
            reason => format!("{said} ({code}, {reason})"),
        };
        let field = |f: &Field| match f.reason.as_str() {
            "" => format!("  {}: {}", f.field, f.description),
            reason => format!("  {}: {} ({reason})", f.field, f.description),
        };
        let detail = |(name, value): (&String, &String)| format!("  {name}: {value}");
        std::iter::once(head)
            .chain(self.fields.iter().map(field))
            .chain(self.metadata.iter().map(detail))
            .collect()
    }
}

/// The name of a code as the gRPC specification writes it.
#[must_use]
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tonic_types::ErrorDetails;

    #[test]
    fn details_are_read_and_shown() {
        let mut details = ErrorDetails::new();
        details
            .set_error_info(
                "CHECKUP_IN_FUTURE",
                "yuqiao",
                [("a".to_owned(), "b".to_owned())],
            )
            .set_localized_message("zh-CN", "检查日期晚于今天")
            .add_bad_request_violation("check_up.date", "检查日期晚于今天");
        let status = Status::with_error_details(Code::InvalidArgument, "in the future", details);
        let refusal = Refusal::of(&status);
        assert_eq!(refusal.reason, "CHECKUP_IN_FUTURE");
        assert_eq!(
            refusal.lines(),
            [
                "填写有误 (INVALID_ARGUMENT, CHECKUP_IN_FUTURE)",
                "  check_up.date: 检查日期晚于今天",
                "  a: b"
            ]
        );
        assert_eq!(refusal.to_json()["fields"][0]["field"], "check_up.date");
        assert!(!refusal.is_transient());
    }

    #[test]
    fn a_broken_line_is_transient_and_an_internal_error_is_not() {
        assert!(Refusal::of(&Status::unavailable("connection reset")).is_transient());
        assert!(Refusal::of(&Status::internal("h2 protocol error")).is_transient());
        let told = ErrorDetails::with_error_info("INTERNAL", "yuqiao", HashMap::new());
        let told = Status::with_error_details(Code::Internal, "internal", told);
        assert!(!Refusal::of(&told).is_transient());
        assert!(!Refusal::of(&Status::permission_denied("no")).is_transient());
        let bound = |reason: &str| {
            let told = ErrorDetails::with_error_info(reason, "yuqiao", HashMap::new());
            Refusal::of(&Status::with_error_details(
                Code::ResourceExhausted,
                "",
                told,
            ))
        };
        assert!(bound("TOO_BUSY").is_transient());
        assert!(!bound("MESSAGE_TOO_LARGE").is_transient());
    }
}
