//! Why an operator's verb (init, serve, doctor) ended without doing what it was asked.

use std::{io, path::PathBuf};

use crate::{
    config::ConfigError,
    pki::authority::AuthorityError,
    rpc::tls::TlsError,
    service::{Error, error::Problem},
    store::StoreError,
};

/// A failure of an operator's verb.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The arguments make no sense.
    #[error("{0}")]
    Usage(String),
    /// The configuration or one of its files.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The directory holds something already.
    #[error("{} is there already and is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file can't be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The database can't be opened.
    #[error("the database can't be opened: {0}{cause}", cause = cause(.0))]
    Store(#[from] StoreError),
    /// A use case refused.
    #[error("{}", told(.0))]
    Service(#[from] Error),
    /// No authority could be made.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// Certificates can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address can't be listened on.
    #[error("can't listen on {address}: {error}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        error: io::Error,
    },
    /// The server failed as a whole.
    #[error("the server failed: {0}")]
    Serve(#[from] tonic::transport::Error),
    /// The rules that ship with the program, or that count in a region, can't be read.
    #[error("the rules can't be read: {0}")]
    Rules(String),
    /// Standard output ended.
    #[error("can't write the answer: {0}")]
    Output(io::Error),
}

/// The driver's words, for the operator alone.
fn cause(error: &StoreError) -> String {
    std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"))
}

fn told(error: &Error) -> String {
    let one = |problem: &Problem| format!("{}: {}", problem.field, problem.reason);
    match error {
        Error::Invalid(problems) => problems.iter().map(one).collect::<Vec<_>>().join("; "),
        Error::Vault(_) => "the master key is not this database's".to_owned(),
        Error::Store(error) => format!("{error}{}", cause(error)),
        other => other.reason().code().to_owned(),
    }
}
