//! What this account may do, as the server's authorizer says it (apis.md §3.12). Advice only: an admission
//! webhook may still refuse what is allowed here.

use std::collections::BTreeMap;

use super::{Name, SourceId};
use crate::safe;
use crate::text::Safe;

/// One right, as Kubernetes knows it: a verb on a resource. What of the console needs it is for
/// [`crate::state::access`] to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Promote, abort, retry, skip steps.
    PatchRolloutStatus,
    /// Pause, resume, undo, restart, set image.
    PatchRollouts,
    ScaleRollouts,
    PatchAnalysisRuns,
    PatchDeployments,
    ScaleDeployments,
    PatchStatefulSets,
    ScaleStatefulSets,
    PatchDaemonSets,
    /// The revisions of a Rollout or a Deployment.
    GetReplicaSets,
    /// The revision that a StatefulSet or a DaemonSet goes back to; all that it has.
    GetControllerRevisions,
    ListControllerRevisions,
    ReadLogs,
    PatchApplications,
    PatchPipelineRuns,
    CreatePipelineRuns,
    /// Of TaskRuns that no PipelineRun owns.
    PatchTaskRuns,
    CreateTaskRuns,
    /// To look at all.
    ListRollouts,
    ListPods,
}

impl Right {
    pub const ALL: [Self; 20] = [
        Self::PatchRolloutStatus,
        Self::PatchRollouts,
        Self::ScaleRollouts,
        Self::PatchAnalysisRuns,
        Self::PatchDeployments,
        Self::ScaleDeployments,
        Self::PatchStatefulSets,
        Self::ScaleStatefulSets,
        Self::PatchDaemonSets,
        Self::GetReplicaSets,
        Self::GetControllerRevisions,
        Self::ListControllerRevisions,
        Self::ReadLogs,
        Self::PatchApplications,
        Self::PatchPipelineRuns,
        Self::CreatePipelineRuns,
        Self::PatchTaskRuns,
        Self::CreateTaskRuns,
        Self::ListRollouts,
        Self::ListPods,
    ];

    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::ReadLogs | Self::GetReplicaSets | Self::GetControllerRevisions => "get",
            Self::CreatePipelineRuns | Self::CreateTaskRuns => "create",
            Self::ListRollouts | Self::ListPods | Self::ListControllerRevisions => "list",
            _ => "patch",
        }
    }

    /// It is needed for changing something.
    #[must_use]
    pub fn changes(self) -> bool {
        matches!(self.verb(), "patch" | "create")
    }

    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::PatchRolloutStatus
            | Self::PatchRollouts
            | Self::ScaleRollouts
            | Self::PatchAnalysisRuns
            | Self::PatchApplications
            | Self::ListRollouts => "argoproj.io",
            Self::PatchDeployments
            | Self::ScaleDeployments
            | Self::PatchStatefulSets
            | Self::ScaleStatefulSets
            | Self::PatchDaemonSets
            | Self::GetReplicaSets
            | Self::GetControllerRevisions
            | Self::ListControllerRevisions => "apps",
            Self::PatchPipelineRuns | Self::CreatePipelineRuns | Self::PatchTaskRuns | Self::CreateTaskRuns => {
                "tekton.dev"
            }
            Self::ReadLogs | Self::ListPods => "",
        }
    }

    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::PatchRolloutStatus | Self::PatchRollouts | Self::ScaleRollouts | Self::ListRollouts => "rollouts",
            Self::PatchAnalysisRuns => "analysisruns",
            Self::PatchDeployments | Self::ScaleDeployments => "deployments",
            Self::PatchStatefulSets | Self::ScaleStatefulSets => "statefulsets",
            Self::PatchDaemonSets => "daemonsets",
            Self::GetReplicaSets => "replicasets",
            Self::GetControllerRevisions | Self::ListControllerRevisions => "controllerrevisions",
            Self::ReadLogs | Self::ListPods => "pods",
            Self::PatchApplications => "applications",
            Self::PatchPipelineRuns | Self::CreatePipelineRuns => "pipelineruns",
            Self::PatchTaskRuns | Self::CreateTaskRuns => "taskruns",
        }
    }

    /// Empty for the object itself.
    #[must_use]
    pub const fn subresource(self) -> &'static str {
        match self {
            Self::PatchRolloutStatus => "status",
            Self::ScaleRollouts | Self::ScaleDeployments | Self::ScaleStatefulSets => "scale",
            Self::ReadLogs => "log",
            _ => "",
        }
    }

    /// As kubectl writes it: `patch rollouts/status`.
    #[must_use]
    pub fn words(self) -> Safe {
        let of = |sub: &'static str| if sub.is_empty() { Safe::default() } else { safe!("/{}", Safe::of(sub)) };
        safe!("{} {}{}", Safe::of(self.verb()), Safe::of(self.resource()), of(self.subresource()))
    }
}

/// What the authorizer answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    /// With its reason, where it gives one.
    Denied(Safe),
    /// It did not say, and why.
    Unknown(Safe),
}

/// Rights in one namespace of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRead {
    pub namespace: Name,
    pub answers: BTreeMap<Right, Answer>,
    /// Everything, on everything.
    pub all: bool,
}

/// A namespace of a cluster of which somebody wants to know.
pub type Place = (SourceId, Name);

/// What is asked, and how: each right by itself where somebody may act, the rules of the account where
/// somebody only looks over many namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessInterest {
    pub exact: Vec<Place>,
    pub overview: Vec<Place>,
}
