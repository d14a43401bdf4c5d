//! Identities. A thing is found, selected and acted on by its identity, never by a row number.

use std::sync::Arc;

use super::SystemId;
use crate::text::{Builder, Safe, Sealed};

/// `metadata.uid`, and the cluster of the scope it was read from: the identity of one object. Two
/// contexts may name one server, whose uids come through both of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid {
    raw: Arc<str>,
    cluster: SourceId,
}

impl Uid {
    #[must_use]
    pub fn new(cluster: SourceId, raw: &str) -> Self {
        Self { raw: Arc::from(raw), cluster }
    }

    /// As the server writes it; for requests and comparison with answers only.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// Position of a source in the scope pinned at start: a cluster (kubeconfig context), a GitHub host, a
/// Prometheus, a Docker Engine. Fields that hold one are called `cluster` after the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u16);

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

    /// A name whose object is better known by another: a TaskRun by its task.
    #[must_use]
    pub fn known_as(raw: &str, safe: Safe) -> Self {
        Self { raw: Arc::from(raw), safe }
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

/// The kinds of object that are read. One feed per kind and namespace (of GitHub: repository).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Namespace,
    Deployment,
    StatefulSet,
    DaemonSet,
    /// A Job of Kubernetes.
    BatchJob,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ResourceQuota,
    NetworkPolicy,
    /// One that says who works on a service: a lock.
    Lease,
    /// Istio's, where it is installed.
    VirtualService,
    DestinationRule,
    ReplicaSet,
    Pod,
    Event,
    Rollout,
    AnalysisRun,
    Experiment,
    /// Argo CD's: what keeps objects as a repository says.
    Application,
    /// Argo CD's: what Applications have in common, sync windows too.
    AppProject,
    /// A revision of a Helm release, or the release itself.
    Release,
    /// A workflow run.
    Run,
    /// A job of a workflow run. Read with its run, so it has no feed of its own.
    Job,
    /// What a workflow run is a run of. Read when somebody starts it, so it has no feed of its own.
    Workflow,
    /// Tekton's run of a Pipeline.
    PipelineRun,
    /// What a PipelineRun runs. Read only while somebody starts it.
    Pipeline,
    /// Tekton's run of a Task.
    TaskRun,
    /// A TaskRun that no PipelineRun made: a run of its own. Read with the others.
    LoneTaskRun,
    /// A RustCI server's run of a pipeline.
    Execution,
    /// A stage of an Execution. Read with it.
    Stage,
    /// What an Execution runs. Read beside them, so it has no feed of its own.
    CiPipeline,
    Slo,
    Alert,
    /// A container of a Docker Engine.
    Container,
    /// A tag of an image repository.
    Image,
    /// A store of logs; nothing of it is listed, and its feed tells whether it answers.
    LogStore,
    /// An annotation of Grafana's; none is listed, and its feed tells whether Grafana answers.
    Annotation,
    /// An object as Argo CD's server compares it; none is listed, and its feed tells whether that answers.
    Managed,
    /// An image that an engine of this machine builds, pushes or pulls; it has no feed.
    Build,
}

impl Kind {
    /// Those that are listed and watched in a cluster.
    pub const IN_CLUSTERS: [Self; 23] = [
        Self::Namespace,
        Self::Deployment,
        Self::ReplicaSet,
        Self::Pod,
        Self::Event,
        Self::Rollout,
        Self::AnalysisRun,
        Self::Experiment,
        Self::Application,
        Self::Release,
        Self::PipelineRun,
        Self::TaskRun,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::BatchJob,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::ResourceQuota,
        Self::NetworkPolicy,
        Self::AppProject,
        Self::Lease,
        Self::VirtualService,
        Self::DestinationRule,
    ];

    /// Those with feeds.
    pub const ALL: [Self; 32] = [
        Self::Namespace,
        Self::Deployment,
        Self::ReplicaSet,
        Self::Pod,
        Self::Event,
        Self::Rollout,
        Self::AnalysisRun,
        Self::Experiment,
        Self::Application,
        Self::Release,
        Self::Run,
        Self::PipelineRun,
        Self::TaskRun,
        Self::Execution,
        Self::Slo,
        Self::Alert,
        Self::Container,
        Self::Image,
        Self::LogStore,
        Self::Annotation,
        Self::Managed,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::BatchJob,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::ResourceQuota,
        Self::NetworkPolicy,
        Self::AppProject,
        Self::Lease,
        Self::VirtualService,
        Self::DestinationRule,
    ];

    /// Runs of continuous integration, in every system's own word.
    pub const RUNS: [Self; 3] = [Self::Run, Self::PipelineRun, Self::Execution];

    #[must_use]
    pub const fn is_run(self) -> bool {
        matches!(self, Self::Run | Self::PipelineRun | Self::LoneTaskRun | Self::Execution)
    }

    /// A run of Tekton's.
    #[must_use]
    pub const fn is_of_tekton(self) -> bool {
        matches!(self, Self::PipelineRun | Self::LoneTaskRun)
    }

    /// The kind of the feed that brings it.
    #[must_use]
    pub const fn read_with(self) -> Self {
        match self {
            Self::Job | Self::Workflow => Self::Run,
            Self::Stage | Self::CiPipeline => Self::Execution,
            Self::LoneTaskRun => Self::TaskRun,
            Self::Pipeline => Self::PipelineRun,
            Self::Build => Self::Container,
            kind => kind,
        }
    }

    /// What a run consists of, in every system's own word.
    #[must_use]
    pub const fn is_job(self) -> bool {
        matches!(self, Self::Job | Self::TaskRun | Self::Stage)
    }

