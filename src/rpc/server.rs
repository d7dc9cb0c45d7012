//! The gRPC server: every service over one TLS listener, within bounds, until it is told to stop.
//!
//! Bounds: message size, calls of an organization, calls and streams a connection, connections ([`Limits`]), silence (HTTP/2
//! keepalive), and how long a stop may take. Health says a service is there only if it is.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch};
use tonic::{server::NamedService, service::RoutesBuilder, transport::Server};
use tonic_health::server::HealthReporter;

use super::{
    DESCRIPTORS,
    agreement::Agreements,
    alert::Alerts,
    consent::Consents,
    directory::Directory,
    exchange::Exchange,
    incoming::{Limits, incoming},
    instructor::Instructors,
    ledger::Ledger,
    load::BoundCalls,
    panics::{CatchPanics, Panics},
    rate::BoundRate,
    roster::Roster,
    rule::Rules,
    tls::ServerTls,
    unread::TellUnread,
    wire::{
        agreement_service_server::AgreementServiceServer, alert_service_server::AlertServiceServer,
        consent_service_server::ConsentServiceServer,
        directory_service_server::DirectoryServiceServer,
        exchange_service_server::ExchangeServiceServer,
        instructor_service_server::InstructorServiceServer,
        ledger_service_server::LedgerServiceServer, roster_service_server::RosterServiceServer,
        rule_service_server::RuleServiceServer,
    },
};
use crate::service::{Gateway, disclosure::Looks, push::Pushes};

/// The largest message that is read; a larger one is refused before it is held in memory.
pub const LARGEST_REQUEST: usize = 1 << 20;
/// The largest message that is written: the largest page of the longest rows stays below.
pub const LARGEST_ANSWER: usize = 16 << 20;
/// Calls at work at once, over all connections; one more is told to come back.
const CALLS: usize = 1024;
/// The same for callers without a certificate: who enrols, health, reflection.
const STRANGERS_CALLS: usize = 64;
/// How long a call may take until it answers; a stream's answers may take as long as they like.
const LONGEST_CALL: Duration = Duration::from_secs(30);
const CALLS_A_CONNECTION: u32 = 256;
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(20);
const LARGEST_HEADERS: u32 = 16 << 10;

/// A service within the bounds of message size.
macro_rules! bounded {
    ($service:expr) => {
        $service
            .max_decoding_message_size(LARGEST_REQUEST)
            .max_encoding_message_size(LARGEST_ANSWER)
    };
}

/// What serving rests on.
pub struct Serving {
    /// The use cases.
    pub gateway: Gateway,
    /// Where it listens.
    pub listener: TcpListener,
    /// What it shows and whom it believes.
    pub tls: Arc<ServerTls>,
    /// How much of the machine strangers may take.
    pub limits: Limits,
    /// How many calls of one organization are answered.
    pub rate: BoundRate,
    /// Turns true when it is to stop.
    pub stop: watch::Receiver<bool>,
    /// How long calls under way may take to end after that.
    pub drain: Duration,
}

/// Serves until told to stop, then lets calls under way end, within the bound.
///
/// # Errors
/// Where the transport fails as a whole.
pub async fn serve(serving: Serving) -> Result<(), tonic::transport::Error> {
    let Serving {
        gateway,
        listener,
        tls,
        limits,
        rate,
        mut stop,
        drain,
    } = serving;
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut services = Services {
        routes: RoutesBuilder::default(),
        health,
        names: Vec::new(),
    };
    services.routes.add_service(health_service);
    add_services(&mut services, &gateway, &stop);
    match tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .build_v1()
    {
        Ok(reflection) => {
            services.routes.add_service(reflection);
        }
        Err(error) => tracing::error!(%error, "reflection is not offered"),
    }
    let Services {
        routes,
        health,
        names,
    } = services;
    for name in &names {
        health
            .set_service_status(*name, tonic_health::ServingStatus::Serving)
            .await;
    }

    let mut stopping = stop.clone();
    let told_to_stop = async move {
        // A sender that is gone can't ask for anything any more: that is a stop too.
        let _ = stopping.wait_for(|stop| *stop).await;
        for name in names {
            health
                .set_service_status(name, tonic_health::ServingStatus::NotServing)
                .await;
        }
    };
    let served = Server::builder()
        .layer(rate)
        .layer(BoundCalls::new(CALLS, STRANGERS_CALLS, LONGEST_CALL))
        .layer(CatchPanics(Panics::default()))
        .layer(TellUnread)
        .concurrency_limit_per_connection(CALLS_A_CONNECTION as usize)
        .max_concurrent_streams(Some(CALLS_A_CONNECTION))
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_ANSWER))
        .http2_max_header_list_size(LARGEST_HEADERS)
        .add_routes(routes.routes())
        .serve_with_incoming_shutdown(incoming(listener, tls, limits), told_to_stop);
    let late = async move {
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = served => served,
        () = late => {
            tracing::warn!("calls still under way were cut off");
            Ok(())
        }
    }
}

/// Every service of this gateway. A service that is not here is not in health either. Those that
/// stream end with `stop`: see [`streams`](super::streams).
fn add_services(services: &mut Services, gateway: &Gateway, stop: &watch::Receiver<bool>) {
    let (looks, pushes) = (
        Looks::start(gateway.clone()),
        Pushes::start(gateway.clone()),
    );
    let (gateway, stop) = (gateway.clone(), stop.clone());
    services.add(bounded!(DirectoryServiceServer::new(Directory(
        gateway.clone()
    ))));
    services.add(bounded!(AgreementServiceServer::new(Agreements(
        gateway.clone()
    ))));
    services.add(bounded!(InstructorServiceServer::new(Instructors(
        gateway.clone()
    ))));
    services.add(bounded!(RosterServiceServer::new(Roster(gateway.clone()))));
    services.add(bounded!(ConsentServiceServer::new(Consents(
        gateway.clone()
    ))));
    services.add(bounded!(ExchangeServiceServer::new(Exchange {
        gateway: gateway.clone(),
        pushes,
        looks: looks.clone(),
        stop: stop.clone(),
    })));
    services.add(bounded!(AlertServiceServer::new(Alerts {
        gateway: gateway.clone(),
        looks: looks.clone(),
        stop: stop.clone(),
    })));
    services.add(bounded!(RuleServiceServer::new(Rules {
        gateway: gateway.clone(),
        stop,
    })));
    services.add(bounded!(LedgerServiceServer::new(Ledger {
        gateway,
        looks
    })));
}

struct Services {
    routes: RoutesBuilder,
    health: HealthReporter,
    names: Vec<&'static str>,
}

impl Services {
    fn add<S>(&mut self, service: S)
    where
        S: tower::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<tonic::body::Body>,
                Error = std::convert::Infallible,
            > + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes.add_service(service);
    }
}
