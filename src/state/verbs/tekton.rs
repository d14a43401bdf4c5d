//! What can be asked of a PipelineRun (apis.md §5): to end, in three ways, or to be made anew.

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, CancelHow, Change, Operation};
use crate::command::Command;
use crate::model::pipelines::{Conclusion, RunStatus};
use crate::model::tekton::PipelineRun;
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::state::{State, runs};
use crate::text::Safe;

/// The change a command means for this run now, or why there is none.
pub(super) fn change(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    let run = state.world.pipeline_runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    let how = match command {
        Command::CancelRun => CancelHow::Cancelled,
        Command::CancelFinally => CancelHow::CancelledRunFinally,
        Command::StopFinally => CancelHow::StoppedRunFinally,
        Command::RerunFailed if !run.ended => {
            return Err(Safe::of("it has not ended yet: wait for it, or cancel it first"));
        }
        // Tekton runs no part of a run again; what it has is a new run of the same spec.
        Command::RerunFailed => return Ok(Change::RunAgain),
        _ => return Err(Safe::of("a PipelineRun can be cancelled or run again, nothing else")),
    };
    if run.ended {
        return Err(safe!("it has ended: {}", run.reason));
    }
    if run.asked.as_str() == how.as_str() {
        return Err(safe!("it is already asked for {}", run.asked));
    }
    Ok(Change::CancelRun { how })
}

/// The same for a TaskRun of its own.
pub(super) fn change_of_lone(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    let task = state.world.task_runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    let ended = task.now.status == RunStatus::Completed;
    match command {
        Command::CancelRun if ended => Err(safe!("it has ended: {}", task.now.reason)),
        Command::CancelRun if !task.asked.is_empty() => Err(safe!("it is already asked for {}", task.asked)),
        Command::CancelRun => Ok(Change::CancelRun { how: CancelHow::Cancelled }),
        Command::CancelFinally | Command::StopFinally => {
            Err(Safe::of("a TaskRun of its own has no finally tasks: cancel it"))
        }
        Command::RerunFailed if !ended => Err(Safe::of("it has not ended yet: wait for it, or cancel it first")),
        Command::RerunFailed => Ok(Change::RunAgain),
        _ => Err(Safe::of("a TaskRun can be cancelled or run again, nothing else")),
    }
}

/// Whether the world shows what the operation wanted.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    if matches!(operation.action.change, Change::RunAgain) {
        let Some(made) = &operation.made else { return Verdict::Waiting(Safe::of("the new run to be listed")) };
        let listed = state.world.runs.rows().iter().any(|row| {
            let meta = &row.meta;
            row.kind == target.kind
                && meta.cluster == target.cluster
                && meta.namespace == target.namespace
                && meta.name == *made
        });
        return if listed { Verdict::Seen } else { Verdict::Waiting(safe!("{} to be listed", made)) };
    }
    if target.kind == Kind::LoneTaskRun {
        return lone_shows(state, target);
    }
    let Some(run) = state.world.pipeline_runs.get(&target.uid) else {
        return Verdict::Lost(Safe::of("the PipelineRun was deleted meanwhile"));
    };
    match &run.run.conclusion {
        Some(Conclusion::Cancelled) => Verdict::Seen,
        Some(_) => Verdict::Lost(safe!("it ended otherwise: {}", run.reason)),
        None if !run.asked.is_empty() => Verdict::Waiting(safe!("reason Cancelled; it is {} now", run.reason)),
        None => Verdict::Waiting(Safe::of("reason Cancelled")),
    }
}

fn lone_shows(state: &State, target: &ObjectId) -> Verdict {
    let Some(task) = state.world.task_runs.get(&target.uid) else {
        return Verdict::Lost(Safe::of("the TaskRun was deleted meanwhile"));
    };
    match &task.now.conclusion {
        Some(Conclusion::Cancelled) => Verdict::Seen,
        Some(_) => Verdict::Lost(safe!("it ended otherwise: {}", task.now.reason)),
        None => Verdict::Waiting(Safe::of("reason TaskRunCancelled")),
    }
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    if action.target.kind == Kind::LoneTaskRun {
        return words_of_lone(state, action, words);
    }
    let Some(run) = state.world.pipeline_runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    match &action.change {
        Change::CancelRun { how } => cancel(state, run, *how, words),
        _ => again(run, words),
    }
}

