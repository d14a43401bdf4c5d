//! The keys that apply now, from the keymap and the table of commands, and the time.
//!
//! ```text
//!  tab pane   enter open   / filter   l logs   ? help                              14:03:22Z
//! ```

use super::pen::{Pen, Words};
use crate::command::{Command, Scope};
use crate::config::theme::Role;
use crate::safe;
use crate::state::gates;
use crate::state::ui::{Overlay, Pane, Place};
use crate::state::{State, lists, verbs};
use crate::text::Safe;

pub fn draw(state: &State, pen: &mut Pen<'_>) {
    let width = pen.width();
    pen.background(0, 0, width, Role::Band);
    let time = watches(state).dim(clock(state));
    let end = width.saturating_sub(time.width() + 1);
    let shown = width >= 40;
    if shown {
        pen.write(end, 0, width, &time);
    }
    let room = if shown { end.saturating_sub(2) } else { width };
    let mut x = 1;
    if matches!(state.ui.overlay, Some(Overlay::Confirm(_))) {
        // Fixed keys: in a dialog letters are text.
        for (key, what) in [("esc", " leave it"), ("tab", " reason")] {
            x += pen.write(x, 0, room, &Words::of(Role::Key, key).dim(what)) + 3;
        }
        return;
    }
    for command in wanted(state).into_iter().filter(|command| has_rows(state, *command)) {
        let Some(words) = hint(state, command) else { continue };
        if x + words.width() > room {
            break;
        }
        x += pen.write(x, 0, room, &words) + 3;
    }
}

/// In an empty list there is nothing to open or to narrow.
fn has_rows(state: &State, command: Command) -> bool {
    let list = state.ui.list_id();
    match command {
        Command::Open | Command::Copy => lists::len(state, &list) > 0,
        Command::Filter | Command::FaultsOnly => state.ui.place.is_log() || lists::total(state, &list) > 0,
        _ => true,
    }
}

/// `14:03:22Z`.
#[must_use]
pub fn clock(state: &State) -> Safe {
    crate::text::clock(state.now.wall)
}

/// `◉ 2 watched   bell off   `: what somebody will be told of.
fn watches(state: &State) -> Words {
    let mut words = Words::new();
    match state.watches.armed.len() {
        0 => {}
        armed => words = words.add(Role::Move, "◉ ").text(safe!("{} watched   ", armed)),
    }
    if state.watches.mute { words.dim("bell off   ") } else { words }
}

/// Key and word of a command, when a key is bound to it and it can be used now.
#[must_use]
pub fn hint(state: &State, command: Command) -> Option<Words> {
    let key = state.keymap.keys_of(command).into_iter().next()?;
    if verbs::check(state, command).is_err() {
        return None;
    }
    let in_log = state.ui.place.is_log();
    let word = match command {
        Command::Filter if in_log => "search",
        Command::PauseRollout if verbs::rollout::is_paused(state) => "resume…",
        _ => command.row().hint,
    };
    Some(Words::of(Role::Key, super::key(key)).dim(" ").dim(word))
}

