//! Selection by identity and scrolling by line: the row stays highlighted wherever it moves; when
//! it is gone its neighbour is, and that is said.

use std::time::Duration;

use super::toasts;
use crate::command::Command;
use crate::model::Kind;
use crate::model::source::FeedStatus;
use crate::safe;
use crate::state::State;
use crate::state::derived;
use crate::state::layout::list_area;
use crate::state::lists;
use crate::state::runs;
use crate::state::ui::{ListId, Pane, Place, RowId, ToastKind};

/// Nobody pressed a key for this long: nobody holds what is highlighted.
const ATTENDED: Duration = Duration::from_mins(5);
/// What has been on the screen for this long is not moved by rows that still come in.
const SETTLED: Duration = Duration::from_secs(2);
/// Longer than it takes to see that a row changed and to keep a finger back.
const SLIPPED: Duration = Duration::from_secs(1);

pub(super) fn settle(state: &mut State) {
    for list in lists::on_screen(state) {
        settle_list(state, &list);
    }
}

fn settle_list(state: &mut State, list: &ListId) {
    if !lists::is_settled(state, list) {
        let order = lists::settled(state, list);
        state.ui.lists.entry(list.clone()).or_default().order = Some(order);
    }
    let len = lists::len(state, list);
    let (selected, place) = state.ui.list(list).map_or((None, 0), |list| (list.selected.clone(), list.place));
    let chosen = is_held(state, list);
    let mut at = selected.as_ref().and_then(|row| lists::position(state, list, row));
    if !chosen && (is_by_attention(list) || is_filling(state, list)) {
        // Nobody moved yet, and rows come in before it or change places: they must not carry it away.
        at = (len > 0).then_some(0);
    }
    if at.is_none() {
        at = again(state, list, selected.as_ref());
    }
    let fresh = at.is_none();
    if !chosen && let Some(better) = worth_a_look(state, list, at) {
        at = Some(better);
        // What stands below it says why.
        if fresh && let Some(entry) = state.ui.lists.get_mut(list) {
            entry.top = better.saturating_sub(1);
        }
    }
    if at.is_none() && len > 0 {
        if let Some(row) = &selected {
            say_gone(state, list, row, chosen);
        }
        at = Some(place.min(len - 1));
    }
    let row = at.and_then(|at| lists::at(state, list, at));
    let height = usize::from(list_area(state, list).height);
    let entry = state.ui.lists.entry(list.clone()).or_default();
    if entry.selected.is_some() && row.is_some() && entry.selected != row {
        entry.slipped = Some(state.now.mono);
    }
    entry.seen = entry.seen.or(row.is_some().then_some(state.now.mono));
    entry.selected = row;
    entry.place = at.unwrap_or(place);
    entry.top = scrolled(entry.top, entry.place, len, height);
}

/// Only a key moves the selection: somebody moved in the list, or sits before it with the keys on
/// what is highlighted. A screen nobody touches shows what needs somebody most.
fn is_held(state: &State, list: &ListId) -> bool {
    let Some(entry) = state.ui.list(list) else { return false };
    let attended = || state.ui.pressed.is_some_and(|pressed| state.now.mono.saturating_sub(pressed) < ATTENDED);
    // Its first rows come in one page after the other.
    let long = |at: Duration| state.now.mono.saturating_sub(at) >= SETTLED || !is_filling(state, list);
    entry.chosen || (entry.seen.is_some_and(long) && state.ui.list_id() == *list && attended())
}

/// Another row was highlighted a moment ago and nobody chose it: a key pressed now was meant for
/// the one before.
pub(super) fn slipped(state: &State) -> bool {
    let slipped = state.ui.list(&state.ui.list_id()).and_then(|list| list.slipped);
    slipped.is_some_and(|at| state.now.mono.saturating_sub(at) < SLIPPED)
}

/// The order says what needs somebody most: its first row is what is looked at first.
const fn is_by_attention(list: &ListId) -> bool {
    matches!(
        list,
        ListId::Pane(Pane::Pipelines | Pane::Budget) | ListId::Place(Place::Pipelines | Place::Slo | Place::Inbox)
    )
}

