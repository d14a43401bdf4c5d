//! Pipelines: the runs of all systems in one list. No system that runs pipelines is read yet.

use super::{no_source, title};
use crate::config::theme::Role;
use crate::state::layout::cut_top;
use crate::ui::pen::{Pen, Words};

const WHY: &str = "Pipelines come from GitHub Actions, which this version does not read.";
const NEXT: &str = "A source will be named in the configuration file that comes with it.";

pub fn draw(pen: &mut Pen<'_>, focused: bool) {
    title(pen, focused, "PIPELINES", &Words::new());
    let area = pen.area();
    no_source(&mut pen.within(indent(cut_top(area, 1).1)), WHY, NEXT);
}

/// The same on its own page.
pub fn view(pen: &mut Pen<'_>) {
    pen.title(0, Role::Title, "PIPELINES", &Words::of(Role::Dim, "no source is configured"));
    let area = pen.area();
    no_source(&mut pen.within(cut_top(area, 2).1), WHY, NEXT);
}

/// What it comes to in one line.
#[must_use]
pub fn summary() -> Words {
    Words::of(Role::Dim, "no source is configured")
}

/// Text of a pane stands one column to the right of its title.
pub(super) const fn indent(area: ratatui::layout::Rect) -> ratatui::layout::Rect {
    ratatui::layout::Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(1), ..area }
}
