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
    let surplus = state.ui.toasts.len().saturating_sub(MOST);
    state.ui.toasts.drain(..surplus);
}

pub(super) fn expire(state: &mut State) {
    let now = state.now.mono;
    state.ui.toasts.retain(|toast| toast.until > now);
    if state.ui.quit_asked.is_some_and(|until| until <= now) {
        state.ui.quit_asked = None;
    }
}
