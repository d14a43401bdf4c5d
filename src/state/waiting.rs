//! What waits for a person, over all systems: the Inbox.

use std::time::Duration;

use jiff::Timestamp;

use super::blocker::{self, Blocker, Reason};
use super::{State, derived, verbs};
use crate::action::{Operation, Outcome};
use crate::command::Command;
use crate::model::{Name, ObjectId};
use crate::safe;
use crate::text::Safe;

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
    let mut all: Vec<Waiting> = blocker::paused(state)
        .chain(derived::blockers(state).iter().filter(|blocker| blocker.reason == Reason::Approval).cloned())
        .filter_map(of_blocker)
        .chain(state.operations.iter().filter_map(|operation| stuck(state, operation)))
        .collect();
    all.sort_by_cached_key(|row| (row.since.unwrap_or(Timestamp::MAX), row.object.clone()));
    all
}

fn of_blocker(blocker: Blocker) -> Option<Waiting> {
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
    })
}
