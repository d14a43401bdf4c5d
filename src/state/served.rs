//! Applications of a cluster that does not show them: read from the server of its Argo CD, where one is named.

use super::State;
use super::differences::{self, Server};
use crate::model::applications::{Application, ApplicationsWanted};
use crate::model::{Kind, SourceId};
use crate::text::Safe;

/// Of each cluster that withholds them, from the server that serves it.
#[must_use]
pub fn wanted(state: &State) -> Vec<ApplicationsWanted> {
    let withheld = |cluster: SourceId| {
        let mut feeds =
            state.world.feeds.iter().filter(|(id, _)| id.cluster == cluster && id.kind == Kind::Application);
        feeds.any(|(_, feed)| feed.withheld.is_some())
    };
    let clusters = state.world.clusters().map(|cluster| cluster.id).filter(|cluster| withheld(*cluster));
    clusters
        .filter_map(|cluster| match differences::server(state, cluster) {
            Server::Is(source, context) => Some(ApplicationsWanted { source, context, cluster }),
            _ => None,
        })
        .collect()
}

/// The server that told of this one; `None`: its cluster did.
#[must_use]
pub fn by<'a>(state: &'a State, row: &Application) -> Option<&'a Safe> {
    let mut feeds = state.world.feeds.iter().filter(|(id, _)| {
        id.cluster == row.meta.cluster
            && id.kind == Kind::Application
            && id.namespace.as_ref().is_none_or(|name| *name == row.meta.namespace)
    });
    if !feeds.any(|(_, feed)| feed.withheld.is_some()) {
        return None;
    }
    match differences::server(state, row.meta.cluster) {
        Server::Is(source, _) => state.world.source(source).map(|scope| &scope.server),
        _ => None,
    }
}
