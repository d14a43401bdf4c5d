//! Rows in columns. Columns keep their width while values change; where there is little room the
//! least important ones are left out. Only visible rows are made.

use super::pen::{Lean, Pen, Words};
use crate::config::theme::Role;
use crate::state::State;
use crate::state::lists::{self, Line};
use crate::state::ui::ListId;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    /// Least width, in columns of the terminal.
    pub width: u16,
    /// Its share of the room that is left over.
    pub grow: u16,
    pub lean: Lean,
    pub keeps: Keeps,
    /// The one with the highest number goes first when there is too little room; 0 stays.
    pub drop: u8,
}

impl Column {
    /// Nothing stands in it: its room is for the others.
    #[must_use]
    pub const fn left_out(self) -> Self {
        Self { drop: LEFT_OUT, ..self }
    }
}

/// Not even where there is room.
const LEFT_OUT: u8 = u8::MAX;

/// What stays of a cell that has too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    Beginning,
    /// Its end, too: names that begin alike end differently.
    Ends,
    /// The names at the ends of paths, where that is enough.
    Names,
}

/// A column of words.
#[must_use]
pub const fn left(title: &'static str, width: u16, grow: u16, drop: u8) -> Column {
    Column { title, width, grow, lean: Lean::Left, keeps: Keeps::Beginning, drop }
}

/// A column of words with images among them, whose tag must not be lost.
#[must_use]
pub const fn told(title: &'static str, width: u16, grow: u16, drop: u8) -> Column {
    Column { title, width, grow, lean: Lean::Left, keeps: Keeps::Names, drop }
}

/// A column of names, by which rows are told apart.
#[must_use]
pub const fn named(title: &'static str, width: u16, grow: u16, drop: u8) -> Column {
    Column { title, width, grow, lean: Lean::Left, keeps: Keeps::Ends, drop }
}

/// A column of numbers.
#[must_use]
pub const fn right(title: &'static str, width: u16, drop: u8) -> Column {
    Column { title, width, grow: 0, lean: Lean::Right, keeps: Keeps::Beginning, drop }
}

/// Where a column stands: its number, its place and width.
type Placed = (usize, u16, u16);

/// Columns between two columns.
const GAP: u16 = 2;
/// The mark of the selected row.
const GUTTER: u16 = 1;

/// Places the columns that fit.
#[must_use]
pub fn fit(columns: &[Column], width: u16) -> Vec<Placed> {
    let mut shown: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].drop != LEFT_OUT).collect();
    let needed = |shown: &[usize]| {
        let widths: u32 = shown.iter().map(|at| u32::from(columns[*at].width + GAP)).sum();
        widths + u32::from(GUTTER)
    };
    while needed(&shown) > u32::from(width) + u32::from(GAP) {
        let Some(least) = shown.iter().copied().filter(|at| columns[*at].drop > 0).max_by_key(|at| columns[*at].drop)
        else {
            break;
        };
        shown.retain(|at| *at != least);
    }
    let spare = (u32::from(width) + u32::from(GAP)).saturating_sub(needed(&shown)) as u16;
    let shares: u16 = shown.iter().map(|at| columns[*at].grow).sum();
    let mut x = GUTTER;
    let mut placed = Vec::with_capacity(shown.len());
    for at in shown {
        let column = columns[at];
        let more = if shares == 0 { 0 } else { (u32::from(spare) * u32::from(column.grow) / u32::from(shares)) as u16 };
        let wide = (column.width + more).min(width.saturating_sub(x));
        placed.push((at, x, wide));
        x = x.saturating_add(column.width + more + GAP);
    }
    placed
}

/// The names of the columns.
pub fn heading(pen: &mut Pen<'_>, columns: &[Column]) {
    for (at, x, width) in fit(columns, pen.width()) {
        let column = columns[at];
        pen.cell(x, 0, width, column.lean, &Words::of(Role::Dim, column.title));
    }
}

