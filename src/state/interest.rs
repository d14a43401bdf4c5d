//! What is looked at now, for the systems to ask for. Pure: made from the state, after every key and
//! tick; so it costs what is on the screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::ui::{ListId, Pane, Place};
use super::{State, arms, asides, derived, expected, form, gates, limits, lists, runners, runs, verbs};
use crate::model::gitops::{OverlayInterest, RangeInterest};
use crate::model::interest::{ImageInterest, Interest};
use crate::model::nodes::Depth;
use crate::model::pipelines::Run;
use crate::model::slo::ComparisonQuery;
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};

/// Runs whose jobs are read at a time.
const RUNS: usize = 4;

#[must_use]
pub fn of(state: &State) -> Interest {
    let shown = shown_run(state);
    let past = shown.as_deref().map_or_else(Vec::new, |run| expected::wanted(state, run));
    let jobs = jobs(state, shown.map(|run| run.id()));
    let forgotten = state.world.details.forgotten();
    let images = images(state);
    let pending = gates::wanted(state);
    let workflow = form::open(state).and_then(form::Form::wanted_now);
    let startable = form::open(state).and_then(form::Form::chooses_now);
    let runners = runners(state);
    let queued = runners::queued(state, state.ui.place == Place::Runners);
    let (overlays, ranges) = drifts(state);
    let asked = Interest {
        jobs,
        forgotten,
        queued,
        past,
        pending,
        workflow,
        startable,
        runners,
        security: verbs::findings::wanted(state),
        asides: asides::wanted(state),
        images,
        containers: super::containers::looked_at(state),
        folders: super::catalogue::wanted(state),
        nodes: nodes(state),
        overlays,
        ranges,
        releases: super::helm::wanted(state),
        revisions: verbs::revisions::wanted(state),
        access: super::access::wanted(state),
        differences: super::differences::wanted(state),
        applications: super::served::wanted(state),
        ..Interest::default()
    };
    if state.world.of_system(SystemId::Prometheus).next().is_none() {
        return asked;
    }
    Interest { comparisons: comparisons(state), spent: spent(state), history: history(state), ..asked }
}

/// The cluster of the page, and those where a disruption budget lets no pod go: whether its node is being
/// emptied makes the difference.
fn nodes(state: &State) -> BTreeMap<SourceId, Depth> {
    let looked = match &state.ui.place {
        Place::Workload(id) | Place::Rollout(id) | Place::Pod(id) => Some(id.cluster),
        _ => None,
    };
    let short = state
        .world
        .beside
        .rows()
        .iter()
        .filter(|row| row.what.kind() == Kind::PodDisruptionBudget && limits::is_short(row));
    // The last word for a cluster holds.
    let cordoned = short.map(|row| (row.meta.cluster, Depth::Cordoned));
    cordoned.chain(looked.map(|cluster| (cluster, Depth::Whole))).collect()
}

/// What Git asks for, where that is on the screen.
fn drifts(state: &State) -> (Vec<OverlayInterest>, Vec<RangeInterest>) {
    let shown = matches!(
        state.ui.place,
        Place::Deck | Place::Environments | Place::Lane(_) | Place::Rollout(_) | Place::Workload(_)
    );
    match derived::last_drifts(state).filter(|_| shown || state.reports) {
        Some(drifts) => (drifts.overlays.clone(), drifts.ranges.clone()),
        None => Default::default(),
    }
}

/// Repositories whose runners are read.
pub(super) fn runners(state: &State) -> Vec<(SourceId, Name)> {
    let mut all = runners::wanted(state, state.ui.place == Place::Runners || state.reports);
    if state.reports {
        all.truncate(verbs::findings::REPORTED);
    }
    all
}

/// The run whose jobs are on the screen.
fn shown_run(state: &State) -> Option<Arc<Run>> {
    match &state.ui.place {
        Place::Deck | Place::Pipelines | Place::Run(_) => runs::chosen(state),
        Place::Log(id) if id.kind.is_job() => runs::chosen(state),
        _ => None,
    }
}

