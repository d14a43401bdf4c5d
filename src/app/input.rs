//! A terminal's key into the keymap's.

use crossterm::event::{self, KeyEvent, KeyModifiers};

use crate::command::{Key, KeyCode};

/// The key that a keymap can name; `None` for keys that have no name there.
#[must_use]
pub fn key(event: KeyEvent) -> Option<Key> {
    let has = |modifier| event.modifiers.contains(modifier);
    let (ctrl, alt) = (has(KeyModifiers::CONTROL), has(KeyModifiers::ALT));
    let mut shift = has(KeyModifiers::SHIFT);
    let code = match event.code {
        // A character says by itself whether shift was held.
        event::KeyCode::Char(c) => {
            shift = false;
            KeyCode::Char(c)
        }
        event::KeyCode::BackTab => {
            shift = true;
            KeyCode::Tab
        }
        event::KeyCode::Enter => KeyCode::Enter,
        event::KeyCode::Esc => KeyCode::Esc,
        event::KeyCode::Tab => KeyCode::Tab,
        event::KeyCode::Backspace => KeyCode::Backspace,
        event::KeyCode::Delete => KeyCode::Delete,
        event::KeyCode::Left => KeyCode::Left,
        event::KeyCode::Right => KeyCode::Right,
        event::KeyCode::Up => KeyCode::Up,
        event::KeyCode::Down => KeyCode::Down,
        event::KeyCode::Home => KeyCode::Home,
        event::KeyCode::End => KeyCode::End,
        event::KeyCode::PageUp => KeyCode::PageUp,
        event::KeyCode::PageDown => KeyCode::PageDown,
        event::KeyCode::F(n) => KeyCode::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl, alt, shift })
}
