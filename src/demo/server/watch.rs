//! WATCH: a stream of frames from a resource version on, with bookmarks once a minute of the
//! world's time and before the end, and an ERROR frame with 410 when the history is gone.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;

use super::failure::Failure;
use super::select::Selector;
use super::{Params, Place, Shared, json as answer};
use crate::demo::kinds::{Kind, Row};
use crate::demo::value::later;
use crate::demo::world::World;

const BOOKMARK_EVERY: Duration = Duration::from_mins(1);
/// The real server ends a watch by itself after half an hour to an hour.
const LONGEST: u64 = 1_800;

/// A watch on its way.
struct Watch {
    row: &'static Row,
    namespace: String,
    selector: Selector,
    /// Everything up to this version was sent.
    seen: u64,
    bookmarks: bool,
    next_bookmark: Timestamp,
    gone: bool,
}

pub(super) fn watch(shared: &Arc<Shared>, place: &Place, params: &Params) -> Result<Response, Failure> {
    let selector = Selector::read(place.row, params)?;
    let yes = |name: &str| params.get(name).is_some_and(|value| value == "true" || value == "1");
    let version = params.get("resourceVersion").map_or("", String::as_str);
    let from = match version {
        "" | "0" => None,
        version => Some(version.parse::<u64>().map_err(|_| {
            Failure::bad_request(format!(
                "resourceVersion: Invalid value: {version:?}: strconv.ParseUint: parsing {version:?}: invalid syntax"
            ))
        })?),
    };
    let seconds = params.get("timeoutSeconds").and_then(|it| it.parse().ok()).filter(|it| *it > 0).unwrap_or(LONGEST);
    // Listen before the first look, so that no change falls between the two.
    let moved = shared.listen();
    let world = shared.world();
    let from = from.filter(|_| !yes("sendInitialEvents"));
    let watch = Watch {
        row: place.row,
        namespace: place.namespace.to_owned(),
        selector,
        seen: from.unwrap_or(world.store.version()),
        bookmarks: yes("allowWatchBookmarks"),
        next_bookmark: later(world.now, BOOKMARK_EVERY),
        gone: false,
    };
    let mut first = Vec::new();
    if from.is_none() {
        watch.initial(&world, &mut first);
        if yes("sendInitialEvents") && watch.bookmarks {
            watch.bookmark(world.store.version(), true, &mut first);
        }
    }
    drop(world);
    Ok(answer(Body::from_stream(stream(Arc::clone(shared), watch, first, moved, seconds))))
}

fn stream(
    shared: Arc<Shared>,
    mut watch: Watch,
    first: Vec<u8>,
    mut moved: Receiver<Timestamp>,
    seconds: u64,
) -> impl futures::Stream<Item = Result<Bytes, std::convert::Infallible>> {
    async_stream::stream! {
        let deadline = tokio::time::sleep(Duration::from_secs(seconds));
        tokio::pin!(deadline);
        let mut out = first;
        loop {
            watch.read(&shared.world(), &mut out);
            if !out.is_empty() {
                yield Ok(Bytes::from(std::mem::take(&mut out)));
            }
            if watch.gone {
                break;
            }
            tokio::select! {
                changed = moved.changed() => if changed.is_err() { break },
                () = shared.stop.cancelled() => break,
                () = &mut deadline => {
                    let version = shared.world().store.version();
                    if watch.bookmarks {
                        watch.bookmark(version, false, &mut out);
                        yield Ok(Bytes::from(out));
                    }
                    break;
                }
            }
        }
    }
}

impl Watch {
    fn initial(&self, world: &World, out: &mut Vec<u8>) {
        for (_, object) in world.store.range(self.row.kind, &self.namespace, None) {
            if self.selector.is_empty() || self.selector.matches(&object.value()) {
                frame("ADDED", &object.whole(), out);
            }
        }
    }

    fn read(&mut self, world: &World, out: &mut Vec<u8>) {
        let store = &world.store;
        if self.seen < store.compacted() && self.seen < store.version() {
            let failure = Failure::expired(format!("too old resource version: {} ({})", self.seen, store.compacted()));
            frame("ERROR", failure.status().to_string().as_bytes(), out);
            self.gone = true;
            return;
        }
        for it in store.since(self.row.kind, &self.namespace, self.seen) {
            if self.selector.is_empty() || self.selector.matches(&it.object.value()) {
                frame(it.change.word(), &it.object.whole(), out);
            }
        }
        self.seen = self.seen.max(store.version());
        if self.bookmarks && world.now >= self.next_bookmark {
            self.next_bookmark = later(world.now, BOOKMARK_EVERY);
            self.bookmark(self.seen, false, out);
        }
    }

    fn bookmark(&self, version: u64, initial: bool, out: &mut Vec<u8>) {
        let mut object = json!({
            "kind": self.row.name, "apiVersion": self.row.api_version(),
            "metadata": { "resourceVersion": version.to_string() },
        });
        empty_fields(self.row.kind, &mut object);
        if initial {
            object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        frame("BOOKMARK", object.to_string().as_bytes(), out);
    }
}

/// Bookmarks of built-in kinds carry the empty fields of their type.
fn empty_fields(kind: Kind, object: &mut Value) {
    let template = json!({ "metadata": {}, "spec": { "containers": null } });
    match kind {
        Kind::Pod => {
            object["spec"] = json!({ "containers": null });
            object["status"] = json!({});
        }
        Kind::ReplicaSet => {
            object["spec"] = json!({ "replicas": 0, "selector": null, "template": template });
            object["status"] = json!({ "replicas": 0 });
        }
        Kind::Deployment => {
            object["spec"] = json!({ "replicas": 0, "selector": null, "template": template, "strategy": {} });
            object["status"] = json!({});
        }
        Kind::Namespace => {
            object["spec"] = json!({});
            object["status"] = json!({});
        }
        Kind::Event
        | Kind::Rollout
        | Kind::AnalysisRun
        | Kind::Experiment
        | Kind::Application
        | Kind::Pipeline
        | Kind::PipelineRun
        | Kind::TaskRun
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::Job
        | Kind::HorizontalPodAutoscaler
        | Kind::PodDisruptionBudget
        | Kind::ResourceQuota
        | Kind::NetworkPolicy
        | Kind::Lease
        | Kind::ControllerRevision
        | Kind::AppProject
        | Kind::VirtualService
        | Kind::Secret => {}
    }
}

fn frame(kind: &str, object: &[u8], out: &mut Vec<u8>) {
    let mut head = String::new();
    let _ = write!(head, "{{\"type\":\"{kind}\",\"object\":");
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(object);
    out.extend_from_slice(b"}\n");
}
