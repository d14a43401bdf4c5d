//! Going from place to place: views, pages, history.

use super::{Effect, select, toasts};
use crate::model::{Kind, ObjectId, Uid};
use crate::safe;
use crate::state::lists::{self, Item};
use crate::state::ui::{ListId, Place, RowId, Sheet, ToastKind};
use crate::state::{State, asides, dashboards, gitops, lane, runs, verbs};
use crate::text::Safe;

/// Places remembered in each direction.
const HISTORY: usize = 50;

pub(super) fn go(state: &mut State, place: Place) {
    if state.ui.place == place {
        return;
    }
    let from = std::mem::replace(&mut state.ui.place, place);
    state.ui.trail.push(from.clone());
    state.ui.back.push(from);
    state.ui.forward.clear();
    for places in [&mut state.ui.back, &mut state.ui.trail] {
        let surplus = places.len().saturating_sub(HISTORY);
        places.drain(..surplus);
    }
    select::settle(state);
}

/// The way here is another one now: what a place was opened from is known only where this leads back on it.
fn walked(state: &mut State) {
    if state.ui.trail.last() == Some(&state.ui.place) {
        state.ui.trail.pop();
    } else {
        state.ui.trail.clear();
    }
}

pub(super) fn history_back(state: &mut State) {
    if let Some(place) = state.ui.back.pop() {
        let from = std::mem::replace(&mut state.ui.place, place);
        state.ui.forward.push(from);
        walked(state);
        select::settle(state);
    } else {
        toasts::say(state, ToastKind::Info, Safe::of("there is no place before this one"));
    }
}

pub(super) fn history_forward(state: &mut State) {
    if let Some(place) = state.ui.forward.pop() {
        let from = std::mem::replace(&mut state.ui.place, place);
        state.ui.trail.push(from.clone());
        state.ui.back.push(from);
        select::settle(state);
    } else {
        toasts::say(state, ToastKind::Info, Safe::of("there is no place after this one"));
    }
}

/// To and fro between the last two places.
pub(super) fn last(state: &mut State) {
    if let Some(place) = state.ui.back.last().cloned() {
        go(state, place);
    }
}

/// One level up: the place this one was opened from, else the Deck.
pub(super) fn up(state: &mut State) {
    let here = state.ui.place.clone();
    let mut trail = std::mem::take(&mut state.ui.trail);
    let opener = std::iter::from_fn(|| trail.pop()).find(|place| is_above(place, &here));
    let place = opener.or_else(|| state.ui.back.iter().rev().find(|place| level(place) < level(&here)).cloned());
    go(state, place.unwrap_or(Place::Deck));
    state.ui.trail = trail;
}

/// One of them stands above the other where that was opened from it. The page of an object may open that of
/// another: an Application those of what it keeps, a lane those of its stations.
fn is_above(from: &Place, here: &Place) -> bool {
    let object = level(here) == 3;
    let opens = matches!(from, Place::Application(_) | Place::Image(_) | Place::Release(_) | Place::Lane(_));
    level(from) < level(here) || (object && opens && from != here)
}

const fn level(place: &Place) -> u8 {
    match place {
        Place::Deck => 0,
        Place::Pipelines | Place::Environments | Place::Rollouts | Place::Slo | Place::Inbox | Place::Journal => 1,
        Place::Pods
        | Place::Containers
        | Place::Images
        | Place::Runners
        | Place::Access
        | Place::Applications
        | Place::Releases => 2,
        Place::Workload(_)
        | Place::Rollout(_)
        | Place::Run(_)
        | Place::Objective(_)
        | Place::Image(_)
        | Place::Application(_)
        | Place::Release(_) => 3,
        Place::Pod(_) | Place::Analysis(_) | Place::Security(_) | Place::Lane(_) => 4,
        Place::Log(_) | Place::Sheet(..) => 5,
    }
}

