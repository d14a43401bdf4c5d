//! What waits for a person, over all systems: the Inbox.

use std::time::Duration;

use jiff::Timestamp;

use super::blocker::{Blocker, Reason};
use super::{State, derived, gates, runs, verbs};
use crate::action::{Operation, Outcome};
use crate::command::Command;
use crate::model::approvals::{self, Pending, PendingDeployment, Reviewer};
use crate::model::pipelines::Run;
use crate::model::{Name, ObjectId};
use crate::safe;
use crate::text::{Safe, plural};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub kind: WaitingKind,
    pub object: ObjectId,
    pub environment: Option<Name>,
    pub since: Option<Timestamp>,
    /// What it waits for, in words.
    pub words: Safe,
    /// The same with its name and place.
    pub sentence: Safe,
    /// What helps, likeliest first.
    pub keys: Vec<Command>,
    /// Of a run that waits for an environment: which one.
    pub gate: Option<Gate>,
}

/// An environment that waits for an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// GitHub's id of it.
    pub environment: i64,
    /// Why the operator may not decide on it.
    pub refused: Option<Safe>,
    pub reviewers: Vec<Reviewer>,
    /// When its wait timer ends, and when GitHub fails the job; by the server's clock.
    pub opens: Option<Timestamp>,
    pub expires: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitingKind {
    ManualPause,
    InconclusiveAnalysis,
    /// A run waits for an environment's approval.
    Approval,
    /// An action whose end nobody heard.
    StuckOperation,
}

impl WaitingKind {
    /// The word in `status --json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManualPause => "manual_pause",
            Self::InconclusiveAnalysis => "inconclusive_analysis",
            Self::Approval => "approval",
            Self::StuckOperation => "stuck_operation",
        }
    }
}

/// An operation that was accepted this long ago and has shown nothing is stuck.
const STUCK: Duration = Duration::from_mins(1);

/// Everything that waits, longest first; what has no time comes last.
#[must_use]
pub fn all(state: &State) -> Vec<Waiting> {
    let mut all: Vec<Waiting> = derived::causes(state)
        .paused()
        .cloned()
        .chain(derived::blockers(state).iter().filter(|blocker| blocker.reason == Reason::Approval).cloned())
        .flat_map(|blocker| of_blocker(state, blocker))
        .chain(state.operations.iter().filter_map(|operation| stuck(state, operation)))
        .collect();
    // Environments of one run stay in GitHub's order.
    all.sort_by_cached_key(|row| (row.since.unwrap_or(Timestamp::MAX), row.object.clone()));
    all
}

/// A row for each environment that is known to wait.
fn of_blocker(state: &State, blocker: Blocker) -> Vec<Waiting> {
    let run = blocker.object.as_ref().filter(|_| blocker.reason == Reason::Approval);
    let run = run.and_then(|id| state.world.runs.get(&id.uid));
    if let Some(run) = run
        && let Some(pending) = gates::pending(state, &run.meta.uid)
        && !pending.deployments.is_empty()
    {
        let mut all: Vec<Waiting> = pending.deployments.iter().map(|row| gated(state, run, pending, row)).collect();
        all.extend((pending.left_out > 0).then(|| unread(state, run, pending)));
        return all;
    }
    of_object(blocker).into_iter().collect()
}

fn gated(state: &State, run: &Run, pending: &Pending, row: &PendingDeployment) -> Waiting {
    let refused = gates::may(pending, run, row).err();
    let mut keys = vec![Command::Look];
    if refused.is_none() {
        keys.extend([Command::Approve, Command::Reject]);
    }
    keys.push(Command::Browse);
    let words = gates::words(state, run, pending, row);
    let since = gates::since(state, run);
    Waiting {
        kind: WaitingKind::Approval,
        object: run.id(),
        environment: Some(row.name.clone()),
        since,
        sentence: safe!(
            "{} {} waits for an approval of {}: {}",
            runs::service(state, run),
            run.meta.name,
            row.name,
            words
        ),
        // Where the terminal is narrow there is no column for the environment.
        words: safe!("{}: {}", row.name, words),
        keys,
        gate: Some(Gate {
            environment: row.environment,
            refused,
            reviewers: row.reviewers.clone(),
            opens: row.opens(),
            expires: since.and_then(approvals::expires),
        }),
    }
}

/// Of the environments of a run that could not be read.
fn unread(state: &State, run: &Run, pending: &Pending) -> Waiting {
    let words = safe!(
        "{} could not be read: its page in the browser shows all",
        plural(pending.left_out, "more environment", "more environments")
    );
    Waiting {
        kind: WaitingKind::Approval,
        object: run.id(),
        environment: None,
        since: gates::since(state, run),
        sentence: safe!("{} {} waits for an approval: {}", runs::service(state, run), run.meta.name, words),
        words,
        keys: vec![Command::Look, Command::Browse],
        gate: None,
    }
}

fn of_object(blocker: Blocker) -> Option<Waiting> {
    let kind = match blocker.reason {
        Reason::AnalysisInconclusive => WaitingKind::InconclusiveAnalysis,
        Reason::Approval => WaitingKind::Approval,
        _ => WaitingKind::ManualPause,
    };
    Some(Waiting {
        kind,
        object: blocker.object?,
        environment: blocker.environment,
        since: blocker.since,
        words: blocker.words,
        sentence: blocker.sentence,
        keys: blocker.keys,
        gate: None,
    })
}

fn stuck(state: &State, operation: &Operation) -> Option<Waiting> {
    let verb = operation.action.change.verb().as_str();
    let words = match &operation.outcome {
        Outcome::Unknown { message } => safe!("nobody knows whether the {} took: {}", verb, message),
        Outcome::Accepted if state.now.wall.duration_since(operation.started).unsigned_abs() > STUCK => {
            let wanted = verbs::waits_for(state, operation).unwrap_or_else(|| operation.expects.clone());
            safe!("the {} was accepted and shows no effect yet: {}", verb, wanted)
        }
        _ => return None,
    };
    Some(Waiting {
        kind: WaitingKind::StuckOperation,
        object: operation.action.target.clone(),
        environment: Some(operation.environment.clone()),
        since: Some(operation.started),
        sentence: safe!("{}: {}", operation.action.target.name, words),
        words,
        keys: vec![Command::ShowJournal],
        gate: None,
    })
}
