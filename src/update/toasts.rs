//! Short messages over the screen; what matters longer stands in the journal.

use std::time::Duration;

use crate::state::State;
use crate::state::ui::{Toast, ToastKind};
use crate::text::Safe;

/// How long a message stays; bad news longer.
const SHORT: Duration = Duration::from_secs(4);
const LONG: Duration = Duration::from_secs(8);
/// More are not readable.
const MOST: usize = 4;

pub(super) fn say(state: &mut State, kind: ToastKind, text: Safe) {
    let stay = match kind {
        ToastKind::Info | ToastKind::Good => SHORT,
        ToastKind::Waiting | ToastKind::Bad => LONG,
    };
    // The same words again only stay longer.
    state.ui.toasts.retain(|toast| toast.text != text);
    state.ui.toasts.push(Toast { kind, text, until: state.now.mono + stay });
    // What waits to be looked at goes last.
    while state.ui.toasts.len() > MOST {
        let at = state.ui.toasts.iter().position(|toast| toast.until != Duration::MAX).unwrap_or(0);
        state.ui.toasts.remove(at);
    }
}

/// Says what somebody may have looked away from: it stays until a key is pressed, and then as long as
/// anything else.
pub(super) fn hold(state: &mut State, kind: ToastKind, text: Safe) {
    say(state, kind, text);
    if let Some(toast) = state.ui.toasts.last_mut() {
        toast.until = Duration::MAX;
    }
}

/// Somebody is there.
pub(super) fn looked_at(state: &mut State) {
    let until = state.now.mono + LONG;
    for toast in state.ui.toasts.iter_mut().filter(|toast| toast.until == Duration::MAX) {
        toast.until = until;
    }
}

pub(super) fn expire(state: &mut State) {
    let now = state.now.mono;
    state.ui.toasts.retain(|toast| toast.until > now);
    if state.ui.quit_asked.is_some_and(|until| until <= now) {
        state.ui.quit_asked = None;
    }
}
