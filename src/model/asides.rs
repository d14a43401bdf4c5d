//! What GitHub keeps beside a run and its jobs, and what is read of it only while its page is looked
//! at: checks of its commit with their annotations, artifacts, earlier attempts, deployments.

use std::sync::Arc;

use jiff::Timestamp;

use super::pipelines::{Conclusion, Jobs, Run, RunStatus};
use super::{Name, SourceId, Uid};
use crate::text::Safe;

/// One such thing, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Aside {
    pub source: SourceId,
    pub repository: Name,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The check runs of a commit.
    Checks {
        sha: Name,
    },
    /// Of one check run; that of a job has the job's number.
    Annotations {
        check: Uid,
    },
    /// An attempt before the present one, with its jobs.
    Attempt {
        run: Uid,
        number: u32,
    },
    Artifacts {
        run: Uid,
    },
    /// Newest first.
    Deployments {
        environment: Name,
    },
}

/// An [`Aside`] that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub aside: Aside,
    pub moves: Moves,
}

/// How it changes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// Any moment: its run goes on.
    Soon,
    /// Now and then.
    Late,
    /// Never again: what was read is all there will be.
    Never,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AsideRead {
    pub aside: Aside,
    /// `Err`: why it cannot be read.
    pub told: Result<Arc<Told>, Safe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Checks(Vec<Check>),
    Annotations(Annotations),
    Attempt(Box<Attempt>),
    Artifacts(Artifacts),
    Deployments(Vec<Deployed>),
}

/// A check run: a job of Actions, or what another program said of the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub id: Uid,
    pub name: Name,
    pub status: RunStatus,
    pub conclusion: Option<Conclusion>,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    /// The program that made it: `github-actions`, `codecov`.
    pub app: Option<Safe>,
    /// It says of a job of Actions what the job says of itself.
    pub is_job: bool,
    /// `output.title`: `412 passed, 2 failed`.
    pub title: Option<Safe>,
    /// The first lines of `output.summary` that say something.
    pub summary: Vec<Safe>,
    pub annotations: u64,
    pub url: Option<Safe>,
}

/// The first page of them, and how many there are; `None`: the answer does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations {
    pub rows: Vec<Annotation>,
    pub left_out: u64,
    /// There are more pages.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub path: Safe,
    pub line: Option<u64>,
    pub level: Level,
    pub title: Option<Safe>,
    pub message: Safe,
}

/// `annotation_level`, worst first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Failure,
    Warning,
    Notice,
    /// A word this version does not know.
    Other,
}

impl Level {
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "failure" => Self::Failure,
            "warning" => Self::Warning,
            "notice" => Self::Notice,
            _ => Self::Other,
        }
    }

    /// GitHub's word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Other => "annotation",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub run: Arc<Run>,
    pub jobs: Arc<Jobs>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    pub rows: Vec<Artifact>,
    pub left_out: u64,
    /// Of all pages, where the answer says so.
    pub total: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    pub name: Name,
    pub bytes: Option<u64>,
    /// GitHub has thrown it away.
    pub expired: bool,
    pub created: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    /// `sha256:…`; absent of older ones.
    pub digest: Option<Safe>,
}

/// A deployment and its newest status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    pub id: Uid,
    pub sha: Safe,
    /// Branch, tag or commit that was named.
    pub named: Safe,
    pub by: Option<Safe>,
    pub created: Option<Timestamp>,
    /// GitHub's word: `success`, `failure`, `inactive` …; `None` where it has no status yet.
    pub state: Option<Safe>,
    /// When the status was given.
    pub since: Option<Timestamp>,
    pub description: Option<Safe>,
}
