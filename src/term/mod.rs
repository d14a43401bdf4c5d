//! The terminal: taken once, given back exactly once, whatever happens (reliability.md §2).
//!
//! | What | Where |
//! |---|---|
//! | [`Session`]: raw mode, alternate screen, bracketed paste; suspend and resume | `session` |
//! | [`Screen`]: a frame inside a synchronized update, in the colours the terminal has | `screen`, `backend` |
//! | [`Tty`]: every byte to the terminal, through the gate | `tty`, `gate` |
//! | [`Events`]: keys, pastes, sizes, signals, the loss of the terminal | `events`, `input` |
//! | [`Caps`]: colours and UTF-8, from the environment only; nothing is ever asked of the terminal | `caps` |
//! | [`reset`]: `quarterdeck tty-reset` | `saved` |
//! | [`panicking`]: a panic of the screen's thread ends the program, another one does not | `panicking` |
//!
//! Mouse reports, focus reports and the kitty keyboard are never switched on: what is on after a
//! `kill -9` stays on.

mod backend;
mod caps;
mod events;
mod gate;
mod input;
mod panicking;
mod saved;
mod screen;
mod session;
mod stderr;
mod tty;

pub use backend::Paint;
pub use caps::{Caps, Colors};
pub use events::{Events, Stop, TermEvent};
pub use gate::{Gate, Violation};
pub use input::{Input, Parser};
pub use panicking::{PANIC_EXIT, panicking};
pub use saved::{Reset, reset};
pub use screen::Screen;
pub use session::{Orphaned, RESTORE, Refusal, Session, check, is_active, leave, size};
pub use tty::{CLIPBOARD_BYTES, Tty, gate_dropped};
