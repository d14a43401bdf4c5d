//! Bytes from the keyboard into keys. Everything that a terminal may answer (cursor position,
//! device attributes, colours, names) is read as a whole and thrown away: an answer that comes
//! late, or that somebody else asked for, is never a key (reliability.md §2, start-up probes).

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Key(KeyEvent),
    Paste(String),
}

/// The most of one paste that is kept.
const PASTE: usize = 256 * 1024;
/// A string of a terminal's answer that is longer is not waited for.
const STRING: usize = 8 * 1024;

/// Takes bytes as they come, in pieces of any length.
#[derive(Debug, Default)]
pub struct Parser {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// What stands at the beginning of the bytes.
enum Head {
    /// So many bytes, and what they mean (`None`: nothing).
    Whole(usize, Option<KeyEvent>),
    PasteStart(usize),
    /// More must come before it can be told.
    Partial,
}

impl Parser {
    /// Bytes are held back because more may belong to them.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// An escape alone: after a short while it is the key.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.paste.is_none() && self.pending.first() == Some(&0x1b) && self.pending.len() <= 2
    }

    /// Takes bytes in.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.pending.extend_from_slice(bytes);
        let mut found = Vec::new();
        loop {
            if self.paste.is_some() {
                match self.paste() {
                    Some(text) => found.push(Input::Paste(text)),
                    None => return found,
                }
                continue;
            }
            match head(&self.pending) {
                Head::Partial => return found,
                Head::PasteStart(length) => {
                    self.pending.drain(..length);
                    self.paste = Some(Vec::new());
                }
                Head::Whole(length, key) => {
                    self.pending.drain(..length);
                    found.extend(key.map(Input::Key));
                }
            }
        }
    }

    /// Nothing more has come: what is held back is what it is.
    pub fn timeout(&mut self) -> Vec<Input> {
        if self.paste.is_some() {
            return Vec::new();
        }
        let pending = std::mem::take(&mut self.pending);
        match pending.as_slice() {
            [0x1b] => vec![Input::Key(KeyCode::Esc.into())],
            // An introducer alone is the key with Alt.
            [0x1b, letter @ 0x20..=0x7e] => {
                vec![Input::Key(with(char_key(char::from(*letter)), KeyModifiers::ALT))]
            }
            // An answer that was cut off, or half a character.
            _ => Vec::new(),
        }
    }

    /// The rest of a paste, if its end is here.
    fn paste(&mut self) -> Option<String> {
        const END: &[u8] = b"\x1b[201~";
        let end = self.pending.windows(END.len()).position(|bytes| bytes == END);
        // Without an end, all but what could be the beginning of one.
        let ready = end.unwrap_or(self.pending.len().saturating_sub(END.len() - 1));
        let kept = self.paste.get_or_insert_default();
        let room = PASTE.saturating_sub(kept.len());
        kept.extend_from_slice(&self.pending[..ready.min(room)]);
        self.pending.drain(..ready + if end.is_some() { END.len() } else { 0 });
        end?;
        self.paste.take().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn head(bytes: &[u8]) -> Head {
    match bytes {
        [] | [0x1b] => Head::Partial,
        [0x1b, b'[', rest @ ..] => control(rest),
        [0x1b, b'O', rest @ ..] => match rest {
            [] => Head::Partial,
            [letter, ..] => Head::Whole(3, function(*letter)),
        },
        [0x1b, b']' | b'P' | b'X' | b'^' | b'_', rest @ ..] => answer(rest),
        [0x1b, 0x1b, ..] => Head::Whole(1, Some(KeyCode::Esc.into())),
        [0x1b, rest @ ..] => match plain(rest) {
            Head::Whole(length, key) => Head::Whole(length + 1, key.map(|key| with(key, KeyModifiers::ALT))),
            other => other,
        },
        _ => plain(bytes),
    }
}

/// A character or a control.
fn plain(bytes: &[u8]) -> Head {
    let ctrl = |letter: u8| Some(with(KeyCode::Char(char::from(letter)).into(), KeyModifiers::CONTROL));
    match bytes[0] {
        b'\r' => Head::Whole(1, Some(KeyCode::Enter.into())),
        b'\t' => Head::Whole(1, Some(KeyCode::Tab.into())),
        0x7f => Head::Whole(1, Some(KeyCode::Backspace.into())),
        0 => Head::Whole(1, ctrl(b' ')),
        letter @ 0x01..=0x1a => Head::Whole(1, ctrl(letter + 0x60)),
        letter @ 0x1c..=0x1f => Head::Whole(1, ctrl(letter - 0x1c + b'4')),
        byte if byte.is_ascii() => Head::Whole(1, Some(char_key(char::from(byte)))),
        _ => match std::str::from_utf8(&bytes[..bytes.len().min(4)]) {
            Ok(text) => first_char(text),
            Err(error) if error.valid_up_to() > 0 => {
                first_char(std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default())
            }
            Err(error) => error.error_len().map_or(Head::Partial, |length| Head::Whole(length, None)),
        },
    }
}

fn first_char(text: &str) -> Head {
    text.chars().next().map_or(Head::Partial, |c| Head::Whole(c.len_utf8(), (!c.is_control()).then(|| char_key(c))))
}

fn char_key(c: char) -> KeyEvent {
    let modifiers = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    KeyEvent::new(KeyCode::Char(c), modifiers)
}

fn with(mut key: KeyEvent, modifiers: KeyModifiers) -> KeyEvent {
    key.modifiers |= modifiers;
    key
}

/// The rest of an OSC, DCS, SOS, PM or APC: thrown away up to its end.
fn answer(rest: &[u8]) -> Head {
    for (at, byte) in rest.iter().enumerate().take(STRING) {
        match (byte, rest.get(at + 1)) {
            (0x07, _) => return Head::Whole(2 + at + 1, None),
            (0x1b, Some(b'\\')) => return Head::Whole(2 + at + 2, None),
            // Another sequence begins: this one was cut off.
            (0x1b, Some(_)) => return Head::Whole(2 + at, None),
            _ => {}
        }
    }
    if rest.len() >= STRING { Head::Whole(2 + STRING, None) } else { Head::Partial }
}

/// The rest of a CSI.
fn control(rest: &[u8]) -> Head {
    // The Linux console's F1 to F5.
    if let [b'[', tail @ ..] = rest {
        return match tail {
            [] => Head::Partial,
            [letter @ b'A'..=b'E', ..] => Head::Whole(4, Some(KeyCode::F(letter - b'A' + 1).into())),
            _ => Head::Whole(4, None),
        };
    }
    let Some(length) = rest.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) else {
        return if rest.len() > 64 { Head::Whole(2 + rest.len(), None) } else { Head::Partial };
    };
    let (parameters, last) = (&rest[..length], rest[length]);
    let whole = 2 + length + 1;
    match last {
        // X10 mouse: three bytes follow.
        b'M' if parameters.is_empty() => {
            if rest.len() < 4 {
                Head::Partial
            } else {
                Head::Whole(whole + 3, None)
            }
        }
        b'~' if parameters == b"200" => Head::PasteStart(whole),
        0x40..=0x7e => Head::Whole(whole, key(parameters, last)),
        // A control inside: the sequence was cut off there.
        _ => Head::Whole(2 + length, None),
    }
}

