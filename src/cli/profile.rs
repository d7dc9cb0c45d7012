//! A client directory: who calls, whom it believes, and the two keys that never leave it.
//!
//! ```text
//! profile.toml   endpoint, region, organization, actor
//! ca.pem         authorities to believe
//! client.pem     the certificate      client.key   its key (0600)
//! signing.key    the organization's key for agreements (0600)
//! ```
//!
//! It appears whole or not at all, and a renewal changes key and certificate together: after a
//! crash between the two renames the next reader finishes the second.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::pki::key::KeyError;
use crate::pki::trust::TrustError;
use crate::pki::{PrivateKey, TrustBundle};

const SETTINGS: &str = "profile.toml";
const AUTHORITIES: &str = "ca.pem";
const CERTIFICATE: &str = "client.pem";
const KEY: &str = "client.key";
const SIGNING_KEY: &str = "signing.key";

/// Why a client directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Nothing was enrolled here.
    #[error("no profile in {0}: enroll first, or name one with --profile")]
    Missing(PathBuf),
    /// Enrolling never writes over what is there.
    #[error("{0} exists already")]
    Exists(PathBuf),
    /// A file can't be read or written.
    #[error("{path}: {error}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The settings are not what was written once.
    #[error("{0} can't be understood")]
    Settings(PathBuf),
    /// A key file holds no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The authorities can't be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// What `profile.toml` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `https://host:port`.
    pub endpoint: String,
    /// Six digits (GB/T 2260).
    pub region: String,
    /// `regions/{region}/organizations/{id}`.
    pub organization: String,
    /// `regions/{region}/actors/{id}`: who calls unless `--actor` names another.
    pub actor: String,
}

/// An enrolled client.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where it is.
    pub dir: PathBuf,
    /// Who calls, and where to.
    pub settings: Settings,
    /// Authorities to believe.
    pub authorities: TrustBundle,
    /// The client certificate, PEM.
    pub certificate_pem: String,
    /// Its key.
    pub key: PrivateKey,
}

/// What enrolment gained, to be kept.
pub struct Enrolled<'a> {
    /// Who calls, and where to.
    pub settings: &'a Settings,
    /// Authorities to believe, PEM.
    pub ca_pem: &'a str,
    /// The client certificate, PEM.
    pub certificate_pem: &'a str,
}

impl Profile {
    /// Reads a client directory.
    ///
    /// # Errors
    /// [`ProfileError`] names the file.
    pub fn load(dir: &Path) -> Result<Self, ProfileError> {
        finish_renewal(dir)?;
        let path = dir.join(SETTINGS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ProfileError::Missing(dir.to_owned()));
            }
            Err(error) => return Err(ProfileError::File { path, error }),
        };
        Ok(Self {
            settings: toml::from_str(&text).map_err(|_| ProfileError::Settings(path))?,
            authorities: TrustBundle::from_pem(&read(&dir.join(AUTHORITIES))?)?,
            certificate_pem: read(&dir.join(CERTIFICATE))?,
            key: PrivateKey::from_pem(read(&dir.join(KEY))?)?,
            dir: dir.to_owned(),
        })
    }

    /// The organization's key for agreements.
    ///
    /// # Errors
    /// [`ProfileError`] names the file.
    pub fn signing_key(&self) -> Result<PrivateKey, ProfileError> {
        Ok(PrivateKey::from_pem(read(&self.dir.join(SIGNING_KEY))?)?)
    }

    /// Replaces certificate, key and authorities after a renewal.
    ///
    /// # Errors
    /// [`ProfileError`]; what was there stays valid and in place.
    pub fn renew(
        &self,
        key: &PrivateKey,
        certificate_pem: &str,
        ca_pem: &str,
    ) -> Result<(), ProfileError> {
        let at = |name: &str| self.dir.join(name);
        write(&at("ca.pem.next"), ca_pem, 0o644)?;
        rename(&at("ca.pem.next"), &at(AUTHORITIES))?;
        write(&at("client.key.next"), key.reveal_pem(), 0o600)?;
        write(&at("client.pem.next"), certificate_pem, 0o644)?;
        rename(&at("client.key.next"), &at(KEY))?;
        finish_renewal(&self.dir)
    }
}

/// A client directory in the making: the keys are safe on disk before the code is spent.
pub struct Draft {
    dir: PathBuf,
    partial: PathBuf,
}

impl Draft {
    /// Keeps both keys in a directory beside the one to come.
    ///
    /// # Errors
    /// Where the directory exists already, or can't be made.
    pub fn begin(
        dir: &Path,
        key: &PrivateKey,
        signing_key: &PrivateKey,
    ) -> Result<Self, ProfileError> {
        if dir.exists() {
            return Err(ProfileError::Exists(dir.to_owned()));
        }
        let mut partial = dir.as_os_str().to_owned();
        partial.push(format!(".{}", std::process::id()));
        let partial = PathBuf::from(partial);
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&partial);
        made.map_err(failed(&partial))?;
        let draft = Self {
            dir: dir.to_owned(),
            partial,
        };
        write(&draft.partial.join(KEY), key.reveal_pem(), 0o600)?;
        write(
            &draft.partial.join(SIGNING_KEY),
            signing_key.reveal_pem(),
            0o600,
        )?;
        Ok(draft)
    }

    /// Adds what the gateway gave, and puts the directory in its place.
    ///
    /// # Errors
    /// [`ProfileError`]; the keys stay beside the place, named by it.
    pub fn complete(self, enrolled: &Enrolled<'_>) -> Result<(), ProfileError> {
        let at = |name: &str| self.partial.join(name);
        let path = at(SETTINGS);
        let settings =
            toml::to_string(enrolled.settings).map_err(|_| ProfileError::Settings(path.clone()))?;
        write(&at(AUTHORITIES), enrolled.ca_pem, 0o644)?;
        write(&at(CERTIFICATE), enrolled.certificate_pem, 0o644)?;
        write(&path, &settings, 0o644)?;
        rename(&self.partial, &self.dir)
    }

    /// Gives up: nothing was enrolled, nothing stays.
    pub fn discard(self) {
        // Leftovers of a refused enrolment hold no certificate; failing to remove them loses nothing.
        let _ = fs::remove_dir_all(&self.partial);
    }
}

/// The key's rename commits a renewal; the certificate follows it.
fn finish_renewal(dir: &Path) -> Result<(), ProfileError> {
    let waiting = dir.join("client.pem.next");
    // The certificate is laid down after the key, so it waits alone only once the key is in place.
    if waiting.exists() && !dir.join("client.key.next").exists() {
        return rename(&waiting, &dir.join(CERTIFICATE));
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, ProfileError> {
    fs::read_to_string(path).map_err(failed(path))
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), ProfileError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    let durable = |mut file: File| {
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
    };
    options.open(path).and_then(durable).map_err(failed(path))
}

fn rename(from: &Path, to: &Path) -> Result<(), ProfileError> {
    let parent = to
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let durable = |()| File::open(parent).and_then(|dir| dir.sync_all());
    fs::rename(from, to).and_then(durable).map_err(failed(to))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> ProfileError {
    let path = path.to_owned();
    move |error| ProfileError::File { path, error }
}

#[cfg(test)]
mod tests;
