//! One folder for each upstream system: ingest (pure), watch, perform.
//!
//! [`Systems`] runs them: a supervised task per feed and a heartbeat per cluster, one send per
//! operation. What they find out goes to the loop through the channels it gave.

mod apart;
pub mod argocd;
mod beat;
pub mod docker;
mod duration;
mod feed;
pub mod git;
pub mod github;
pub mod grafana;
mod heartbeat;
pub mod helm;
pub mod ingest;
pub mod istio;
pub mod kubernetes;
pub mod lines;
pub mod loki;
mod managers;
pub mod meta;
mod pace;
mod patches;
mod perform;
mod pins;
mod polled;
mod probes;
pub mod prometheus;
mod readers;
mod recent;
pub mod registry;
mod revision;
pub mod rollouts;
pub mod rustci;
mod scope;
mod secrets;
mod standing;
mod stream;
mod supervise;
pub mod tail;
pub mod tekton;
pub mod wire;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::action::{Change, Found, Operation, OperationId, Progress};
use crate::clock::Clock;
use crate::model::applications::AppWay;
use crate::model::images::Reference;
use crate::model::interest::Interest;
use crate::model::log::{LogEvent, LogOf, LogRequest, TailId};
use crate::model::source::{FeedEvent, FeedId, FeedStatus, SourceScope};
use crate::model::{Kind, Name, SourceId, SystemId, Uid};
use crate::net::{Cluster, Docker, Git, Registry, Writes, segment};
use crate::text::Safe;

pub use docker::perform::Pack;
pub use pace::Pace;
pub use standing::is_not_served;

pub use scope::{Namespaces, Spec, Upstream, address_place, connect, resolve};

/// Writes the intent of an operation so that it survives the program, or says why it cannot.
/// Nothing is sent before it returns `Ok`. May block: it is called off the runtime's threads.
pub type Intent = Box<dyn FnOnce(&Operation) -> Result<(), Safe> + Send>;

/// All systems of all clusters, running.
pub struct Systems {
    upstreams: HashMap<SourceId, Upstream>,
    clock: Clock,
    refresh: watch::Sender<u64>,
    /// What is looked at, for those that read only that.
    interest: watch::Sender<Arc<Interest>>,
    cancel: CancellationToken,
    tracker: TaskTracker,
    tails: HashMap<TailId, CancellationToken>,
    /// What engines said of builds.
    builds: docker::builds::Builds,
    /// What every send needs; none in a run that only reads.
    writes: Option<Writes>,
    /// How the context of a build is packed: this layer reads no files.
    pack: Option<Pack>,
}

impl fmt::Debug for Systems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Systems").field("upstreams", &self.upstreams.len()).finish_non_exhaustive()
    }
}

impl Systems {
    /// Starts a task per feed and a heartbeat per usable cluster. Inside a tokio runtime only.
    #[must_use]
    pub fn start(specs: Vec<Spec>, tx: &mpsc::Sender<(FeedId, FeedEvent)>, clock: Clock) -> Self {
        Self::start_at(specs, tx, clock, Pace::default())
    }

    /// [`Self::start`] at a pace of the caller's choice.
    #[must_use]
    pub fn start_at(specs: Vec<Spec>, tx: &mpsc::Sender<(FeedId, FeedEvent)>, clock: Clock, pace: Pace) -> Self {
        let mut systems = Self {
            upstreams: HashMap::new(),
            clock,
            refresh: watch::Sender::new(0),
            interest: watch::Sender::new(Arc::default()),
            cancel: CancellationToken::new(),
            tracker: TaskTracker::new(),
            tails: HashMap::new(),
            builds: docker::builds::Builds::default(),
            writes: Some(Writes::granted()),
            pack: None,
        };
        systems.start_git(&specs, tx, pace);
        for Spec { scope, upstream } in specs {
            let Some(upstream) = upstream else { continue };
            if let Upstream::Cluster(cluster) = &upstream {
                systems.start_cluster(&scope, cluster, tx, pace);
            } else {
                systems.start_polled(&scope, &upstream, tx, pace);
            }
            systems.upstreams.insert(scope.id, upstream);
        }
        systems
    }

