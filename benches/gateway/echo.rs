//! The limit of a call: a bare tonic server over the same mTLS that answers the same messages and
//! does nothing else.

use std::{sync::Arc, time::Duration};

use futures_util::stream::{self, BoxStream};
use rand::{SeedableRng, rngs::StdRng};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, Streaming, transport::Server};
use yuqiao::{
    clock::{Clock, SystemClock},
    pki::{
        Request as CertificateRequest, TrustBundle,
        authority::{Authority, CA_VALIDITY, SERVER_VALIDITY},
    },
    rpc::{
        incoming::{Limits, incoming},
        tls::ServerTls,
        wire::{
            self,
            alert_service_server::{AlertService, AlertServiceServer},
            exchange_service_server::{ExchangeService, ExchangeServiceServer},
        },
    },
};

use crate::{
    county::County,
    measure::{Figure, every},
    support::clients::Client,
};

/// The echo, in this process.
pub struct Echo {
    endpoint: String,
    client: Client,
    list: Arc<std::sync::RwLock<wire::ListAlertsResponse>>,
}

impl Echo {
    /// Starts it, believing the same clients as the gateway.
    pub async fn start(county: &County) -> Self {
        let mut chance = StdRng::seed_from_u64(3);
        let now = SystemClock.now();
        let (authority, _) = Authority::create("echo", now, CA_VALIDITY, &mut chance).unwrap();
        let request = CertificateRequest::generate().unwrap();
        let hosts = ["127.0.0.1", "localhost"];
        let issued = authority
            .issue_server(&request.csr_pem, &hosts, now, SERVER_VALIDITY, &mut chance)
            .unwrap();
        let clients = TrustBundle::from_pem(&county.hospital().credentials.ca_pem).unwrap();
        let clock = Arc::new(SystemClock);
        let tls = ServerTls::new(&issued.chain_pem, &request.key, &clients, clock).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let list = Arc::default();
        let server = Server::builder()
            .add_service(ExchangeServiceServer::new(Bare))
            .add_service(AlertServiceServer::new(BareAlerts(Arc::clone(&list))))
            .serve_with_incoming(incoming(listener, Arc::new(tls), Limits::default()));
        tokio::spawn(server);
        let mut client = county.hospital().clone();
        client.credentials.ca_pem = authority.certificate_pem();
        Self {
            endpoint,
            client,
            list,
        }
    }

    /// Clients over so many connections.
    pub async fn pushers(&self, connections: usize) -> Vec<Client> {
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(self.client.at(&self.endpoint).await);
        }
        clients
    }

    /// Reads this list over and over.
    pub async fn lists(
        &self,
        at_once: usize,
        during: Duration,
        list: wire::ListAlertsResponse,
    ) -> Figure {
        *self.list.write().unwrap() = list;
        let client = self.client.at(&self.endpoint).await;
        let parent = client.organization.clone();
        every(at_once, during, |_| {
            let (client, parent) = (client.clone(), parent.clone());
            async move {
                let asks = wire::ListAlertsRequest {
                    parent,
                    ..Default::default()
                };
                client.alerts().list_alerts(asks).await.unwrap();
                Some(())
            }
        })
        .await
    }
}

struct Bare;

fn answer(request: wire::PushRequest) -> wire::PushResponse {
    wire::PushResponse {
        row: request.row,
        outcome: wire::Outcome::Accepted.into(),
        check_up: "regions/150627/checkUps/0197a4b0-0000-7000-8000-000000000001".to_owned(),
        ..Default::default()
    }
}

#[tonic::async_trait]
impl ExchangeService for Bare {
    type PushStream = BoxStream<'static, Result<wire::PushResponse, Status>>;

    async fn push(
        &self,
        _: Request<Streaming<wire::PushRequest>>,
    ) -> Result<Response<Self::PushStream>, Status> {
        Ok(Response::new(Box::pin(stream::empty())))
    }

    async fn push_one(
        &self,
        request: Request<wire::PushRequest>,
    ) -> Result<Response<wire::PushResponse>, Status> {
        Ok(Response::new(answer(request.into_inner())))
    }

    async fn list_check_ups(
        &self,
        _: Request<wire::ListCheckUpsRequest>,
    ) -> Result<Response<wire::ListCheckUpsResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn list_unmatched(
        &self,
        _: Request<wire::ListUnmatchedRequest>,
    ) -> Result<Response<wire::ListUnmatchedResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn get_growth_chart(
        &self,
        _: Request<wire::GetGrowthChartRequest>,
    ) -> Result<Response<wire::GrowthChart>, Status> {
        Ok(Response::new(Default::default()))
    }
}

struct BareAlerts(Arc<std::sync::RwLock<wire::ListAlertsResponse>>);

#[tonic::async_trait]
impl AlertService for BareAlerts {
    type WatchAlertsStream = BoxStream<'static, Result<wire::InboxEvent, Status>>;

    async fn list_alerts(
        &self,
        _: Request<wire::ListAlertsRequest>,
    ) -> Result<Response<wire::ListAlertsResponse>, Status> {
        Ok(Response::new(self.0.read().unwrap().clone()))
    }

    async fn watch_alerts(
        &self,
        _: Request<wire::WatchAlertsRequest>,
    ) -> Result<Response<Self::WatchAlertsStream>, Status> {
        Ok(Response::new(Box::pin(stream::empty())))
    }

    async fn acknowledge_alert(
        &self,
        _: Request<wire::AcknowledgeAlertRequest>,
    ) -> Result<Response<wire::Alert>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn follow_up_alert(
        &self,
        _: Request<wire::FollowUpAlertRequest>,
    ) -> Result<Response<wire::Alert>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn resolve_alert(
        &self,
        _: Request<wire::ResolveAlertRequest>,
    ) -> Result<Response<wire::Alert>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn list_fitness(
        &self,
        _: Request<wire::ListFitnessRequest>,
    ) -> Result<Response<wire::ListFitnessResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn list_due_items(
        &self,
        _: Request<wire::ListDueItemsRequest>,
    ) -> Result<Response<wire::ListDueItemsResponse>, Status> {
        Ok(Response::new(Default::default()))
    }
}
