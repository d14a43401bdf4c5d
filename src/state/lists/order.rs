//! In which order the rows of a list stand.

use std::sync::Arc;

use super::filter::Filter;
use super::{StepState, tree};
use crate::model::Uid;
use crate::model::pipelines::Conclusion;
use crate::model::rollouts::Rollout;
use crate::state::containers::Project;
use crate::state::groups::Group;
use crate::state::ui::{ListId, Pane, Place};
use crate::state::{State, aborted, asides, lane, matrix, runs};

/// A counted list and what it was counted from.
#[derive(Debug, Clone)]
pub struct Order {
    revision: u64,
    filter: String,
    faults_only: bool,
    /// Rows without the filter.
    pub(super) total: usize,
    pub(super) rows: Rows,
}

#[derive(Debug, Clone)]
pub(super) enum Rows {
    /// The table itself, and its length.
    All(Flat, usize),
    /// Positions in the table, ascending.
    Some(Flat, Vec<u32>),
    Tree(Vec<Entry>),
}

/// Lists that are a table as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flat {
    Pods,
    Rollouts,
    Applications,
    /// In the order of [`runs::ordered`].
    Runs,
    /// Newest first.
    Journal,
    /// Places without a table: the log, which has lines of its own.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub depth: u8,
    pub row: Ref,
}

