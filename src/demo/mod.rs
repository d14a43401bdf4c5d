//! Timed worlds behind a loopback server that speaks the real APIs. Knows no type of ours: the
//! ordinary clients talk to it over HTTP, and everything in it is JSON.
//!
//! A scenario's own clock says how far its world has come. It runs [`Options::speed`] times as
//! fast as the machine's, or, when [`Options::held`], moves only by [`Handle::advance`], so a test
//! never waits for time to pass.

mod argocd;
mod argocd_server;
mod argocd_windows;
mod autoscalers;
mod controllers;
mod docker;
mod github;
mod gitops;
mod grafana;
mod helm;
mod istio;
mod kinds;
mod logs;
mod loki;
mod options;
mod prometheus;
mod registry;
mod rustci;
mod scale;
mod scenario;
mod server;
mod store;
mod tekton;
mod templates;
mod traffic;
mod value;
mod world;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

use self::kinds::Kind;
use self::scenario::Scenario;

pub use self::options::{DemoError, Options};
pub use self::scenario::FromFolder;
use self::server::Shared;
use self::world::World;
use crate::clock::Clock;

/// The scenarios that [`start`] knows, the default first.
pub const SCENARIOS: [&str; 11] = [
    "canary-regression",
    "aborted-canary",
    "clean-canary",
    "crash-loop",
    "flaky-e2e",
    "hpa-at-max",
    "missing-arm64",
    "out-of-sync",
    "pipelines",
    "rate-limit",
    "scale",
];

/// The stories and their files.
const STORIES: [(&str, &str); 10] = [
    ("aborted-canary", include_str!("../../demo/scenarios/aborted-canary.yaml")),
    ("canary-regression", include_str!("../../demo/scenarios/canary-regression.yaml")),
    ("clean-canary", include_str!("../../demo/scenarios/clean-canary.yaml")),
    ("crash-loop", include_str!("../../demo/scenarios/crash-loop.yaml")),
    ("flaky-e2e", include_str!("../../demo/scenarios/flaky-e2e.yaml")),
    ("hpa-at-max", include_str!("../../demo/scenarios/hpa-at-max.yaml")),
    ("missing-arm64", include_str!("../../demo/scenarios/missing-arm64.yaml")),
    ("out-of-sync", include_str!("../../demo/scenarios/out-of-sync.yaml")),
    ("pipelines", include_str!("../../demo/scenarios/pipelines.yaml")),
    ("rate-limit", include_str!("../../demo/scenarios/rate-limit.yaml")),
];

/// Objectives of files, in OpenSLO, by their ids.
const FILES: [(&str, &str); 1] = [("search-latency", include_str!("../../demo/openslo/search-latency.yaml"))];

/// A running demo. It stops when the last clone of its [`Handle`] is dropped.
#[derive(Debug)]
pub struct Demo {
    /// Base of the Kubernetes API, `http://127.0.0.1:PORT`.
    pub url: String,
    /// The same of the clusters beside the first one, by their names.
    pub beside: Vec<(String, String)>,
    /// The wall clock of the scenario's world.
    pub clock: Clock,
    /// The namespaces of the world.
    pub namespaces: Vec<String>,
    /// Base of the GitHub API.
    pub github: Option<String>,
    /// The repositories of the world, `owner/name`.
    pub repositories: Vec<String>,
    /// Base of the Prometheus API.
    pub prometheus: Option<String>,
    /// Base of the Grafana.
    pub grafana: Option<String>,
    /// Base of the Loki API.
    pub loki: Option<String>,
    /// Base of the API of Argo CD's server, and the token it takes; none where no Application is kept.
    pub argocd: Option<(String, &'static str)>,
    /// The objectives that are not recorded by rules, as files of OpenSLO.
    pub openslo: Vec<String>,
    /// The Docker Engine: `tcp://127.0.0.1:PORT`.
    pub docker: Option<String>,
    /// Base of the registry's API, and the host that images name.
    pub registry: Option<(String, &'static str)>,
    /// The image repositories of the world, with that host.
    pub images: Vec<String>,
    /// What the world's services ask of their images; nothing when empty.
    pub platforms: Vec<String>,
    /// Images that are built from folders.
    pub catalogue: Vec<FromFolder>,
    /// Base of the RustCI server, where the scenario has one.
    pub rustci: Option<String>,
    /// Moves a held world; keeps the server alive.
    pub handle: Handle,
}

/// Holds the demo's server alive and moves its time in tests.
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    _alive: Arc<DropGuard>,
}

impl Handle {
    /// The scenario's wall clock.
    pub fn now(&self) -> Timestamp {
        self.shared.world().now
    }

