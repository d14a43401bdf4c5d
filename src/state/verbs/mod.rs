//! What can be asked of a workload now, and if not, why not (apis.md §1.6, §1.7); what the dialog
//! says before; what proves it afterwards. Read-only: [`crate::update`] acts on the answers.

mod application;
pub mod dispatch;
pub mod docker;
mod facts;
pub mod findings;
mod kept;
mod offer;
mod outcome;
pub mod pipeline;
mod preview;
mod release;
mod review;
pub mod revisions;
pub mod rollout;
mod run;
mod run_words;
mod tekton;
mod way;
pub mod workload;

use std::time::Duration;

use super::State;
use super::gates;
use super::lists;
use super::runs;
use super::ui::{Place, RowId};
use crate::action::{CancelHow, Change, Operation, Outcome, Verb};
use crate::command::{COMMANDS, Command, Row, Scope};
use crate::model::{Kind, ObjectId, SystemId, Uid};
use crate::safe;
use crate::text::Safe;

pub use offer::{Offer, available, available_to};
pub use outcome::{Verdict, expected, waits_for};
pub use preview::{ARMING, preview};
pub use way::named as way_named;

/// Where keys apply now, innermost first; `Global` comes last.
#[must_use]
pub fn scopes(state: &State) -> Vec<Scope> {
    use super::ui::Overlay;
    match &state.ui.overlay {
        Some(Overlay::Confirm(_)) => return vec![Scope::Confirm],
        Some(Overlay::Prompt { .. } | Overlay::Form(_)) => return vec![Scope::Global],
        Some(Overlay::Help { .. }) => return vec![Scope::List, Scope::Global],
        None => {}
    }
    scopes_of_place(state)
}

/// Where keys apply when nothing lies over the place: what the help is about.
#[must_use]
pub fn scopes_of_place(state: &State) -> Vec<Scope> {
    match &state.ui.place {
        Place::Deck => {
            vec![
                Scope::Deck,
                Scope::Environments,
                Scope::Workloads,
                Scope::Containers,
                Scope::Runs,
                Scope::List,
                Scope::Global,
            ]
        }
        Place::Environments | Place::Pods => {
            vec![Scope::Environments, Scope::Workloads, Scope::Containers, Scope::List, Scope::Global]
        }
        Place::Rollouts | Place::Workload(_) | Place::Rollout(_) => {
            vec![Scope::Workloads, Scope::Containers, Scope::List, Scope::Global]
        }
        Place::Pipelines | Place::Run(_) | Place::Runners | Place::Security(_) => {
            vec![Scope::Runs, Scope::List, Scope::Global]
        }
        Place::Images | Place::Image(_) => vec![Scope::Images, Scope::Runs, Scope::List, Scope::Global],
        Place::Containers => vec![Scope::Containers, Scope::List, Scope::Global],
        Place::Inbox => vec![Scope::Workloads, Scope::Runs, Scope::List, Scope::Global],
        Place::Applications | Place::Application(_) => {
            vec![Scope::Applications, Scope::Workloads, Scope::List, Scope::Global]
        }
        Place::Lane(_) => vec![Scope::Workloads, Scope::Runs, Scope::Applications, Scope::List, Scope::Global],
        Place::Releases | Place::Release(_) | Place::Analysis(_) => {
            vec![Scope::Workloads, Scope::List, Scope::Global]
        }
        Place::Slo | Place::Objective(_) | Place::Journal | Place::Pod(_) | Place::Access => {
            vec![Scope::List, Scope::Global]
        }
        // The log of a job is where its failure is read: what helps against it applies there too.
        Place::Log(id) if id.kind.is_job() => vec![Scope::Log, Scope::Runs, Scope::List, Scope::Global],
        Place::Log(id) if id.kind == Kind::Build => vec![Scope::Log, Scope::Images, Scope::List, Scope::Global],
        Place::Log(_) | Place::Sheet(..) => vec![Scope::Log, Scope::List, Scope::Global],
    }
}

