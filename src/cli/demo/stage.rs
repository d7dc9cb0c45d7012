//! The processes of the demonstration: the real server, and a client process for every act of every
//! party, over mTLS. Nothing here reaches into the server; what a party sees is what it printed.

use std::path::{Path, PathBuf};
use std::process::{Output as Finished, Stdio};

use prost::{Message, Name};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::county::Organization;
use super::server;
use crate::cli::error::CliError;
use crate::cli::output::id;
use crate::rpc::json::{from_json, to_json};

/// How many calls one bulk process keeps in flight.
const IN_FLIGHT: &str = "32";

/// A directory with a running server.
pub struct Stage {
    exe: PathBuf,
    dir: PathBuf,
    endpoint: String,
    server: Child,
}

/// One party: an organization's client directory, and who speaks for it.
#[derive(Clone)]
pub struct Party {
    exe: PathBuf,
    profile: PathBuf,
    actor: Option<String>,
    key: String,
}

impl Stage {
    /// Makes the data directory and starts the server; gives the commission's first code.
    ///
    /// # Errors
    /// Where a process fails, or the server does not answer within some seconds.
    pub async fn open(dir: &Path, commission: &Organization) -> Result<(Self, String), CliError> {
        let exe = std::env::current_exe().map_err(CliError::file("yuqiao"))?;
        let code = server::init(&exe, dir, commission).await?;
        let mut server = server::serve(&exe, dir)?;
        match server::ready(&mut server, dir).await {
            Ok(address) => {
                let endpoint = format!("https://{address}");
                Ok((
                    Self {
                        exe,
                        dir: dir.to_owned(),
                        endpoint,
                        server,
                    },
                    code,
                ))
            }
            Err(error) => {
                // It may have ended by itself; the reason is in the error's log.
                let _ = server.kill().await;
                Err(error)
            }
        }
    }

    /// Where the server listens.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The program every process runs.
    #[must_use]
    pub fn exe(&self) -> &Path {
        &self.exe
    }

    /// A party by the key of its organization.
    #[must_use]
    pub fn party(&self, key: &str) -> Party {
        Party {
            exe: self.exe.clone(),
            profile: self.dir.join("clients").join(key),
            actor: None,
            key: key.to_owned(),
        }
    }

    /// Leaves the server running; gives its process id.
    #[must_use]
    pub fn leave(self) -> Option<u32> {
        // The child was started to outlive this process; dropping its handle lets it be.
        self.server.id()
    }

    /// Ends the server.
    ///
    /// # Errors
    /// Where it can't be ended.
    pub async fn close(mut self) -> Result<(), CliError> {
        self.server
            .kill()
            .await
            .map_err(CliError::file("yuqiao serve"))
    }
}

impl Party {
    /// The same organization, spoken for by another actor.
    #[must_use]
    pub fn as_actor(&self, actor: &str) -> Self {
        Self {
            actor: Some(id(actor).to_owned()),
            ..self.clone()
        }
    }

    /// Its client directory.
    #[must_use]
    pub fn profile(&self) -> &Path {
        &self.profile
    }

    /// A process of this party, not yet started; it answers in JSON.
    #[must_use]
    pub fn process(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.exe);
        command
            .arg("--json")
            .arg("--profile")
            .arg(&self.profile)
            .args(arguments);
        if let Some(actor) = &self.actor {
            command.arg("--actor").arg(actor);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    /// Runs a verb to its end, whatever that is.
    ///
    /// # Errors
    /// Where the process can't be run.
    pub async fn try_run(&self, arguments: &[&str]) -> Result<Finished, CliError> {
        self.process(arguments)
            .output()
            .await
            .map_err(CliError::file(&self.exe))
    }

    /// Runs a verb that must succeed; gives its lines.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn run(&self, arguments: &[&str]) -> Result<Vec<Value>, CliError> {
        let finished = self.try_run(arguments).await?;
        self.succeeded(arguments.first().copied().unwrap_or_default(), &finished)?;
        lines(&finished.stdout)
    }

    /// Calls one method with one request.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn call<Q, A>(&self, method: &str, request: &Q) -> Result<A, CliError>
    where
        Q: Message + Name,
        A: Message + Name + Default,
    {
        let mut answers = self.call_all(method, std::slice::from_ref(request)).await?;
        answers
            .pop()
            .ok_or_else(|| failed(method, "there was no answer"))
    }

    /// Calls one method with many requests in one process; answers are in their order.
    ///
    /// # Errors
    /// Where one of them is refused.
    pub async fn call_all<Q, A>(&self, method: &str, requests: &[Q]) -> Result<Vec<A>, CliError>
    where
        Q: Message + Name,
        A: Message + Name + Default,
    {
        let mut text = String::new();
        for request in requests {
            text.push_str(&to_json(request)?.to_string());
            text.push('\n');
        }
        let mut process = self.process(&["call", method, "-", "--in-flight", IN_FLIGHT]);
        let mut child = process
            .stdin(Stdio::piped())
            .spawn()
            .map_err(CliError::file(&self.exe))?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A client that ended early says why on its standard error.
                let _ = stdin.write_all(text.as_bytes()).await;
            }
        };
        let ((), finished) = tokio::join!(feed, child.wait_with_output());
        let finished = finished.map_err(CliError::file(&self.exe))?;
        self.succeeded(method, &finished)?;
        let said = String::from_utf8_lossy(&finished.stdout);
        let answers: Vec<A> = said.lines().map(from_json).collect::<Result<_, _>>()?;
        if answers.len() == requests.len() {
            Ok(answers)
        } else {
            Err(failed(
                method,
                format!("{} answers to {}", answers.len(), requests.len()),
            ))
        }
    }

    fn succeeded(&self, what: &str, finished: &Finished) -> Result<(), CliError> {
        if finished.status.success() {
            return Ok(());
        }
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let refused = said(&finished.stdout);
        let refused = refused
            .lines()
            .find(|line| line.contains("\"error\""))
            .unwrap_or_default();
        let why = format!("{} {} {refused}", finished.status, said(&finished.stderr));
        Err(failed(&format!("{} {what}", self.key), why.trim()))
    }
}

/// The JSON objects a process printed.
///
/// # Errors
/// Where a line is none.
pub fn lines(stdout: &[u8]) -> Result<Vec<Value>, CliError> {
    String::from_utf8_lossy(stdout)
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .map_err(|_| CliError::Answer("a line is not JSON"))
}

/// A step that did not come out as it must.
#[must_use]
pub fn failed(step: &str, why: impl Into<String>) -> CliError {
    CliError::Demo {
        step: step.to_owned(),
        why: why.into(),
    }
}
