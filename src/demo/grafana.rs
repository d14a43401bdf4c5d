//! A Grafana of the demo's world, under `/grafana` on its server: annotations, made and searched.

use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::server::Shared;

/// Answers a request whose path is `path` below `/grafana/api`.
pub(super) fn answer(shared: &Shared, method: &Method, uri: &Uri, path: &[&str], body: &Bytes) -> Response {
    let mut world = shared.world();
    let (code, told) = match (method.as_str(), path) {
        ("GET", ["annotations"]) => {
            let tags: Vec<String> = tags(uri);
            let has = |row: &&Value| {
                tags.iter().all(|tag| row["tags"].as_array().is_some_and(|all| all.contains(&json!(tag))))
            };
            (StatusCode::OK, world.annotations.iter().rev().filter(has).cloned().collect())
        }
        ("GET", ["access-control", "user", "permissions"]) => {
            let all = json!(["annotations:type:organization"]);
            (StatusCode::OK, json!({ "annotations:read": all, "annotations:create": all }))
        }
        ("POST", ["annotations"]) => match serde_json::from_slice::<Value>(body) {
            Ok(mut row) if row["text"].as_str().is_some_and(|text| !text.is_empty()) => {
                let id = world.annotations.len() + 1;
                row["id"] = id.into();
                world.annotations.push(row);
                (StatusCode::OK, json!({ "message": "Annotation added", "id": id }))
            }
            _ => (StatusCode::BAD_REQUEST, json!({ "message": "Failed to save annotation" })),
        },
        _ => (StatusCode::NOT_FOUND, json!({ "message": "Not found" })),
    };
    (code, [(header::CONTENT_TYPE, "application/json")], told.to_string()).into_response()
}

fn tags(uri: &Uri) -> Vec<String> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).map(|query| query.0);
    pairs.unwrap_or_default().into_iter().filter(|(name, _)| name == "tags").map(|(_, value)| value).collect()
}
