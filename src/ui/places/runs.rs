//! Workflow runs: the list, and the page of one with its jobs and steps.

use crate::state::State;
use crate::state::lists::Line;
use crate::ui::pen::Words;

/// The cells of a row.
pub(super) fn cells(_state: &State, _line: &Line) -> Vec<Words> {
    Vec::new()
}
