//! Error budget: the objectives with the least left first. Prometheus is not read yet.

use super::pipelines::indent;
use super::{no_source, title};
use crate::config::theme::Role;
use crate::state::layout::cut_top;
use crate::ui::pen::{Pen, Words};

const WHY: &str = "Objectives and burn rates come from Prometheus, which this version does not read.";
const NEXT: &str = "A source will be named in the configuration file that comes with it. What an analysis \
                    measures is in the pane of the canary.";

pub fn draw(pen: &mut Pen<'_>, focused: bool) {
    title(pen, focused, "ERROR BUDGET", &Words::new());
    let area = pen.area();
    no_source(&mut pen.within(indent(cut_top(area, 1).1)), WHY, NEXT);
}

/// The same on its own page.
pub fn view(pen: &mut Pen<'_>) {
    pen.title(0, Role::Title, "SERVICE LEVEL OBJECTIVES", &Words::of(Role::Dim, "no source is configured"));
    let area = pen.area();
    no_source(&mut pen.within(cut_top(area, 2).1), WHY, NEXT);
}

/// What it comes to in one line.
#[must_use]
pub fn summary() -> Words {
    Words::of(Role::Dim, "no source is configured")
}
