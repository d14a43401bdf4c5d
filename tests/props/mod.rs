//! Invariants that hold for every sequence of messages.

mod durations;
mod interleavings;
mod runs;
