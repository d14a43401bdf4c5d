//! What the sources said last, and how each of them stands. Only a source changes it.

mod found;
mod gone;
mod jobs;
mod routed;
mod served;
mod touched;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use self::jobs::touched;
use super::attention::Attention;
use super::details::Details;
use super::run_order::Ordered;
use super::table::Table;
use crate::model::applications::Application;
use crate::model::docker::DockerContainer;
use crate::model::helm::Revision;
use crate::model::images::Image;
use crate::model::kubernetes::{Deployment, Event, Namespace, Pod, ReplicaSet};
use crate::model::pipelines::Run;
use crate::model::projects::AppProject;
use crate::model::rollouts::{AnalysisRun, Experiment, Rollout};
use crate::model::routing::Routing;
use crate::model::slo::{Alert, Slo};
use crate::model::source::{Detail, FeedEvent, FeedId, FeedStatus, Object, SourceScope};
use crate::model::tekton::{PipelineRun, TaskRun};
use crate::model::workloads::{Beside, Controlled};
use crate::model::{SourceId, SystemId, Uid};
use crate::text::Safe;

pub use touched::Touched;

/// Skew up to here is what measuring it costs, seconds.
const NOISE: u64 = 4;

#[derive(Debug, Clone, Default)]
pub struct World {
    /// Clusters first, then GitHub, Prometheus, Docker, registries: the position is the [`SourceId`].
    pub sources: Vec<SourceScope>,
    pub namespaces: Table<Namespace>,
    pub deployments: Table<Deployment>,
    /// StatefulSets, DaemonSets, Jobs.
    pub controlled: Table<Controlled>,
    /// Autoscalers, disruption budgets, quotas, network policies.
    pub beside: Table<Beside>,
    /// VirtualServices and DestinationRules.
    pub routing: Table<Routing>,
    /// Rollouts whose weights another object carries differently, since when (monotonic).
    apart: HashMap<Uid, Duration>,
    pub replica_sets: Table<ReplicaSet>,
    pub pods: Table<Pod>,
    pub events: Table<Event>,
    pub rollouts: Table<Rollout>,
    pub analysis_runs: Table<AnalysisRun>,
    pub experiments: Table<Experiment>,
    pub applications: Table<Application>,
    pub projects: Table<AppProject>,
    /// Revisions of Helm's releases.
    pub releases: Table<Revision>,
    /// Of every system.
    pub runs: Table<Run>,
    ordered_runs: Ordered,
    /// What Tekton says of those of `runs` that are its own.
    pub pipeline_runs: Table<PipelineRun>,
    pub task_runs: Table<TaskRun>,
    pub slos: Table<Slo>,
    pub alerts: Table<Alert>,
    pub containers: Table<DockerContainer>,
    pub images: Table<Image>,
    pub details: Details,
    pub feeds: BTreeMap<FeedId, Feed>,
    attention: Attention,
    touched: Touched,
    /// What the feeds said so far that was news.
    changes: u64,
    /// Each server's clock minus ours, seconds, as its heartbeat measured it.
    skews: BTreeMap<SourceId, i64>,
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
    /// Why its server does not show it, where another source is asked in its place.
    pub withheld: Option<Safe>,
    /// That one told.
    told: bool,
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
            withheld: None,
            told: false,
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
    pub fn new(sources: Vec<SourceScope>) -> Self {
        let mut world = Self { sources, ..Self::default() };
        for source in &world.sources {
            if source.unusable.is_some() {
                continue;
            }
            for feed in source.feeds() {
                world.feeds.insert(feed, Feed::default());
            }
        }
        world
    }

    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<&SourceScope> {
        self.sources.get(usize::from(id.0))
    }

    /// The Kubernetes clusters of the scope.
    pub fn clusters(&self) -> impl Iterator<Item = &SourceScope> {
        self.of_system(SystemId::Kubernetes)
    }

    /// The sources that a system is read from.
    pub fn of_system(&self, system: SystemId) -> impl Iterator<Item = &SourceScope> {
        self.sources.iter().filter(move |source| source.systems().contains(&system))
    }

    /// A cluster's clock minus ours, seconds; 0 where it is not known. The measure counts whole
    /// seconds and takes the answer's way for part of it, so that a small one says nothing.
    #[must_use]
    pub fn skew(&self, cluster: SourceId) -> i64 {
        self.skews.get(&cluster).copied().filter(|skew| skew.unsigned_abs() > NOISE).unwrap_or(0)
    }

