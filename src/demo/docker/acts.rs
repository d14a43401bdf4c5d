//! What the demo's engine can be asked to do: restart a container, pull, build and push an image. A build
//! walks through the Dockerfile of the archive it was sent and takes a moment for each step; one with
//! `sleep` in it goes on until somebody stops it, one with `false` fails, as they would.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::containers::{CONTAINERS, Container};
use super::{Engine, Params, failure, json_of};
use crate::demo::registry;
use crate::demo::value::hash;

/// What a step of a build takes.
const STEP: Duration = Duration::from_millis(150);

/// An image that was pulled or built here.
#[derive(Debug, Clone)]
pub(super) struct Local {
    id: String,
    labels: Value,
    /// In a registry.
    digest: Option<String>,
}

/// POST /containers/{id}/restart.
pub(super) fn restart(engine: &Engine, container: &'static Container) -> Response {
    engine.made().restarted.insert(container.id(), engine.now());
    for action in ["kill", "die", "stop", "start", "restart"] {
        engine.happens(&container.event(engine.now(), action));
    }
    StatusCode::NO_CONTENT.into_response()
}

/// POST /images/create.
pub(super) fn pull(engine: &Engine, params: &Params) -> Response {
    let of = |name: &str| params.get(name).cloned().unwrap_or_default();
    let (image, tag) = (of("fromImage"), of("tag"));
    let name = format!("{image}:{tag}");
    let known = CONTAINERS.iter().any(|one| full(one.image) == full(&name));
    if !known {
        let message = format!("manifest for {image}:{tag} not found: manifest unknown: manifest unknown");
        return failure(StatusCode::NOT_FOUND, &message);
    }
    let name = full(&name);
    let digest = format!("sha256:{:016x}{:048x}", hash(&name), 7);
    let local = Local { id: id_of(&name), labels: json!({}), digest: Some(format!("{image}@{digest}")) };
    engine.made().images.insert(name.clone(), local);
    let layer = format!("{:012x}", hash(&name) >> 16);
    said(&[
        json!({ "status": format!("Pulling from {image}"), "id": tag }),
        json!({ "status": "Already exists", "progressDetail": {}, "id": layer }),
        json!({ "status": format!("Digest: {digest}") }),
        json!({ "status": format!("Status: Image is up to date for {name}") }),
    ])
}

/// With what Docker adds by itself.
fn full(image: &str) -> String {
    if image.contains('/') { image.to_owned() } else { format!("docker.io/library/{image}") }
}

fn id_of(text: &str) -> String {
    format!("sha256:{:016x}{:016x}{:032x}", hash(text), hash(&format!("id {text}")), 11)
}

/// GET /images/{name}/json.
pub(super) fn image(engine: &Engine, name: &str) -> Response {
    match engine.made().images.get(&full(name)) {
        Some(local) => json_of(&json!({
            "Id": local.id,
            "RepoTags": [name],
            "RepoDigests": local.digest.iter().collect::<Vec<_>>(),
            "Architecture": "amd64",
            "Os": "linux",
            "Config": { "Labels": local.labels },
        })),
        None => failure(StatusCode::NOT_FOUND, &format!("No such image: {name}")),
    }
}

/// POST /build.
pub(super) fn build(engine: &Arc<Engine>, params: &Params, body: &[u8]) -> Response {
    let of = |name: &str| params.get(name).cloned().unwrap_or_default();
    let (name, file) = (of("t"), of("dockerfile"));
    let Some(text) = entry(body, &file) else {
        let message = format!("Cannot locate specified Dockerfile: {file}");
        return failure(StatusCode::BAD_REQUEST, &message);
    };
    let steps: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let labels: Value = serde_json::from_str(&of("labels")).unwrap_or_default();
    let engine = Arc::clone(engine);
    let stream = async_stream::stream! {
        let line = |value: Value| Ok::<_, Infallible>(Bytes::from(format!("{value}\r\n")));
        for (at, step) in steps.iter().enumerate() {
            yield line(json!({ "stream": format!("Step {}/{} : {step}", at + 1, steps.len()) }));
            yield line(json!({ "stream": "\n" }));
            if step.starts_with("RUN") && step.contains("sleep ") {
                engine.shared.stop.cancelled().await;
                return;
            }
            tokio::time::sleep(STEP).await;
            if step.starts_with("RUN") && step.ends_with("false") {
                let command = step.trim_start_matches("RUN").trim();
                let message = format!("The command '/bin/sh -c {command}' returned a non-zero code: 1");
                yield line(json!({ "errorDetail": { "code": 1, "message": message }, "error": message }));
                return;
            }
            yield line(json!({ "stream": format!(" ---> {:012x}\n", hash(step) >> 16) }));
        }
        let id = id_of(&format!("{name}{labels}"));
        let known = Local { id: id.clone(), labels: labels.clone(), digest: None };
        engine.made().images.insert(name.clone(), known);
        yield line(json!({ "aux": { "ID": id } }));
        yield line(json!({ "stream": format!("Successfully tagged {name}\n") }));
    };
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(stream)).into_response()
}

