//! Which part of the matrix has room, and what is said of the rest.

use std::ops::Range;

use super::beside;
use crate::command::Command;
use crate::config::theme::Role;
use crate::model::Uid;
use crate::safe;
use crate::state::State;
use crate::state::matrix::{self, Matrix};
use crate::state::ui::{ListId, RowId};
use crate::text;
use crate::ui::pen::Words;

/// Columns of a cell that is wide enough, and of one where many environments must stand beside each
/// other: glyph, version, and a word.
const WIDTH: (u16, u16, u16) = (14, 20, 44);

/// Which part of the matrix has room, so that the selected workload is in it.
pub(super) struct Grid {
    /// Columns of the terminal for the names of services, and for an environment.
    pub(super) names: u16,
    pub(super) width: u16,
    /// The services that its filter lets through, and which of them are in sight.
    pub(super) rows: Vec<usize>,
    pub(super) services: Range<usize>,
    pub(super) environments: Range<usize>,
    pub(super) selected: Option<Uid>,
    pub(super) place: Option<(usize, usize)>,
    /// There is room for drift, soak and hold, and something is known of them.
    pub(super) beside: bool,
}

impl Grid {
    pub(super) fn new(state: &State, list: &ListId, matrix: &Matrix, columns: u16, rows: u16) -> Self {
        let selected = match state.ui.list(list).and_then(|list| list.selected.as_ref()) {
            Some(RowId::Object(id)) => Some(id.uid.clone()),
            _ => None,
        };
        let place = selected.as_ref().and_then(|uid| matrix.place(uid));
        let (row, column) = place.unwrap_or_default();
        let passing = matrix::passing(state, list, matrix);
        let at = passing.binary_search(&row).unwrap_or(0);
        let all = usize::from(rows.saturating_sub(1));
        // What has no room is told on the last line.
        let lines = if passing.len() > all { all.saturating_sub(1) } else { all };
        let services = window(at, lines, passing.len());
        let shown = passing[services.clone()].iter().map(|at| &matrix.services[*at]);
        let names = shown.map(|service| service.name.safe().width()).max().unwrap_or(8).clamp(8, 28) as u16;
        let room = columns.saturating_sub(names + 2);
        let beside = beside::is_told(state)
            && usize::from(room) >= matrix.environments.len() * usize::from(WIDTH.1) + usize::from(beside::WIDTH);
        let room = if beside { room - beside::WIDTH } else { room };
        let count = matrix.environments.len().max(1);
        let (least, good, most) = WIDTH;
        let fit = usize::from(room / if usize::from(room / good) >= count { good } else { least }).clamp(1, count);
        let width = (room / fit as u16).min(most);
        let environments = window(column, fit, matrix.environments.len());
        Self { names, width, rows: passing, services, environments, selected, place, beside }
    }

    /// What has no room, and how it comes into sight: `9 more services: j moves on, / and F narrow`. The keys of a
    /// pane that has none at the moment are not named.
    pub(super) fn hidden(&self, state: &State, matrix: &Matrix, has_keys: bool) -> Words {
        let key = |command| state.keymap.keys_of(command).into_iter().next().map(crate::ui::key);
        let services = (self.rows.len() - self.services.len()) as u64;
        let words = Words::of(Role::Wait, text::plural(services, "more service", "more services"));
        let words = match (matrix.environments.len() - self.environments.len()) as u64 {
            0 => words,
            more => words.add(Role::Wait, safe!(", {}", text::plural(more, "environment", "environments"))),
        };
        match (key(Command::Down), key(Command::Filter), key(Command::FaultsOnly)) {
            _ if !has_keys => words,
            (Some(down), Some(filter), Some(faults)) => words
                .dim(": ")
                .add(Role::Key, down)
                .dim(" moves on to them, ")
                .add(Role::Key, filter)
                .dim(" and ")
                .add(Role::Key, faults)
                .dim(" narrow"),
            _ => words,
        }
    }

    /// What has no room beside the others: `environments 3–6 of 9`.
    pub(super) fn beyond(&self, matrix: &Matrix) -> Words {
        let (shown, all) = (&self.environments, matrix.environments.len());
        if shown.len() >= all {
            return Words::new();
        }
        let words = safe!(" · environments {}–{} of {}", shown.start + 1, shown.end, all);
        Words::of(Role::Wait, words)
    }
}

/// So many of them that the one at `at` is among them.
fn window(at: usize, room: usize, all: usize) -> Range<usize> {
    let room = room.max(1);
    let start = (at + 1).saturating_sub(room).min(all);
    start..(start + room).min(all)
}