/// A first list of what it shows is being read: rows come in page by page.
fn is_filling(state: &State, list: &ListId) -> bool {
    let shown = |kind: Kind| match list {
        ListId::Pane(Pane::Pipelines) | ListId::Place(Place::Pipelines) => kind.is_run(),
        ListId::Pane(Pane::Budget) | ListId::Place(Place::Slo) => kind == Kind::Slo,
        ListId::Place(Place::Applications | Place::Application(_)) => kind == Kind::Application,
        ListId::Place(Place::Releases | Place::Release(_)) => kind == Kind::Release,
        _ => !matches!(kind, Kind::Application | Kind::Release) && !kind.is_extra(),
    };
    let mut feeds = state.world.feeds.iter();
    feeds.any(|(id, feed)| shown(id.kind) && !feed.complete && matches!(feed.status, FeedStatus::Connecting))
}

/// The first visible row, so that the highlighted one is on the screen and no line is wasted.
fn scrolled(top: usize, place: usize, len: usize, height: usize) -> usize {
    if height == 0 {
        return top;
    }
    let top = top.min(place).max((place + 1).saturating_sub(height));
    top.min(len.saturating_sub(height))
}

/// Until somebody moves, the Canary pane shows the rollout that needs a look, if any does, and the
/// page of a rollout begins at its running step.
fn worth_a_look(state: &State, list: &ListId, at: Option<usize>) -> Option<usize> {
    match list {
        ListId::Pane(Pane::Canary) => troubled(state, at),
        ListId::Place(Place::Rollout(id)) if at.is_none() => {
            let step = state.world.rollouts.get(&id.uid)?.current_step_index?;
            lists::position(state, list, &RowId::Step(usize::try_from(step).ok()?))
        }
        ListId::Place(Place::Lane(id)) if at.is_none() => derived::lane(state, id)?.here,
        ListId::Place(Place::Run(id)) if at.is_none() => {
            let worst = runs::worst(runs::jobs(state, &id.uid)?)?;
            lists::position(state, list, &RowId::Object(worst.id.clone()))
        }
        ListId::Pane(_) | ListId::Place(_) => None,
    }
}

/// A job of a run that was run again has another id: it is the one of the same name.
fn again(state: &State, list: &ListId, selected: Option<&RowId>) -> Option<usize> {
    let (RowId::Object(before), ListId::Place(Place::Run(id))) = (selected?, list) else { return None };
    let run = state.world.runs.get(&id.uid)?;
    let job = runs::current_jobs(state, run)?.jobs.iter().find(|job| job.id.name == before.name)?;
    lists::position(state, list, &RowId::Object(job.id.clone()))
}

fn troubled(state: &State, at: Option<usize>) -> Option<usize> {
    let rollouts = state.world.rollouts.rows();
    let calm = |phase: &str| matches!(phase, "Healthy" | "");
    if at.and_then(|at| rollouts.get(at)).is_some_and(|rollout| !calm(rollout.phase.as_str())) {
        return None;
    }
    rollouts.iter().position(|rollout| !calm(rollout.phase.as_str()))
}

/// Only of an object that no longer exists, and that somebody had highlighted on purpose.
fn say_gone(state: &mut State, list: &ListId, row: &RowId, chosen: bool) {
    let RowId::Object(id) = row else { return };
    if chosen && state.ui.list_id() == *list && !state.world.contains(id) {
        let text = safe!("{} is gone; the row beside it is selected", id.name.safe());
        toasts::say(state, ToastKind::Info, text);
    }
}

/// Moves the selection of the list that has the keys.
pub(super) fn movement(state: &mut State, command: Command) {
    let list = state.ui.list_id();
    settle_list(state, &list);
    let len = lists::len(state, &list);
    let Some(last) = len.checked_sub(1) else { return };
    let page = usize::from(list_area(state, &list).height).max(2);
    let place = state.ui.list(&list).map_or(0, |list| list.place);
    let to = match command {
        Command::Down => place + 1,
        Command::Up => place.saturating_sub(1),
        Command::Bottom => last,
        Command::HalfPageDown => place + page / 2,
        Command::HalfPageUp => place.saturating_sub(page / 2),
        Command::PageDown => place + page - 1,
        Command::PageUp => place.saturating_sub(page - 1),
        _ => 0,
    }
    .min(last);
    let row = lists::at(state, &list, to);
    let entry = state.ui.lists.entry(list.clone()).or_default();
    entry.selected = row;
    entry.place = to;
    entry.chosen = true;
    entry.slipped = None;
    settle_list(state, &list);
}

/// Forgets what was counted: the filter or the faults switch of the list changed.
pub(super) fn recount(state: &mut State, list: &ListId) {
    if let Some(entry) = state.ui.lists.get_mut(list) {
        entry.order = None;
    }
    settle_list(state, list);
    // The operator's own doing.
    if let Some(entry) = state.ui.lists.get_mut(list) {
        entry.slipped = None;
    }
}
