//! From a key to what it does: overlays first, then the keymap by scope, then the command.

use std::time::Duration;

use super::{
    Effect, builds, confirm, form, image, log, look, pipeline, places, prompt, scale, select, toasts, watches,
};
use crate::action::Outcome;
use crate::command::{Command, Key, Scope};
use crate::safe;
use crate::state::State;
use crate::state::ui::{Overlay, Pane, Place, Sheet, ToastKind};
use crate::state::{layout, verbs};
use crate::text::Safe;

/// Quit is asked for again within this time.
const QUIT_AGAIN: Duration = Duration::from_secs(5);

pub(super) fn key(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    state.ui.pressed = Some(state.now.mono);
    let over = matches!(state.ui.overlay, Some(Overlay::Confirm(_) | Overlay::Prompt { .. } | Overlay::Form(_)));
    if over && key.ctrl && state.keymap.lookup(&[Scope::Global], key) == Some(Command::Suspend) {
        // What is open stays: if the program does stop, a dialog is told when it goes on.
        effects.push(Effect::Suspend);
        return;
    }
    if state.ui.overlay.is_none() && confirm::is_still_held(state, key) {
        return;
    }
    match &state.ui.overlay {
        Some(Overlay::Confirm(_)) => {
            let before = state.operations.len();
            confirm::key(state, key, effects);
            if state.operations.len() > before {
                state.ui.confirmed = Some((key, state.now.mono));
                // The next of several that are marked: opened by the key that confirmed this one.
                confirm::opened_by(state, key);
            }
            form::opened_by(state, key);
        }
        Some(Overlay::Prompt { .. }) => {
            prompt::key(state, key, effects);
            confirm::opened_by(state, key);
        }
        Some(Overlay::Form(_)) => {
            form::key(state, key);
            confirm::opened_by(state, key);
        }
        Some(Overlay::Help { .. }) => help(state, key, effects),
        None => {
            if let Some(command) = state.keymap.lookup(&verbs::scopes(state), key) {
                run(state, command, effects);
                confirm::opened_by(state, key);
                form::opened_by(state, key);
            } else {
                elsewhere(state, key);
            }
        }
    }
}

/// A key that does something, and not here: a key that says nothing looks like one that was lost.
fn elsewhere(state: &mut State, key: Key) {
    let scopes = [Scope::Workloads, Scope::Runs, Scope::Environments, Scope::Deck, Scope::Log];
    let found = scopes.into_iter().find_map(|scope| Some((scope, state.keymap.lookup(&[scope], key)?)));
    let Some((scope, command)) = found else { return };
    let place = match scope {
        Scope::Workloads => "for a rollout or a deployment: highlight one, or open its page",
        Scope::Runs => "for a run: highlight one in the pipelines, or open its page",
        Scope::Environments => "for the Deck and the environments",
        Scope::Deck => "for the Deck",
        _ => "for a log: open one first",
    };
    let name = Safe::of(command.row().word());
    toasts::say(state, ToastKind::Info, safe!("{} is {}", name, Safe::of(place)));
}

pub(super) fn paste(state: &mut State, text: &str) {
    match &state.ui.overlay {
        Some(Overlay::Confirm(_)) => confirm::paste(state, text),
        Some(Overlay::Prompt { .. }) => prompt::paste(state, text),
        Some(Overlay::Form(_)) => form::paste(state, text),
        Some(Overlay::Help { .. }) | None => {}
    }
}

fn help(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let command = state.keymap.lookup(&verbs::scopes(state), key);
    let lines = crate::state::help::lines(state, layout::help_columns(state.ui.size)).len();
    let layout::Help { columns, room, .. } = layout::help(state.ui.size, lines);
    let page = usize::from(room).max(2);
    let most = lines.saturating_sub(usize::from(room) * usize::from(columns));
    let Some(Overlay::Help { top }) = &mut state.ui.overlay else { return };
    *top = match command {
        Some(Command::Down) => *top + 1,
        Some(Command::Up) => top.saturating_sub(1),
        Some(Command::HalfPageDown) => *top + page / 2,
        Some(Command::HalfPageUp) => top.saturating_sub(page / 2),
        Some(Command::PageDown) => *top + page,
        Some(Command::PageUp) => top.saturating_sub(page),
        Some(Command::Top) => 0,
        Some(Command::Bottom) => most,
        Some(Command::Help | Command::Leave | Command::Back) => {
            state.ui.overlay = None;
            return;
        }
        Some(Command::Suspend) => return effects.push(Effect::Suspend),
        Some(command @ Command::Quit) => {
            state.ui.overlay = None;
            run(state, command, effects);
            return;
        }
        _ => *top,
    }
    .min(most);
}

