//! The weights in a VirtualService are not those of the Rollout, and nobody brings them over.

use super::{Cause, Reason, Severity};
use crate::command::Command;
use crate::model::rollouts::Rollout;
use crate::safe;
use crate::state::{State, routing};
use crate::text;

/// Something else writes them (a sync of Git's state), or the controller cannot.
pub(super) fn cause(state: &State, row: &Rollout) -> Option<Cause> {
    let (words, long) = routing::fight(state, row)?;
    let aborted = if row.abort { "was aborted, and " } else { "" };
    Some(Cause {
        reason: Reason::TrafficMismatch,
        severity: Severity::Broken,
        since: state.now.wall.checked_sub(jiff::SignedDuration::try_from(long).ok()?).ok(),
        part: "canary",
        words: safe!("{}{}, for {}", aborted, words, text::age(long.as_secs() as i64)),
        keys: vec![Command::Look],
    })
}