/// What the help tells here: each scope with the commands of it that have a key.
#[must_use]
pub fn help(state: &State) -> Vec<(Scope, Vec<&'static Row>)> {
    let rows = |scope: Scope| -> Vec<&'static Row> {
        // Images are pulled where containers are listed.
        let away = state.ui.place != Place::Containers;
        let elsewhere = |row: &Row| match row.command {
            Command::ShowYaml | Command::Describe => state.ui.place.is_log(),
            Command::Logs => check(state, Command::Logs).is_err(),
            Command::PullImage => away,
            _ => false,
        };
        let bound = |row: &Row| !state.keymap.keys_of(row.command).is_empty();
        COMMANDS.iter().filter(|row| row.scope == scope && bound(row) && !elsewhere(row)).collect()
    };
    let scopes = scopes_of_place(state).into_iter().map(|scope| (scope, rows(scope)));
    scopes.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The Rollout, Deployment or run a verb would act on: the one highlighted, else the one whose page this is.
#[must_use]
pub fn target(state: &State) -> Option<ObjectId> {
    let of_job = |job: &Uid| -> Option<ObjectId> {
        let run = &state.world.details.job(job)?.run;
        Some(state.world.runs.get(run)?.id())
    };
    let highlighted = match lists::selected(state, &state.ui.list_id()) {
        Some(RowId::Object(id) | RowId::Waiting(_, id) | RowId::Gate(id, _)) => match id.kind {
            Kind::Rollout | Kind::Deployment | Kind::Container | Kind::Application | Kind::Release => Some(id),
            kind if kind.is_controlled() => Some(id),
            kind if kind.is_run() => Some(id),
            kind if kind.is_job() => of_job(&id.uid),
            _ => None,
        },
        Some(RowId::JobStep(job, _)) => of_job(&job),
        Some(RowId::Group(_)) => runs::chosen(state).map(|run| run.id()),
        Some(RowId::Station(_)) => match lists::selected_line(state, &state.ui.list_id()).map(|line| line.item) {
            Some(lists::Item::Station(row)) => row.opens.filter(|id| is_target(id.kind)),
            _ => None,
        },
        _ => None,
    };
    highlighted.or_else(|| match &state.ui.place {
        Place::Rollout(id)
        | Place::Workload(id)
        | Place::Run(id)
        | Place::Security(id)
        | Place::Application(id)
        | Place::Release(id) => Some(id.clone()),
        Place::Log(id) if id.kind.is_job() => of_job(&id.uid),
        _ => None,
    })
}

const fn is_target(kind: Kind) -> bool {
    kind.is_run() || matches!(kind, Kind::Rollout | Kind::Deployment | Kind::Application)
}

/// As [`target`]; marked rows of the Inbox come before the highlighted one.
#[must_use]
pub fn target_of(state: &State, command: Command) -> Option<ObjectId> {
    if command == Command::EndAnalysis
        && let Some(run) = rollout::analysis(state)
    {
        return Some(run);
    }
    let marked = matches!(command, Command::Approve | Command::Reject).then(|| gates::chosen(state)).flatten();
    marked.map(|(run, _)| run).or_else(|| target(state))
}

/// It asks for an action.
#[must_use]
pub const fn is_verb(command: Command) -> bool {
    matches!(
        command,
        Command::Promote
            | Command::Abort
            | Command::Retry
            | Command::Undo
            | Command::Scale
            | Command::PromoteFull
            | Command::SkipStep
            | Command::PauseRollout
            | Command::EndAnalysis
    ) || is_of_runs(command)
        || is_of_containers(command)
        || is_of_applications(command)
}

/// It asks for an action on a workflow run.
const fn is_of_runs(command: Command) -> bool {
    matches!(
        command,
        Command::RerunFailed
            | Command::RerunAll
            | Command::RerunJob
            | Command::CancelRun
            | Command::ForceCancel
            | Command::CancelFinally
            | Command::StopFinally
            | Command::Approve
            | Command::Reject
    )
}

/// It asks for an action on a container.
const fn is_of_containers(command: Command) -> bool {
    matches!(command, Command::RestartContainer | Command::PullImage)
}

/// It asks for an action on an Application.
const fn is_of_applications(command: Command) -> bool {
    matches!(command, Command::SyncApplication | Command::CompareApplication | Command::TerminateOperation)
}

