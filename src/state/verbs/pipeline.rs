//! What can be asked of a RustCI server (apis.md §11): trigger a pipeline, cancel an execution, create a
//! pipeline from a file. The server takes no guard with any of them, and a trigger that came twice would
//! run twice: what the dialog showed is compared again before the send.

use std::sync::Arc;

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation, PipelineFile};
use crate::command::Command;
use crate::model::pipelines::{CiPipeline, Conclusion, Run, RunStatus};
use crate::model::source::SourceScope;
use crate::model::{Kind, Name, ObjectId, SystemId, Uid};
use crate::safe;
use crate::state::ui::RowId;
use crate::state::{State, lists, runs};
use crate::text::{Safe, plural};

/// Names in one line of a dialog.
const MOST: usize = 8;

/// The change a command means for this execution or pipeline now, or why there is none.
pub(super) fn change(state: &State, command: Command, target: &ObjectId) -> Result<Change, Safe> {
    match (command, target.kind) {
        (Command::TriggerPipeline, Kind::CiPipeline) => {
            state.world.details.pipeline(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
            Ok(Change::Trigger { last: newest(state, target).map(|run| run.meta.uid.clone()) })
        }
        (Command::CancelRun, Kind::Execution) => {
            let run = state.world.runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
            match &run.conclusion {
                _ if run.is_active() => Ok(Change::Cancel { attempt: run.attempt }),
                Some(Conclusion::Cancelled) if still_runs(state, run) => {
                    Err(Safe::of("it is cancelled; its task runs on, and RustCI cannot stop it"))
                }
                Some(how) => Err(safe!("it has ended: {}", Safe::line(how.as_str()))),
                None => Err(Safe::of("it has ended")),
            }
        }
        (Command::RerunFailed, Kind::Execution) => {
            Err(Safe::of("RustCI runs no part of an execution again: trigger its pipeline"))
        }
        (_, Kind::Execution) => Err(Safe::of("an execution can be cancelled, its pipeline triggered, nothing else")),
        _ => Err(Safe::of("a pipeline can be triggered, nothing else")),
    }
}

/// The action that uploads this file, or why it cannot be.
pub fn create(state: &State, file: Arc<PipelineFile>) -> Result<Action, Safe> {
    let server = server(state)?;
    let named = |row: &&CiPipeline| row.id.cluster == server.id && Some(&row.id.name) == file.pipeline.as_ref();
    let before = u32::try_from(state.world.details.pipelines().filter(named).count()).unwrap_or(u32::MAX);
    let target = ObjectId {
        cluster: server.id,
        kind: Kind::CiPipeline,
        namespace: Name::new(""),
        name: file.pipeline.clone().unwrap_or_else(|| file.name.clone()),
        // It has none yet; the file stands for it.
        uid: Uid::new(server.id, &format!("file {}", file.name.raw())),
    };
    super::offer::may_act(state, Command::CreatePipeline, &target)?;
    Ok(Action { target, change: Change::CreatePipeline { file, before } })
}

/// The server that is meant: the only one, else that of the execution looked at.
fn server(state: &State) -> Result<&SourceScope, Safe> {
    let all = || state.world.of_system(SystemId::RustCi);
    let first = all().next().ok_or_else(no_server)?;
    if all().count() == 1 {
        return Ok(first);
    }
    let looked_at = looked_at(state).and_then(|id| all().find(|server| server.id == id.cluster));
    looked_at.ok_or_else(|| {
        let names: Vec<&Safe> = all().map(|server| server.name.safe()).collect();
        safe!(
            "several RustCI servers are configured ({}): select an execution of the one you mean",
            Safe::join(names, ", ")
        )
    })
}

/// The execution that is highlighted, or whose page this is.
fn looked_at(state: &State) -> Option<ObjectId> {
    match lists::selected(state, &state.ui.list_id()) {
        Some(RowId::Object(id) | RowId::Waiting(_, id)) if id.kind == Kind::Execution => Some(id),
        _ => super::target(state).filter(|id| id.kind == Kind::Execution),
    }
}

/// Why nothing can be triggered or created here.
pub fn no_server() -> Safe {
    Safe::of("no RustCI server is configured: name one in sources.rustci.url")
}

/// The pipeline that this text names: whole, or by the beginning of its id.
pub fn named(state: &State, text: &str) -> Result<ObjectId, Safe> {
    let text = text.trim();
    let all = || state.world.details.pipelines();
    if state.world.of_system(SystemId::RustCi).next().is_none() {
        return Err(no_server());
    }
    let by_name: Vec<&CiPipeline> = all().filter(|row| row.id.name.raw() == text).collect();
    // Of two servers' pipelines of one name that of the server looked at, else `server/name`.
    let by_name = match looked_at(state).filter(|_| by_name.len() > 1) {
        Some(id) if by_name.iter().filter(|row| row.id.cluster == id.cluster).count() == 1 => {
            by_name.into_iter().filter(|row| row.id.cluster == id.cluster).collect()
        }
        _ if by_name.is_empty() => all().filter(|row| full(state, row).as_str() == text).collect(),
        _ => by_name,
    };
    let by_id = || all().filter(|row| text.len() >= 4 && row.id.uid.raw().starts_with(text)).collect();
    let found: Vec<&CiPipeline> = if by_name.is_empty() { by_id() } else { by_name };
    match found[..] {
        [one] => Ok(one.id.clone()),
        [] => {
            let names = Safe::join(all().take(MOST).map(|row| row.id.name.safe()), ", ");
            let count = all().count();
            Err(match count {
                0 => Safe::of("the server has no pipelines, or they have not been read yet"),
                _ if count > MOST => {
                    safe!("no pipeline is called {}; there are {}, +{}", Safe::line(text), names, count - MOST)
                }
                _ => safe!("no pipeline is called {}; there are {}", Safe::line(text), names),
            })
        }
        [first, ..] => {
            if found.iter().any(|row| row.id.cluster != first.id.cluster) {
                let names: Vec<Safe> = found.iter().map(|row| full(state, row)).collect();
                return Err(safe!(
                    "several servers have a pipeline {}: type {}",
                    first.id.name,
                    Safe::join(&names, " or ")
                ));
            }
            let ids = Safe::join(found.iter().map(|row| short(&row.id)).collect::<Vec<_>>().iter(), ", ");
            Err(safe!("{} pipelines are called {}: type the beginning of an id: {}", found.len(), first.id.name, ids))
        }
    }
}

/// The pipeline that is likely meant: that of the execution looked at, else the one created last.
#[must_use]
pub fn likely(state: &State) -> Option<Name> {
    let of_run = looked_at(state).and_then(|id| {
        let run = state.world.runs.get(&id.uid)?;
        let pipeline = Uid::new(run.meta.cluster, run.path.raw());
        Some(state.world.details.pipeline(&pipeline)?.id.name.clone())
    });
    of_run.or_else(|| state.world.details.pipelines().max_by_key(|row| row.created).map(|row| row.id.name.clone()))
}

/// `readers/nightly-schema`.
fn full(state: &State, row: &CiPipeline) -> Safe {
    let server = state.world.source(row.id.cluster).map_or_else(Safe::default, |server| server.name.safe().clone());
    safe!("{}/{}", server, row.id.name)
}

fn short(id: &ObjectId) -> Safe {
    Safe::identity(id.uid.raw()).columns(0..8)
}

/// The newest execution of a pipeline.
pub(super) fn newest<'a>(state: &'a State, pipeline: &ObjectId) -> Option<&'a Run> {
    let rows = state.world.runs.rows().iter().map(AsRef::as_ref);
    CiPipeline::newest(rows.filter(|run: &&Run| is_of(run, pipeline)))
}

