//! The two-armed engine: `Tx`, `Query` and `Row` are each SQLite or PostgreSQL, and nothing else
//! in the house asks which. Two engines are a closed set, and that is what an enum says.

mod each;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{
    AssertSqlSafe, Encode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Type,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};

use super::error::StoreError;
use crate::clock::Clock;

/// A value both engines can store.
pub trait Storable:
    for<'q> Encode<'q, Sqlite>
    + Type<Sqlite>
    + for<'q> Encode<'q, Postgres>
    + Type<Postgres>
    + Send
    + 'static
{
}
impl<T> Storable for T where
    T: for<'q> Encode<'q, Sqlite>
        + Type<Sqlite>
        + for<'q> Encode<'q, Postgres>
        + Type<Postgres>
        + Send
        + 'static
{
}

/// A value both engines can give back.
pub trait Readable:
    for<'r> sqlx::Decode<'r, Sqlite>
    + Type<Sqlite>
    + for<'r> sqlx::Decode<'r, Postgres>
    + Type<Postgres>
{
}
impl<T> Readable for T where
    T: for<'r> sqlx::Decode<'r, Sqlite>
        + Type<Sqlite>
        + for<'r> sqlx::Decode<'r, Postgres>
        + Type<Postgres>
{
}

/// What the gateway relies on in every session, whatever the server's defaults: acknowledged means
/// durable, locks make a transaction safe, and a gateway that hangs while it holds a region's head
/// stops the others for seconds, not for ever. With a standby named in
/// `synchronous_standby_names`, `on` waits for it too.
///
/// Every hot statement is an index range. A generic plan is kept as long as its connection: made while
/// a table is young and small it would be a sequential scan, and stay one while the table grows. To
/// compile a plan for a few rows costs more than to run it.
const POSTGRES_SESSION: [(&str, &str); 7] = [
    ("synchronous_commit", "on"),
    ("default_transaction_isolation", "read committed"),
    ("lock_timeout", "10s"),
    ("statement_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
];

/// A database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    clock: Arc<dyn Clock>,
    /// Whether PostgreSQL's own clock decides (always, outside tests of time).
    database_clock: bool,
}

#[derive(Clone)]
enum Pools {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl Store {
    /// Opens (and creates) the embedded database and brings its schema up to date.
    pub async fn sqlite(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", "4000")
            .statement_cache_capacity(512)
            // The driver hands rows over from a thread of its own: let a whole answer be ready before
            // the reader is woken for it.
            .row_buffer_size(4096);
        // A database in this process does not go away: to ask before each use whether it is there would
        // be one more hand-over to the driver's thread.
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        // One writer: `BEGIN IMMEDIATE` never has to wait for another of this process.
        let writer = pool().max_connections(1).connect_with(options.clone());
        let writer = writer.await?;
        // An older gateway starts on a newer schema: a migration only adds what it may overlook.
        sqlx::migrate!("migrations/sqlite")
            .set_ignore_missing(true)
            .run(&writer)
            .await?;
        let readers = pool().max_connections(4).connect_with(options).await?;
        let pools = Pools::Sqlite { writer, readers };
        Ok(Self {
            pools,
            clock,
            database_clock: false,
        })
    }

    /// Opens a PostgreSQL database and brings its schema up to date.
    pub async fn postgres(
        url: &str,
        connections: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        // A migration takes the time it takes, so it has a connection without limits.
        let migrating = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone());
        let migrating = migrating.await?;
        sqlx::migrate!("migrations/postgres")
            .set_ignore_missing(true)
            .run(&migrating)
            .await?;
        migrating.close().await;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.options(POSTGRES_SESSION))
            .await?;
        Ok(Self {
            pools: Pools::Postgres(pool),
            clock,
            database_clock: true,
        })
    }

    /// Lets the given clock decide on PostgreSQL too, so that a test can move time by hand.
    #[must_use]
    pub fn with_given_clock(self) -> Self {
        Self {
            database_clock: false,
            ..self
        }
    }

    /// A short name of the engine, for people.
    pub fn engine(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "sqlite",
            Pools::Postgres(_) => "postgres",
        }
    }

    /// Begins a transaction that will write. SQLite is exclusive from here on; PostgreSQL runs
    /// `READ COMMITTED` and is made safe by the locks taken in it.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let arm = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                TxArm::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            Pools::Postgres(pool) => TxArm::Postgres(pool.begin().await?),
        };
        Ok(self.tx(arm))
    }

    /// Begins a transaction that reads one snapshot and discloses no child.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let arm = match &self.pools {
            Pools::Sqlite { readers, .. } => TxArm::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => TxArm::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        };
        Ok(self.tx(arm))
    }

    fn tx(&self, arm: TxArm) -> Tx {
        Tx {
            arm,
            clock: self.clock.clone(),
            database_clock: self.database_clock,
        }
    }

    /// Closes every connection after the work at hand.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// The injected clock; the deciding time comes from [`Tx::now`].
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The PostgreSQL pool, for notifications between gateways; none on SQLite.
    pub(super) fn postgres_pool(&self) -> Option<&PgPool> {
        match &self.pools {
            Pools::Postgres(pool) => Some(pool),
            Pools::Sqlite { .. } => None,
        }
    }
}

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
pub struct Tx {
    arm: TxArm,
    clock: Arc<dyn Clock>,
    database_clock: bool,
}

