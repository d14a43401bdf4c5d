//! Invariants that hold for every sequence of messages.

mod interleavings;
mod runs;
