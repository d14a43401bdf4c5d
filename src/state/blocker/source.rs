//! Sources that cannot be read: what they would say is not known.

use super::{Blocker, Reason, Severity};
use crate::command::Command;
use crate::model::source::{FeedStatus, SourceScope};
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::state::State;
use crate::state::freshness::{self, Freshness};
use crate::state::gitops;
use crate::state::world::Feed;
use crate::text::{self, Safe};

pub(super) fn blockers(state: &State) -> impl Iterator<Item = Blocker> {
    state
        .world
        .sources
        .iter()
        .flat_map(move |source| source.systems().iter().filter_map(move |system| blocker(state, source, *system)))
}

/// A cluster that cannot be used at all is said once, not once for each system.
fn blocker(state: &State, cluster: &SourceScope, system: SystemId) -> Option<Blocker> {
    let name = cluster.name.safe();
    let system_name = Safe::of(system.as_str());
    if let Some(why) = &cluster.unusable {
        let first = cluster.systems().first() == Some(&system);
        return first.then(|| made(cluster, Reason::SourceStale, safe!("{} cannot be used: {}", name, why)));
    }
    // What stops everything of a cluster is said of the cluster, and what is optional need not be there.
    let its_own = || freshness::of_system(state, cluster.id, SystemId::Kubernetes).is_live();
    let missed = match system {
        SystemId::Tekton => !state.world.pipeline_runs.is_empty(),
        SystemId::ArgoCd => gitops::is_missed(state, cluster.id),
        // Few may list Secrets, and nothing but the list of releases needs them.
        SystemId::Helm => return None,
        SystemId::Rollouts => !state.world.rollouts.is_empty(),
        _ => true,
    };
    if system.is_optional() && !missed && !its_own() {
        return None;
    }
    match freshness::of_system(state, cluster.id, system) {
        Freshness::Loading { .. } | Freshness::Live { .. } => None,
        // Who may see workloads may seldom see Argo CD's namespace.
        Freshness::Denied { .. } if system == SystemId::ArgoCd && !missed => None,
        Freshness::Denied { why } => {
            Some(made(cluster, Reason::Permission, safe!("{} on {} may not be read: {}", system_name, name, why)))
        }
        // Who works in one namespace may seldom list namespaces; only a label is missed.
        Freshness::Partial { .. } if only_namespaces_are_missing(state, cluster, system) => None,
        Freshness::Partial { why, missing, of } => Some(made(
            cluster,
            missing_reason(state, cluster, system),
            safe!("{} on {} is read in part, {} of {} lists are missing: {}", system_name, name, missing, of, why),
        )),
        // No Argo Rollouts in the cluster is a fact, not a fault; its pane says so. Nor are no Tekton and no Argo CD.
        Freshness::Absent { .. } if !missed => None,
        Freshness::Absent { why } => {
            Some(made(cluster, Reason::CrdMissing, safe!("{} is not installed on {}: {}", system_name, name, why)))
        }
        // The limit is one cause, and said with the limit.
        Freshness::Stale { .. } | Freshness::Failed { .. } if super::run::is_held(state, cluster) => None,
        Freshness::Stale { since, why, .. } => Some(made(
            cluster,
            Reason::SourceStale,
            safe!("{} on {} is {} old: {}", system_name, name, text::age(since.as_secs() as i64), why),
        )),
        Freshness::Failed { why, .. } => {
            Some(made(cluster, Reason::SourceStale, safe!("{} on {} cannot be read: {}", system_name, name, why)))
        }
    }
}

/// Why a part of a system is missing, in the order in which [`Freshness::Partial`] chooses its words.
fn missing_reason(state: &State, cluster: &SourceScope, system: SystemId) -> Reason {
    let any = |is: fn(&Feed) -> bool| {
        let mut feeds = state.world.feeds_of(cluster.id, system).filter(|(id, _)| !id.kind.is_extra());
        feeds.any(|(_, feed)| is(feed))
    };
    if any(|feed| feed.stopped.is_some() || matches!(feed.status, FeedStatus::Failed { .. })) {
        Reason::SourceStale
    } else if any(|feed| matches!(feed.status, FeedStatus::Denied { .. })) {
        Reason::Permission
    } else {
        Reason::CrdMissing
    }
}

fn only_namespaces_are_missing(state: &State, cluster: &SourceScope, system: SystemId) -> bool {
    let mut feeds = state.world.feeds_of(cluster.id, system).filter(|(id, _)| !id.kind.is_extra());
    feeds.all(|(id, feed)| match feed.status {
        FeedStatus::Connecting | FeedStatus::Live | FeedStatus::Stale { .. } => true,
        FeedStatus::Denied { .. } | FeedStatus::Absent { .. } | FeedStatus::Failed { .. } => id.kind == Kind::Namespace,
    })
}

fn made(cluster: &SourceScope, reason: Reason, sentence: Safe) -> Blocker {
    Blocker {
        cluster: cluster.id,
        object: None,
        environment: None,
        reason,
        since: None,
        severity: Severity::Unknown,
        words: sentence.clone(),
        sentence,
        keys: vec![Command::Refresh],
    }
}
