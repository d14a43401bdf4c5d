//! The API of Argo CD's server in a demo's world, under `/argocd` as behind `--rootpath`: where objects differ, the
//! tree of an Application, its windows, and what it can be asked for; for whoever has the token, with the rules of
//! the real one (`server/application/application.go`).

use std::collections::HashMap;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::argocd::{self, HOME};
use super::argocd_windows as windows;
use super::kinds::{Key, Kind};
use super::server::Shared;
use super::value::{at, int, items, set, text, unset};
use super::world::World;

pub(super) const PREFIX: &str = "/argocd";
/// Who has it is the account `demo`.
pub(super) const TOKEN: &str = "demo";

/// A refusal: the code of HTTP, that of gRPC, and the words.
type Refusal = (StatusCode, i64, String);
type Told = Result<Value, Refusal>;
type Params = HashMap<String, String>;

/// Answers a request whose path is `path` below `/argocd/api/v1`.
pub(super) fn answer(
    shared: &Shared,
    method: &Method,
    headers: &HeaderMap,
    path: &[&str],
    params: &Params,
    body: &[u8],
) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header(header::AUTHORIZATION);
    let known = bearer.and_then(|value| value.strip_prefix("Bearer ")) == Some(TOKEN);
    if method != Method::GET && header(header::CONTENT_TYPE) != Some("application/json") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Invalid content type").into_response();
    }
    let told = match (method, path) {
        (&Method::GET, ["session", "userinfo"]) if known => Ok(json!({ "loggedIn": true, "username": "demo" })),
        (&Method::GET, ["session", "userinfo"]) => Ok(json!({})),
        _ if bearer.is_none() => Err((StatusCode::UNAUTHORIZED, 16, "no session information".to_owned())),
        _ if !known => Err((
            StatusCode::UNAUTHORIZED,
            16,
            "invalid session: token signature is invalid: signature is invalid".to_owned(),
        )),
        (&Method::GET, ["account", "can-i", resource, action, ..]) => {
            let no = shared.forbids(HOME, &format!("{resource}/{action}"), true);
            Ok(json!({ "value": if no { "no" } else { "yes" } }))
        }
        (&Method::GET, ["applications"]) => Ok(list(shared)),
        (&Method::GET, ["applications", name]) => get(shared, name, params),
        (&Method::GET, ["applications", name, what]) => beside(shared, name, what, params),
        (&Method::DELETE, ["applications", name, "operation"]) => terminate(shared, name, params),
        (&Method::POST, ["applications", name, "sync"]) => decoded(body).and_then(|body| sync(shared, name, &body)),
        (&Method::POST, ["applications", name, "rollback"]) => {
            decoded(body).and_then(|body| roll_back(shared, name, &body))
        }
        _ => Err((StatusCode::NOT_FOUND, 5, "Not Found".to_owned())),
    };
    let (code, body) = match told {
        Ok(body) => (StatusCode::OK, body),
        Err((code, grpc, words)) => (code, json!({ "error": words, "code": grpc, "message": words })),
    };
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn decoded(body: &[u8]) -> Told {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, 3, error.to_string()))
}

fn precondition(words: impl Into<String>) -> Refusal {
    (StatusCode::BAD_REQUEST, 9, words.into())
}

/// Who asks for an Application, as its path or its body name it.
struct Asked<'a> {
    name: &'a str,
    namespace: &'a str,
    /// `None`: not named.
    project: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn by_params(name: &'a str, params: &'a Params) -> Self {
        let namespace = params.get("appNamespace").map_or(HOME, String::as_str);
        Self { name, namespace, project: params.get("project").map(String::as_str) }
    }

    fn by_body(name: &'a str, body: &'a Value) -> Self {
        let namespace = at(body, "/appNamespace").as_str().unwrap_or(HOME);
        Self { name, namespace, project: at(body, "/project").as_str() }
    }

    /// The object, where this account may do that with it.
    fn find(&self, shared: &Shared, world: &World, action: &str) -> Result<(Key, Value), Refusal> {
        let key = Key::new(Kind::Application, self.namespace, self.name);
        let object = world.store.value(&key).filter(|object| {
            let project = text(object, "/spec/project");
            self.project.is_none_or(|wanted| wanted == project)
        });
        let Some(object) = object else {
            let missing = (StatusCode::NOT_FOUND, 5, format!("applications.argoproj.io {:?} not found", self.name));
            // Whether it is there is nobody's business who does not name its project.
            let forbidden = (StatusCode::FORBIDDEN, 7, "permission denied".to_owned());
            return Err(if self.project.is_some() { missing } else { forbidden });
        };
        self.enforce(shared, object, action)?;
        Ok((key, object.clone()))
    }

    fn enforce(&self, shared: &Shared, object: &Value, action: &str) -> Result<(), Refusal> {
        if !shared.forbids(self.namespace, &format!("applications/{action}"), false) {
            return Ok(());
        }
        let what = format!("{}/{}", text(object, "/spec/project"), self.name);
        Err((StatusCode::FORBIDDEN, 7, format!("permission denied: applications, {action}, {what}, sub: demo")))
    }
}

/// Those that the account may get; who may get none is told of none.
fn list(shared: &Shared) -> Value {
    let world = shared.world();
    let forbidden = shared.forbids(HOME, "applications/get", false);
    let all = world.store.values(Kind::Application, "").filter(|_| !forbidden).map(|(_, value)| value.clone());
    json!({ "metadata": { "resourceVersion": world.store.version().to_string() }, "items": all.collect::<Vec<_>>() })
}

