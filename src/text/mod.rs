//! Text for the screen. [`Safe`] is the only type a cell is ever filled from, and [`present`] the
//! one door into it from the outside (reliability.md §1.2): whatever a server, a log or a name
//! contains is shown, never obeyed and never silently dropped.
//!
//! | What | Where |
//! |---|---|
//! | [`Safe`]: text and its marked or coloured [`Run`]s, cutting, padding | `safe` |
//! | [`present`] with the profiles identity, line, code | `present`, `scan`, `chars`, `writer` |
//! | colours in log lines, kept readable | [`sgr`] |
//! | [`crate::safe!`]: sentences from safe parts only | `compose` |
//! | ages, durations, counts, plurals, percent | `words` |
//! | addresses: without a password, and of this machine | `host` |
//! | the same in ASCII, for `LANG=C` | [`ascii`] |

pub mod ascii;
mod chars;
mod compose;
mod host;
mod present;
mod safe;
mod scan;
pub mod sgr;
mod words;
mod writer;

pub use chars::{identity_is_plain, is_hostile, json};
pub(crate) use compose::{Builder, Sealed};
pub use compose::{SafePart, compose, placeholders};
pub use host::{is_loopback, without_user};
pub use present::{CELL_BYTES, IDENTITY_CELLS, LINE_BYTES, Profile, STRING_BYTES, present};
pub use safe::{Run, RunKind, Safe};
pub use sgr::{Colour, Sgr};
pub use words::{about, age, bytes, clock, count, decimal, duration, percent, plural, rate};
