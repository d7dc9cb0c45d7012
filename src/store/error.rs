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
    /// Whether trying the transaction again may help: a deadlock, a busy database, a lost connection.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(e)) => {
                // PostgreSQL: serialization failure, deadlock; SQLite: busy, busy snapshot.
                matches!(e.code().as_deref(), Some("40001" | "40P01" | "5" | "517"))
            }
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) | Self::Moved => true,
            _ => false,
        }
    }

    /// Whether others wrote the same at the same time, or it is transient: tried again, what they
    /// wrote is read.
    pub fn is_contended(&self) -> bool {
        self.is_transient() || self.is_conflict()
    }

    /// Whether a unique index refused the row.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
}
