//! What Tekton says of its runs beyond what every run and job says (apis.md §5).

use std::sync::Arc;

use jiff::Timestamp;

use super::kubernetes::Meta;
use super::pipelines::{Conclusion, JobStep, Run, RunStatus};
use super::{Name, ObjectId, Uid};
use crate::text::Safe;

/// A PipelineRun: the run as lists show it, and what only Tekton knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineRun {
    pub run: Arc<Run>,
    /// Reason and message of the condition `Succeeded`: Tekton's own words.
    pub reason: Safe,
    pub message: Safe,
    /// `spec.status`: what it was asked for (`Cancelled`, `StoppedRunFinally` …); empty when nothing.
    pub asked: Safe,
    /// Its condition says that it has ended.
    pub ended: bool,
    /// Tasks of the pipeline in its order, `finally` after them; empty until the controller has read it.
    pub tasks: Vec<PlannedTask>,
    pub children: Vec<Child>,
    pub skipped: Vec<SkippedTask>,
    pub params: Vec<Value>,
    pub results: Vec<Value>,
}

/// A task of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTask {
    pub name: Name,
    pub finally: bool,
}

/// `status.childReferences[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    pub name: Name,
    /// The pipeline's task; one of a matrix has several children.
    pub task: Name,
    /// What it is, where that is no TaskRun: `CustomRun`, `PipelineRun`.
    pub other: Option<Safe>,
    pub shown: Option<Safe>,
    /// `when` expressions that let it run, in words.
    pub when: Vec<Safe>,
}

/// `status.skippedTasks[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedTask {
    pub task: Name,
    /// A sentence of Tekton's: `When Expressions evaluated to false`.
    pub reason: Safe,
    pub when: Vec<Safe>,
}

/// A parameter or a result: what was written, arrays and objects as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub name: Safe,
    pub value: Safe,
}

/// A TaskRun: how it stands now, and the attempts before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRun {
    pub meta: Meta,
    /// The task of the pipeline that it runs.
    pub task: Option<Name>,
    /// The Task that it runs, where that has a name.
    pub of: Option<Safe>,
    /// `spec.status`, as of a PipelineRun.
    pub asked: Safe,
    /// Of the pipeline's `finally` (`tekton.dev/memberOf`).
    pub finally: bool,
    pub now: Attempt,
    /// `status.retriesStatus`, oldest first.
    pub before: Vec<Attempt>,
    pub results: Vec<Value>,
}

/// One attempt of a TaskRun: a pod and its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub status: RunStatus,
    pub conclusion: Option<Conclusion>,
    pub reason: Safe,
    pub message: Safe,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    /// `None` until it has one.
    pub pod: Option<Name>,
    pub steps: Vec<JobStep>,
}

/// Between the uid of a TaskRun and the number of an earlier attempt of it.
const ATTEMPT: &str = "#";

/// An earlier attempt of a TaskRun has no object of its own: it is told apart by its number, from 0.
#[must_use]
pub fn attempt_uid(task_run: &ObjectId, attempt: usize) -> Uid {
    Uid::new(task_run.cluster, &format!("{}{ATTEMPT}{attempt}", task_run.uid.raw()))
}

/// The uid of the TaskRun, and of which earlier attempt of it; `None`: the present one.
#[must_use]
pub fn attempt_of(uid: &Uid) -> (&str, Option<usize>) {
    match uid.raw().split_once(ATTEMPT) {
        Some((task_run, number)) => (task_run, number.parse().ok()),
        None => (uid.raw(), None),
    }
}

impl PipelineRun {
    /// What the condition says: `Failed: Tasks Completed: 3 (Failed: 1, Cancelled 0), Skipped: 2`.
    #[must_use]
    pub fn words(&self) -> Safe {
        match (self.reason.is_empty(), self.message.is_empty()) {
            (true, _) => self.message.clone(),
            (false, true) => self.reason.clone(),
            (false, false) => crate::safe!("{}: {}", self.reason, self.message),
        }
    }
}
