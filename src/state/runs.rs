//! Workflow runs as lists show them: which one a pane is about, in which order they stand.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use super::State;
use super::lists;
use super::ui::{ListId, Pane, Place, RowId};
use crate::model::Kind;
use crate::model::Uid;
use crate::model::pipelines::{Jobs, Run, RunStatus};
use crate::text::Safe;

/// Runs in the order of a list: what moves, what failed (where no later run of the workflow on that
/// branch has passed), what waits, then the rest, newest first in each.
#[must_use]
pub fn ordered(state: &State) -> Vec<Arc<Run>> {
    let mut runs: Vec<Arc<Run>> = state.world.runs.rows().to_vec();
    runs.sort_by_key(|run| Reverse((run.created, run.number)));
    let mut seen: HashSet<(&str, &str, Option<&str>)> = HashSet::new();
    let ranks: Vec<u8> = runs
        .iter()
        .map(|run| {
            let branch = run.branch.as_ref().map(Safe::as_str);
            let latest = seen.insert((run.repository().raw(), run.path.as_str(), branch));
            rank(run, latest)
        })
        .collect();
    let mut all: Vec<(u8, Arc<Run>)> = ranks.iter().copied().zip(runs.iter().cloned()).collect();
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, run)| run).collect()
}

fn rank(run: &Run, latest: bool) -> u8 {
    match &run.status {
        RunStatus::InProgress | RunStatus::Queued | RunStatus::Other(_) => 0,
        RunStatus::Completed
            if latest && run.conclusion.as_ref().is_some_and(super::super::model::pipelines::Conclusion::is_bad) =>
        {
            1
        }
        RunStatus::Waiting => 2,
        RunStatus::Completed => 3,
    }
}

/// The run whose jobs are shown: the page's, else the one highlighted among the pipelines.
#[must_use]
pub fn chosen(state: &State) -> Option<Arc<Run>> {
    let uid = match &state.ui.place {
        Place::Run(id) => Some(id.uid.clone()),
        Place::Log(id) if id.kind == Kind::Job => state.world.details.job(&id.uid).map(|job| job.run.clone()),
        Place::Pipelines => highlighted(state, &ListId::Place(Place::Pipelines)),
        _ => highlighted(state, &ListId::Pane(Pane::Pipelines)),
    };
    match uid {
        Some(uid) => state.world.runs.get(&uid).cloned(),
        None => ordered(state).into_iter().next(),
    }
}

fn highlighted(state: &State, list: &ListId) -> Option<Uid> {
    match lists::selected(state, list)? {
        RowId::Object(id) if id.kind == Kind::Run => Some(id.uid),
        _ => None,
    }
}

/// The jobs of a run, when they have been read.
#[must_use]
pub fn jobs<'a>(state: &'a State, run: &Uid) -> Option<&'a Arc<Jobs>> {
    state.world.details.jobs(run)?.as_ref().ok()
}

/// The service a run builds: the configured one of its repository, else the repository's own name.
#[must_use]
pub fn service(state: &State, run: &Run) -> Safe {
    let configured =
        state.settings.services.iter().find(|service| service.repository.as_ref() == Some(run.repository()));
    match configured {
        Some(service) => service.name.safe().clone(),
        None => {
            let repository = run.repository().raw();
            Safe::identity(repository.rsplit_once('/').map_or(repository, |(_, name)| name))
        }
    }
}
