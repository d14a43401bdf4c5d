//! Pod logs: the ring and its filters, the reader's place, the transitions, the tail against a
//! scripted server.

mod deck;
mod errors;
mod flow;
mod pane;
mod reader;
mod ring;
mod scope;
mod tail;

use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::model::log::{LogChunk, LogEvent, LogOf, LogRequest, LogSince, TailId};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::state::log::{Log, MEMORY, Window};

/// Lines as one chunk, the way the tail delivers them.
pub fn chunk<T: AsRef<[u8]>>(lines: impl IntoIterator<Item = T>) -> LogChunk {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for line in lines {
        bytes.extend_from_slice(line.as_ref());
        ends.push(bytes.len() as u32);
        bytes.push(b'\n');
    }
    LogChunk { bytes: bytes.into(), ends: ends.into(), cut: 0 }
}

pub fn pod(name: &str) -> ObjectId {
    ObjectId {
        cluster: SourceId(0),
        kind: Kind::Pod,
        namespace: Name::new("shop"),
        name: Name::new(name),
        uid: Uid::new(SourceId(0), &format!("uid-{name}")),
    }
}

pub fn request() -> LogRequest {
    LogRequest {
        pod: pod("checkout-1"),
        container: Some(Name::new("app")),
        previous: false,
        since: LogSince::Tail(1_000),
        of: LogOf::Log,
    }
}

pub fn log() -> Log {
    Log::new(TailId(1), request(), MEMORY)
}

/// A log of numbered lines `line 0`, `line 1`, …
pub fn numbered(lines: usize) -> Log {
    let mut log = log();
    add(&mut log, (0..lines).map(|n| format!("line {n}")));
    log
}

pub fn add<T: AsRef<[u8]>>(log: &mut Log, lines: impl IntoIterator<Item = T>) {
    log.apply(Duration::ZERO, LogEvent::Lines(chunk(lines)));
}

pub const WINDOW: Window = Window { width: 40, height: 10 };

/// What the window shows, row by row.
pub fn shown(log: &Log, window: Window) -> Vec<String> {
    let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
    log.visible(now, window).into_iter().map(|row| row.text.as_str()[row.part].to_owned()).collect()
}