    /// Applies what a feed said at `mono`.
    pub fn apply(&mut self, id: &FeedId, mono: Duration, event: FeedEvent) {
        if let FeedEvent::Detail(Detail::Applications(read)) = event {
            return self.serve(mono, &read);
        }
        if !event.is_quiet() {
            self.changes += 1;
        }
        self.touch(id, &event);
        let mut feed = self.feeds.remove(id).unwrap_or_default();
        match event {
            FeedEvent::ListBegins => feed.listing = Some(HashSet::new()),
            FeedEvent::Applied(objects) => {
                feed.heard = Some(mono);
                let touched = touched(&objects);
                let routed = self.routed(&objects);
                for object in objects {
                    self.attention.note(&object, mono);
                    let uid = self.put(object);
                    if let Some(listing) = &mut feed.listing {
                        listing.insert(uid);
                    }
                }
                self.regroup(&touched);
                self.compare_routes(&routed, mono);
            }
            FeedEvent::Remaining(remaining) => feed.remaining = Some(remaining),
            FeedEvent::LeftOut(count) => feed.left_out = count,
            FeedEvent::Listed => {
                feed.heard = Some(mono);
                feed.complete = true;
                feed.remaining = None;
                feed.stands(id, FeedStatus::Live);
                feed.stopped = None;
                if let Some(seen) = feed.listing.take() {
                    self.retain_listed(id, &seen);
                    self.compare_routes_again(mono);
                }
            }
            FeedEvent::Deleted(uid) => {
                feed.heard = Some(mono);
                self.remove(id.kind, &uid);
                self.compare_routes_again(mono);
            }
            FeedEvent::Alive => feed.heard = Some(mono),
            FeedEvent::Status(status) => {
                if matches!(status, FeedStatus::Live) {
                    feed.heard = Some(mono);
                    feed.stopped = None;
                }
                feed.stands(id, status);
            }
            FeedEvent::TaskStopped { message, restart_at } => feed.stopped = Some((message, restart_at)),
            FeedEvent::Skew(seconds) => drop(self.skews.insert(id.cluster, seconds)),
            // Of the lists' age it says nothing: some details tell that nobody answers.
            FeedEvent::Detail(detail) => {
                self.details.take(id.cluster, mono, detail);
            }
        }
        self.feeds.insert(id.clone(), feed);
    }

    /// Changes whenever any object does, or what is known of a source.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.changes
            + self.namespaces.revision()
            + self.deployments.revision()
            + self.controlled.revision()
            + self.beside.revision()
            + self.routing.revision()
            + self.replica_sets.revision()
            + self.pods.revision()
            + self.events.revision()
            + self.rollouts.revision()
            + self.analysis_runs.revision()
            + self.experiments.revision()
            + self.applications.revision()
            + self.projects.revision()
            + self.runs.revision()
            + self.pipeline_runs.revision()
            + self.task_runs.revision()
            + self.slos.revision()
            + self.alerts.revision()
            + self.containers.revision()
            + self.images.revision()
    }

    /// The runs in the order of their lists.
    #[must_use]
    pub const fn ordered_runs(&self) -> &Ordered {
        &self.ordered_runs
    }

    /// Everything that was live is stale: nobody listened for a while.
    pub fn mark_stale(&mut self, mono: Duration, message: &Safe) {
        self.changes += 1;
        self.touch_all();
        for feed in self.feeds.values_mut() {
            if matches!(feed.status, FeedStatus::Live) {
                feed.status = FeedStatus::Stale { since: mono, message: message.clone(), retry_at: None };
            }
        }
    }

    /// Feeds of one system of one cluster.
    pub fn feeds_of(&self, cluster: SourceId, system: SystemId) -> impl Iterator<Item = (&FeedId, &Feed)> {
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

    /// The controller has seen all that its spec asks for, but for how many replicas: an autoscaler may change
    /// that every few seconds, and neither revision nor pod hash are others for it.
    #[must_use]
    pub fn has_seen_rollout(&self, row: &Rollout) -> bool {
        let alike = |observed| self.attention.is_alike(&row.meta.uid, observed);
        row.observed_generation.is_some_and(|observed| observed == row.meta.generation || alike(observed))
    }

    /// [`Self::has_seen_rollout`] of a Deployment.
    #[must_use]
    pub fn has_seen_deployment(&self, row: &Deployment) -> bool {
        row.observed_generation >= row.meta.generation
            || self.attention.is_alike(&row.meta.uid, row.observed_generation)
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
            Object::Controlled(row) => put!(controlled, row),
            Object::Beside(row) => put!(beside, row),
            Object::Routing(row) => put!(routing, row),
            Object::ReplicaSet(row) => put!(replica_sets, row),
            Object::Pod(row) => put!(pods, row),
            Object::Event(row) => put!(events, row),
            Object::Rollout(row) => put!(rollouts, row),
            Object::AnalysisRun(row) => put!(analysis_runs, row),
            Object::Experiment(row) => put!(experiments, row),
            Object::Application(row) => put!(applications, row),
            Object::AppProject(row) => put!(projects, row),
            Object::Release(row) => put!(releases, row),
            Object::Run(row) => self.put_run(row),
            Object::PipelineRun(row) => {
                let uid = self.put_run(Arc::clone(&row.run));
                self.pipeline_runs.upsert(row);
                uid
            }
            Object::TaskRun(row) => {
                self.put_lone(&row);
                put!(task_runs, row)
            }
            Object::Slo(row) => put!(slos, row),
            Object::Alert(row) => put!(alerts, row),
            Object::Container(row) => put!(containers, row),
            Object::Image(row) => put!(images, row),
        }
    }

    fn put_run(&mut self, row: Arc<Run>) -> Uid {
        let uid = row.meta.uid.clone();
        self.ordered_runs.put(self.runs.get(&uid), &row);
        self.runs.upsert(row);
        uid
    }
}
