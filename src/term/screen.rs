//! [`Screen`]: one frame at a time, each inside a synchronized update, so that a terminal never
//! shows half of one.

use std::io::{self, Write};

use ratatui::{Frame, Terminal};

use super::backend::Paint;
use super::caps::Caps;
use super::tty::Tty;

/// What frames are drawn on.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<Paint<Tty>>,
}

impl Screen {
    /// `ascii` translates symbols for terminals without UTF-8.
    pub fn new(caps: Caps, ascii: fn(&str) -> &str) -> io::Result<Self> {
        Ok(Self { terminal: Terminal::new(Paint::new(Tty::stdout(), caps, ascii))? })
    }

    /// Draws one frame and sends what differs from the one before, in one write.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame)) -> io::Result<()> {
        let (width, height) = super::session::size();
        if width == 0 || height == 0 {
            // A terminal without cells: nothing to draw on until it has some.
            return Ok(());
        }
        self.tty().write_all(b"\x1b[?2026h")?;
        // The library flushes before it places the cursor; what comes after is sent below.
        let drawn = self.terminal.draw(draw).map(drop);
        self.tty().write_all(b"\x1b[?2026l")?;
        self.tty().flush()?;
        drawn
    }

    /// Paints everything again with the next frame: after a resume, or when something else wrote.
    pub fn repaint(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Tells the desktop through the terminal; between two frames, in one write.
    pub fn notify(&mut self, title: &str, text: &str, bell: bool) -> io::Result<()> {
        let text = self.terminal.backend().plain(text);
        self.tty().notify(title, &text, bell)
    }

    /// For the clipboard and the bell.
    pub fn tty(&mut self) -> &mut Tty {
        self.terminal.backend_mut().writer()
    }
}
