//! Every rule runs on every engine: [`on_every_engine`] says how to make an empty gateway and runs
//! the test on it.

use std::{
    fs::OpenOptions,
    io::Write,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use rand::{SeedableRng, rngs::StdRng};
use sqlx::{Connection, Executor, PgConnection};
use yuqiao::{
    clinical::rules::RuleSet,
    clock::HandClock,
    pki::authority::{Authority, CA_VALIDITY},
    service::{
        Gateway,
        gateway::{Certifying, Parts},
    },
    store::Store,
    vault::{MasterKey, MasterKeys},
};

/// Where every test begins: 1 September 2026, 08:00 in China.
pub const MORNING: &str = "2026-09-01T00:00:00Z";

/// A gateway on one engine.
pub struct Bench {
    /// The gateway.
    pub gateway: Gateway,
    /// Its clock.
    pub clock: Arc<HandClock>,
    /// How to open the same database again, as a second gateway would.
    pub place: Place,
}

/// Where a database is.
#[derive(Clone)]
pub enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// A database of the test cluster.
    Postgres(String),
}

impl Bench {
    /// A gateway on the database at `place`.
    pub async fn open(place: Place, clock: Arc<HandClock>, seed: u64) -> Self {
        let masters = MasterKeys::new(MasterKey::generate(1, &mut StdRng::seed_from_u64(7)));
        Self::open_with(place, clock, seed, masters).await
    }

    /// The same with master keys of its own.
    pub async fn open_with(
        place: Place,
        clock: Arc<HandClock>,
        seed: u64,
        masters: MasterKeys,
    ) -> Self {
        let store = match &place {
            Place::Sqlite(path) => Store::sqlite(path, clock.clone()).await.unwrap(),
            Place::Postgres(url) => Store::postgres(url, 12, clock.clone())
                .await
                .unwrap()
                .with_given_clock(),
        };
        let mut chance = StdRng::seed_from_u64(seed);
        let now = yuqiao::clock::Clock::now(&*clock);
        let (authority, _) = Authority::create("test", now, CA_VALIDITY, &mut chance).unwrap();
        let parts = Parts {
            store,
            masters,
            chance,
            rules: RuleSet::load().unwrap(),
            certifying: Certifying {
                trust: Arc::new(authority.trust()),
                authority: Some(Arc::new(authority)),
            },
        };
        Self {
            gateway: Gateway::open(parts).await.unwrap(),
            clock,
            place,
        }
    }

    /// A second gateway on the same database, with the same clock.
    pub async fn second(&self) -> Self {
        Self::open(self.place.clone(), self.clock.clone(), 99).await
    }

    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        self.gateway.store().engine()
    }
}

/// Runs a test on SQLite and on PostgreSQL, each with an empty gateway of its own.
///
/// `make test` always provides PostgreSQL. Run by hand without `YUQIAO_TEST_POSTGRES`, only SQLite is
/// tested, and the tally says so.
pub async fn on_every_engine(test: impl AsyncFn(Bench)) {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Sqlite(directory.path().join("yuqiao.db"));
    let bench = Bench::open(place, clock(), 1).await;
    test(bench).await;
    tally("sqlite", "");
    if std::env::var_os("YUQIAO_TEST_POSTGRES").is_some() {
        on_postgres(&test).await;
        tally("postgres", "");
    }
}

/// Runs a test that only a server of many gateways can fail; `why` is printed with the tally.
pub async fn on_postgres_only(why: &str, test: impl AsyncFn(Bench)) {
    if std::env::var_os("YUQIAO_TEST_POSTGRES").is_some() {
        on_postgres(&test).await;
        tally("only-postgres", why);
    }
}

async fn on_postgres(test: &impl AsyncFn(Bench)) {
    let Some(url) = fresh_database().await else {
        return;
    };
    let bench = Bench::open(Place::Postgres(url.clone()), clock(), 1).await;
    let gateway = bench.gateway.clone();
    test(bench).await;
    gateway.store().close().await;
    drop_database(&url).await;
}

/// A database of its own on the test cluster; none without a cluster.
pub async fn fresh_database() -> Option<String> {
    let cluster = std::env::var("YUQIAO_TEST_POSTGRES").ok()?;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("t{}_{next}", std::process::id());
    administer(&cluster, format!("CREATE DATABASE {name}")).await;
    let (base, _) = cluster.rsplit_once('/').unwrap();
    Some(format!("{base}/{name}"))
}

/// Gives a database of [`fresh_database`] back.
pub async fn drop_database(url: &str) {
    let (base, name) = url.rsplit_once('/').unwrap();
    let cluster = format!("{base}/postgres");
    administer(&cluster, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn administer(cluster: &str, sql: String) {
    let mut admin = PgConnection::connect(cluster).await.unwrap();
    admin.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    admin.close().await.unwrap();
}

fn clock() -> Arc<HandClock> {
    Arc::new(HandClock::at(MORNING.parse().unwrap()))
}

/// Tells `make test` on which engine this test ran.
pub fn tally(engine: &str, why: &str) {
    let Some(path) = std::env::var_os("YUQIAO_TEST_TALLY") else {
        return;
    };
    let thread = std::thread::current();
    let line = format!("{engine} {} {why}", thread.name().unwrap_or("main"));
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    writeln!(file, "{}", line.trim_end()).unwrap();
}
