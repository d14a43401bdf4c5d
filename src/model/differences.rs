//! What the server of Argo CD says of an Application beyond its object (apis.md §2.3): where the objects it keeps
//! differ from what is wanted. Read only while somebody looks at it.

use std::sync::Arc;

use super::applications::{AppHealth, AppResource};
use super::{Name, ObjectId, SourceId, Uid};
use crate::text::Safe;

/// An object that an Application keeps, as its status and its server name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeptId {
    pub group: Safe,
    pub kind: Safe,
    pub namespace: Name,
    pub name: Name,
}

impl KeptId {
    #[must_use]
    pub fn of(row: &AppResource) -> Self {
        Self {
            group: row.group.clone(),
            kind: row.kind.clone(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        }
    }
}

/// An Application whose differences are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferencesWanted {
    /// The server that is asked.
    pub source: SourceId,
    /// The context of the cluster, where the server says which it serves.
    pub context: Option<Name>,
    pub application: ObjectId,
    pub project: Name,
    /// `metadata.resourceVersion`: with another one there may be other differences.
    pub version: Arc<str>,
    /// In the order of the page, not more than are asked for.
    pub strays: Vec<KeptId>,
    /// The health of its objects does not stand in its status (`resourceHealthSource: appTree`).
    pub tree: bool,
    /// Its windows are not known from its project.
    pub windows: bool,
    /// Somebody may ask for something: what its RBAC says of that.
    pub rights: bool,
}

/// What was read of an Application; `Err`: why nothing was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferencesRead {
    pub application: Uid,
    /// Its `metadata.resourceVersion` when it was asked for.
    pub version: Arc<str>,
    pub told: Result<Arc<Differences>, Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    pub objects: Vec<(KeptId, Difference)>,
    /// Where it was asked for.
    pub health: Vec<(KeptId, AppHealth, Safe)>,
    /// Whether a sync by hand is let through now, where that was asked for.
    pub can_sync: Option<bool>,
    /// Whether this account may sync it, end its operation and go back, as its RBAC says; where that was asked for.
    pub may_sync: Option<bool>,
    /// Why health or windows are not told, where the objects are.
    pub trouble: Option<Safe>,
}

/// Where an object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// In the order of the paths; so many more are not kept.
    Paths {
        rows: Vec<Differs>,
        more: usize,
    },
    /// It is wanted and not in the cluster.
    Missing,
    /// It is in the cluster and no longer wanted.
    Surplus,
    /// The server finds no difference: what the Application's object says is older or newer than that.
    Same,
    /// The server does not know of it.
    Unlisted,
    Unread(Safe),
}

/// A path, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// `spec.template.spec.containers[name=app].image`
    pub path: Safe,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    Changed {
        live: Safe,
        wanted: Safe,
    },
    /// It is wanted, and not there.
    Added(Safe),
    /// It is there, and not wanted.
    Removed(Safe),
    /// The same names in another order.
    Reordered,
    /// Of a Secret, and of what may be one elsewhere, nothing but the path is told.
    Hidden,
}
