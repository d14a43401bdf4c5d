//! Selection by identity and scrolling by line: the row stays highlighted wherever it moves; when
//! it is gone its neighbour is, and that is said.

use super::toasts;
use crate::command::Command;
use crate::model::source::FeedStatus;
use crate::safe;
use crate::state::State;
use crate::state::layout::list_area;
use crate::state::lists;
use crate::state::runs;
use crate::state::ui::{ListId, Pane, Place, RowId, ToastKind};

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
    let (selected, place, chosen) =
        state.ui.list(list).map_or((None, 0, false), |list| (list.selected.clone(), list.place, list.chosen));
    let mut at = selected.as_ref().and_then(|row| lists::position(state, list, row));
    if !chosen && (is_by_attention(list) || is_filling(state)) {
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
    entry.selected = row;
    entry.place = at.unwrap_or(place);
    entry.top = scrolled(entry.top, entry.place, len, height);
}

/// The order says what needs somebody most: its first row is what is looked at first.
const fn is_by_attention(list: &ListId) -> bool {
    matches!(
        list,
        ListId::Pane(Pane::Pipelines | Pane::Budget) | ListId::Place(Place::Pipelines | Place::Slo | Place::Inbox)
    )
}

/// A first list is being read: rows come in page by page.
fn is_filling(state: &State) -> bool {
    state.world.feeds.values().any(|feed| !feed.complete && matches!(feed.status, FeedStatus::Connecting))
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
    settle_list(state, &list);
}

/// Forgets what was counted: the filter or the faults switch of the list changed.
pub(super) fn recount(state: &mut State, list: &ListId) {
    if let Some(entry) = state.ui.lists.get_mut(list) {
        entry.order = None;
    }
    settle_list(state, list);
}
