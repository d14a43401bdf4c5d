//! The Docker Engine of a world, on a port of its own: `/version`, the list, inspection, logs and
//! events, as API 1.41 answers them. What it holds is made of the story's compose project and a
//! runner; how they stand depends on the world's time alone.

mod acts;
mod containers;
mod logs;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::server::Shared;
use containers::{CONTAINERS, Container};

type Params = HashMap<String, String>;

#[derive(Debug)]
struct Engine {
    shared: Arc<Shared>,
    /// When the world began: what stood then stood before.
    began: Timestamp,
    made: Mutex<Made>,
    /// What somebody did, as a line of the stream of events.
    done: broadcast::Sender<String>,
}

/// What people did with it.
#[derive(Debug, Default)]
struct Made {
    restarted: HashMap<String, Timestamp>,
    images: HashMap<String, acts::Local>,
}

/// The routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let began = shared.world().now;
    let done = broadcast::Sender::new(64);
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(64 << 20)).with_state(Arc::new(Engine {
        shared,
        began,
        made: Mutex::default(),
        done,
    }))
}

async fn answer(
    State(engine): State<Arc<Engine>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = Query::<Params>::try_from_uri(&uri).map(|query| query.0).unwrap_or_default();
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    // Paths with and without the version are the same.
    let parts = match &parts[..] {
        [version, rest @ ..] if version.starts_with("v1.") => rest,
        all => all,
    };
    if method == Method::POST {
        return match parts {
            ["containers", id, "restart"] => with(id, |it| acts::restart(&engine, it)),
            ["images", "create"] => acts::pull(&engine, &params),
            ["images", name @ .., "push"] => acts::push(&engine, &plain(name), &params, &headers),
            ["build"] => acts::build(&engine, &params, &body),
            _ => failure(StatusCode::NOT_FOUND, "page not found"),
        };
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return failure(StatusCode::METHOD_NOT_ALLOWED, "the demo's engine deletes nothing");
    }
    match parts {
        ["_ping"] => ([("api-version", "1.41")], "OK").into_response(),
        ["version"] => json_of(&version()),
        ["containers", "json"] => list(&engine, &params),
        ["containers", id, "json"] => with(id, |it| {
            let mut told = it.inspected(engine.began, engine.now());
            engine.again(it, |at| Container::inspected_again(&mut told, at));
            json_of(&told)
        }),
        ["containers", id, "stats"] => with(id, |it| acts::stats(&engine, it)),
        ["images", name @ .., "json"] => acts::image(&engine, &plain(name)),
        ["containers", id, "logs"] => with(id, |it| logs::answer(&engine, it, &params)),
        ["events"] => events(&engine),
        _ => failure(StatusCode::NOT_FOUND, "page not found"),
    }
}

impl Engine {
    fn now(&self) -> Timestamp {
        self.shared.world().now
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn happens(&self, event: &Value) {
        // Nobody may listen.
        let _ = self.done.send(format!("{event}\n"));
    }

    /// Of a container that somebody restarted, and that has not failed since: when.
    fn again(&self, container: &Container, then: impl FnOnce(Timestamp)) {
        if let Some(at) = self.made().restarted.get(&container.id()).copied()
            && container.stays(self.now().duration_since(at))
        {
            then(at);
        }
    }
}

fn with(id: &str, found: impl FnOnce(&'static Container) -> Response) -> Response {
    let one =
        CONTAINERS.iter().find(|one| one.id() == id || one.name == id || (id.len() >= 8 && one.id().starts_with(id)));
    match one {
        Some(container) => found(container),
        None => failure(StatusCode::NOT_FOUND, &format!("No such container: {id}")),
    }
}

fn list(engine: &Engine, params: &Params) -> Response {
    let all = params.get("all").is_some_and(|all| matches!(all.as_str(), "true" | "1"));
    let now = engine.now();
    let rows = CONTAINERS.iter().map(|one| {
        let mut row = one.listed(engine.began, now);
        engine.again(one, |at| one.listed_again(&mut row, at, now));
        row
    });
    let rows: Vec<Value> = rows.filter(|row| all || row["State"] == "running").collect();
    json_of(&Value::Array(rows))
}

fn version() -> Value {
    json!({
        "Platform": { "Name": "" },
        "Version": "20.10.24+dfsg1",
        "ApiVersion": "1.41",
        "MinAPIVersion": "1.12",
        "GitCommit": "5d6db84",
        "GoVersion": "go1.19.8",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": "6.1.0",
        "BuildTime": "2023-05-18T08:37:19.000000000+00:00",
    })
}

/// What happens from now on, a line for each.
fn events(engine: &Arc<Engine>) -> Response {
    let engine = Arc::clone(engine);
    let mut moved = engine.shared.listen();
    let mut done = engine.done.subscribe();
    let mut from = engine.now();
    let body = async_stream::stream! {
        // The head goes out at once, as the engine's does.
        yield Ok::<_, Infallible>(Bytes::new());
        loop {
            tokio::select! {
                changed = moved.changed() => if changed.is_err() { break },
                line = done.recv() => {
                    yield Ok(Bytes::from(line.unwrap_or_default()));
                    continue;
                }
                () = engine.shared.stop.cancelled() => break,
            }
            let to = engine.now();
            let mut text = String::new();
            for one in CONTAINERS {
                for (at, action) in one.happened(from, to) {
                    text.push_str(&one.event(at, action).to_string());
                    text.push('\n');
                }
            }
            from = to;
            if !text.is_empty() {
                yield Ok(Bytes::from(text));
            }
        }
    };
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(body)).into_response()
}

/// A name in a path, which has slashes of its own.
fn plain(parts: &[&str]) -> String {
    parts.join("/").replace("%3A", ":").replace("%40", "@")
}

fn json_of(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn failure(status: StatusCode, message: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json!({ "message": message }).to_string()).into_response()
}
