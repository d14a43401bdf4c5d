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
    Checks(Pages<Check>),
    Annotations(Annotations),
    Attempt(Box<Attempt>),
    Artifacts(Pages<Artifact>),
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

/// The first pages of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages<T> {
    pub rows: Vec<T>,
    /// Rows that could not be read.
    pub left_out: u64,
    /// Of all pages, where the answer says so.
    pub total: Option<u64>,
    /// There are pages that were not asked for.
    pub more: bool,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), left_out: 0, total: None, more: false }
    }
}

impl<T> Pages<T> {
    /// One page more.
    pub fn add(&mut self, page: Self) {
        self.rows.extend(page.rows);
        self.left_out += page.left_out;
        self.total = page.total.or(self.total);
    }

    /// How many there are beside the rows, and whether these are only the least; `None`: the rows are all.
    #[must_use]
    pub fn rest(&self) -> Option<(u64, bool)> {
        let here = self.rows.len() as u64;
        match self.total.filter(|total| *total > here) {
            Some(total) => Some((total - here, false)),
            None if self.more => Some((self.left_out.max(1), true)),
            None => (self.left_out > 0).then_some((self.left_out, false)),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_among_the_rows_is_counted() {
        let of = |rows: usize, left_out, total, more| Pages { rows: vec![(); rows], left_out, total, more }.rest();
        for (told, wanted) in [
            (of(3, 0, Some(3), false), None),
            (of(0, 0, None, false), None),
            (of(300, 0, Some(412), true), Some((112, false))),
            // A row that could not be read is one of them.
            (of(2, 1, Some(3), false), Some((1, false))),
            (of(2, 1, None, false), Some((1, false))),
            (of(300, 0, None, true), Some((1, true))),
            // A total that is less than what came says nothing.
            (of(3, 0, Some(1), false), None),
        ] {
            assert_eq!(told, wanted);
        }
    }
}