/// Whether the command does something here; if not, why not. For footer and help.
pub fn check(state: &State, command: Command) -> Result<(), Safe> {
    if command == Command::Logs && state.ui.place.is_log() {
        return Err(Safe::of("this is the log"));
    }
    if command == Command::DispatchWorkflow {
        return dispatch::form(state).map(drop);
    }
    if matches!(command, Command::TriggerPipeline | Command::CreatePipeline) {
        return asks_first(state);
    }
    match command {
        Command::SetImage => {
            let target = target(state).ok_or_else(|| Safe::of(nothing_selected(command)))?;
            return rollout::container(state, &target).map(drop);
        }
        Command::BuildImage => return docker::asked(state).map(drop),
        Command::PushImage => return docker::push(state).map(drop),
        Command::CancelBuild => return docker::stoppable(state).map(drop),
        _ => {}
    }
    if !is_verb(command) {
        return Ok(());
    }
    if command == Command::Scale {
        return workload::may_scale(state).map(drop);
    }
    let target = target_of(state, command).ok_or_else(|| Safe::of(nothing_selected(command)))?;
    available(state, command, &target).map(drop)
}

/// What is to be done first.
#[must_use]
pub const fn nothing_selected(command: Command) -> &'static str {
    if is_of_applications(command) {
        "select an application first"
    } else if is_of_containers(command) {
        "select a container or a workload first"
    } else {
        "select a rollout, a deployment or a run first"
    }
}

/// Whether a pipeline can be asked for: which one is typed before anything else.
fn asks_first(state: &State) -> Result<(), Safe> {
    if let Some(why) = &state.read_only {
        return Err(safe!("read-only: {}", why));
    }
    state.world.of_system(SystemId::RustCi).next().map(drop).ok_or_else(pipeline::no_server)
}

/// The operation on this object that has not come to its end.
#[must_use]
pub fn in_flight<'a>(state: &'a State, target: &ObjectId) -> Option<&'a Operation> {
    state.operations.iter().rev().find(|operation| {
        operation.action.target.uid == target.uid
            && operation.action.target.cluster == target.cluster
            && !operation.outcome.is_final()
    })
}

/// Any operation whose end is still open, of this run or an earlier one.
#[must_use]
pub fn any_in_flight(state: &State) -> bool {
    state.operations.iter().any(|operation| {
        matches!(operation.outcome, Outcome::Intended | Outcome::Sent | Outcome::Accepted | Outcome::Unknown { .. })
    })
}

/// How long ago the source that a dialog about this object was computed from was heard last.
#[must_use]
pub fn read_age(state: &State, target: &ObjectId) -> Option<Duration> {
    facts::read_age(state, target)
}

/// Why what is shown of an object may not be true now, where its source is one that is read.
#[must_use]
pub fn doubt(state: &State, target: &ObjectId) -> Option<Safe> {
    facts::feed(state, target).and_then(|_| facts::not_live(state, target))
}

/// The command that asks for a verb.
#[must_use]
pub const fn command_of(verb: Verb) -> Command {
    match verb {
        Verb::Promote => Command::Promote,
        Verb::Abort => Command::Abort,
        Verb::Retry => Command::Retry,
        Verb::Undo => Command::Undo,
        Verb::PromoteFull => Command::PromoteFull,
        Verb::SkipStep => Command::SkipStep,
        Verb::Pause | Verb::Resume => Command::PauseRollout,
        Verb::SetImage => Command::SetImage,
        Verb::EndAnalysis => Command::EndAnalysis,
        Verb::Rerun => Command::RerunFailed,
        Verb::RerunAll => Command::RerunAll,
        Verb::RerunJob => Command::RerunJob,
        Verb::Cancel => Command::CancelRun,
        Verb::ForceCancel => Command::ForceCancel,
        Verb::Trigger => Command::TriggerPipeline,
        Verb::Create => Command::CreatePipeline,
        Verb::Approve => Command::Approve,
        Verb::Reject => Command::Reject,
        Verb::Restart => Command::RestartContainer,
        Verb::Pull => Command::PullImage,
        Verb::Build => Command::BuildImage,
        Verb::Push => Command::PushImage,
        Verb::Sync => Command::SyncApplication,
        Verb::Refresh => Command::CompareApplication,
        Verb::Terminate => Command::TerminateOperation,
        Verb::Scale => Command::Scale,
        // No key asks for it.
        Verb::Annotate => Command::Browse,
    }
}

/// The command that asks for a change: Tekton has three that cancel.
#[must_use]
pub const fn command_for(change: &Change) -> Command {
    match change {
        Change::CancelRun { how: CancelHow::CancelledRunFinally } => Command::CancelFinally,
        Change::CancelRun { how: CancelHow::StoppedRunFinally } => Command::StopFinally,
        Change::Dispatch { .. } => Command::DispatchWorkflow,
        change => command_of(change.verb()),
    }
}
