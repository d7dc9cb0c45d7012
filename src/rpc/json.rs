//! The proto3 JSON form of every message of the wire, by the compiled descriptors: files of rows,
//! scripts and the command line speak it.
//!
//! It refuses what the schema does not know: an unknown field or a value of the wrong kind is an
//! error, never dropped. Errors name the place and the field, and never repeat a value.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, ReflectMessage,
    SerializeOptions,
};
use serde_json::{Deserializer, Value, error::Category};

use super::DESCRIPTORS;

/// The package every service and message of the wire lives in.
pub const PACKAGE: &str = "yuqiao.v1";

/// Why a text is no message, or a message has no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON at all; the column counts bytes from 1.
    #[error("not valid JSON at line {line}, column {column}")]
    Syntax {
        /// Line in the text, from 1.
        line: usize,
        /// Byte in the line, from 1.
        column: usize,
    },
    /// Valid JSON with a field the message does not have.
    #[error("unknown field {field:?} at line {line}, column {column}")]
    UnknownField {
        /// The name as it was written.
        field: String,
        /// Line in the text, from 1.
        line: usize,
        /// Byte in the line, from 1.
        column: usize,
    },
    /// Valid JSON whose value is not of the field's kind (or an enum name that does not exist).
    #[error("value does not fit the message at line {line}, column {column}")]
    Mismatch {
        /// Line in the text, from 1.
        line: usize,
        /// Byte in the line, from 1.
        column: usize,
    },
    /// The message is not described on this wire.
    #[error("no message {0} on this wire")]
    UnknownMessage(String),
    /// The message can't be carried over between its generated and its described form.
    #[error("message {0} does not agree with its description")]
    Disagrees(String),
}

/// Everything that is described: services, methods, messages.
#[must_use]
pub fn pool() -> &'static DescriptorPool {
    // The bytes are this build's own; a pool that would not decode is empty, and a test sees it.
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap_or_default());
    &POOL
}

/// A message's JSON form, on one line when printed with `to_string`.
///
/// # Errors
/// Where the message is not part of this wire.
pub fn to_json<M: Message + Name>(message: &M) -> Result<Value, JsonError> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    dynamic
        .transcode_from(message)
        .map_err(|_| JsonError::Disagrees(M::full_name()))?;
    dynamic_to_json(&dynamic)
}

/// Reads a message from its JSON form.
///
/// # Errors
/// [`JsonError`] names the place in the text.
pub fn from_json<M: Message + Name + Default>(text: &str) -> Result<M, JsonError> {
    dynamic_from_json(&descriptor::<M>()?, text)?
        .transcode_to()
        .map_err(|_| JsonError::Disagrees(M::full_name()))
}

/// The JSON form of a message known only by its description.
///
/// # Errors
/// Where a value of the message has no JSON form.
pub fn dynamic_to_json(message: &DynamicMessage) -> Result<Value, JsonError> {
    message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .map_err(|_| JsonError::Disagrees(message.descriptor().full_name().to_owned()))
}

/// Reads a message known only by its description.
///
/// # Errors
/// [`JsonError`] names the place in the text.
pub fn dynamic_from_json(
    descriptor: &MessageDescriptor,
    text: &str,
) -> Result<DynamicMessage, JsonError> {
    let mut json = Deserializer::from_str(text);
    let message = DynamicMessage::deserialize_with_options(
        descriptor.clone(),
        &mut json,
        &DeserializeOptions::new(),
    )
    .map_err(|error| place(&error))?;
    json.end().map_err(|error| place(&error))?;
    Ok(message)
}

fn descriptor<M: Name>() -> Result<MessageDescriptor, JsonError> {
    let name = M::full_name();
    pool()
        .get_message_by_name(&name)
        .ok_or(JsonError::UnknownMessage(name))
}

/// Keeps the place and, for an unknown field, its name: the library's own text repeats values.
fn place(error: &serde_json::Error) -> JsonError {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Io | Category::Syntax | Category::Eof => JsonError::Syntax { line, column },
        Category::Data => match unknown_field(&error.to_string()) {
            Some(field) => JsonError::UnknownField {
                field,
                line,
                column,
            },
            None => JsonError::Mismatch { line, column },
        },
    }
}

fn unknown_field(text: &str) -> Option<String> {
    let name = text
        .strip_prefix("unrecognized field name '")?
        .split('\'')
        .next()?;
    // A name that is no identifier is a value that slipped into a name's place.
    let plain = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::wire::{CheckUp, Finding, PushRequest, Quantity, finding};

    fn row() -> PushRequest {
        PushRequest {
            parent: "regions/150627".into(),
            idempotency_key: "R-1@1".into(),
            row: u64::MAX,
            check_up: Some(CheckUp {
                record_id: "R-1".into(),
                revision: 1,
                status: crate::rpc::wire::CheckUpStatus::Final.into(),
                date: "2026-09-01".into(),
                visit: "V06".into(),
                subject: None,
                findings: vec![Finding {
                    code: "HAEMOGLOBIN".into(),
                    value: Some(finding::Value::Quantity(Quantity {
                        value: 1125,
                        decimals: 1,
                        unit: "g/L".into(),
                    })),
                    ..Finding::default()
                }],
            }),
        }
    }

    #[test]
    fn the_pool_holds_every_service() {
        let mut names: Vec<_> = pool().services().map(|s| s.name().to_owned()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "AgreementService",
                "AlertService",
                "ConsentService",
                "DirectoryService",
                "ExchangeService",
                "InstructorService",
                "LedgerService",
                "RosterService",
                "RuleService",
            ]
        );
    }

    #[test]
    fn a_message_survives_its_json_form() {
        let json = to_json(&row()).unwrap().to_string();
        assert!(json.contains(r#""idempotencyKey":"R-1@1""#), "{json}");
        assert!(
            json.contains(r#""row":"18446744073709551615""#),
            "64-bit numbers are strings"
        );
        assert_eq!(from_json::<PushRequest>(&json).unwrap(), row());
    }

    #[test]
    fn proto_field_names_are_read_too() {
        let read: PushRequest =
            from_json(r#"{"idempotency_key":"a","check_up":{"record_id":"r","status":"FINAL"}}"#)
                .unwrap();
        assert_eq!(read.idempotency_key, "a");
        assert_eq!(read.check_up.unwrap().status, 2);
    }

    #[test]
    fn what_the_schema_does_not_know_is_refused_with_its_place() {
        let refuse = |text: &str| from_json::<PushRequest>(text).unwrap_err();
        assert!(matches!(refuse("{"), JsonError::Syntax { line: 1, .. }));
        assert!(matches!(refuse("{} {}"), JsonError::Syntax { .. }));
        assert!(matches!(
            refuse(r#"{"idempotencyKye":"a"}"#),
            JsonError::UnknownField { ref field, line: 1, .. } if field == "idempotencyKye"
        ));
        assert!(matches!(
            refuse(r#"{"row":"many"}"#),
            JsonError::Mismatch { .. }
        ));
    }

    #[test]
    fn an_error_never_repeats_a_value() {
        for text in [
            r#"{"checkUp":{"subject":{"birthDate":["11010519491231002X"]}}}"#,
            r#"{"checkUp":{"status":"11010519491231002X"}}"#,
            r#"{"row":"11010519491231002X"}"#,
            r#"{"测试童 11010519491231002X":1}"#,
        ] {
            let error = from_json::<PushRequest>(text).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("11010519491231002X"),
                "{error}"
            );
        }
    }
}
