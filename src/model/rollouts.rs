//! Argo Rollouts objects (apis.md §1). The figures the plug-in computes are queries in
//! [`crate::state`]; here are only the fields they are computed from.

use jiff::Timestamp;

use super::Name;
use super::kubernetes::{Condition, ContainerImage, Meta, Replicas, SetBy, SpecHash};
use super::routing::Istio;
use super::workloads::Template;
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    pub meta: Meta,
    /// `None` without a spec.
    pub spec: Option<SpecHash>,
    pub strategy: Strategy,
    /// `spec.paused`: a person paused it.
    pub paused: bool,
    /// Who set it, where it is set and recorded.
    pub paused_by: Option<SetBy>,
    /// Who set `spec.replicas` last, where it is recorded.
    pub replicas_by: Option<SetBy>,
    /// `spec.restartAt` is not yet `status.restartedAt`.
    pub restarting: bool,
    pub revision: Option<i64>,
    /// `status.observedGeneration` is a string in this API; unparsable = `None`.
    pub observed_generation: Option<i64>,
    pub workload_ref: Option<WorkloadRef>,
    pub images: Vec<ContainerImage>,
    pub template: Template,
    pub replicas: Replicas,
    /// `status.phase` as written by the controller; empty when it has not spoken yet.
    pub phase: Safe,
    pub message: Safe,
    pub current_pod_hash: Option<Safe>,
    pub stable_hash: Option<Safe>,
    pub current_step_index: Option<i64>,
    pub current_step_hash: Option<Safe>,
    pub pause_conditions: Vec<PauseCondition>,
    pub controller_pause: bool,
    pub abort: bool,
    pub aborted_at: Option<Timestamp>,
    pub promote_full: bool,
    pub conditions: Vec<Condition>,
    /// `status.canary.weights`; present only with traffic routing.
    pub weights: Option<Weights>,
    pub step_analysis: Option<AnalysisRef>,
    pub background_analysis: Option<AnalysisRef>,
    pub pre_promotion_analysis: Option<AnalysisRef>,
    pub post_promotion_analysis: Option<AnalysisRef>,
    pub current_experiment: Option<Name>,
    /// `status.blueGreen.activeSelector` / `previewSelector`.
    pub active_selector: Option<Safe>,
    pub preview_selector: Option<Safe>,
    /// `status.canary.stablePingPong`.
    pub stable_ping_pong: Option<Safe>,
    /// Something else writes its template (Argo CD, Helm, Flux), as its labels or annotations say.
    pub managed_by: Option<Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadRef {
    pub kind: Safe,
    pub name: Name,
    /// Generation of the Deployment that the controller read its template from (an annotation).
    pub generation: Option<i64>,
    pub observed_generation: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    Canary(Canary),
    BlueGreen(BlueGreen),
    /// Neither is set: an invalid spec, shown as such.
    None,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Canary {
    pub steps: Vec<Step>,
    pub traffic_routing: bool,
    /// Name of the router (`istio`, `nginx`, …) when there is one.
    pub router: Option<Safe>,
    /// `trafficRouting.maxTrafficWeight`, 100 unless set.
    pub max_weight: i64,
    pub stable_service: Option<Name>,
    pub canary_service: Option<Name>,
    pub ping_pong: Option<(Name, Name)>,
    /// Whose weights the controller writes, where Istio routes.
    pub istio: Option<Box<Istio>>,
    pub dynamic_stable_scale: bool,
    /// Seconds; 0 keeps the canary's pods after an abort.
    pub abort_scale_down_delay: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlueGreen {
    pub active_service: Option<Name>,
    pub preview_service: Option<Name>,
    pub auto_promotion: bool,
    /// Seconds.
    pub auto_promotion_after: Option<i64>,
    pub scale_down_delay: Option<i64>,
    /// There is a `postPromotionAnalysis`.
    pub post_promotion: bool,
}

/// One step of a canary; exactly one key each in the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    SetWeight(i64),
    /// Seconds; `None` waits for a person.
    Pause(Option<i64>),
    Analysis {
        templates: Vec<Safe>,
    },
    Experiment {
        templates: Vec<Safe>,
    },
    SetCanaryScale(Safe),
    SetHeaderRoute(Safe),
    SetMirrorRoute(Safe),
    Plugin(Safe),
    /// A key this version does not know.
    Unknown(Safe),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseCondition {
    pub reason: Safe,
    pub since: Option<Timestamp>,
}

/// `status.canary.weights`, in units of `max_weight`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    pub canary: i64,
    pub stable: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisRef {
    pub name: Name,
    pub status: AnalysisPhase,
    pub message: Safe,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnalysisPhase {
    Pending,
    Running,
    Successful,
    Failed,
    Error,
    Inconclusive,
    /// Not set, or a word this version does not know.
    Other(Safe),
}

impl AnalysisPhase {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Successful" => Self::Successful,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            "Inconclusive" => Self::Inconclusive,
            other => Self::Other(Safe::line(other)),
        }
    }

    /// The word the API uses; empty when it has none yet.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Error => "Error",
            Self::Inconclusive => "Inconclusive",
            Self::Other(word) => word.as_str(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisRun {
    pub meta: Meta,
    pub revision: Option<i64>,
    pub template_hash: Option<Safe>,
    /// `rollout-type`: Step, Background, PrePromotion, PostPromotion.
    pub rollout_type: Option<Safe>,
    pub step_index: Option<i64>,
    pub phase: AnalysisPhase,
    pub message: Safe,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    pub metrics: Vec<Metric>,
    /// Kubernetes Jobs that measure (provider `job`), oldest first.
    pub jobs: Vec<AnalysisJob>,
}

/// A Job that took a measurement; its state is the measurement's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisJob {
    pub name: Name,
    pub metric: Safe,
    pub phase: AnalysisPhase,
}

/// A metric: its limits from the spec joined with its results from the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    pub name: Safe,
    pub provider: Safe,
    /// The query as resolved or written, where the provider has one.
    pub query: Option<Safe>,
    pub interval: Option<Safe>,
    /// The interval in seconds; `None` without one, and where it cannot be read.
    pub every: Option<i64>,
    /// `initialDelay`, seconds.
    pub first_after: Option<i64>,
    pub count_limit: Option<Safe>,
    pub success_condition: Option<Safe>,
    pub failure_condition: Option<Safe>,
    /// Defaults of the API applied: 0, 0 and 4. `failure_limit` −1 means no limit.
    pub failure_limit: i64,
    pub inconclusive_limit: i64,
    pub consecutive_error_limit: i64,
    pub dry_run: bool,
    pub phase: AnalysisPhase,
    pub message: Safe,
    pub count: i64,
    pub successful: i64,
    pub failed: i64,
    pub inconclusive: i64,
    pub error: i64,
    pub consecutive_error: i64,
    pub measurements: Vec<Measurement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    pub phase: AnalysisPhase,
    /// As written: a number, or JSON text for a vector.
    pub value: Safe,
    pub message: Safe,
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    pub meta: Meta,
    pub revision: Option<i64>,
    pub template_hash: Option<Safe>,
    pub phase: AnalysisPhase,
    pub message: Safe,
    pub templates: Vec<ExperimentTemplate>,
    /// Names of the AnalysisRuns it started.
    pub analysis_runs: Vec<ExperimentAnalysis>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentTemplate {
    pub name: Safe,
    pub status: Safe,
    pub message: Safe,
    pub replicas: Replicas,
    pub template_hash: Option<Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentAnalysis {
    pub name: Safe,
    pub run: Name,
    pub phase: AnalysisPhase,
    pub message: Safe,
}