    /// A workload of Kubernetes besides Deployments.
    #[must_use]
    pub const fn is_controlled(self) -> bool {
        matches!(self, Self::StatefulSet | Self::DaemonSet | Self::BatchJob)
    }

    /// It stands beside workloads: what it says is told with them.
    #[must_use]
    pub const fn is_beside(self) -> bool {
        matches!(
            self,
            Self::HorizontalPodAutoscaler
                | Self::PodDisruptionBudget
                | Self::ResourceQuota
                | Self::NetworkPolicy
                | Self::Lease
        )
    }

    /// Istio's: its definition is not installed in many clusters.
    #[must_use]
    pub const fn is_of_istio(self) -> bool {
        matches!(self, Self::VirtualService | Self::DestinationRule)
    }

    /// Many roles may not read it, and what they may read is whole without it.
    #[must_use]
    pub const fn is_extra(self) -> bool {
        self.is_controlled() || self.is_beside() || self.is_of_istio() || matches!(self, Self::AppProject)
    }

    /// The kind of this name, whether it has feeds or not.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let others =
            [Self::Job, Self::Workflow, Self::Pipeline, Self::LoneTaskRun, Self::Stage, Self::CiPipeline, Self::Build];
        Self::ALL.into_iter().chain(others).find(|kind| kind.as_str() == name)
    }

    /// The name in the API: `Deployment`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            // As kubectl tells it from others of that name.
            Self::BatchJob => "Job.batch",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::ResourceQuota => "ResourceQuota",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::Lease => "Lease",
            Self::VirtualService => "VirtualService",
            Self::DestinationRule => "DestinationRule",
            Self::ReplicaSet => "ReplicaSet",
            Self::Pod => "Pod",
            Self::Event => "Event",
            Self::Rollout => "Rollout",
            Self::AnalysisRun => "AnalysisRun",
            Self::Experiment => "Experiment",
            Self::Application => "Application",
            Self::AppProject => "AppProject",
            Self::Release => "Release",
            Self::Run => "Run",
            Self::Job => "Job",
            Self::Workflow => "Workflow",
            Self::PipelineRun => "PipelineRun",
            Self::Pipeline => "Pipeline",
            Self::TaskRun => "TaskRun",
            Self::LoneTaskRun => "Standalone TaskRun",
            Self::Execution => "Execution",
            Self::Stage => "Stage",
            Self::CiPipeline => "CIPipeline",
            Self::Slo => "SLO",
            Self::Alert => "Alert",
            Self::Container => "Container",
            Self::Image => "Image",
            Self::LogStore => "LogStore",
            Self::Annotation => "Annotation",
            Self::Managed => "ManagedResource",
            Self::Build => "Build",
        }
    }

    /// The plural in paths: `deployments`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::HorizontalPodAutoscaler => "horizontalpodautoscalers",
            Self::PodDisruptionBudget => "poddisruptionbudgets",
            Self::ResourceQuota => "resourcequotas",
            Self::NetworkPolicy => "networkpolicies",
            Self::Lease => "leases",
            Self::VirtualService => "virtualservices",
            Self::DestinationRule => "destinationrules",
            Self::ReplicaSet => "replicasets",
            Self::Pod => "pods",
            Self::Event => "events",
            Self::Rollout => "rollouts",
            Self::AnalysisRun => "analysisruns",
            Self::Experiment => "experiments",
            Self::Application => "applications",
            Self::AppProject => "appprojects",
            Self::Release => "secrets",
            Self::Run => "runs",
            Self::Job | Self::BatchJob => "jobs",
            Self::Workflow => "workflows",
            Self::PipelineRun => "pipelineruns",
            Self::TaskRun | Self::LoneTaskRun => "taskruns",
            Self::Execution => "executions",
            Self::Stage => "stages",
            Self::CiPipeline | Self::Pipeline => "pipelines",
            Self::Slo => "slos",
            Self::Alert => "alerts",
            Self::Container => "containers",
            Self::Image => "images",
            Self::LogStore => "logstores",
            Self::Annotation => "annotations",
            Self::Managed => "managedresources",
            Self::Build => "builds",
        }
    }

    /// The system that serves it.
    #[must_use]
    pub const fn system(self) -> SystemId {
        match self {
            Self::Namespace
            | Self::Deployment
            | Self::StatefulSet
            | Self::DaemonSet
            | Self::BatchJob
            | Self::HorizontalPodAutoscaler
            | Self::PodDisruptionBudget
            | Self::ResourceQuota
            | Self::NetworkPolicy
            | Self::Lease
            | Self::VirtualService
            | Self::DestinationRule
            | Self::ReplicaSet
            | Self::Pod
            | Self::Event => SystemId::Kubernetes,
            Self::Rollout | Self::AnalysisRun | Self::Experiment => SystemId::Rollouts,
            Self::Application | Self::AppProject => SystemId::ArgoCd,
            Self::Release => SystemId::Helm,
            Self::Run | Self::Job | Self::Workflow => SystemId::GitHub,
            Self::PipelineRun | Self::Pipeline | Self::TaskRun | Self::LoneTaskRun => SystemId::Tekton,
            Self::Execution | Self::Stage | Self::CiPipeline => SystemId::RustCi,
            Self::Slo | Self::Alert => SystemId::Prometheus,
            Self::Container | Self::Build => SystemId::Docker,
            Self::Image => SystemId::Registry,
            Self::LogStore => SystemId::Loki,
            Self::Annotation => SystemId::Grafana,
            Self::Managed => SystemId::ArgoServer,
        }
    }
}

/// Which object, exactly: what a selection, a dialog and a write are bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    pub cluster: SourceId,
    pub kind: Kind,
    pub namespace: Name,
    pub name: Name,
    pub uid: Uid,
}
