//! The terminal: taken and given back, whatever happens (`src/term`). Named after `R2`, `R11`–`R19`.

mod caps;
mod console;
mod gate;
mod keys;
mod lifecycle;
mod program;
mod shell;
