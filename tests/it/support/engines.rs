//! Every store rule is tested once, on both engines: `on_every_engine(async |bench| …)`.
//!
//! PostgreSQL is the cluster of `YUQIAO_TEST_POSTGRES` (`make test` always sets it); each test has
//! a database of its own there. Each run is told to the file `YUQIAO_TEST_TALLY` names, so that a
//! test that ran on one engine only is found out.

use std::{
    fs::OpenOptions,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use chrono::{DateTime, Utc};
use rand::{SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use yuqiao::{
    clinical::rules::RuleSet,
    clock::{Clock, HandClock},
    domain::{
        id::Id,
        identifier::SocialCreditCode,
        organization::{Organization, OrganizationKind},
        region::{RegionCode, Settings, Zone},
    },
    pki::{Authority, authority::CA_VALIDITY},
    service::{
        Gateway,
        gateway::Parts,
        organizations::{self, Invitation, IssuedCode, USUAL_CODE},
    },
    store::Store,
    vault::{MasterKey, MasterKeys},
};

use super::names::{COMMISSION_CODE, REGION};

/// Which engine, and where its database is.
#[derive(Debug, Clone)]
pub enum Engine {
    /// The embedded one, in a directory of its own.
    Sqlite,
    /// A database of its own: its URL.
    Postgres(String),
}

impl Engine {
    /// As the tally writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// A fresh database and a clock moved by hand.
pub struct Bench {
    /// The engine.
    pub engine: Engine,
    /// The store; its clock is `clock` on both engines.
    pub store: Store,
    /// The time.
    pub clock: Arc<HandClock>,
    home: TempDir,
}

/// When every bench begins: a Tuesday in term.
pub fn begin() -> DateTime<Utc> {
    "2026-09-01T01:00:00Z".parse().unwrap()
}

impl Bench {
    async fn on(engine: Engine) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock::at(begin()));
        let given: Arc<dyn Clock> = clock.clone();
        let store = match &engine {
            Engine::Sqlite => Store::sqlite(&home.path().join("yuqiao.db"), given)
                .await
                .unwrap(),
            Engine::Postgres(url) => Store::postgres(url, 8, given)
                .await
                .unwrap()
                .with_given_clock(),
        };
        Self {
            engine,
            store,
            clock,
            home,
        }
    }

    /// A gateway over the store: its own authority, keys from a seed. A second one of the same
    /// bench is another gateway of the same deployment.
    pub async fn gateway(&self) -> Gateway {
        let mut seeded = StdRng::seed_from_u64(7);
        let masters = MasterKeys::new(MasterKey::generate(1, &mut seeded));
        let (authority, _) = Authority::create("bench", begin(), CA_VALIDITY, &mut seeded).unwrap();
        let trust = authority.trust();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let chance = StdRng::seed_from_u64(1000 + u64::from(NEXT.fetch_add(1, Ordering::Relaxed)));
        let parts = Parts {
            store: self.store.clone(),
            masters,
            chance,
            rules: RuleSet::load().unwrap(),
            authority: Some(authority),
            trust,
        };
        Gateway::open(parts).await.unwrap()
    }
}

/// The region of most tests.
pub fn region() -> RegionCode {
    REGION.parse().unwrap()
}

/// Lays the region out with its commission.
pub async fn found(gateway: &Gateway) -> (Id<Organization>, IssuedCode) {
    let settings = Settings {
        zone: Zone::china(),
        altitude_m: 1300,
        correct_for_altitude: true,
    };
    let commission = Invitation {
        kind: OrganizationKind::HealthCommission,
        display_name: "示例旗卫生健康委员会".to_owned(),
        social_credit_code: SocialCreditCode::parse(COMMISSION_CODE).unwrap(),
        filing_number: String::new(),
        licensed_places: 0,
        inclusive_places: 0,
    };
    organizations::found(gateway, region(), &settings, commission, USUAL_CODE)
        .await
        .unwrap()
}

/// Runs a test on a fresh bench of each engine there is.
pub async fn on_every_engine(test: impl AsyncFn(&Bench)) {
    for engine in engines().await {
        let bench = Bench::on(engine.clone()).await;
        test(&bench).await;
        bench.store.close().await;
        ran(engine).await;
    }
}

/// A fresh database of each engine there is.
pub async fn engines() -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    if let Ok(cluster) = std::env::var("YUQIAO_TEST_POSTGRES") {
        engines.push(Engine::Postgres(fresh_database(&cluster).await));
    }
    engines
}

/// A test has run on an engine: told, and its database dropped.
pub async fn ran(engine: Engine) {
    tell(engine.name());
    if let (Engine::Postgres(url), Ok(cluster)) = (engine, std::env::var("YUQIAO_TEST_POSTGRES")) {
        let name = url.rsplit('/').next().unwrap();
        statement(&cluster, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

fn tell(engine: &str) {
    let Ok(tally) = std::env::var("YUQIAO_TEST_TALLY") else {
        return;
    };
    // The test harness names a test's thread after it.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed").to_owned();
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(tally)
        .unwrap();
    file.write_all(format!("{engine} {test}\n").as_bytes())
        .unwrap();
}

async fn fresh_database(cluster: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("yuqiao_test_{}_{next}", std::process::id());
    statement(cluster, format!("CREATE DATABASE {name}")).await;
    let (server, _) = cluster.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

async fn statement(cluster: &str, sql: String) {
    use sqlx::{AssertSqlSafe, Connection, Executor};
    let mut connection = sqlx::PgConnection::connect(cluster).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
