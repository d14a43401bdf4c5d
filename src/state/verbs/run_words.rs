//! What the dialog says before a run is rerun or cancelled. What has not been read is said to be unknown.

use super::preview::Words;
use crate::action::{Action, Change};
use crate::model::Uid;
use crate::model::pipelines::{Conclusion, Jobs, Run, RunStatus};
use crate::safe;
use crate::state::{State, runs};
use crate::text::{Safe, plural};

/// Names of jobs in one line of a dialog.
const MOST: usize = 6;
/// The way back from a rerun.
const UNDO: &str = "cancel ends the new attempt; what its jobs did until then stays done";

/// What the dialog says before. Nothing in it counts time: what changes by itself would arm it anew.
pub(super) fn words(state: &State, action: &Action, change: &Change, words: &mut Words) {
    let Some(run) = state.world.runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    let branch =
        run.branch.as_ref().map_or(Safe::of("no branch"), |branch| branch.safe().middle(super::preview::BRANCH));
    words.line("commit", safe!("{} on {}  {}", run.sha.columns(0..7), branch, run.title.middle(super::preview::TITLE)));
    let jobs = runs::current_jobs(state, run);
    match change {
        Change::RerunFailed { attempt, .. } => {
            next_attempt(run, *attempt, words);
            rerun_failed(jobs.map(AsRef::as_ref), words);
        }
        Change::RerunAll { attempt, .. } => {
            next_attempt(run, *attempt, words);
            rerun_all(jobs.map(AsRef::as_ref), words);
        }
        Change::RerunJob { attempt, job, name, .. } => {
            next_attempt(run, *attempt, words);
            rerun_job(jobs.map(AsRef::as_ref), job, name.safe(), words);
        }
        Change::ForceCancel { .. } => force_cancel(run, jobs.map(AsRef::as_ref), words),
        _ => cancel(run, jobs.map(AsRef::as_ref), words),
    }
    if let Some(debug) = change.debug() {
        words.line("debug logs", Safe::of(if debug { "on: runner and steps write all they do" } else { "off" }));
    }
}

fn next_attempt(run: &Run, attempt: u32, words: &mut Words) {
    let next = attempt.saturating_add(1);
    let how = run.conclusion.as_ref().map_or_else(|| Safe::of("unknown"), |how| Safe::line(how.as_str()));
    words.summary = safe!("attempt {} → {}", attempt, next);
    words.expects = safe!("attempt {}", next);
    words.line("from", safe!("attempt {}, {}", attempt, how));
    words.line("to", safe!("attempt {} of the same run, on the same commit", next));
}

fn rerun_all(jobs: Option<&Jobs>, words: &mut Words) {
    let will = match jobs {
        Some(jobs) => {
            let names: Vec<&Safe> = jobs.jobs.iter().map(|job| job.id.name.safe()).collect();
            safe!("run all {} again: {}", plural(names.len() as u64, "job", "jobs"), listed(&names))
        }
        None => Safe::of("run all its jobs again; which, is unknown: they have not been read"),
    };
    words
        .lines("this will", vec![will, Safe::of("also those that passed: what they pushed or deployed is done again")]);
    words.line("it will not", Safe::of("take a newer commit or workflow file"));
    words.line("undo", Safe::of(UNDO));
}

fn rerun_job(jobs: Option<&Jobs>, job: &Uid, name: &Safe, words: &mut Words) {
    let found = jobs.and_then(|jobs| jobs.jobs.iter().find(|one| one.id.uid == *job));
    let how = match found.map(|job| (&job.conclusion, &job.status)) {
        Some((Some(how), _)) => Safe::line(how.as_str()),
        Some((None, status)) => Safe::line(status.as_str()),
        None => Safe::of("unknown"),
    };
    words.lines(
        "this will",
        vec![
            safe!("run {} again (now {}),", name, how),
            Safe::of("and those that depend on it: GitHub does not say which"),
        ],
    );
    words.lines(
        "it will not",
        vec![
            Safe::of("run the others again, failed ones included,"),
            Safe::of("or take a newer commit or workflow file"),
        ],
    );
    words.line("undo", Safe::of(UNDO));
}

/// After a cancel that was taken and did not end it.
fn force_cancel(run: &Run, jobs: Option<&Jobs>, words: &mut Words) {
    words.summary = safe!("{} → cancelled by force", going(run));
    words.expects = Safe::of("conclusion cancelled");
    words.line("from", safe!("attempt {}, {}: it goes on although its cancel was accepted", run.attempt, going(run)));
    words.line("to", safe!("attempt {}, cancelled", run.attempt));
    let mut will = vec![Safe::of("end it without regard to always(): clean-up that still runs is cut off")];
    if let Some(jobs) = jobs {
        let left = jobs.jobs.iter().filter(|job| job.status != RunStatus::Completed);
        let left: Vec<&Safe> = left.map(|job| job.id.name.safe()).collect();
        if !left.is_empty() {
            will.push(safe!("that is: {}", listed(&left)));
        }
    }
    words.lines("this will", will);
    words.line("it will not", Safe::of("take back what was done, or release what a cut-off job holds"));
    words.line("undo", safe!("rerun runs the cancelled jobs again, as attempt {}", run.attempt.saturating_add(1)));
}

fn going(run: &Run) -> Safe {
    match &run.status {
        RunStatus::InProgress => Safe::of("running"),
        other => Safe::line(other.as_str()),
    }
}

fn rerun_failed(jobs: Option<&Jobs>, words: &mut Words) {
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
    words.line("undo", Safe::of(UNDO));
}

fn cancel(run: &Run, jobs: Option<&Jobs>, words: &mut Words) {
    let status = going(run);
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
