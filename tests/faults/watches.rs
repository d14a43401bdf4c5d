//! The list+watch loop against servers that behave badly. What the feeds say is applied to the
//! state's own world, which is the judge: rows never vanish while a list is read again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name};
use quarterdeck::state::World;
use quarterdeck::state::world::Feed;
use quarterdeck::systems::{Pace, Spec, Systems};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::server::{Reply, Request, Server, spec};
use super::support::{block_on, next};

/// The program's pace with a fiftieth of its waits.
pub fn quick() -> Pace {
    Pace {
        floor: Duration::from_millis(20),
        cap: Duration::from_millis(500),
        denied: Duration::from_millis(300),
        watch: Duration::from_secs(30),
        early: Duration::from_secs(20),
        relist: Duration::from_secs(1),
        beat: Duration::from_millis(100),
        beat_again: Duration::from_millis(20),
        figures: Duration::from_millis(100),
        restart: (Duration::from_millis(20), Duration::from_secs(1)),
        runs: (Duration::from_millis(50), Duration::from_millis(300)),
        jobs: Duration::from_millis(50),
        images: (Duration::from_millis(100), Duration::from_millis(100)),
    }
}

/// The feeds of a cluster, and the world they make.
pub struct Run {
    systems: Systems,
    rx: mpsc::Receiver<(FeedId, FeedEvent)>,
    pub world: World,
    clock: Clock,
}

impl Run {
    pub fn start(server: &str) -> Self {
        Self::with(spec(server))
    }

    pub fn with(spec: Spec) -> Self {
        let Spec { mut scope, upstream } = spec;
        scope.namespaces = Some(vec![Name::new("production")]);
        Self::of(scope.clone(), Spec { scope, upstream })
    }

    pub fn of(scope: SourceScope, spec: Spec) -> Self {
        Self::at(scope, spec, quick())
    }

    pub fn at(scope: SourceScope, spec: Spec, pace: Pace) -> Self {
        let (tx, rx) = mpsc::channel(256);
        let clock = Clock::system();
        Self { systems: Systems::start_at(vec![spec], &tx, clock, pace), rx, world: World::new(vec![scope]), clock }
    }

    pub fn feed(&self, kind: Kind) -> &Feed {
        self.world.feeds.iter().find(|(id, _)| id.kind == kind).map(|(_, feed)| feed).unwrap()
    }

    /// Names of the pods, sorted.
    pub fn pods(&self) -> BTreeSet<String> {
        self.world.pods.rows().iter().map(|pod| pod.meta.name.raw().to_owned()).collect()
    }

    /// Takes one event in.
    pub async fn step(&mut self) -> (Kind, FeedEvent) {
        let (id, event) = next(&mut self.rx).await.expect("feeds that run");
        self.world.apply(&id, self.clock.now().mono, event.clone());
        (id.kind, event)
    }

    /// Takes events in until the world is so; checks `always` after each.
    pub async fn until_with(&mut self, done: impl Fn(&Self) -> bool, always: impl Fn(&Self)) {
        while !done(self) {
            self.step().await;
            always(self);
        }
    }

    pub async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        self.until_with(done, |_| {}).await;
    }

    pub async fn until_status(&mut self, kind: Kind, wanted: impl Fn(&FeedStatus) -> bool) -> FeedStatus {
        self.until(|run| wanted(&run.feed(kind).status)).await;
        self.feed(kind).status.clone()
    }

    pub fn refresh(&self) {
        self.systems.refresh();
    }

    pub async fn end(mut self) {
        self.rx.close();
        assert!(self.systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    }
}

pub fn live(status: &FeedStatus) -> bool {
    matches!(status, FeedStatus::Live)
}

pub fn pod(name: &str, version: u64) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "production", "uid": format!("uid-{name}"), "resourceVersion": version.to_string(),
            "creationTimestamp": "2026-08-01T12:00:00Z",
        },
        "spec": { "containers": [{ "name": "app", "image": "shop:1" }] },
        "status": { "phase": "Running" },
    })
}

