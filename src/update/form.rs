//! Filling in what a workflow asks for. Keys type, choose and move; text that is pasted is text of the
//! field that has the keys and nothing else. The last line opens the dialog, which asks before it sends.

use std::time::Duration;

use super::{confirm, prompt, toasts};
use crate::command::{Key, KeyCode};
use crate::model::Name;
use crate::safe;
use crate::state::choice::{self, Row};
use crate::state::form::{self, Form, Value};
use crate::state::ui::{Overlay, ToastKind};
use crate::state::{State, verbs};
use crate::text::Safe;

/// As long as GitHub takes all inputs together, and a name of a branch.
const VALUE: usize = 65_535;
const BRANCH: usize = 255;

/// A key that is held comes again within this time.
const HELD: Duration = Duration::from_millis(1_250);
/// The second Esc that leaves what was filled in: most terminals repeat a held one sooner, first after 250
/// to 660 ms.
const AGAIN: Duration = Duration::from_millis(700);

/// Opens the form of the workflow that is looked at, or says why there is none.
pub(super) fn ask(state: &mut State) {
    match verbs::dispatch::form(state) {
        Ok(form) => {
            state.ui.overlay = Some(Overlay::Form(Box::new(form)));
            settle(state);
        }
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("run workflow: {}", why)),
    }
}

fn open(state: &mut State) -> Option<&mut Form> {
    match &mut state.ui.overlay {
        Some(Overlay::Form(form)) => Some(form),
        _ => None,
    }
}

/// Notes the key that opened it: it may still be held.
pub(super) fn opened_by(state: &mut State, key: Key) {
    let now = state.now.mono;
    if let Some(form) = open(state) {
        form.opened_by = Some((key, now));
    }
}

/// Takes in what was read for it.
pub(super) fn settle(state: &mut State) {
    let Some(Overlay::Form(form)) = &state.ui.overlay else { return };
    let known = choice::startables(state, form).and_then(|read| read.as_ref().ok()).cloned();
    if let (Some(form), Some(known)) = (open(state), known) {
        form.take_startables(&known);
    }
    let Some(Overlay::Form(form)) = &state.ui.overlay else { return };
    let read = form::read(state, form);
    if let (Some(form), Some(Ok(workflow))) = (open(state), read) {
        form.take(&workflow);
    }
}

/// The choice of a repository or a workflow moves on.
fn turn(state: &mut State, row: Row, forward: bool) {
    let Some(Overlay::Form(form)) = &state.ui.overlay else { return };
    let known = choice::startables(state, form).and_then(|read| read.as_ref().ok()).cloned();
    let Some(form) = open(state) else { return };
    form.touched = true;
    match (row, known) {
        (Row::Repository, _) => form.turn_repository(forward),
        (Row::Workflow, Some(known)) => form.turn_workflow(&known.rows, forward),
        _ => {
            if let Some(field) = form.field() {
                field.turn(forward);
            }
        }
    }
}

pub(super) fn key(state: &mut State, key: Key) {
    let now = state.now.mono;
    let Some(form) = open(state) else { return };
    if let Some((early, last)) = &mut form.opened_by {
        if *early == key && now.saturating_sub(*last) < HELD {
            *last = now;
            return;
        }
        form.opened_by = None;
    }
    let last = form.rows() - 1;
    let leaving = form.leaving.take();
    let row = form.row(form.at);
    let typed = row == Row::Branch || form.field().is_some_and(|field| matches!(field.value, Value::Typed(_)));
    match key.code {
        // What was filled in is not lost to one key.
        KeyCode::Esc if form.touched && leaving.is_none_or(|last| now.saturating_sub(last) < AGAIN) => {
            form.leaving = Some(now);
            return;
        }
        KeyCode::Esc => return leave(state),
        KeyCode::Char('c') if key.ctrl => return leave(state),
        KeyCode::Tab if key.shift => step(form, form.at.checked_sub(1).unwrap_or(last)),
        KeyCode::Up => step(form, form.at.saturating_sub(1)),
        KeyCode::Tab => step(form, (form.at + 1) % (last + 1)),
        KeyCode::Enter if form.at == last => return go(state),
        KeyCode::Down | KeyCode::Enter => step(form, (form.at + 1).min(last)),
        KeyCode::Left | KeyCode::Right | KeyCode::Char(' ') if !typed => turn(state, row, key.code != KeyCode::Left),
        _ => edit(form, key),
    }
    settle(state);
}

/// Types into the row that has the keys.
fn edit(form: &mut Form, key: Key) {
    let before = form.typed();
    match form.row(form.at) {
        Row::Branch => drop(prompt::edit_within(&mut form.branch, key, BRANCH)),
        _ => {
            if let Some(Value::Typed(editor)) = form.field().map(|field| &mut field.value) {
                prompt::edit_within(editor, key, VALUE);
            }
        }
    }
    form.touched |= before != form.typed();
}

/// Goes to another row. What stands in the branch's field counts when it is left.
fn step(form: &mut Form, to: usize) {
    if form.row(form.at) == Row::Branch {
        let typed = form.typed_branch();
        if form.problem().is_none_or(|(at, _)| at != form.head()) {
            form.reference = Name::new(&typed);
        } else {
            form.complains = true;
        }
    }
    form.at = to;
}

fn leave(state: &mut State) {
    state.ui.overlay = None;
    toasts::say(state, ToastKind::Info, Safe::of("left as it is"));
}

/// A line, into the field that has the keys.
pub(super) fn paste(state: &mut State, text: &str) {
    let Some(form) = open(state) else { return };
    form.leaving = None;
    let row = form.row(form.at);
    let lost = match (row, form.field().map(|field| &mut field.value)) {
        (Row::Branch, _) => prompt::paste_within(&mut form.branch, text, BRANCH),
        (_, Some(Value::Typed(editor))) => prompt::paste_within(editor, text, VALUE),
        _ => {
            let words = Safe::of("nothing is typed here: choose with the keys");
            return toasts::say(state, ToastKind::Bad, words);
        }
    };
    form.touched = true;
    if lost > 0 {
        toasts::say(state, ToastKind::Bad, safe!("too long: {} characters were left out", lost));
    }
}

/// Everything is filled in: the dialog opens, or the first field that is not right has the keys.
fn go(state: &mut State) {
    let Some(Overlay::Form(form)) = &state.ui.overlay else { return };
    let workflow = match form::read(state, form) {
        Some(Ok(workflow)) => workflow,
        Some(Err(why)) => return toasts::say(state, ToastKind::Bad, safe!("run workflow: {}", why)),
        None => return toasts::say(state, ToastKind::Info, Safe::of("what it asks for is being read")),
    };
    if let Some((at, _)) = form.problem() {
        if let Some(form) = open(state) {
            (form.at, form.complains) = (at, true);
        }
        return;
    }
    match verbs::dispatch::action(state, form, &workflow) {
        Ok(action) => {
            let form = form.clone();
            confirm::open_for(state, &action);
            state.ui.form = Some(form);
        }
        Err(why) => toasts::say(state, ToastKind::Bad, safe!("run workflow: {}", why)),
    }
}

/// The dialog was left without a yes, by a key that may still be held: what was filled in is there again.
pub(super) fn come_back(state: &mut State, key: Key) {
    if let Some(mut form) = state.ui.form.take() {
        form.opened_by = Some((key, state.now.mono));
        state.ui.overlay = Some(Overlay::Form(form));
        settle(state);
    }
}
