//! Workflow runs as lists show them: in which order they stand, which one a pane is about, how long
//! they take by the operator's clock, what a job waits for.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::ui::{ListId, Pane, Place, RowId};
use super::{State, derived};
use crate::model::pipelines::{Conclusion, Job, Jobs, Run, RunStatus};
use crate::model::{SourceId, Uid};
use crate::safe;
use crate::text::Safe;

/// What a run asks of who looks at the list; the order of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It goes on by itself.
    Moving,
    /// It failed, and nothing of its workflow and branch has ended well or badly since.
    Failed,
    /// A person must do something.
    Waiting,
    Ended,
}

/// All runs in the order of a list, and where each standing ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ordered {
    pub runs: Vec<Arc<Run>>,
    moving: usize,
    failed: usize,
    waiting: usize,
}

impl Ordered {
    #[must_use]
    pub const fn count(&self, standing: Standing) -> usize {
        match standing {
            Standing::Moving => self.moving,
            Standing::Failed => self.failed,
            Standing::Waiting => self.waiting,
            Standing::Ended => self.runs.len() - self.open(),
        }
    }

    /// Of those that move: how many run, are queued, and say something else.
    #[must_use]
    pub fn moving(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for run in self.runs.iter().take(self.moving) {
            counts[match run.status {
                RunStatus::InProgress => 0,
                RunStatus::Queued => 1,
                _ => 2,
            }] += 1;
        }
        counts
    }

    /// Those that move, failed or wait.
    #[must_use]
    pub const fn open(&self) -> usize {
        self.moving + self.failed + self.waiting
    }
}

/// Runs in the order of a list: what moves, what failed, what waits, then the rest; newest first in
/// each. Counted once for each revision of the table (see [`derived`]).
#[must_use]
pub fn ordered(state: &State) -> Arc<Ordered> {
    derived::runs(state)
}

/// What a run is sorted by, and the run.
type Keyed<'a> = (Standing, Reverse<Option<Timestamp>>, &'a Arc<Run>);

/// The same, made from the rows.
#[must_use]
pub fn order(rows: &[Arc<Run>]) -> Ordered {
    let mut newest: Vec<&Arc<Run>> = rows.iter().collect();
    newest.sort_by_key(|run| Reverse((run.created, run.number)));
    let mut decided: HashSet<(SourceId, &str, &str, Option<&str>)> = HashSet::new();
    let mut keyed: Vec<Keyed<'_>> = newest
        .into_iter()
        .map(|run| {
            let branch = run.branch.as_ref().map(Safe::as_str);
            let line = (run.meta.cluster, run.repository().raw(), run.path.as_str(), branch);
            let standing = standing(run, decided.contains(&line));
            // A cancelled or skipped run decides nothing: what failed before it is still broken.
            if matches!(&run.conclusion, Some(how) if how.is_bad() || *how == Conclusion::Success) {
                decided.insert(line);
            }
            (standing, Reverse(moment(run, standing)), run)
        })
        .collect();
    keyed.sort_by(|a, b| {
        (a.0, a.1, Reverse(a.2.number), &a.2.meta.uid).cmp(&(b.0, b.1, Reverse(b.2.number), &b.2.meta.uid))
    });
    let count = |wanted| keyed.iter().filter(|(standing, _, _)| *standing == wanted).count();
    let (moving, failed, waiting) = (count(Standing::Moving), count(Standing::Failed), count(Standing::Waiting));
    Ordered { moving, failed, waiting, runs: keyed.into_iter().map(|(_, _, run)| Arc::clone(run)).collect() }
}

/// `superseded`: a later run of its workflow on its branch has ended, well or badly.
fn standing(run: &Run, superseded: bool) -> Standing {
    match (&run.status, &run.conclusion) {
        (RunStatus::InProgress | RunStatus::Queued | RunStatus::Other(_), _) => Standing::Moving,
        (RunStatus::Waiting, _) | (RunStatus::Completed, Some(Conclusion::ActionRequired)) => Standing::Waiting,
        (RunStatus::Completed, Some(how)) if how.is_bad() && !superseded => Standing::Failed,
        (RunStatus::Completed, _) => Standing::Ended,
    }
}

/// What runs of one standing are ordered by: when it began, so that nothing jumps while it moves;
/// of what has ended, when it ended.
fn moment(run: &Run, standing: Standing) -> Option<Timestamp> {
    match standing {
        Standing::Moving | Standing::Waiting => run.started.or(run.created),
        Standing::Failed | Standing::Ended => run.updated.or(run.started).or(run.created),
    }
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
    uid.and_then(|uid| rows.get(&uid).cloned()).or_else(|| derived::first_run(state))
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

/// The service a run builds: the configured one of its repository, else the repository's own name.
#[must_use]
pub fn service(state: &State, run: &Run) -> Safe {
    let file = run.path.as_str().rsplit('/').next().unwrap_or_default();
    let of_repository =
        || state.settings.services.iter().filter(|service| service.repository.as_ref() == Some(run.repository()));
    // Of several services in one repository the one that names the workflow.
    let named = of_repository().find(|service| service.workflows.iter().any(|name| name.raw() == file));
    if let Some(service) = named.or_else(|| of_repository().next()) {
        service.name.safe().clone()
    } else {
        let repository = run.repository().raw();
        Safe::identity(repository.rsplit_once('/').map_or(repository, |(_, name)| name))
    }
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

/// The jobs that failed, in GitHub's order.
pub fn failed_jobs(jobs: &Jobs) -> impl Iterator<Item = &Job> {
    jobs.jobs.iter().filter(|job| job.conclusion.as_ref().is_some_and(Conclusion::is_bad))
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
