//! Systems that many clusters do not have.

use super::State;
use crate::model::source::FeedStatus;
use crate::model::{SourceId, SystemId};

/// The system is known to be in a cluster: it was read, or the server will not let us look. While a
/// cluster says nothing at all, it is not missed.
#[must_use]
pub fn is_in(state: &State, cluster: SourceId, system: SystemId) -> bool {
    // What stands beside its own objects proves nothing of it.
    let mut feeds = state.world.feeds_of(cluster, system).filter(|(id, _)| !id.kind.is_extra());
    feeds.any(|(_, feed)| feed.complete || matches!(feed.status, FeedStatus::Denied { .. }))
}

/// The same of any source of the scope; always true of what is not optional.
#[must_use]
pub fn is_there(state: &State, system: SystemId) -> bool {
    !system.is_optional() || state.world.of_system(system).any(|source| is_in(state, source.id, system))
}
