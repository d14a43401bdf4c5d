//! The dialog before an action (product.md §3, reliability.md §4.2). It is bound to the object as
//! it was when it opened; keys are taken only when it was drawn whole and after a moment without
//! any; the key that opened it does nothing in it, nor does one that is held down; Enter alone never
//! confirms; pasted text is refused, however the terminal passes it on; a changed target disarms it.

use std::time::Duration;

use tui_textarea::TextArea;

use super::{Effect, form, operations, prompt, select, toasts};
use crate::action::{Action, Change};
use crate::command::{Command, Key, KeyCode};
use crate::model::{Kind, Name};
use crate::safe;
use crate::state::State;
use crate::state::ui::{Confirm, ConfirmField, Edition, Overlay, Place, RowId, Tier, ToastKind};
use crate::state::{gates, lists, verbs};
use crate::text::Safe;

/// A key pressed too early puts the moment off by this much.
const QUIET: Duration = Duration::from_millis(300);
/// Terminals repeat a held key first after 250 to 1000 ms: one that came too early counts as held
/// until it was away for longer than that.
const HELD: Duration = Duration::from_millis(1_250);
/// Keys closer together than this were not pressed one by one.
const BURST: Duration = Duration::from_millis(5);

/// Opens the dialog for a verb, or says why it cannot be asked for.
pub(super) fn ask(state: &mut State, command: Command) {
    let Some(target) = verbs::target_of(state, command) else {
        toasts::say(state, ToastKind::Info, Safe::of(verbs::nothing_selected(command)));
        return;
    };
    if slipped(state, command, &target.name) {
        return;
    }
    match verbs::available(state, command, &target) {
        Ok(offer) => {
            let confirm = verbs::preview(state, &offer.action);
            state.ui.form = None;
            state.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
        }
        Err(why) => {
            let text = safe!("{} {}: {}", command.row().word(), target.name.safe(), why);
            toasts::say(state, ToastKind::Bad, text);
        }
    }
}

/// The row under the key is another since a moment: so it is said, and nothing is asked.
pub(super) fn slipped(state: &mut State, command: Command, name: &Name) -> bool {
    let slipped = select::slipped(state) && is_of_row(state, command);
    if slipped {
        let text = safe!("another row is highlighted since this moment, {}: press again if you mean it", name.safe());
        toasts::say(state, ToastKind::Waiting, text);
    }
    slipped
}

/// Opens the dialog for an action that was made elsewhere.
pub(super) fn open_for(state: &mut State, action: &Action) {
    let confirm = verbs::preview(state, action);
    state.ui.form = None;
    state.ui.overlay = Some(Overlay::Confirm(Box::new(confirm)));
}

/// Whether the command acts on the highlighted row: not on what is marked, nor on a page's object.
fn is_of_row(state: &State, command: Command) -> bool {
    let marked = matches!(command, Command::Approve | Command::Reject) && !gates::marked(state).is_empty();
    let page = matches!(state.ui.place, Place::Rollout(_) | Place::Workload(_) | Place::Run(_) | Place::Log(_));
    !marked && (!page || command == Command::RerunJob)
}

fn open(state: &mut State) -> Option<&mut Confirm> {
    match &mut state.ui.overlay {
        Some(Overlay::Confirm(confirm)) => Some(confirm),
        _ => None,
    }
}

/// Notes the key that opened the dialog: it may still be held.
pub(super) fn opened_by(state: &mut State, key: Key) {
    let now = state.now.mono;
    if let Some(confirm) = open(state) {
        confirm.early.push((key, now));
    }
}

/// The key that confirmed the last dialog, repeated since: whoever holds it means nothing more by it.
pub(super) fn is_still_held(state: &mut State, key: Key) -> bool {
    let now = state.now.mono;
    let held = state.ui.confirmed.take().filter(|(of, last)| *of == key && *last + HELD >= now);
    state.ui.confirmed = held.map(|(of, _)| (of, now));
    state.ui.confirmed.is_some()
}

