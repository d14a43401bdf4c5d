//! Where everything stands for a size and a place: pure arithmetic, used by the view to draw and
//! by `update` to know how far a page reaches.
//!
//! One line of chrome on top, one at the bottom, the blocker line under the header; the rest is
//! facts. The places of things depend on the size and on how many services and rollouts there are,
//! never on values, so nothing jumps.

mod deck;

use ratatui::layout::Rect;

pub use deck::{Deck, GAUGE, Wanted, canary_rows, deck, gauges, services, services_listed, wanted};

use super::State;
use super::ui::{ListId, Pane, Place};
use super::{freshness, lists};
use crate::model::Kind;

/// How much fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Below 20×5: one sentence.
    Sentence,
    /// Below 60×15: the blocker, the canary's step, the keys.
    Minimal,
    /// One pane at a time, the others as one line each.
    Small,
    /// All five panes.
    Full,
    /// From 200 columns: details beside the panes.
    Wide,
}

/// The class of a terminal of that size, in columns and rows.
#[must_use]
pub const fn class((width, height): (u16, u16)) -> Class {
    if width < 20 || height < 5 {
        Class::Sentence
    } else if width < 60 || height < 15 {
        Class::Minimal
    } else if width < 120 || height < 36 {
        Class::Small
    } else if width < 200 {
        Class::Full
    } else {
        Class::Wide
    }
}

/// Header, blocker line, body, footer: the same in every place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub class: Class,
    pub header: Rect,
    pub blocker: Rect,
    pub body: Rect,
    pub footer: Rect,
}

/// The screen's frame. The Deck of a narrow terminal gives the blocker two lines.
#[must_use]
pub fn screen(size: (u16, u16), place: &Place) -> Screen {
    let (width, height) = size;
    let all = Rect::new(0, 0, width, height);
    let class = class(size);
    let blocker = if matches!(place, Place::Deck) && width < 120 { 2 } else { 1 };
    let (header, rest) = cut_top(all, 1);
    let (blocker, rest) = cut_top(rest, blocker);
    let (footer, rest) = cut_bottom(rest, 1);
    // A line of air above the facts and a column on both sides, where there is room for them.
    let air = u16::from(class >= Class::Small);
    let body = Rect {
        x: rest.x + air,
        y: rest.y + air.min(rest.height),
        width: rest.width.saturating_sub(2 * air),
        height: rest.height.saturating_sub(air),
    };
    Screen { class, header, blocker, body, footer }
}

/// A page or list view: its rows, and what stands beside them on a wide terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    /// The line with the title.
    pub title: Rect,
    /// Facts about the object, above or to the left of the rows.
    pub facts: Rect,
    /// The line with the names of the columns.
    pub heading: Rect,
    pub rows: Rect,
    /// The selected row in full.
    pub detail: Rect,
    /// What the columns have no room for, of the selected row.
    pub foot: Rect,
}

/// Columns in which the stations of a lane stand beside each other.
pub const LANE: u16 = 110;

/// From so many free lines on, a list has the selected row in full below it.
const FREE: u16 = 12;

/// What a page has to show, as far as it matters for where things stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// Rows of its list.
    pub rows: usize,
    /// Services of the matrix above them.
    pub services: usize,
}

/// Of the place that is looked at.
#[must_use]
pub fn shown(state: &State) -> Shown {
    let rows = lists::len(state, &ListId::Place(state.ui.place.clone()));
    let services = if state.ui.place == Place::Environments { services_listed(state) } else { 0 };
    Shown { rows, services }
}

/// From so many columns on every row of the environments says how far it is from Git and what holds it.
const TOLD: u16 = 138;
/// Lines in which the others say it of the selected one.
const FOOT: u16 = 2;

/// The page of a place other than the Deck and the log.
#[must_use]
pub fn page(body: Rect, class: Class, place: &Place, shown: Shown) -> Page {
    // Beside the highlighted row in full the list has a part of the width.
    let width = if class == Class::Wide { body.width * 3 / 5 } else { body.width };
    if *place == Place::Environments && width < TOLD && body.height >= 12 {
        let (foot, body) = cut_bottom(body, FOOT);
        return Page { foot, ..above_foot(body, class, place, shown) };
    }
    above_foot(body, class, place, shown)
}

fn above_foot(body: Rect, class: Class, place: &Place, shown: Shown) -> Page {
    let len = shown.rows;
    // The names of the environments, a line for each service and one of air.
    let matrix = if shown.services == 0 { 0 } else { shown.services as u16 + 2 };
    let (title, rest) = cut_top(body, 1);
    let (facts, rest) = match place {
        Place::Rollout(_) if class >= Class::Full => {
            let (facts, rest) = split(rest, (rest.width * 2 / 5).clamp(44, 62), 2);
            (facts, rest)
        }
        Place::Rollout(_) => cut_top(rest, (rest.height / 2).min(8)),
        Place::Workload(_) => cut_top(rest, 6.min(rest.height / 3)),
        Place::Pod(_) | Place::Run(_) => cut_top(rest, 5.min(rest.height / 3)),
        Place::Image(_) | Place::Security(_) | Place::Application(_) | Place::Release(_) => {
            cut_top(rest, 6.min(rest.height / 3))
        }
        Place::Analysis(_) => cut_top(rest, 3.min(rest.height / 3)),
        // The matrix above the rows.
        Place::Environments if class >= Class::Full => cut_top(rest, matrix.min(rest.height / 5).min(14)),
        Place::Environments if class == Class::Small && rest.height >= 16 => {
            cut_top(rest, matrix.min(rest.height / 3).min(7))
        }
        // Where it is wide enough, the stations in one row.
        Place::Lane(_) if rest.width >= LANE => cut_top(rest, 6.min(rest.height / 3)),
        Place::Lane(_) => cut_top(rest, 1),
        Place::Objective(_) => cut_top(rest, (rest.height * 3 / 5).min(22)),
        _ => (Rect::default(), rest),
    };
    let (rest, detail) = if class == Class::Wide && has_detail(place) {
        split(rest, rest.width * 3 / 5, 3)
    } else {
        (rest, Rect::default())
    };
    let (heading, rows) = cut_top(rest, 1);
    // The jobs of the selected run: as much of the screen whatever the list is like.
    if *place == Place::Pipelines && class == Class::Full {
        let (detail, rows) = cut_bottom(rows, rows.height * 2 / 5);
        return Page { title, facts, heading, rows, detail: cut_top(detail, 1).1, foot: Rect::default() };
    }
    let below = has_detail(place) && sections(place) == 0 && class < Class::Wide;
    let taken = u16::try_from(len).unwrap_or(u16::MAX);
    let free = if matches!(place, Place::Lane(_)) { FREE / 3 } else { FREE };
    if below && len > 0 && rows.height.saturating_sub(taken) > free {
        let (rows, rest) = cut_top(rows, taken);
        return Page { title, facts, heading, rows, detail: cut_top(rest, 1).1, foot: Rect::default() };
    }
    Page { title, facts, heading, rows, detail, foot: Rect::default() }
}

