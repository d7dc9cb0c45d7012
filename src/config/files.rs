//! The files of a data directory: keys only their owner may read, certificates, the database.
//!
//! ```text
//! yuqiao.toml   master.key (0600)   yuqiao.db
//! ca.pem        ca.key (0600)       the own authority
//! server.pem    server.key (0600)   what the gateway shows, issued by it and renewed in time
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use chrono::{DateTime, Utc};
use rand::RngCore;
use zeroize::Zeroizing;

use super::{Config, ConfigError};
use crate::{
    pki::{
        Authority, PrivateKey, Request, TrustBundle,
        authority::SERVER_VALIDITY,
        certificate::{Dates, dates_of_pem},
    },
    vault::MasterKeys,
};

/// The own authority's certificate.
pub const CA: &str = "ca.pem";
/// Its key.
pub const CA_KEY: &str = "ca.key";
/// What the gateway shows.
pub const SERVER: &str = "server.pem";
/// Its key.
pub const SERVER_KEY: &str = "server.key";
/// The master key, if it is kept in a file.
pub const MASTER_KEY: &str = "master.key";
/// The embedded database.
pub const DATABASE: &str = "yuqiao.db";

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// What the gateway shows in the handshake.
pub struct Shown {
    /// Certificate and its authority's, PEM.
    pub chain_pem: String,
    /// The certificate's key.
    pub key: PrivateKey,
}

impl DataDir {
    /// The directory at `path`, laid out or not.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file of it; an absolute path stays what it is.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Reads a text file.
    pub fn read(&self, name: impl AsRef<Path>) -> Result<String, ConfigError> {
        let path = self.file(name);
        fs::read_to_string(&path).map_err(|error| ConfigError::File { path, error })
    }

    /// Writes a file whole or not at all; a secret one for its owner alone.
    pub fn write(&self, name: &str, text: &str, secret: bool) -> Result<(), ConfigError> {
        let path = self.file(name);
        let fresh = self.file(format!("{name}.new"));
        let write = || {
            let mode = if secret { 0o600 } else { 0o644 };
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|error: io::Error| ConfigError::File {
            path: path.clone(),
            error,
        })
    }

    /// Whether others than the owner may read a file.
    pub fn is_open_to_others(&self, name: impl AsRef<Path>) -> Result<bool, ConfigError> {
        let path = self.file(name);
        let read = fs::metadata(&path).map_err(|error| ConfigError::File { path, error })?;
        Ok(read.permissions().mode() & 0o077 != 0)
    }

    /// The master keys, from wherever the configuration says.
    pub fn master_keys(&self, config: &Config) -> Result<MasterKeys, ConfigError> {
        let source = &config.master_key;
        let (name, text) = if let Some(file) = &source.file {
            (file.display().to_string(), self.read(file)?)
        } else if let Some(variable) = &source.env {
            (
                variable.clone(),
                std::env::var(variable).unwrap_or_default(),
            )
        } else if let Some(command) = &source.command {
            let name = command.first().cloned().unwrap_or_default();
            (name, self.output_of(command)?)
        } else {
            return Err(ConfigError::MasterKeySource);
        };
        let text = Zeroizing::new(text);
        MasterKeys::from_hex_lines(&text).map_err(|e| ConfigError::MasterKey {
            source_name: name,
            reason: e.to_string(),
        })
    }

    /// Takes a version of the master key out of its file; `false` where the keys come from elsewhere.
    pub fn retire_master_key(&self, config: &Config, version: u32) -> Result<bool, ConfigError> {
        let Some(file) = &config.master_key.file else {
            return Ok(false);
        };
        let text = Zeroizing::new(self.read(file)?);
        let of_version = |line: &&str| {
            let number = line.split(':').next().map(str::trim);
            number.and_then(|n| n.parse().ok()) == Some(version)
        };
        let kept = text.lines().filter(|line| !of_version(line));
        let kept = Zeroizing::new(kept.map(|line| format!("{line}\n")).collect::<String>());
        self.write(&file.display().to_string(), &kept, true)?;
        Ok(true)
    }

