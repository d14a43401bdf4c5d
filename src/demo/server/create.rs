//! POST of a run of Tekton's; nothing else is made here by people.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::failure::Failure;
use super::{Place, Shared, json};
use crate::demo::kinds::Kind;
use crate::demo::tekton;
use crate::demo::value::text;

pub(super) fn create(shared: &Shared, place: &Place, body: &[u8]) -> Result<Response, Failure> {
    let row = place.row;
    if !matches!(row.kind, Kind::PipelineRun | Kind::TaskRun) || place.namespace.is_empty() {
        return Err(Failure::method_not_allowed());
    }
    let object: Value =
        serde_json::from_slice(body).map_err(|error| Failure::bad_request(format!("error decoding: {error}")))?;
    if text(&object, "/kind") != row.name || text(&object, "/apiVersion") != row.api_version() {
        return Err(Failure::bad_request("the API version or the kind in the data does not match the expected one"));
    }
    let namespace = text(&object, "/metadata/namespace");
    if !namespace.is_empty() && namespace != place.namespace {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if let Some(why) = tekton::check::new(row.kind, &object) {
        return Err(Failure::bad_request(why));
    }
    let mut world = shared.world();
    let key = tekton::create(&mut world, row.kind, place.namespace, object);
    let now = world.now;
    let made = world.store.get(&key).ok_or_else(|| Failure::not_found(row, &key.name))?.whole();
    drop(world);
    shared.tell(now);
    Ok((StatusCode::CREATED, json(made)).into_response())
}
