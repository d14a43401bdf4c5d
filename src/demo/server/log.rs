//! GET …/pods/{pod}/log.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::failure::Failure;
use super::{Params, Place, Shared};
use crate::demo::kinds::Key;
use crate::demo::logs::{self, Line, Log};

pub(super) fn log(shared: &Arc<Shared>, place: &Place, params: &Params) -> Result<Response, Failure> {
    let name = place.name.unwrap_or_default();
    let yes = |name: &str| params.get(name).is_some_and(|value| value == "true" || value == "1");
    let number = |name: &str| -> Result<Option<u64>, Failure> {
        let text = params.get(name).filter(|text| !text.is_empty());
        text.map(|text| text.parse().map_err(|_| Failure::bad_request(format!("{name}: Invalid value: {text:?}"))))
            .transpose()
    };
    let moved = shared.listen();
    let world = shared.world();
    let key = Key::new(place.row.kind, place.namespace, name);
    let pod = world.store.get(&key).map(|it| it.value()).ok_or_else(|| Failure::not_found(place.row, name))?;
    let container = params.get("container").map(String::as_str);
    let log = logs::open(&world, &pod, container, yes("previous")).map_err(Failure::bad_request)?;
    let since = match (number("sinceSeconds")?, params.get("sinceTime")) {
        (Some(_), Some(_)) => {
            return Err(Failure::bad_request("at most one of sinceTime or sinceSeconds may be specified"));
        }
        (Some(0), None) => return Err(Failure::bad_request("sinceSeconds: Invalid value: 0: must be greater than 0")),
        (Some(seconds), None) => world.now.checked_sub(Duration::from_secs(seconds)).unwrap_or(Timestamp::UNIX_EPOCH),
        (None, Some(time)) => {
            let time: Timestamp =
                time.parse().map_err(|_| Failure::bad_request(format!("invalid sinceTime {time:?}")))?;
            // A line written at that very moment belongs to it.
            time.checked_sub(Duration::from_nanos(1)).unwrap_or(time)
        }
        (None, None) => Timestamp::UNIX_EPOCH,
    };
    let lines = match number("tailLines")? {
        Some(count) => log.tail(&world, since, world.now, usize::try_from(count).unwrap_or(usize::MAX)),
        None => log.between(&world, since, world.now),
    };
    let now = world.now;
    drop(world);
    let stamps = yes("timestamps");
    let mut first = print(&lines, stamps);
    if let Some(limit) = number("limitBytes")? {
        // The demo's lines are ASCII, so every byte is a boundary.
        first.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let kind = [(header::CONTENT_TYPE, "text/plain")];
    if !yes("follow") || yes("previous") {
        return Ok((kind, first).into_response());
    }
    let shared = Arc::clone(shared);
    let body = Body::from_stream(follow(shared, key, log, first, now, moved, stamps));
    Ok((kind, body).into_response())
}

/// Goes on until the container stops, the pod is gone or the server stops.
fn follow(
    shared: Arc<Shared>,
    pod: Key,
    log: Log,
    first: String,
    mut from: Timestamp,
    mut moved: tokio::sync::watch::Receiver<Timestamp>,
    stamps: bool,
) -> impl futures::Stream<Item = Result<Bytes, std::convert::Infallible>> {
    async_stream::stream! {
        yield Ok(Bytes::from(first));
        loop {
            tokio::select! {
                changed = moved.changed() => if changed.is_err() { break },
                () = shared.stop.cancelled() => break,
            }
            let (text, over) = {
                let world = shared.world();
                let lines = log.between(&world, from, world.now);
                from = world.now;
                (print(&lines, stamps), log.over(world.now) || world.store.get(&pod).is_none())
            };
            if !text.is_empty() {
                yield Ok(Bytes::from(text));
            }
            if over {
                break;
            }
        }
    }
}

fn print(lines: &[Line], stamps: bool) -> String {
    let mut text = String::new();
    for (time, line) in lines {
        if stamps {
            let _ = write!(text, "{time:.9} ");
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}