/// Opens the highlighted row.
pub(super) fn open(state: &mut State) {
    let list = state.ui.list_id();
    let Some(line) = lists::selected_line(state, &list) else { return };
    if let RowId::Group(key) | RowId::Project(key) = line.id {
        return turn(state, &list, key);
    }
    let place = match (&line.item, line.id) {
        (Item::Event(event), _) => event.about_uid.as_ref().and_then(|uid| page_of(&state.world.find(uid)?)),
        (Item::Operation(operation), _) => {
            let target = &operation.action.target;
            state.world.contains(target).then(|| page_of(target)).flatten()
        }
        (Item::Waiting(row), _) => state.world.contains(&row.object).then(|| page_of(&row.object)).flatten(),
        (Item::Station(row), _) => row.opens.as_ref().and_then(page_of),
        (Item::Kept(row) | Item::Differs(Some(row), _), _) => match &state.ui.place {
            Place::Application(id) => gitops::workload_of(state, &id.uid, row).as_ref().and_then(page_of),
            _ => None,
        },
        (Item::Container(_), _) => match &state.ui.place {
            Place::Pod(pod) => Some(Place::Log(pod.clone())),
            _ => None,
        },
        (Item::JobStep(_), RowId::JobStep(job, _)) => job_log(state, &job),
        (_, RowId::Object(id) | RowId::Waiting(_, id) | RowId::Gate(id, _)) => page_of(&id),
        (_, _) => None,
    };
    match place {
        Some(place) if place != state.ui.place => go(state, place),
        _ => toasts::say(state, ToastKind::Info, Safe::of("this row has no page of its own")),
    }
}

/// Opens a group of jobs or a project, or folds it.
fn turn(state: &mut State, list: &ListId, key: String) {
    let entry = state.ui.lists.entry(list.clone()).or_default();
    if !entry.turned.remove(&key) {
        entry.turned.insert(key);
    }
    select::recount(state, list);
}

/// The page of an object, if it has one.
pub(super) fn page_of(id: &ObjectId) -> Option<Place> {
    match id.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::BatchJob => Some(Place::Workload(id.clone())),
        Kind::Rollout => Some(Place::Rollout(id.clone())),
        Kind::Pod => Some(Place::Pod(id.clone())),
        Kind::AnalysisRun => Some(Place::Analysis(id.clone())),
        Kind::Run | Kind::PipelineRun | Kind::LoneTaskRun | Kind::Execution => Some(Place::Run(id.clone())),
        Kind::Slo => Some(Place::Objective(id.clone())),
        Kind::Image => Some(Place::Image(id.clone())),
        Kind::Application => Some(Place::Application(id.clone())),
        Kind::Release => Some(Place::Release(id.clone())),
        Kind::Job | Kind::TaskRun | Kind::Stage | Kind::Container | Kind::Build => Some(Place::Log(id.clone())),
        Kind::ReplicaSet
        | Kind::HorizontalPodAutoscaler
        | Kind::PodDisruptionBudget
        | Kind::ResourceQuota
        | Kind::NetworkPolicy
        | Kind::Lease
        | Kind::AppProject
        | Kind::VirtualService
        | Kind::DestinationRule
        | Kind::Namespace
        | Kind::Event
        | Kind::Experiment
        | Kind::Alert
        | Kind::LogStore
        | Kind::Annotation
        | Kind::Managed
        | Kind::CiPipeline
        | Kind::Workflow
        | Kind::Pipeline => None,
    }
}

/// The way of the release that is looked at.
pub(super) fn lane(state: &mut State) {
    match lane::subject(state) {
        Some(id) => go(state, Place::Lane(id)),
        None => {
            toasts::say(state, ToastKind::Info, Safe::of("select a run, an image, a workload or an application first"));
        }
    }
}

/// What scanners found in the repository of the run that is looked at.
pub(super) fn security(state: &mut State) {
    match verbs::target(state).filter(|id| id.kind == Kind::Run) {
        Some(run) => go(state, Place::Security(run)),
        None => toasts::say(state, ToastKind::Info, Safe::of("select a run of GitHub first")),
    }
}

fn job_log(state: &State, job: &Uid) -> Option<Place> {
    Some(Place::Log(state.world.details.job(job)?.id.clone()))
}

