//! What is looked at now, for the systems to ask for. Pure: made from the state.

use super::State;
use super::runs;
use super::ui::Place;
use crate::model::Kind;
use crate::model::interest::Interest;

/// Runs whose jobs are read at a time.
const RUNS: usize = 4;

#[must_use]
pub fn of(state: &State) -> Interest {
    Interest { jobs: jobs(state), ..Interest::default() }
}

/// The run that is shown, and the few that move.
fn jobs(state: &State) -> Vec<crate::model::ObjectId> {
    let shown = match &state.ui.place {
        Place::Deck | Place::Pipelines | Place::Run(_) => runs::chosen(state),
        Place::Log(id) if id.kind == Kind::Job => runs::chosen(state),
        _ => None,
    };
    shown.into_iter().map(|run| run.id()).take(RUNS).collect()
}
