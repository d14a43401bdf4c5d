//! The life of an action after its confirmation: intended → sent → accepted → observed, or
//! refused, or unknown and then settled by reading. Nothing here ever sends again.

use std::time::Duration;

use jiff::Timestamp;

use super::{Effect, annotate, evidence, log, places, prompt, toasts};
use crate::action::{Change, Operation, OperationId, Outcome, Progress};
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::state::State;
use crate::state::ui::{Confirm, Place, ToastKind};
use crate::state::verbs::{self, Verdict};
use crate::text::{Safe, duration};

/// What a live source has not shown by then is not waited for any longer: the object is free again.
const GIVE_UP: Duration = Duration::from_mins(10);
/// Two readings that confirm each other are so far apart.
const SETTLES: Duration = Duration::from_secs(5);
/// A source that came back gets this long to catch up before it is believed not to show something.
const CATCH_UP: Duration = Duration::from_mins(1);

pub(super) fn begin(state: &mut State, confirm: Confirm, effects: &mut Vec<Effect>) {
    let cluster = state.world.source(confirm.action.target.cluster).map(|cluster| cluster.name.clone());
    let reason = Safe::line(prompt::text_of(&confirm.reason).trim());
    let mut action = confirm.action;
    if let Change::Review { comment, .. } = &mut action.change {
        *comment = reason.clone();
    }
    let operation = Operation {
        id: new_id(state),
        cluster: cluster.unwrap_or_else(|| crate::model::Name::new("")),
        environment: confirm.environment,
        reason,
        summary: confirm.summary,
        expects: confirm.expects,
        outcome: Outcome::Intended,
        generation: None,
        made: None,
        started: state.now.wall,
        started_mono: state.now.mono,
        changed: state.now.wall,
        action,
    };
    state.operations.push(operation.clone());
    state.operations_revision += 1;
    let target = operation.action.target.clone();
    effects.push(Effect::Perform(Box::new(operation)));
    if target.kind == Kind::Build {
        // What the engine says meanwhile is followed, and one of an earlier build is not.
        effects.extend(log::close(state));
        places::go(state, Place::Log(target));
    }
}

/// Milliseconds and a counter: sorts by time, and two of one millisecond differ.
pub(super) fn new_id(state: &State) -> OperationId {
    let millis = state.now.wall.as_millisecond();
    OperationId(format!("{millis:013}-{:04}", state.operations.len() % 10_000))
}

fn position(state: &State, id: &OperationId) -> Option<usize> {
    state.operations.iter().rposition(|operation| operation.id == *id)
}

pub(super) fn progress(state: &mut State, id: &OperationId, progress: Progress, effects: &mut Vec<Effect>) {
    let Some(at) = position(state, id) else { return };
    if state.operations[at].outcome.is_final() {
        return;
    }
    match progress {
        Progress::Sent => {
            if state.operations[at].outcome == Outcome::Intended {
                turn(state, at, Outcome::Sent, effects);
            }
        }
        Progress::Made { id } => state.operations[at].made = Some(id),
        Progress::Accepted { generation } => {
            state.operations[at].generation = generation;
            turn(state, at, Outcome::Accepted, effects);
            observe(state, effects);
        }
        // What the server took is not taken back by who speaks of it.
        Progress::Refused { .. } | Progress::Unknown { .. } if state.operations[at].outcome == Outcome::Accepted => {}
        Progress::Refused { message } => turn(state, at, Outcome::Refused { message }, effects),
        Progress::Unknown { message } => {
            turn(state, at, Outcome::Unknown { message }, effects);
            evidence::begin(state, at, effects);
        }
        Progress::Evidence { found, message } => evidence::take(state, at, found, message, effects),
    }
}

