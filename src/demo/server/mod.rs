//! The Kubernetes API of a world on the loopback interface: GET, LIST, WATCH, PATCH, pod logs and
//! access reviews, with the answers and the errors of a real server.

mod create;
mod failure;
mod log;
mod patch;
mod read;
pub(super) mod review;
mod scale;
mod select;
mod validate;
mod watch;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::sync::watch::{Receiver, Sender};
use tokio_util::sync::CancellationToken;

use self::failure::Failure;
use super::kinds::{KINDS, Row};
use super::world::World;
use crate::clock::Clock;

/// The world and everything that must hear of its changes.
#[derive(Debug)]
pub(super) struct Shared {
    world: Mutex<World>,
    /// `None` in a held world.
    clock: Option<Clock>,
    moved: Sender<Timestamp>,
    forbidden: Mutex<Vec<review::Forbidden>>,
    /// Requests that could have changed something.
    writes: AtomicU64,
    pub(super) stop: CancellationToken,
}

impl Shared {
    pub(super) fn new(world: World, clock: Option<Clock>) -> Self {
        let (moved, _) = tokio::sync::watch::channel(world.now);
        Self {
            world: Mutex::new(world),
            clock,
            moved,
            forbidden: Mutex::default(),
            writes: AtomicU64::new(0),
            stop: CancellationToken::new(),
        }
    }

    /// The world as it is now: in a running world everything due has happened.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clock) = self.clock {
            world.advance(clock.now().wall);
        }
        world
    }

    /// Forbids something from now on.
    pub(super) fn forbid(&self, what: review::Forbidden) {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    fn forbidden(&self) -> Vec<review::Forbidden> {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this is refused; `asked`: whether that is also what is said when it is only asked for.
    pub(super) fn forbids(&self, namespace: &str, resource: &str, asked: bool) -> bool {
        self.forbidden().iter().any(|one| one.is(namespace, resource) && (one.told || !asked))
    }

    /// Tells watchers and followers that there may be something new.
    pub(super) fn tell(&self, now: Timestamp) {
        self.moved.send_replace(now);
    }

    /// Says whether time moves only by hand.
    pub(super) fn held(&self) -> bool {
        self.clock.is_none()
    }

    /// The machine's time; in a held world its own, so that nothing moves by itself.
    pub(super) fn mono(&self) -> Duration {
        let held = || Duration::from_secs(self.world().now.as_second().unsigned_abs());
        self.clock.map_or_else(held, |clock| clock.now().mono)
    }

    pub(super) fn listen(&self) -> Receiver<Timestamp> {
        self.moved.subscribe()
    }
}

/// The routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let github = super::github::router(Arc::clone(&shared));
    let registry = super::registry::router(Arc::clone(&shared));
    let rustci = super::rustci::router(&shared);
    let dated = middleware::map_response_with_state(Arc::clone(&shared), dated);
    let counted = middleware::map_request_with_state(Arc::clone(&shared), counted);
    Router::new()
        .fallback(answer)
        .with_state(shared)
        .nest(super::github::PREFIX, github)
        .nest(super::registry::PREFIX, registry)
        .merge(rustci)
        .layer(dated)
        .layer(counted)
}

/// Counts what may change something: all but reads, and the questions that are asked with a POST.
async fn counted(State(shared): State<Arc<Shared>>, request: Request) -> Request {
    let asks = ["/prometheus", "/apis/authorization.k8s.io"];
    let refreshes = request.uri().query().is_some_and(|query| query.contains("refresh="));
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && !refreshes;
    if !reads && !asks.iter().any(|path| request.uri().path().starts_with(path)) {
        shared.writes.fetch_add(1, Ordering::Relaxed);
    }
    request
}

/// The servers' clocks are the world's, not the machine's.
async fn dated(State(shared): State<Arc<Shared>>, mut response: Response) -> Response {
    let now = shared.world().now;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default();
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}

type Params = HashMap<String, String>;