fn key(parameters: &[u8], last: u8) -> Option<KeyEvent> {
    let text = std::str::from_utf8(parameters).ok()?;
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') {
        // `?`, `>`, `<`, `$`: an answer or the mouse.
        return None;
    }
    let mut numbers = text.split(';').map(|n| n.parse::<u32>().unwrap_or(1));
    let first = numbers.next().unwrap_or(1);
    let modifiers = modifiers(numbers.next().unwrap_or(1));
    let key = match last {
        b'~' if first == 27 => char_key(char::from_u32(numbers.next()?).filter(|c| !c.is_control())?),
        b'~' => tilde(first)?.into(),
        b'u' => match char::from_u32(first)? {
            '\r' => KeyCode::Enter.into(),
            '\t' => KeyCode::Tab.into(),
            '\x1b' => KeyCode::Esc.into(),
            '\x7f' => KeyCode::Backspace.into(),
            c if c.is_control() => return None,
            c => char_key(c),
        },
        b'Z' => with(KeyCode::BackTab.into(), KeyModifiers::SHIFT),
        // `R` is F3 with a modifier, and also a cursor position: the position wins.
        b'R' => return None,
        _ => function(last)?,
    };
    Some(with(key, modifiers))
}

fn tilde(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F((number - 10) as u8),
        17..=21 => KeyCode::F((number - 11) as u8),
        23 | 24 => KeyCode::F((number - 12) as u8),
        _ => return None,
    })
}

fn function(letter: u8) -> Option<KeyEvent> {
    Some(
        match letter {
            b'A' => KeyCode::Up,
            b'B' => KeyCode::Down,
            b'C' => KeyCode::Right,
            b'D' => KeyCode::Left,
            b'F' => KeyCode::End,
            b'H' => KeyCode::Home,
            b'M' => KeyCode::Enter,
            b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
            _ => return None,
        }
        .into(),
    )
}

/// xterm's number: one more than the sum of 1 shift, 2 alt, 4 control.
fn modifiers(number: u32) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)]
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .fold(KeyModifiers::NONE, |all, (_, modifier)| all | modifier)
}
