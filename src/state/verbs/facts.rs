//! What the verbs need to know of a workload, read from the world.

use std::sync::Arc;
use std::time::Duration;

use crate::model::kubernetes::{ContainerImage, ReplicaSet, SpecHash};
use crate::model::rollouts::{Canary, Rollout, Strategy};
use crate::model::source::{FeedId, FeedStatus};
use crate::model::{Kind, Name, ObjectId, SourceId, Uid};
use crate::safe;
use crate::state::ui::Edition;
use crate::state::world::Feed;
use crate::state::{State, environment, gitops, rollout_phase};
use crate::text::{Safe, age};

/// The feed an object comes from.
pub(super) fn feed<'a>(state: &'a State, id: &ObjectId) -> Option<&'a Feed> {
    feed_of(state, id.cluster, id.kind, &id.namespace)
}

fn feed_of<'a>(state: &'a State, cluster: SourceId, kind: Kind, namespace: &Name) -> Option<&'a Feed> {
    // Pipelines are read beside their executions.
    let kind = kind.read_with();
    let all = FeedId { cluster, kind, namespace: None };
    let one = FeedId { cluster, kind, namespace: Some(namespace.clone()) };
    state.world.feeds.get(&one).or_else(|| state.world.feeds.get(&all))
}

/// What tells the object from another one that it may become while it is looked at.
pub(super) fn edition(state: &State, id: &ObjectId) -> Edition {
    let of = |spec: Option<SpecHash>, generation| spec.map_or(Edition::Generation(generation), Edition::Spec);
    let world = &state.world;
    let edition = match id.kind {
        Kind::Rollout => world.rollouts.get(&id.uid).map(|row| of(row.spec, row.meta.generation)),
        Kind::Deployment => world.deployments.get(&id.uid).map(|row| of(row.spec, row.meta.generation)),
        kind if kind.is_controlled() => {
            world.controlled.get(&id.uid).map(|row| Edition::Generation(row.meta.generation))
        }
        kind if kind.is_run() => world.runs.get(&id.uid).map(|row| Edition::Attempt(row.attempt)),
        _ => None,
    };
    edition.unwrap_or(Edition::Untold)
}

/// How long ago the source of an object was heard last.
pub(super) fn read_age(state: &State, id: &ObjectId) -> Option<Duration> {
    Some(state.now.mono.saturating_sub(feed(state, id)?.heard?))
}

/// Why the ReplicaSets beside an object may not be all there are, as they are now.
pub(super) fn sets_not_whole(state: &State, id: &ObjectId) -> Option<Safe> {
    let Some(feed) = feed_of(state, id.cluster, Kind::ReplicaSet, &id.namespace) else {
        return Some(Safe::of("nothing reads its ReplicaSets, so its revisions are not known"));
    };
    if let Some(why) = trouble(state, feed) {
        return Some(safe!("its ReplicaSets may not be as shown: {}", why));
    }
    feed.is_listing().then(|| Safe::of("its ReplicaSets are being read again"))
}

/// Why what is shown of an object may not be true now; `None` when its source is live.
pub(super) fn not_live(state: &State, id: &ObjectId) -> Option<Safe> {
    match feed(state, id) {
        Some(feed) => trouble(state, feed),
        None => Some(Safe::of("nothing reads it")),
    }
}

/// Why what a feed tells may not be all there is now.
pub(super) fn trouble(state: &State, feed: &Feed) -> Option<Safe> {
    if let Some((message, _)) = &feed.stopped {
        return Some(safe!("its source stopped: {}", message));
    }
    match &feed.status {
        FeedStatus::Live if feed.complete => None,
        FeedStatus::Live | FeedStatus::Connecting => Some(Safe::of("its source has not been read to the end yet")),
        FeedStatus::Stale { since, message, .. } => {
            let seconds = state.now.mono.saturating_sub(*since).as_secs() as i64;
            Some(safe!("the data is stale for {}: {}", age(seconds), message))
        }
        FeedStatus::Denied { message } | FeedStatus::Absent { message } | FeedStatus::Failed { message, .. } => {
            Some(safe!("its source cannot be read: {}", message))
        }
    }
}

/// What is not live now may become so by itself.
pub(super) fn may_come(state: &State, id: &ObjectId) -> bool {
    feed(state, id).is_some_and(|feed| match feed.status {
        FeedStatus::Connecting | FeedStatus::Live | FeedStatus::Stale { .. } => true,
        FeedStatus::Denied { .. } | FeedStatus::Absent { .. } | FeedStatus::Failed { .. } => false,
    })
}

