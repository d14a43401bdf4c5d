//! What can be asked of a workflow run (apis.md §6.4): rerun its failed jobs, all of them or one,
//! cancel it, and by force where that did not help. GitHub takes no guard with any of it, so the
//! attempt that the dialog showed is the only one: it is compared again before the send, and another
//! one disarms.

use std::time::Duration;

use super::outcome::Verdict;
use crate::action::{Change, Operation, Outcome};
use crate::command::Command;
use crate::model::pipelines::{Conclusion, Run, RunStatus};
use crate::model::{Name, ObjectId, Uid};
use crate::safe;
use crate::state::{State, environment, runs};
use crate::text::{Safe, age};

/// So long a run may take to end after its cancel was accepted, before force is offered: a runner
/// that is told to stop gives its steps some seconds, and the list of runs has its rhythm.
const GRACE: Duration = Duration::from_secs(10);

/// The change a command means for this run now, or why there is none.
pub(super) fn change(state: &State, command: Command, target: &ObjectId, job: Option<&Uid>) -> Result<Change, Safe> {
    let run = state.world.runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    let (attempt, debug) = (run.attempt, false);
    match command {
        Command::RerunFailed | Command::RerunAll | Command::RerunJob if run.is_active() => Err(still(run)),
        Command::RerunFailed if !failed(run) => Err(match &run.conclusion {
            Some(how) => safe!("no job of it has failed: it ended with {}", Safe::line(how.as_str())),
            None => Safe::of("GitHub does not say yet how it ended"),
        }),
        Command::RerunFailed => Ok(Change::RerunFailed { attempt, debug }),
        Command::RerunAll => Ok(Change::RerunAll { attempt, debug }),
        Command::RerunJob => one_job(state, run, job),
        Command::CancelRun | Command::ForceCancel if !run.is_active() => Err(match &run.conclusion {
            Some(how) => safe!("it has ended: {}", Safe::line(how.as_str())),
            None => Safe::of("it has ended"),
        }),
        Command::CancelRun => Ok(Change::Cancel { attempt }),
        Command::ForceCancel => by_force(state, run),
        _ => Err(Safe::of("a run can be rerun or cancelled, nothing else")),
    }
}

/// The job that is looked at, when it is one of the attempt that is shown.
fn one_job(state: &State, run: &Run, job: Option<&Uid>) -> Result<Change, Safe> {
    let uid = job.ok_or_else(|| Safe::of("select one of its jobs first"))?;
    let job = state.world.details.job(uid).filter(|job| job.run == run.meta.uid);
    let job = job.ok_or_else(|| Safe::of("the selected row is no job of it"))?;
    let jobs = runs::current_jobs(state, run).ok_or_else(|| Safe::of("the jobs of this attempt have not been read"))?;
    if !jobs.jobs.iter().any(|one| one.id.uid == *uid) {
        return Err(safe!("{} is a job of an earlier attempt", job.id.name));
    }
    Ok(Change::RerunJob { attempt: run.attempt, job: uid.clone(), name: job.id.name.clone(), debug: false })
}

/// Force is for a run that goes on although its cancel was taken (GitHub documents it for nothing else).
fn by_force(state: &State, run: &Run) -> Result<Change, Safe> {
    let waited = accepted_cancel(state, run).ok_or_else(|| {
        Safe::of("no cancel of it was accepted: cancel it first, force is for a run that goes on then")
    })?;
    if waited < GRACE {
        let (waited, grace) = (age(waited.as_secs() as i64), age(GRACE.as_secs() as i64));
        return Err(safe!("its cancel was sent {} ago: it gets {} to end by itself", waited, grace));
    }
    Ok(Change::ForceCancel { attempt: run.attempt })
}

/// How long ago the cancel of this attempt was sent, if GitHub took it.
fn accepted_cancel(state: &State, run: &Run) -> Option<Duration> {
    let cancels = state.operations.iter().rev().filter(|operation| {
        let action = &operation.action;
        action.target.uid == run.meta.uid && action.change == Change::Cancel { attempt: run.attempt }
    });
    // One that was not seen within its time was taken all the same.
    let taken = |operation: &&Operation| matches!(operation.outcome, Outcome::Accepted | Outcome::Failed { .. });
    let operation = cancels.into_iter().find(taken)?;
    Some(state.now.mono.saturating_sub(operation.started_mono))
}

/// GitHub reruns nothing of a run that goes on.
fn still(run: &Run) -> Safe {
    if run.status == RunStatus::Waiting {
        Safe::of("it has not ended yet: it waits for an approval (cancel ends it)")
    } else {
        safe!("attempt {} has not ended yet: wait for it, or cancel it first", run.attempt)
    }
}

/// GitHub reruns what failed, was cancelled or timed out.
fn failed(run: &Run) -> bool {
    run.conclusion.as_ref().is_some_and(|how| how.is_bad() || *how == Conclusion::Cancelled)
}

/// Whether `y` is enough. A run stands in no environment, and what it does there is written in its
/// workflow, so `y` it is, unless it names one (see [`environment::of_run`]): then the configuration
/// of that environment says, and without one its name does, as for everything else.
pub(super) fn asks_for_yes(state: &State, environment: &Name) -> bool {
    environment.raw().is_empty() || !environment::is_protected(state, environment)
}

/// Whether the run shows what the operation wanted.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let Some(run) = state.world.runs.get(&operation.action.target.uid) else {
        return Verdict::Waiting(Safe::of("the run to be listed again"));
    };
    match &operation.action.change {
        Change::RerunFailed { attempt, .. } | Change::RerunAll { attempt, .. } | Change::RerunJob { attempt, .. } => {
            if run.attempt > *attempt {
                Verdict::Seen
            } else {
                Verdict::Waiting(safe!("attempt {}", attempt.saturating_add(1)))
            }
        }
        Change::Cancel { attempt } | Change::ForceCancel { attempt } if run.attempt != *attempt => {
            Verdict::Lost(Safe::of("it was run again meanwhile"))
        }
        Change::Cancel { .. } | Change::ForceCancel { .. } => match &run.conclusion {
            Some(Conclusion::Cancelled) => Verdict::Seen,
            Some(other) => Verdict::Lost(safe!("it ended before that: {}", Safe::line(other.as_str()))),
            None => Verdict::Waiting(Safe::of("conclusion cancelled")),
        },
        _ => super::review::shows(state, operation),
    }
}
