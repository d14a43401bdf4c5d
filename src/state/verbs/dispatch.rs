//! Starting a workflow by hand: for which one, what the dialog says before, what proves it afterwards.

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Operation};
use crate::command::Command;
use crate::model::pipelines::Run;
use crate::model::workflows::Dispatchable;
use crate::model::{Kind, Name, ObjectId, Uid};
use crate::safe;
use crate::state::State;
use crate::state::form::Form;
use crate::text::Safe;

/// As GitHub names what began so.
const EVENT: &str = "workflow_dispatch";
/// Inputs with a line of their own.
const LINES: usize = 5;

/// The form for the workflow of the run that is looked at.
pub fn form(state: &State) -> Result<Form, Safe> {
    if let Some(why) = &state.read_only {
        return Err(safe!("read-only: {}", why));
    }
    let id = super::target(state).filter(|id| id.kind == Kind::Run);
    let id = id.ok_or_else(|| Safe::of("select a run of GitHub first: it is its workflow that is started"))?;
    let run = state.world.runs.get(&id.uid).ok_or_else(|| Safe::of("it is gone"))?;
    let path = file_of(run);
    if path.is_empty() {
        return Err(Safe::of("GitHub does not say which file the run is of"));
    }
    let target = ObjectId {
        cluster: run.meta.cluster,
        kind: Kind::Workflow,
        namespace: run.repository().clone(),
        name: Name::new(run.workflow.as_str()),
        uid: Uid::new(run.meta.cluster, &format!("{} {path}", run.repository().raw())),
    };
    super::offer::may_act(state, Command::DispatchWorkflow, &target)?;
    let branch = run.branch.as_ref().map_or("", Safe::as_str);
    Ok(Form::new(target, Name::new(path), Name::new(branch)))
}

/// `path` may name a branch behind the file.
fn file_of(run: &Run) -> &str {
    let path = run.path.as_str();
    path.split_once('@').map_or(path, |(path, _)| path)
}

/// What was filled in, as an action.
pub fn action(state: &State, form: &Form, workflow: &Dispatchable) -> Result<Action, Safe> {
    if let Some((_, why)) = form.problem() {
        return Err(why);
    }
    super::offer::may_act(state, Command::DispatchWorkflow, &form.target)?;
    let change = Change::Dispatch {
        path: form.path.clone(),
        reference: form.reference.clone(),
        sha: workflow.sha.clone(),
        inputs: form.inputs(),
        environment: form.environment(),
        last: newest(state, &form.target, form.path.raw()),
    };
    Ok(Action { target: form.target.clone(), change })
}

/// The same action as things stand now.
pub(super) fn again(state: &State, action: &Action) -> Result<Action, Safe> {
    super::offer::may_act(state, Command::DispatchWorkflow, &action.target)?;
    let mut action = action.clone();
    if let Change::Dispatch { path, last, .. } = &mut action.change {
        *last = newest(state, &action.target, path.raw());
    }
    Ok(action)
}

/// Runs of this workflow that somebody started by hand.
fn by_hand<'a>(state: &'a State, target: &'a ObjectId, path: &'a str) -> impl Iterator<Item = &'a Run> {
    let rows = state.world.runs.rows().iter().map(AsRef::as_ref);
    rows.filter(move |run: &&Run| {
        run.kind == Kind::Run
            && run.meta.cluster == target.cluster
            && *run.repository() == target.namespace
            && run.event.as_str() == EVENT
            && file_of(run) == path
    })
}

/// GitHub's ids rise.
fn number(uid: &Uid) -> u64 {
    uid.raw().parse().unwrap_or(0)
}

fn newest(state: &State, target: &ObjectId, path: &str) -> Option<Uid> {
    by_hand(state, target, path).map(|run| &run.meta.uid).max_by_key(|uid| number(uid)).cloned()
}

/// Whether the run that was asked for is in the list.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let target = &operation.action.target;
    let Change::Dispatch { path, reference, last, .. } = &operation.action.change else {
        return Verdict::Lost(Safe::of("a workflow can be started, nothing else"));
    };
    if let Some(id) = &operation.made {
        return match state.world.runs.get(&Uid::new(target.cluster, id.raw())) {
            Some(_) => Verdict::Seen,
            None => Verdict::Waiting(safe!("run {} in the list", id)),
        };
    }
    let last = last.as_ref().map_or(0, number);
    let newer = |run: &Run| {
        number(&run.meta.uid) > last && run.branch.as_ref().is_some_and(|branch| branch.as_str() == reference.raw())
    };
    if by_hand(state, target, path.raw()).any(newer) {
        Verdict::Seen
    } else {
        Verdict::Waiting(Safe::of("a newer run of it in the list"))
    }
}

/// What the dialog says before.
pub(super) fn words(action: &Action, words: &mut Words) {
    let Change::Dispatch { path, reference, inputs, .. } = &action.change else { return };
    words.summary = safe!("a new run at {}", reference);
    words.expects = Safe::of("the new run in the list");
    words.line("workflow", path.safe().clone());
    words.line("ref", reference.safe().clone());
    let pair = |(name, value): &(Name, Name)| match value.raw() {
        "" => safe!("{}: (empty)", name),
        _ => safe!("{}: {}", name, value),
    };
    let all: Vec<Safe> = inputs.iter().map(pair).collect();
    match all.len() {
        0 => words.line("inputs", Safe::of("none")),
        1..=LINES => words.lines("inputs", all),
        _ => words.line("inputs", Safe::join(all.iter(), " · ")),
    }
    words.line("this will", safe!("start the workflow on the newest commit of {}, in your name", reference));
    words.lines(
        "it will not",
        vec![
            Safe::of("be sent twice: each request that arrives is a run of its own"),
            Safe::of("begin if the workflow's file has changed since the form was read"),
        ],
    );
    words.line("undo", Safe::of("cancel ends the run; what its jobs did until then stays done"));
}