/// Lines of a page's rows that are titles of its sections; the first one stands above the rows.
#[must_use]
pub const fn sections(place: &Place) -> u16 {
    match place {
        Place::Rollout(_) => 4,
        Place::Workload(_) => 3,
        Place::Run(id) if matches!(id.kind, Kind::Run) => 4,
        Place::Objective(_) | Place::Application(_) => 2,
        Place::Pod(_) | Place::Image(_) | Place::Release(_) => 1,
        _ => 0,
    }
}

const fn has_detail(place: &Place) -> bool {
    matches!(
        place,
        Place::Environments
            | Place::Pods
            | Place::Pipelines
            | Place::Rollouts
            | Place::Slo
            | Place::Inbox
            | Place::Containers
            | Place::Journal
            | Place::Access
            | Place::Applications
            | Place::Lane(_)
            | Place::Workload(_)
            | Place::Rollout(_)
    )
}

/// The rectangle of the rows of a list (without title and heading); empty where it is not shown.
#[must_use]
pub fn list_area(state: &State, list: &ListId) -> Rect {
    let screen = screen(state.ui.size, &state.ui.place);
    match list {
        ListId::Place(place) if *place != state.ui.place => Rect::default(),
        ListId::Place(Place::Deck) => Rect::default(),
        ListId::Place(Place::Log(_) | Place::Sheet(..)) => cut_top(screen.body, 1).1,
        ListId::Place(place) => {
            let rows = page(screen.body, screen.class, place, shown(state)).rows;
            cut_top(rows, rows.height.saturating_sub(sections(place)).max(rows.height.min(1))).0
        }
        ListId::Pane(_) if state.ui.place != Place::Deck => Rect::default(),
        ListId::Pane(pane) => {
            let area = deck(screen.body, screen.class, state.ui.pane, wanted(state)).panes[*pane as usize];
            match pane {
                Pane::Canary => canary_rows(area, lists::len(state, list)).0,
                Pane::Environments => cut_top(area, 2).1,
                Pane::Steps => cut_top(area, 1).1,
                Pane::Pipelines => {
                    let rows = cut_top(area, 1).1;
                    let foot = freshness::foot(state, rows.height, &Kind::RUNS, lists::len(state, list));
                    Rect { height: rows.height - foot.min(rows.height), ..rows }
                }
                // A row may have several lines; the height counts rows.
                Pane::Budget => {
                    let inner = cut_top(area, 1).1;
                    let (large, lines) = gauges(inner.height, lists::len(state, list));
                    Rect { height: large + lines, ..inner }
                }
            }
        }
    }
}

/// Where the help stands: its box, its columns, and how many lines of it fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Help {
    pub area: Rect,
    pub columns: u16,
    /// Lines in one column.
    pub room: u16,
}

/// Columns of the keys in the help, with the gap after them.
pub const HELP_KEYS: u16 = 18;

/// Width of the help and its columns.
fn help_width(all: u16) -> (u16, u16) {
    let width = all.saturating_sub(4).clamp(all.min(40), 156).min(all);
    (width, if width >= 110 { 2 } else { 1 })
}

/// Columns for the words beside a key of the help.
#[must_use]
pub fn help_columns((all, _): (u16, u16)) -> u16 {
    let (width, columns) = help_width(all);
    (width.saturating_sub(4) / columns).saturating_sub(HELP_KEYS + 2)
}

/// The help of so many lines over the whole screen.
#[must_use]
pub fn help((all_width, all_height): (u16, u16), lines: usize) -> Help {
    let (width, columns) = help_width(all_width);
    let rows = lines.div_ceil(usize::from(columns)) as u16;
    let height = (rows + 4).min(all_height.saturating_sub(2)).max(all_height.min(5));
    let area = Rect { x: (all_width - width) / 2, y: (all_height - height) / 2, width, height };
    Help { area, columns, room: height.saturating_sub(3) }
}

/// The first `height` lines, and the rest.
#[must_use]
pub fn cut_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// The last `height` lines, and the rest.
#[must_use]
pub fn cut_bottom(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { y: area.y + area.height - height, height, ..area }, Rect { height: area.height - height, ..area })
}

/// The first `width` columns and what is left after a gap.
#[must_use]
pub fn split(area: Rect, width: u16, gap: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    let gap = gap.min(area.width - width);
    (Rect { width, ..area }, Rect { x: area.x + width + gap, width: area.width - width - gap, ..area })
}
