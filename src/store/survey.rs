//! A look at a database from outside, for `doctor`: nothing is created, migrated or changed.

use std::{path::Path, str::FromStr};

use chrono::{DateTime, Utc};
use sqlx::{
    Connection, PgConnection, Row as _, SqliteConnection,
    migrate::Migrator,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::error::StoreError;
use crate::domain::region::RegionCode;

/// What was seen.
#[derive(Debug)]
pub struct Survey {
    /// How the schema stands.
    pub schema: Schema,
    /// Each setting durability rests on, its value, and whether it is safe.
    pub durability: Vec<(&'static str, String, bool)>,
    /// The database's own clock; none on the embedded one, which has the machine's.
    pub clock: Option<DateTime<Utc>>,
    /// The instant of each region's last leaf; none before the first leaf.
    pub heads: Vec<(RegionCode, Option<DateTime<Utc>>)>,
}

/// How a database's schema stands to this program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// The same.
    Current,
    /// So many steps behind: `serve` takes them.
    Behind(usize),
    /// Of a newer program; this one may still run on it (expand, move, contract).
    Ahead,
    /// A step that was released has been altered since.
    Altered,
}

/// Surveys the embedded database, as this program would open it.
///
/// # Errors
/// Where the file is not there or is no database.
pub async fn sqlite(path: &Path) -> Result<Survey, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut db = SqliteConnection::connect_with(&options).await?;
    let synchronous: i64 = one(sqlx::query("PRAGMA synchronous").fetch_one(&mut db).await?)?;
    let journal: String = one(sqlx::query("PRAGMA journal_mode")
        .fetch_one(&mut db)
        .await?)?;
    let sound: String = one(sqlx::query("PRAGMA quick_check(1)")
        .fetch_one(&mut db)
        .await?)?;
    let full = synchronous >= 2;
    let durability = vec![
        (
            "synchronous",
            if full {
                "FULL".to_owned()
            } else {
                synchronous.to_string()
            },
            full,
        ),
        ("journal_mode", journal.clone(), journal == "wal"),
        ("quick_check", sound.clone(), sound == "ok"),
    ];
    let present = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let migrated: i64 = one(sqlx::query(present).fetch_one(&mut db).await?)?;
    let mut steps = Vec::new();
    if migrated > 0 {
        for row in sqlx::query(STEPS).fetch_all(&mut db).await? {
            steps.push((row.try_get(0)?, row.try_get(1)?));
        }
    }
    let schema = compare(&sqlx::migrate!("migrations/sqlite"), &steps);
    let mut heads = Vec::new();
    if !steps.is_empty() {
        for row in sqlx::query(HEADS).fetch_all(&mut db).await? {
            heads.push(head(row.try_get(0)?, row.try_get(1)?)?);
        }
    }
    db.close().await?;
    Ok(Survey {
        schema,
        durability,
        clock: None,
        heads,
    })
}

/// Surveys a PostgreSQL database.
///
/// # Errors
/// Where it can't be reached.
pub async fn postgres(url: &str) -> Result<Survey, StoreError> {
    let options = PgConnectOptions::from_str(url)?.application_name("yuqiao doctor");
    let mut db = PgConnection::connect_with(&options).await?;
    let mut durability = Vec::new();
    for (name, sql) in [
        ("synchronous_commit", "SHOW synchronous_commit"),
        ("fsync", "SHOW fsync"),
        ("full_page_writes", "SHOW full_page_writes"),
    ] {
        let value: String = sqlx::query(sql).fetch_one(&mut db).await?.try_get(0)?;
        let safe = matches!(value.as_str(), "on" | "remote_apply");
        durability.push((name, value, safe));
    }
    let row = sqlx::query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        .fetch_one(&mut db)
        .await?;
    let clock = DateTime::from_timestamp_micros(row.try_get(0)?).ok_or(StoreError::ClockJump)?;
    let present = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let migrated: bool = sqlx::query(present).fetch_one(&mut db).await?.try_get(0)?;
    let mut steps = Vec::new();
    if migrated {
        for row in sqlx::query(STEPS).fetch_all(&mut db).await? {
            steps.push((row.try_get(0)?, row.try_get(1)?));
        }
    }
    let schema = compare(&sqlx::migrate!("migrations/postgres"), &steps);
    let mut heads = Vec::new();
    if !steps.is_empty() {
        for row in sqlx::query(HEADS).fetch_all(&mut db).await? {
            heads.push(head(row.try_get(0)?, row.try_get(1)?)?);
        }
    }
    db.close().await?;
    Ok(Survey {
        schema,
        durability,
        clock: Some(clock),
        heads,
    })
}

const STEPS: &str = "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";
const HEADS: &str = "SELECT region, time_us FROM ledger_heads ORDER BY region";

fn one<T>(row: sqlx::sqlite::SqliteRow) -> Result<T, StoreError>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    Ok(row.try_get(0)?)
}

fn head(region: String, micros: i64) -> Result<(RegionCode, Option<DateTime<Utc>>), StoreError> {
    let corrupt = |column| StoreError::Corrupt {
        table: "ledger_heads",
        column,
        row: region.clone(),
    };
    let code = region.parse().map_err(|_| corrupt("region"))?;
    let at = DateTime::from_timestamp_micros(micros).ok_or_else(|| corrupt("time_us"))?;
    Ok((code, (micros != 0).then_some(at)))
}

fn compare(known: &Migrator, done: &[(i64, Vec<u8>)]) -> Schema {
    let known: Vec<_> = known
        .iter()
        .map(|step| (step.version, step.checksum.to_vec()))
        .collect();
    let common = known
        .iter()
        .zip(done)
        .take_while(|(known, done)| known == done)
        .count();
    if common < known.len().min(done.len()) {
        Schema::Altered
    } else if done.len() > known.len() {
        Schema::Ahead
    } else if done.len() < known.len() {
        Schema::Behind(known.len() - done.len())
    } else {
        Schema::Current
    }
}
