//! Outside text: what may reach the screen, and how (`src/text`). Named after `R1`–`R9`.

pub mod corpus;
mod lint;
mod properties;
mod tables;
mod views;
