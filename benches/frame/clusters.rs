//! Three clusters with their Rollouts, Applications and pods: the lists of them, as they grow.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use quarterdeck::command::{Command, Key};
use quarterdeck::config::keymap;
use quarterdeck::config::theme::{self, Depth, Glyphs, Theme};
use quarterdeck::model::source::{FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::systems::ingest;
use quarterdeck::text::Safe;
use quarterdeck::ui;
use quarterdeck::update::{Msg, settle, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::{now, pod_in, timed};

const CLUSTERS: usize = 3;
/// Pods of one Deployment.
const EACH: usize = 20;
const IMAGE: &str = "registry/service:1.2.3";

/// How much there is in all of them. The smallest fills every list of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub pods: usize,
    pub rollouts: usize,
    pub applications: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pods, {} rollouts, {} applications", self.pods, self.rollouts, self.applications)
    }
}

/// One thing that a cluster says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Pod,
    Rollout,
    Application,
}

impl News {
    pub const ALL: [Self; 3] = [Self::Pod, Self::Rollout, Self::Application];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Pod => "a changed pod",
            Self::Rollout => "a changed rollout",
            Self::Application => "a changed application",
        }
    }
}

pub struct Clusters {
    pub size: Size,
    state: State,
    theme: Theme,
    terminal: Terminal<TestBackend>,
    keys: [Key; 2],
    turn: usize,
}

impl Clusters {
    pub fn new(size: Size, place: &Place) -> Self {
        let keymap = keymap::load(None, None).unwrap();
        let keys = [Command::Down, Command::Up].map(|command| keymap.keys_of(command)[0]);
        let mut state = State::new(now(), (0..CLUSTERS).map(source).collect(), keymap, (160, 48));
        state.ui.place = place.clone();
        let feeds: Vec<FeedId> = state.world.feeds.keys().cloned().collect();
        for feed in feeds {
            hear(&mut state, &feed, FeedEvent::ListBegins);
            for page in objects(size, &feed).chunks(500) {
                hear(&mut state, &feed, FeedEvent::Applied(page.to_vec()));
            }
            hear(&mut state, &feed, FeedEvent::Listed);
        }
        let theme = theme::load(None, None, Depth::True, Glyphs::Unicode).unwrap();
        let terminal = Terminal::new(TestBackend::new(160, 48)).unwrap();
        let mut world = Self { size, state, theme, terminal, keys, turn: 0 };
        world.draw();
        world.check(place);
        world
    }

    /// What is measured is on the screen.
    fn check(&self, place: &Place) {
        let cells = self.terminal.backend().buffer().content();
        let screen: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        let wanted = match place {
            Place::Applications => "app-000",
            _ => "rollout-000",
        };
        assert!(screen.contains(wanted), "{wanted:?} is not on the screen of {place:?}");
    }

    fn draw(&mut self) {
        settle(&mut self.state);
        let (state, theme) = (&self.state, &self.theme);
        self.terminal.draw(|frame| ui::draw(state, theme, frame)).unwrap();
    }

    /// A key and its frame.
    pub fn quiet(&mut self, times: usize) -> f64 {
        timed(times, || {
            self.turn += 1;
            let key = self.keys[self.turn % 2];
            black_box(update(&mut self.state, now(), Msg::Key(key)));
            self.draw();
        })
    }

    /// What a cluster says, and the frame after it. What it says is made before.
    pub fn news(&mut self, news: News, times: usize) -> f64 {
        let mut said: Vec<_> = (0..times).map(|_| self.said(news)).collect();
        timed(times, || {
            if let Some((feed, object)) = said.pop() {
                hear(&mut self.state, &feed, FeedEvent::Applied(vec![object]));
                self.draw();
            }
        })
    }

    fn said(&mut self, news: News) -> (FeedId, Object) {
        self.turn += 1;
        let (turn, size) = (self.turn, self.size);
        let (kind, n, object): (Kind, usize, fn(usize, usize) -> Object) = match news {
            News::Pod => (Kind::Pod, turn * 7_919 % size.pods, |n, turn| {
                Object::Pod(Arc::new(pod_in(cluster(n), n, turn as u32)))
            }),
            News::Rollout => (Kind::Rollout, turn * 7_919 % size.rollouts, rollout),
            News::Application => (Kind::Application, turn * 7_919 % size.applications, application),
        };
        (FeedId { cluster: cluster(n), kind, namespace: None }, object(n, turn))
    }
}

fn hear(state: &mut State, feed: &FeedId, event: FeedEvent) {
    black_box(update(state, now(), Msg::Feed(feed.clone(), event)));
}