/// Moves an operation on, records it and says so.
pub(super) fn turn(state: &mut State, at: usize, outcome: Outcome, effects: &mut Vec<Effect>) {
    let now = state.now.wall;
    let operation = &mut state.operations[at];
    operation.outcome = outcome.clone();
    operation.changed = now;
    let id = operation.id.clone();
    let what = safe!("{} of {}", operation.action.change.verb().as_str(), operation.action.target.name.safe());
    let waits = operation.expects.clone();
    let shown_by = match operation.action.target.kind.system() {
        SystemId::GitHub => "GitHub",
        SystemId::RustCi => "RustCI",
        SystemId::Docker => "the engine",
        SystemId::Grafana => "Grafana",
        _ => "the controller",
    };
    state.operations_revision += 1;
    if outcome.is_final() {
        state.ui.evidence.remove(&id);
        state.ui.missing.remove(&id);
        state.ui.once.remove(&id);
    }
    // That it left is not written down: the intent is, before it leaves, and one without an end is
    // read up as unknown.
    if outcome != Outcome::Sent {
        effects.push(Effect::Record(id, outcome.clone()));
    }
    if outcome == Outcome::Observed {
        annotate::tell(state, at, effects);
    }
    // Nobody asked for it by a key: it is worth a word when it fails.
    let quiet = matches!(state.operations[at].action.change, Change::Annotate { .. });
    if quiet && !matches!(outcome, Outcome::Refused { .. } | Outcome::Failed { .. }) {
        return;
    }
    let (kind, text) = match outcome {
        Outcome::Intended | Outcome::Sent => (ToastKind::Waiting, safe!("{}: sent, waiting for the answer", what)),
        Outcome::Accepted => (ToastKind::Waiting, safe!("{}: accepted, waiting for {}: {}", what, shown_by, waits)),
        Outcome::Observed => (ToastKind::Good, safe!("{}: observed, {}", what, waits)),
        Outcome::Refused { message } => (ToastKind::Bad, safe!("{}: refused, nothing was changed: {}", what, message)),
        Outcome::Unknown { message } => {
            (ToastKind::Bad, safe!("{}: outcome unknown, reading evidence: {}", what, message))
        }
        Outcome::Failed { message } => (ToastKind::Bad, safe!("{}: {}", what, message)),
    };
    // One message per operation: the newer replaces the older.
    state.ui.toasts.retain(|toast| !toast.text.as_str().starts_with(what.as_str()));
    toasts::say(state, kind, text);
}

/// Compares every open operation with the world: only what a source shows is observed.
pub(super) fn observe(state: &mut State, effects: &mut Vec<Effect>) {
    if state.spectator {
        return;
    }
    for at in 0..state.operations.len() {
        let operation = &state.operations[at];
        let verdict = match operation.outcome {
            Outcome::Accepted => verbs::expected(state, operation),
            Outcome::Intended
            | Outcome::Sent
            | Outcome::Unknown { .. }
            | Outcome::Observed
            | Outcome::Refused { .. }
            | Outcome::Failed { .. } => continue,
        };
        match verdict {
            Verdict::Seen => turn(state, at, Outcome::Observed, effects),
            Verdict::Once(end) => {
                if is_seen_again(state, at, end) {
                    turn(state, at, Outcome::Observed, effects);
                }
            }
            Verdict::Lost(message) => turn(state, at, Outcome::Failed { message }, effects),
            Verdict::Waiting(what) => {
                if is_overdue(state, at) {
                    let message = safe!("not seen within {}: {}", duration(GIVE_UP), what);
                    turn(state, at, Outcome::Failed { message }, effects);
                }
            }
            Verdict::Blind(_) => {
                state.ui.missing.remove(&state.operations[at].id);
            }
        }
    }
}

/// A reading after the first one that showed it, a moment later, tells of the same end.
fn is_seen_again(state: &mut State, at: usize, end: Timestamp) -> bool {
    let operation = &state.operations[at];
    let heard = verbs::read_age(state, &operation.action.target);
    let Some(heard) = heard.map(|age| state.now.mono.saturating_sub(age)) else { return false };
    match state.ui.once.get(&operation.id) {
        Some((known, first)) if *known == end => heard.saturating_sub(*first) >= SETTLES,
        _ => {
            state.ui.once.insert(operation.id.clone(), (end, heard));
            false
        }
    }
}

/// A live source has had its time to show it.
fn is_overdue(state: &mut State, at: usize) -> bool {
    let now = state.now.mono;
    let operation = &state.operations[at];
    let since = *state.ui.missing.entry(operation.id.clone()).or_insert(now);
    now.saturating_sub(operation.started_mono) > GIVE_UP && now.saturating_sub(since) > CATCH_UP
}