/// What is worth a place in the footer, most useful first.
fn wanted(state: &State) -> Vec<Command> {
    use Command as C;
    if let Some(overlay) = &state.ui.overlay {
        return match overlay {
            Overlay::Help { .. } => vec![C::Down, C::Up, C::Leave],
            // Its keys are typed text, `enter` and `esc`, which the prompt itself names.
            Overlay::Prompt { .. } | Overlay::Confirm(_) | Overlay::Form(_) => Vec::new(),
        };
    }
    let verbs = [C::Promote, C::Abort, C::Retry, C::Undo];
    let more = [C::PromoteFull, C::SkipStep, C::PauseRollout, C::SetImage, C::EndAnalysis];
    let mut wanted = match &state.ui.place {
        Place::Deck if matches!(state.ui.pane, Pane::Pipelines | Pane::Steps) => {
            vec![C::Open, C::NextPane, C::Filter, C::Logs, C::Browse]
        }
        Place::Deck => vec![C::Open, C::NextPane, C::Filter, C::Logs],
        Place::Pipelines => {
            vec![
                C::Open,
                C::Filter,
                C::FaultsOnly,
                C::Logs,
                C::Images,
                C::Browse,
                C::Leave,
                C::DispatchWorkflow,
                C::Runners,
            ]
        }
        Place::Run(_) => {
            vec![C::Open, C::Logs, C::Images, C::Browse, C::Leave, C::DispatchWorkflow, C::Security, C::Runners]
        }
        Place::Images => {
            vec![C::Open, C::BuildImage, C::PushImage, C::CancelBuild, C::Filter, C::FaultsOnly, C::Copy, C::Leave]
        }
        Place::Inbox => vec![C::Open, C::Filter, C::Browse, C::Leave],
        Place::Access => vec![C::Filter, C::FaultsOnly, C::Copy, C::Leave],
        Place::Slo | Place::Runners => vec![C::Open, C::Filter, C::FaultsOnly, C::Leave],
        Place::Security(_) => vec![C::Browse, C::Filter, C::FaultsOnly, C::Leave],
        Place::Objective(_) => vec![C::Open, C::Copy, C::Leave],
        Place::Applications | Place::Application(_) => vec![
            C::Open,
            C::SyncApplication,
            C::CompareApplication,
            C::TerminateOperation,
            C::Undo,
            C::Filter,
            C::FaultsOnly,
            C::Copy,
            C::Leave,
        ],
        Place::Lane(_) => vec![C::Open, C::Logs, C::Browse, C::Leave],
        Place::Releases | Place::Release(_) => vec![C::Open, C::Undo, C::Filter, C::FaultsOnly, C::Copy, C::Leave],
        Place::Image(_) => vec![C::Open, C::BuildImage, C::PushImage, C::CancelBuild, C::Copy, C::Leave],
        Place::Log(id) if id.kind == crate::model::Kind::Build => {
            vec![C::CancelBuild, C::PushImage, C::BuildImage, C::Follow, C::Filter, C::NextError, C::Save, C::Leave]
        }
        Place::Containers => {
            vec![C::Open, C::RestartContainer, C::PullImage, C::Logs, C::Filter, C::FaultsOnly, C::Leave]
        }
        Place::Pods => vec![C::Open, C::Logs, C::Filter, C::FaultsOnly, C::Leave],
        Place::Environments => {
            vec![C::Open, C::AllPods, C::Containers, C::Applications, C::Releases, C::Filter, C::FaultsOnly, C::Logs]
        }
        Place::Rollouts | Place::Rollout(_) | Place::Workload(_) => {
            vec![C::Open, C::Filter, C::FaultsOnly, C::Logs, C::Leave]
        }
        Place::Journal | Place::Analysis(_) => vec![C::Open, C::Filter, C::Copy, C::Leave],
        Place::Pod(_) => vec![C::Logs, C::Copy, C::Leave],
        Place::Log(id) if id.kind.is_job() => {
            vec![C::Follow, C::Filter, C::NextError, C::SearchNext, C::Keep, C::Drop, C::Browse, C::Save, C::Leave]
        }
        Place::Sheet(..) => vec![C::Filter, C::SearchNext, C::Keep, C::Drop, C::Wrap, C::Save, C::Leave],
        Place::Log(_) => vec![
            C::Follow,
            C::Filter,
            C::SearchNext,
            C::Keep,
            C::Drop,
            C::Timestamps,
            C::Wrap,
            C::Previous,
            C::Save,
            C::Leave,
        ],
    };
    // What can be done to the selected row stands right after opening it.
    let at = wanted.iter().position(|command| *command == C::Open).map_or(0, |at| at + 1);
    let mut first = Vec::new();
    let scopes = verbs::scopes(state);
    if scopes.contains(&Scope::Workloads) {
        first.extend(verbs);
        if matches!(state.ui.place, Place::Environments | Place::Workload(_)) {
            first.extend([C::RestartContainer, C::Scale]);
        }
    }
    if scopes.contains(&Scope::Runs) {
        if verbs::target(state).is_some_and(|target| gates::asks(state, &target)) {
            first.extend([C::Approve, C::Reject]);
        }
        if state.ui.place == Place::Inbox {
            first.push(C::Mark);
        }
        first.extend([C::RerunFailed, C::RerunAll, C::CancelRun, C::ForceCancel]);
    }
    // In the log of a job there is no row to open: reading comes first.
    let at = if scopes.contains(&Scope::Log) && scopes.contains(&Scope::Runs) { 3.min(wanted.len()) } else { at };
    let of_workload = scopes.contains(&Scope::Workloads) && state.ui.place != Place::Deck;
    // Help must never fall off the end of a narrow footer.
    first.push(C::Help);
    wanted.splice(at..at, first);
    // The rarer verbs of a rollout come last.
    if of_workload {
        wanted.extend(more);
    }
    // What begins something new is not about the row.
    if scopes.contains(&Scope::Runs) && !scopes.contains(&Scope::Log) && state.ui.place != Place::Inbox {
        let new = [C::DispatchWorkflow, C::TriggerPipeline, C::CreatePipeline].into_iter();
        let new: Vec<Command> = new.filter(|command| !wanted.contains(command)).collect();
        wanted.extend(new);
    }
    // A place may name a verb that its scopes have too.
    let mut told = Vec::new();
    wanted.retain(|command| {
        !told.contains(command) && {
            told.push(*command);
            true
        }
    });
    wanted
}