/// Which cluster the n-th of anything is in.
fn cluster(n: usize) -> SourceId {
    SourceId((n % CLUSTERS) as u16)
}

fn source(n: usize) -> SourceScope {
    SourceScope {
        id: cluster(n),
        system: SystemId::Kubernetes,
        name: Name::new(&format!("bench-{n}")),
        server: Safe::of("https://bench"),
        user: Safe::of("bench"),
        namespaces: None,
        unusable: None,
        discovered: None,
    }
}

/// What a feed lists.
fn objects(size: Size, feed: &FeedId) -> Vec<Object> {
    let own = |count: usize| (0..count).filter(|n| cluster(*n) == feed.cluster);
    match feed.kind {
        Kind::Pod => own(size.pods).map(|n| Object::Pod(Arc::new(pod_in(feed.cluster, n, 0)))).collect(),
        Kind::Deployment => own(size.pods.div_ceil(EACH)).map(deployment).collect(),
        Kind::Rollout => own(size.rollouts).map(|n| rollout(n, 0)).collect(),
        Kind::Application => own(size.applications).map(|n| application(n, 0)).collect(),
        _ => Vec::new(),
    }
}

/// As a server says it, read as everything is read.
fn read(kind: Kind, n: usize, value: &Value) -> Object {
    ingest::object(kind, cluster(n), value.to_string().as_bytes()).unwrap()
}

fn meta(namespace: &str, name: &str, turn: usize) -> Value {
    json!({ "name": name, "namespace": namespace, "uid": format!("{namespace}/{name}"), "generation": 1,
        "resourceVersion": (turn + 1).to_string(), "creationTimestamp": "2026-11-20T02:00:00Z" })
}

fn namespace(n: usize) -> &'static str {
    ["dev", "staging", "production"][n / CLUSTERS % 3]
}

fn template() -> Value {
    json!({ "metadata": { "labels": { "app": "service" } },
        "spec": { "containers": [{ "name": "app", "image": IMAGE }] } })
}

fn deployment(n: usize) -> Object {
    let counts = json!({ "replicas": EACH, "updatedReplicas": EACH, "readyReplicas": EACH,
        "availableReplicas": EACH, "observedGeneration": 1 });
    read(
        Kind::Deployment,
        n,
        &json!({ "metadata": meta(namespace(n), &format!("service-{n:04}"), 0),
            "spec": { "replicas": EACH, "selector": { "matchLabels": { "app": "service" } }, "template": template() },
            "status": counts }),
    )
}

/// Every seventh waits in a pause of its second step.
fn rollout(n: usize, turn: usize) -> Object {
    let paused = n % 7 == 3;
    let phase = if paused { "Paused" } else { "Healthy" };
    let pauses = json!([{ "reason": "CanaryPauseStep", "startTime": "2026-11-21T01:50:00Z" }]);
    read(
        Kind::Rollout,
        n,
        &json!({ "metadata": meta(namespace(n), &format!("rollout-{n:04}"), turn),
            "spec": { "replicas": 5, "selector": { "matchLabels": { "app": "service" } }, "template": template(),
                "strategy": { "canary": { "steps": [{ "setWeight": 10 }, { "pause": {} }, { "setWeight": 50 }] } } },
            "status": { "phase": phase, "replicas": 5, "updatedReplicas": 5, "readyReplicas": 5 - turn % 2,
                "availableReplicas": 5, "observedGeneration": "1", "currentStepIndex": if paused { 1 } else { 3 },
                "currentPodHash": "abc", "stableRS": if paused { "def" } else { "abc" },
                "controllerPause": paused, "pauseConditions": if paused { pauses } else { json!([]) } } }),
    )
}

/// Every twelfth is not as Git says.
fn application(n: usize, turn: usize) -> Object {
    let sync = if n % 12 == 5 { "OutOfSync" } else { "Synced" };
    let source =
        json!({ "repoURL": "https://git.bench/gitops", "path": format!("services/{n}"), "targetRevision": "main" });
    let revision = format!("{:040x}", n + turn % 2);
    read(
        Kind::Application,
        n,
        &json!({ "metadata": meta("argocd", &format!("app-{n:04}"), turn),
            "spec": { "project": "shop", "source": source,
                "destination": { "server": "https://kubernetes.default.svc", "namespace": namespace(n) } },
            "status": { "sync": { "status": sync, "revision": revision }, "health": { "status": "Healthy" },
                "resources": [{ "group": "apps", "version": "v1", "kind": "Deployment", "namespace": namespace(n),
                    "name": format!("service-{n:04}"), "status": sync, "health": { "status": "Healthy" } }],
                "reconciledAt": "2026-11-21T01:59:00Z" } }),
    )
}
