//! What waits for a person, over all systems: the Inbox.

use jiff::Timestamp;

use super::State;
use crate::command::Command;
use crate::model::ObjectId;
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub kind: WaitingKind,
    pub object: ObjectId,
    pub environment: Option<crate::model::Name>,
    pub since: Option<Timestamp>,
    /// What it waits for, in words.
    pub words: Safe,
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

/// Everything that waits, longest first.
#[must_use]
pub fn all(_state: &State) -> Vec<Waiting> {
    Vec::new()
}
