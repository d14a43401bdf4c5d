//! Runners by what jobs ask of them: how many are free, how long jobs wait for them, and why one does not
//! begin. What may not be seen is said to be unknown, never counted as none.

mod pools;

use std::time::Duration;

use super::{State, derived, runs};
use crate::model::pipelines::{Job, Run, RunStatus};
use crate::model::runners::{self, Larger};
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId};
use crate::safe;
use crate::text::{Safe, plural};

pub use pools::{Count, Demand, Pool, demand};

/// Runs whose jobs are read so that somebody sees who waits for which runner.
const RUNS: usize = 40;
/// The same while nobody looks at the runners.
const OLDEST: usize = 8;
/// A job that has waited this long for a runner will not get one by itself.
pub(super) const STUCK: Duration = Duration::from_mins(5);

/// Repositories whose runners are worth a look: all while their list is shown, else those where a job waits
/// for one that GitHub does not host.
#[must_use]
pub fn wanted(state: &State, all: bool) -> Vec<(SourceId, Name)> {
    let mut wanted: Vec<(SourceId, Name)> = if all {
        let hosts = state.world.of_system(SystemId::GitHub).filter(|host| host.unusable.is_none());
        hosts.flat_map(|host| host.namespaces.iter().flatten().map(|name| (host.id, name.clone()))).collect()
    } else {
        jobs(state)
            .filter(|job| job.status == RunStatus::Queued && !job.labels.is_empty() && !runners::is_hosted(&job.labels))
            .map(|job| (job.id.cluster, job.id.namespace.clone()))
            .collect()
    };
    wanted.sort();
    wanted.dedup();
    wanted
}

/// GitHub's runs that move.
fn moving(state: &State) -> impl DoubleEndedIterator<Item = &Run> {
    runs::ordered(state).open().iter().filter(|run| run.kind == Kind::Run && run.is_active()).map(AsRef::as_ref)
}

/// Runs whose jobs say who waits for a runner; those that stand in a queue first. `all`: while somebody looks at
/// the runners; else the oldest of those that may be stuck, which are what holds somebody up.
#[must_use]
pub fn queued(state: &State, all: bool) -> Vec<ObjectId> {
    let is_queued = |run: &&Run| run.status == RunStatus::Queued;
    if all {
        let mut rows: Vec<&Run> = moving(state).collect();
        rows.sort_by_key(|run| !is_queued(run));
        return rows.into_iter().take(RUNS).map(Run::id).collect();
    }
    let is_old = |run: &&Run| {
        let since = run.started.or(run.created).map(|since| state.ours(run.meta.cluster, since));
        since.is_some_and(|since| state.now.wall.duration_since(since).unsigned_abs() >= STUCK)
    };
    // They are listed newest first. What waits for a person is told by what it waits for.
    let first = moving(state).rev().filter(is_queued).filter(is_old);
    let others = moving(state).rev().filter(|run| !is_queued(run) && run.status != RunStatus::Waiting).filter(is_old);
    first.chain(others).take(OLDEST).map(Run::id).collect()
}

/// How many of GitHub's runs move, and of how many of them the jobs were read.
fn runs_read(state: &State) -> (usize, usize) {
    moving(state)
        .fold((0, 0), |(all, read), run| (all + 1, read + usize::from(runs::current_jobs(state, run).is_some())))
}

/// The jobs of GitHub's runs that move, as far as they were read.
fn jobs(state: &State) -> impl Iterator<Item = &Job> {
    moving(state).filter_map(|run| runs::current_jobs(state, run)).flat_map(|jobs| &jobs.jobs)
}

/// What is there for a queued job, and who else asks for it.
fn pool_of(state: &State, job: &Job) -> Option<Pool> {
    if job.id.kind != Kind::Job || job.status != RunStatus::Queued || job.labels.is_empty() {
        return None;
    }
    let demand = derived::demand(state);
    let (source, repository) = (job.id.cluster, &job.id.namespace);
    let known = demand.find(source, repository, &job.labels).cloned();
    Some(known.unwrap_or_else(|| pools::pool(state, (source, repository), &job.labels)))
}

/// How many of the runners that a queued job could have are free; `None` where none of them may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    pub idle: usize,
    pub all: usize,
    /// Nothing hints at others.
    pub whole: bool,
}

/// See [`Free`].
#[must_use]
pub fn free(state: &State, job: &Job) -> Option<Free> {
    let pool = pool_of(state, job).filter(|pool| !pool.is_unknown())?;
    Some(Free { idle: pool.count.idle, all: pool.count.all(), whole: pool.unseen.is_empty() })
}

/// Why a queued job does not begin, as far as its runners tell; nothing while they have not been read.
#[must_use]
pub fn why(state: &State, job: &Job) -> Option<Safe> {
    let pool = pool_of(state, job)?;
    if let Some(row) = &pool.larger {
        return Some(safe!("GitHub hosts these larger runners: {}", words_of(row)));
    }
    if pool.hosted {
        return Some(Safe::of("GitHub hosts these: it is short of them, or your plan lets no more jobs run at once"));
    }
    state.world.details.runners(job.id.cluster, &job.id.namespace)?;
    Some(reason(&pool))
}

/// What is known comes first, then what is not.
fn reason(pool: &Pool) -> Safe {
    let count = &pool.count;
    let others = pool.unseen.first().map(|why| safe!("; others: {}", why)).unwrap_or_default();
    match (count.all(), pool.unseen.first()) {
        (0, Some(why)) if !pool.listed => safe!("which runners there are is not known: {}", why),
        (0, Some(_)) => safe!("no runner we may see has these labels{}", others),
        (0, None) => Safe::of(
            "no runner we may see has these labels; those of an enterprise, and sets that start them as jobs come, \
             are in no list",
        ),
        (all, _) if count.offline == all => {
            let offline = plural(all as u64, "runner is offline", "runners are offline");
            safe!("{}, and no other that we may see has its labels{}", offline, others)
        }
        (all, None) if count.idle == 0 => safe!("no free runner: {}", counted(*count, all)),
        (all, _) if count.idle == 0 => {
            safe!("no free runner among those we may see: {}{}", counted(*count, all), others)
        }
        _ => safe!("{}: it begins any moment, or their group does not serve this repository", count.words()),
    }
}

/// `linux-x64, Ready, at most 8 at once`.
#[must_use]
pub fn words_of(row: &Larger) -> Safe {
    let most = row.most.map_or_else(Safe::default, |most| safe!(", at most {} at once", most));
    safe!("{}, {}{}", row.platform.clone(), row.status.clone(), most)
}

fn counted(count: Count, all: usize) -> Safe {
    if count.busy == all { safe!("{} of {} busy", all, all) } else { count.words() }
}