/// A file of the archive, as text.
fn entry(mut archive: &[u8], wanted: &str) -> Option<String> {
    while archive.len() >= 512 {
        let (head, rest) = archive.split_at(512);
        let end = head.iter().position(|byte| *byte == 0)?;
        let name = std::str::from_utf8(&head[..end.min(100)]).ok()?;
        let size = std::str::from_utf8(&head[124..135]).ok()?;
        let size = usize::from_str_radix(size.trim_matches(['\0', ' ']), 8).ok()?;
        if name.trim_start_matches("./") == wanted {
            return Some(String::from_utf8_lossy(rest.get(..size)?).into_owned());
        }
        archive = rest.get(size.div_ceil(512) * 512..)?;
    }
    None
}

/// POST /images/{name}/push.
pub(super) fn push(engine: &Engine, name: &str, params: &Params, headers: &HeaderMap) -> Response {
    let tag = params.get("tag").cloned().unwrap_or_default();
    if !headers.contains_key("x-registry-auth") {
        return failure(StatusCode::BAD_REQUEST, "Bad parameters and missing X-Registry-Auth");
    }
    let full = format!("{name}:{tag}");
    let Some(local) = engine.made().images.get(&full).cloned() else {
        let message = format!("An image does not exist locally with the tag: {name}");
        return failure(StatusCode::NOT_FOUND, &message);
    };
    let commit = local.labels["org.opencontainers.image.revision"].as_str().unwrap_or_default().to_owned();
    let Some(digest) = registry::push(&mut engine.shared.world(), name, &tag, &commit) else {
        return said(&[
            json!({ "errorDetail": { "message": "denied: requested access to the resource is denied" }, "error": "denied" }),
        ]);
    };
    if let Some(known) = engine.made().images.get_mut(&full) {
        known.digest = Some(format!("{name}@{digest}"));
    }
    said(&[
        json!({ "status": format!("The push refers to repository [{name}]") }),
        json!({ "status": "Pushed", "progressDetail": {}, "id": "a1b2c3d4e5f6" }),
        json!({ "status": format!("{tag}: digest: {digest} size: 1153") }),
        json!({ "progressDetail": {}, "aux": { "Tag": tag, "Digest": digest, "Size": 1_153 } }),
    ])
}

fn said(messages: &[Value]) -> Response {
    let text = messages.iter().map(Value::to_string).collect::<Vec<_>>().join("\r\n") + "\r\n";
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// GET /containers/{id}/stats: a moment, and the second before it.
pub(super) fn stats(engine: &Engine, container: &Container) -> Response {
    let now = engine.now();
    if !container.runs(now) {
        return json_of(
            &json!({ "read": "0001-01-01T00:00:00Z", "cpu_stats": {}, "precpu_stats": {}, "memory_stats": {} }),
        );
    }
    let number = hash(container.name);
    let share = 0.002 + (number % 40) as f64 / 100.0;
    let wave = 1.0 + 0.3 * ((now.as_second() % 60) as f64 / 60.0 * std::f64::consts::TAU).sin();
    let system = u64::try_from(now.as_millisecond()).unwrap_or(0) * 4_000_000;
    let counted = |system: u64| {
        // So much of what all four processors have had.
        json!({ "cpu_usage": { "total_usage": (system as f64 / 4.0 * share) as u64 }, "system_cpu_usage": system, "online_cpus": 4 })
    };
    let usage = ((24 + number % 300) as f64 * wave * 1_048_576.0) as u64;
    json_of(&json!({
        "read": now.to_string(),
        "cpu_stats": counted(system),
        "precpu_stats": counted(system - 4_000_000_000),
        "memory_stats": { "usage": usage + 4_194_304, "stats": { "inactive_file": 4_194_304 }, "limit": 536_870_912_u64 },
    }))
}
