//! The county as files a hospital or a facility could have exported: newline-delimited proto3 JSON.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use prost::{Message, Name};

use super::{County, SOURCES};
use crate::rpc::json::{self, JsonError};
use crate::rpc::wire::{
    InviteOrganizationRequest, RecordGuardianshipRequest, RegisterChildRequest,
};

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk said no.
    #[error("can't write the county's files")]
    Io(#[from] io::Error),
    /// A row has no JSON form.
    #[error(transparent)]
    Json(#[from] JsonError),
}

/// Where the county's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// What each of [`SOURCES`] exports, in that order.
    pub exports: [PathBuf; 3],
    /// The one correction, of the source the story names.
    pub correction: PathBuf,
    /// Requests for `DirectoryService.InviteOrganization`; the commission is not among them.
    pub organizations: PathBuf,
    /// Requests for `RosterService.RegisterChild`, in the order of the children.
    pub children: PathBuf,
    /// Requests for `RosterService.RecordGuardianship`, in the same order, without `child`.
    pub guardianships: PathBuf,
}

impl County {
    /// Writes every file into a directory that exists.
    ///
    /// # Errors
    /// [`FileError`] where the directory can't be written.
    pub fn write(&self, dir: &Path) -> Result<Files, FileError> {
        let at = |name: &str| dir.join(format!("{name}.ndjson"));
        let parent = format!("regions/{}", super::DIVISION);
        let files = Files {
            exports: SOURCES.map(at),
            correction: at(&format!(
                "{}-correction",
                SOURCES[self.story.corrected.source]
            )),
            organizations: at("organizations"),
            children: at("children"),
            guardianships: at("guardianships"),
        };
        for (path, rows) in files.exports.iter().zip(&self.exports) {
            write(path, rows)?;
        }
        write(
            &files.correction,
            std::slice::from_ref(&self.story.corrected.row),
        )?;
        let invitations =
            self.organizations
                .iter()
                .skip(1)
                .map(|organization| InviteOrganizationRequest {
                    parent: parent.clone(),
                    organization: Some(organization.registration.clone()),
                    code_hours: 0,
                });
        write(&files.organizations, &invitations.collect::<Vec<_>>())?;
        let children = self.children.iter().map(|child| RegisterChildRequest {
            parent: parent.clone(),
            child: Some(child.registration.clone()),
        });
        write(&files.children, &children.collect::<Vec<_>>())?;
        let guardianships = self.children.iter().map(|child| RecordGuardianshipRequest {
            parent: parent.clone(),
            guardianship: Some(child.guardianship.clone()),
        });
        write(&files.guardianships, &guardianships.collect::<Vec<_>>())?;
        Ok(files)
    }
}

fn write<M: Message + Name>(path: &Path, rows: &[M]) -> Result<(), FileError> {
    let mut file = io::BufWriter::new(std::fs::File::create(path)?);
    for row in rows {
        writeln!(file, "{}", json::to_json(row)?)?;
    }
    file.flush()?;
    Ok(())
}
