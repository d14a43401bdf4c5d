//! Mutations that leave the machine: what exactly is sent, behind which guards, what will happen,
//! and what proves that it did. An [`Operation`] is the life of one action:
//! intended → sent → accepted → observed, or refused, or unknown. At most one send, ever.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::applications::AppWay;
use crate::model::builds::BuildPlan;
use crate::model::{Name, ObjectId, Uid};
use crate::text::Safe;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Promote,
    Abort,
    Retry,
    Undo,
    PromoteFull,
    SkipStep,
    Pause,
    Resume,
    SetImage,
    /// The analysis that runs.
    EndAnalysis,
    /// The failed jobs of a run.
    Rerun,
    RerunAll,
    RerunJob,
    Cancel,
    ForceCancel,
    /// A new run of a pipeline.
    Trigger,
    Create,
    /// What a run waits for.
    Approve,
    Reject,
    /// Of a container; the pods of a workload.
    Restart,
    Pull,
    /// An image, by an engine of this machine.
    Build,
    Push,
    /// Of an Application: apply what its repository says.
    Sync,
    /// Compare it again.
    Refresh,
    /// End its operation.
    Terminate,
    /// How many replicas a workload has.
    Scale,
    /// Grafana, of what was deployed.
    Annotate,
}

impl Verb {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Abort => "abort",
            Self::Retry => "retry",
            Self::Undo => "undo",
            Self::PromoteFull => "promote full",
            Self::SkipStep => "skip step",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::SetImage => "set image",
            Self::EndAnalysis => "end analysis",
            Self::Rerun => "rerun",
            Self::RerunAll => "rerun all",
            Self::RerunJob => "rerun job",
            Self::Cancel => "cancel",
            Self::ForceCancel => "force-cancel",
            Self::Trigger => "trigger",
            Self::Create => "create",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Restart => "restart",
            Self::Pull => "pull",
            Self::Build => "build",
            Self::Push => "push",
            Self::Sync => "sync",
            Self::Refresh => "refresh",
            Self::Terminate => "terminate",
            Self::Scale => "scale",
            Self::Annotate => "annotate",
        }
    }
}

/// A mutation, complete and immutable: what the dialog showed is what is sent (apis.md §1.6, §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub target: ObjectId,
    pub change: Change,
}

