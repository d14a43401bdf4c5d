//! The five panes of the Deck, and the log: one file each.

pub mod beside;
pub mod budget;
pub mod canary;
pub mod deck_log;
pub mod environments;
pub mod job_log;
pub mod log;
pub mod pipelines;
pub mod steps;
pub mod troubles;

use super::notice;
use super::pen::{Pen, Words};
use crate::config::theme::Role;
use crate::text::Safe;

/// The title of a pane: brighter where the keys go.
pub(super) fn title(pen: &mut Pen<'_>, focused: bool, name: &'static str, right: &Words) {
    pen.title(0, if focused { Role::Focus } else { Role::Title }, name, right);
}

/// A pane whose source is not configured: says so, and what it will take.
pub(super) fn no_source(pen: &mut Pen<'_>, why: &'static str, next: &'static str) {
    let head = Words::of(Role::Dim, "• ").text("no source is configured");
    notice::lines(pen, &head, Some(&Safe::of(why)), &Words::of(Role::Dim, next));
}