    fn start_cluster(
        &self,
        scope: &SourceScope,
        cluster: &Cluster,
        tx: &mpsc::Sender<(FeedId, FeedEvent)>,
        pace: Pace,
    ) {
        let read = cluster.read();
        let (health, beats) = watch::channel(heartbeat::Health::default());
        let parts = feed::Parts {
            read: read.clone(),
            tx: tx.clone(),
            clock: self.clock,
            pace,
            health: beats,
            refresh: self.refresh.subscribe(),
        };
        let (clock, of_beat) = (self.clock, health.clone());
        // Its sender lives in the supervisor, so that a restart does not look like the end.
        let beat = move || heartbeat::beat(read.clone(), clock, pace, of_beat.clone());
        self.tracker.spawn(heartbeat::supervised(self.cancel.clone(), clock, pace, beat, health));
        self.start_reader(scope, &parts);
        for id in scope.feeds() {
            if id.kind == Kind::Release && !cluster.reads_helm() {
                self.leave_out(id, tx);
                continue;
            }
            self.start_feed(id, parts.clone());
        }
    }

    /// The configuration does not want it read: nothing is missing without it.
    fn leave_out(&self, id: FeedId, tx: &mpsc::Sender<(FeedId, FeedEvent)>) {
        let tx = tx.clone();
        self.tracker.spawn(async move {
            let message = Safe::of("not read: sources.helm is off in the configuration");
            // A loop that is gone needs no news.
            let _ = tx.send((id, FeedEvent::Status(FeedStatus::Absent { message }))).await;
        });
    }

    /// Reads the repositories that no host with an API serves, as the configuration names them.
    fn start_git(&self, specs: &[Spec], tx: &mpsc::Sender<(FeedId, FeedEvent)>, pace: Pace) {
        let clusters = specs.iter().filter(|spec| matches!(spec.upstream, Some(Upstream::Cluster(_))));
        let feed = clusters.flat_map(|spec| spec.scope.feeds()).find(|id| id.kind == Kind::Application);
        let (Some(feed), Some(git)) = (feed, Git::of_user()) else { return };
        let (interest, refresh) = (self.interest.subscribe(), self.refresh.subscribe());
        let reader = git::watch::Parts { git, tx: tx.clone(), interest, refresh, pace, feed };
        let make = move || git::watch::run(reader.clone());
        self.tracker.spawn(supervise::supervise(self.cancel.clone(), pace, make, |_, _| async {}));
    }

    fn start_feed(&self, id: FeedId, mut parts: feed::Parts) {
        // Of Secrets nothing but their metadata ever comes here.
        if id.kind == Kind::Release {
            parts.read = parts.read.of_metadata();
        }
        let Some(place) = place(id.kind, id.namespace.as_ref()) else { return };
        let (tx, clock, pace) = (parts.tx.clone(), parts.clock, parts.pace);
        let has_data = Arc::new(AtomicBool::new(false));
        let stopped_id = id.clone();
        let make = move || feed::Feed::new(id.clone(), place.clone(), parts.clone(), Arc::clone(&has_data)).run();
        let stopped = move |message: Safe, wait: Duration| {
            let (tx, id) = (tx.clone(), stopped_id.clone());
            let restart_at = clock.now().mono + wait;
            async move {
                // A loop that is gone needs no news.
                let _ = tx.send((id, FeedEvent::TaskStopped { message, restart_at })).await;
            }
        };
        self.tracker.spawn(supervise::supervise(self.cancel.clone(), pace, make, stopped));
    }

    /// A task per feed of a source that is asked again and again.
    fn start_polled(
        &self,
        scope: &SourceScope,
        upstream: &Upstream,
        tx: &mpsc::Sender<(FeedId, FeedEvent)>,
        pace: Pace,
    ) {
        for id in scope.feeds() {
            let outlet = polled::Outlet {
                id: id.clone(),
                tx: tx.clone(),
                clock: self.clock,
                pace,
                refresh: self.refresh.subscribe(),
                interest: self.interest.subscribe(),
            };
            let (told, upstream) = (outlet.clone(), upstream.clone());
            let make = move || polled::run(upstream.clone(), outlet.clone());
            let stopped = move |message: Safe, wait: Duration| {
                let told = told.clone();
                async move { told.stopped(message, wait).await }
            };
            self.tracker.spawn(supervise::supervise(self.cancel.clone(), pace, make, stopped));
        }
    }

    /// Gives the right to write away: nothing can be sent from now on.
    pub fn only_read(&mut self) {
        self.writes = None;
    }

