//! Where everything stands for a size and a place: pure arithmetic, used by the view to draw and
//! by `update` to know how far a page reaches.
//!
//! One line of chrome on top, one at the bottom, the blocker line under the header; the rest is
//! facts. The places of things depend on the size and on how many services and rollouts there are,
//! never on values, so nothing jumps.

use ratatui::layout::Rect;

use super::lists;
use super::ui::{ListId, Pane, Place};
use super::{State, derived};
use crate::model::SystemId;

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

/// The Deck's panes; a rectangle without area is not shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deck {
    /// In the order of [`Pane::ALL`], each with its title line.
    pub panes: [Rect; 5],
    /// One line each for the panes that have no room, in the same order.
    pub summaries: [Rect; 5],
    /// The log of the canary, below all panes of a tall terminal.
    pub log: Rect,
    /// What happened last, under the error budget.
    pub activity: Rect,
    /// The selected rollout in full, beside the panes.
    pub detail: Rect,
}

/// Lines of a pane whose source is not configured: title, three of text, one of air.
const NO_SOURCE: u16 = 5;

/// Lines of an objective: its name, the bar, the figures, one of air.
pub const GAUGE: u16 = 4;

/// How many objectives stand as gauges and how many as one line each in so many lines: all of them are
/// seen before any has a large bar, but the worst always has one.
#[must_use]
pub fn gauges(height: u16, len: usize) -> (u16, u16) {
    let len = u16::try_from(len).unwrap_or(u16::MAX);
    // The last one needs no line of air below it.
    if (height + 1) / GAUGE >= len {
        return (len, 0);
    }
    let all = height.saturating_sub(len) / (GAUGE - 1);
    let large = all.max(height / 6).max(1).min(len);
    (large, height.saturating_sub(large * GAUGE).min(len - large))
}

/// More services than this scroll.
const MOST_SERVICES: usize = 24;

/// How many services the matrix of environments has, as far as it matters for its height.
#[must_use]
pub fn services(state: &State) -> usize {
    derived::matrix(state).services.len().min(MOST_SERVICES)
}

/// What the Deck has to show, as far as it matters for where things stand: which sources there are,
/// never what they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    pub services: usize,
    /// Something that runs pipelines is read.
    pub pipelines: bool,
    /// Objectives of what is read; `None` where nothing that has any is.
    pub objectives: Option<usize>,
}

#[must_use]
pub fn wanted(state: &State) -> Wanted {
    let reads = |system| state.world.of_system(system).next().is_some();
    let objectives = reads(SystemId::Prometheus).then(|| state.world.slos.len());
    Wanted { services: services(state), pipelines: reads(SystemId::GitHub), objectives }
}

/// The Deck's panes in `body`.
#[must_use]
pub fn deck(body: Rect, class: Class, focus: Pane, wanted: Wanted) -> Deck {
    let mut deck = Deck::default();
    match class {
        Class::Sentence | Class::Minimal => deck.panes[focus as usize] = body,
        Class::Small => {
            let mut rest = body;
            for pane in Pane::ALL.into_iter().filter(|pane| *pane != focus) {
                let line;
                (line, rest) = cut_top(rest, 1);
                deck.summaries[pane as usize] = line;
            }
            deck.panes[focus as usize] = cut_top(rest, 1).1;
        }
        Class::Full => full(&mut deck, body, wanted),
        Class::Wide => {
            let detail = body.width * 2 / 5;
            let (left, right) = split(body, body.width.saturating_sub(detail), 3);
            full(&mut deck, left, wanted);
            deck.detail = right;
        }
    }
    deck
}

/// What the five panes need before there is a log below them.
const PANES: u16 = 31;
/// Fewer lines of a log, its title and the line below it included, tell nothing.
const LEAST_LOG: u16 = 6;

/// The panes, and the log below them: the rest, up to a third.
fn log_below(body: Rect) -> (Rect, Rect) {
    let height = body.height.saturating_sub(PANES).min(body.height / 3);
    if height < LEAST_LOG {
        return (body, Rect::default());
    }
    let (log, above) = cut_bottom(body, height);
    // A line of air between.
    (cut_bottom(above, 1).1, log)
}

