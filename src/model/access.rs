//! What this account may do, as the server's authorizer says it (apis.md §3.12). Advice only: an admission
//! webhook may still refuse what is allowed here.

use std::collections::BTreeMap;

use super::{Name, SourceId};
use crate::text::Safe;

/// One right, as Kubernetes knows it: a verb on a resource. What of the console needs it is for
/// [`crate::state::access`] to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Promote, abort, retry, skip steps.
    PatchRolloutStatus,
    /// Pause, resume, undo, set image.
    PatchRollouts,
    PatchAnalysisRuns,
    PatchDeployments,
    ReadLogs,
    PatchApplications,
    PatchPipelineRuns,
    CreatePipelineRuns,
    /// To look at all.
    ListRollouts,
    ListPods,
}

impl Right {
    pub const ALL: [Self; 10] = [
        Self::PatchRolloutStatus,
        Self::PatchRollouts,
        Self::PatchAnalysisRuns,
        Self::PatchDeployments,
        Self::ReadLogs,
        Self::PatchApplications,
        Self::PatchPipelineRuns,
        Self::CreatePipelineRuns,
        Self::ListRollouts,
        Self::ListPods,
    ];

    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::ReadLogs => "get",
            Self::CreatePipelineRuns => "create",
            Self::ListRollouts | Self::ListPods => "list",
            _ => "patch",
        }
    }

    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::PatchRolloutStatus
            | Self::PatchRollouts
            | Self::PatchAnalysisRuns
            | Self::PatchApplications
            | Self::ListRollouts => "argoproj.io",
            Self::PatchDeployments => "apps",
            Self::PatchPipelineRuns | Self::CreatePipelineRuns => "tekton.dev",
            Self::ReadLogs | Self::ListPods => "",
        }
    }

    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::PatchRolloutStatus | Self::PatchRollouts | Self::ListRollouts => "rollouts",
            Self::PatchAnalysisRuns => "analysisruns",
            Self::PatchDeployments => "deployments",
            Self::ReadLogs | Self::ListPods => "pods",
            Self::PatchApplications => "applications",
            Self::PatchPipelineRuns | Self::CreatePipelineRuns => "pipelineruns",
        }
    }

    /// Empty for the object itself.
    #[must_use]
    pub const fn subresource(self) -> &'static str {
        match self {
            Self::PatchRolloutStatus => "status",
            Self::ReadLogs => "log",
            _ => "",
        }
    }

    /// As kubectl writes it: `patch rollouts/status`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::PatchRolloutStatus => "patch rollouts/status",
            Self::PatchRollouts => "patch rollouts",
            Self::PatchAnalysisRuns => "patch analysisruns",
            Self::PatchDeployments => "patch deployments",
            Self::ReadLogs => "get pods/log",
            Self::PatchApplications => "patch applications",
            Self::PatchPipelineRuns => "patch pipelineruns",
            Self::CreatePipelineRuns => "create pipelineruns",
            Self::ListRollouts => "list rollouts",
            Self::ListPods => "list pods",
        }
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