    /// Moves a held world on by this much of the scenario's time. Everything that is due has
    /// happened when this returns, and the watchers have been told to look. Does nothing in a world
    /// that runs by itself.
    pub fn advance(&self, by: Duration) {
        let now = {
            let mut world = self.shared.world();
            let to = value::later(world.now, by);
            if self.shared.held() {
                world.advance(to);
            }
            world.now
        };
        self.shared.tell(now);
    }

    /// Leaves so many requests of GitHub's hour, which ends after this much of the scenario's time.
    pub fn limit_github(&self, left: u64, ends: Duration) {
        let mut world = self.shared.world();
        let (since, until) = (world.now, value::later(world.now, ends));
        let pressure = github::Pressure { since: Some(since), left, until: Some(until), ..Default::default() };
        world.book.press(pressure);
    }

    /// Meets GitHub's secondary limit for this much of the scenario's time.
    pub fn pause_github(&self, lasts: Duration) {
        let mut world = self.shared.world();
        let paused = Some((world.now, value::later(world.now, lasts)));
        world.book.press(github::Pressure { paused, ..Default::default() });
    }

    /// Takes the database from the RustCI server, or gives it back.
    pub fn connect_rustci(&self, connected: bool) {
        self.shared.world().works.connected = connected;
    }

    /// Deletes a run of Tekton's and what it owns, as a pruner does at any time.
    pub fn prune_run(&self, namespace: &str, name: &str) {
        let now = {
            let mut world = self.shared.world();
            tekton::remove(&mut world, &kinds::Key::new(kinds::Kind::PipelineRun, namespace, name));
            world.now
        };
        self.shared.tell(now);
    }

    /// The annotations of its Grafana, oldest first.
    #[must_use]
    pub fn annotations(&self) -> Vec<serde_json::Value> {
        self.shared.world().annotations.clone()
    }

    /// How many requests came that could have changed something.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.shared.writes()
    }

    /// Refuses writes to a resource (`rollouts/status`) in a namespace, or in all where it is empty. `told`: an
    /// access review says so too; else it says that they are allowed. Argo CD's own RBAC knows `applications/get`
    /// and `applications/sync`; `list applications` hides them in the cluster.
    pub fn forbid(&self, namespace: &str, resource: &str, told: bool) {
        let (namespace, resource) = (namespace.to_owned(), resource.to_owned());
        self.shared.forbid(server::review::Forbidden { namespace, resource, told });
    }

    /// Forgets the history of changes, as a compaction of the server's store does: watches and
    /// pages that start before now are told 410.
    pub fn compact(&self) {
        let now = {
            let mut world = self.shared.world();
            world.store.compact();
            world.now
        };
        self.shared.tell(now);
    }
}

