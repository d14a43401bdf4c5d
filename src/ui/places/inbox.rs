//! What waits for a person, over all systems.

use crate::state::State;
use crate::state::lists::Line;
use crate::ui::pen::Words;

/// The cells of a row.
pub(super) fn cells(_state: &State, _line: &Line) -> Vec<Words> {
    Vec::new()
}
