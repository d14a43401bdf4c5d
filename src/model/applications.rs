//! Argo CD's Applications, trimmed to what the console shows or decides by (apis.md §2.1).

use std::sync::Arc;

use jiff::Timestamp;

use super::kubernetes::{Meta, SetBy};
use super::{Kind, Name, ObjectId, SourceId};
use crate::text::Safe;

/// What keeps objects of a cluster as a repository says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub meta: Meta,
    pub project: Name,
    /// One, or several that are rendered into one set of objects.
    pub sources: Vec<AppSource>,
    pub destination: Destination,
    /// `None`: nothing is applied unless somebody asks for it.
    pub automated: Option<Automated>,
    pub sync: SyncStatus,
    /// `status.sync.revision`: what the objects were compared with; several where there are several sources.
    pub revisions: Vec<Name>,
    pub health: AppHealth,
    pub health_message: Safe,
    /// `status.operationState`: the operation that runs, or the last one.
    pub operation: Option<AppOperation>,
    /// `.operation` is set: one is asked for that the controller has not ended yet.
    pub requested: bool,
    /// Oldest first, as the server keeps it.
    pub history: Vec<Deployed>,
    /// Those that run something, and every one that is not as the repository says or not healthy.
    pub resources: Vec<AppResource>,
    /// How many there are in all.
    pub resource_count: usize,
    /// `resourceHealthSource: appTree`: how they are does not stand beside them, but with the server.
    pub health_in_tree: bool,
    pub conditions: Vec<AppCondition>,
    /// `status.reconciledAt`: when it was compared last.
    pub reconciled: Option<Timestamp>,
    /// The annotation `argocd.argoproj.io/refresh` is there: `normal`, `hard`.
    pub refreshing: Option<Safe>,
    /// The annotation `argocd.argoproj.io/skip-reconcile: "true"`: the controller leaves it alone.
    pub skipped: bool,
    /// Who switched auto-sync off, or told the controller to leave it alone, where that is recorded.
    pub held_by: Option<SetBy>,
}

/// By which way an Application is asked for something (apis.md §2.2, §2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppWay {
    /// A patch of its object, in its cluster.
    Object,
    /// The API of its server, where Argo CD's own RBAC and the windows decide at once.
    Server {
        source: SourceId,
        /// Which of several it is, also for another run.
        address: Safe,
        /// Without it a missing Application is not told from one that is forbidden.
        project: Name,
    },
}

/// A cluster that does not show its Applications, for whose server they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationsWanted {
    /// The server that is asked.
    pub source: SourceId,
    /// The context of the cluster, where the server says which it serves.
    pub context: Option<Name>,
    pub cluster: SourceId,
}

/// What the server of a cluster told of its Applications.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationsRead {
    pub cluster: SourceId,
    pub told: Result<ApplicationsTold, Untold>,
}

/// All that this account may get there.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationsTold {
    pub rows: Vec<Arc<Application>>,
    /// So many could not be decoded.
    pub left_out: u64,
}

/// Why nothing was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    pub why: Safe,
    /// The account is not let, or not known.
    pub denied: bool,
}

impl AppWay {
    /// The server that is asked in place of the cluster of the object.
    #[must_use]
    pub const fn server(&self) -> Option<SourceId> {
        match self {
            Self::Server { source, .. } => Some(*source),
            Self::Object => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSource {
    pub repository: Safe,
    /// Path in the repository, or the name of a chart.
    pub path: Safe,
    /// `targetRevision`: a branch, a tag, a commit; `HEAD` where nothing is said.
    pub target: Safe,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Name or address of the cluster.
    pub cluster: Safe,
    /// Empty where every object names its own.
    pub namespace: Name,
}

/// `spec.syncPolicy.automated`, unless it says `enabled: false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Automated {
    pub prune: bool,
    pub self_heal: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncStatus {
    Synced,
    OutOfSync,
    Unknown,
}

impl SyncStatus {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "Synced" => Self::Synced,
            "OutOfSync" => Self::OutOfSync,
            _ => Self::Unknown,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppHealth {
    Healthy,
    Progressing,
    Degraded,
    Suspended,
    Missing,
    Unknown,
}

impl AppHealth {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "Healthy" => Self::Healthy,
            "Progressing" => Self::Progressing,
            "Degraded" => Self::Degraded,
            "Suspended" => Self::Suspended,
            "Missing" => Self::Missing,
            _ => Self::Unknown,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::Degraded => "Degraded",
            Self::Suspended => "Suspended",
            Self::Missing => "Missing",
            Self::Unknown => "Unknown",
        }
    }
}

/// `status.operationState`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppOperation {
    pub phase: OperationPhase,
    pub message: Safe,
    pub started: Option<Timestamp>,
    /// Set between two attempts too, so it alone does not say that it ended.
    pub finished: Option<Timestamp>,
    pub retries: i64,
    /// `sync.selfHealAttemptsCount`: how often it was healed without staying so.
    pub heals: i64,
    /// Of `syncResult`, else of what was asked; one for each source.
    pub revisions: Vec<Name>,
    /// `initiatedBy.username`; `None` for the controller's own.
    pub by: Option<Safe>,
    /// `info[]` of the operation: how somebody finds their own again.
    pub info: Vec<(Safe, Safe)>,
    /// Objects that could not be applied, with what was said of them.
    pub failed: Vec<AppResource>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationPhase {
    Running,
    Terminating,
    Failed,
    Error,
    Succeeded,
    Unknown,
}

impl OperationPhase {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "Running" => Self::Running,
            "Terminating" => Self::Terminating,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            "Succeeded" => Self::Succeeded,
            _ => Self::Unknown,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Terminating => "Terminating",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Succeeded => "Succeeded",
            Self::Unknown => "Unknown",
        }
    }

    #[must_use]
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Terminating)
    }
}

/// A row of `status.history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    pub id: i64,
    /// Of its first source; empty where nothing is said.
    pub revision: Safe,
    /// One for each source.
    pub revisions: Vec<Name>,
    pub at: Option<Timestamp>,
    /// `initiatedBy`: a person; `None` for the controller.
    pub by: Option<Safe>,
}

/// A row of `status.resources`, or of an operation's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppResource {
    pub group: Safe,
    pub kind: Safe,
    pub namespace: Name,
    pub name: Name,
    /// `Synced`, `OutOfSync`; of a result `SyncFailed`, `PruneSkipped` ….
    pub status: Safe,
    pub health: AppHealth,
    pub message: Safe,
    /// It is in the cluster and no longer in the repository.
    pub prune: bool,
}

/// `status.conditions[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppCondition {
    /// `ComparisonError`, `SyncError`, `OrphanedResourceWarning` ….
    pub kind: Safe,
    pub message: Safe,
    pub since: Option<Timestamp>,
}

impl AppOperation {
    /// That of the first source; empty where it is not known.
    #[must_use]
    pub fn revision(&self) -> Safe {
        self.revisions.first().map_or_else(Safe::default, |name| name.safe().clone())
    }
}

impl AppResource {
    /// It is not as the repository says. Of what is not compared nothing is said.
    #[must_use]
    pub fn is_stray(&self) -> bool {
        self.prune || self.status.as_str() == SyncStatus::OutOfSync.as_str()
    }
}

impl Application {
    #[must_use]
    pub fn id(&self) -> ObjectId {
        self.meta.id(Kind::Application)
    }
}
