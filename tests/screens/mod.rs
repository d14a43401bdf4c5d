//! The screens: every view in every state, compared with the pictures in `snapshots/screens`.

mod approvals;
mod asides;
mod beside;
mod containers;
mod contrast;
mod deck;
mod dialogs;
mod discovered;
mod doubt;
mod executions;
mod expected;
mod hostile;
mod images;
mod kept;
mod matrix;
mod picture;
mod readme;
pub mod run_world;
mod runs;
pub mod shot;
mod sizes;
mod skew;
mod slos;
mod states;
mod tekton;
mod views;
mod world;