/// A frame with the dialog is on the screen, all of it or not.
pub(super) fn drawn(state: &mut State, whole: bool) {
    let now = state.now.mono;
    if let Some(confirm) = open(state) {
        confirm.armed_at = whole.then(|| confirm.armed_at.unwrap_or(now + verbs::ARMING));
    }
}

/// What stands on the screen is no longer what was drawn: it takes keys again when it was.
pub(super) fn draw_again(state: &mut State) {
    if let Some(confirm) = open(state) {
        confirm.armed_at = None;
    }
}

pub(super) fn key(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let now = state.now.mono;
    let command = state.keymap.lookup(&[crate::command::Scope::Confirm], key);
    let types = matches!(key.code, KeyCode::Char(_)) && !key.ctrl && !key.alt;
    let Some(confirm) = open(state) else { return };
    let edits = confirm.focus == ConfirmField::Reason || matches!(confirm.tier, Tier::Typed { .. });
    let leaves = key.code == KeyCode::Esc
        || (key.ctrl && key.code == KeyCode::Char('c'))
        || (command == Some(Command::ConfirmNo) && !(edits && types));
    if leaves {
        state.ui.overlay = None;
        toasts::say(state, ToastKind::Info, Safe::of("left as it is"));
        return form::come_back(state, key);
    }
    // A reason confirms nothing: it may be typed on while the rest is read again.
    let only_text = confirm.focus == ConfirmField::Reason && !matches!(key.code, KeyCode::Tab | KeyCode::Enter);
    // The key that opened it may still be held: the comment does not begin with what it repeats.
    let held = only_text && confirm.reason.is_empty() && confirm.early.iter().any(|(early, _)| *early == key);
    if confirm.disarmed.is_some() || ((held || !only_text) && is_early(confirm, key, now)) {
        return;
    }
    let alone = comes_alone(confirm, now);
    confirm.mismatch = false;
    if command == Some(Command::ConfirmDebug) {
        return choose(state);
    }
    match (key.code, confirm.focus, &confirm.tier) {
        (KeyCode::Tab, focus, _) => {
            confirm.focus = match focus {
                ConfirmField::Reason => ConfirmField::Typed,
                ConfirmField::Typed => ConfirmField::Reason,
            };
        }
        (KeyCode::Enter, ConfirmField::Reason, _) => confirm.focus = ConfirmField::Typed,
        (KeyCode::Enter, ConfirmField::Typed, Tier::Yes) => {}
        (KeyCode::Enter, ConfirmField::Typed, Tier::Typed { expected }) => {
            if prompt::text_of(&confirm.typed) != *expected {
                confirm.mismatch = true;
            } else if alone {
                go(state, effects);
            } else {
                toasts::say(state, ToastKind::Waiting, Safe::of("name and Enter came at once: press Enter again"));
            }
        }
        (_, ConfirmField::Reason, _) => drop(prompt::edit(&mut confirm.reason, key)),
        (_, ConfirmField::Typed, Tier::Typed { .. }) => drop(prompt::edit(&mut confirm.typed, key)),
        (_, ConfirmField::Typed, Tier::Yes) => {
            if alone && command == Some(Command::ConfirmYes) {
                go(state, effects);
            }
        }
    }
}

/// A rerun with debug logs or without, one step skipped or all: another question, to be read before it
/// is confirmed.
fn choose(state: &mut State) {
    let Some(confirm) = open(state) else { return };
    let Some(chosen) = confirm.action.change.choice() else { return };
    confirm.action.change = confirm.action.change.clone().with_choice(!chosen);
    confirm.armed_at = None;
    check_target(state);
}