/// The log of the highlighted pod, or of the one whose page this is; of a run the log of the job
/// that failed, else of the one that runs.
pub(super) fn logs(state: &mut State) {
    let list = state.ui.list_id();
    let object = match (lists::selected(state, &list), &state.ui.place) {
        (Some(RowId::JobStep(job, _)), _) => state.world.details.job(&job).map(|job| job.id.clone()),
        (Some(RowId::Object(id) | RowId::Waiting(_, id) | RowId::Gate(id, _)), _) if id.kind.is_run() => {
            return log_of_run(state, &id.uid);
        }
        (None, Place::Run(id)) => {
            let run = id.uid.clone();
            return log_of_run(state, &run);
        }
        (Some(RowId::Group(_)), _) => match runs::chosen(state) {
            Some(run) => return log_of_run(state, &run.meta.uid),
            None => None,
        },
        // The pane of the Deck already shows a pod of it: that one, whole.
        (Some(RowId::Object(id)), Place::Deck) if id.kind == Kind::Rollout => {
            Some(state.deck_log.as_ref().map_or(id, |deck| deck.log.request.pod.clone()))
        }
        (Some(RowId::Object(id)), _) => Some(id),
        (_, Place::Pod(id) | Place::Workload(id) | Place::Rollout(id)) => Some(id.clone()),
        _ => None,
    };
    let page = match &state.ui.place {
        Place::Pod(id) | Place::Workload(id) | Place::Rollout(id) => Some(id.clone()),
        _ => None,
    };
    let pod = object.as_ref().and_then(|id| super::log::log_of(state, id));
    let pod = pod.or_else(|| page.as_ref().and_then(|id| super::log::log_of(state, id)));
    if let Some(pod) = pod {
        go(state, Place::Log(pod));
    } else {
        let nothing = lists::selected(state, &list).is_none() && page.is_none();
        let said = if nothing {
            Safe::of("no log is opened, as no row is selected: select a pod, a workload or a run first")
        } else {
            super::stored::no_pods(state, object.or(page).as_ref())
        };
        toasts::say(state, ToastKind::Info, said);
    }
}

/// The highlighted object of a cluster, or the one whose page or log this is, whole.
pub(super) fn sheet(state: &mut State, sheet: Sheet) {
    let highlighted = match lists::selected(state, &state.ui.list_id()) {
        Some(RowId::Object(id) | RowId::Waiting(_, id)) => Some(id),
        Some(RowId::Station(_)) => verbs::target(state),
        _ => None,
    };
    let page = match &state.ui.place {
        Place::Pod(id) | Place::Workload(id) | Place::Rollout(id) | Place::Analysis(id) | Place::Application(id) => {
            Some(id.clone())
        }
        _ => None,
    };
    let is_there = |id: &ObjectId| Kind::IN_CLUSTERS.contains(&id.kind);
    match highlighted.filter(is_there).or(page) {
        Some(id) => go(state, Place::Sheet(id, sheet)),
        None => toasts::say(state, ToastKind::Info, Safe::of("select an object of a cluster first")),
    }
}

fn log_of_run(state: &mut State, run: &Uid) {
    let job = runs::jobs(state, run).and_then(|jobs| runs::worst(jobs).or_else(|| jobs.jobs.last()));
    match job.map(|job| job.id.clone()) {
        Some(job) => go(state, Place::Log(job)),
        None => toasts::say(state, ToastKind::Info, Safe::of("its jobs have not been read yet")),
    }
}