pub fn list(pods: &[&str], version: u64, next: &str, remaining: Option<u64>) -> Reply {
    let items: Vec<Value> = pods.iter().map(|name| pod(name, version)).collect();
    let mut metadata = json!({ "resourceVersion": version.to_string(), "continue": next });
    if let Some(remaining) = remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    Reply::json(json!({ "kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items }))
}

pub fn frame(kind: &str, object: &Value) -> String {
    json!({ "type": kind, "object": object }).to_string()
}

/// Everything but pods: empty lists, watches that stay open.
pub fn quiet(request: &Request) -> Reply {
    if request.is_watch() { Reply::Held(Vec::new()) } else { list(&[], 1, "", None) }
}

/// A server whose pods are answered by the closure.
pub async fn pods(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    Server::answering(of_pods(answer)).await
}

pub fn of_pods(answer: impl Fn(&Request) -> Reply) -> impl Fn(&Request) -> Reply {
    move |request| if request.path.contains("/pods?") { answer(request) } else { quiet(request) }
}

pub fn counter() -> impl Fn() -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    move || count.fetch_add(1, Ordering::SeqCst)
}

#[test]
fn pages_are_on_the_screen_before_the_list_is_whole() {
    block_on(async {
        let server = pods(|request| match &request.path {
            path if path.contains("watch=1") => Reply::Held(Vec::new()),
            path if path.contains("continue=b%2F2") => list(&["e"], 9, "", None),
            path if path.contains("continue=a") => list(&["c", "d"], 9, "b/2", Some(1)),
            _ => list(&["a", "b"], 9, "a", Some(3)),
        })
        .await;
        let mut run = Run::start(&server.url);
        run.until(|run| run.pods().len() == 2).await;
        assert!(!run.feed(Kind::Pod).complete);
        run.until(|run| run.feed(Kind::Pod).remaining == Some(3)).await;
        run.until(|run| run.feed(Kind::Pod).complete).await;
        assert_eq!(run.pods().len(), 5);
        let watches = server.until(|all| all.iter().any(|r| r.is_watch() && r.path.contains("/pods?"))).await;
        let watch = watches.iter().find(|r| r.is_watch() && r.path.contains("/pods?")).unwrap();
        for word in ["resourceVersion=9", "allowWatchBookmarks=true", "timeoutSeconds=30"] {
            assert!(watch.path.contains(word), "{}", watch.path);
        }
        run.end().await;
    });
}

#[test]
fn what_a_watch_brings_is_applied_and_it_goes_on_from_there() {
    block_on(async {
        let turn = counter();
        let server = pods(move |request| match (request.is_watch(), request.is_watch().then(&turn)) {
            (false, _) => list(&["a", "b"], 9, "", None),
            (true, Some(0)) => Reply::Lines(vec![
                frame("ADDED", &pod("c", 10)),
                frame("DELETED", &pod("a", 11)),
                frame("BOOKMARK", &json!({ "metadata": { "resourceVersion": "15" } })),
            ]),
            (true, _) => Reply::Held(vec![frame("ADDED", &pod("d", 16))]),
        })
        .await;
        let mut run = Run::start(&server.url);
        run.until(|run| run.pods().contains("d")).await;
        assert_eq!(run.pods(), ["b", "c", "d"].map(str::to_owned).into());
        let watches: Vec<_> = server.watches().into_iter().filter(|r| r.path.contains("/pods?")).collect();
        assert!(watches[1].path.contains("resourceVersion=15"), "{}", watches[1].path);
        run.end().await;
    });
}

#[test]
fn r24_a_server_that_ends_each_watch_at_once_is_not_flooded() {
    block_on(async {
        let server =
            pods(|request| if request.is_watch() { Reply::Lines(Vec::new()) } else { list(&["a"], 9, "", None) }).await;
        let mut run = Run::start(&server.url);
        let status = run.until_status(Kind::Pod, |status| matches!(status, FeedStatus::Stale { .. })).await;
        let FeedStatus::Stale { message, retry_at, .. } = status else { unreachable!() };
        assert!(message.as_str().contains("ends each watch at once"), "{message:?}");
        assert!(retry_at.is_some());
        let of_pods = |all: &[Request]| -> Vec<Request> {
            all.iter().filter(|r| r.is_watch() && r.path.contains("/pods?")).cloned().collect()
        };
        let pump = async {
            loop {
                run.step().await;
            }
        };
        let watches = tokio::select! {
            watches = server.until(|all| of_pods(all).len() >= 8) => of_pods(&watches),
            () = pump => unreachable!(),
        };
        // At the program's pace, a second where this one has 20 ms: 1, 2, 4, 8, 16, then 25 and more.
        let gaps: Vec<Duration> = watches.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        for (gap, floors) in gaps.iter().zip([1, 2, 4, 8, 16, 25, 25]) {
            assert!(*gap >= quick().floor * floors, "{gaps:?}");
        }
        // Its rows are still there, and no list was needed.
        assert_eq!(run.pods().len(), 1);
        assert_eq!(server.requests().iter().filter(|r| r.path.contains("/pods?limit")).count(), 1);
        run.end().await;
    });
}

#[test]
fn r25_rows_never_vanish_while_the_list_is_read_again() {
    for how in ["frame", "status", "refresh"] {
        block_on(async move {
            let (lists, watches) = (counter(), counter());
            let server = pods(move |request| {
                if request.is_watch() {
                    return match (watches(), how) {
                        (0, "frame") => Reply::Held(vec![frame("ERROR", &json!({ "code": 410, "reason": "Expired" }))]),
                        (0, "status") => Reply::status(410, "Expired", "too old resource version"),
                        _ => Reply::Held(Vec::new()),
                    };
                }
                if lists() == 0 {
                    return list(&["a", "b", "c"], 9, "", None);
                }
                // Without a; with d on the second page.
                if request.path.contains("continue") {
                    list(&["c", "d"], 20, "", None)
                } else {
                    list(&["b"], 20, "more", Some(2))
                }
            })
            .await;
            let mut run = Run::start(&server.url);
            run.until(|run| run.feed(Kind::Pod).complete).await;
            if how == "refresh" {
                run.refresh();
            }
            let kept = |run: &Run| assert!(run.pods().len() >= 3, "{:?} after {how}", run.pods());
            run.until_with(|run| run.pods().contains("d") && !run.pods().contains("a"), kept).await;
            assert_eq!(run.pods(), ["b", "c", "d"].map(str::to_owned).into());
            run.end().await;
        });
    }
}

#[test]
fn of_events_only_the_newest_are_kept() {
    let event = |number: usize| {
        let at = format!("2026-08-01T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60);
        json!({
            "metadata": { "name": format!("e{number}"), "namespace": "production", "uid": format!("e{number}"), "resourceVersion": "1" },
            "involvedObject": { "kind": "Pod", "name": "a" }, "type": "Normal", "reason": "Pulled", "message": "x",
            "lastTimestamp": at,
        })
    };
    block_on(async {
        let items: Vec<Value> = (0..2_500).map(event).collect();
        let body = json!({ "metadata": { "resourceVersion": "9" }, "items": items }).to_string();
        let server = Server::answering(move |request| match &request.path {
            path if path.contains("/events?limit") => Reply::json(&body),
            path if path.contains("/events?") => Reply::Held(vec![frame("ADDED", &event(5_000))]),
            _ => quiet(request),
        })
        .await;
        let mut run = Run::start(&server.url);
        let has = |run: &Run, name: &str| run.world.events.rows().iter().any(|event| event.meta.name.raw() == name);
        run.until(|run| has(run, "e5000") && run.world.events.len() == 2_000).await;
        assert!(!has(&run, "e500") && has(&run, "e501") && has(&run, "e2499"));
        run.end().await;
    });
}
