//! What a GitOps repository asks for: the images that an overlay pins, and how two commits of a service stand
//! to each other.

use std::sync::Arc;

use super::{Name, SourceId};
use crate::text::Safe;

/// A folder of a GitOps repository that describes an environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Overlay {
    /// `acme/gitops`.
    pub repository: Name,
    /// Without a slash at either end.
    pub path: Name,
    /// A branch or a tag; `None` = the default branch.
    pub branch: Option<Name>,
}

impl Overlay {
    /// No host with an API is asked for it: it is read with the program `git`.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        is_plain(&self.repository)
    }
}

/// `acme/gitops` is a repository of the host that is read; an address or a folder is one for `git`.
fn is_plain(repository: &Name) -> bool {
    repository.raw().starts_with('/') || repository.raw().contains(':')
}

/// Folders whose files change a database, by their names.
pub const MIGRATIONS: [&str; 3] = ["migrations", "migration", "migrate"];

/// The file stands in such a folder.
#[must_use]
pub fn is_migration(path: &str) -> bool {
    let (folder, _) = path.rsplit_once('/').unwrap_or_default();
    folder.split('/').any(|part| MIGRATIONS.contains(&part))
}

/// An image as an overlay pins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// As the manifests name it, without tag; empty where a values file names none.
    pub image: Safe,
    /// What it becomes instead.
    pub instead: Option<Safe>,
    pub tag: Option<Safe>,
    pub digest: Option<Safe>,
}

/// What stands in the file of an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    /// `kustomization.yaml`, `values.yaml`.
    pub file: Safe,
    pub images: Vec<Pinned>,
}

/// An overlay that was read; `Err`: why it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayRead {
    pub overlay: Overlay,
    pub pins: Result<Arc<Pins>, Safe>,
}

/// Two commits of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Range {
    pub repository: Name,
    pub base: Safe,
    pub head: Safe,
}

impl Range {
    /// See [`Overlay::is_plain`].
    #[must_use]
    pub fn is_plain(&self) -> bool {
        is_plain(&self.repository)
    }
}

/// How the second of them stands to the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Apart {
    Same,
    /// It came after it, with so many commits; `migrations`: files that they add to folders of migrations, of
    /// those that were told.
    After {
        commits: u64,
        migrations: u64,
        whole: bool,
    },
    /// It came before it.
    Before {
        commits: u64,
    },
    Diverged {
        after: u64,
        before: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeRead {
    pub range: Range,
    pub apart: Result<Apart, Safe>,
}

/// An overlay to be read, by the task of this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayInterest {
    pub source: SourceId,
    pub reader: Name,
    pub overlay: Overlay,
}

/// Two commits to be compared, by the task of their repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeInterest {
    pub source: SourceId,
    pub range: Range,
}
