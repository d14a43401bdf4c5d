//! The kinds of object that the demo serves and where the API has them.

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Namespace,
    Pod,
    Event,
    Deployment,
    ReplicaSet,
    Rollout,
    AnalysisRun,
    Experiment,
    Application,
    Pipeline,
    PipelineRun,
    TaskRun,
    StatefulSet,
    DaemonSet,
    Job,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ResourceQuota,
    NetworkPolicy,
    Secret,
    AppProject,
    VirtualService,
    Lease,
    /// Nothing here makes any.
    ControllerRevision,
}

/// Where a kind stands in the API.
pub(super) struct Row {
    pub(super) kind: Kind,
    /// The field `kind` of its objects.
    pub(super) name: &'static str,
    /// The last part of its path.
    pub(super) plural: &'static str,
    /// API group, empty for the core group.
    pub(super) group: &'static str,
    /// API version within the group.
    pub(super) version: &'static str,
    pub(super) namespaced: bool,
    /// `PATCH …/status` exists and `PATCH` on the object itself leaves its status alone.
    pub(super) status: bool,
}

/// Every kind. Custom resources keep `kind` and `apiVersion` in list items, built-in kinds do not.
pub(super) const KINDS: [Row; 24] = [
    row(Kind::Namespace, "Namespace", "namespaces", "", "v1", false, true),
    row(Kind::Pod, "Pod", "pods", "", "v1", true, true),
    row(Kind::Event, "Event", "events", "", "v1", true, false),
    row(Kind::Deployment, "Deployment", "deployments", "apps", "v1", true, true),
    row(Kind::ReplicaSet, "ReplicaSet", "replicasets", "apps", "v1", true, true),
    row(Kind::Rollout, "Rollout", "rollouts", "argoproj.io", "v1alpha1", true, true),
    row(Kind::AnalysisRun, "AnalysisRun", "analysisruns", "argoproj.io", "v1alpha1", true, false),
    row(Kind::Experiment, "Experiment", "experiments", "argoproj.io", "v1alpha1", true, false),
    // Its status is written with the rest of it.
    row(Kind::Application, "Application", "applications", "argoproj.io", "v1alpha1", true, false),
    row(Kind::Pipeline, "Pipeline", "pipelines", TEKTON, "v1", true, false),
    row(Kind::PipelineRun, "PipelineRun", "pipelineruns", TEKTON, "v1", true, true),
    row(Kind::TaskRun, "TaskRun", "taskruns", TEKTON, "v1", true, true),
    row(Kind::StatefulSet, "StatefulSet", "statefulsets", "apps", "v1", true, true),
    row(Kind::DaemonSet, "DaemonSet", "daemonsets", "apps", "v1", true, true),
    row(Kind::Job, "Job", "jobs", "batch", "v1", true, true),
    row(
        Kind::HorizontalPodAutoscaler,
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "autoscaling",
        "v2",
        true,
        true,
    ),
    row(Kind::PodDisruptionBudget, "PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1", true, true),
    row(Kind::ResourceQuota, "ResourceQuota", "resourcequotas", "", "v1", true, true),
    row(Kind::NetworkPolicy, "NetworkPolicy", "networkpolicies", NETWORKING, "v1", true, false),
    row(Kind::Secret, "Secret", "secrets", "", "v1", true, false),
    row(Kind::AppProject, "AppProject", "appprojects", "argoproj.io", "v1alpha1", true, false),
    row(Kind::VirtualService, "VirtualService", "virtualservices", ISTIO, "v1", true, true),
    row(Kind::Lease, "Lease", "leases", COORDINATION, "v1", true, false),
    row(Kind::ControllerRevision, "ControllerRevision", "controllerrevisions", "apps", "v1", true, false),
];

/// Of the built-in groups those with a dot in them.
const COORDINATION: &str = "coordination.k8s.io";
const NETWORKING: &str = "networking.k8s.io";

/// Its kinds are served where they are installed.
pub(super) const TEKTON: &str = "tekton.dev";
const ISTIO: &str = "networking.istio.io";

const fn row(
    kind: Kind,
    name: &'static str,
    plural: &'static str,
    group: &'static str,
    version: &'static str,
    namespaced: bool,
    status: bool,
) -> Row {
    Row { kind, name, plural, group, version, namespaced, status }
}

impl Kind {
    /// Its row of [`KINDS`].
    pub(super) fn row(self) -> &'static Row {
        &KINDS[self as usize]
    }

    /// By the field `kind` of an owner reference.
    pub(super) fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|row| row.name == name).map(|row| row.kind)
    }
}

impl Row {
    /// `apps/v1`, or `v1` for the core group.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `rollouts.argoproj.io`, as error messages name it.
    pub(super) fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Custom resources are served by another code path of the real server.
    pub(super) fn custom(&self) -> bool {
        self.group.contains('.') && self.group != NETWORKING && self.group != COORDINATION
    }
}

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    /// Empty for cluster-scoped kinds.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}
