//! One line being typed: the filter of a list, or a pattern of the log.

use tui_textarea::{CursorMove, TextArea};

use super::{Effect, image, log, pipeline, scale, select};
use crate::command::{Key, KeyCode};
use crate::state::State;
use crate::state::ui::{Overlay, PromptKind};
use crate::text::Safe;

/// Longer input is a mistake, not a filter or a reason.
const MOST: usize = 200;

/// Gives the key to the editor; false if it is none that edits.
pub(super) fn edit(editor: &mut TextArea<'static>, key: Key) -> bool {
    edit_within(editor, key, MOST)
}

/// The same of a text that may have so many characters.
pub(super) fn edit_within(editor: &mut TextArea<'static>, key: Key, most: usize) -> bool {
    match (key.code, key.ctrl, key.alt) {
        (KeyCode::Char(c), false, false) => {
            if length(editor) < most && !c.is_control() {
                editor.insert_char(c);
            }
        }
        (KeyCode::Char('u'), true, false) => drop(editor.delete_line_by_head()),
        (KeyCode::Char('w'), true, false) => drop(editor.delete_word()),
        (KeyCode::Backspace, _, _) => drop(editor.delete_char()),
        (KeyCode::Delete, _, _) => drop(editor.delete_next_char()),
        (KeyCode::Left, _, _) => editor.move_cursor(CursorMove::Back),
        (KeyCode::Right, _, _) => editor.move_cursor(CursorMove::Forward),
        (KeyCode::Home, _, _) => editor.move_cursor(CursorMove::Head),
        (KeyCode::End, _, _) => editor.move_cursor(CursorMove::End),
        _ => return false,
    }
    true
}

/// Pastes one line: line feeds and other controls become spaces.
pub(super) fn paste_into(editor: &mut TextArea<'static>, text: &str) {
    paste_within(editor, text, MOST);
}

/// The same into a text that may have so many characters; how many did not fit.
pub(super) fn paste_within(editor: &mut TextArea<'static>, text: &str, most: usize) -> usize {
    let room = most.saturating_sub(length(editor));
    // A line end of another system is one line end.
    let text = text.trim().replace("\r\n", "\n");
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(room).collect();
    editor.insert_str(line);
    text.chars().count().saturating_sub(room)
}

fn length(editor: &TextArea<'static>) -> usize {
    editor.lines().iter().map(|line| line.chars().count()).sum()
}

pub(super) fn text_of(editor: &TextArea<'static>) -> String {
    editor.lines().concat()
}

/// Opens the prompt for the filter of the list that has the keys.
pub(super) fn open_filter(state: &mut State) {
    let list = state.ui.list_id();
    let filter = state.ui.list(&list).map_or(String::new(), |list| list.filter.clone());
    let mut editor = TextArea::new(vec![filter]);
    editor.move_cursor(CursorMove::End);
    state.ui.overlay = Some(Overlay::prompt(PromptKind::Filter, None, editor));
}

pub(super) fn key(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let Some(Overlay::Prompt { kind, wrong, .. }) = &mut state.ui.overlay else { return };
    let kind = *kind;
    *wrong = None;
    match key.code {
        KeyCode::Enter => enter(state, effects),
        KeyCode::Esc => {
            state.ui.overlay = None;
            take(state, kind, "", true);
        }
        KeyCode::Char('c') if key.ctrl => state.ui.overlay = None,
        KeyCode::Char(c) if !key.alt && !is_meant(kind, c) => refuse(state, Safe::of(DIGITS)),
        _ => {
            let Some(Overlay::Prompt { editor, .. }) = &mut state.ui.overlay else { return };
            if edit(editor, key) {
                typed(state);
            }
        }
    }
}

const DIGITS: &str = "a whole number is meant: it takes digits only";

/// A number takes no letters: one that is left out without a word would make another number of it.
fn is_meant(kind: PromptKind, c: char) -> bool {
    kind != PromptKind::Replicas || c.is_ascii_digit()
}

/// What was entered is taken, and the line closes; or it stays open with the text, and says why not: keys that
/// follow are meant for it, and would be commands without it.
fn enter(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Overlay::Prompt { kind, target, editor, .. }) = &state.ui.overlay else { return };
    let (kind, text, target) = (*kind, text_of(editor), target.clone());
    let line = state.ui.overlay.take();
    let taken = match kind {
        PromptKind::Replicas => scale::entered(state, target, &text),
        PromptKind::SetImage => image::entered(state, target, &text),
        PromptKind::Trigger | PromptKind::PipelineFile => pipeline::entered(state, kind, &text, effects),
        _ => {
            take(state, kind, &text, true);
            Ok(())
        }
    };
    if let Err(why) = taken {
        state.ui.overlay = line;
        refuse(state, why);
    }
}

fn refuse(state: &mut State, why: Safe) {
    if let Some(Overlay::Prompt { wrong, .. }) = &mut state.ui.overlay {
        *wrong = Some(why);
    }
}

pub(super) fn paste(state: &mut State, text: &str) {
    let Some(Overlay::Prompt { kind, editor, wrong, .. }) = &mut state.ui.overlay else { return };
    if text.trim().chars().all(|c| is_meant(*kind, c)) {
        *wrong = None;
        paste_into(editor, text);
        typed(state);
    } else {
        refuse(state, Safe::of(DIGITS));
    }
}

fn typed(state: &mut State) {
    if let Some(Overlay::Prompt { kind, editor, .. }) = &state.ui.overlay {
        let (kind, text) = (*kind, text_of(editor));
        take(state, kind, &text, false);
    }
}

fn take(state: &mut State, kind: PromptKind, text: &str, entered: bool) {
    if state.ui.place.is_log() {
        log::typed(state, kind, text, entered);
    } else if kind == PromptKind::Filter {
        let list = state.ui.list_id();
        let entry = state.ui.lists.entry(list.clone()).or_default();
        if entry.filter != text {
            text.clone_into(&mut entry.filter);
            select::recount(state, &list);
        }
    }
}
