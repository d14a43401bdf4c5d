//! What the sources said last, and how each of them stands. Only a source changes it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::attention::Attention;
use super::table::Table;
use crate::model::kubernetes::{Deployment, Event, Namespace, Pod, ReplicaSet};
use crate::model::rollouts::{AnalysisRun, Experiment, Rollout};
use crate::model::source::{ClusterScope, FeedEvent, FeedId, FeedStatus, Object};
use crate::model::{ClusterId, Kind, ObjectId, SystemId, Uid};
use crate::text::Safe;

/// Skew up to here is what measuring it costs, seconds.
const NOISE: u64 = 4;

#[derive(Debug, Clone, Default)]
pub struct World {
    pub clusters: Vec<ClusterScope>,
    pub namespaces: Table<Namespace>,
    pub deployments: Table<Deployment>,
    pub replica_sets: Table<ReplicaSet>,
    pub pods: Table<Pod>,
    pub events: Table<Event>,
    pub rollouts: Table<Rollout>,
    pub analysis_runs: Table<AnalysisRun>,
    pub experiments: Table<Experiment>,
    pub feeds: BTreeMap<FeedId, Feed>,
    attention: Attention,
    /// What the feeds said so far that was news.
    changes: u64,
    /// Each server's clock minus ours, seconds, as its heartbeat measured it.
    skews: BTreeMap<ClusterId, i64>,
}

/// How one list+watch stands. Times are monotonic.
#[derive(Debug, Clone)]
pub struct Feed {
    pub status: FeedStatus,
    /// When anything was last heard on it.
    pub heard: Option<Duration>,
    /// A whole list has been read at least once.
    pub complete: bool,
    /// Rows the server says are still to come, while a list is being read.
    pub remaining: Option<u64>,
    /// The task stopped (a panic) and starts again at this time.
    pub stopped: Option<(Safe, Duration)>,
    /// Objects of the last list that could not be decoded and are not shown.
    pub left_out: u64,
    /// Uids applied since `ListBegins`; `None` outside a list.
    listing: Option<HashSet<Uid>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            status: FeedStatus::Connecting,
            heard: None,
            complete: false,
            remaining: None,
            stopped: None,
            left_out: 0,
            listing: None,
        }
    }
}

impl Feed {
    /// A list is being read: what it has not come to yet may be gone or missing.
    #[must_use]
    pub const fn is_listing(&self) -> bool {
        self.listing.is_some()
    }
}

impl World {
    #[must_use]
    pub fn new(clusters: Vec<ClusterScope>) -> Self {
        let mut world = Self { clusters, ..Self::default() };
        for cluster in &world.clusters {
            if cluster.unusable.is_some() {
                continue;
            }
            for feed in cluster.feeds() {
                world.feeds.insert(feed, Feed::default());
            }
        }
        world
    }

    #[must_use]
    pub fn cluster(&self, id: ClusterId) -> Option<&ClusterScope> {
        self.clusters.get(usize::from(id.0))
    }

    /// A cluster's clock minus ours, seconds; 0 where it is not known. The measure counts whole
    /// seconds and takes the answer's way for part of it, so that a small one says nothing.
    #[must_use]
    pub fn skew(&self, cluster: ClusterId) -> i64 {
        self.skews.get(&cluster).copied().filter(|skew| skew.unsigned_abs() > NOISE).unwrap_or(0)
    }

    /// Applies what a feed said at `mono`.
    pub fn apply(&mut self, id: &FeedId, mono: Duration, event: FeedEvent) {
        if !event.is_quiet() {
            self.changes += 1;
        }
        let mut feed = self.feeds.remove(id).unwrap_or_default();
        match event {
            FeedEvent::ListBegins => feed.listing = Some(HashSet::new()),
            FeedEvent::Applied(objects) => {
                feed.heard = Some(mono);
                for object in objects {
                    self.attention.note(&object, mono);
                    let uid = self.put(object);
                    if let Some(listing) = &mut feed.listing {
                        listing.insert(uid);
                    }
                }
            }
            FeedEvent::Remaining(remaining) => feed.remaining = Some(remaining),
            FeedEvent::LeftOut(count) => feed.left_out = count,
            FeedEvent::Listed => {
                feed.heard = Some(mono);
                feed.complete = true;
                feed.remaining = None;
                feed.status = FeedStatus::Live;
                feed.stopped = None;
                if let Some(seen) = feed.listing.take() {
                    self.retain_listed(id, &seen);
                }
            }
            FeedEvent::Deleted(uid) => {
                feed.heard = Some(mono);
                self.remove(id.kind, &uid);
            }
            FeedEvent::Alive => feed.heard = Some(mono),
            FeedEvent::Status(status) => {
                if matches!(status, FeedStatus::Live) {
                    feed.heard = Some(mono);
                    feed.stopped = None;
                }
                feed.status = status;
            }
            FeedEvent::TaskStopped { message, restart_at } => feed.stopped = Some((message, restart_at)),
            FeedEvent::Skew(seconds) => drop(self.skews.insert(id.cluster, seconds)),
        }
        self.feeds.insert(id.clone(), feed);
    }

