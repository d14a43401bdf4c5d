//! Identities. A thing is found, selected and acted on by its identity, never by a row number.

use std::sync::Arc;

use crate::text::{Builder, Safe, Sealed};

/// `metadata.uid`, and the cluster of the scope it was read from: the identity of one object. Two
/// contexts may name one server, whose uids come through both of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid {
    raw: Arc<str>,
    cluster: ClusterId,
}

impl Uid {
    #[must_use]
    pub fn new(cluster: ClusterId, raw: &str) -> Self {
        Self { raw: Arc::from(raw), cluster }
    }

    /// As the server writes it; for requests and comparison with answers only.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// Position of a cluster (kubeconfig context) in the scope pinned at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterId(pub u16);

/// A name given by an outside system: `raw` for requests and comparison, `safe` for the screen.
#[derive(Debug, Clone)]
pub struct Name {
    raw: Arc<str>,
    safe: Safe,
}

impl Name {
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let safe = Safe::identity(raw);
        let raw = if safe.as_str() == raw { safe.shared() } else { Arc::from(raw) };
        Self { raw, safe }
    }

    /// The bytes the system uses; for requests and comparison only.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    #[must_use]
    pub fn safe(&self) -> &Safe {
        &self.safe
    }
}

/// A name may stand in a sentence.
impl Sealed for Name {
    fn append(&self, out: &mut Builder) {
        self.safe.append(out);
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}
impl Eq for Name {}
impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.raw.cmp(&other.raw)
    }
}
impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

/// The kinds of object that are read. One feed per kind and namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Namespace,
    Deployment,
    ReplicaSet,
    Pod,
    Event,
    Rollout,
    AnalysisRun,
    Experiment,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Namespace,
        Self::Deployment,
        Self::ReplicaSet,
        Self::Pod,
        Self::Event,
        Self::Rollout,
        Self::AnalysisRun,
        Self::Experiment,
    ];

    /// The name in the API: `Deployment`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::Pod => "Pod",
            Self::Event => "Event",
            Self::Rollout => "Rollout",
            Self::AnalysisRun => "AnalysisRun",
            Self::Experiment => "Experiment",
        }
    }

    /// The plural in paths: `deployments`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::Pod => "pods",
            Self::Event => "events",
            Self::Rollout => "rollouts",
            Self::AnalysisRun => "analysisruns",
            Self::Experiment => "experiments",
        }
    }

    /// The system that serves it.
    #[must_use]
    pub const fn system(self) -> SystemId {
        match self {
            Self::Namespace | Self::Deployment | Self::ReplicaSet | Self::Pod | Self::Event => SystemId::Kubernetes,
            Self::Rollout | Self::AnalysisRun | Self::Experiment => SystemId::Rollouts,
        }
    }
}

/// The upstream systems. Adding one makes the compiler list what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SystemId {
    Kubernetes,
    Rollouts,
}

impl SystemId {
    pub const ALL: [Self; 2] = [Self::Kubernetes, Self::Rollouts];

    /// As written in `status --json` and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Rollouts => "rollouts",
        }
    }

    /// As written in the header.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Kubernetes => "k8s",
            Self::Rollouts => "argo",
        }
    }
}

/// Which object, exactly: what a selection, a dialog and a write are bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    pub cluster: ClusterId,
    pub kind: Kind,
    pub namespace: Name,
    pub name: Name,
    pub uid: Uid,
}
