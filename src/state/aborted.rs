//! A Rollout that was aborted: what did it, and what Git goes on asking for (slo.md §3.2, §3.3).

use std::time::Duration;

use jiff::SignedDuration;

use super::{State, gitops, way_back};
use crate::model::Kind;
use crate::model::applications::{Application, SyncStatus};
use crate::model::rollouts::Rollout;
use crate::safe;
use crate::text::Safe;

/// So long after an abort somebody may be pushing a fix; then Git is to be aligned.
pub const ALIGN_AFTER: Duration = Duration::from_mins(2);

/// The step it stood at, counted from 0, as far as anything tells: the controller itself counts anew at once,
/// the analysis that it was aborted for names its step.
#[must_use]
pub fn step(state: &State, row: &Rollout) -> Option<usize> {
    let Some(at) = row.aborted_at.filter(|_| row.abort) else {
        // It is asked for, and the controller has not acted yet.
        return row.current_step_index.filter(|_| row.abort).and_then(|index| usize::try_from(index).ok());
    };
    let runs = state.world.analysis_runs.owned_by(&row.meta.uid);
    let of_step = runs.filter(|run| run.template_hash.is_some() && run.template_hash == row.current_pod_hash);
    // Of an earlier attempt it would have ended before this one began.
    let ended = of_step.filter(|run| run.completed.is_some_and(|ended| at.duration_since(ended).abs() <= ENDED_WITH));
    let last = ended.max_by_key(|run| (run.completed, run.step_index))?;
    last.step_index.and_then(|index| usize::try_from(index).ok())
}

/// The controller aborts at its next look at an analysis that failed, and ends those that run when it aborts.
const ENDED_WITH: SignedDuration = SignedDuration::from_secs(5);

fn application<'a>(state: &'a State, row: &Rollout) -> Option<&'a Application> {
    gitops::of_workload(state, Kind::Rollout, &row.meta).map(AsRef::as_ref).filter(|_| row.abort)
}

/// What Git asks for, as far as it is known: an abort changes the status only, so what keeps the Rollout
/// finds no difference. `None` where nothing says so.
#[must_use]
pub fn git(state: &State, row: &Rollout) -> Option<Safe> {
    if !row.abort {
        return None;
    }
    match (application(state, row), &row.managed_by) {
        (Some(kept), _) if kept.sync == SyncStatus::Synced => Some(safe!(
            "Git still asks for the new version: application {} is Synced, as an abort changes no spec, and Degraded with the rollout",
            kept.meta.name
        )),
        // Something else is asked for already, or nobody knows.
        (Some(_), _) | (None, None) => None,
        (None, Some(manager)) => Some(safe!("Git still asks for the new version: {} writes this template", manager)),
    }
}

/// What lasts: the way of Git, where an Application tells it.
#[must_use]
pub fn align(state: &State, row: &Rollout) -> Option<Safe> {
    let kept = application(state, row).filter(|kept| kept.sync == SyncStatus::Synced)?;
    Some(way_back::of(state, kept, &row.meta.id(Kind::Rollout)))
}

/// It has stood so for long enough to be said wherever it is named: nobody pushed a fix.
#[must_use]
pub fn is_due(state: &State, row: &Rollout) -> bool {
    let since = row.aborted_at.map(|at| state.now.wall.duration_since(state.ours(row.meta.cluster, at)));
    git(state, row).is_some()
        && since.and_then(|long| Duration::try_from(long).ok()).is_some_and(|long| long >= ALIGN_AFTER)
}