    fn output_of(&self, command: &[String]) -> Result<String, ConfigError> {
        let failed = |reason: String| ConfigError::MasterKey {
            source_name: command.first().cloned().unwrap_or_default(),
            reason,
        };
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| failed("no command".to_owned()))?;
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.0)
            .output();
        let output = output.map_err(|e| failed(e.to_string()))?;
        if !output.status.success() {
            return Err(failed(output.status.to_string()));
        }
        String::from_utf8(output.stdout).map_err(|_| failed("not text".to_owned()))
    }

    /// The own authority, if its key is here.
    pub fn authority(&self) -> Result<Option<Authority>, ConfigError> {
        if !self.file(CA_KEY).exists() {
            return Ok(None);
        }
        let key = self.key(CA_KEY)?;
        let authority = Authority::load(&self.read(CA)?, &key);
        authority.map(Some).map_err(|e| self.bad(CA, &e))
    }

    /// A private key.
    pub fn key(&self, name: impl AsRef<Path>) -> Result<PrivateKey, ConfigError> {
        let key = PrivateKey::from_pem(self.read(&name)?);
        key.map_err(|e| self.bad(name, &e))
    }

    fn bundle(&self, name: impl AsRef<Path>) -> Result<TrustBundle, ConfigError> {
        TrustBundle::from_pem(&self.read(&name)?).map_err(|e| self.bad(name, &e))
    }

    /// Whose clients are believed: the own authority's, and those brought along.
    pub fn believed(&self, config: &Config) -> Result<TrustBundle, ConfigError> {
        let own = self
            .file(CA)
            .exists()
            .then(|| self.bundle(CA))
            .transpose()?;
        let further = config
            .tls
            .client_ca
            .as_ref()
            .map(|ca| self.bundle(ca))
            .transpose()?;
        match (own, further) {
            (Some(own), Some(further)) => own.with(&further).map_err(|e| self.bad(CA, &e)),
            (Some(one), None) | (None, Some(one)) => Ok(one),
            (None, None) => Err(ConfigError::NoAuthority),
        }
    }

    /// Whom clients are to believe, the authority of what the gateway shows first.
    pub fn told(&self, config: &Config) -> Result<TrustBundle, ConfigError> {
        match (
            &config.tls.server_ca,
            &config.tls.server_cert,
            &config.tls.client_ca,
        ) {
            (Some(ca), _, _) | (None, Some(_), Some(ca)) => self.bundle(ca),
            _ => self.bundle(CA),
        }
    }

    /// What the gateway shows: brought along, or its own, issued anew where it is missing, near its
    /// end, not the key's, or for other hosts.
    pub fn shown(
        &self,
        config: &Config,
        authority: Option<&Authority>,
        now: DateTime<Utc>,
        chance: &mut dyn RngCore,
    ) -> Result<Shown, ConfigError> {
        if let (Some(chain), Some(key)) = (&config.tls.server_cert, &config.tls.server_key) {
            return Ok(Shown {
                chain_pem: self.read(chain)?,
                key: self.key(key)?,
            });
        }
        let authority = authority.ok_or(ConfigError::NoAuthority)?;
        match self.issued(authority, config, now) {
            Some(shown) => Ok(shown),
            None => self.issue(authority, config, now, chance),
        }
    }

    /// The own certificate, if it can be shown for a good while yet.
    fn issued(&self, authority: &Authority, config: &Config, now: DateTime<Utc>) -> Option<Shown> {
        let chain_pem = self.read(SERVER).ok()?;
        let key = self.key(SERVER_KEY).ok()?;
        let Dates {
            renew_after, hosts, ..
        } = dates_of_pem(&chain_pem).ok()?;
        let ours = chain_pem.ends_with(&authority.certificate_pem());
        let fits =
            hosts == config.tls.hosts && crate::pki::certificate::is_of_key(&chain_pem, &key);
        (ours && fits && now < renew_after).then_some(Shown { chain_pem, key })
    }

    fn issue(
        &self,
        authority: &Authority,
        config: &Config,
        now: DateTime<Utc>,
        chance: &mut dyn RngCore,
    ) -> Result<Shown, ConfigError> {
        let request = Request::generate().map_err(|e| self.bad(SERVER_KEY, &e))?;
        let hosts = &config.tls.hosts;
        let issued = authority
            .issue_server(&request.csr_pem, hosts, now, SERVER_VALIDITY, chance)
            .map_err(|e| self.bad(SERVER, &e))?;
        self.write(SERVER_KEY, request.key.reveal_pem(), true)?;
        self.write(SERVER, &issued.chain_pem, false)?;
        Ok(Shown {
            chain_pem: issued.chain_pem,
            key: request.key,
        })
    }

    fn bad(&self, name: impl AsRef<Path>, error: &dyn std::error::Error) -> ConfigError {
        ConfigError::Certificate {
            path: self.file(name),
            reason: error.to_string(),
        }
    }
}
