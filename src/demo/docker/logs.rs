//! GET /containers/{id}/logs. A line is a function of the container and the moment, so a log is the
//! same each time it is read.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};

use super::containers::{Container, Life, ROUND, RUNS};
use super::{Engine, Params, failure};
use crate::demo::value::{hash, mix};

/// The engine keeps so many seconds of a log.
const KEPT: i64 = 3_600;

/// When, to stderr or not, what.
type Line = (Timestamp, bool, String);

struct Asked {
    out: bool,
    err: bool,
    stamps: bool,
}

pub(super) fn answer(engine: &Arc<Engine>, container: &'static Container, params: &Params) -> Response {
    let yes = |name: &str| params.get(name).is_some_and(|value| matches!(value.as_str(), "true" | "1"));
    let asked = Asked { out: yes("stdout"), err: yes("stderr"), stamps: yes("timestamps") };
    if !asked.out && !asked.err {
        return failure(StatusCode::BAD_REQUEST, "Bad parameters: you must choose at least one stream");
    }
    let moved = engine.shared.listen();
    let now = engine.now();
    let oldest = now.as_second() - KEPT;
    let since = params.get("since").and_then(|text| text.split('.').next()?.parse::<i64>().ok());
    let since = since.map_or(oldest, |since| since.max(oldest));
    // A line of that very second belongs to it.
    let mut lines = between(container, engine.began, (second(since - 1, 999_999_999), now));
    if let Some(tail) = params.get("tail").and_then(|tail| tail.parse::<usize>().ok()) {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    let first = print(container, &lines, &asked);
    // As the engine names it; before API 1.42 it is always this one.
    let kind = [(header::CONTENT_TYPE, "application/vnd.docker.raw-stream")];
    if !yes("follow") || matches!(container.life, Life::Ended { .. }) {
        return (kind, first).into_response();
    }
    (kind, Body::from_stream(follow(Arc::clone(engine), container, first, now, moved, asked))).into_response()
}

/// Goes on until the container exits or the server stops.
fn follow(
    engine: Arc<Engine>,
    container: &'static Container,
    first: Vec<u8>,
    mut from: Timestamp,
    mut moved: tokio::sync::watch::Receiver<Timestamp>,
    asked: Asked,
) -> impl futures::Stream<Item = Result<Bytes, Infallible>> {
    async_stream::stream! {
        yield Ok(Bytes::from(first));
        loop {
            tokio::select! {
                changed = moved.changed() => if changed.is_err() { break },
                () = engine.shared.stop.cancelled() => break,
            }
            let to = engine.now();
            let died = container.happened(from, to).iter().any(|(_, action)| *action == "die");
            let bytes = print(container, &between(container, engine.began, (from, to)), &asked);
            from = to;
            if !bytes.is_empty() {
                yield Ok(Bytes::from(bytes));
            }
            if died {
                break;
            }
        }
    }
}

/// With a TTY as it is, else in frames.
fn print(container: &Container, lines: &[Line], asked: &Asked) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, err, text) in lines {
        if !container.tty && !if *err { asked.err } else { asked.out } {
            continue;
        }
        let mut line = String::new();
        if asked.stamps {
            let _ = write!(line, "{at:.9} ");
        }
        line.push_str(text);
        line.push_str(if container.tty { "\r\n" } else { "\n" });
        if !container.tty {
            bytes.extend_from_slice(&[1 + u8::from(*err), 0, 0, 0]);
            bytes.extend_from_slice(&(line.len() as u32).to_be_bytes());
        }
        bytes.extend_from_slice(line.as_bytes());
    }
    bytes
}

/// The lines after the first moment and not after the second.
fn between(container: &Container, began: Timestamp, (from, to): (Timestamp, Timestamp)) -> Vec<Line> {
    let to = match container.life {
        Life::Ended { .. } => container.finished(began, to).unwrap_or(to),
        _ => to,
    };
    let start = container.created(began).as_second().max(from.as_second());
    let mut lines = Vec::new();
    for at in start..=to.as_second() {
        let number = mix(hash(container.name) ^ at.unsigned_abs());
        for (part, (err, text)) in of_second(container, at, to.as_second() - at, number).into_iter().enumerate() {
            let nanos = (number % 200_000_000) as u32 + part as u32 * 250_000_000;
            let stamp = second(at, nanos);
            if stamp > from && (stamp <= to || matches!(container.life, Life::Ended { .. })) {
                lines.push((stamp, err, text));
            }
        }
    }
    lines
}

/// What is written within one second; `left` until the end of one that ended.
fn of_second(container: &Container, at: i64, left: i64, number: u64) -> Vec<(bool, String)> {
    let millis = 3 + number / 7 % 90;
    let out = |text: String| vec![(false, text)];
    match (container.service, container.life) {
        ("search", _) => match at.rem_euclid(ROUND) {
            0 => out("info  connecting to index host=search-index:9200".to_owned()),
            RUNS_LESS => vec![
                (true, "error index schema 41 is not supported, expected 42".to_owned()),
                (true, "error exiting code=1".to_owned()),
            ],
            _ => Vec::new(),
        },
        (_, Life::Ended { code: 0, .. }) if left < 6 => {
            let text = if left == 0 { "migrations are up to date" } else { "applying migration" };
            out(format!("info  {text} left={left}"))
        }
        (_, Life::Ended { .. }) if left == 0 => vec![(true, "Killed".to_owned())],
        (_, Life::Ended { .. }) if left < 30 => out(format!("info  requests={} errors=0", 400 + number % 90)),
        (_, Life::Ended { .. }) => Vec::new(),
        ("checkout", _) if number.is_multiple_of(23) => {
            vec![(true, format!("warn  payment provider slow: {} ms (limit 800 ms)", 800 + number % 700))]
        }
        ("checkout", _) => out(format!("info  POST /orders 201 {millis}ms trace={:06x}", number >> 40)),
        ("postgres", _) if number.is_multiple_of(20) => {
            vec![(true, format!("LOG:  checkpoint complete: wrote {} buffers", number % 400))]
        }
        ("redis", _) if number.is_multiple_of(60) => out("1:M * Background saving terminated with success".to_owned()),
        ("runner", _) if number.is_multiple_of(30) => out("√ Listening for Jobs".to_owned()),
        _ => Vec::new(),
    }
}

const RUNS_LESS: i64 = RUNS - 1;

fn second(at: i64, nanos: u32) -> Timestamp {
    let start = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
    start.checked_add(SignedDuration::new(0, nanos as i32)).unwrap_or(start)
}
