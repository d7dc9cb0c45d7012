//! The gRPC door: decodes, says who calls, hands on, encodes. It holds no rule of its own.

pub mod dial;
pub mod incoming;
mod pinned;
pub mod tls;

/// The wire, generated from `proto/`.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated")]
pub mod wire {
    tonic::include_proto!("yuqiao.v1");
}
