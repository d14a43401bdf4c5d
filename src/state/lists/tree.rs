//! Lists made of several kinds: workloads by environment, and what stands below one object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::order::{Entry, Ref};
use crate::model::applications::{AppHealth, AppResource, Application};
use crate::model::helm::Revision;
use crate::model::images::Image;
use crate::model::kubernetes::{Meta, Pod};
use crate::model::pipelines::{JobStep, Run};
use crate::model::rollouts::{AnalysisRun, Rollout};
use crate::model::slo::Slo;
use crate::model::{Name, ObjectId, SourceId, Uid};
use crate::state::State;
use crate::state::lane::Lane;
use crate::state::rollout_info::ReplicaSetInfo;
use crate::state::ui::{ListId, Pane, Place};
use crate::state::{
    asides, catalogue, containers, derived, differences, environment, expected, groups, images, limits, rollout_info,
    runs, slos, steps, workload_status,
};

pub(super) fn build(state: &State, list: &ListId) -> Vec<Entry> {
    match list {
        ListId::Place(Place::Environments) | ListId::Pane(Pane::Environments) => workloads(state),
        ListId::Place(Place::Workload(id)) => workload(state, id),
        ListId::Place(Place::Rollout(id)) => rollout(state, id),
        ListId::Place(Place::Pod(id)) => pod(state, id),
        ListId::Place(Place::Analysis(id)) => analysis(state, id),
        ListId::Place(Place::Run(id)) => jobs(state, list, &id.uid, true),
        ListId::Pane(Pane::Steps) => {
            runs::chosen(state).map(|run| jobs(state, list, &run.meta.uid, false)).unwrap_or_default()
        }
        ListId::Place(Place::Slo) | ListId::Pane(Pane::Budget) => {
            slos::in_order(state).into_iter().map(|slo| entry(0, Ref::Slo(slo.meta.uid.clone()))).collect()
        }
        ListId::Place(Place::Objective(id)) => objective(state, id),
        ListId::Place(Place::Inbox) => {
            (0..derived::waiting(state).len()).map(|at| entry(0, Ref::Waiting(at))).collect()
        }
        ListId::Place(Place::Containers) => containers(state, list),
        ListId::Place(Place::Images) => {
            let unlisted = catalogue::unlisted(state).into_iter().map(|at| entry(0, Ref::Folder(at)));
            let listed = images::ordered(state);
            unlisted.chain(listed.iter().map(|image| entry(0, Ref::Image(image.meta.uid.clone())))).collect()
        }
        ListId::Place(Place::Image(id)) => image(state, id),
        ListId::Place(Place::Application(_)) => application(state, list),
        ListId::Place(Place::Lane(_)) => {
            let stations = page_lane(state, list).map_or(0, |lane| lane.stations.len());
            (0..stations).map(|at| entry(0, Ref::Station(at))).collect()
        }
        ListId::Place(Place::Releases) => {
            derived::releases(state).newest().map(|row| entry(0, Ref::Release(row.release_id().uid))).collect()
        }
        ListId::Place(Place::Release(_)) => {
            (0..page_release(state, list).len()).map(|at| entry(0, Ref::Recorded(at))).collect()
        }
        ListId::Place(Place::Access) => {
            (0..crate::state::access::rows(state).len()).map(|at| entry(0, Ref::Access(at))).collect()
        }
        ListId::Place(Place::Runners) => {
            (0..derived::demand(state).rows.len()).map(|at| entry(0, Ref::Pool(at))).collect()
        }
        ListId::Place(Place::Security(id)) => {
            let rows = derived::security(state, &id.uid).map_or(0, |page| page.rows.len());
            (0..rows).map(|at| entry(0, Ref::Security(at))).collect()
        }
        ListId::Place(_) | ListId::Pane(_) => Vec::new(),
    }
}

pub(super) fn page_lane(state: &State, list: &ListId) -> Option<Arc<Lane>> {
    match list {
        ListId::Place(Place::Lane(id)) => derived::lane(state, id),
        ListId::Place(_) | ListId::Pane(_) => None,
    }
}

/// The run whose repository's findings the page shows.
pub(super) const fn page_security(list: &ListId) -> Option<&Uid> {
    match list {
        ListId::Place(Place::Security(id)) => Some(&id.uid),
        _ => None,
    }
}