/// What a path names.
struct Place<'a> {
    row: &'static Row,
    namespace: &'a str,
    name: Option<&'a str>,
    sub: Option<&'a str>,
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = Query::<Params>::try_from_uri(&uri).map(|query| query.0).unwrap_or_default();
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    if parts == ["version"] {
        return json(version());
    }
    if parts == ["api", "v1", "nodes"] && method == Method::GET {
        // No node of the demo is cordoned.
        let cordoned = uri.query().is_some_and(|query| query.contains("spec.unschedulable"));
        return json(nodes(&shared, cordoned));
    }
    if let ["prometheus", rest @ ..] = parts.as_slice() {
        return super::prometheus::answer(&shared, &method, &uri, rest, &body);
    }
    if let ["grafana", "api", rest @ ..] = parts.as_slice() {
        return super::grafana::answer(&shared, &method, &uri, rest, &body);
    }
    if let ["loki", "api", "v1", rest @ ..] = parts.as_slice() {
        return super::loki::answer(&shared, &method, &uri, rest);
    }
    if let ["argocd", "api", "v1", rest @ ..] = parts.as_slice() {
        return super::argocd_server::answer(&shared, &method, &headers, rest, &params, &body);
    }
    if parts == review::PATH && method == Method::POST {
        return review::answer(&shared.forbidden(), &body).unwrap_or_else(IntoResponse::into_response);
    }
    if parts == review::RULES && method == Method::POST {
        return review::rules(&shared.forbidden(), &body).unwrap_or_else(IntoResponse::into_response);
    }
    let Some(place) = place(&parts).filter(|place| shared.world().installs(place.row)) else {
        return not_served();
    };
    if matches!(method.as_str(), "PATCH" | "POST")
        && let Err(failure) = review::check(&shared.forbidden(), &place)
    {
        return failure.into_response();
    }
    if method == Method::GET
        && place.name.is_none()
        && shared.forbids(place.namespace, &format!("list {}", place.row.plural), false)
    {
        return Failure::not_shown(place.row).into_response();
    }
    let wants_watch = params.get("watch").is_some_and(|watch| watch == "true" || watch == "1");
    let answer = match (method.as_str(), place.name, place.sub) {
        ("GET", None, _) if wants_watch => watch::watch(&shared, &place, &params),
        ("GET", None, _) => read::list(&shared, &place, &params),
        ("GET", Some(_), Some("log")) if place.row.plural == "pods" => log::log(&shared, &place, &params),
        ("GET", Some(_), None | Some("status")) => read::get(&shared, &place),
        ("PATCH", Some(_), Some("scale")) if scale::is_scaled(place.row) => {
            patch::patch(&shared, &place, &headers, &body)
        }
        ("PATCH", Some(_), sub @ (None | Some("status"))) if sub.is_none() || place.row.status => {
            patch::patch(&shared, &place, &headers, &body)
        }
        ("POST", None, None) => create::create(&shared, &place, &body),
        (_, _, Some(_)) => return not_served(),
        _ => Err(Failure::method_not_allowed()),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

fn place<'a>(parts: &[&'a str]) -> Option<Place<'a>> {
    let (group, version, rest) = match parts {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let row =
        |plural: &str| KINDS.iter().find(|row| row.group == group && row.version == version && row.plural == plural);
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if rest.first().is_some_and(|plural| row(plural).is_some()) => {
            (*namespace, rest)
        }
        _ => ("", rest),
    };
    let (plural, name, sub) = match rest {
        [plural] => (plural, None, None),
        [plural, name] => (plural, Some(*name), None),
        [plural, name, sub] => (plural, Some(*name), Some(*sub)),
        _ => return None,
    };
    let row = row(plural)?;
    // An object of a namespaced kind has no address without its namespace.
    (name.is_none() || !namespace.is_empty() || !row.namespaced).then_some(Place { row, namespace, name, sub })
}

/// The nodes that the scenario names, or those that its pods are spread over, as they are labelled.
fn nodes(shared: &Shared, cordoned: bool) -> Vec<u8> {
    let world = shared.world();
    let named = world.scenario.nodes.iter().map(|node| (node.name.as_str(), node.platform.as_str()));
    let mut all: Vec<(&str, &str)> = named.collect();
    if all.is_empty() {
        all = ["node-a", "node-b", "node-c"].map(|name| (name, "linux/amd64")).into();
    }
    let node = |(name, platform): (&str, &str)| {
        let (os, arch) = platform.split_once('/').unwrap_or(("linux", platform));
        let labels =
            serde_json::json!({ "kubernetes.io/os": os, "kubernetes.io/arch": arch, "kubernetes.io/hostname": name });
        serde_json::json!({ "metadata": { "name": name, "uid": format!("node-{name}"), "labels": labels } })
    };
    let items: Vec<_> = all.into_iter().filter(|_| !cordoned).map(node).collect();
    let list = serde_json::json!({
        "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": { "resourceVersion": "1" },
        "items": items,
    });
    list.to_string().into_bytes()
}

fn version() -> Bytes {
    Bytes::from_static(
        br#"{"major":"1","minor":"34","gitVersion":"v1.34.4","gitCommit":"","gitTreeState":"clean","buildDate":"","goVersion":"","compiler":"gc","platform":"linux/amd64"}"#,
    )
}

fn json(body: impl Into<axum::body::Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// The real server answers an unknown path in plain text.
fn not_served() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "404 page not found\n")
        .into_response()
}