/// Does what a command means here.
pub(super) fn run(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    if command != Command::Quit && command != Command::Back {
        state.ui.quit_asked = None;
    }
    let in_log = state.ui.place.is_log();
    match command {
        Command::ShowDeck => places::go(state, Place::Deck),
        Command::ShowPipelines => places::go(state, Place::Pipelines),
        Command::ShowEnvironments => places::go(state, Place::Environments),
        Command::ShowRollouts => places::go(state, Place::Rollouts),
        Command::ShowSlo => places::go(state, Place::Slo),
        Command::ShowInbox => places::go(state, Place::Inbox),
        Command::ShowJournal => places::go(state, Place::Journal),
        Command::AllPods => places::go(state, Place::Pods),
        Command::Help => state.ui.overlay = Some(Overlay::Help { top: 0 }),
        Command::Filter if !in_log => prompt::open_filter(state),
        Command::Leave => places::leave(state),
        Command::Back if state.ui.place == Place::Deck => quit(state, effects),
        Command::Back => places::up(state),
        Command::HistoryBack => places::history_back(state),
        Command::HistoryForward => places::history_forward(state),
        Command::LastPlace => places::last(state),
        Command::Look => look::look(state),
        Command::Refresh => {
            effects.push(Effect::Refresh);
            toasts::say(state, ToastKind::Info, Safe::of("reading everything again"));
        }
        Command::Suspend => effects.push(Effect::Suspend),
        Command::Quit => quit(state, effects),
        Command::NextPane => pane(state, 1),
        Command::PreviousPane => pane(state, Pane::ALL.len() - 1),
        Command::TriggerPipeline | Command::CreatePipeline => pipeline::ask(state, command),
        Command::DispatchWorkflow => form::ask(state),
        Command::SetImage => image::ask(state),
        Command::BuildImage | Command::PushImage | Command::CancelBuild => builds::command(state, command, effects),
        Command::Scale => scale::ask(state),
        command if verbs::is_verb(command) => confirm::ask(state, command),
        Command::Mark => confirm::mark(state),
        Command::Containers => places::go(state, Place::Containers),
        Command::Images => places::go(state, Place::Images),
        Command::Applications => places::go(state, Place::Applications),
        Command::Releases => places::go(state, Place::Releases),
        Command::Runners => places::go(state, Place::Runners),
        Command::Access => places::go(state, Place::Access),
        Command::Security => places::security(state),
        Command::Lane => places::lane(state),
        Command::Logs if !in_log => places::logs(state),
        Command::ShowYaml if !in_log => places::sheet(state, Sheet::Yaml),
        Command::Describe if !in_log => places::sheet(state, Sheet::Description),
        Command::Copy => places::copy(state, effects),
        Command::Browse => places::browse(state, effects),
        Command::TellMe => watches::toggle(state),
        Command::Bell => watches::bell(state),
        Command::FaultsOnly if !in_log => places::faults_only(state),
        Command::Open if !in_log => places::open(state),
        Command::Down
        | Command::Up
        | Command::Top
        | Command::Bottom
        | Command::HalfPageDown
        | Command::HalfPageUp
        | Command::PageDown
        | Command::PageUp
            if !in_log =>
        {
            select::movement(state, command);
        }
        _ if in_log => effects.extend(log::command(state, command)),
        // The rest is bound in scopes that do not reach here.
        _ => {}
    }
}

fn pane(state: &mut State, steps: usize) {
    let at = Pane::ALL.iter().position(|pane| *pane == state.ui.pane).unwrap_or(0);
    state.ui.pane = Pane::ALL[(at + steps) % Pane::ALL.len()];
    select::settle(state);
}

/// Quits; while an action of this run is in flight only when asked twice.
fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    let open = state
        .operations
        .iter()
        .skip(state.earlier)
        .rev()
        .find(|operation| matches!(operation.outcome, Outcome::Intended | Outcome::Sent | Outcome::Accepted))
        .map(|operation| {
            safe!(
                "{} of {} is {} and not yet observed",
                operation.action.change.verb().as_str(),
                operation.action.target.name.safe(),
                operation.outcome.as_str()
            )
        });
    match open {
        Some(text) if state.ui.quit_asked.is_none_or(|until| until <= state.now.mono) => {
            state.ui.quit_asked = Some(state.now.mono + QUIT_AGAIN);
            toasts::say(state, ToastKind::Waiting, safe!("{}; quit again to leave (the journal keeps it)", text));
        }
        _ => effects.push(Effect::Quit),
    }
}
