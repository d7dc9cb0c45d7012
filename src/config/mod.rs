//! What an operator sets: `yuqiao.toml` in the data directory, overridden by the environment, and
//! that by flags. Relative paths are of the data directory.
//!
//! ```toml
//! listen = "0.0.0.0:7443"
//!
//! [database]                 # left out: the embedded one, yuqiao.db
//! url = "postgres://…"
//! connections = 16
//!
//! [master_key]               # exactly one of the three
//! file = "master.key"        # env = "YUQIAO_MASTER_KEY"   command = ["vault", "kv", "get", …]
//!
//! [tls]
//! hosts = ["gateway.example.cn"]
//! client_ca = "clients.pem"  # further authorities whose clients are believed
//! server_cert = "own.pem"    # brought along instead of issued here, with server_key
//! server_key = "own.key"
//! server_ca = "root.pem"     # what clients are to believe then; left out: client_ca
//!
//! [limits]
//! calls_per_second = 200     # of one organization, at each gateway; 0: no bound
//! inbox_days = 400           # how long entries of inboxes are kept
//! idempotency_days = 400     # how long used idempotency keys are kept
//! ```

pub mod files;

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use files::DataDir;

/// The name of the file.
pub const FILE: &str = "yuqiao.toml";
/// Where it listens unless told otherwise.
pub const USUAL_LISTEN: &str = "127.0.0.1:7443";
const USUAL_CONNECTIONS: u32 = 16;

/// Why the configuration or a file it names can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file can't be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The directory was not laid out by `yuqiao init`.
    #[error("no {FILE} in {}: lay the directory out with `yuqiao init`", .0.display())]
    NotADataDir(PathBuf),
    /// The file makes no sense.
    #[error("{}: {message}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong; of the parser, which never repeats a secret: none stands in this file.
        message: String,
    },
    /// Not exactly one source of the master key.
    #[error("[master_key] needs exactly one of file, env and command")]
    MasterKeySource,
    /// The source gave no keys.
    #[error("the master key from {source_name} can't be used: {reason}")]
    MasterKey {
        /// Which source.
        source_name: String,
        /// Why.
        reason: String,
    },
    /// Nothing can be kept for no day at all.
    #[error("[limits] inbox_days and idempotency_days are at least 1")]
    Retention,
    /// `server_cert` and `server_key` go together.
    #[error("[tls] server_cert and server_key go together, and need server_ca or client_ca")]
    ServerCertificate,
    /// Nobody could certify the gateway.
    #[error("there is neither an authority (ca.pem, ca.key) nor a server_cert of its own")]
    NoAuthority,
    /// A certificate file can't be used.
    #[error("{}: {reason}", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `address:port`; port 0 takes any that is free.
    #[serde(default = "usual_listen")]
    pub listen: String,
    /// Which database.
    #[serde(default)]
    pub database: Database,
    /// Where the master keys come from.
    pub master_key: MasterKeySource,
    /// Certificates.
    #[serde(default)]
    pub tls: Tls,
    /// Bounds that differ by place.
    #[serde(default)]
    pub limits: Limits,
}

/// Bounds that differ by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Calls of one organization a second in the long run, at each gateway; ten seconds' worth may
    /// come at once. A stream is one call. 0 is without bound.
    pub calls_per_second: u32,
    /// Days an entry of an inbox is kept, at least 1.
    pub inbox_days: u16,
    /// Days a used idempotency key is kept, at least 1.
    pub idempotency_days: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_per_second: 200,
            // More than a year: whoever comes back from a school year finds its place.
            inbox_days: 400,
            idempotency_days: 400,
        }
    }
}

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// PostgreSQL; left out: the embedded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Connections of this gateway to PostgreSQL.
    pub connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: None,
            connections: USUAL_CONNECTIONS,
        }
    }
}

/// Where the master keys come from: `version:hex` lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MasterKeySource {
    /// A file only its owner may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// An environment variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// What a command writes to its standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
}

/// Certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// DNS names and addresses the gateway is reached by.
    pub hosts: Vec<String>,
    /// Authorities whose clients are believed, besides the own one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PathBuf>,
    /// A certificate chain brought along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cert: Option<PathBuf>,
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_key: Option<PathBuf>,
    /// The authorities clients are to believe, where the chain was brought along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_ca: Option<PathBuf>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            hosts: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            client_ca: None,
            server_cert: None,
            server_key: None,
            server_ca: None,
        }
    }
}

fn usual_listen() -> String {
    USUAL_LISTEN.to_owned()
}

/// What flags and the environment say instead of the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Where to listen.
    pub listen: Option<String>,
    /// PostgreSQL.
    pub database: Option<String>,
}

impl Config {
    /// Reads a data directory's configuration.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and what is wrong with it.
    pub fn load(dir: &Path, overrides: Overrides) -> Result<Self, ConfigError> {
        let path = dir.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(ConfigError::NotADataDir(dir.to_owned()));
            }
            read => read.map_err(|error| ConfigError::File {
                path: path.clone(),
                error,
            })?,
        };
        let mut config =
            Self::parse(&text).map_err(|message| ConfigError::Malformed { path, message })?;
        config.listen = overrides.listen.unwrap_or(config.listen);
        config.database.url = overrides.database.or(config.database.url);
        config.check()?;
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    /// The text of the file.
    ///
    /// # Errors
    /// A text TOML can't write; no value here is one.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        let malformed = |e: toml::ser::Error| e.to_string();
        toml::to_string(self)
            .map_err(malformed)
            .map_err(|message| ConfigError::Malformed {
                path: PathBuf::from(FILE),
                message,
            })
    }

    fn check(&self) -> Result<(), ConfigError> {
        let MasterKeySource { file, env, command } = &self.master_key;
        let sources = [file.is_some(), env.is_some(), command.is_some()];
        if sources.into_iter().filter(|given| *given).count() != 1 {
            return Err(ConfigError::MasterKeySource);
        }
        let Tls {
            server_cert,
            server_key,
            server_ca,
            client_ca,
            ..
        } = &self.tls;
        if self.limits.inbox_days == 0 || self.limits.idempotency_days == 0 {
            return Err(ConfigError::Retention);
        }
        let trusted = server_ca.is_some() || client_ca.is_some();
        match (server_cert, server_key) {
            (None, None) => Ok(()),
            (Some(_), Some(_)) if trusted => Ok(()),
            _ => Err(ConfigError::ServerCertificate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            listen: usual_listen(),
            database: Database::default(),
            master_key: MasterKeySource {
                file: Some("master.key".into()),
                ..Default::default()
            },
            tls: Tls::default(),
            limits: Limits::default(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = config().to_toml().unwrap();
        assert_eq!(Config::parse(&text).unwrap(), config());
        let least = Config::parse("[master_key]\nenv = \"KEY\"").unwrap();
        assert_eq!(
            (least.listen.as_str(), least.database.url),
            (USUAL_LISTEN, None)
        );
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        config().check().unwrap();
        let mut none = config();
        none.master_key.file = None;
        assert!(matches!(none.check(), Err(ConfigError::MasterKeySource)));
        let mut two = config();
        two.master_key.env = Some("KEY".to_owned());
        assert!(matches!(two.check(), Err(ConfigError::MasterKeySource)));
        let mut half = config();
        let mut forgetful = config();
        forgetful.limits.inbox_days = 0;
        assert!(matches!(forgetful.check(), Err(ConfigError::Retention)));
        half.tls.server_cert = Some("own.pem".into());
        assert!(matches!(half.check(), Err(ConfigError::ServerCertificate)));
        assert!(Config::parse("lisen = \"x\"\n[master_key]\nenv = \"K\"").is_err());
    }

    #[test]
    fn flags_speak_last() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            Config::load(dir.path(), Overrides::default()),
            Err(ConfigError::NotADataDir(_))
        ));
        std::fs::write(dir.path().join(FILE), config().to_toml().unwrap()).unwrap();
        let overrides = Overrides {
            listen: Some("127.0.0.1:0".into()),
            database: Some("postgres://".into()),
        };
        let read = Config::load(dir.path(), overrides).unwrap();
        assert_eq!(read.listen, "127.0.0.1:0");
        assert_eq!(read.database.url.as_deref(), Some("postgres://"));
    }
}