/// With `refresh` it is compared first: the answer comes when that is done.
fn get(shared: &Shared, name: &str, params: &Params) -> Told {
    let asked = Asked::by_params(name, params);
    let mut world = shared.world();
    let (key, mut object) = asked.find(shared, &world, "get")?;
    let Some(how) = params.get("refresh") else { return Ok(object) };
    set(&mut object, "/metadata/annotations/argocd.argoproj.io~1refresh", how.as_str());
    world.store.put(&key, object);
    argocd::reconcile(&mut world, &key);
    Ok(written(shared, world, &key))
}

fn sync(shared: &Shared, name: &str, body: &Value) -> Told {
    let asked = Asked::by_body(name, body);
    let world = shared.world();
    let (key, object) = asked.find(shared, &world, "get")?;
    if windows::closed(&world, &object) {
        return Err((StatusCode::FORBIDDEN, 7, "cannot sync: blocked by sync window".to_owned()));
    }
    asked.enforce(shared, &object, "sync")?;
    let (wanted, target) = (text(body, "/revision"), text(&object, "/spec/source/targetRevision"));
    if is_automated(&object) && !wanted.is_empty() && wanted != target {
        return Err(precondition(format!("Cannot sync to {wanted}: auto-sync currently set to {target}")));
    }
    let head = argocd::plan(&world, name).map(|plan| argocd::revision(&world, plan)).unwrap_or_default();
    let sync = json!({
        "revision": if wanted.is_empty() { head.as_str() } else { wanted },
        "prune": body["prune"],
        "syncStrategy": body["strategy"],
        "syncOptions": at(&object, "/spec/syncPolicy/syncOptions"),
    });
    begin(shared, world, (&key, object), &json!({ "info": body["infos"], "sync": sync }))
}

fn roll_back(shared: &Shared, name: &str, body: &Value) -> Told {
    let world = shared.world();
    let (key, object) = Asked::by_body(name, body).find(shared, &world, "sync")?;
    if is_automated(&object) {
        return Err(precondition("rollback cannot be initiated when auto-sync is enabled"));
    }
    let id = int(body, "/id");
    let Some(row) = items(&object, "/status/history").iter().find(|row| int(row, "/id") == id) else {
        let words = format!("application {} does not have deployment with id {id}", text(&object, "/metadata/name"));
        return Err((StatusCode::BAD_REQUEST, 3, words));
    };
    let sync = json!({
        "revision": row["revision"],
        "source": row["source"],
        "prune": body["prune"],
        "syncStrategy": { "apply": {} },
    });
    begin(shared, world, (&key, object), &json!({ "sync": sync }))
}

/// The next operation, unless there is one.
fn begin(
    shared: &Shared,
    mut world: std::sync::MutexGuard<'_, World>,
    (key, mut object): (&Key, Value),
    asked: &Value,
) -> Told {
    if !at(&object, "/operation").is_null() {
        return Err(precondition("another operation is already in progress"));
    }
    let mut operation = asked.clone();
    operation["initiatedBy"] = json!({ "username": "demo" });
    set(&mut object, "/operation", operation);
    unset(&mut object, "/status/operationState");
    world.put(key, object);
    Ok(written(shared, world, key))
}

fn terminate(shared: &Shared, name: &str, params: &Params) -> Told {
    let mut world = shared.world();
    let (key, mut object) = Asked::by_params(name, params).find(shared, &world, "sync")?;
    if at(&object, "/operation").is_null() || at(&object, "/status/operationState").is_null() {
        let words = "Unable to terminate operation. No operation is in progress";
        return Err((StatusCode::BAD_REQUEST, 3, words.to_owned()));
    }
    set(&mut object, "/status/operationState/phase", "Terminating");
    world.put(&key, object);
    written(shared, world, &key);
    Ok(json!({}))
}

/// The object as it is now; whoever watches it hears of it.
fn written(shared: &Shared, world: std::sync::MutexGuard<'_, World>, key: &Key) -> Value {
    let (now, object) = (world.now, world.store.value(key).cloned().unwrap_or_default());
    drop(world);
    shared.tell(now);
    object
}

/// It is on unless it says `enabled: false`.
fn is_automated(object: &Value) -> bool {
    let automated = at(object, "/spec/syncPolicy/automated");
    automated.is_object() && automated.get("enabled") != Some(&Value::Bool(false))
}

fn beside(shared: &Shared, name: &str, what: &str, params: &Params) -> Told {
    let world = shared.world();
    let (_, object) = Asked::by_params(name, params).find(shared, &world, "get")?;
    let is = |key: &str, value: &str| params.get(key).is_none_or(|wanted| wanted.is_empty() || wanted == value);
    let rows = items(&object, "/status/resources")
        .iter()
        .filter(|row| ["group", "kind", "namespace", "name"].iter().all(|key| is(key, text(row, &format!("/{key}")))));
    match what {
        "managed-resources" => {
            let managed = |row: &Value| {
                let kind =
                    [Kind::Rollout, Kind::Deployment].into_iter().find(|kind| kind.row().name == text(row, "/kind"))?;
                let plan = argocd::plan(&world, name)?;
                let (live, wanted) = argocd::states(&world, plan, kind, text(row, "/name"))?;
                Some(
                    json!({ "group": row["group"], "kind": row["kind"], "namespace": row["namespace"], "name": row["name"],
                    "normalizedLiveState": live.to_string(), "predictedLiveState": wanted.to_string(),
                    "modified": live != wanted }),
                )
            };
            Ok(json!({ "items": rows.filter_map(managed).collect::<Vec<_>>() }))
        }
        "resource-tree" => Ok(json!({ "nodes": rows.cloned().collect::<Vec<_>>() })),
        "syncwindows" => Ok(json!({ "canSync": !windows::closed(&world, &object) })),
        _ => Err((StatusCode::NOT_FOUND, 5, "Not Found".to_owned())),
    }
}