enum TxArm {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    /// A statement, written once for both engines: `$n`, `RETURNING`, `ON CONFLICT`.
    pub fn query(&self, sql: &'static str) -> Query {
        match &self.arm {
            TxArm::Sqlite(_) => Query::Sqlite(sqlx::query(sql)),
            TxArm::Postgres(_) => Query::Postgres(sqlx::query(sql)),
        }
    }

    /// A statement put together from constant parts (never from input).
    pub fn query_of_parts(&self, sql: String) -> Query {
        match &self.arm {
            TxArm::Sqlite(_) => Query::Sqlite(sqlx::query(AssertSqlSafe(sql))),
            TxArm::Postgres(_) => Query::Postgres(sqlx::query(AssertSqlSafe(sql))),
        }
    }

    /// `column` is among the list bound as `$n` by [`Query::bind_list`]: the one place where the
    /// engines spell a condition differently. Both use the column's index.
    pub fn among(&self, column: &str, n: u32) -> String {
        match &self.arm {
            TxArm::Sqlite(_) => format!("{column} IN (SELECT value FROM json_each(${n}))"),
            TxArm::Postgres(_) => format!("{column} = ANY(${n})"),
        }
    }

    /// What the pairs bound as `$n` and `$n+1` by [`Query::bind_pairs`] hold for `column`; `$n` is also
    /// a list for [`Tx::among`].
    pub fn paired(&self, column: &str, n: u32) -> String {
        let values = n + 1;
        match &self.arm {
            TxArm::Sqlite(_) => format!("(${values} ->> {column})"),
            TxArm::Postgres(_) => {
                format!("(${values}::text[])[array_position(${n}::text[], {column})]")
            }
        }
    }

    /// What makes a `SELECT` lock its rows and pass over those that others hold: nothing on SQLite,
    /// which is exclusive already.
    pub fn for_update_of_free(&self) -> &'static str {
        match &self.arm {
            TxArm::Sqlite(_) => "",
            TxArm::Postgres(_) => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// What makes a `SELECT` lock its rows: nothing on SQLite, which is exclusive already.
    pub fn for_update(&self) -> &'static str {
        match &self.arm {
            TxArm::Sqlite(_) => "",
            TxArm::Postgres(_) => " FOR UPDATE",
        }
    }

