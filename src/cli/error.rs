//! Everything that ends a verb, and the exit codes scripts rely on.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | failed: the reason is on standard error |
//! | 2 | the command line itself is wrong |
//! | 3 | done, but some rows or requests were refused; each refusal names its row |

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use tonic::Status;

use super::assess::AssessError;
use super::fault::Fault;
use super::growth_chart::ChartError;
use super::profile::ProfileError;
use super::refusal::Refusal;
use super::rules::RuleSetError;
use crate::pki::code::CodeError;
use crate::pki::request::RequestError;
use crate::pki::signature::SignatureError;
use crate::rpc::dial::DialError;
use crate::rpc::json::JsonError;

/// Exit code where some rows were refused.
pub const SOME_REFUSED: u8 = 3;

/// Why a verb ended without doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The arguments contradict each other or name nothing.
    #[error("{0}")]
    Usage(String),
    /// The client directory can't be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The gateway was not reached, or is not the one meant.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The gateway said no, or the line broke.
    #[error("{}", .0.lines().join("\n"))]
    Refused(Box<Refusal>),
    /// A text is not the JSON of the message it should be.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A one-time code can't be read.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// No key could be made here.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The signing key could not sign.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A file can't be read or written.
    #[error("{path}: {kind}", path = .path.display(), kind = .error)]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// An operator's verb failed.
    #[error(transparent)]
    House(#[from] Fault),
    /// A table of children can't be assessed.
    #[error(transparent)]
    Assess(#[from] AssessError),
    /// Files are no rule set.
    #[error(transparent)]
    RuleSet(#[from] RuleSetError),
    /// A growth chart can't be drawn.
    #[error(transparent)]
    GrowthChart(#[from] ChartError),
    /// Standard output ended.
    #[error("can't write the answer: {0}")]
    Output(io::Error),
    /// The gateway answered something a gateway does not answer.
    #[error("the gateway's answer makes no sense: {0}")]
    Answer(&'static str),
    /// A step of the demonstration did not come out as it must.
    #[error("{step}: {why}")]
    Demo {
        /// The step.
        step: String,
        /// What was seen instead.
        why: String,
    },
}

impl From<Status> for CliError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(Refusal::of(&status)))
    }
}

impl CliError {
    /// For `map_err` on a file's operation.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::File {
            path: path.into(),
            error,
        }
    }

    /// Tells standard error why, as text or as one JSON object, and gives the exit code.
    #[must_use]
    pub fn report(&self, json: bool) -> ExitCode {
        match self {
            // Whoever reads the answer has read enough (`… | head`).
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Self::Refused(refusal) if json => eprintln!("{}", json!({"error": refusal.to_json()})),
            _ if json => eprintln!("{}", json!({"error": {"message": self.to_string()}})),
            _ => eprintln!("yuqiao: {self}"),
        }
        match self {
            Self::Usage(_) | Self::House(Fault::Usage(_)) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}