    /// Changes whenever any object does, or what is known of a source.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.changes
            + self.namespaces.revision()
            + self.deployments.revision()
            + self.replica_sets.revision()
            + self.pods.revision()
            + self.events.revision()
            + self.rollouts.revision()
            + self.analysis_runs.revision()
            + self.experiments.revision()
    }

    /// Whether the object is still there, by its identity.
    #[must_use]
    pub fn contains(&self, id: &ObjectId) -> bool {
        let uid = &id.uid;
        match id.kind {
            Kind::Namespace => self.namespaces.get(uid).is_some(),
            Kind::Deployment => self.deployments.get(uid).is_some(),
            Kind::ReplicaSet => self.replica_sets.get(uid).is_some(),
            Kind::Pod => self.pods.get(uid).is_some(),
            Kind::Event => self.events.get(uid).is_some(),
            Kind::Rollout => self.rollouts.get(uid).is_some(),
            Kind::AnalysisRun => self.analysis_runs.get(uid).is_some(),
            Kind::Experiment => self.experiments.get(uid).is_some(),
        }
    }

    /// The object with this uid, whatever its kind; events aside.
    #[must_use]
    pub fn find(&self, uid: &Uid) -> Option<ObjectId> {
        let pod = self.pods.get(uid).map(|row| row.meta.id(Kind::Pod));
        pod.or_else(|| self.rollouts.get(uid).map(|row| row.meta.id(Kind::Rollout)))
            .or_else(|| self.deployments.get(uid).map(|row| row.meta.id(Kind::Deployment)))
            .or_else(|| self.replica_sets.get(uid).map(|row| row.meta.id(Kind::ReplicaSet)))
            .or_else(|| self.analysis_runs.get(uid).map(|row| row.meta.id(Kind::AnalysisRun)))
            .or_else(|| self.experiments.get(uid).map(|row| row.meta.id(Kind::Experiment)))
    }

    /// Everything that was live is stale: nobody listened for a while.
    pub fn mark_stale(&mut self, mono: Duration, message: &Safe) {
        self.changes += 1;
        for feed in self.feeds.values_mut() {
            if matches!(feed.status, FeedStatus::Live) {
                feed.status = FeedStatus::Stale { since: mono, message: message.clone(), retry_at: None };
            }
        }
    }

    /// Feeds of one system of one cluster.
    pub fn feeds_of(&self, cluster: ClusterId, system: SystemId) -> impl Iterator<Item = (&FeedId, &Feed)> {
        self.feeds.iter().filter(move |(id, _)| id.cluster == cluster && id.system() == system)
    }

    /// Pods of this owner that are neither running nor done. Costs what they are, not what all are.
    pub fn troubled(&self, owner: &Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.attention.troubled(owner).filter_map(|uid| self.pods.get(uid))
    }

    /// How long the controller of a Deployment or Rollout has not noticed its latest change, once
    /// that is long enough to be worth a word.
    #[must_use]
    pub fn unobserved(&self, uid: &Uid, now: Duration) -> Option<Duration> {
        self.attention.unobserved(uid, now)
    }

    fn put(&mut self, object: Object) -> Uid {
        macro_rules! put {
            ($table:ident, $row:ident) => {{
                let uid = $row.meta.uid.clone();
                self.$table.upsert($row);
                uid
            }};
        }
        match object {
            Object::Namespace(row) => put!(namespaces, row),
            Object::Deployment(row) => put!(deployments, row),
            Object::ReplicaSet(row) => put!(replica_sets, row),
            Object::Pod(row) => put!(pods, row),
            Object::Event(row) => put!(events, row),
            Object::Rollout(row) => put!(rollouts, row),
            Object::AnalysisRun(row) => put!(analysis_runs, row),
            Object::Experiment(row) => put!(experiments, row),
        }
    }

    fn remove(&mut self, kind: Kind, uid: &Uid) {
        self.attention.forget(uid);
        match kind {
            Kind::Namespace => drop(self.namespaces.remove(uid)),
            Kind::Deployment => drop(self.deployments.remove(uid)),
            Kind::ReplicaSet => drop(self.replica_sets.remove(uid)),
            Kind::Pod => {
                if let Some(owner) = self.pods.remove(uid).and_then(|pod| pod.meta.owner.clone()) {
                    self.attention.forget_pod(&owner.uid, uid);
                }
            }
            Kind::Event => drop(self.events.remove(uid)),
            Kind::Rollout => drop(self.rollouts.remove(uid)),
            Kind::AnalysisRun => drop(self.analysis_runs.remove(uid)),
            Kind::Experiment => drop(self.experiments.remove(uid)),
        }
    }

    fn retain_listed(&mut self, id: &FeedId, seen: &HashSet<Uid>) {
        match id.kind {
            Kind::Namespace => self.namespaces.retain_listed(id, seen),
            Kind::Deployment => self.deployments.retain_listed(id, seen),
            Kind::ReplicaSet => self.replica_sets.retain_listed(id, seen),
            Kind::Pod => {
                self.pods.retain_listed(id, seen);
                self.attention.prune(&self.pods);
            }
            Kind::Event => self.events.retain_listed(id, seen),
            Kind::Rollout => self.rollouts.retain_listed(id, seen),
            Kind::AnalysisRun => self.analysis_runs.retain_listed(id, seen),
            Kind::Experiment => self.experiments.retain_listed(id, seen),
        }
    }
}
