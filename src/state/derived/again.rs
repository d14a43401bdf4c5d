//! What stands for each workload or Application alone: made again for those that news were about
//! ([`Touched`]), and for all where nobody knows which those are. Once a second time passes for all.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{blockers_revision, waiting};
use crate::model::Uid;
use crate::state::blocker::{self, Causes};
use crate::state::matrix::Workload;
use crate::state::world::Touched;
use crate::state::{State, drift, gitops, matrix};

/// What has changed, and whether the same Applications keep the same workloads as before.
pub(super) fn begin(state: &mut State) -> (Touched, bool) {
    let touched = state.world.take_touched();
    let same = kept(state, &touched);
    (touched, same)
}

pub(super) fn settle(state: &mut State, touched: &Touched, same_kept: bool) {
    matrix(state, touched);
    drifts(state, touched, same_kept);
    causes(state, touched);
    ordered(state);
}

/// Whether the same Applications keep the same workloads as before.
fn kept(state: &mut State, touched: &Touched) -> bool {
    let at = state.world.applications.revision();
    let (same, kept) = match (state.derived.kept.take(), touched) {
        (Some((before, kept)), _) if before == at => (true, kept),
        (Some((_, kept)), Touched::These(uids)) if gitops::holds(state, &kept, uids) => (true, kept),
        _ => (false, Arc::new(gitops::kept(state))),
    };
    state.derived.kept = Some((at, kept));
    same
}

fn matrix(state: &mut State, touched: &Touched) {
    let at = matrix::revision(state);
    let matrix = match (state.derived.matrix.take(), touched) {
        (Some((before, matrix)), _) if before == at => matrix,
        (Some((_, mut matrix)), Touched::These(uids)) => {
            Arc::make_mut(&mut matrix).again(&state.world, uids);
            matrix
        }
        _ => Arc::new(matrix::build(state)),
    };
    state.derived.matrix = Some((at, matrix));
}

fn drifts(state: &mut State, touched: &Touched, same_kept: bool) {
    let (at, others) = (drift::revision(state), drift::others(state));
    let drifts = match (state.derived.drifts.take(), touched) {
        (Some((before, _, drifts)), _) if before == at => drifts,
        (Some((_, before, mut drifts)), Touched::These(uids)) if before == others && same_kept => {
            let uids = with_kept(state, uids);
            if Arc::make_mut(&mut drifts).again(state, &uids) { drifts } else { Arc::new(drift::build(state)) }
        }
        _ => Arc::new(drift::build(state)),
    };
    state.derived.drifts = Some((at, others, drifts));
}

/// What an Application says is said of the workloads it keeps.
fn with_kept(state: &State, uids: &BTreeSet<Uid>) -> BTreeSet<Uid> {
    let applications = uids.iter().filter_map(|uid| state.world.applications.get(uid));
    let kept = applications.flat_map(|row| gitops::workloads_of(state, row)).map(|id| id.uid);
    uids.iter().cloned().chain(kept).collect()
}

/// What is said of a workload, and of what stands beside it, is said of the Application that keeps it.
fn with_keepers(state: &State, uids: &BTreeSet<Uid>) -> BTreeSet<Uid> {
    let workloads = uids.iter().filter_map(|uid| Workload::find(&state.world, uid));
    let keeper = |it: Workload| gitops::of_workload(state, it.kind(), it.meta()).map(|row| row.meta.uid.clone());
    uids.iter().cloned().chain(workloads.filter_map(keeper)).collect()
}

fn causes(state: &mut State, touched: &Touched) {
    let others = state.world.details.revision() + state.operations_revision;
    let causes = match (state.derived.causes.take(), touched) {
        (Some((_, before, causes)), Touched::These(uids)) if before == others && uids.is_empty() => causes,
        (Some((_, before, mut causes)), Touched::These(uids)) if before == others => {
            Arc::make_mut(&mut causes).again(state, &with_keepers(state, &with_kept(state, uids)));
            causes
        }
        _ => Arc::new(Causes::of(state)),
    };
    state.derived.causes = Some((blockers_revision(state), others, causes));
}

/// What is blocked and what waits, which most news leave as it is.
fn ordered(state: &mut State) {
    let at = blockers_revision(state);
    let Some((_, _, causes)) = &mut state.derived.causes else { return };
    let changed = Arc::make_mut(causes).take_changed();
    if !changed && state.derived.blockers.as_ref().is_some_and(|(before, _)| *before == at) {
        return;
    }
    let others = blocker::others(state);
    let same = !changed && others == state.derived.others;
    let before = (state.derived.blockers.take(), state.derived.waiting.take());
    if let ((Some((_, blockers)), Some((_, waiting))), true) = (before, same) {
        state.derived.blockers = Some((at, blockers));
        state.derived.waiting = Some((at, waiting));
        return;
    }
    let blockers = super::causes(state).ordered(state, &others).into();
    state.derived.others = others;
    state.derived.blockers = Some((at, blockers));
    state.derived.waiting = Some((at, waiting(state)));
}