    /// What makes a `SELECT` keep its rows as they are until the transaction ends, for others that do so
    /// too: nothing on SQLite, which is exclusive already.
    pub fn for_share(&self) -> &'static str {
        match &self.arm {
            TxArm::Sqlite(_) => "",
            TxArm::Postgres(_) => " FOR SHARE",
        }
    }

    /// The present instant by the clock that decides: the database's on PostgreSQL, the given one
    /// on SQLite.
    pub async fn now(&mut self) -> Result<DateTime<Utc>, StoreError> {
        if let (TxArm::Postgres(_), true) = (&self.arm, self.database_clock) {
            let row = self
                .query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now")
                .fetch_one(self)
                .await?;
            let micros: i64 = row.get("now")?;
            DateTime::from_timestamp_micros(micros).ok_or(StoreError::ClockJump)
        } else {
            Ok(self.clock.now())
        }
    }

    /// Inserts many rows in one statement. `columns` are of equal length. With `quietly`, a row that
    /// a unique index refuses is passed over.
    ///
    /// Here the engines honestly differ: SQLite takes `VALUES (?, …), …`, PostgreSQL arrays through
    /// `UNNEST`.
    pub async fn insert(
        &mut self,
        table: &'static str,
        columns: &[(&'static str, Column)],
        conflict: Conflict,
    ) -> Result<u64, StoreError> {
        let rows = columns.first().map_or(0, |(_, c)| c.len());
        if rows == 0 {
            return Ok(0);
        }
        let names: Vec<&str> = columns.iter().map(|(n, _)| *n).collect();
        let into = format!("INTO {table} ({}) ", names.join(", "));
        let tail = match conflict {
            Conflict::Fail => String::new(),
            Conflict::Skip => " ON CONFLICT DO NOTHING".to_owned(),
            Conflict::Update(how) => format!(" ON CONFLICT {how}"),
        };
        match &mut self.arm {
            TxArm::Sqlite(tx) => {
                // A statement that may be undone alone keeps a copy of every page it touches. One that
                // fails takes the transaction with it, so there is nothing to undo alone.
                let insert = match conflict {
                    Conflict::Fail | Conflict::Update(_) => "INSERT OR FAIL",
                    Conflict::Skip => "INSERT",
                };
                let tuple = format!("({})", vec!["?"; columns.len()].join(", "));
                let chunk = (SQLITE_PARAMETERS / columns.len()).max(1);
                let mut inserted = 0;
                for start in (0..rows).step_by(chunk) {
                    let end = rows.min(start + chunk);
                    let tuples = vec![tuple.as_str(); end - start].join(", ");
                    let mut query = sqlx::query(AssertSqlSafe(format!(
                        "{insert} {into}VALUES {tuples}{tail}"
                    )));
                    for row in start..end {
                        for (_, column) in columns {
                            query = column.bind_sqlite(query, row);
                        }
                    }
                    // A statement as long as its rows is worth keeping only when it is short.
                    let query = query.persistent(end - start <= 4);
                    inserted += query.execute(&mut **tx).await?.rows_affected();
                }
                Ok(inserted)
            }
            TxArm::Postgres(tx) => {
                let arrays: Vec<String> = columns
                    .iter()
                    .enumerate()
                    .map(|(i, (_, c))| format!("${}::{}[]", i + 1, c.postgres_type()))
                    .collect();
                let sql = format!(
                    "INSERT {into}SELECT * FROM UNNEST({}){tail}",
                    arrays.join(", ")
                );
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for (_, column) in columns {
                    query = column.bind_postgres(query);
                }
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// Commits. After an error here the outcome is unknown.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.arm {
            TxArm::Sqlite(tx) => Ok(tx.commit().await?),
            TxArm::Postgres(tx) => Ok(tx.commit().await?),
        }
    }

    /// Gives everything up.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.arm {
            TxArm::Sqlite(tx) => Ok(tx.rollback().await?),
            TxArm::Postgres(tx) => Ok(tx.rollback().await?),
        }
    }
}

/// Parameters one SQLite statement may hold (its compiled-in limit is 32,766).
const SQLITE_PARAMETERS: usize = 32_000;

/// What to do when a unique index refuses a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The statement fails, and with it the transaction: it must not be committed.
    Fail,
    /// The row is passed over.
    Skip,
    /// The row that is there is changed: by which key it is known, and how. What another unique index
    /// refuses fails.
    Update(&'static str),
}

/// One column of many rows.
#[derive(Debug, Clone)]
pub enum Column {
    /// Text.
    Text(Vec<String>),
    /// Text or nothing.
    MaybeText(Vec<Option<String>>),
    /// Integer.
    Int(Vec<i64>),
    /// Integer or nothing.
    MaybeInt(Vec<Option<i64>>),
    /// Bytes.
    Bytes(Vec<Vec<u8>>),
}

