//! What a run waits for before it may deploy (apis.md §6.5): environments whose protection rules ask
//! for a person, or for time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Name, Uid};
use crate::text::Safe;

/// GitHub fails a job that nobody has approved within so many hours: thirty days.
const EXPIRES: i64 = 30 * 24;

/// An environment that a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDeployment {
    /// GitHub's id of the environment: what an approval names.
    pub environment: i64,
    pub name: Name,
    /// Minutes; 0 where there is none.
    pub wait_timer: u32,
    pub timer_started: Option<Timestamp>,
    /// Any one of them is enough.
    pub reviewers: Vec<Reviewer>,
    /// `None`: GitHub does not say.
    pub can_approve: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviewer {
    User(Safe),
    Team(Safe),
}

impl PendingDeployment {
    /// When its wait timer ends, by the server's clock. No approval skips it.
    #[must_use]
    pub fn opens(&self) -> Option<Timestamp> {
        if self.wait_timer == 0 {
            return None;
        }
        self.timer_started?.checked_add(SignedDuration::from_mins(i64::from(self.wait_timer))).ok()
    }
}

/// When GitHub gives up on what has waited since then.
#[must_use]
pub fn expires(since: Timestamp) -> Option<Timestamp> {
    since.checked_add(SignedDuration::from_hours(EXPIRES)).ok()
}

/// Everything that a run waits for, as it was read last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// In GitHub's order.
    pub deployments: Vec<PendingDeployment>,
    /// Rows of the answer that could not be decoded.
    pub left_out: u64,
    /// Who asks, where that is known: whether a run is one's own.
    pub login: Option<Safe>,
}

impl Pending {
    /// It waits for something, be it only for what could not be read.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.deployments.is_empty() || self.left_out > 0
    }

    #[must_use]
    pub fn of(&self, environment: i64) -> Option<&PendingDeployment> {
        self.deployments.iter().find(|row| row.environment == environment)
    }
}

/// What was read of one run that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRead {
    pub run: Uid,
    /// `Err`: why it cannot be read.
    pub pending: Result<Arc<Pending>, Safe>,
}
