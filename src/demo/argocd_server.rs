//! The API of Argo CD's server in a demo's world, under `/argocd` as behind `--rootpath`: where objects differ, the
//! tree of an Application, its windows; for whoever has the token.

use std::collections::HashMap;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::argocd::{self, HOME};
use super::kinds::{Key, Kind};
use super::server::Shared;
use super::value::{items, text};
use super::world::World;

pub(super) const PREFIX: &str = "/argocd";
/// Who has it is the account `demo`.
pub(super) const TOKEN: &str = "demo";

/// A refusal: the code of HTTP, that of gRPC, and the words.
type Refusal = (StatusCode, i64, String);

/// Answers a request whose path is `path` below `/argocd/api/v1`.
pub(super) fn answer(
    shared: &Shared,
    method: &Method,
    headers: &HeaderMap,
    path: &[&str],
    params: &HashMap<String, String>,
) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = bearer.and_then(|value| value.strip_prefix("Bearer ")) == Some(TOKEN);
    let told = match (method, path) {
        (&Method::GET, ["session", "userinfo"]) if known => Ok(json!({ "loggedIn": true, "username": "demo" })),
        (&Method::GET, ["session", "userinfo"]) => Ok(json!({})),
        _ if bearer.is_none() => Err((StatusCode::UNAUTHORIZED, 16, "no session information".to_owned())),
        _ if !known => Err((
            StatusCode::UNAUTHORIZED,
            16,
            "invalid session: token signature is invalid: signature is invalid".to_owned(),
        )),
        (&Method::GET, ["account", "can-i", ..]) => Ok(json!({ "value": "yes" })),
        (&Method::GET, ["applications", name, what]) => application(&shared.world(), name, what, params),
        _ => Err((StatusCode::NOT_FOUND, 5, "Not Found".to_owned())),
    };
    let (code, body) = match told {
        Ok(body) => (StatusCode::OK, body),
        Err((code, grpc, words)) => (code, json!({ "error": words, "code": grpc, "message": words })),
    };
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn application(world: &World, name: &str, what: &str, params: &HashMap<String, String>) -> Result<Value, Refusal> {
    let namespace = params.get("appNamespace").map_or(HOME, String::as_str);
    let object = world.store.value(&Key::new(Kind::Application, namespace, name));
    let (Some(object), Some(plan)) = (object, argocd::plan(world, name)) else {
        let missing = (StatusCode::NOT_FOUND, 5, format!("applications.argoproj.io {name:?} not found"));
        // Whether it is there is nobody's business who does not name its project.
        let forbidden = (StatusCode::FORBIDDEN, 7, "permission denied".to_owned());
        return Err(if params.contains_key("project") { missing } else { forbidden });
    };
    let is = |key: &str, value: &str| params.get(key).is_none_or(|wanted| wanted.is_empty() || wanted == value);
    let rows = items(object, "/status/resources")
        .iter()
        .filter(|row| ["group", "kind", "namespace", "name"].iter().all(|key| is(key, text(row, &format!("/{key}")))));
    match what {
        "managed-resources" => {
            let managed = |row: &Value| {
                let kind =
                    [Kind::Rollout, Kind::Deployment].into_iter().find(|kind| kind.row().name == text(row, "/kind"))?;
                let (live, wanted) = argocd::states(world, plan, kind, text(row, "/name"))?;
                Some(
                    json!({ "group": row["group"], "kind": row["kind"], "namespace": row["namespace"], "name": row["name"],
                    "normalizedLiveState": live.to_string(), "predictedLiveState": wanted.to_string(),
                    "modified": live != wanted }),
                )
            };
            Ok(json!({ "items": rows.filter_map(managed).collect::<Vec<_>>() }))
        }
        "resource-tree" => Ok(json!({ "nodes": rows.cloned().collect::<Vec<_>>() })),
        "syncwindows" => Ok(json!({ "canSync": true })),
        _ => Err((StatusCode::NOT_FOUND, 5, "Not Found".to_owned())),
    }
}
