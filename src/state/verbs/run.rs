//! What can be asked of a workflow run (apis.md §6.4): rerun its failed jobs, cancel it.

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::ObjectId;
use crate::model::pipelines::{Conclusion, Run};
use crate::safe;
use crate::state::State;
use crate::text::Safe;

/// The change a command means for this run now, or why there is none.
pub(super) fn change(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    let run = state.world.runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    match command {
        Command::RerunFailed if run.is_active() => Err(Safe::of("it has not ended yet; cancel it first, or wait")),
        Command::RerunFailed if !failed(run) => Err(Safe::of("no job of it has failed")),
        Command::RerunFailed => Ok(Change::RerunFailed { attempt: run.attempt }),
        Command::CancelRun if !run.is_active() => Err(Safe::of("it has ended")),
        Command::CancelRun => Ok(Change::Cancel { attempt: run.attempt }),
        _ => Err(Safe::of("a run can be rerun or cancelled")),
    }
}

/// GitHub reruns what failed, was cancelled or timed out.
fn failed(run: &Run) -> bool {
    run.conclusion.as_ref().is_some_and(|how| how.is_bad() || *how == Conclusion::Cancelled)
}

/// Whether the run shows what the operation wanted.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let Some(run) = state.world.runs.get(&operation.action.target.uid) else {
        return Verdict::Waiting(Safe::of("the run to be listed again"));
    };
    match &operation.action.change {
        Change::RerunFailed { attempt } if run.attempt > *attempt => Verdict::Seen,
        Change::RerunFailed { attempt } => Verdict::Waiting(safe!("attempt {}", *attempt + 1)),
        Change::Cancel { attempt } if run.attempt != *attempt => Verdict::Lost(Safe::of("it was run again meanwhile")),
        Change::Cancel { .. } => match &run.conclusion {
            Some(Conclusion::Cancelled) => Verdict::Seen,
            Some(other) => Verdict::Lost(safe!("it ended by itself: {}", Safe::line(other.as_str()))),
            None => Verdict::Waiting(Safe::of("conclusion cancelled")),
        },
        _ => Verdict::Lost(Safe::of("a run knows no such action")),
    }
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, change: &Change, words: &mut Words) {
    let Some(run) = state.world.runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    words.line("commit", safe!("{}  {}", run.sha.truncate(12), run.title));
    match change {
        Change::RerunFailed { attempt } => {
            words.summary = safe!("failed jobs run again as attempt {}", *attempt + 1);
            words.expects = safe!("attempt {}", *attempt + 1);
            words.line(
                "this will",
                Safe::of("run the failed jobs and those that depend on them again, on the same commit"),
            );
            words.line("it will not", Safe::of("run the jobs again that passed"));
        }
        _ => {
            words.summary = safe!("{} is cancelled", run.workflow);
            words.expects = Safe::of("conclusion cancelled");
            words.line("this will", Safe::of("cancel its jobs; those with always() go on"));
            words.line("undo", Safe::of("rerun it"));
        }
    }
}