fn full(deck: &mut Deck, body: Rect, wanted: Wanted) {
    let (body, log) = log_below(body);
    deck.log = log;
    let pipelines = if wanted.pipelines { (body.height / 5).clamp(7, 20) } else { NO_SOURCE };
    let (top, rest) = cut_top(body, pipelines + 1);
    // A line of air below the rows.
    let top = Rect { height: top.height.saturating_sub(u16::from(wanted.pipelines)), ..top };
    let (left, right) = halves(top);
    deck.panes[Pane::Pipelines as usize] = left;
    deck.panes[Pane::Steps as usize] = right;
    // Title, names of the environments, a line per service and one of air; at most two fifths.
    let lines = wanted.services.min(MOST_SERVICES) as u16 + 3;
    let (middle, rest) = cut_top(rest, lines.clamp(6, (rest.height * 2 / 5).max(6)));
    deck.panes[Pane::Environments as usize] = cut_bottom(middle, 1).1;
    let (left, right) = halves(rest);
    deck.panes[Pane::Canary as usize] = right;
    // The title and three objectives, or all of them where that leaves room for what happened last.
    let most = (rest.height * 2 / 3).max(GAUGE * 3);
    let lines = match wanted.objectives {
        Some(count) => (u16::try_from(count).unwrap_or(most).saturating_mul(GAUGE)).clamp(GAUGE * 3, most) + 1,
        None => NO_SOURCE + 2,
    };
    let (budget, rest) = cut_top(left, lines);
    deck.panes[Pane::Budget as usize] = budget;
    deck.activity = rest;
}

/// The rows of the Canary pane: the rollouts above, the selected one below.
#[must_use]
pub fn canary_rows(pane: Rect, rollouts: usize) -> (Rect, Rect) {
    let inner = cut_top(pane, 1).1;
    let most = usize::from(inner.height / 4).max(1);
    let list = if rollouts < 2 { 0 } else { rollouts.min(most) as u16 };
    let (list, rest) = cut_top(inner, list);
    (list, if list.height > 0 { cut_top(rest, 1).1 } else { rest })
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
}

/// From so many free lines on, a list has the selected row in full below it.
const FREE: u16 = 12;

/// The page of a place other than the Deck and the log, whose list has so many rows.
#[must_use]
pub fn page(body: Rect, class: Class, place: &Place, len: usize) -> Page {
    let (title, rest) = cut_top(body, 1);
    let (facts, rest) = match place {
        Place::Rollout(_) if class >= Class::Full => {
            let (facts, rest) = split(rest, (rest.width * 2 / 5).clamp(44, 62), 2);
            (facts, rest)
        }
        Place::Rollout(_) => cut_top(rest, (rest.height / 2).min(8)),
        Place::Workload(_) | Place::Pod(_) | Place::Run(_) => cut_top(rest, 5.min(rest.height / 3)),
        Place::Image(_) => cut_top(rest, 6.min(rest.height / 3)),
        Place::Analysis(_) => cut_top(rest, 3.min(rest.height / 3)),
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
        return Page { title, facts, heading, rows, detail: cut_top(detail, 1).1 };
    }
    let below = matches!(place, Place::Rollouts | Place::Environments) && class < Class::Wide;
    let taken = u16::try_from(len).unwrap_or(u16::MAX);
    if below && len > 0 && rows.height.saturating_sub(taken) > FREE {
        let (rows, rest) = cut_top(rows, taken);
        return Page { title, facts, heading, rows, detail: cut_top(rest, 1).1 };
    }
    Page { title, facts, heading, rows, detail }
}

/// Lines of a page's rows that are titles of its sections; the first one stands above the rows.
#[must_use]
pub const fn sections(place: &Place) -> u16 {
    match place {
        Place::Rollout(_) | Place::Objective(_) => 2,
        Place::Workload(_) | Place::Pod(_) | Place::Image(_) => 1,
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
            | Place::Journal
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
        ListId::Place(Place::Log(_)) => cut_top(screen.body, 1).1,
        ListId::Place(place) => {
            let rows = page(screen.body, screen.class, place, lists::len(state, list)).rows;
            cut_top(rows, rows.height.saturating_sub(sections(place)).max(rows.height.min(1))).0
        }
        ListId::Pane(_) if state.ui.place != Place::Deck => Rect::default(),
        ListId::Pane(pane) => {
            let area = deck(screen.body, screen.class, state.ui.pane, wanted(state)).panes[*pane as usize];
            match pane {
                Pane::Canary => canary_rows(area, lists::len(state, list)).0,
                Pane::Environments => cut_top(area, 2).1,
                Pane::Pipelines | Pane::Steps => cut_top(area, 1).1,
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

/// The help of so many lines over the whole screen.
#[must_use]
pub fn help((all_width, all_height): (u16, u16), lines: usize) -> Help {
    let width = all_width.saturating_sub(4).clamp(all_width.min(40), 140).min(all_width);
    let columns: u16 = if width >= 110 { 2 } else { 1 };
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

fn halves(area: Rect) -> (Rect, Rect) {
    split(area, area.width.saturating_sub(3) / 2, 3)
}