    /// Builds of images read their folders so.
    pub fn pack_with(&mut self, pack: Pack) {
        self.pack = Some(pack);
    }

    /// Ends a build or a push.
    pub fn stop_build(&self, build: &Uid) {
        if let Some(said) = self.builds.of(build) {
            said.stop.cancel();
        }
    }

    /// Where an operation goes, with what it needs there.
    fn way(&self, operation: &Operation) -> Option<perform::Way> {
        let image = match &operation.action.change {
            Change::PullImage { image } => Some(image),
            Change::BuildImage { plan } => Some(&plan.image),
            Change::PushImage { .. } => Some(&operation.action.target.name),
            _ => None,
        };
        let engine = |client: Docker| docker::perform::Engine {
            client,
            registry: image.and_then(|image| self.registry_of(image.raw())),
            builds: self.builds.clone(),
            pack: self.pack.clone(),
            clock: self.clock,
        };
        let server = operation.action.change.way().and_then(AppWay::server);
        let asked = server.unwrap_or(operation.action.target.cluster);
        perform::Way::to(self.upstream(asked)?, engine)
    }

    /// The registry whose login an engine needs for this image.
    fn registry_of(&self, image: &str) -> Option<Registry> {
        let reference = Reference::parse(image)?;
        let (host, _) = Reference::parts(&reference.repository);
        self.upstreams.values().find_map(|upstream| match upstream {
            Upstream::Registry(client) if client.host() == host => Some(client.clone()),
            _ => None,
        })
    }

    fn upstream(&self, id: SourceId) -> Option<Upstream> {
        self.upstreams.get(&id).cloned()
    }

    /// Writes the intent, then sends once, and tells how it went.
    pub fn perform(&self, operation: Box<Operation>, intent: Intent, tx: mpsc::Sender<(OperationId, Progress)>) {
        let way = self.way(&operation);
        if operation.action.target.kind == Kind::Build {
            // Before anybody asks for its log.
            self.builds.begin(&operation.action.target.uid);
        }
        // Not cancelled at the end of the program: what was sent is answered, or its deadline ends it.
        let id = operation.id.clone();
        let task = perform::perform((way, self.writes), operation, intent, tx.clone());
        self.tracker.spawn(perform::guard(id, task, tx, |message| Progress::Unknown { message }));
    }

