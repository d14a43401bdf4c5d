//! # Quarterdeck
//!
//! One owner of the state, one inbound queue, a pure transition that returns effects as data, a
//! view that only reads:
//!
//! ```text
//! terminal events ──┐                                     ┌─> ui::draw(&State, &Theme, &mut Frame)
//! system tasks ─────┼─> mpsc<Msg> ─> update(&mut State, Now, Msg) ─> Vec<Effect>
//! effect results ───┤        ▲                            └─> app runs effects: perform, tail, refresh, copy, quit
//! one-second tick ──┘        └────────── Msg::Progress(operation, …) ◄── tokio tasks
//! ```
//!
//! Four enums that never merge: [`update::Msg`] (what came in), [`command::Command`] (what a key
//! means), [`action::Action`] (a mutation that leaves the machine), [`update::Effect`] (what the
//! loop must do).
//!
//! | Module | What stands there | May use |
//! |---|---|---|
//! | [`clock`] | the only call to `now()` | `model` |
//! | [`model`] | the domain as plain data | `text` |
//! | [`text`] | [`text::Safe`], widths, ages, durations | – |
//! | [`command`] | commands, keys and the keymap as data | `model`, `text` |
//! | [`action`] | mutations, their guards, previews and expectations; operations | `model`, `text` |
//! | [`slo`] | budgets, burn rates, canary statistics, queries made from queries: pure | `model`, `text` |
//! | [`state`] | the state and read-only queries over it | `model`, `command`, `action`, `text` |
//! | [`update`] | the transition | `state` and what `state` may use |
//! | [`config`] | themes, keymaps, flags → validated settings | `model`, `command`, `text` |
//! | [`ui`] | draws the state | `state`, `model`, `command`, `action`, `text`, `config` |
//! | [`term`] | terminal guard, signals, output gate | – |
//! | [`net`] | the only owner of HTTP clients | `clock` |
//! | [`systems`] | one folder for each upstream system: ingest, watch, perform | `net`, `model`, `action`, `text`, `clock` |
//! | [`journal`] | write-ahead journal | `model`, `action`, `text` |
//! | [`demo`] | timed worlds behind a loopback server; knows no type of ours | `clock` |
//! | [`app`], [`cli`] | the loop; commands without a screen | all |
//!
//! `state` and `update` also know `ratatui::layout` (rectangles) and `tui_textarea` (the text being
//! typed is state); nothing else of the terminal. Packages have their own column in
//! `tests/layers.rs`, which reads the sources and fails on a forbidden import.

pub mod action;
pub mod app;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod journal;
pub mod model;
pub mod net;
pub mod slo;
pub mod state;
pub mod systems;
pub mod term;
pub mod text;
pub mod ui;
pub mod update;
