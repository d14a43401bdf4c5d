//! Continuous integration in GitHub's words, for every system (apis.md §6.2): runs, their jobs,
//! the jobs' steps.

use std::sync::Arc;

use jiff::Timestamp;

use super::kubernetes::Meta;
use super::{Kind, Name, ObjectId, Uid};
use crate::text::Safe;

/// A workflow run. `meta.namespace` is the repository (`acme/checkout`), `meta.name` the workflow
/// with the run's number (`ci-cd-pipeline #4812`), `meta.uid` GitHub's run id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// [`Kind::Run`], [`Kind::PipelineRun`] or [`Kind::Execution`].
    pub kind: Kind,
    pub meta: Meta,
    /// The workflow's name, or its file where it has none.
    pub workflow: Name,
    /// `path` of the workflow file: `.github/workflows/ci.yml`.
    pub path: Name,
    /// `display_title`: the commit's first line, or the name that `run-name` gives.
    pub title: Safe,
    pub number: u64,
    /// 1 at first; a rerun counts on.
    pub attempt: u32,
    pub status: RunStatus,
    /// `None` until it is completed.
    pub conclusion: Option<Conclusion>,
    pub branch: Option<Name>,
    pub sha: Safe,
    pub event: Safe,
    pub actor: Option<Safe>,
    pub created: Option<Timestamp>,
    /// Of the present attempt (`run_started_at`).
    pub started: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    /// Page in the browser.
    pub url: Safe,
}

/// `status` of a run, a job or a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunStatus {
    Queued,
    /// Of an environment's approval or of a concurrency group.
    Waiting,
    InProgress,
    Completed,
    /// `requested` and `pending` are GitHub's words for "not yet queued"; others may come.
    Other(Safe),
}

impl RunStatus {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "queued" => Self::Queued,
            "waiting" => Self::Waiting,
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed,
            other => Self::Other(Safe::line(other)),
        }
    }

    /// GitHub's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Other(word) => word.as_str(),
        }
    }
}

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    Success,
    Failure,
    Cancelled,
    TimedOut,
    Skipped,
    Neutral,
    ActionRequired,
    Stale,
    StartupFailure,
    /// A word this version does not know.
    Other(Safe),
}

impl Conclusion {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "failure" => Self::Failure,
            "cancelled" => Self::Cancelled,
            "timed_out" => Self::TimedOut,
            "skipped" => Self::Skipped,
            "neutral" => Self::Neutral,
            "action_required" => Self::ActionRequired,
            "stale" => Self::Stale,
            "startup_failure" => Self::StartupFailure,
            other => Self::Other(Safe::line(other)),
        }
    }

    /// GitHub's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::Skipped => "skipped",
            Self::Neutral => "neutral",
            Self::ActionRequired => "action_required",
            Self::Stale => "stale",
            Self::StartupFailure => "startup_failure",
            Self::Other(word) => word.as_str(),
        }
    }

    /// It ended, and not well.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::Failure | Self::TimedOut | Self::StartupFailure)
    }
}

/// The jobs of one attempt of a run, as they were read last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jobs {
    pub attempt: u32,
    /// In GitHub's order.
    pub jobs: Vec<Job>,
    /// Jobs of the answer that could not be decoded and are not shown.
    pub left_out: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// `kind` Job; its repository, its name, GitHub's job id.
    pub id: ObjectId,
    /// The run it belongs to.
    pub run: Uid,
    pub status: RunStatus,
    pub conclusion: Option<Conclusion>,
    pub created: Option<Timestamp>,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    pub runner: Option<Safe>,
    /// What `runs-on` asks for.
    pub labels: Vec<Safe>,
    /// Page in the browser.
    pub url: Option<Safe>,
    pub steps: Vec<JobStep>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    pub number: u32,
    pub name: Safe,
    pub status: RunStatus,
    pub conclusion: Option<Conclusion>,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
}

impl Run {
    #[must_use]
    pub fn id(&self) -> ObjectId {
        self.meta.id(self.kind)
    }

    /// `acme/checkout`.
    #[must_use]
    pub const fn repository(&self) -> &Name {
        &self.meta.namespace
    }

    /// It may still change by itself.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !matches!(self.status, RunStatus::Completed)
    }
}

/// What an Execution of a RustCI server runs (apis.md §11.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CiPipeline {
    /// `kind` CiPipeline; its uid is the server's id of it.
    pub id: ObjectId,
    pub description: Safe,
    pub created: Option<Timestamp>,
}

impl CiPipeline {
    /// The newest of its executions: what has not begun is newer than what has.
    pub fn newest<'a>(runs: impl Iterator<Item = &'a Run>) -> Option<&'a Run> {
        runs.max_by_key(|run| (run.started.is_none(), run.started, run.meta.uid.raw()))
    }
}

/// The rate limit of a GitHub host, from the headers of its last answer (apis.md §6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// Requests an hour: 60 without a token, 5 000 with one; 0 while the host has not told it.
    pub limit: u64,
    pub remaining: u64,
    pub reset: Option<Timestamp>,
    /// Answers of the last hour, and how many of them were 304 (free).
    pub answers: u64,
    pub unchanged: u64,
    /// Nothing is asked until then: the limit is spent, or the server said so.
    pub held_until: Option<Timestamp>,
    /// Why; empty while nothing is held.
    pub why_held: Safe,
    /// Nothing proves who asks: 60 an hour.
    pub anonymous: bool,
}

impl Quota {
    /// The last tenth of a whole hour's requests: what is read grows rarer, so that some stay.
    #[must_use]
    pub const fn is_scarce(&self) -> bool {
        self.limit >= 1_000 && self.remaining < self.limit / 10
    }

    /// More than half of the hour's requests are left: enough for what may wait.
    #[must_use]
    pub const fn has_plenty(&self) -> bool {
        let half = self.limit == 0 || self.remaining.saturating_mul(2) > self.limit;
        self.held_until.is_none() && !self.anonymous && half
    }
}

/// What is read of one run only while somebody looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobsRead {
    pub run: Uid,
    /// `Err`: why they cannot be read.
    pub jobs: Result<Arc<Jobs>, Safe>,
}
