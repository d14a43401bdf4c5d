//! Running steps: the jobs of the selected pipeline as a time line. No source is read yet.

use super::pipelines::indent;
use super::{no_source, title};
use crate::config::theme::Role;
use crate::state::layout::cut_top;
use crate::ui::pen::{Pen, Words};

pub fn draw(pen: &mut Pen<'_>, focused: bool) {
    title(pen, focused, "RUNNING STEPS", &Words::new());
    let area = pen.area();
    no_source(
        &mut pen.within(indent(cut_top(area, 1).1)),
        "Jobs and steps come with the pipelines they belong to.",
        "The steps of a canary are in its own pane and on the page of the rollout.",
    );
}

/// What it comes to in one line.
#[must_use]
pub fn summary() -> Words {
    Words::of(Role::Dim, "no source is configured")
}