/// The page in the browser of what is highlighted, or of the object whose page this is: its address
/// is copied and shown. Nothing is started: over ssh the browser is on the other side.
pub(super) fn browse(state: &mut State, effects: &mut Vec<Effect>) {
    let job_page = |job: &Uid| {
        let job = state.world.details.job(job)?;
        job.url.clone().or_else(|| state.world.runs.get(&job.run).map(|run| run.url.clone()))
    };
    let page = |id: &ObjectId| match id.kind {
        kind if kind.is_run() => state.world.runs.get(&id.uid).map(|run| run.url.clone()),
        kind if kind.is_job() => job_page(&id.uid),
        _ => dashboards::of_object(state, id),
    };
    let of_row = lists::selected_line(state, &state.ui.list_id()).and_then(|line| match line.item {
        Item::Security(row) => row.url().cloned(),
        _ => None,
    });
    let url = match lists::selected(state, &state.ui.list_id()) {
        _ if of_row.is_some() => of_row,
        Some(RowId::JobStep(job, _)) => job_page(&job),
        Some(RowId::Aside(row)) => asides::address(state, &state.ui.place, &row),
        Some(RowId::Object(id) | RowId::Waiting(_, id) | RowId::Gate(id, _)) => page(&id),
        _ => None,
    };
    match url.or_else(|| page_object(&state.ui.place).and_then(page)).filter(|url| !url.is_empty()) {
        Some(url) => {
            effects.push(Effect::Copy(url.as_str().to_owned()));
            toasts::say(state, ToastKind::Good, safe!("copied {}", url));
        }
        None => toasts::say(state, ToastKind::Info, Safe::of("there is no page in the browser for this")),
    }
}

/// Copies the name of the highlighted row, else of the page's object.
pub(super) fn copy(state: &mut State, effects: &mut Vec<Effect>) {
    let list = state.ui.list_id();
    let name = match lists::selected_line(state, &list) {
        Some(line) => match (line.item, line.id) {
            (Item::Event(event), _) => Some(event.message.clone()),
            (Item::Container(container), _) => Some(container.image.clone()),
            (Item::Measurement(row), _) => Some(row.value.clone()),
            (Item::Metric(metric), _) => Some(metric.query.clone().unwrap_or_else(|| metric.name.clone())),
            (Item::Operation(operation), _) => Some(operation.summary.clone()),
            (Item::Access(row), _) => Some(row.namespace.safe().clone()),
            (_, RowId::Object(id)) => Some(id.name.safe().clone()),
            (_, _) => None,
        },
        None => None,
    };
    let name = name.or_else(|| page_object(&state.ui.place).map(|id| id.name.safe().clone()));
    if let Some(name) = name {
        effects.push(Effect::Copy(name.as_str().to_owned()));
        toasts::say(state, ToastKind::Good, safe!("copied {}", name.truncate(60)));
    } else {
        toasts::say(state, ToastKind::Info, Safe::of("this row has no name to copy"));
    }
}

const fn page_object(place: &Place) -> Option<&ObjectId> {
    match place {
        Place::Workload(id)
        | Place::Rollout(id)
        | Place::Run(id)
        | Place::Objective(id)
        | Place::Image(id)
        | Place::Application(id)
        | Place::Lane(id)
        | Place::Release(id)
        | Place::Security(id)
        | Place::Pod(id)
        | Place::Analysis(id)
        | Place::Sheet(id, _)
        | Place::Log(id) => Some(id),
        Place::Deck
        | Place::Pipelines
        | Place::Environments
        | Place::Pods
        | Place::Containers
        | Place::Images
        | Place::Applications
        | Place::Releases
        | Place::Runners
        | Place::Access
        | Place::Rollouts
        | Place::Slo
        | Place::Inbox
        | Place::Journal => None,
    }
}

/// Narrows the list to what is not well, or shows all again.
pub(super) fn faults_only(state: &mut State) {
    let list = state.ui.list_id();
    let entry = state.ui.lists.entry(list.clone()).or_default();
    entry.faults_only = !entry.faults_only;
    select::recount(state, &list);
}

/// `esc`: first what narrows the list, then the place. Never quits.
pub(super) fn leave(state: &mut State) {
    if state.ui.place.is_log() && super::log::leave(state) {
        return;
    }
    let list: ListId = state.ui.list_id();
    let entry = state.ui.lists.entry(list.clone()).or_default();
    if !entry.filter.is_empty() {
        entry.filter.clear();
    } else if entry.faults_only {
        entry.faults_only = false;
    } else {
        up(state);
        return;
    }
    select::recount(state, &list);
}
