//! `yuqiao serve`: the gateway, until SIGTERM or ctrl-c.
//!
//! It tells its address once it can be reached, lets calls under way end within a bound when it is
//! told to stop, and renews its own certificate while it serves.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use chrono::TimeDelta;
use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

use super::{fault::Fault, house};
use crate::{
    clinical::rules::RuleSet,
    clock::{Clock, SystemClock, system_chance},
    config::{Config, DataDir, Overrides, files},
    rpc::{
        incoming::Limits,
        rate::BoundRate,
        server::{Serving, serve},
        tls::ServerTls,
    },
    service::{
        Gateway,
        gateway::{Certifying, Parts},
        retention::{self, Retention},
        tide,
    },
    store::Store,
    telemetry,
};

/// How often it looks whether its certificate is to be renewed.
const RENEWAL_TICK: Duration = Duration::from_secs(3600);

/// Arguments of `yuqiao serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// The data directory that `init` made
    dir: PathBuf,
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS:PORT", env = "YUQIAO_LISTEN")]
    listen: Option<String>,
    /// A PostgreSQL database instead of the configured one
    #[arg(
        long,
        value_name = "URL",
        env = "YUQIAO_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,
    /// Write the address to this file once it can be reached
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// How many seconds calls under way may take to end when it stops
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    drain: u64,
}

impl Serve {
    /// Serves until told to stop.
    ///
    /// # Errors
    /// Where it can't begin, or the server fails as a whole.
    pub async fn run(&self, json: bool) -> Result<ExitCode, Fault> {
        telemetry::begin();
        let overrides = Overrides {
            listen: self.listen.clone(),
            database: self.database.clone(),
        };
        let config = Config::load(&self.dir, overrides)?;
        let dir = DataDir::new(&self.dir);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let tls = Arc::new(tls(&dir, &config, clock.clone())?);
        let gateway = opened(&dir, &config, clock.clone()).await?;
        let (listener, address) = listen(&config.listen).await?;

        let (stop, stopped) = watch::channel(false);
        stop_at_signal(stop)?;
        let tasks = background(&gateway, &dir, &config, &tls);
        self.tell(json, &gateway, address)?;
        let serving = Serving {
            gateway: gateway.clone(),
            listener,
            tls,
            limits: Limits::default(),
            rate: BoundRate::new(config.limits.calls_per_second, clock.clone()),
            stop: stopped,
            drain: Duration::from_secs(self.drain),
        };
        let served = serve(serving).await;
        drop(tasks);
        gateway.store().close().await;
        tracing::info!("stopped");
        served?;
        Ok(ExitCode::SUCCESS)
    }

    fn tell(&self, json: bool, gateway: &Gateway, address: SocketAddr) -> Result<(), Fault> {
        let engine = gateway.store().engine();
        tracing::info!(%address, engine, "serving");
        house::say(&if json {
            serde_json::json!({"address": address.to_string(), "engine": engine}).to_string()
        } else {
            format!("serving on {address} ({engine})")
        })?;
        let Some(path) = &self.ready_file else {
            return Ok(());
        };
        // Renamed into place: whoever waits for the file never reads half of it.
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, format!("{address}\n"))
            .and_then(|()| std::fs::rename(&fresh, path))
            .map_err(|error| Fault::File {
                path: path.clone(),
                error,
            })
    }
}

/// The gateway of a data directory: its database brought up to date, its keys opened.
///
/// # Errors
/// Where the database or the keys can't be opened.
pub async fn opened(
    dir: &DataDir,
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Gateway, Fault> {
    let masters = dir.master_keys(config)?;
    let rules = RuleSet::load().map_err(|e| Fault::Rules(e.to_string()))?;
    let certifying = certifying(dir, config)?;
    let store = match &config.database.url {
        Some(url) => Store::postgres(url, config.database.connections, clock).await?,
        None => Store::sqlite(&dir.file(files::DATABASE), clock).await?,
    };
    let chance = system_chance();
    let gateway = Gateway::open(Parts {
        store,
        masters,
        chance,
        rules,
        certifying,
    })
    .await?;
    // Rules that are half understood are no rules: it does not begin with them.
    let readable = gateway.rules_are_readable().await?;
    readable.map_err(|unreadable| Fault::Rules(unreadable.to_string()))?;
    Ok(gateway)
}

fn certifying(dir: &DataDir, config: &Config) -> Result<Certifying, Fault> {
    Ok(Certifying {
        authority: dir.authority()?.map(Arc::new),
        trust: Arc::new(dir.told(config)?),
    })
}

fn tls(dir: &DataDir, config: &Config, clock: Arc<dyn Clock>) -> Result<ServerTls, Fault> {
    let authority = dir.authority()?;
    let shown = dir.shown(
        config,
        authority.as_ref(),
        clock.now(),
        &mut system_chance(),
    )?;
    Ok(ServerTls::new(
        &shown.chain_pem,
        &shown.key,
        &dir.believed(config)?,
        clock,
    )?)
}

async fn listen(on: &str) -> Result<(TcpListener, SocketAddr), Fault> {
    let fault = |error| Fault::Listen {
        address: on.to_owned(),
        error,
    };
    let listener = TcpListener::bind(on).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    Ok((listener, address))
}

fn stop_at_signal(stop: watch::Sender<bool>) -> Result<(), Fault> {
    let listen = |kind| {
        signal(kind).map_err(|error| Fault::Listen {
            address: "signals".to_owned(),
            error,
        })
    };
    let (mut terminate, mut interrupt) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        let _ = stop.send(true);
        // Kept until the server has gone: a sender that is dropped would look like another stop.
        std::future::pending::<()>().await;
    });
    Ok(())
}

/// Everything that runs beside the calls, begun in one place; it ends when the set is dropped.
fn background(
    gateway: &Gateway,
    dir: &DataDir,
    config: &Config,
    tls: &Arc<ServerTls>,
) -> JoinSet<()> {
    let mut tasks = tide::rise(gateway);
    let clock = gateway.store().clock().clone();
    let days = |days: u16| TimeDelta::days(i64::from(days));
    let keeping = Retention {
        inbox: days(config.limits.inbox_days),
        idempotency: days(config.limits.idempotency_days),
    };
    tasks.spawn(retention::keep(gateway.clone(), keeping));
    tasks.spawn(renew(
        gateway.clone(),
        dir.clone(),
        config.clone(),
        tls.clone(),
        clock,
    ));
    tasks
}

/// Looks again and again whether what the gateway shows, or whom it believes, is to be changed:
/// its own certificate near its end, or files that were replaced.
async fn renew(
    gateway: Gateway,
    dir: DataDir,
    config: Config,
    tls: Arc<ServerTls>,
    clock: Arc<dyn Clock>,
) {
    let mut tick = tokio::time::interval(RENEWAL_TICK);
    loop {
        tick.tick().await;
        let renewed = || -> Result<(), Fault> {
            let authority = dir.authority()?;
            let shown = dir.shown(
                &config,
                authority.as_ref(),
                clock.now(),
                &mut system_chance(),
            )?;
            tls.reload(&shown.chain_pem, &shown.key, &dir.believed(&config)?)?;
            gateway.certify_by(certifying(&dir, &config)?);
            Ok(())
        };
        if let Err(error) = renewed() {
            tracing::error!(%error, "the gateway's certificate could not be renewed");
        }
    }
}
