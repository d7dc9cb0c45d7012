//! What can go wrong below the services. Texts of the drivers never leave the house.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed or the statement was refused.
    #[error("the database refused or failed")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row that makes no sense.
    #[error("a row of {table} makes no sense in column {column}: {row}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's pseudonymous id.
        row: String,
    },
    /// A sealed value could not be opened where it stands.
    #[error("a sealed value of {table} could not be opened: {row}")]
    Sealed {
        /// The table.
        table: &'static str,
        /// The row's pseudonymous id.
        row: String,
    },
    /// The database's clock runs ahead of the ledger by more than the bound.
    #[error("the clock jumped ahead of the ledger by more than the bound")]
    ClockJump,
    /// What was read before the locks had changed when they were taken.
    #[error("what was read had changed before it was locked")]
    Moved,
    /// The region is not known here.
    #[error("the region is not known here")]
    UnknownRegion,
}

impl StoreError {
    /// A failure to reach the database, for tests of who is told what.
    #[cfg(test)]
    pub(crate) fn unreached() -> Self {
        Self::Database(sqlx::Error::PoolTimedOut)
    }

    /// Whether the caller may try again later: others were in the way, or the database is out of reach.
    pub fn is_transient(&self) -> bool {
        self.is_out_of_reach() || self.is_in_the_way()
    }

    /// Whether the database can't be reached or does not answer in time: trying at once would only
    /// wait again.
    pub fn is_out_of_reach(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(e)) => {
                // PostgreSQL: no connection, shutting down, starting up, a time limit; SQLite: busy
                // beyond the busy limit.
                let code = e.code();
                let code = code.as_deref().unwrap_or_default();
                code.starts_with("08")
                    || matches!(
                        code,
                        "57P01" | "57P02" | "57P03" | "57014" | "55P03" | "25P03" | "53300" | "5"
                    )
            }
            Self::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed,
            ) => true,
            _ => false,
        }
    }

    /// Whether others wrote the same at the same time: tried again at once, what they wrote is read.
    pub fn is_contended(&self) -> bool {
        self.is_in_the_way() || self.is_conflict()
    }

    fn is_in_the_way(&self) -> bool {
        match self {
            // PostgreSQL: serialization failure, deadlock; SQLite: busy snapshot.
            Self::Database(sqlx::Error::Database(e)) => {
                matches!(e.code().as_deref(), Some("40001" | "40P01" | "517"))
            }
            Self::Moved => true,
            _ => false,
        }
    }

    /// Whether a unique index refused the row.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
}
