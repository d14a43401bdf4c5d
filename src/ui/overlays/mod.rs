//! What lies over the screen: help, the confirm dialog, a line being typed, toasts.

mod confirm;
mod form;
mod help;
mod prompt;

use ratatui::layout::Rect;
use tui_textarea::TextArea;

use super::pen::{Pen, Words};
use crate::config::theme::Role;
use crate::safe;
use crate::state::State;
use crate::state::layout::Screen;
use crate::state::ui::{Overlay, ToastKind};
use crate::text::Safe;

pub use confirm::room_wanted;

pub fn draw(state: &State, pen: &mut Pen<'_>, screen: &Screen) {
    toasts(state, pen, screen);
    match &state.ui.overlay {
        None => {}
        Some(Overlay::Help { top }) => help::draw(state, pen, *top),
        Some(Overlay::Confirm(dialog)) => confirm::draw(state, pen, dialog),
        Some(Overlay::Form(open)) => form::draw(state, pen, open),
        Some(Overlay::Prompt { kind, editor, .. }) => prompt::draw(&mut pen.within(screen.footer), *kind, editor),
    }
}

/// Where there is no room for anything: that an open dialog wants an answer comes before all else.
pub fn sentence(state: &State, pen: &mut Pen<'_>) -> bool {
    let Some(Overlay::Confirm(dialog)) = &state.ui.overlay else { return false };
    confirm::draw(state, pen, dialog);
    true
}

/// The longest message; a watch that answers lists what it saw, and what a server says of a file is long.
const LINES: usize = 6;

/// Short words above the footer, the newest lowest.
fn toasts(state: &State, pen: &mut Pen<'_>, screen: &Screen) {
    let live = state.ui.toasts.iter().rev().filter(|toast| toast.until > state.now.mono).take(3);
    // Why the line being typed is none stands next to it, for as long as it is.
    let wrong = match &state.ui.overlay {
        Some(Overlay::Prompt { wrong, .. }) => wrong.as_ref(),
        _ => None,
    };
    let mut bottom = screen.footer.y;
    let all = wrong.map(|why| (ToastKind::Bad, why)).into_iter().chain(live.map(|toast| (toast.kind, &toast.text)));
    for (kind, text) in all {
        let (role, glyph) = match kind {
            ToastKind::Info => (Role::Text, "· "),
            ToastKind::Good => (Role::Good, "✔ "),
            ToastKind::Waiting => (Role::Move, "◌ "),
            ToastKind::Bad => (Role::Bad, "✖ "),
        };
        let words = Words::of(role, glyph).add(if role == Role::Bad { Role::Text } else { role }, text);
        let room = screen.footer.width.saturating_sub(2);
        let lines = words.wrap(room);
        let lines = &lines[..lines.len().min(LINES)];
        let height = lines.len() as u16;
        if height + 2 > bottom {
            break;
        }
        bottom -= height;
        let width = lines.iter().map(Words::width).max().unwrap_or(0).min(room) + 2;
        let mut area = pen.within(Rect { x: screen.footer.width - width, y: bottom, width, height });
        area.wipe(Role::Dialog);
        for (y, line) in (0..height).zip(lines) {
            area.write(1, y, width - 2, line);
        }
    }
}

/// What is typed in an editor, with the place of the cursor.
fn typed(editor: &TextArea<'static>, focused: bool) -> Words {
    typed_within(editor, focused, usize::MAX)
}

/// The same in so many columns: of a text that is longer the part with the cursor.
fn typed_within(editor: &TextArea<'static>, focused: bool, room: usize) -> Words {
    let text = editor.lines().concat();
    if !focused {
        return Words::of(Role::Text, Safe::identity(&text));
    }
    let at = editor.cursor().1;
    let before: String = text.chars().take(at).collect();
    let after: String = text.chars().skip(at).collect();
    // A space at an end is typed text here, not an oddity of a name.
    let (before, after) = (Safe::line(&before), Safe::line(&after));
    let wide = before.width();
    // The sign of the cursor, one for what is cut off, one that a character of two columns may need.
    let before = match wide.checked_sub(room.saturating_sub(1)) {
        Some(over) if over > 0 => safe!("…{}", before.columns((over + 1).min(wide)..wide)),
        _ => before,
    };
    Words::of(Role::Text, before).add(Role::Key, "▏").text(after)
}
