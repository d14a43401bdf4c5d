//! Images built from folders: what the catalogue says of them, which commit changed their folder last,
//! and how one is built by the engine of this machine.

use std::path::PathBuf;

use jiff::Timestamp;

use super::Name;
use crate::text::Safe;

/// An image of the catalogue: `images:` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueImage {
    /// With its host, without a tag: `ghcr.io/acme/python`.
    pub image: Name,
    /// The tag that a rebuild moves.
    pub tag: Name,
    /// `acme/images`.
    pub repository: Name,
    /// Of the repository, without a slash at either end; empty = all of it.
    pub folder: String,
    /// Within the folder.
    pub dockerfile: String,
    /// The workflow that builds it.
    pub workflow: Option<Name>,
    /// Where the repository lies on this machine.
    pub clone: Option<PathBuf>,
}

/// What is known of a folder in its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderRead {
    pub repository: Name,
    pub folder: String,
    /// `Err`: why it is not known.
    pub known: Result<Folder, Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The newest commit that changed it; `None`: there is no such folder on the default branch.
    pub last: Option<Commit>,
    /// Of each commit that an image was built from.
    pub against: Vec<(Safe, Relation)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub sha: Safe,
    /// Its first line.
    pub title: Safe,
    pub at: Option<Timestamp>,
}

/// How the last change of a folder stands to the commit of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// The commit of the image has it.
    Built,
    /// It came afterwards, by so many commits.
    After(u64),
    /// Each has commits that the other has not.
    Diverged,
    /// The repository does not know the image's commit, or it cannot be asked.
    Unknown(Safe),
}

/// An image as it is built here, as it was read for the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildPlan {
    /// With its tag: `ghcr.io/acme/python:latest`.
    pub image: Name,
    /// The folder of the context.
    pub folder: PathBuf,
    /// As it is told.
    pub shown: Safe,
    /// Within the context.
    pub dockerfile: String,
    /// What is sent of the folder, and what `.dockerignore` keeps back.
    pub files: u64,
    pub bytes: u64,
    pub ignored: u64,
    /// The commit that the folder is at, when nothing in it was changed since.
    pub revision: Option<Safe>,
    /// Why there is none.
    pub no_revision: Safe,
    /// The images it begins with.
    pub bases: Vec<Safe>,
}

impl BuildPlan {
    /// One that the journal tells of: it is looked up, and never sent.
    #[must_use]
    pub fn told(image: &str, folder: &str, dockerfile: &str, revision: Option<&str>) -> Self {
        Self {
            image: Name::new(image),
            folder: PathBuf::new(),
            shown: Safe::identity(folder),
            dockerfile: dockerfile.to_owned(),
            files: 0,
            bytes: 0,
            ignored: 0,
            revision: revision.map(Safe::identity),
            no_revision: Safe::of(""),
            bases: Vec::new(),
        }
    }
}