/// Each project with its containers below it, unless it is folded; what is looked for may stand there.
fn containers(state: &State, list: &ListId) -> Vec<Entry> {
    let none = BTreeSet::new();
    let folded = match state.ui.list(list) {
        Some(list) if !list.faults_only && list.filter.is_empty() => &list.turned,
        _ => &none,
    };
    let rows = state.world.containers.rows();
    let mut out = Vec::new();
    for (project, places) in containers::in_order(state, folded) {
        let depth = u8::from(!project.name.raw().is_empty());
        let shown = if project.folded { Vec::new() } else { places };
        if depth > 0 {
            out.push(entry(0, Ref::Project(Arc::new(project))));
        }
        out.extend(shown.into_iter().map(|at| entry(depth, Ref::Docker(rows[at].meta.uid.clone()))));
    }
    out
}

/// Its platforms, those it lacks, and who runs it.
fn image(state: &State, id: &ObjectId) -> Vec<Entry> {
    let Some(image) = state.world.images.get(&id.uid) else { return Vec::new() };
    let has = image.manifest.as_ref().map_or(0, |manifest| manifest.variants.len());
    let platforms = (0..has + images::missing(state, image).len()).map(|at| entry(0, Ref::Platform(at)));
    platforms.chain((0..images::users(state, image).len()).map(|at| entry(0, Ref::User(at)))).collect()
}

/// The jobs of a run, folded, with their steps where there is room for them. What is looked for by a
/// filter may stand in what is folded.
fn jobs(state: &State, list: &ListId, run: &Uid, steps: bool) -> Vec<Entry> {
    let mut out = Vec::new();
    let Some(run) = state.world.runs.get(run) else { return out };
    let Some(jobs) = runs::current_jobs(state, run) else { return out };
    let none = BTreeSet::new();
    let (turned, all) = match state.ui.list(list) {
        Some(list) => (&list.turned, list.faults_only || !list.filter.is_empty()),
        None => (&none, false),
    };
    for (depth, row) in groups::rows_with(&jobs.jobs, turned, all, &|job| expected::is_slow_job(state, job)) {
        let job = match row {
            groups::Row::Group(group) => {
                out.push(entry(depth, Ref::Group(group)));
                continue;
            }
            groups::Row::Job(at) => &jobs.jobs[at],
        };
        out.push(entry(depth, Ref::Job(job.id.uid.clone())));
        if steps {
            out.extend(asides::below_job(state, run, job).into_iter().map(|row| entry(depth + 1, Ref::Aside(row))));
            let below = |step: &JobStep| entry(depth + 1, Ref::JobStep(job.id.uid.clone(), step.number));
            out.extend(job.steps.iter().map(below));
        }
    }
    if steps && !jobs.jobs.is_empty() {
        after_jobs(state, run, turned, &mut out);
    }
    out
}

/// What stands beside the jobs; an earlier attempt that was opened has its jobs below it, as they were
/// then and without their steps.
fn after_jobs(state: &State, run: &Run, turned: &BTreeSet<String>, out: &mut Vec<Entry>) {
    for (depth, row) in asides::after_jobs(state, run) {
        let number = match row {
            asides::Row::Attempt(number) if turned.contains(&asides::attempt_key(number)) => Some(number),
            _ => None,
        };
        out.push(entry(depth, Ref::Aside(row)));
        let Some(Ok(attempt)) = number.and_then(|number| asides::attempt(state, run, number)) else { continue };
        // A row stands in a list once.
        let now = runs::current_jobs(state, run).map_or(&[][..], |jobs| &jobs.jobs);
        let then = attempt.jobs.jobs.iter().filter(|job| !now.iter().any(|one| one.id.uid == job.id.uid));
        out.extend(then.map(|job| entry(depth + 1, Ref::Earlier(job.id.uid.clone()))));
    }
}

/// The burn table, then the alerts that speak of it.
fn objective(state: &State, id: &ObjectId) -> Vec<Entry> {
    let Some(slo) = state.world.slos.get(&id.uid) else { return Vec::new() };
    let burns = (0..slo.burns.len()).map(|at| entry(0, Ref::Burn(at)));
    let alerts = state.world.alerts.rows().iter().filter(|alert| slo.is_of(alert));
    burns.chain(alerts.map(|alert| entry(0, Ref::Alert(alert.meta.uid.clone())))).collect()
}

fn entry(depth: u8, row: Ref) -> Entry {
    Entry { depth, row }
}