fn is_of(run: &Run, pipeline: &ObjectId) -> bool {
    run.kind == Kind::Execution && run.meta.cluster == pipeline.cluster && run.path.raw() == pipeline.uid.raw()
}

/// A stage of it runs, whatever the execution says.
fn still_runs(state: &State, run: &Run) -> bool {
    runs::jobs(state, &run.meta.uid).is_some_and(|jobs| jobs.jobs.iter().any(|job| job.status == RunStatus::InProgress))
}

/// Whether the server shows what the operation wanted.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    let made = operation.made.as_ref().map(|id| Uid::new(target.cluster, id.raw()));
    match (&operation.action.change, made) {
        (Change::Trigger { .. } | Change::Dispatch { .. }, Some(id)) => match state.world.runs.get(&id) {
            Some(_) => Verdict::Seen,
            None => Verdict::Waiting(safe!("execution {} in the list", Safe::identity(id.raw()).columns(0..8))),
        },
        (Change::Trigger { last } | Change::Dispatch { last, .. }, None) => match newest(state, target) {
            Some(run) if Some(&run.meta.uid) != last.as_ref() => Verdict::Seen,
            _ => Verdict::Waiting(Safe::of("a newer execution in the list")),
        },
        (Change::CreatePipeline { .. }, Some(id)) => match state.world.details.pipeline(&id) {
            Some(_) => Verdict::Seen,
            None => Verdict::Waiting(Safe::of("it in the list of pipelines")),
        },
        (Change::CreatePipeline { file, before }, None) => {
            let rows = state.world.details.pipelines().filter(|row| row.id.cluster == target.cluster);
            let count = rows.filter(|row| Some(&row.id.name) == file.pipeline.as_ref()).count();
            if count > *before as usize { Verdict::Seen } else { Verdict::Waiting(Safe::of("one more of its name")) }
        }
        (Change::Cancel { .. }, _) => cancelled(state, operation),
        _ => Verdict::Lost(Safe::of("RustCI knows no such action")),
    }
}

