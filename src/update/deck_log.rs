//! The tail of the log at the bottom of the Deck: open while the pane is on the screen, and no longer.

use super::Effect;
use crate::model::log::{LogEvent, TailId};
use crate::state::State;
use crate::state::deck_log::{self, DeckLog};

/// Called at the end of every transition. It closes at once; it opens with a tick, so that going
/// through the rows does not open a log for each of them.
pub(super) fn settle(state: &mut State, ticks: bool) -> Vec<Effect> {
    if !deck_log::is_shown(state) {
        return close(state);
    }
    if !ticks {
        return Vec::new();
    }
    let wanted = deck_log::wanted(state);
    if state.deck_log.as_ref().map(|deck| &deck.log.request.pod) == wanted.as_ref() {
        return Vec::new();
    }
    let mut effects = close(state);
    if let Some(pod) = wanted {
        let id = super::log::next_tail(state);
        let mut deck = DeckLog::new(id, pod, state);
        deck.log.opened_at = super::log::server_time(state, &deck.log.request);
        effects.push(Effect::Tail(id, deck.log.request.clone()));
        state.deck_log = Some(deck);
    }
    effects
}

fn close(state: &mut State) -> Vec<Effect> {
    state.deck_log.take().map(|deck| Effect::StopTail(deck.log.id)).into_iter().collect()
}

/// What its tail said; true when it was its own.
pub(super) fn tail_event(state: &mut State, id: TailId, event: &LogEvent) -> bool {
    let mono = state.now.mono;
    let Some(deck) = state.deck_log.as_mut().filter(|deck| deck.log.id == id) else { return false };
    deck.apply(mono, event.clone());
    true
}
