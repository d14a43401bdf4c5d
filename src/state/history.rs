//! How often a job fails, from those whose ends are known ([`crate::model::durations`]): said with its
//! count, and not at all while too few are known.

use super::{State, asides, expected, runs};
use crate::model::pipelines::{Conclusion, Job, Run};
use crate::model::{Kind, Uid};
use crate::safe;
use crate::text::Safe;

/// Ended ones that are counted, and runs that are read to know them.
pub const COUNTED: usize = crate::model::durations::SAMPLES;
/// Fewer say nothing.
pub const FEWEST: usize = 10;

/// Of the last ones of a job, so many failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    pub failed: usize,
    pub of: usize,
}

impl History {
    /// `failed 3 of its last 20 runs (15 %)`.
    #[must_use]
    pub fn words(self) -> Safe {
        let Self { failed, of } = self;
        if failed == 0 {
            return safe!("did not fail in its last {} runs", of);
        }
        safe!("failed {} of its last {} runs ({} %)", failed, of, (failed * 100 + of / 2) / of.max(1))
    }
}

/// Of the jobs of this name in this workflow.
#[must_use]
pub fn of_job(state: &State, run: &Run, job: &Job) -> Option<History> {
    let flow = expected::flow(state, run)?;
    let ended = state.learnt.book.outcomes(&flow, job.id.name.raw());
    let failed = ended.iter().filter(|one| one.failed).count();
    (ended.len() >= FEWEST).then_some(History { failed, of: ended.len() })
}

/// Somebody who looks at this run wants to know how often its jobs fail.
#[must_use]
pub fn is_asked_for(state: &State, run: &Run) -> bool {
    let failed = || runs::current_jobs(state, run).is_some_and(|jobs| runs::failed_jobs(jobs).next().is_some());
    run.kind == Kind::Run && (run.attempt > 1 || failed())
}

/// The first attempt of a run in which a job passed that had failed in one before, of the same commit.
#[must_use]
pub fn passed_on(state: &State, run: &Run, job: &Job) -> Option<u32> {
    if job.conclusion != Some(Conclusion::Success) || run.attempt < 2 {
        return None;
    }
    let bad = |number: u32| {
        let attempt = asides::attempt(state, run, number)?.ok()?;
        let then = attempt.jobs.jobs.iter().find(|one| one.id.name == job.id.name)?;
        Some(then.conclusion.as_ref().is_some_and(Conclusion::is_bad))
    };
    let last = (1..run.attempt).rev().find(|number| bad(*number) == Some(true))?;
    Some(last + 1)
}

/// The job of a run by its id, of the attempt that is shown.
#[must_use]
pub fn job<'a>(state: &'a State, run: &Run, job: &Uid) -> Option<&'a Job> {
    runs::current_jobs(state, run)?.jobs.iter().find(|one| one.id.uid == *job)
}
