//! Where the panes of the Deck stand.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::{Class, cut_bottom, cut_top, split};
use crate::model::SystemId;
use crate::state::ui::{ListId, Pane, Place};
use crate::state::{State, derived, matrix};

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
    let matrix = derived::last_matrix(state).map_or_else(|| derived::matrix(state), Arc::clone);
    matrix.services.len().min(MOST_SERVICES)
}

/// The same of those that the filter of the view of environments lets through.
#[must_use]
pub fn services_listed(state: &State) -> usize {
    let list = ListId::Place(Place::Environments);
    let narrowed = state.ui.list(&list).is_some_and(|list| !list.filter.is_empty() || list.faults_only);
    if state.ui.place != Place::Environments || !narrowed {
        return services(state);
    }
    matrix::passing(state, &list, &derived::matrix(state)).len().min(MOST_SERVICES)
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
    let pipelines = [SystemId::GitHub, SystemId::Tekton, SystemId::RustCi].into_iter().any(reads);
    let objectives = reads(SystemId::Prometheus).then(|| state.world.slos.len());
    Wanted { services: services(state), pipelines, objectives }
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

fn halves(area: Rect) -> (Rect, Rect) {
    split(area, area.width.saturating_sub(3) / 2, 3)
}