/// The visible rows of a list, the selected one highlighted.
pub fn rows(
    state: &State,
    list: &ListId,
    pen: &mut Pen<'_>,
    columns: &[Column],
    cells: &mut dyn FnMut(&Line) -> Vec<Words>,
) {
    let placed = fit(columns, pen.width());
    let top = top(state, list, pen.height());
    let shown = lists::rows(state, list, top..top + usize::from(pen.height()));
    let has_keys = state.ui.list_id() == *list;
    let selected = state.ui.list(list).and_then(|list| list.selected.as_ref());
    for (y, line) in (0u16..).zip(&shown) {
        if selected == Some(&line.id) {
            mark(pen, 0, y, pen.width(), has_keys);
        }
        watched(state, pen, y, line);
        row(pen, y, columns, &placed, &cells(line));
    }
}

/// The parts a list falls into, each under a title of its own, which cannot be selected.
pub struct Sections<'a> {
    pub name: fn(&Line) -> &'static str,
    /// At the end of the first title.
    pub right: &'a Words,
    /// Titles that may stand between rows, which `update` keeps room for.
    pub most: u16,
}

/// Rows under the titles of their sections; the title of the first visible row is always there.
pub fn sectioned(
    state: &State,
    list: &ListId,
    pen: &mut Pen<'_>,
    columns: &[Column],
    sections: &Sections<'_>,
    cells: &mut dyn FnMut(&Line) -> Vec<Words>,
) {
    let placed = fit(columns, pen.width());
    let room = pen.height().saturating_sub(1);
    let top = top(state, list, room.saturating_sub(sections.most).max(room.min(1)));
    let shown = lists::rows(state, list, top..top + usize::from(room));
    let selected = state.ui.list(list).and_then(|list| list.selected.as_ref());
    let (mut y, mut before) = (0, None);
    for line in &shown {
        let name = (sections.name)(line);
        if before != Some(name) {
            let right = if before.is_none() { sections.right.clone() } else { Words::new() };
            pen.title(y, Role::Title, name, &right);
            before = Some(name);
            y += 1;
        }
        if y >= pen.height() {
            break;
        }
        row(pen, y, columns, &placed, &cells(line));
        if selected == Some(&line.id) {
            mark(pen, 0, y, pen.width(), state.ui.list_id() == *list);
        }
        watched(state, pen, y, line);
        y += 1;
    }
}

/// The cells of one row at their places.
pub fn row(pen: &mut Pen<'_>, y: u16, columns: &[Column], placed: &[Placed], cells: &[Words]) {
    // One that stands alone has the room of all.
    if let [words] = cells {
        let width = pen.width().saturating_sub(GUTTER);
        return pen.cell(GUTTER, y, width, Lean::Left, words);
    }
    for (at, x, width) in placed {
        if let Some(words) = cells.get(*at) {
            let column = columns[*at];
            let wide = words.width() > *width;
            let cut = match column.keeps {
                Keeps::Ends if wide => &words.middle(*width),
                Keeps::Names if wide => &words.without_paths(),
                _ => words,
            };
            pen.cell(*x, y, *width, column.lean, cut);
        }
    }
}

/// The selected row: a band where the keys go, elsewhere only a quiet mark, so that one band is on
/// the screen.
pub fn mark(pen: &mut Pen<'_>, x: u16, y: u16, width: u16, has_keys: bool) {
    if has_keys {
        pen.background(x, y, width, Role::Selected);
        pen.write(x, y, 1, &Words::of(Role::Key, "▌"));
    } else {
        pen.write(x, y, 1, &Words::of(Role::Faint, "▏"));
    }
}

/// Somebody wants to be told of it.
fn watched(state: &State, pen: &mut Pen<'_>, y: u16, line: &Line) {
    if state.watches.marks(&line.id) {
        pen.write(0, y, 1, &Words::of(Role::Move, "◉"));
    }
}

/// The first visible row: as `update` left it, but never so far that the area stays empty.
#[must_use]
pub fn top(state: &State, list: &ListId, height: u16) -> usize {
    let top = state.ui.list(list).map_or(0, |list| list.top);
    top.min(lists::len(state, list).saturating_sub(usize::from(height)))
}
