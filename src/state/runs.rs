//! Workflow runs as lists show them: in which order they stand, which one a pane is about, how long
//! they take by the operator's clock, what a job waits for.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::State;
pub use super::run_order::{Ordered, Standing};
use super::tekton;
use super::ui::{ListId, Pane, Place, RowId};
use crate::model::pipelines::{Conclusion, Job, Jobs, Run, RunStatus};
use crate::model::scope::PipelineOf;
use crate::model::{Kind, SourceId, Uid};
use crate::safe;
use crate::text::Safe;

/// Runs in the order of a list: what moves, what failed, what waits, then the rest; newest first in each.
#[must_use]
pub fn ordered(state: &State) -> &Ordered {
    state.world.ordered_runs()
}

/// The run whose jobs are shown: the page's, the one of the open log, else the one highlighted among
/// the pipelines, else the first. Costs the same whether there are ten runs or a thousand.
#[must_use]
pub fn chosen(state: &State) -> Option<Arc<Run>> {
    let rows = &state.world.runs;
    let uid = match &state.ui.place {
        Place::Run(id) => return rows.get(&id.uid).cloned(),
        Place::Log(id) if id.kind.is_job() => state.world.details.job(&id.uid).map(|job| job.run.clone()),
        Place::Pipelines => highlighted(state, &ListId::Place(Place::Pipelines)),
        _ => highlighted(state, &ListId::Pane(Pane::Pipelines)),
    };
    uid.and_then(|uid| rows.get(&uid).cloned()).or_else(|| ordered(state).runs().first().cloned())
}

/// As `update` left it: whether it passes the list's filter is not asked for.
fn highlighted(state: &State, list: &ListId) -> Option<Uid> {
    match state.ui.list(list)?.selected.as_ref()? {
        RowId::Object(id) if id.kind.is_run() => Some(id.uid.clone()),
        _ => None,
    }
}

/// The jobs of a run, when they have been read.
#[must_use]
pub fn jobs<'a>(state: &'a State, run: &Uid) -> Option<&'a Arc<Jobs>> {
    state.world.details.jobs(run)?.as_ref().ok()
}

/// The jobs that belong to the attempt that is shown: those of the one before are history.
#[must_use]
pub fn current_jobs<'a>(state: &'a State, run: &Run) -> Option<&'a Arc<Jobs>> {
    jobs(state, &run.meta.uid).filter(|jobs| jobs.attempt >= run.attempt)
}

/// What a run is called among those of its pipeline: `#4812`, of Tekton the end of its name, of RustCI,
/// which does not count them, the beginning of its id.
#[must_use]
pub fn number(run: &Run) -> Safe {
    match run.kind {
        Kind::PipelineRun | Kind::LoneTaskRun => {}
        Kind::Execution => return Safe::identity(run.meta.uid.raw()).columns(0..6),
        _ => return safe!("#{}", run.number),
    }
    let name = run.meta.name.raw();
    let end = name.strip_prefix(run.workflow.raw()).map_or(name, |end| end.trim_start_matches('-'));
    Safe::identity(if end.is_empty() { name } else { end.strip_prefix("run-").unwrap_or(end) })
}

/// A run by its full name: `ci-cd-pipeline #4812`, `release-run-x7f2k`.
#[must_use]
pub fn called(run: &Run) -> Safe {
    if run.kind.is_of_tekton() { run.meta.name.safe().clone() } else { safe!("{} {}", run.workflow, number(run)) }
}

/// The service a run builds: the configured one of its repository (of Tekton: of its pipeline), else the
/// repository's own name.
#[must_use]
pub fn service(state: &State, run: &Run) -> Safe {
    if run.kind.is_of_tekton() {
        let its = |one: &&PipelineOf| {
            run.kind == Kind::PipelineRun
                && one.pipeline == run.workflow
                && one.namespace.as_ref().is_none_or(|namespace| *namespace == run.meta.namespace)
        };
        let named = state.settings.services.iter().find(|service| service.tekton.iter().any(|one| its(&one)));
        return named.map_or_else(|| run.meta.namespace.safe().clone(), |service| service.name.safe().clone());
    }
    let file = run.path.raw().rsplit('/').next().unwrap_or_default();
    let of_repository =
        || state.settings.services.iter().filter(|service| service.repository.as_ref() == Some(run.repository()));
    // Of several services in one repository the one that names the workflow.
    let named = of_repository().find(|service| service.workflows.iter().any(|name| name.raw() == file));
    if let Some(service) = named.or_else(|| of_repository().next()) {
        service.name.safe().clone()
    } else if run.repository().raw().is_empty() {
        // A RustCI server tells no repository; a pipeline may be called as the service.
        let named = state.settings.services.iter().find(|service| service.name == run.workflow);
        named.map_or_else(|| Safe::of("–"), |service| service.name.safe().clone())
    } else {
        let repository = run.repository().raw();
        Safe::identity(repository.rsplit_once('/').map_or(repository, |(_, name)| name))
    }
}

