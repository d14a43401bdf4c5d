//! RustCI (apis.md §11): what is read of it, what it is asked to do, and what goes wrong on the way.

pub mod ci;
pub mod dialogs;
mod doctor;
mod flow;
mod server;
mod servers;
mod shapes;
mod ways;
mod writes;