/// Before its time, or one that came before its time and may be held since. A letter of a name that
/// is being typed confirms nothing, however long it is held: only its own time counts.
fn is_early(confirm: &mut Confirm, key: Key, now: Duration) -> bool {
    confirm.early.retain(|(_, last)| *last + HELD >= now);
    let letter = matches!(confirm.tier, Tier::Typed { .. }) && matches!(key.code, KeyCode::Char(_));
    let known = !letter && confirm.early.iter().any(|(early, _)| *early == key);
    if !known && confirm.takes_keys(now) {
        return false;
    }
    confirm.early.retain(|(early, _)| *early != key);
    confirm.early.push((key, now));
    confirm.armed_at = confirm.armed_at.map(|at| at.max(now + QUIET));
    true
}

/// Whether some time passed since the key before. A paste that the terminal passes on as keys, and
/// what a slow line delivers in one piece, come at once: the letters count, the Enter among them
/// does not, so no paste confirms and nobody on a slow line types for nothing.
fn comes_alone(confirm: &mut Confirm, now: Duration) -> bool {
    let before = confirm.last_key.replace(now);
    before.is_none_or(|before| now.saturating_sub(before) > BURST)
}

/// Text may be pasted as a reason, never as a confirmation.
pub(super) fn paste(state: &mut State, text: &str) {
    let now = state.now.mono;
    let Some(confirm) = open(state) else { return };
    if !confirm.takes_keys(now) {
        confirm.armed_at = confirm.armed_at.map(|at| at.max(now + QUIET));
    } else if confirm.focus == ConfirmField::Reason {
        prompt::paste_into(&mut confirm.reason, text);
        return;
    }
    toasts::say(state, ToastKind::Bad, Safe::of("pasted text confirms nothing: type it"));
}

pub(super) fn disarm(state: &mut State, why: Safe) {
    if let Some(confirm) = open(state) {
        confirm.disarmed.get_or_insert(why);
    }
}

/// Keeps the dialog true: another target or tier disarms it, other numbers are shown first.
pub(super) fn check_target(state: &mut State) {
    let Some(Overlay::Confirm(confirm)) = &state.ui.overlay else { return };
    if confirm.disarmed.is_some() {
        return;
    }
    match as_it_is_now(state, confirm) {
        Ok(now) => {
            if let Some(confirm) = open(state) {
                renew(confirm, now);
            }
        }
        Err(why) => disarm(state, why),
    }
}

/// The dialog as it would open now, or why that is another question than the one that was asked.
fn as_it_is_now(state: &State, confirm: &Confirm) -> Result<Confirm, Safe> {
    let command = verbs::command_for(&confirm.action.change);
    let now = verbs::preview(state, &verbs::available_to(state, command, &confirm.action)?);
    if now.environment != confirm.environment {
        let named = |name: &Name| if name.raw().is_empty() { Safe::of("none") } else { name.safe().clone() };
        return Err(safe!("its environment is {} now, not {}", named(&now.environment), named(&confirm.environment)));
    }
    if now.tier != confirm.tier || now.title != confirm.title {
        return Err(safe!("it is to be confirmed in another way now: {}", now.title));
    }
    match now.edition {
        edition if edition == confirm.edition => {}
        Edition::Attempt(attempt) => {
            return Err(safe!("it was run again since this was shown (attempt {})", attempt));
        }
        Edition::Generation(_) | Edition::Spec(_) | Edition::Untold => {
            return Err(Safe::of("its spec was changed since this was shown"));
        }
    }
    if let (Some(way), Some(shown)) = (now.action.change.way(), confirm.action.change.way())
        && way != shown
    {
        return Err(safe!("it would go by {} now, not by {}", verbs::way_named(way), verbs::way_named(shown)));
    }
    if !is_same(&now.action, &confirm.action) {
        return Err(safe!("it changed since this was shown: {} is now {}", confirm.summary, now.summary));
    }
    Ok(now)
}

