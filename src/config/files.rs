//! The files of a data directory: keys only their owner may read, certificates, the database.
//!
//! ```text
//! yuqiao.toml   master.key (0600)   yuqiao.db
//! ca.pem        ca.key (0600)       the own authority
//! server.pem    server.key (0600)   what the gateway shows, issued by it and renewed in time
//! ```

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
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
        let mode = if secret { 0o600 } else { 0o644 };
        self.put(self.file(name), text, mode, None)
    }

    /// Writes a file beside its place and moves it there: with its mode, and for its owner and group
    /// before a byte of it is there to read.
    fn put(
        &self,
        path: PathBuf,
        text: &str,
        mode: u32,
        owner: Option<(u32, u32)>,
    ) -> Result<(), ConfigError> {
        let mut fresh = path.clone().into_os_string();
        fresh.push(".new");
        let write = || {
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode & 0o600)
                .open(&fresh)?;
            if let Some((user, group)) = owner {
                fchown(&file, Some(user), Some(group))?;
            }
            file.set_permissions(Permissions::from_mode(mode))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(path.parent().unwrap_or(&self.0))?.sync_all()
        };
        write().map_err(|error: io::Error| ConfigError::File { path, error })
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
    /// The file keeps its owner and mode, whoever retires: the gateway must read it at its next start.
    ///
    /// # Errors
    /// Where the file is a link, whose end would stay as it is; where it would no longer give `newest`,
    /// without which nothing opens. The file is then untouched.
    pub fn retire_master_key(
        &self,
        config: &Config,
        version: u32,
        newest: u32,
    ) -> Result<bool, ConfigError> {
        let Some(file) = &config.master_key.file else {
            return Ok(false);
        };
        let refused = |reason: &str| ConfigError::MasterKey {
            source_name: file.display().to_string(),
            reason: reason.to_owned(),
        };
        let path = self.file(file);
        let found = fs::symlink_metadata(&path).map_err(|error| ConfigError::File {
            path: path.clone(),
            error,
        })?;
        if found.is_symlink() {
            return Err(refused(
                "a link: take the version out of the file it leads to",
            ));
        }
        let text = Zeroizing::new(self.read(file)?);
        let kept = MasterKeys::text_without(&text, version);
        let keys = MasterKeys::from_hex_lines(&kept).map_err(|e| refused(&e.to_string()))?;
        if keys.version(newest).is_none() || keys.version(version).is_some() {
            return Err(refused("not the keys that were read at the start"));
        }
        let owner = (found.uid(), found.gid());
        self.put(path, &kept, found.mode() & 0o777, Some(owner))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1:0101010101010101010101010101010101010101010101010101010101010101";
    const TWO: &str = "2:0202020202020202020202020202020202020202020202020202020202020202";

    fn with_keys(text: &str) -> (tempfile::TempDir, DataDir, Config) {
        let place = tempfile::tempdir().unwrap();
        let dir = DataDir::new(place.path());
        dir.write(MASTER_KEY, text, true).unwrap();
        let config = Config::parse("[master_key]\nfile = \"master.key\"").unwrap();
        (place, dir, config)
    }

    #[test]
    fn one_version_goes_and_the_others_stay() {
        for text in [
            format!("{ONE};{TWO}\n"),
            format!("{TWO};{ONE}"),
            format!("{ONE}\n{TWO}\n"),
        ] {
            let (_place, dir, config) = with_keys(&text);
            assert!(dir.retire_master_key(&config, 1, 2).unwrap());
            let keys = dir.master_keys(&config).unwrap();
            assert_eq!(keys.current().version(), 2, "of {text}");
            assert!(keys.version(1).is_none(), "of {text}");
        }
    }

    #[test]
    fn the_file_keeps_whose_it_is_and_who_may_read_it() {
        let (_place, dir, config) = with_keys(&format!("{ONE}\n{TWO}\n"));
        let path = dir.file(MASTER_KEY);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        // Only root may give a file away; for others it is their own before and after.
        let _ = std::os::unix::fs::chown(&path, Some(4321), Some(4321));
        let before = fs::metadata(&path).unwrap();
        dir.retire_master_key(&config, 1, 2).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.mode() & 0o777, 0o640);
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    }

    #[test]
    fn a_file_that_would_lose_what_is_needed_is_left_alone() {
        let (_place, dir, config) = with_keys(ONE);
        for newest in [1, 2] {
            let refused = dir.retire_master_key(&config, 1, newest);
            assert!(matches!(refused, Err(ConfigError::MasterKey { .. })));
            assert_eq!(dir.read(MASTER_KEY).unwrap(), ONE);
        }
        let other = dir.file("elsewhere.key");
        fs::rename(dir.file(MASTER_KEY), &other).unwrap();
        fs::write(&other, format!("{ONE}\n{TWO}\n")).unwrap();
        std::os::unix::fs::symlink(&other, dir.file(MASTER_KEY)).unwrap();
        let refused = dir.retire_master_key(&config, 1, 2);
        assert!(matches!(refused, Err(ConfigError::MasterKey { .. })));
        assert!(dir.read(MASTER_KEY).unwrap().contains(ONE));
    }
}