/// `ci #4812 of acme/checkout`.
#[must_use]
pub fn title(run: &Run) -> Safe {
    if run.repository().raw().is_empty() {
        return called(run);
    }
    safe!("{} of {}", called(run), run.repository())
}

/// From one moment of a server's clock to another, or to now by that clock.
#[must_use]
pub fn between(state: &State, source: SourceId, from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Duration> {
    let from = state.ours(source, from?);
    let to = to.map_or(state.now.wall, |to| state.ours(source, to));
    Some(Duration::try_from(to.duration_since(from)).unwrap_or_default())
}

/// How long the present attempt of a run took, or takes so far.
#[must_use]
pub fn duration(state: &State, run: &Run) -> Option<Duration> {
    let end = if run.is_active() { None } else { Some(run.updated?) };
    between(state, run.meta.cluster, run.started.or(run.created), end)
}

/// How long a job took, or takes so far; `None` before it began.
#[must_use]
pub fn job_duration(state: &State, job: &Job) -> Option<Duration> {
    if waits(job).is_some() || job.conclusion == Some(Conclusion::Skipped) {
        return None;
    }
    let end = if job.status == RunStatus::Completed { Some(job.completed?) } else { None };
    between(state, job.id.cluster, job.started, end)
}

/// How long a run waits, or how long ago it ended: the age at the end of its row.
#[must_use]
pub fn age(state: &State, run: &Run) -> Option<Duration> {
    let from = if run.is_active() { run.started.or(run.created) } else { run.updated.or(run.started).or(run.created) };
    between(state, run.meta.cluster, from, None)
}

/// What a job that has not begun waits for, in words; `None` of one that runs or ran.
#[must_use]
pub fn waits(job: &Job) -> Option<Safe> {
    match &job.status {
        RunStatus::Queued if job.id.kind == Kind::TaskRun => Some(Safe::of("its pod to start")),
        RunStatus::Other(word) if job.id.kind == Kind::TaskRun => Some(match word.as_str() {
            "to come" => Safe::of("the tasks before it"),
            _ => Safe::of("its TaskRun to be read"),
        }),
        RunStatus::Queued if job.id.kind == Kind::Stage => Some(Safe::of("the stages before it")),
        RunStatus::Queued if job.labels.is_empty() => Some(Safe::of("a runner")),
        RunStatus::Queued => Some(safe!("a runner with {}", Safe::join(&job.labels, ", "))),
        RunStatus::Waiting => Some(Safe::of("an environment's approval, or its concurrency group")),
        RunStatus::Other(word) => Some(safe!("its turn ({})", word)),
        RunStatus::InProgress | RunStatus::Completed => None,
    }
}

/// How long it waits already.
#[must_use]
pub fn waits_since(state: &State, job: &Job) -> Option<Duration> {
    between(state, job.id.cluster, job.created, None)
}

/// The jobs that failed, in their system's order; attempts that were retried aside.
pub fn failed_jobs(jobs: &Jobs) -> impl Iterator<Item = &Job> {
    jobs.jobs.iter().filter(|job| job.conclusion.as_ref().is_some_and(Conclusion::is_bad) && !tekton::is_retried(job))
}

/// Jobs that were skipped: most of them because one they need failed. GitHub does not say which need which.
#[must_use]
pub fn skipped(jobs: &Jobs) -> usize {
    jobs.jobs.iter().filter(|job| job.conclusion == Some(Conclusion::Skipped)).count()
}

/// The job that a person looks for first: the first that failed, else the first that runs.
#[must_use]
pub fn worst(jobs: &Jobs) -> Option<&Job> {
    failed_jobs(jobs).next().or_else(|| jobs.jobs.iter().find(|job| job.status == RunStatus::InProgress))
}