type SqliteQuery<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;
type PgQuery<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::MaybeText(v) => v.len(),
            Self::Int(v) => v.len(),
            Self::MaybeInt(v) => v.len(),
            Self::Bytes(v) => v.len(),
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::MaybeText(_) => "text",
            Self::Int(_) | Self::MaybeInt(_) => "bigint",
            Self::Bytes(_) => "bytea",
        }
    }

    fn bind_sqlite<'q>(&self, query: SqliteQuery<'q>, row: usize) -> SqliteQuery<'q> {
        match self {
            Self::Text(v) => query.bind(v[row].clone()),
            Self::MaybeText(v) => query.bind(v[row].clone()),
            Self::Int(v) => query.bind(v[row]),
            Self::MaybeInt(v) => query.bind(v[row]),
            Self::Bytes(v) => query.bind(v[row].clone()),
        }
    }

    fn bind_postgres<'q>(&self, query: PgQuery<'q>) -> PgQuery<'q> {
        match self {
            Self::Text(v) => query.bind(v.clone()),
            Self::MaybeText(v) => query.bind(v.clone()),
            Self::Int(v) => query.bind(v.clone()),
            Self::MaybeInt(v) => query.bind(v.clone()),
            Self::Bytes(v) => query.bind(v.clone()),
        }
    }
}

/// A statement with its arguments.
#[must_use = "a query does nothing until it is fetched or executed"]
pub enum Query {
    /// On SQLite.
    Sqlite(SqliteQuery<'static>),
    /// On PostgreSQL.
    Postgres(PgQuery<'static>),
}

impl Query {
    /// Binds the next `$n`.
    pub fn bind<T: Storable>(self, value: T) -> Self {
        match self {
            Self::Sqlite(q) => Self::Sqlite(q.bind(value)),
            Self::Postgres(q) => Self::Postgres(q.bind(value)),
        }
    }

    /// Binds the next `$n` to a list, for [`Tx::among`].
    pub fn bind_list(self, values: Vec<String>) -> Self {
        match self {
            Self::Sqlite(q) => Self::Sqlite(q.bind(serde_json::json!(values).to_string())),
            Self::Postgres(q) => Self::Postgres(q.bind(values)),
        }
    }

    /// Binds the next two `$n` to pairs of different keys, for [`Tx::paired`].
    pub fn bind_pairs(self, pairs: BTreeMap<String, String>) -> Self {
        let query = self.bind_list(pairs.keys().cloned().collect());
        match query {
            Self::Sqlite(q) => Self::Sqlite(q.bind(serde_json::json!(pairs).to_string())),
            Self::Postgres(q) => Self::Postgres(q.bind(pairs.into_values().collect::<Vec<_>>())),
        }
    }

    /// Runs it; gives the number of rows changed.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64, StoreError> {
        match (self, &mut tx.arm) {
            (Self::Sqlite(q), TxArm::Sqlite(t)) => Ok(q.execute(&mut **t).await?.rows_affected()),
            (Self::Postgres(q), TxArm::Postgres(t)) => {
                Ok(q.execute(&mut **t).await?.rows_affected())
            }
            _ => Err(other_engine()),
        }
    }

    /// Every row.
    pub async fn fetch_all(self, tx: &mut Tx) -> Result<Vec<Row>, StoreError> {
        match (self, &mut tx.arm) {
            (Self::Sqlite(q), TxArm::Sqlite(t)) => Ok(q
                .fetch_all(&mut **t)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect()),
            (Self::Postgres(q), TxArm::Postgres(t)) => Ok(q
                .fetch_all(&mut **t)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect()),
            _ => Err(other_engine()),
        }
    }

    /// The row, if there is one.
    pub async fn fetch_optional(self, tx: &mut Tx) -> Result<Option<Row>, StoreError> {
        match (self, &mut tx.arm) {
            (Self::Sqlite(q), TxArm::Sqlite(t)) => {
                Ok(q.fetch_optional(&mut **t).await?.map(Row::Sqlite))
            }
            (Self::Postgres(q), TxArm::Postgres(t)) => {
                Ok(q.fetch_optional(&mut **t).await?.map(Row::Postgres))
            }
            _ => Err(other_engine()),
        }
    }

    /// The one row.
    pub async fn fetch_one(self, tx: &mut Tx) -> Result<Row, StoreError> {
        self.fetch_optional(tx)
            .await?
            .ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }
}

fn other_engine() -> StoreError {
    StoreError::Database(sqlx::Error::Protocol(
        "a statement of the other engine".into(),
    ))
}

/// A row.
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// The value of a column.
    pub fn get<T: Readable>(&self, column: &str) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(row) => Ok(row.try_get(column)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}