/// What is changed, with the values its guards test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `/status`: test uid, pod hash and (canary) step index, remove `pauseConditions`.
    PromotePause { pod_hash: Safe, step: Option<i64> },
    /// `/status`: the same guards; clears the pause and goes to the step after the inconclusive one.
    PromoteInconclusive { pod_hash: Safe, step: i64, next: i64 },
    /// Main resource: test uid and `spec.paused`, set it to false. Skips no step.
    Unpause,
    /// `/status`: test uid and pod hash, set `promoteFull`.
    PromoteFull { pod_hash: Safe },
    /// `/status`: test uid, pod hash and step index, and go to step `to`: the next one, or `last`, behind all.
    SkipStep { pod_hash: Safe, step: i64, to: i64, last: i64 },
    /// Main resource: test uid and pod hash, set `spec.paused`.
    Pause { pod_hash: Safe },
    /// Main resource: test uid, resourceVersion and the image of that container, replace it.
    SetImage { resource_version: Arc<str>, container: Name, from: Name, to: Name },
    /// Main resource: test uid and pod hash, set `spec.restartAt` to the time the operation began.
    RestartRollout { pod_hash: Safe },
    /// Of an AnalysisRun: test uid and that it runs, set `spec.terminate`.
    EndAnalysis,
    /// `/status`: test uid and pod hash, set `abort`.
    Abort { pod_hash: Safe },
    /// `/status`: test uid, pod hash and `abort`, clear `abort`.
    Retry { pod_hash: Safe },
    /// Main resource: test uid and resourceVersion, replace the template by that ReplicaSet's.
    Undo { resource_version: Arc<str>, replica_set: Name, replica_set_uid: Uid, to_revision: i64 },
    /// `POST …/rerun-failed-jobs`. GitHub takes no guard: the attempt is read again before the send.
    RerunFailed { attempt: u32, debug: bool },
    /// `POST …/rerun`, the same: every job.
    RerunAll { attempt: u32, debug: bool },
    /// `POST …/jobs/{job}/rerun`, the same: that job and those that depend on it.
    RerunJob { attempt: u32, job: Uid, name: Name, debug: bool },
    /// `POST …/cancel`, the same. Of a RustCI execution `DELETE …/cancel`.
    Cancel { attempt: u32 },
    /// `POST …/force-cancel`, the same: `always()` holds nothing up.
    ForceCancel { attempt: u32 },
    /// `spec.status` of a PipelineRun: test uid, what it was asked for before, and that it has not ended.
    CancelRun { how: CancelHow },
    /// A POST of a PipelineRun with the spec of this one, without its status.
    RunAgain,
    /// `POST …/trigger` of RustCI, which would run twice if it came twice: sent only while `last` still
    /// is the newest execution of the pipeline.
    Trigger { last: Option<Uid> },
    /// `POST …/pipelines/upload` of RustCI; `before`: how many pipelines had this name.
    CreatePipeline { file: Arc<PipelineFile>, before: u32 },
    /// `POST …/workflows/{file}/dispatches`: sent only while the file is the one that the form was made from.
    /// `last`: the newest run of it that was started by hand, as far as it is known.
    Dispatch {
        path: Name,
        /// A branch or a tag.
        reference: Name,
        sha: Name,
        /// Name and value, in the order of the file.
        inputs: Vec<(Name, Name)>,
        /// The one that an input names.
        environment: Option<Name>,
        last: Option<Uid>,
    },
    /// `POST …/pending_deployments`: the run and what it waits for are read again before the send. The
    /// comment is typed in the dialog; `jobs` waited when it opened.
    Review { attempt: u32, approve: bool, gates: Vec<Gate>, comment: Safe, jobs: Vec<Uid> },
    /// `POST …/approve`: lets a run from a fork begin.
    ApproveRun { attempt: u32 },
    /// `POST /containers/{id}/restart`. An engine takes no guard: the container is inspected again before
    /// the send, and must be in this state, begun at this time.
    RestartContainer { state: Safe, started: Option<Timestamp> },
    /// `POST /images/create`, the same: the container must still name this image.
    PullImage { image: Name },
    /// `POST /build` with the folder as its context.
    BuildImage { plan: Arc<BuildPlan> },
    /// `POST /images/{name}/push`: the tag must still name the image of this id.
    PushImage { id: Safe },
    /// `.operation` of an Application, which is read again before the send: none may be there, and it must have
    /// been compared with these revisions last. `pinned`: to those, and not to the head of its branch. `before`:
    /// when the last operation began, by the server's clock. By its server `POST …/sync`, after the same look at it.
    Sync { way: AppWay, revisions: Vec<Name>, pinned: bool, prune: bool, before: Option<Timestamp> },
    /// The annotation `argocd.argoproj.io/refresh`, by its server `GET …?refresh=normal`; `before`: when it was
    /// compared last, by the server's clock.
    CompareAgain { way: AppWay, before: Option<Timestamp> },
    /// Main resource: test uid and resourceVersion, set `kubectl.kubernetes.io/restartedAt` in the template.
    RestartWorkload { resource_version: Arc<str> },
    /// `/scale`: test uid and resourceVersion, set `spec.replicas`.
    Scale { resource_version: Arc<str>, from: i64, to: i64 },
    /// `helm rollback`: sent only while `from` is the newest revision, and its record has this version.
    RollbackRelease { from: i64, resource_version: Arc<str>, to: i64 },
    /// `POST /api/annotations` of Grafana, with a tag that names the operation it tells of.
    Annotate { text: Safe, tags: Vec<Name>, from: Timestamp, to: Timestamp },
    /// Phase `Terminating` of the operation that began at this time; by its server `DELETE …/operation`.
    Terminate { way: AppWay, started: Timestamp },
    /// `.operation` of an Application, as Argo CD's own server writes it for a rollback: a sync of what an entry of
    /// its history says, read again before the send, only while nothing is synced by itself. `before` as of `Sync`.
    /// By its server `POST …/rollback`.
    RollBack { way: AppWay, id: i64, revision: Name, before: Option<Timestamp> },
}

