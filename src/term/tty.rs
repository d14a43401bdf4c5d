//! [`Tty`]: the writer between everything and the terminal. One frame is one write, and every byte
//! of it has passed the gate.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use super::gate::{Gate, NOTICE, is_visible};

/// Room for a frame before the first write; a frame that is larger grows it.
const FRAME: usize = 64 * 1024;
/// The most that goes to the clipboard at once.
pub const CLIPBOARD_BYTES: usize = 64 * 1024;

static DROPPED: AtomicU64 = AtomicU64::new(0);

/// How many sequences and characters the gate has left out since the start. Anything but 0 is a
/// fault in this program.
#[must_use]
pub fn gate_dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// Buffers until flushed, then sends what the gate lets through.
#[derive(Debug)]
pub struct Tty<W: Write = Stdout> {
    out: W,
    frame: Vec<u8>,
    passed: Vec<u8>,
}

/// Standard output without the line buffering of the standard library, while the terminal is ours.
/// What comes at any other time is dropped: a program that was told to stop may run on for a
/// moment, and must not draw over the shell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !super::is_active() {
            return Ok(bytes.len());
        }
        Ok(rustix::io::write(rustix::stdio::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Tty {
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(Stdout)
    }
}

impl<W: Write> Tty<W> {
    pub fn new(out: W) -> Self {
        Self { out, frame: Vec::with_capacity(FRAME), passed: Vec::with_capacity(FRAME) }
    }

    /// What was written behind the gate so far.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// Rings.
    pub fn bell(&mut self) -> io::Result<()> {
        self.write_all(b"\x07")?;
        self.flush()
    }

    /// Tells the desktop through the terminal, in both ways that terminals know (OSC 9, OSC 777), and
    /// rings. What stands in neither a sequence nor a person's text is left out of both.
    pub fn notify(&mut self, title: &str, text: &str, bell: bool) -> io::Result<()> {
        // `;` ends a field, and a first digit is another command.
        let title = noticed(title, 64).replace(';', ",");
        let text = noticed(text, NOTICE - 128);
        write!(self, "\x1b]9;{title}: {text}\x1b\\\x1b]777;notify;{title};{text}\x1b\\")?;
        if bell {
            self.write_all(b"\x07")?;
        }
        self.flush()
    }

    /// To the clipboard of the terminal (OSC 52): at most [`CLIPBOARD_BYTES`], without the line ends
    /// at its end, so that pasting it into a shell does not run it.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let text = text.trim_end_matches(['\n', '\r']);
        let text = &text[..text.floor_char_boundary(CLIPBOARD_BYTES)];
        crossterm::queue!(self, crossterm::clipboard::CopyToClipboard::to_clipboard_from(text))?;
        self.flush()
    }
}

/// At most so many bytes of what can be seen.
fn noticed(text: &str, most: usize) -> String {
    let seen: String = text.chars().filter(|c| matches!(c, ' '..='~') || (!c.is_ascii() && is_visible(*c))).collect();
    seen[..seen.floor_char_boundary(most)].to_owned()
}

impl<W: Write> Write for Tty<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// # Panics
    /// In a debug build, where something is not in the grammar: a test must not pass by it.
    fn flush(&mut self) -> io::Result<()> {
        self.passed.clear();
        let violations = Gate.pass(&self.frame, &mut self.passed);
        self.frame.clear();
        debug_assert!(violations.is_empty(), "not in the console's grammar: {:?}", violations.first());
        if let Some(first) = violations.first() {
            DROPPED.fetch_add(violations.len() as u64, Ordering::Relaxed);
            tracing::error!(count = violations.len(), ?first, "bytes that the console never sends were left out");
        }
        self.out.write_all(&self.passed)?;
        self.out.flush()
    }
}
