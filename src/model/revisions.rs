//! ControllerRevisions: what StatefulSets and DaemonSets were before (apis.md §3.2).

use std::sync::Arc;

use jiff::Timestamp;

use super::kubernetes::ContainerImage;
use super::{Name, SourceId, Uid};
use crate::text::Safe;

/// A revision that its controller keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlRevision {
    pub name: Name,
    pub uid: Uid,
    pub number: i64,
    pub created: Option<Timestamp>,
    pub images: Vec<ContainerImage>,
}

/// Which state of a workload its revisions are of: its generation, and the one that its controller has seen.
pub type Stand = (i64, i64);

/// A workload whose revisions are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionsWanted {
    pub cluster: SourceId,
    pub namespace: Name,
    pub owner: Uid,
    /// Its labels of all of them, as a list is asked for; `None`: its selector is none that could be sent.
    pub labels: Option<String>,
    pub stand: Stand,
}

/// Its revisions, the newest first; `Err`: why they are not known.
pub type Revisions = Result<Arc<[ControlRevision]>, Safe>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionsRead {
    pub owner: Uid,
    pub stand: Stand,
    pub rows: Revisions,
}
