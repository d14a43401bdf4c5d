//! Docker: frames of a log, answers of an engine, ways to fail, and the demo's engine on the screen.

mod fails;
mod frames;
mod seen;
mod shapes;
