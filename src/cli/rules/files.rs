//! Rule sets in files: `DIR/*.toml` are rules, `DIR/schedules/*.toml` schedules.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::clinical::growth::Tables;
use crate::clinical::rules::bundle::{Bundle, BundleError, LONGEST_FILE, RuleFile, SCHEDULES};
use crate::clinical::rules::{LoadError, RuleSet, SetFault};
use crate::rpc::wire;

/// What this program's own set is called.
pub const SHIPPED: &str = "shipped";

/// Why files are no rule set.
#[derive(Debug, thiserror::Error)]
pub enum RuleSetError {
    /// Names or lengths.
    #[error("{fault}\n{zh}", fault = .0, zh = .0.zh())]
    Bundle(#[from] BundleError),
    /// A file is not sound.
    #[error("{fault}\n{zh}", fault = .0, zh = .0.zh())]
    Fault(#[from] SetFault),
    /// The shipped data is damaged.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file can't be read or written.
    #[error("{path}: {error}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl From<crate::clinical::growth::TableError> for RuleSetError {
    fn from(error: crate::clinical::growth::TableError) -> Self {
        Self::Load(error.into())
    }
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> RuleSetError {
    let path = path.to_owned();
    move |error| RuleSetError::File { path, error }
}

/// Reads directories and files as one set. Where no schedule is among them this program's are added.
///
/// # Errors
/// [`RuleSetError`] names file and line.
pub fn read(paths: &[PathBuf]) -> Result<RuleSet, RuleSetError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            folder(path, "", &mut files)?;
            let schedules = path.join(SCHEDULES);
            if schedules.is_dir() {
                folder(&schedules, SCHEDULES, &mut files)?;
            }
        } else {
            let beside = path.parent().and_then(Path::file_name);
            let schedules = beside.is_some_and(|of| of == SCHEDULES.trim_end_matches('/'));
            files.push(one(path, if schedules { SCHEDULES } else { "" })?);
        }
    }
    if !files.iter().any(RuleFile::is_schedule) {
        let shipped = RuleSet::load()?;
        let own = shipped.bundle().files().iter().filter(|f| f.is_schedule());
        files.extend(own.cloned());
    }
    Ok(RuleSet::of(Bundle::new(files)?, Tables::load()?)?)
}

fn folder(dir: &Path, prefix: &str, into: &mut Vec<RuleFile>) -> Result<(), RuleSetError> {
    let entries = fs::read_dir(dir).map_err(file(dir))?;
    for entry in entries {
        let path = entry.map_err(file(dir))?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            into.push(one(&path, prefix)?);
        }
    }
    Ok(())
}

fn one(path: &Path, prefix: &str) -> Result<RuleFile, RuleSetError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("{prefix}{name}");
    let size = fs::metadata(path).map_err(file(path))?.len();
    // Not read into memory to be told that it is too long.
    if size > LONGEST_FILE as u64 {
        return Err(BundleError::TooLong(name).into());
    }
    let text = fs::read_to_string(path).map_err(file(path))?;
    Ok(RuleFile { name, text })
}

/// A set as the gateway gave it.
///
/// # Errors
/// Where this program can't read it.
pub fn received(files: Vec<wire::RuleFile>) -> Result<RuleSet, RuleSetError> {
    let files = files.into_iter();
    let files = files.map(|wire::RuleFile { name, text }| RuleFile { name, text });
    Ok(RuleSet::of(Bundle::new(files.collect())?, Tables::load()?)?)
}

/// Writes a set's files below a directory. What is there already stays: then nothing is written, since
/// half a set beside other files may pass for a sound one.
///
/// # Errors
/// Where a file is there, or can't be written.
pub fn write(dir: &Path, set: &RuleSet) -> Result<(), CliError> {
    for of in set.bundle().files() {
        let path = dir.join(&of.name);
        if path.symlink_metadata().is_ok() {
            return Err(CliError::file(path)(io::ErrorKind::AlreadyExists.into()));
        }
    }
    let schedules = dir.join(SCHEDULES);
    fs::create_dir_all(&schedules).map_err(CliError::file(&schedules))?;
    for of in set.bundle().files() {
        // Names are checked: no name leads out of the directory.
        let path = dir.join(&of.name);
        let mut options = fs::OpenOptions::new();
        let made = options.write(true).create_new(true).open(&path);
        let mut made = made.map_err(CliError::file(&path))?;
        io::Write::write_all(&mut made, of.text.as_bytes()).map_err(CliError::file(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_written_whole_or_not_at_all() {
        let home = tempfile::tempdir().unwrap();
        let set = RuleSet::load().unwrap();
        let last = &set.bundle().files().last().unwrap().name;
        let dir = home.path().join("rules");
        fs::create_dir_all(dir.join(SCHEDULES)).unwrap();
        fs::write(dir.join(last), "of others").unwrap();
        assert!(write(&dir, &set).is_err());
        let there = |dir: &Path| fs::read_dir(dir).unwrap().count();
        let schedule = usize::from(last.starts_with(SCHEDULES));
        assert_eq!(there(&dir), 2 - schedule, "the folder, and what was there");
        assert_eq!(there(&dir.join(SCHEDULES)), schedule);
        fs::remove_file(dir.join(last)).unwrap();
        write(&dir, &set).unwrap();
        assert_eq!(read(&[dir]).unwrap().id(), set.id());
    }
}