/// An environment that a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// GitHub's id of it.
    pub environment: i64,
    pub name: Name,
}

/// The three ways in which Tekton ends a PipelineRun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelHow {
    /// Stop what runs, start nothing more.
    Cancelled,
    /// Stop what runs, then run the `finally` tasks.
    CancelledRunFinally,
    /// Let what runs come to its end, then run the `finally` tasks.
    StoppedRunFinally,
}

impl CancelHow {
    /// Tekton's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "Cancelled",
            Self::CancelledRunFinally => "CancelledRunFinally",
            Self::StoppedRunFinally => "StoppedRunFinally",
        }
    }
}

/// A file that describes a pipeline, as it was read for the dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineFile {
    /// Without its folder.
    pub name: Name,
    pub path: Safe,
    /// What it calls the pipeline.
    pub pipeline: Option<Name>,
    /// Its stages, by name.
    pub stages: Vec<Safe>,
    pub bytes: u64,
    /// Empty when it comes from the journal, which does not keep it: it is never sent from there.
    pub text: Arc<str>,
}

impl Change {
    #[must_use]
    pub const fn verb(&self) -> Verb {
        match self {
            Self::PromotePause { .. } | Self::PromoteInconclusive { .. } => Verb::Promote,
            Self::PromoteFull { .. } => Verb::PromoteFull,
            Self::SkipStep { .. } => Verb::SkipStep,
            Self::Pause { .. } => Verb::Pause,
            Self::Unpause => Verb::Resume,
            Self::SetImage { .. } => Verb::SetImage,
            Self::EndAnalysis => Verb::EndAnalysis,
            Self::Abort { .. } => Verb::Abort,
            Self::Retry { .. } => Verb::Retry,
            Self::Undo { .. } | Self::RollBack { .. } | Self::RollbackRelease { .. } => Verb::Undo,
            Self::RerunFailed { .. } | Self::RunAgain => Verb::Rerun,
            Self::RerunAll { .. } => Verb::RerunAll,
            Self::RerunJob { .. } => Verb::RerunJob,
            Self::Cancel { .. } | Self::CancelRun { .. } => Verb::Cancel,
            Self::ForceCancel { .. } => Verb::ForceCancel,
            Self::Trigger { .. } | Self::Dispatch { .. } => Verb::Trigger,
            Self::CreatePipeline { .. } => Verb::Create,
            Self::Review { approve: false, .. } => Verb::Reject,
            Self::Review { .. } | Self::ApproveRun { .. } => Verb::Approve,
            Self::RestartContainer { .. } | Self::RestartWorkload { .. } | Self::RestartRollout { .. } => Verb::Restart,
            Self::Scale { .. } => Verb::Scale,
            Self::Annotate { .. } => Verb::Annotate,
            Self::PullImage { .. } => Verb::Pull,
            Self::BuildImage { .. } => Verb::Build,
            Self::PushImage { .. } => Verb::Push,
            Self::Sync { .. } => Verb::Sync,
            Self::CompareAgain { .. } => Verb::Refresh,
            Self::Terminate { .. } => Verb::Terminate,
        }
    }

    /// Whether the new attempt writes debug logs; `None` of what takes no such wish.
    #[must_use]
    pub const fn debug(&self) -> Option<bool> {
        match self {
            Self::RerunFailed { debug, .. } | Self::RerunAll { debug, .. } | Self::RerunJob { debug, .. } => {
                Some(*debug)
            }
            _ => None,
        }
    }

    /// The choice that its dialog leaves: debug logs, all steps that are left instead of one. `None` without one.
    #[must_use]
    pub const fn choice(&self) -> Option<bool> {
        match self {
            Self::SkipStep { step, last, .. } if *step + 1 >= *last => None,
            Self::SkipStep { to, last, .. } => Some(*to == *last),
            _ => self.debug(),
        }
    }

