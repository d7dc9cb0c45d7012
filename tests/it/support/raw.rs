//! A plain connection to a gateway's database, for looking at it from outside the store.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};

use super::engines::Place;

/// A connection to either engine.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    /// Connects beside the gateway.
    pub async fn connect(place: &Place) -> Self {
        match place {
            Place::Sqlite(path) => {
                let url = format!("sqlite://{}", path.display());
                Self::Sqlite(SqliteConnection::connect(&url).await.unwrap())
            }
            Place::Postgres(url) => Self::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    /// Runs a statement without parameters.
    pub async fn execute(&mut self, sql: String) {
        let statement = AssertSqlSafe(sql.clone());
        let done = match self {
            Self::Sqlite(c) => c.execute(statement).await.map(|_| ()),
            Self::Postgres(c) => c.execute(statement).await.map(|_| ()),
        };
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// Rows of text.
    pub async fn texts(&mut self, sql: String) -> Vec<Vec<String>> {
        macro_rules! texts {
            ($connection:expr) => {
                $connection
                    .fetch_all(AssertSqlSafe(sql))
                    .await
                    .unwrap()
                    .iter()
                    .map(|row| (0..row.len()).map(|i| row.get_unchecked(i)).collect())
                    .collect()
            };
        }
        match self {
            Self::Sqlite(c) => texts!(c),
            Self::Postgres(c) => texts!(c),
        }
    }

    /// One column of bytes.
    pub async fn blobs(&mut self, sql: String) -> Vec<Vec<u8>> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(c) => {
                let rows = c.fetch_all(sql).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(c) => {
                let rows = c.fetch_all(sql).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Turns the last byte of a sealed value; doing it again mends it.
    pub async fn spoil(&mut self, table: &str, column: &str, id: &str) {
        let place = format!("FROM {table} WHERE id = '{id}'");
        let sealed = self.blobs(format!("SELECT {column} {place}")).await;
        let mut bytes = sealed.into_iter().next().expect("a row");
        *bytes.last_mut().unwrap() ^= 1;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres(_) => format!("decode('{hex}', 'hex')"),
        };
        self.execute(format!(
            "UPDATE {table} SET {column} = {value} WHERE id = '{id}'"
        ))
        .await;
    }
}