/// Starts the scenario's server on a free port of the loopback interface.
pub async fn start(options: Options) -> Result<Demo, DemoError> {
    options.check()?;
    let (world, natural) = open(&options, 0)?;
    let speed = options.speed.unwrap_or(natural);
    let namespaces = world.store.values(Kind::Namespace, "").map(|(key, _)| key.name.clone()).collect();
    let repositories = world.book.names();
    let (images, platforms) = (registry::repositories(&world), world.scenario.platforms.clone());
    let catalogue = world.scenario.catalogue.clone();
    let has_registry = !world.quiet && !images.is_empty();
    let openslo = files(&world.scenario);
    let (rustci, kept) = (world.works.there, !world.scenario.applications.is_empty());
    let origin = world.now;
    let clock = Clock::scaled(origin, if options.held { 0.0 } else { speed });
    let shared = Arc::new(Shared::new(world, (!options.held).then_some(clock)));
    let beside = others(&options, &shared, clock).await?;
    let url = format!("http://{}", serve(server::router(Arc::clone(&shared)), &shared).await?);
    // Both APIs have a /version, so the engine listens on a port of its own, as engines do.
    let docker = format!("tcp://{}", serve(docker::router(Arc::clone(&shared)), &shared).await?);
    let prometheus = format!("{url}/prometheus");
    if !options.held {
        tokio::spawn(run(Arc::clone(&shared), speed));
    }
    let alive = Arc::new(shared.stop.clone().drop_guard());
    let github = Some(format!("{url}{}", github::PREFIX));
    let registry = has_registry.then(|| (format!("{url}{}", registry::PREFIX), registry::HOST));
    let rustci = rustci.then(|| format!("{url}{}", rustci::PREFIX));
    Ok(Demo {
        argocd: kept.then(|| (format!("{url}{}", argocd_server::PREFIX), argocd_server::TOKEN)),
        grafana: Some(format!("{url}/grafana")),
        loki: Some(url.clone()),
        url,
        beside,
        clock,
        namespaces,
        github,
        repositories,
        prometheus: Some(prometheus),
        openslo,
        docker: Some(docker),
        registry,
        images,
        platforms,
        catalogue,
        rustci,
        handle: Handle { shared, _alive: alive },
    })
}

/// The files of the scenario's objectives that have one.
fn files(scenario: &Scenario) -> Vec<String> {
    let of_file = scenario.objectives.iter().filter(|objective| objective.of_file);
    let file = |id: String| FILES.iter().find(|(name, _)| *name == id).map(|(_, text)| (*text).to_owned());
    of_file.filter_map(|objective| file(objective.id())).collect()
}

/// Serves on a free port until the world stops; the address.
async fn serve(router: axum::Router, shared: &Shared) -> Result<std::net::SocketAddr, std::io::Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let stop = shared.stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = axum::serve(listener, router).into_future() => {}
            () = stop.cancelled() => {}
        }
    });
    Ok(address)
}

/// The clusters beside the first one: each a server with a world of its own, as long as the first lives.
async fn others(options: &Options, first: &Arc<Shared>, clock: Clock) -> Result<Vec<(String, String)>, DemoError> {
    let mut others = Vec::new();
    for cluster in 1..options.clusters {
        let (world, natural) = open(options, cluster)?;
        let mut shared = Shared::new(world, (!options.held).then_some(clock));
        shared.stop = first.stop.child_token();
        let shared = Arc::new(shared);
        let address = serve(server::router(Arc::clone(&shared)), &shared).await?;
        if !options.held {
            tokio::spawn(run(Arc::clone(&shared), options.speed.unwrap_or(natural)));
        }
        others.push((format!("demo-{}", cluster + 1), format!("http://{address}")));
    }
    Ok(others)
}

/// The world of one of its clusters, and the pace that suits it.
fn open(options: &Options, cluster: usize) -> Result<(World, f64), DemoError> {
    if let Some((name, file)) = STORIES.into_iter().find(|(name, _)| *name == options.scenario) {
        let scenario = Scenario::parse(name, file)?;
        let speed = scenario.speed;
        return Ok((World::open(scenario, options.seed)?, speed));
    }
    match options.scenario.as_str() {
        "scale" => Ok((scale::open(options, cluster)?, 1.0)),
        name => Err(DemoError::UnknownScenario { name: name.to_owned(), known: SCENARIOS.join(", ") }),
    }
}

/// Lets a running world go on and tells those who watch it, at least ten times a second.
async fn run(shared: Arc<Shared>, speed: f64) {
    const LONGEST: Duration = Duration::from_millis(100);
    // A busy log is handed on in pieces of a fiftieth of a second.
    const SHORTEST: Duration = Duration::from_millis(20);
    loop {
        let (now, next) = {
            let world = shared.world();
            (world.now, world.next())
        };
        shared.tell(now);
        let wait = next.map_or(LONGEST, |next| {
            let ahead = next.duration_since(now).as_secs_f64().max(0.0) / speed;
            Duration::from_secs_f64(ahead.min(1.0)).clamp(SHORTEST, LONGEST)
        });
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.stop.cancelled() => break,
        }
    }
}
