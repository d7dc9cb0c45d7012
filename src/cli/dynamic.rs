//! Any method of the wire by its description: what `yuqiao call` and the demonstration speak.

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder, Streaming};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status};

use super::connection::Service;
use super::error::CliError;
use crate::rpc::json::{PACKAGE, pool};
use crate::rpc::status::{connection_lost, unreadable};

/// Finds a method: `RosterService.EnrolChild`, or `EnrolChild` alone where only one service has it.
#[must_use]
pub fn method(given: &str) -> Option<MethodDescriptor> {
    let given = given.strip_prefix('/').unwrap_or(given);
    let given = given
        .strip_prefix(PACKAGE)
        .map_or(given, |rest| rest.trim_start_matches('.'));
    match given.split_once(['.', '/']) {
        Some((service, method)) => methods()
            .find(|found| found.parent_service().name() == service && found.name() == method),
        None => {
            let mut named = methods().filter(|found| found.name() == given);
            named.next().filter(|_| named.next().is_none())
        }
    }
}

/// Every method, in the order of the files.
pub fn methods() -> impl Iterator<Item = MethodDescriptor> {
    pool()
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
}

/// Calls one method. A method that answers once gives a stream of one.
#[derive(Clone)]
pub struct Caller {
    grpc: tonic::client::Grpc<Service>,
    method: MethodDescriptor,
    path: PathAndQuery,
}

impl Caller {
    /// For one method over one connection.
    ///
    /// # Errors
    /// Where the method has no path, which a described method always has.
    pub fn new(service: Service, method: MethodDescriptor) -> Result<Self, CliError> {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = path
            .parse()
            .map_err(|_| CliError::Usage("no such method".to_owned()))?;
        Ok(Self {
            grpc: tonic::client::Grpc::new(service),
            method,
            path,
        })
    }

    /// The message the method takes.
    #[must_use]
    pub fn input(&self) -> MessageDescriptor {
        self.method.input()
    }

    /// Whether the method takes a stream: then all requests go into one call.
    #[must_use]
    pub fn takes_stream(&self) -> bool {
        self.method.is_client_streaming()
    }

    /// Calls with these requests, more than one only where the method takes a stream.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub async fn call(
        mut self,
        requests: Vec<DynamicMessage>,
    ) -> Result<Streaming<DynamicMessage>, Status> {
        let unreachable = |_| connection_lost();
        self.grpc.ready().await.map_err(unreachable)?;
        let codec = DynamicCodec(self.method.output());
        // On the wire the four kinds of call differ only in how many messages flow each way.
        let requests = Request::new(tokio_stream::iter(requests));
        Ok(self
            .grpc
            .streaming(requests, self.path, codec)
            .await?
            .into_inner())
    }
}

/// Encodes any described message, decodes messages of one description.
#[derive(Clone)]
struct DynamicCodec(MessageDescriptor);

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        self.clone()
    }

    fn decoder(&mut self) -> Self {
        self.clone()
    }
}

impl Encoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(to).map_err(|_| unreadable())
    }
}

impl Decoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        DynamicMessage::decode(self.0.clone(), from)
            .map(Some)
            .map_err(|_| unreadable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_by_every_usual_spelling() {
        for given in [
            "RosterService.EnrolChild",
            "RosterService/EnrolChild",
            "yuqiao.v1.RosterService.EnrolChild",
            "/yuqiao.v1.RosterService/EnrolChild",
            "EnrolChild",
        ] {
            assert_eq!(
                method(given).unwrap().full_name(),
                "yuqiao.v1.RosterService.EnrolChild"
            );
        }
        for given in [
            "",
            "Roster",
            "RosterService.",
            "RosterService.enrolChild",
            "Health.Check",
        ] {
            assert!(method(given).is_none(), "{given}");
        }
    }

    #[test]
    fn every_method_of_the_wire_is_reached() {
        assert!(methods().count() > 50);
        for found in methods() {
            let name = format!("{}.{}", found.parent_service().name(), found.name());
            assert_eq!(method(&name), Some(found));
        }
    }
}
