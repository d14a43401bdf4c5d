//! Keys as data, and the table from key to command. Files are parsed in [`crate::config`].

use std::collections::BTreeMap;
use std::fmt;

use super::{Command, Scope};

/// A key as pressed or as written in a keymap file (`ctrl-d`, `shift-tab`, `G`, `space`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
    /// Only for keys that have no upper case of their own (`shift-tab`).
    pub shift: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

impl Key {
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (set, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if set {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Enter => f.write_str("enter"),
            KeyCode::Esc => f.write_str("esc"),
            KeyCode::Tab => f.write_str("tab"),
            KeyCode::Backspace => f.write_str("backspace"),
            KeyCode::Delete => f.write_str("delete"),
            KeyCode::Left => f.write_str("left"),
            KeyCode::Right => f.write_str("right"),
            KeyCode::Up => f.write_str("up"),
            KeyCode::Down => f.write_str("down"),
            KeyCode::Home => f.write_str("home"),
            KeyCode::End => f.write_str("end"),
            KeyCode::PageUp => f.write_str("pageup"),
            KeyCode::PageDown => f.write_str("pagedown"),
            KeyCode::F(n) => write!(f, "f{n}"),
        }
    }
}

/// Which key means what, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: BTreeMap<(Scope, Key), Command>,
}

impl Keymap {
    /// Binds; returns what the key meant in that scope before.
    pub fn bind(&mut self, scope: Scope, key: Key, command: Command) -> Option<Command> {
        self.bindings.insert((scope, key), command)
    }

    /// What the key means where these scopes apply, innermost first.
    #[must_use]
    pub fn lookup(&self, scopes: &[Scope], key: Key) -> Option<Command> {
        scopes.iter().find_map(|scope| self.bindings.get(&(*scope, key)).copied())
    }

    /// The keys of a command, shortest first: for footer, help and tests.
    #[must_use]
    pub fn keys_of(&self, command: Command) -> Vec<Key> {
        let mut keys: Vec<Key> =
            self.bindings.iter().filter(|(_, bound)| **bound == command).map(|((_, key), _)| *key).collect();
        keys.sort_by_key(|key| key.to_string().len());
        keys
    }

    /// All bindings, by scope and key.
    pub fn iter(&self) -> impl Iterator<Item = (Scope, Key, Command)> + '_ {
        self.bindings.iter().map(|((scope, key), command)| (*scope, *key, *command))
    }
}
