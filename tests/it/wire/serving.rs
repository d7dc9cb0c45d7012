//! Serving itself: health and reflection tell the truth, no method answers a stranger, and a stop
//! is not held up by a watch that never ends.

use std::time::Duration;

use prost_reflect::DescriptorPool;
use tonic::{Code, Request, client::Grpc, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use yuqiao::{
    clock::SystemClock,
    pki::EnrolmentCode,
    rpc::{
        DESCRIPTORS,
        dial::{Dial, Trust},
        wire::{ActorRole, OrganizationKind, WatchAlertsRequest},
    },
};

use crate::support::{
    clients::reason,
    server::{Server, on_every_server},
};

/// A line of somebody who believes the gateway and shows no certificate.
async fn stranger(server: &Server) -> Channel {
    let pin = EnrolmentCode::parse(&server.code).unwrap().pin();
    let clock = std::sync::Arc::new(SystemClock);
    let dial = Dial::new(&server.endpoint(), Trust::Pinned(pin), clock).unwrap();
    dial.connect().await.unwrap()
}

fn services() -> Vec<prost_reflect::ServiceDescriptor> {
    DescriptorPool::decode(DESCRIPTORS)
        .unwrap()
        .services()
        .collect()
}

#[tokio::test]
async fn health_and_reflection_tell_of_every_service() {
    on_every_server(async |server| {
        let line = stranger(server).await;
        let mut health = HealthClient::new(line.clone());
        let described = services();
        for service in described.iter().map(|of| of.full_name()).chain([""]) {
            let asked = HealthCheckRequest {
                service: service.to_owned(),
            };
            let told = health.check(asked).await.unwrap().into_inner();
            assert_eq!(told.status(), ServingStatus::Serving, "{service}");
        }
        let unknown = HealthCheckRequest {
            service: "yuqiao.v1.Nothing".to_owned(),
        };
        assert_eq!(
            health.check(unknown).await.unwrap_err().code(),
            Code::NotFound
        );

        let asked = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let asked = tokio_stream::iter([asked]);
        let mut told = ServerReflectionClient::new(line)
            .server_reflection_info(asked)
            .await
            .unwrap();
        let told = told
            .get_mut()
            .message()
            .await
            .unwrap()
            .unwrap()
            .message_response;
        let Some(MessageResponse::ListServicesResponse(list)) = told else {
            panic!("{told:?}")
        };
        for service in described {
            assert!(list.service.iter().any(|of| of.name == service.full_name()));
        }
    })
    .await;
}

/// An empty message to any method, streaming or not.
async fn call(line: Channel, path: String) -> tonic::Status {
    let mut client = Grpc::new(line);
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let request = Request::new(tokio_stream::iter([()]));
    match client
        .streaming(request, path.parse().unwrap(), codec)
        .await
    {
        Err(status) => status,
        Ok(mut answers) => match answers.get_mut().message().await {
            Err(status) => status,
            Ok(answer) => panic!("{path} answered a stranger: {answer:?}"),
        },
    }
}

/// Break it: in any file of `rpc/`, let a method read its message before it asks who calls.
#[tokio::test]
async fn no_method_but_enroll_answers_without_a_certificate() {
    on_every_server(async |server| {
        let line = stranger(server).await;
        let mut methods = 0;
        for method in services()
            .iter()
            .flat_map(|of| of.methods().collect::<Vec<_>>())
        {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let status = call(line.clone(), path.clone()).await;
            if method.name() == "Enroll" {
                assert_eq!(status.code(), Code::InvalidArgument, "{path}");
            } else {
                assert_eq!(status.code(), Code::Unauthenticated, "{path}: {status:?}");
                assert_eq!(reason(&status), "CERTIFICATE_REQUIRED", "{path}");
            }
            methods += 1;
        }
        assert!(methods > 50, "{methods} methods were found");
    })
    .await;
}

#[tokio::test]
async fn a_watch_does_not_hold_up_a_stop() {
    on_every_server(async |server| {
        let commission = server.commission().await;
        let (endpoint, kind) = (server.endpoint(), OrganizationKind::PublicFacility);
        let facility = commission.brings_in(&endpoint, kind, "测试托育园").await;
        let worker = facility
            .with_actor(ActorRole::HealthWorker, "测试保健员")
            .await;
        let watch = WatchAlertsRequest {
            parent: worker.organization.clone(),
            after: 0,
        };
        let mut events = worker
            .alerts()
            .watch_alerts(watch)
            .await
            .unwrap()
            .into_inner();
        let ended = tokio::spawn(async move { events.message().await });
        // Far below the ten seconds that calls under way are given.
        tokio::time::timeout(Duration::from_secs(5), server.stop())
            .await
            .expect("a prompt stop");
        let status = ended.await.unwrap().unwrap_err();
        assert_eq!(reason(&status), "STOPPING");
    })
    .await;
}