    /// The same as it was chosen.
    #[must_use]
    pub fn with_choice(mut self, wanted: bool) -> Self {
        match &mut self {
            Self::RerunFailed { debug, .. } | Self::RerunAll { debug, .. } | Self::RerunJob { debug, .. } => {
                *debug = wanted;
            }
            Self::SkipStep { step, to, last, .. } => *to = if wanted { *last } else { (*step + 1).min(*last) },
            _ => {}
        }
        self
    }

    /// By which way an Application is asked; `None` of what is asked of anything else.
    #[must_use]
    pub const fn way(&self) -> Option<&AppWay> {
        match self {
            Self::Sync { way, .. }
            | Self::CompareAgain { way, .. }
            | Self::Terminate { way, .. }
            | Self::RollBack { way, .. } => Some(way),
            _ => None,
        }
    }

    /// It is asked of a workflow run.
    #[must_use]
    pub const fn is_of_run(&self) -> bool {
        matches!(
            self,
            Self::RerunFailed { .. }
                | Self::RerunAll { .. }
                | Self::RerunJob { .. }
                | Self::Cancel { .. }
                | Self::ForceCancel { .. }
        )
    }

    /// It decides on environments that a run waits for: that asks for a comment.
    #[must_use]
    pub const fn is_review(&self) -> bool {
        matches!(self, Self::Review { .. })
    }
}

/// Identity of one operation: milliseconds of its birth and a counter, sortable, unique in a journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationId(pub String);

/// How far an operation has come. Only what was seen counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The intent is being written to the journal; nothing was sent.
    Intended,
    /// On its way; the answer is awaited.
    Sent,
    /// The server took it; the expected state has not been seen yet.
    Accepted,
    /// The source reports the expected state.
    Observed,
    /// The server (or the journal) said no; nothing was changed.
    Refused { message: Safe },
    /// Nobody knows whether it arrived; evidence is being read.
    Unknown { message: Safe },
    /// It was taken, but the object went another way (aborted meanwhile, deleted, replaced); or
    /// nobody will ever know, since it did.
    Failed { message: Safe },
}

impl Outcome {
    /// The word in `status --json` and in the journal.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Observed => "observed",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
            Self::Failed { .. } => "failed",
        }
    }

    /// Nothing more will come of it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Observed | Self::Refused { .. } | Self::Failed { .. })
    }
}

/// What the runner of an action reports back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The intent is on disk and the request leaves now.
    Sent,
    /// What the answer says was made; before [`Self::Accepted`].
    Made { id: Name },
    /// 2xx, with the object's generation afterwards.
    Accepted { generation: Option<i64> },
    /// 4xx (a guard failed, no permission, not found) or the journal refused: nothing was changed.
    Refused { message: Safe },
    /// No answer, or one that does not say.
    Unknown { message: Safe },
    /// What a read after `Unknown` found.
    Evidence { found: Found, message: Safe },
}

/// What a look at its object says of an operation nobody heard the end of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The object is as the operation wanted it.
    Applied,
    /// It is not; the request may still be at work in the server.
    Missing,
    /// It is not, and a guard of the request holds no longer: it will not take any more. Whether it
    /// took before that cannot be told.
    Passed,
    /// Something else came since, and no guard keeps the request from taking yet: it may still be at work in the
    /// server, and whether it took before that cannot be told.
    Overtaken,
    /// The object was deleted, or another one of its name stands there.
    Gone,
    /// It cannot be read, or does not say.
    Untold,
}

/// The life of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub id: OperationId,
    pub action: Action,
    pub cluster: Name,
    pub environment: Name,
    /// Typed by the operator; may be empty.
    pub reason: Safe,
    /// One line: from what to what.
    pub summary: Safe,
    /// What must be seen, in words: "weight 0 and status Degraded".
    pub expects: Safe,
    pub outcome: Outcome,
    pub generation: Option<i64>,
    /// The id of what it made, as the answer named it.
    pub made: Option<Name>,
    pub started: Timestamp,
    pub started_mono: Duration,
    pub changed: Timestamp,
}
