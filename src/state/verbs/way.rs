//! By which way an Application is asked: by the API of its server where one is named and answers, else by its object
//! (apis.md §2.2: a window that is closed is told at once there, and Argo CD's own RBAC decides).

use super::preview::Words;
use crate::model::applications::{AppWay, Application};
use crate::model::source::{FeedId, FeedStatus};
use crate::model::{Kind, Name, SourceId};
use crate::safe;
use crate::state::State;
use crate::state::differences::{self, Server};
use crate::text::Safe;

/// As its sources stand now.
pub(super) fn of(state: &State, row: &Application) -> AppWay {
    choose(state, row).0
}

/// With the reason why it is not by the server that is named.
fn choose(state: &State, row: &Application) -> (AppWay, Option<Safe>) {
    match differences::server(state, row.meta.cluster) {
        Server::NotNamed | Server::NotServed => (AppWay::Object, None),
        Server::Unclear => {
            let why = "which cluster its server serves is not known: name the context in sources.argocd";
            (AppWay::Object, Some(Safe::of(why)))
        }
        Server::Unusable(why) => (AppWay::Object, Some(why.clone())),
        Server::Is(source, context) => {
            if let Some(why) = trouble(state, source, context) {
                return (AppWay::Object, Some(why));
            }
            let address = state.world.source(source).map(|scope| scope.server.clone()).unwrap_or_default();
            (AppWay::Server { source, address, project: row.project.clone() }, None)
        }
    }
}

/// What its heartbeat says. One that was not heard yet is asked all the same: it is read before anything is sent.
fn trouble(state: &State, source: SourceId, context: Option<Name>) -> Option<Safe> {
    let feed = state.world.feeds.get(&FeedId { cluster: source, kind: Kind::Managed, namespace: context })?;
    if let Some((message, _)) = &feed.stopped {
        return Some(message.clone());
    }
    match &feed.status {
        FeedStatus::Live | FeedStatus::Connecting => None,
        FeedStatus::Stale { message, .. }
        | FeedStatus::Denied { message }
        | FeedStatus::Absent { message }
        | FeedStatus::Failed { message, .. } => Some(message.clone()),
    }
}

/// Why this account is not let, where its RBAC was heard to say so.
pub(super) fn denied(state: &State, row: &Application, way: &AppWay) -> Option<Safe> {
    let AppWay::Server { address, project, .. } = way else { return None };
    let no = differences::may_sync(state, row) == Some(false);
    no.then(|| safe!("Argo CD's RBAC at {} does not let this account sync {}/{}", address, project, row.meta.name))
}

/// The way in words.
#[must_use]
pub fn named(way: &AppWay) -> Safe {
    match way {
        AppWay::Object => Safe::of("the Application in Kubernetes"),
        AppWay::Server { address, .. } => safe!("Argo CD's API at {}", address),
    }
}

/// A line of the dialog, where there are two ways.
pub(super) fn words(state: &State, row: &Application, way: &AppWay, words: &mut Words) {
    match (choose(state, row).1, way) {
        (Some(why), AppWay::Object) => words.line("by", safe!("{}, not by its server: {}", named(way), why)),
        (None, AppWay::Object) => {}
        (_, AppWay::Server { .. }) => words.line("by", named(way)),
    }
}
