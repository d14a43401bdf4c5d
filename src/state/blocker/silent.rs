//! Nobody answers: a change that its controller never noticed, or an accepted action without effect.

use std::collections::HashMap;
use std::time::Duration;

use super::{Cause, Reason, Severity};
use crate::action::{Change, Operation, Outcome};
use crate::command::Command;
use crate::model::Uid;
use crate::model::kubernetes::Meta;
use crate::safe;
use crate::state::{State, verbs};
use crate::text::{self, Safe};

/// How long an accepted action may go without effect before the controller is called silent.
const SILENCE: Duration = Duration::from_secs(10);

/// Accepted actions of this run that have had time to take effect, by their object.
pub(super) type Unanswered<'a> = HashMap<&'a Uid, &'a Operation>;

pub(super) fn unanswered(state: &State) -> Unanswered<'_> {
    state
        .operations
        .iter()
        .filter(|operation| matches!(operation.outcome, Outcome::Accepted) && !operation.started_mono.is_zero())
        .filter(|operation| state.now.mono.saturating_sub(operation.started_mono) >= SILENCE)
        .map(|operation| (&operation.action.target.uid, operation))
        .collect()
}

/// What its controller has not done yet. A restart and a scaling are carried out by pods that take their time: a
/// controller that has seen them is not silent.
fn unseen(state: &State, operation: &Operation) -> Option<Safe> {
    let long = matches!(operation.action.change, Change::RestartWorkload { .. } | Change::Scale { .. });
    let waits = verbs::waits_for(state, operation)?;
    (!long || verbs::workload::unseen(state, operation).is_some()).then_some(waits)
}

pub(super) fn cause(
    state: &State,
    unanswered: &Unanswered<'_>,
    meta: &Meta,
    controller: &'static str,
) -> Option<Cause> {
    let waiting = unanswered.get(&meta.uid).and_then(|operation| {
        let since = state.now.mono.saturating_sub(operation.started_mono);
        let what = unseen(state, operation)?;
        Some((
            Some(operation.started),
            safe!(
                "waits for the {}: {} accepted {} ago, not yet seen: {}",
                controller,
                operation.action.change.verb().as_str(),
                text::age(since.as_secs() as i64),
                what
            ),
        ))
    });
    let (since, words) = waiting.or_else(|| {
        let lag = state.world.unobserved(&meta.uid, state.now.mono)?;
        let lag = text::age(lag.as_secs() as i64);
        Some((None, safe!("waits for the {}, silent for {}", controller, lag)))
    })?;
    Some(Cause {
        reason: Reason::ControllerSilent,
        severity: Severity::Broken,
        since,
        part: "",
        words,
        keys: vec![Command::Look],
    })
}
