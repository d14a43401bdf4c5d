//! What can be asked of a workflow run (apis.md §6.4): rerun its failed jobs, cancel it. GitHub takes
//! no guard with either, so the attempt that the dialog showed is the only one: it is compared again
//! before the send, and another one disarms.

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::pipelines::{Conclusion, Jobs, Run, RunStatus};
use crate::model::{Name, ObjectId};
use crate::safe;
use crate::state::{State, environment, runs};
use crate::text::{Safe, plural};

/// Names of jobs in one line of a dialog.
const MOST: usize = 6;

/// The change a command means for this run now, or why there is none.
pub(super) fn change(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    let run = state.world.runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    match command {
        Command::RerunFailed if run.is_active() => Err(still(run)),
        Command::RerunFailed if !failed(run) => Err(match &run.conclusion {
            Some(how) => safe!("no job of it has failed: it ended with {}", Safe::line(how.as_str())),
            None => Safe::of("GitHub does not say yet how it ended"),
        }),
        Command::RerunFailed => Ok(Change::RerunFailed { attempt: run.attempt }),
        Command::CancelRun if !run.is_active() => Err(match &run.conclusion {
            Some(how) => safe!("it has ended: {}", Safe::line(how.as_str())),
            None => Safe::of("it has ended"),
        }),
        Command::CancelRun => Ok(Change::Cancel { attempt: run.attempt }),
        _ => Err(Safe::of("a run can be rerun or cancelled, nothing else")),
    }
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
        Change::RerunFailed { attempt } if run.attempt > *attempt => Verdict::Seen,
        Change::RerunFailed { attempt } => Verdict::Waiting(safe!("attempt {}", attempt.saturating_add(1))),
        Change::Cancel { attempt } if run.attempt != *attempt => Verdict::Lost(Safe::of("it was run again meanwhile")),
        Change::Cancel { .. } => match &run.conclusion {
            Some(Conclusion::Cancelled) => Verdict::Seen,
            Some(other) => Verdict::Lost(safe!("it ended before that: {}", Safe::line(other.as_str()))),
            None => Verdict::Waiting(Safe::of("conclusion cancelled")),
        },
        _ => Verdict::Lost(Safe::of("a run knows no such action")),
    }
}

/// What the dialog says before. Nothing in it counts time: what changes by itself would arm it anew.
pub(super) fn words(state: &State, action: &Action, change: &Change, words: &mut Words) {
    let Some(run) = state.world.runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    let branch = run.branch.clone().unwrap_or_else(|| Safe::of("no branch"));
    words.line("commit", safe!("{} on {}  {}", run.sha.columns(0..7), branch, run.title));
    let jobs = runs::current_jobs(state, run);
    match change {
        Change::RerunFailed { attempt } => rerun(run, *attempt, jobs.map(AsRef::as_ref), words),
        _ => cancel(run, jobs.map(AsRef::as_ref), words),
    }
}

fn rerun(run: &Run, attempt: u32, jobs: Option<&Jobs>, words: &mut Words) {
    let next = attempt.saturating_add(1);
    let how = run.conclusion.as_ref().map_or_else(|| Safe::of("unknown"), |how| Safe::line(how.as_str()));
    words.summary = safe!("attempt {} → {}", attempt, next);
    words.expects = safe!("attempt {}", next);
    words.line("from", safe!("attempt {}, {}", attempt, how));
    words.line("to", safe!("attempt {} of the same run, on the same commit", next));
    let Some(jobs) = jobs else {
        words.line("this will", Safe::of("run the failed jobs again, and those that depend on them"));
        words.line("which", Safe::of("unknown: the jobs of this attempt have not been read"));
        return rerun_not(words, None);
    };
    let again = |how: &Conclusion| how.is_bad() || *how == Conclusion::Cancelled;
    let failed: Vec<&Safe> = with(jobs, again);
    let skipped = runs::skipped(jobs);
    let mut will = vec![safe!("run {} again: {}", plural(failed.len() as u64, "job", "jobs"), listed(&failed))];
    will.push(match skipped {
        0 => Safe::of("and those that depend on them; none was skipped"),
        count => safe!("and those that depend on them: {} skipped", plural(count as u64, "job was", "jobs were")),
    });
    words.lines("this will", will);
    rerun_not(words, Some(with(jobs, |how| *how == Conclusion::Success).len()));
}

fn rerun_not(words: &mut Words, passed: Option<usize>) {
    let not = match passed {
        Some(0) | None => Safe::of("run a job again that passed,"),
        Some(passed) => safe!("run the {} again that passed,", plural(passed as u64, "job", "jobs")),
    };
    words.lines("it will not", vec![not, Safe::of("or take a newer commit or workflow file")]);
    words.line("undo", Safe::of("cancel ends the new attempt; what its jobs did until then stays done"));
}

fn cancel(run: &Run, jobs: Option<&Jobs>, words: &mut Words) {
    let status = match &run.status {
        RunStatus::InProgress => Safe::of("running"),
        other => Safe::line(other.as_str()),
    };
    words.summary = safe!("{} → cancelled", status);
    words.expects = Safe::of("conclusion cancelled");
    words.line("from", safe!("attempt {}, {}", run.attempt, status));
    words.line("to", safe!("attempt {}, cancelled", run.attempt));
    let mut will = Vec::new();
    match jobs {
        None => will.push(Safe::of("cancel its jobs; which, is unknown: they have not been read")),
        Some(jobs) => {
            let of = |wanted: fn(&RunStatus) -> bool| -> Vec<&Safe> {
                jobs.jobs.iter().filter(|job| wanted(&job.status)).map(|job| job.id.name.safe()).collect()
            };
            let running = of(|status| *status == RunStatus::InProgress);
            let waiting = of(|status| !matches!(status, RunStatus::InProgress | RunStatus::Completed));
            if !running.is_empty() {
                will.push(safe!("stop what runs: {}", listed(&running)));
            }
            if !waiting.is_empty() {
                will.push(safe!("drop what has not begun: {}", listed(&waiting)));
            }
            if running.is_empty() && waiting.is_empty() {
                will.push(Safe::of("cancel it: none of its jobs runs now"));
            }
        }
    }
    words.lines("this will", will);
    words.lines(
        "it will not",
        vec![
            Safe::of("stop jobs and steps with always(): they run to their end,"),
            Safe::of("or take back what finished jobs have done"),
        ],
    );
    words.line("undo", safe!("rerun runs the cancelled jobs again, as attempt {}", run.attempt.saturating_add(1)));
}

fn with(jobs: &Jobs, wanted: impl Fn(&Conclusion) -> bool) -> Vec<&Safe> {
    let ended = jobs.jobs.iter().filter(|job| job.conclusion.as_ref().is_some_and(&wanted));
    ended.map(|job| job.id.name.safe()).collect()
}

/// `unit (3.11), unit (3.12), +4`.
fn listed(names: &[&Safe]) -> Safe {
    let first = Safe::join(names.iter().take(MOST).copied(), ", ");
    match names.len().saturating_sub(MOST) {
        0 => first,
        more => safe!("{}, +{}", first, more),
    }
}