/// By environment (development first), then cluster, namespace and name.
fn workloads(state: &State) -> Vec<Entry> {
    type Key = ((usize, Name), SourceId, Name, Name);
    let mut environments: BTreeMap<(SourceId, Name), (usize, Name)> = BTreeMap::new();
    let mut key = |meta: &Meta| -> Key {
        let stage = environments
            .entry((meta.cluster, meta.namespace.clone()))
            .or_insert_with(|| {
                let name = environment::of(state, meta.cluster, &meta.namespace);
                (environment::rank(state, &name), name)
            })
            .clone();
        (stage, meta.cluster, meta.namespace.clone(), meta.name.clone())
    };
    let mut rows: Vec<(Key, Ref)> = Vec::new();
    for rollout in state.world.rollouts.rows() {
        rows.push((key(&rollout.meta), Ref::Rollout(rollout.meta.uid.clone())));
    }
    for deployment in state.world.deployments.rows() {
        rows.push((key(&deployment.meta), Ref::Deployment(deployment.meta.uid.clone())));
    }
    for row in workload_status::listed(&state.world) {
        rows.push((key(&row.meta), Ref::Controlled(row.meta.uid.clone())));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows.into_iter().map(|(_, row)| entry(0, row)).collect()
}

fn workload(state: &State, id: &ObjectId) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut about = vec![id.uid.clone()];
    for set in rollout_info::replica_sets(&state.world, &id.uid, None) {
        push_replica_set(&set, 0, &mut out, &mut about);
    }
    // What a StatefulSet, a DaemonSet or a Job makes are pods.
    for pod in state.world.pods.owned_by(&id.uid) {
        about.push(pod.meta.uid.clone());
        out.push(entry(0, Ref::Pod(pod.meta.uid.clone())));
    }
    push_beside(state, id, &mut out, &mut about);
    push_deployments(state, id, &mut out);
    push_events(state, &about, &mut out);
    out
}

/// Its autoscaler, disruption budgets, quotas and network policies; their events are about it, too.
fn push_beside(state: &State, id: &ObjectId, out: &mut Vec<Entry>, about: &mut Vec<Uid>) {
    for row in limits::of(state, id) {
        about.push(row.meta.uid.clone());
        out.push(entry(0, Ref::Beside(row.meta.uid.clone())));
    }
}

/// What GitHub deployed there, newest first.
fn push_deployments(state: &State, id: &ObjectId, out: &mut Vec<Entry>) {
    out.extend(asides::of_workload(state, id).into_iter().map(|row| entry(0, Ref::Aside(row))));
}

/// Steps, then the revisions as the plug-in shows them, then events.
fn rollout(state: &State, id: &ObjectId) -> Vec<Entry> {
    let Some(rollout) = state.world.rollouts.get(&id.uid) else { return Vec::new() };
    let mut out: Vec<Entry> = (0..steps::of(rollout).len()).map(|index| entry(0, Ref::Step(index))).collect();
    let mut about = vec![id.uid.clone()];
    for revision in rollout_info::info(&state.world, rollout).revisions {
        out.push(entry(0, Ref::Revision(revision.revision)));
        for set in &revision.replica_sets {
            push_replica_set(set, 1, &mut out, &mut about);
        }
        for experiment in &revision.experiments {
            about.push(experiment.object.meta.uid.clone());
            out.push(entry(1, Ref::Experiment(experiment.object.meta.uid.clone())));
            for set in &experiment.replica_sets {
                push_replica_set(set, 2, &mut out, &mut about);
            }
            push_runs(&experiment.analysis_runs, 2, &mut out, &mut about);
        }
        push_runs(&revision.analysis_runs, 1, &mut out, &mut about);
    }
    push_beside(state, id, &mut out, &mut about);
    push_deployments(state, id, &mut out);
    push_events(state, &about, &mut out);
    out
}

fn push_runs(runs: &[Arc<AnalysisRun>], depth: u8, out: &mut Vec<Entry>, about: &mut Vec<Uid>) {
    for run in runs {
        about.push(run.meta.uid.clone());
        out.push(entry(depth, Ref::AnalysisRun(run.meta.uid.clone())));
    }
}

fn push_replica_set(set: &ReplicaSetInfo, depth: u8, out: &mut Vec<Entry>, about: &mut Vec<Uid>) {
    about.push(set.object.meta.uid.clone());
    out.push(entry(depth, Ref::ReplicaSet(set.object.meta.uid.clone())));
    for pod in &set.pods {
        about.push(pod.meta.uid.clone());
        out.push(entry(depth + 1, Ref::Pod(pod.meta.uid.clone())));
    }
}

fn pod(state: &State, id: &ObjectId) -> Vec<Entry> {
    let Some(pod) = state.world.pods.get(&id.uid) else { return Vec::new() };
    let mut out: Vec<Entry> = (0..pod.states.len()).map(|index| entry(0, Ref::Container(index))).collect();
    push_events(state, std::slice::from_ref(&id.uid), &mut out);
    out
}

/// Each metric with its measurements, newest first.
fn analysis(state: &State, id: &ObjectId) -> Vec<Entry> {
    let Some(run) = state.world.analysis_runs.get(&id.uid) else { return Vec::new() };
    let mut out = Vec::new();
    for (index, metric) in run.metrics.iter().enumerate() {
        out.push(entry(0, Ref::Metric(index)));
        out.extend((0..metric.measurements.len()).rev().map(|at| entry(1, Ref::Measurement(index, at))));
    }
    out
}