    /// Looks at the object of an operation nobody heard the end of.
    pub fn read_evidence(&self, operation: Box<Operation>, tx: mpsc::Sender<(OperationId, Progress)>) {
        let way = self.way(&operation);
        let (id, cancel, answer) = (operation.id.clone(), self.cancel.clone(), tx.clone());
        let task = async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = perform::read_evidence(way, operation, answer) => {}
            }
        };
        let told = |message| Progress::Evidence { found: Found::Untold, message };
        self.tracker.spawn(perform::guard(id, task, tx, told));
    }

    /// Lists everything again now, without waiting for a back-off.
    pub fn refresh(&self) {
        self.refresh.send_modify(|count| *count += 1);
    }

    /// What is looked at from now on.
    pub fn look_at(&self, interest: Arc<Interest>) {
        self.interest.send_replace(interest);
    }

    /// Follows the log of a pod, a container or a job until it ends, fails or is stopped.
    pub fn tail(&mut self, id: TailId, request: LogRequest, tx: mpsc::Sender<(TailId, LogEvent)>) {
        // A store of logs may be another source than the one that its pods were of.
        let stored = if let LogOf::Stored(stored) = &request.of { Some(stored.clone()) } else { None };
        let upstream = self.upstream(stored.as_ref().map_or(request.pod.cluster, |stored| stored.store));
        let cancel = self.cancel.child_token();
        self.tails.retain(|_, token| !token.is_cancelled());
        self.tails.insert(id, cancel.clone());
        let pace = tail::Pace::default();
        match upstream {
            Some(Upstream::Loki(client, labels)) if let Some(stored) = stored => {
                let labels = (*labels).clone();
                self.tracker.spawn(loki::tail::tail(client, labels, (request, *stored), id, tx, cancel));
            }
            Some(Upstream::Cluster(cluster)) if request.of.is_sheet() => {
                self.tracker.spawn(kubernetes::sheet::tell(cluster.read(), request, id, tx, cancel));
            }
            Some(Upstream::Cluster(cluster)) if let LogOf::Pods(pods) = &request.of => {
                let pods = Arc::clone(pods);
                self.tracker.spawn(kubernetes::merged::follow(cluster.read(), request, pods, id, tx, cancel));
            }
            Some(Upstream::Cluster(cluster)) if request.pod.kind == Kind::TaskRun => {
                self.tracker.spawn(tekton::tail::tail(cluster.read(), request, id, tx, cancel, pace));
            }
            Some(Upstream::Cluster(cluster)) => {
                self.tracker.spawn(kubernetes::tail::tail(cluster.read(), request, id, tx, cancel, pace));
            }
            Some(Upstream::Docker(_)) if request.pod.kind == Kind::Build => {
                self.tracker.spawn(docker::builds::tail(self.builds.of(&request.pod.uid), id, tx, cancel));
            }
            Some(Upstream::Docker(client)) => {
                self.tracker.spawn(docker::tail::tail(client, request, id, tx, cancel, (pace, self.clock)));
            }
            Some(Upstream::GitHub(client)) => {
                let log = github::log::JobLog::new(client, request.pod);
                self.tracker.spawn(tail::follow(log, id, tx, cancel, pace));
            }
            Some(Upstream::RustCi(client)) => {
                self.tracker.spawn(rustci::log::tail(client, request.pod, id, tx, cancel));
            }
            // Said, or the pane would wait for ever for an answer to what nobody asked.
            Some(Upstream::Prometheus(..)) => self.no_log(id, tx, "Prometheus keeps figures, and no logs"),
            Some(Upstream::Loki(..)) => self.no_log(id, tx, "it is asked for the lines of pods"),
            Some(Upstream::Grafana(_)) => self.no_log(id, tx, "Grafana keeps pictures, and no logs"),
            Some(Upstream::ArgoServer(_)) => self.no_log(id, tx, "the logs of pods are read from their cluster"),
            Some(Upstream::Registry(_)) => self.no_log(id, tx, "a registry keeps images, and no logs"),
            None => self.no_log(id, tx, "its source cannot be used; quarterdeck doctor tells why"),
        }
    }

    fn no_log(&self, id: TailId, tx: mpsc::Sender<(TailId, LogEvent)>, why: &'static str) {
        self.tracker.spawn(async move {
            // Whoever is gone needs no answer.
            let _ = tx.send((id, LogEvent::Failed { message: Safe::of(why) })).await;
        });
    }

    pub fn stop_tail(&mut self, id: TailId) {
        if let Some(token) = self.tails.remove(&id) {
            token.cancel();
        }
    }

    /// Ends every task; a request on its way is waited for as long as `grace`. False when something
    /// was still on its way then.
    pub async fn shutdown(self, grace: Duration) -> bool {
        self.cancel.cancel();
        self.tracker.close();
        tokio::time::timeout(grace, self.tracker.wait()).await.is_ok()
    }
}

/// Path and fixed query of the list of a kind.
fn place(kind: Kind, namespace: Option<&Name>) -> Option<(String, String)> {
    match kind.system() {
        SystemId::Kubernetes if kind.is_of_istio() => istio::watch::list(kind, namespace),
        SystemId::Kubernetes => kubernetes::watch::list(kind, namespace),
        SystemId::Rollouts => rollouts::watch::list(kind, namespace),
        SystemId::ArgoCd => argocd::watch::list(kind, namespace),
        SystemId::Helm => helm::watch::list(kind, namespace),
        SystemId::Tekton => tekton::watch::list(kind, namespace),
        SystemId::GitHub
        | SystemId::RustCi
        | SystemId::Prometheus
        | SystemId::Docker
        | SystemId::Registry
        | SystemId::Loki
        | SystemId::Grafana
        | SystemId::ArgoServer => None,
    }
}

/// The path of a list of the first objects of a kind.
#[must_use]
pub fn some_of(kind: Kind, namespace: Option<&Name>, most: u32) -> Option<String> {
    place(kind, namespace).map(|(path, _)| format!("{path}?limit={most}"))
}

/// The collection of a kind under the root of its API group, in one namespace or in all.
fn collection(root: &str, kind: Kind, namespace: Option<&Name>) -> String {
    match namespace {
        Some(name) => format!("{root}/namespaces/{}/{}", segment(name.raw()), kind.plural()),
        None => format!("{root}/{}", kind.plural()),
    }
}
