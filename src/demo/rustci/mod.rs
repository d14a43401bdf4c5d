//! A RustCI server of the demo's world, under `/rustci` on its server: pipelines, executions, uploads,
//! triggers and cancels, with what the real one refuses and how. It is spoken as its branches speak:
//! `/rustci` as `main` does, which asks nobody who they are; `/rustci-docs` with the errors of its
//! documentation; `/rustci-runners` as `TestRunners` does, with tokens, checks and errors of its own.

mod errors;
mod form;
mod show;
mod token;
mod works;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use self::errors::{Branch, Refusal};
pub(super) use self::works::{Planned, Works};
use super::server::Shared;
use super::value::uid;
use super::world::World;

/// Where it stands on the server.
pub(super) const PREFIX: &str = "/rustci";
/// Of an upload, as the real server has it.
const FILE_LIMIT: usize = 10 << 20;
/// Of YAML, where it is checked.
const YAML_LIMIT: usize = 100_000;

/// The routes, as each of its branches speaks.
pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let of = |branch: Branch| {
        let state = (Arc::clone(shared), branch);
        Router::new().fallback(answer).with_state(state)
    };
    Router::new()
        .nest(PREFIX, of(Branch::Main))
        .nest("/rustci-docs", of(Branch::Docs))
        .nest("/rustci-runners", of(Branch::Runners))
}

/// What is asked.
struct Asked<'a> {
    branch: Branch,
    method: &'a Method,
    parts: &'a [&'a str],
    params: HashMap<String, String>,
    headers: &'a HeaderMap,
    body: &'a Bytes,
}

async fn answer(State((shared, branch)): State<(Arc<Shared>, Branch)>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let params = Query::<HashMap<String, String>>::try_from_uri(&head.uri).map(|query| query.0).unwrap_or_default();
    let path = head.uri.path().to_owned();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let Ok(body) = to_bytes(body, FILE_LIMIT + (64 << 10)).await else {
        return Refusal::plain(413, "length limit exceeded").into_response();
    };
    let mut world = shared.world();
    let (method, headers) = (&head.method, &head.headers);
    let asked = Asked { branch, method, parts: &parts, params, headers, body: &body };
    let now = world.now;
    act(&mut world, &asked).unwrap_or_else(|refusal| refusal.answer(branch, method, &path, now))
}

fn act(world: &mut World, asked: &Asked<'_>) -> Result<Response, Refusal> {
    let now = world.now;
    let rest = match asked.parts {
        ["api", "healthchecker"] => return Ok(json_of(&health(world))),
        ["health"] if asked.branch == Branch::Runners => return Ok(json_of(&health(world))),
        ["api", "ci", rest @ ..] => rest,
        _ => return Err(Refusal::unknown_route()),
    };
    if asked.branch == Branch::Runners {
        token::check(asked.headers, right_for(asked.method, rest), now)?;
    }
    if !world.works.connected {
        return Err(Refusal::of(500, "Database error: Server selection timeout: No available servers"));
    }
    match (asked.method.as_str(), rest) {
        ("GET", ["test"]) => Ok("RustCI is running".into_response()),
        ("GET", ["pipelines"]) => Ok(json_of(&Value::Array(show::pipelines(&world.works)))),
        ("GET", ["pipelines", id, "yaml"]) => {
            let pipeline = world.works.pipeline(checked(id)?).ok_or_else(|| Refusal::of(404, "Pipeline not found"))?;
            Ok(pipeline.yaml.clone().into_response())
        }
        ("GET", ["executions"]) => {
            let wanted = asked.params.get("pipeline_id").map(String::as_str);
            Ok(json_of(&Value::Array(show::executions(&world.works, wanted, now))))
        }
        ("GET", ["executions", id]) => {
            let execution = world.works.execution(checked(id)?);
            let execution = execution.ok_or_else(|| Refusal::of(404, "Execution not found"))?;
            Ok(json_of(&show::execution(&world.works, execution, now)))
        }
        ("POST", ["pipelines"]) => {
            let wire: Value = object(asked)?;
            let yaml = wire["yaml_content"].as_str().ok_or_else(|| Refusal::missing("yaml_content"))?;
            create(world, asked, yaml)
        }
        ("POST", ["pipelines", "upload"]) => upload(world, asked),
        ("POST", ["pipelines", id, "trigger"]) => trigger(world, asked, checked(id)?),
        ("POST", ["pipelines", id, "webhook"]) => {
            let payload = object(asked)?;
            let branch = payload["ref"].as_str().and_then(|name| name.strip_prefix("refs/heads/"));
            let info = json!({
                "trigger_type": "webhook", "triggered_by": "webhook", "commit_hash": payload["after"],
                "branch": branch, "repository": payload["repository"]["full_name"], "webhook_payload": payload,
            });
            begin(world, checked(id)?, info, json!({}))
        }
        ("DELETE", ["executions", id, "cancel"]) => {
            let id = checked(id)?;
            if !world.works.cancel(id, now) {
                return Err(Refusal::of(404, "Execution not found or not running"));
            }
            Ok(json_of(&json!({ "message": "Execution cancelled successfully", "execution_id": id })))
        }
        (_, ["pipelines" | "executions", ..]) => Err(Refusal::plain(405, "")),
        _ => Err(Refusal::unknown_route()),
    }
}

