//! The gRPC door: decodes a call into the field's words, hands it to a use case, encodes the
//! answer. It holds no rule of its own; nothing unparsed passes it.
//!
//! ```text
//! tls, incoming   the connection and the certificate on it        dial, pinned   the calling side
//! server          services, limits, health, draining
//! caller          certificate and metadata → who claims to call
//! convert, page   fields, names, enums, pages ↔ domain types
//! json            the proto3 JSON form of any message
//! status          `service::Error` → status: the one place of status codes
//! streams         what every stream of answers needs: it ends when the gateway stops
//! panics, load    a bug fails one call; too many calls at once are told to come back
//! rate            so is a caller that calls too often
//! unread          a message that can't be read is refused in our words
//! directory, …    a thin file a service
//! ```

pub mod agreement;
pub mod alert;
pub mod caller;
pub mod consent;
pub mod convert;
pub mod dial;
pub mod directory;
pub mod exchange;
pub mod incoming;
pub mod instructor;
pub mod json;
pub mod ledger;
pub mod load;
pub mod page;
pub mod panics;
mod pinned;
pub mod rate;
pub mod roster;
pub mod rule;
pub mod server;
pub mod status;
pub mod streams;
pub mod tls;
pub mod unread;

/// The generated wire, `proto/yuqiao/v1`.
#[allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod wire {
    tonic::include_proto!("yuqiao.v1");
}

/// The compiled descriptors of `proto/`, for reflection and for the compatibility test.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/yuqiao.v1.bin"));
