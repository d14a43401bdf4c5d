//! PATCH: JSON patch and merge patch, on the object and on its status, with the preconditions and
//! the silence of a real server: a status sent to the object is dropped, a spec sent to its status
//! likewise, and a patch that changes nothing makes no new version.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::Value;

use super::failure::Failure;
use super::{Place, Shared, json, scale, validate};
use crate::demo::kinds::{Key, Row};
use crate::demo::tekton;
use crate::demo::value::{at, int, set};

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";

pub(super) fn patch(shared: &Shared, place: &Place, headers: &HeaderMap, body: &[u8]) -> Result<Response, Failure> {
    let name = place.name.unwrap_or_default();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let patch: Value =
        serde_json::from_slice(body).map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
    let mut world = shared.world();
    let key = Key::new(place.row.kind, place.namespace, name);
    let before = world.store.get(&key).map(|it| it.value()).ok_or_else(|| Failure::not_found(place.row, name))?;
    let of_scale = place.sub == Some("scale");
    let mut wanted = if of_scale { scale::of(&before) } else { before.clone() };
    match kind.split(';').next().unwrap_or_default().trim() {
        JSON_PATCH => json_patch(&mut wanted, &patch)?,
        MERGE_PATCH => merge(&mut wanted, &patch),
        _ => return Err(Failure::media_type(&format!("{JSON_PATCH}, {MERGE_PATCH}"))),
    }
    let wanted = if of_scale { scale::put(&before, &wanted) } else { wanted };
    let after = accept(place, &before, &wanted)?;
    world.put(&key, after);
    let now = world.now;
    let object = world.store.get(&key).ok_or_else(|| Failure::not_found(place.row, name))?;
    let answer = if of_scale { scale::of(&object.value()).to_string().into() } else { object.whole() };
    drop(world);
    shared.tell(now);
    Ok(json(answer))
}

/// What becomes of an object when somebody wants `wanted`.
fn accept(place: &Place, before: &Value, wanted: &Value) -> Result<Value, Failure> {
    let (row, name) = (place.row, place.name.unwrap_or_default());
    if at(wanted, "/metadata/resourceVersion") != at(before, "/metadata/resourceVersion") {
        return Err(Failure::conflict(row, name));
    }
    for (field, what) in [("/metadata/uid", "metadata.uid"), ("/metadata/name", "metadata.name")] {
        if at(wanted, field) != at(before, field) {
            let why = format!("Invalid value: {}: field is immutable", at(wanted, field));
            return Err(Failure::invalid(row, name, &[(what.to_owned(), why)]));
        }
    }
    let mut after = before.clone();
    if place.sub == Some("status") {
        replace(&mut after, wanted, "status");
    } else {
        let Value::Object(fields) = wanted else { return Err(Failure::unprocessable()) };
        let present = before.as_object().into_iter().flat_map(|map| map.keys());
        for field in fields.keys().chain(present).filter(|field| !row.status || *field != "status") {
            replace(&mut after, wanted, field);
        }
    }
    let wrong = validate::rollout(row, &after);
    if !wrong.is_empty() {
        return Err(Failure::invalid(row, name, &wrong));
    }
    if let Some(why) = tekton::check::change(row.kind, before, &after) {
        return Err(Failure::bad_request(why));
    }
    bump(row, before, &mut after);
    Ok(after)
}

fn replace(after: &mut Value, wanted: &Value, field: &str) {
    match (after, wanted.get(field)) {
        (Value::Object(map), Some(value)) => {
            map.insert(field.to_owned(), value.clone());
        }
        (Value::Object(map), None) => {
            map.remove(field);
        }
        _ => {}
    }
}

/// The generation counts changes of the spec; kinds without a status subresource count all.
fn bump(row: &Row, before: &Value, after: &mut Value) {
    let spec = before.get("spec") != after.get("spec");
    if spec || !row.status && before.get("status") != after.get("status") {
        let generation = int(before, "/metadata/generation") + 1;
        set(after, "/metadata/generation", generation);
    }
}

/// RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(map) = target else { return };
    for (field, change) in changes {
        if change.is_null() {
            map.remove(field);
        } else {
            merge(map.entry(field.clone()).or_insert(Value::Null), change);
        }
    }
}

/// RFC 6902. Whatever cannot be done is 422, as the real server answers.
fn json_patch(target: &mut Value, patch: &Value) -> Result<(), Failure> {
    let Some(operations) = patch.as_array() else {
        return Err(Failure::bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch"));
    };
    for operation in operations {
        let word = |name: &str| operation.get(name).and_then(Value::as_str).ok_or_else(Failure::unprocessable);
        let (name, path) = (word("op")?, word("path")?);
        let value = || operation.get("value").cloned().ok_or_else(Failure::unprocessable);
        let done = match name {
            "test" => (target.pointer(path).unwrap_or(&Value::Null) == &value()?).then_some(()),
            "add" => add(target, path, value()?),
            "replace" => {
                let new = value()?;
                target.pointer_mut(path).map(|place| *place = new)
            }
            "remove" => remove(target, path).map(drop),
            "move" => remove(target, word("from")?).and_then(|value| add(target, path, value)),
            "copy" => target.pointer(word("from")?).cloned().and_then(|value| add(target, path, value)),
            _ => None,
        };
        done.ok_or_else(Failure::unprocessable)?;
    }
    Ok(())
}

fn leaf<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (parent, leaf) = path.rsplit_once('/')?;
    Some((target.pointer_mut(parent)?, leaf.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *target = value;
        return Some(());
    }
    match leaf(target, path)? {
        (Value::Object(map), leaf) => {
            map.insert(leaf, value);
            Some(())
        }
        (Value::Array(list), leaf) => {
            let index = if leaf == "-" { list.len() } else { leaf.parse().ok()? };
            (index <= list.len()).then(|| list.insert(index, value))
        }
        _ => None,
    }
}

fn remove(target: &mut Value, path: &str) -> Option<Value> {
    match leaf(target, path)? {
        (Value::Object(map), leaf) => map.remove(&leaf),
        (Value::Array(list), leaf) => {
            let index: usize = leaf.parse().ok()?;
            (index < list.len()).then(|| list.remove(index))
        }
        _ => None,
    }
}
