//! Kubernetes objects, trimmed to what the console shows or decides by (apis.md §3).

use std::sync::Arc;

use jiff::Timestamp;

use super::images::Digest;
use super::workloads::Template;
use super::{Kind, Name, ObjectId, SourceId, Uid};
use crate::text::Safe;

/// What every object has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    pub cluster: SourceId,
    pub namespace: Name,
    pub name: Name,
    pub uid: Uid,
    /// Opaque; a fence for `undo`, never compared by order.
    pub resource_version: Arc<str>,
    pub generation: i64,
    pub created: Option<Timestamp>,
    /// `deletionTimestamp`.
    pub deleting: Option<Timestamp>,
    /// The controlling owner reference.
    pub owner: Option<Owner>,
}

impl Meta {
    #[must_use]
    pub fn id(&self, kind: Kind) -> ObjectId {
        ObjectId {
            cluster: self.cluster,
            kind,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
        }
    }
}

/// An `ownerReference` with `controller: true` (or the only one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub kind: Safe,
    pub name: Name,
    pub uid: Uid,
}

/// A `status.conditions[]` row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub kind: Safe,
    /// `True` → `Some(true)`, `False` → `Some(false)`, `Unknown` → `None`.
    pub status: Option<bool>,
    pub reason: Safe,
    pub message: Safe,
    pub changed: Option<Timestamp>,
}

/// A container and its image as the template writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerImage {
    pub container: Safe,
    pub image: Safe,
}

/// Replica counts of a workload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replicas {
    pub desired: i64,
    pub current: i64,
    pub updated: i64,
    pub ready: i64,
    pub available: i64,
}

/// A namespace; its label `environment` names the environment until there is a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    pub meta: Meta,
    pub environment: Option<Name>,
}

/// All of an object's `spec` but `replicas`, as one number: what an autoscaler does leaves it as it is. Only two
/// of the same object can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpecHash(pub u64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    pub meta: Meta,
    /// `None` without a spec.
    pub spec: Option<SpecHash>,
    pub paused: bool,
    /// Who set `spec.paused`, where it is set and recorded.
    pub paused_by: Option<SetBy>,
    /// Who set `spec.replicas` last, where it is recorded.
    pub replicas_by: Option<SetBy>,
    pub revision: Option<i64>,
    pub observed_generation: i64,
    pub replicas: Replicas,
    pub conditions: Vec<Condition>,
    pub images: Vec<ContainerImage>,
    pub template: Template,
    /// When all of its pods had the version of now: the last word of its condition `Progressing`, once that says
    /// `NewReplicaSetAvailable`.
    pub completed: Option<Timestamp>,
    /// `spec.progressDeadlineSeconds`, seconds.
    pub progress_deadline: Option<i64>,
    /// Something else writes its template (Argo CD, Helm, Flux), as its labels or annotations say.
    pub managed_by: Option<Safe>,
}

/// What `kubectl rollout status --watch=false` decides (apis.md §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutStatus {
    pub verdict: RolloutVerdict,
    /// The last line kubectl prints, without `error: `.
    pub message: Safe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutVerdict {
    Complete,
    Progressing,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSet {
    pub meta: Meta,
    /// `deployment.kubernetes.io/revision` or `rollout.argoproj.io/revision`.
    pub revision: Option<i64>,
    /// `pod-template-hash` or `rollouts-pod-template-hash`.
    pub template_hash: Option<Safe>,
    pub desired: i64,
    pub current: i64,
    pub ready: i64,
    pub available: i64,
    pub observed_generation: i64,
    pub conditions: Vec<Condition>,
    pub images: Vec<ContainerImage>,
    /// `scale-down-deadline` annotation.
    pub scale_down_at: Option<Timestamp>,
    /// `experiment.argoproj.io/template-name`, when an Experiment made it.
    pub experiment_template: Option<Safe>,
    /// `kubernetes.io/change-cause`.
    pub change_cause: Option<Safe>,
}

/// A pod, small: there may be ten thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    pub meta: Meta,
    /// kubectl's STATUS column (apis.md §3.4).
    pub status: Safe,
    pub health: PodHealth,
    pub ready: u16,
    pub containers: u16,
    pub restarts: u32,
    pub node: Option<Name>,
    pub template_hash: Option<Safe>,
    pub states: Box<[Container]>,
    /// The one that is meant where none is named: an annotation, as kubectl reads it.
    pub default_container: Option<Name>,
    /// The reason kubelet or scheduler gave for not running: `status.message` or a condition's.
    pub message: Option<Safe>,
}

/// How a pod's status word is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodHealth {
    Running,
    Starting,
    Broken,
    Done,
    Ending,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub name: Name,
    pub init: bool,
    pub image: Safe,
    /// What was pulled (`imageID`): of the index or of the image of its own platform.
    pub digest: Option<Digest>,
    pub ready: bool,
    pub restarts: u32,
    pub state: ContainerState,
    /// Why it ended the last time: `lastState.terminated`.
    pub last: Option<Terminated>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    Waiting { reason: Safe, message: Safe },
    Running { since: Option<Timestamp> },
    Terminated(Terminated),
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminated {
    pub reason: Safe,
    pub message: Safe,
    pub exit_code: i64,
    pub signal: i64,
    pub at: Option<Timestamp>,
}

/// A core/v1 Event (apis.md §3.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub meta: Meta,
    pub about_kind: Safe,
    pub about_name: Name,
    pub about_uid: Option<Uid>,
    pub warning: bool,
    pub reason: Safe,
    pub message: Safe,
    pub count: i64,
    pub last: Option<Timestamp>,
}

/// Who set a field, by `metadata.managedFields`: the program that asked, not the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetBy {
    /// `kubectl-edit`, `argocd-server`.
    pub manager: Safe,
    pub at: Option<Timestamp>,
}