/// Events about any of these, newest first.
fn push_events(state: &State, about: &[Uid], out: &mut Vec<Entry>) {
    let about: std::collections::HashSet<&Uid> = about.iter().collect();
    let mut events: Vec<_> = state
        .world
        .events
        .rows()
        .iter()
        .filter(|event| event.about_uid.as_ref().is_some_and(|uid| about.contains(uid)))
        .collect();
    events.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.meta.uid.cmp(&b.meta.uid)));
    out.extend(events.into_iter().map(|event| entry(0, Ref::Event(event.meta.uid.clone()))));
}

pub(super) fn page_rollout<'a>(state: &'a State, list: &ListId) -> Option<&'a Arc<Rollout>> {
    match list {
        ListId::Place(Place::Rollout(id)) => state.world.rollouts.get(&id.uid),
        ListId::Place(_) | ListId::Pane(_) => None,
    }
}

pub(super) fn page_slo<'a>(state: &'a State, list: &ListId) -> Option<&'a Arc<Slo>> {
    match list {
        ListId::Place(Place::Objective(id)) => state.world.slos.get(&id.uid),
        ListId::Place(_) | ListId::Pane(_) => None,
    }
}

pub(super) fn page_image<'a>(state: &'a State, list: &ListId) -> Option<&'a Arc<Image>> {
    match list {
        ListId::Place(Place::Image(id)) => state.world.images.get(&id.uid),
        ListId::Place(_) | ListId::Pane(_) => None,
    }
}

pub(super) fn page_application<'a>(state: &'a State, list: &ListId) -> Option<&'a Arc<Application>> {
    match list {
        ListId::Place(Place::Application(id)) => state.world.applications.get(&id.uid),
        ListId::Place(_) | ListId::Pane(_) => None,
    }
}

/// The history of the page's release, newest first.
pub(super) fn page_release(state: &State, list: &ListId) -> Vec<Arc<Revision>> {
    match list {
        ListId::Place(Place::Release(id)) => derived::releases(state).history(&id.uid).to_vec(),
        ListId::Place(_) | ListId::Pane(_) => Vec::new(),
    }
}

/// What is not as it should be first, then the rest of what is kept, then the history, newest first.
fn application(state: &State, list: &ListId) -> Vec<Entry> {
    let Some(row) = page_application(state, list) else { return Vec::new() };
    let calm = |at: &usize| {
        row.resources
            .get(*at)
            .is_some_and(|it| !it.is_stray() && matches!(it.health, AppHealth::Healthy | AppHealth::Unknown))
    };
    let mut kept: Vec<usize> = (0..row.resources.len()).collect();
    kept.sort_by_key(calm);
    let untold = (0..differences::trouble_lines(state, row).len()).map(|line| entry(0, Ref::Differs(None, line)));
    let kept = kept.into_iter().flat_map(|at| {
        let below = row.resources.get(at).map_or(0, |object| differences::count(state, row, object));
        let below = (0..below).map(move |line| entry(1, Ref::Differs(Some(at), line)));
        std::iter::once(entry(0, Ref::Kept(at))).chain(below)
    });
    let deployed = (0..row.history.len()).rev().map(|at| entry(0, Ref::Deployed(at)));
    untold.into_iter().chain(kept).chain(deployed).collect()
}

/// A line below an object of the page's Application, or why there is none.
pub(super) fn differs<'a>(
    state: &'a State,
    list: &ListId,
    of: Option<usize>,
    at: usize,
) -> Option<(Option<&'a AppResource>, differences::Row)> {
    let row = page_application(state, list)?;
    let Some(of) = of else {
        let line = differences::trouble_lines(state, row).into_iter().nth(at)?;
        let row = if at == 0 { differences::Row::Trouble(line) } else { differences::Row::Note(line) };
        return Some((None, row));
    };
    let object = row.resources.get(of)?;
    Some((Some(object), differences::at(state, row, object, at)?))
}

pub(super) fn page_pod<'a>(state: &'a State, list: &ListId) -> Option<&'a Arc<Pod>> {
    match list {
        ListId::Place(Place::Pod(id)) => state.world.pods.get(&id.uid),
        ListId::Place(_) | ListId::Pane(_) => None,
    }
}

pub(super) fn page_run<'a>(state: &'a State, list: &ListId) -> Option<&'a Arc<AnalysisRun>> {
    match list {
        ListId::Place(Place::Analysis(id)) => state.world.analysis_runs.get(&id.uid),
        ListId::Place(_) | ListId::Pane(_) => None,
    }
}