/// The server only writes the word; its task runs on and may write another one over it.
fn cancelled(state: &State, operation: &Operation) -> Verdict {
    let Some(run) = state.world.runs.get(&operation.action.target.uid) else {
        return Verdict::Waiting(Safe::of("the execution to be listed again"));
    };
    let seen_before = state.ui.once.contains_key(&operation.id);
    match &run.conclusion {
        Some(Conclusion::Cancelled) => match run.updated {
            Some(finished) => Verdict::Once(finished),
            None => Verdict::Waiting(Safe::of("the time of its end")),
        },
        Some(other) if seen_before => {
            Verdict::Lost(safe!("it was cancelled, and its task went on to its end: {}", Safe::line(other.as_str())))
        }
        Some(other) => Verdict::Lost(safe!("it ended with {} all the same", Safe::line(other.as_str()))),
        None => Verdict::Waiting(Safe::of("status cancelled")),
    }
}

/// What the dialog says before.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    match &action.change {
        Change::Trigger { .. } => trigger(state, action, words),
        Change::CreatePipeline { file, before } => upload(file, *before, words),
        _ => cancel(state, action, words),
    }
}

fn trigger(state: &State, action: &Action, words: &mut Words) {
    let newest = newest(state, &action.target);
    words.summary = Safe::of("a new execution of all its stages");
    words.expects = Safe::of("the new execution in the list");
    let said = newest.map(|run| {
        let how = run.conclusion.as_ref().map_or(run.status.as_str(), Conclusion::as_str);
        safe!("{}, {}", run.meta.name, Safe::line(how))
    });
    words.line("newest", said.unwrap_or_else(|| Safe::of("it has never run")));
    let stages = newest.and_then(|run| runs::jobs(state, &run.meta.uid));
    let mut will = vec![Safe::of("start it as by hand (trigger_type manual), with no branch and no commit named")];
    if let Some(jobs) = stages {
        will.push(safe!(
            "run {} as it did last: {}",
            plural(jobs.jobs.len() as u64, "stage", "stages"),
            listed(jobs.jobs.iter().map(|job| job.id.name.safe()))
        ));
    }
    will.push(Safe::of("set QUARTERDECK_OPERATION in its environment, by which it is found if no answer comes"));
    words.lines("this will", will);
    let mut not = vec![Safe::of("be sent twice: each trigger that arrives runs once more")];
    if newest.is_some_and(Run::is_active) {
        not.insert(0, Safe::of("wait for the execution that runs now: both run side by side"));
    }
    words.lines("it will not", not);
    words.line("undo", Safe::of("cancel marks it as cancelled; what its steps did until then stays done"));
}

fn cancel(state: &State, action: &Action, words: &mut Words) {
    let Some(run) = state.world.runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    let status =
        if run.status == RunStatus::InProgress { Safe::of("running") } else { Safe::line(run.status.as_str()) };
    words.summary = safe!("{} → cancelled", status);
    words.expects = Safe::of("status cancelled in two readings");
    words.line("from", status);
    words.line("to", Safe::of("cancelled"));
    words.line("this will", Safe::of("write cancelled as its status"));
    let running: Vec<Safe> = runs::jobs(state, &run.meta.uid)
        .into_iter()
        .flat_map(|jobs| &jobs.jobs)
        .filter(|job| job.status == RunStatus::InProgress)
        .map(|job| job.id.name.safe().clone())
        .collect();
    let task = if running.is_empty() {
        Safe::of("stop the task behind it: RustCI lets it run on to its end,")
    } else {
        safe!("stop what runs ({}): RustCI lets its task run on to its end,", listed(running.iter()))
    };
    words.lines(
        "it will not",
        vec![
            task,
            Safe::of("and then the task may write success or failed over it"),
            Safe::of("take back what its steps have done"),
        ],
    );
    words.line("undo", Safe::of("none; trigger runs the pipeline again from its first stage"));
}

fn upload(file: &PipelineFile, before: u32, words: &mut Words) {
    let named = file.pipeline.as_ref().map_or_else(|| Safe::of("no name found in it"), |name| name.safe().clone());
    words.summary = safe!("{} → a pipeline on the server", file.name);
    words.expects = Safe::of("it in the list of pipelines");
    words.line("file", safe!("{}, {}", file.path, plural(file.bytes, "byte", "bytes")));
    words.line("name", named);
    words.line(
        "stages",
        match &file.stages[..] {
            [] => Safe::of("none found in it; the server says what is wrong"),
            stages => listed(stages.iter()),
        },
    );
    words.line("this will", Safe::of("upload the file as it was read now, and store its pipeline"));
    let not = match before {
        0 => Safe::of("run it: trigger does"),
        1 => Safe::of("replace the pipeline of that name: there will be two; or run it: trigger does"),
        count => safe!("replace one of the {} pipelines of that name; or run it: trigger does", i64::from(count)),
    };
    words.line("it will not", not);
    words.line("undo", Safe::of("none from here: RustCI deletes no pipeline"));
}

/// `build, test, +4`.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a Safe>) -> Safe {
    let count = names.len();
    let first = Safe::join(names.take(MOST), ", ");
    if count > MOST { safe!("{}, +{}", first, count - MOST) } else { first }
}