/// The configuration names it, or the namespace's label has been read: its environment is what it seems.
pub(super) fn environment_is_known(state: &State, id: &ObjectId) -> bool {
    places(state, id).is_some_and(|all| all.iter().all(|(cluster, name)| is_known(state, *cluster, name)))
}

fn is_known(state: &State, cluster: SourceId, namespace: &Name) -> bool {
    let rows = state.world.namespaces.rows();
    environment::configured(state, cluster, namespace).is_some()
        || rows.iter().any(|row| row.meta.cluster == cluster && row.meta.name == *namespace)
}

/// Where an action on it takes effect; `None` where nothing says so.
fn places(state: &State, id: &ObjectId) -> Option<Vec<(SourceId, Name)>> {
    match id.kind {
        Kind::Application => gitops::places(state, state.world.applications.get(&id.uid)?),
        _ => Some(vec![(id.cluster, id.namespace.clone())]),
    }
}

/// The label may still come.
pub(super) fn environment_is_loading(state: &State, id: &ObjectId) -> bool {
    let is_loading = |cluster: SourceId, name: &Name| {
        let feed = feed_of(state, cluster, Kind::Namespace, name);
        !is_known(state, cluster, name) && feed.is_some_and(|feed| matches!(feed.status, FeedStatus::Connecting))
    };
    places(state, id).is_some_and(|all| all.iter().any(|(cluster, name)| is_loading(*cluster, name)))
}

pub(super) fn canary(rollout: &Rollout) -> Option<&Canary> {
    match &rollout.strategy {
        Strategy::Canary(canary) => Some(canary),
        Strategy::BlueGreen(_) | Strategy::None => None,
    }
}

/// What the router says the canary gets; without a router what the step asks for; in percent.
pub(super) fn weight_now(rollout: &Rollout) -> Safe {
    let weight = match &rollout.weights {
        Some(weights) => weights.canary,
        None => rollout_phase::set_weight(rollout),
    };
    rollout_phase::percent(rollout, weight)
}

/// The weight that comes next after a step; in percent.
pub(super) fn weight_after(rollout: &Rollout, index: i64) -> Safe {
    let index = usize::try_from(index).unwrap_or(0);
    rollout_phase::percent(rollout, rollout_phase::weight_after(rollout, index))
}

/// ReplicaSets of a workload with a revision, newest first.
pub(super) fn revisions(state: &State, owner: &Uid) -> Vec<Arc<ReplicaSet>> {
    let owned = state.world.replica_sets.owned_by(owner);
    let mut sets: Vec<Arc<ReplicaSet>> = owned.filter(|set| set.revision.is_some()).cloned().collect();
    sets.sort_by(|a, b| b.revision.cmp(&a.revision).then_with(|| a.meta.name.cmp(&b.meta.name)));
    sets
}

/// The ReplicaSet of a template hash.
pub(super) fn with_hash(state: &State, owner: &Uid, hash: Option<&Safe>) -> Option<Arc<ReplicaSet>> {
    let hash = hash?;
    state.world.replica_sets.owned_by(owner).find(|set| set.template_hash.as_ref() == Some(hash)).cloned()
}

/// `rev 42  9f8e7d1  shop/checkout:1.42.0`, as much of it as is known.
pub(super) fn version_words(state: &State, owner: &Uid, hash: Option<&Safe>) -> Safe {
    match (with_hash(state, owner, hash), hash) {
        (Some(set), _) => set_words(&set),
        (None, Some(hash)) => safe!("{}  (its ReplicaSet is not known)", hash),
        (None, None) => Safe::of("unknown"),
    }
}

pub(super) fn set_words(set: &ReplicaSet) -> Safe {
    let hash = set.template_hash.clone().unwrap_or_else(|| Safe::of("no hash"));
    let images = images_words(&set.images);
    let revision = set.revision.map_or_else(|| Safe::of("no revision"), |revision| safe!("rev {}", revision));
    safe!("{}  {}  {}", revision, hash, images)
}

pub(super) fn images_words(images: &[ContainerImage]) -> Safe {
    match images {
        [] => Safe::of("no image"),
        [one] => one.image.clone(),
        [one, rest @ ..] => safe!("{} +{}", one.image, rest.len()),
    }
}