/// What a token must be good for.
fn right_for(method: &Method, rest: &[&str]) -> &'static str {
    match (method.as_str(), rest.last()) {
        ("GET", _) => "ReadPipelines",
        (_, Some(&("trigger" | "webhook" | "cancel"))) => "ExecutePipelines",
        _ => "WritePipelines",
    }
}

fn health(world: &World) -> Value {
    let (status, database) =
        if world.works.connected { ("healthy", "connected") } else { ("unhealthy", "disconnected") };
    let message = if world.works.connected { "RustCI server is running" } else { "Database connection failed" };
    json!({
        "status": status, "message": message, "timestamp": world.now.to_string(), "version": "0.1.0",
        "database": { "status": database, "type": "MongoDB" }, "environment": "development",
        "endpoints": { "pipelines": "/api/ci/pipelines", "executions": "/api/ci/executions" },
    })
}

fn upload(world: &mut World, asked: &Asked<'_>) -> Result<Response, Refusal> {
    let kind = asked.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let part = form::file(kind, asked.body, &["pipeline", "file", "yaml"])?;
    let ends = std::path::Path::new(&part.file).extension().and_then(|end| end.to_str());
    if !ends.is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml")) {
        return Err(Refusal::of(415, "Invalid file type. Only .yaml and .yml files are allowed"));
    }
    if part.content.len() > FILE_LIMIT {
        return Err(Refusal::of(413, "File size exceeds the limit of 10485760 bytes"));
    }
    let text = std::str::from_utf8(part.content).map_err(|_| Refusal::of(400, "File content is not valid UTF-8"))?;
    create(world, asked, text)
}

fn create(world: &mut World, asked: &Asked<'_>, yaml: &str) -> Result<Response, Refusal> {
    if asked.branch == Branch::Runners && yaml.len() > YAML_LIMIT {
        return Err(Refusal::of(400, "YAML content exceeds the maximum of 100000 characters"));
    }
    let definition = works::Definition::parse(yaml).map_err(|why| Refusal::of(400, &why))?;
    let (id, now) = (world.uid(), world.now);
    let made = world.works.store(id, definition, yaml, now);
    Ok(json_of(&show::pipeline(made)))
}

fn trigger(world: &mut World, asked: &Asked<'_>, id: &str) -> Result<Response, Refusal> {
    let wire = object(asked)?;
    let kind = wire["trigger_type"].as_str().ok_or_else(|| Refusal::missing("trigger_type"))?;
    if asked.branch == Branch::Runners
        && (kind.len() > 50 || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    {
        return Err(Refusal::of(400, "trigger_type must be alphanumeric and at most 50 characters"));
    }
    let info = json!({
        "trigger_type": kind, "triggered_by": "api", "commit_hash": wire["commit_hash"], "branch": wire["branch"],
        "repository": wire["repository"], "webhook_payload": null,
    });
    let environment = if wire["environment"].is_object() { wire["environment"].clone() } else { json!({}) };
    begin(world, id, info, environment)
}

fn begin(world: &mut World, pipeline: &str, info: Value, environment: Value) -> Result<Response, Refusal> {
    let (id, now) = (world.uid(), world.now);
    if !world.works.begin(&id, pipeline, Planned { at: now, info, environment, fails: None }) {
        return Err(Refusal::of(404, "Pipeline not found"));
    }
    Ok(json_of(&json!({ "execution_id": id, "message": "Pipeline triggered successfully" })))
}

/// The body as JSON, refused as axum refuses it.
fn object(asked: &Asked<'_>) -> Result<Value, Refusal> {
    let kind = asked.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err(Refusal::plain(415, "Expected request with `Content-Type: application/json`"));
    }
    let value: Value = serde_json::from_slice(asked.body)
        .map_err(|error| Refusal::plain(400, &format!("Failed to parse the request body as JSON: {error}")))?;
    let wrong = "Failed to deserialize the JSON body into the target type: invalid type";
    if value.is_object() { Ok(value) } else { Err(Refusal::plain(422, wrong)) }
}

/// An id of the path, refused as axum refuses what is no UUID.
fn checked(id: &str) -> Result<&str, Refusal> {
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    if groups == [8, 4, 4, 4, 12] && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return Ok(id);
    }
    let why = "UUID parsing failed: invalid character or length";
    Err(Refusal::plain(400, &format!("Invalid URL: Cannot parse `{id}` to a `Uuid`: {why}")))
}

fn json_of(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// An id that the same scenario gives each time.
fn known_id(what: &str, at: Timestamp) -> String {
    uid(super::value::hash(&format!("{what}/{}", at.as_second())))
}
