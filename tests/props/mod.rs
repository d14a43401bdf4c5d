//! Invariants that hold for every sequence of messages.

mod derived;
mod durations;
mod interleavings;
mod runs;
