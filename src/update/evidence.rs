//! The end of an operation that nobody heard, found by reading its object. Nothing here ever sends,
//! and nothing is called refused while the request may still be at work.

use std::time::Duration;

use super::Effect;
use super::operations::{observe, turn};
use crate::action::{Found, Outcome};
use crate::safe;
use crate::state::State;
use crate::state::ui::Inquiry;
use crate::text::{Safe, duration};

/// Evidence that did not tell is read again after this time.
const READ_AGAIN: Duration = Duration::from_secs(5);
/// For so long; then it is read once in [`SLOWLY`].
const OFTEN: Duration = Duration::from_mins(2);
const SLOWLY: Duration = Duration::from_mins(1);
/// A request may be at work in the server for so long after nobody waits for it any more: the API
/// server's `--request-timeout` (60 s unless set) and a quarter more.
const AT_WORK: Duration = Duration::from_secs(75);
/// Reads after [`AT_WORK`] that have to agree before it is said that it did not arrive.
const AGREE: u32 = 2;

/// Begins to look for the end of an operation: nothing of it leaves after now.
pub(super) fn begin(state: &mut State, at: usize, effects: &mut Vec<Effect>) {
    let now = state.now.mono;
    let inquiry = Inquiry { since: now, asked: now, open: false, denials: 0 };
    state.ui.evidence.insert(state.operations[at].id.clone(), inquiry);
    read(state, at, effects);
}

fn read(state: &mut State, at: usize, effects: &mut Vec<Effect>) {
    let operation = &state.operations[at];
    let Some(inquiry) = state.ui.evidence.get_mut(&operation.id) else { return };
    inquiry.asked = state.now.mono;
    inquiry.open = true;
    effects.push(Effect::ReadEvidence(Box::new(operation.clone())));
}

/// Takes in what reading found. It moves on only what nobody heard the end of: of what was accepted
/// the source tells how it went on, unless the object is gone.
pub(super) fn take(state: &mut State, at: usize, found: Found, message: Safe, effects: &mut Vec<Effect>) {
    let denied_after = note(state, at, found);
    let accepted = state.operations[at].outcome == Outcome::Accepted;
    match found {
        Found::Applied => {
            if !accepted {
                turn(state, at, Outcome::Accepted, effects);
            }
            observe(state, effects);
        }
        Found::Gone => turn(state, at, Outcome::Failed { message }, effects),
        Found::Missing | Found::Passed | Found::Overtaken | Found::Untold if accepted => {}
        Found::Passed => {
            let message = safe!("{}; it cannot take any more, and whether it did cannot be told", message);
            turn(state, at, Outcome::Failed { message }, effects);
        }
        Found::Overtaken if denied_after.is_some() => {
            let message = safe!("{}; whether this took before cannot be told", message);
            turn(state, at, Outcome::Failed { message }, effects);
        }
        Found::Missing | Found::Overtaken | Found::Untold => match denied_after {
            Some(after) => {
                let message = safe!("{}, {} after it was sent", message, duration(after));
                turn(state, at, Outcome::Refused { message }, effects);
            }
            None => stay(state, at, message, effects),
        },
    }
}

fn stay(state: &mut State, at: usize, message: Safe, effects: &mut Vec<Effect>) {
    let outcome = Outcome::Unknown { message };
    if state.operations[at].outcome != outcome {
        turn(state, at, outcome, effects);
    }
}

/// Closes the read; once enough of them agree that it did not take, how long after the send.
fn note(state: &mut State, at: usize, found: Found) -> Option<Duration> {
    let inquiry = state.ui.evidence.get_mut(&state.operations[at].id)?;
    inquiry.open = false;
    let after = inquiry.asked.saturating_sub(inquiry.since);
    let denied = matches!(found, Found::Missing | Found::Overtaken) && after > AT_WORK;
    inquiry.denials = if denied { inquiry.denials + 1 } else { 0 };
    (inquiry.denials >= AGREE).then_some(after)
}

/// Operations of earlier runs whose end nobody heard. Those in a journal that is another instance's
/// are left as they are: their end may be on its way there.
pub(super) fn read_pending(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    state.earlier = state.operations.len();
    state.spectator = state.read_only.is_some();
    if state.spectator {
        return effects;
    }
    for at in 0..state.operations.len() {
        if state.operations[at].outcome.is_final() {
            continue;
        }
        // Their clock begins anew with this run.
        state.operations[at].started_mono = state.now.mono;
        if state.operations[at].outcome != Outcome::Accepted {
            let message = Safe::of("the program ended before the answer came");
            state.operations[at].outcome = Outcome::Unknown { message };
            state.operations_revision += 1;
        }
        begin(state, at, &mut effects);
    }
    effects
}

/// Still unknown: read again now and then, one read at a time.
pub(super) fn read_again(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now.mono;
    for at in 0..state.operations.len() {
        let operation = &state.operations[at];
        let Some(inquiry) = state.ui.evidence.get(&operation.id) else { continue };
        let pace = if now.saturating_sub(inquiry.since) < OFTEN { READ_AGAIN } else { SLOWLY };
        let due = !inquiry.open && now.saturating_sub(inquiry.asked) >= pace;
        if due && matches!(operation.outcome, Outcome::Unknown { .. }) {
            read(state, at, effects);
        }
    }
}