/// What runs and what was built lately; quicker while somebody looks at images or a run is on its way.
fn images(state: &State) -> Vec<ImageInterest> {
    let mut all = derived::last_images(state).map(|joined| joined.interest.clone()).unwrap_or_default();
    let looked = match &state.ui.place {
        Place::Images => Some(None),
        Place::Image(id) => Some(Some(&id.namespace)),
        _ => None,
    };
    for interest in &mut all {
        interest.busy |= looked.is_some_and(|one| one.is_none_or(|name| *name == interest.repository));
    }
    all
}

/// The run that is shown, and the first of those that move, failed or wait: what their jobs are named
/// says where they deploy and what went wrong. As they were ordered last, so that a key costs nothing.
/// Those of which a job is watched come on top.
fn jobs(state: &State, shown: Option<ObjectId>) -> Vec<ObjectId> {
    // Tekton's are listed and watched with their tasks.
    let is_asked_for = |kind: Kind| !kind.is_of_tekton();
    let mut all: Vec<ObjectId> = shown.into_iter().filter(|id| is_asked_for(id.kind)).collect();
    // What proves that an approval took.
    let reviewed = state.operations.iter().rev().filter(|row| row.action.change.is_review() && !row.outcome.is_final());
    for target in reviewed.map(|row| &row.action.target).take(RUNS) {
        if !all.iter().any(|id| id.uid == target.uid) && state.world.runs.get(&target.uid).is_some() {
            all.push(target.clone());
        }
    }
    for run in runs::ordered(state).open().iter().filter(|run| is_asked_for(run.kind)).take(RUNS) {
        if all.len() < RUNS && !all.iter().any(|id| id.uid == run.meta.uid) {
            all.push(run.id());
        }
    }
    let watched = state.watches.armed.iter().filter_map(|watch| watch.run(state));
    for id in watched {
        if is_asked_for(id.kind) && !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

fn comparisons(state: &State) -> Vec<ComparisonQuery> {
    arms::shown(state).map(|rollout| arms::queries(state, &rollout)).unwrap_or_default()
}

/// What the objectives that are shown have lost since the rollout of their service began.
fn spent(state: &State) -> Vec<(Uid, Timestamp)> {
    let rows = match &state.ui.place {
        Place::Deck => shown_objectives(state, &ListId::Pane(Pane::Budget)),
        Place::Slo => shown_objectives(state, &ListId::Place(Place::Slo)),
        Place::Objective(id) => vec![id.uid.clone()],
        Place::Rollout(id) => {
            let rollout = state.world.rollouts.get(&id.uid);
            rollout
                .map(|rollout| arms::objectives(state, rollout).iter().map(|slo| slo.meta.uid.clone()).collect())
                .unwrap_or_default()
        }
        _ => Vec::new(),
    };
    rows.into_iter().filter_map(|uid| super::slos::since_deploy(state, &uid).map(|since| (uid, since))).collect()
}

/// Objectives in the rows of a list that are on the screen, and a few below.
fn shown_objectives(state: &State, list: &ListId) -> Vec<Uid> {
    const MOST: usize = 12;
    let top = state.ui.list(list).map_or(0, |list| list.top);
    (top..lists::len(state, list).min(top + MOST))
        .filter_map(|at| match lists::at(state, list, at)? {
            super::ui::RowId::Object(id) if id.kind == Kind::Slo => Some(id.uid),
            _ => None,
        })
        .collect()
}

/// The objective whose chart is shown: that of the page, or the selected one of the list.
fn history(state: &State) -> Option<Uid> {
    match &state.ui.place {
        Place::Slo => match lists::selected(state, &ListId::Place(Place::Slo)) {
            Some(super::ui::RowId::Object(id)) => Some(id.uid),
            _ => None,
        },
        Place::Objective(id) => Some(id.uid.clone()),
        _ => None,
    }
}