fn words_of_lone(state: &State, action: &Action, words: &mut Words) {
    let Some(task) = state.world.task_runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    let now = if task.now.reason.is_empty() { Safe::of("not begun") } else { task.now.reason.clone() };
    words.line("from", now.clone());
    if action.change == Change::RunAgain {
        words.summary = safe!("a new run like {}", task.meta.name);
        words.expects = Safe::of("the new run in the list");
        words.line("to", Safe::of("a new TaskRun; the server makes its name"));
        words.line("this will", Safe::of("run all its steps from the start, with the same parameters"));
        words.line("undo", Safe::of("cancel ends the new run; what its steps did until then stays done"));
        return;
    }
    words.summary = safe!("{} → TaskRunCancelled", now);
    words.expects = Safe::of("reason TaskRunCancelled");
    words.line("to", Safe::of("spec.status TaskRunCancelled"));
    words.line("this will", Safe::of("stop its steps"));
    words.line("it will", Safe::of("delete its pod, and its log (unless keep-pod-on-cancel is set)"));
    words.line("undo", Safe::of("nothing takes it back; a new run of the same spec begins from the start"));
}

fn cancel(state: &State, run: &PipelineRun, how: CancelHow, words: &mut Words) {
    let now = if run.reason.is_empty() { Safe::of("not begun") } else { run.reason.clone() };
    words.summary = safe!("{} → {}", now, how.as_str());
    words.expects = Safe::of("reason Cancelled");
    words.line("from", now);
    words.line("to", safe!("spec.status {}", how.as_str()));
    let jobs = runs::jobs(state, &run.run.meta.uid);
    let of = |wanted: fn(&RunStatus) -> bool| -> Vec<&Safe> {
        let all = jobs.into_iter().flat_map(|jobs| &jobs.jobs).filter(|job| wanted(&job.status));
        all.map(|job| job.id.name.safe()).collect()
    };
    let running = of(|status| matches!(status, RunStatus::InProgress | RunStatus::Queued));
    let listed = if running.is_empty() { Safe::of("none runs now") } else { Safe::join(running, ", ") };
    let finally: Vec<&Safe> = run.tasks.iter().filter(|task| task.finally).map(|task| task.name.safe()).collect();
    let finally = if finally.is_empty() { Safe::of("it names none") } else { Safe::join(finally, ", ") };
    words.lines(
        "this will",
        match how {
            CancelHow::Cancelled => vec![safe!("stop the tasks that run: {}", listed), Safe::of("and start no other")],
            CancelHow::CancelledRunFinally => {
                vec![safe!("stop the tasks that run: {}", listed), safe!("then run its finally tasks: {}", finally)]
            }
            CancelHow::StoppedRunFinally => vec![
                safe!("let the tasks that run come to their end: {}", listed),
                safe!("start no other, then run its finally tasks: {}", finally),
            ],
        },
    );
    words.lines(
        "it will",
        vec![match how {
            CancelHow::StoppedRunFinally => Safe::of("keep the pods and their logs: nothing is stopped halfway"),
            _ => Safe::of("delete the pods of the tasks it stops, and their logs (unless keep-pod-on-cancel is set)"),
        }],
    );
    words.line(
        "it will not",
        match how {
            CancelHow::Cancelled => safe!("run its finally tasks: {}", finally),
            _ => Safe::of("take back what finished tasks have done"),
        },
    );
    words.line("undo", Safe::of("nothing takes it back; a new run of the same spec begins from the start"));
}

fn again(run: &PipelineRun, words: &mut Words) {
    words.summary = safe!("a new run like {}", run.run.meta.name);
    words.expects = Safe::of("the new run in the list");
    words.line("from", safe!("{}: {}", run.run.meta.name, run.words()));
    words.line("to", Safe::of("a new PipelineRun; the server makes its name"));
    let params = if run.params.is_empty() {
        Safe::of("without parameters")
    } else {
        safe!("with {}", crate::state::tekton::listed(&run.params))
    };
    words.lines("this will", vec![safe!("run all tasks of {} from the start", run.run.workflow), params]);
    words.lines(
        "it will not",
        vec![
            Safe::of("change the old run, or skip what passed in it;"),
            Safe::of("the pipeline is taken as it is now, also if it has changed since"),
        ],
    );
    words.line("undo", Safe::of("cancel ends the new run; what its tasks did until then stays done"));
}
