//! From the bytes of a watch to batches of events: whole lines only, as many as are there without
//! waiting.

use std::sync::Arc;

use bytes::BytesMut;
use futures::FutureExt as _;

use super::ingest::{self, Frame};
use crate::model::source::{FeedEvent, Object};
use crate::model::{Kind, SourceId};
use crate::net::{BodyStream, NetError};
use crate::text::Safe;

/// Of one line of a watch.
const LINE_LIMIT: usize = 8 << 20;
/// Frames handed over at once.
const BATCH: usize = 256;

/// Events in the order they came; neighbouring changes are one event.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) events: Vec<FeedEvent>,
    /// Frames that changed something.
    pub(super) changes: usize,
    frames: usize,
    /// Where a watch goes on after this batch.
    pub(super) resource_version: Option<Arc<str>>,
    /// What ended the reading of it.
    pub(super) failed: Option<Failed>,
}

#[derive(Debug, Clone)]
pub(super) enum Failed {
    /// An ERROR frame.
    Status { code: u16, reason: Safe, message: Safe },
    /// A frame that is none.
    Wrong(Safe),
}

impl Batch {
    pub(super) fn applied(objects: Vec<Object>) -> Self {
        Self { events: vec![FeedEvent::Applied(objects)], ..Self::default() }
    }

    /// Nothing but bookmarks.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.failed.is_none()
    }

    fn add(&mut self, frame: Frame) {
        self.frames += 1;
        let version = match frame {
            Frame::Applied { object, resource_version } => {
                self.changes += 1;
                match self.events.last_mut() {
                    Some(FeedEvent::Applied(objects)) => objects.push(object),
                    _ => self.events.push(FeedEvent::Applied(vec![object])),
                }
                resource_version
            }
            Frame::Deleted { uid, resource_version } => {
                self.changes += 1;
                self.events.push(FeedEvent::Deleted(uid));
                resource_version
            }
            Frame::Bookmark { resource_version, .. } => resource_version,
            Frame::Error { code, reason, message } => {
                self.failed = Some(Failed::Status { code, reason, message });
                return;
            }
        };
        if !version.is_empty() {
            self.resource_version = Some(version);
        }
    }
}

/// The lines of a watch.
pub(super) struct Lines {
    kind: Kind,
    cluster: SourceId,
    stream: BodyStream,
    /// Bytes of the line that is not whole yet, and lines not handed over.
    rest: BytesMut,
    /// Bytes of `rest` already searched for a line feed.
    searched: usize,
}

impl Lines {
    pub(super) fn new(kind: Kind, cluster: SourceId, stream: BodyStream) -> Self {
        Self { kind, cluster, stream, rest: BytesMut::new(), searched: 0 }
    }

    /// The next batch; `None` at the end. Safe to drop while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>, NetError> {
        loop {
            let mut batch = Batch::default();
            self.decode(&mut batch);
            while batch.frames < BATCH && batch.failed.is_none() {
                // What is there without waiting joins the batch.
                match self.stream.chunk().now_or_never() {
                    Some(Ok(Some(bytes))) => self.rest.extend_from_slice(&bytes),
                    // The end or an error comes again with the next call, after what was read.
                    Some(Ok(None)) if batch.frames == 0 => return self.at_end(),
                    Some(Err(error)) if batch.frames == 0 => return Err(error),
                    Some(_) | None => break,
                }
                self.decode(&mut batch);
            }
            if batch.frames > 0 || batch.failed.is_some() {
                return Ok(Some(batch));
            }
            if self.rest.len() > LINE_LIMIT {
                return Err(NetError::TooLarge { limit: LINE_LIMIT, from: String::new() });
            }
            match self.stream.chunk().await? {
                Some(bytes) => self.rest.extend_from_slice(&bytes),
                None => return self.at_end(),
            }
        }
    }

    fn at_end(&self) -> Result<Option<Batch>, NetError> {
        if self.rest.iter().all(u8::is_ascii_whitespace) {
            Ok(None)
        } else {
            Err(NetError::Transport("the watch ended in the middle of a line".to_owned()))
        }
    }

    fn decode(&mut self, batch: &mut Batch) {
        while batch.frames < BATCH && batch.failed.is_none() {
            let Some(found) = self.rest[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.rest.len();
                return;
            };
            let line = self.rest.split_to(self.searched + found + 1);
            self.searched = 0;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match ingest::frame(self.kind, self.cluster, &line) {
                Ok(frame) => batch.add(frame),
                Err(error) => batch.failed = Some(Failed::Wrong(Safe::line(&error.to_string()))),
            }
        }
    }
}