/// The same but for the version that guards it: every word of a controller makes a newer one.
fn is_same(a: &Action, b: &Action) -> bool {
    match (&a.change, &b.change) {
        (
            Change::Undo { replica_set_uid, to_revision, .. },
            Change::Undo { replica_set_uid: other, to_revision: revision, .. },
        ) => a.target == b.target && replica_set_uid == other && to_revision == revision,
        (Change::RestartWorkload { .. }, Change::RestartWorkload { .. }) => a.target == b.target,
        (Change::Scale { from, to, .. }, Change::Scale { from: now, to: wanted, .. }) => {
            a.target == b.target && (from, to) == (now, wanted)
        }
        (
            Change::SetImage { container, from, to, .. },
            Change::SetImage { container: other, from: before, to: wanted, .. },
        ) => a.target == b.target && (container, from, to) == (other, before, wanted),
        // The comment is still being typed; which jobs wait is told in its lines.
        (
            Change::Review { attempt, approve, gates, .. },
            Change::Review { attempt: n, approve: how, gates: others, .. },
        ) => a.target == b.target && (attempt, approve, gates) == (n, how, others),
        // Of GitHub: another run that began meanwhile is no other question, the file is what is compared.
        // Where the newest run is the only thing to compare, it is.
        (
            Change::Dispatch { path, reference, sha, inputs, environment, .. },
            Change::Dispatch { path: file, reference: branch, sha: blob, inputs: others, environment: place, .. },
        ) if a.target.kind == Kind::Workflow => {
            a.target == b.target && (path, reference, sha, inputs, environment) == (file, branch, blob, others, place)
        }
        _ => a == b,
    }
}

fn renew(confirm: &mut Confirm, now: Confirm) {
    let shown = (&confirm.summary, &confirm.expects, &confirm.lines);
    if shown != (&now.summary, &now.expects, &now.lines) {
        confirm.armed_at = None;
    }
    confirm.action = now.action;
    confirm.summary = now.summary;
    confirm.expects = now.expects;
    confirm.lines = now.lines;
}

/// The one place where an action begins.
fn go(state: &mut State, effects: &mut Vec<Effect>) {
    check_target(state);
    let now = state.now.mono;
    let Some(Overlay::Confirm(confirm)) = &state.ui.overlay else { return };
    if !confirm.takes_keys(now) {
        return;
    }
    if confirm.action.change.is_review() && prompt::text_of(&confirm.reason).trim().is_empty() {
        toasts::say(state, ToastKind::Bad, Safe::of("GitHub asks for a comment with it: type one"));
        if let Some(confirm) = open(state) {
            confirm.focus = ConfirmField::Reason;
        }
        return;
    }
    let Some(Overlay::Confirm(confirm)) = state.ui.overlay.take() else { return };
    let (action, comment) = (confirm.action.clone(), confirm.reason.clone());
    operations::begin(state, *confirm, effects);
    next_marked(state, &action, comment);
}

/// What is marked of other runs comes next, each in a dialog of its own, with the same comment to begin
/// with.
fn next_marked(state: &mut State, done: &Action, comment: Box<TextArea<'static>>) {
    let Change::Review { gates, .. } = &done.change else { return };
    for gate in gates {
        state.ui.marked.remove(&(done.target.uid.clone(), gate.environment));
    }
    if state.ui.place != Place::Inbox || gates::marked(state).is_empty() {
        return;
    }
    ask(state, verbs::command_of(done.change.verb()));
    if let Some(confirm) = open(state) {
        confirm.reason = comment;
    }
}

/// Marks the highlighted approval, or takes the mark off.
pub(super) fn mark(state: &mut State) {
    let row = lists::selected(state, &state.ui.list_id());
    let Some(RowId::Gate(run, environment)) = row else {
        toasts::say(state, ToastKind::Info, Safe::of("only approvals of the Inbox can be marked"));
        return;
    };
    let mark = (run.uid, environment);
    if !state.ui.marked.remove(&mark) {
        state.ui.marked.insert(mark);
    }
}