impl Entry {
    /// Of rows that are objects: whether it is this one. Nothing is made to compare.
    pub(super) fn is(&self, object: &Uid) -> bool {
        match &self.row {
            Ref::Deployment(uid)
            | Ref::Controlled(uid)
            | Ref::Beside(uid)
            | Ref::Rollout(uid)
            | Ref::ReplicaSet(uid)
            | Ref::Pod(uid)
            | Ref::AnalysisRun(uid)
            | Ref::Experiment(uid)
            | Ref::Event(uid)
            | Ref::Slo(uid)
            | Ref::Alert(uid)
            | Ref::Docker(uid)
            | Ref::Image(uid)
            | Ref::Release(uid)
            | Ref::Earlier(uid)
            | Ref::Job(uid) => uid == object,
            Ref::Waiting(_)
            | Ref::Group(_)
            | Ref::Project(_)
            | Ref::Folder(_)
            | Ref::JobStep(..)
            | Ref::Aside(_)
            | Ref::Burn(_)
            | Ref::Kept(_)
            | Ref::Differs(..)
            | Ref::Deployed(_)
            | Ref::Recorded(_)
            | Ref::Platform(_)
            | Ref::Pool(_)
            | Ref::Access(_)
            | Ref::Security(_)
            | Ref::User(_)
            | Ref::Station(_)
            | Ref::Step(_)
            | Ref::Revision(_)
            | Ref::Container(_)
            | Ref::Metric(_)
            | Ref::Measurement(..) => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ref {
    Deployment(Uid),
    Controlled(Uid),
    /// What stands beside the page's workload.
    Beside(Uid),
    Rollout(Uid),
    ReplicaSet(Uid),
    Pod(Uid),
    AnalysisRun(Uid),
    Experiment(Uid),
    Event(Uid),
    /// Jobs under one name.
    Group(Arc<Group>),
    /// By the job's id.
    Job(Uid),
    /// The same of an earlier attempt.
    Earlier(Uid),
    /// Of a job, by the step's number.
    JobStep(Uid, u32),
    Aside(asides::Row),
    Slo(Uid),
    /// An object of the page's Application.
    Kept(usize),
    /// Where it differs, by the number of the line; without an object why that is not known.
    Differs(Option<usize>, usize),
    /// What the page's Application deployed, by position in its history.
    Deployed(usize),
    /// A release of Helm, by the uid that stands for it.
    Release(Uid),
    /// A revision of the page's release, by its place in the history.
    Recorded(usize),
    /// A row of the burn table of the page's objective.
    Burn(usize),
    Alert(Uid),
    /// Position in the catalogue.
    Folder(usize),
    /// A Compose project, above its containers.
    Project(Arc<Project>),
    Docker(Uid),
    Image(Uid),
    /// A platform of the page's image; behind those it has, those that are missing.
    Platform(usize),
    /// Position in [`crate::state::runners::Demand`].
    Pool(usize),
    Access(usize),
    /// Position in [`crate::state::security::Page`] of the page's run.
    Security(usize),
    /// Position among those who run the page's image.
    User(usize),
    /// Position in [`crate::state::waiting::all`].
    Waiting(usize),
    /// Position in the lane of the page.
    Station(usize),
    Step(usize),
    Revision(i64),
    Container(usize),
    Metric(usize),
    Measurement(usize, usize),
}

impl Order {
    pub(super) fn workloads(&self) -> impl Iterator<Item = &Uid> {
        let entries = if let Rows::Tree(entries) = &self.rows { entries.as_slice() } else { &[] };
        entries.iter().filter_map(|entry| match &entry.row {
            Ref::Deployment(uid) | Ref::Controlled(uid) | Ref::Rollout(uid) => Some(uid),
            _ => None,
        })
    }

    pub(super) fn len(&self) -> usize {
        match &self.rows {
            Rows::All(_, len) => *len,
            Rows::Some(_, places) => places.len(),
            Rows::Tree(entries) => entries.len(),
        }
    }
}

/// What kind of list it is.
enum Shape {
    Flat(Flat),
    Tree,
}

fn shape(list: &ListId) -> Shape {
    match list {
        ListId::Place(Place::Pods) => Shape::Flat(Flat::Pods),
        ListId::Place(Place::Rollouts) | ListId::Pane(Pane::Canary) => Shape::Flat(Flat::Rollouts),
        ListId::Place(Place::Pipelines) | ListId::Pane(Pane::Pipelines) => Shape::Flat(Flat::Runs),
        ListId::Place(Place::Applications) => Shape::Flat(Flat::Applications),
        ListId::Place(Place::Journal) => Shape::Flat(Flat::Journal),
        ListId::Place(
            Place::Environments
            | Place::Workload(_)
            | Place::Rollout(_)
            | Place::Pod(_)
            | Place::Analysis(_)
            | Place::Run(_)
            | Place::Slo
            | Place::Objective(_)
            | Place::Inbox
            | Place::Containers
            | Place::Images
            | Place::Runners
            | Place::Access
            | Place::Security(_)
            | Place::Application(_)
            | Place::Lane(_)
            | Place::Releases
            | Place::Release(_)
            | Place::Image(_),
        )
        | ListId::Pane(Pane::Environments | Pane::Steps | Pane::Budget) => Shape::Tree,
        ListId::Place(Place::Deck | Place::Log(_) | Place::Sheet(..)) => Shape::Flat(Flat::Nothing),
    }
}

/// Changes whenever anything the list is made from does.
fn revision(state: &State, list: &ListId) -> u64 {
    let world = &state.world;
    match list {
        ListId::Place(Place::Pods) => world.pods.revision(),
        ListId::Place(Place::Rollouts) | ListId::Pane(Pane::Canary) => world.rollouts.revision(),
        ListId::Place(Place::Applications) => world.applications.revision(),
        ListId::Place(Place::Application(_)) => world.applications.revision() + world.details.revision(),
        ListId::Place(Place::Releases) => world.releases.revision(),
        ListId::Place(Place::Release(_)) => world.releases.revision() + world.details.revision(),
        ListId::Place(Place::Journal) => state.operations_revision + state.operations.len() as u64,
        // Without a filter only what comes, goes or moves is another order.
        ListId::Place(Place::Environments) | ListId::Pane(Pane::Environments) if asked(state, list) == ("", false) => {
            matrix::members(state)
        }
        ListId::Place(Place::Environments) | ListId::Pane(Pane::Environments) => matrix::revision(state),
        ListId::Place(Place::Workload(_)) => {
            world.deployments.revision()
                + world.controlled.revision()
                + world.beside.revision()
                + world.replica_sets.revision()
                + world.pods.revision()
                + world.events.revision()
                + world.details.revision()
        }
        ListId::Place(Place::Rollout(_)) => {
            world.rollouts.revision()
                + world.beside.revision()
                + world.replica_sets.revision()
                + world.pods.revision()
                + world.analysis_runs.revision()
                + world.experiments.revision()
                + world.events.revision()
                + world.details.revision()
        }
        ListId::Place(Place::Pod(_)) => world.pods.revision() + world.events.revision(),
        ListId::Place(Place::Analysis(_)) => world.analysis_runs.revision(),
        ListId::Place(Place::Pipelines) | ListId::Pane(Pane::Pipelines) => world.runs.revision(),
        ListId::Place(Place::Run(_)) | ListId::Pane(Pane::Steps) => {
            // Which run a pane is about is not a matter of the world, and other runs are not one of its jobs.
            world.details.revision() + chosen_run(state) + slower(state)
        }
        ListId::Place(Place::Slo) | ListId::Pane(Pane::Budget) => world.slos.revision(),
        ListId::Place(Place::Objective(_)) => world.slos.revision() + world.alerts.revision(),
        ListId::Place(Place::Inbox) => world.revision() + world.details.revision() + state.operations_revision,
        ListId::Place(Place::Containers) => world.containers.revision(),
        ListId::Place(Place::Lane(_)) => lane::revision(state),
        ListId::Place(Place::Access) => world.namespaces.revision() + world.details.revision(),
        ListId::Place(Place::Runners) => world.runs.revision() + world.details.revision(),
        ListId::Place(Place::Security(_)) => crate::state::security::revision(state),
        ListId::Place(Place::Images) => world.images.revision() + world.details.revision(),
        ListId::Place(Place::Image(_)) => world.images.revision() + crate::state::images::revision(state),
        ListId::Place(Place::Deck | Place::Log(_) | Place::Sheet(..)) => 0,
    }
}

/// While the chosen run moves, a job may become slower than usual without any news of it.
fn slower(state: &State) -> u64 {
    const EVERY: u64 = 5;
    if runs::chosen(state).is_some_and(|run| run.is_active()) { state.now.mono.as_secs() / EVERY } else { 0 }
}

/// Another number for another run, and for the same one when it changed.
fn chosen_run(state: &State) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    if let Some(run) = runs::chosen(state) {
        run.meta.uid.hash(&mut hasher);
        run.meta.resource_version.hash(&mut hasher);
        (run.attempt, run.updated, run.started).hash(&mut hasher);
        run.status.as_str().hash(&mut hasher);
        run.conclusion.as_ref().map(Conclusion::as_str).hash(&mut hasher);
    }
    hasher.finish() >> 1
}

pub(super) fn is_current(state: &State, list: &ListId, order: &Order) -> bool {
    let (filter, faults_only) = asked(state, list);
    order.revision == revision(state, list) && order.filter == filter && order.faults_only == faults_only
}

fn asked<'a>(state: &'a State, list: &ListId) -> (&'a str, bool) {
    state.ui.list(list).map_or(("", false), |list| (list.filter.as_str(), list.faults_only))
}

pub(super) fn build(state: &State, list: &ListId) -> Order {
    let (filter, faults_only) = asked(state, list);
    let wanted = Filter::new(filter, faults_only);
    let (total, rows) = match shape(list) {
        Shape::Flat(flat) if wanted.is_empty() => {
            let total = flat_len(state, flat);
            (total, Rows::All(flat, total))
        }
        Shape::Flat(flat) => (flat_len(state, flat), Rows::Some(flat, flat_matches(state, flat, &wanted))),
        Shape::Tree => {
            let entries = tree::build(state, list);
            // What stands above others is none of what is counted.
            let total = entries.iter().filter(|entry| !matches!(entry.row, Ref::Project(_))).count();
            (total, Rows::Tree(if wanted.is_empty() { entries } else { keep(state, list, entries, &wanted) }))
        }
    };
    Order { revision: revision(state, list), filter: filter.to_owned(), faults_only, total, rows }
}

fn flat_len(state: &State, flat: Flat) -> usize {
    match flat {
        Flat::Pods => state.world.pods.len(),
        Flat::Rollouts => state.world.rollouts.len(),
        Flat::Applications => state.world.applications.len(),
        Flat::Runs => state.world.runs.len(),
        Flat::Journal => state.operations.len(),
        Flat::Nothing => 0,
    }
}

fn flat_matches(state: &State, flat: Flat, wanted: &Filter) -> Vec<u32> {
    fn places<'a, T: 'a>(rows: impl Iterator<Item = &'a T>, keep: impl Fn(&T) -> bool) -> Vec<u32> {
        rows.enumerate().filter(|(_, row)| keep(row)).map(|(at, _)| at as u32).collect()
    }
    match flat {
        Flat::Pods => places(state.world.pods.rows().iter(), |pod| wanted.pod(state, pod)),
        Flat::Rollouts => places(state.world.rollouts.rows().iter(), |rollout| wanted.rollout(state, rollout)),
        Flat::Applications => places(state.world.applications.rows().iter(), |row| wanted.application(row)),
        Flat::Runs => places(runs::ordered(state).runs().iter(), |run| wanted.run(run)),
        Flat::Journal => places(state.operations.iter().rev(), |operation| wanted.operation(operation)),
        Flat::Nothing => Vec::new(),
    }
}

/// Keeps the rows that pass, and those above them in the tree that say where they belong.
fn keep(state: &State, list: &ListId, entries: Vec<Entry>, wanted: &Filter) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    // Walking upwards: the depth above which the next row still has a kept row below it.
    let mut below = 0;
    for entry in entries.into_iter().rev() {
        let ancestor = entry.depth < below;
        if ancestor || wanted.entry(state, list, &entry) {
            below = entry.depth;
            kept.push(entry);
        }
    }
    kept.reverse();
    kept
}

pub(super) fn step_state(state: &State, rollout: &Rollout, index: usize) -> StepState {
    if rollout.abort {
        // The controller begins to count anew at once.
        return match aborted::step(state, rollout) {
            Some(at) if index < at => StepState::Done,
            Some(at) if index == at => StepState::Aborted,
            Some(_) | None => StepState::Left,
        };
    }
    let current = rollout.current_step_index.and_then(|at| usize::try_from(at).ok());
    match current {
        Some(current) if index < current => StepState::Done,
        Some(current) if index == current => StepState::Current,
        Some(_) | None => StepState::Next,
    }
}
