//! What the engine said of a build or a push, kept for whoever wants to read it, while it goes on and
//! afterwards: bounded, by the name of the image, the newest only.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::model::Uid;
use crate::model::log::{LogEvent, TailId};
use crate::systems::lines::Lines;
use crate::text::Safe;

/// Bytes of one log that are kept.
const MOST: usize = 8 << 20;
/// Bytes told at a time.
const PIECE: usize = 64 << 10;

/// All of them.
#[derive(Clone, Default)]
pub(crate) struct Builds {
    all: Arc<Mutex<HashMap<String, Arc<Said>>>>,
}

impl fmt::Debug for Builds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builds").finish_non_exhaustive()
    }
}

/// One of them.
pub(crate) struct Said {
    text: Mutex<Vec<u8>>,
    /// How long it is, and whether that is all.
    length: watch::Sender<(usize, bool)>,
    /// Somebody wants it to end.
    pub(crate) stop: CancellationToken,
}

impl Builds {
    /// A new one of this name.
    pub(crate) fn begin(&self, uid: &Uid) -> Arc<Said> {
        let said = Arc::new(Said {
            text: Mutex::new(Vec::new()),
            length: watch::Sender::new((0, false)),
            stop: CancellationToken::new(),
        });
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.raw().to_owned(), Arc::clone(&said));
        said
    }

    pub(crate) fn of(&self, uid: &Uid) -> Option<Arc<Said>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).get(uid.raw()).cloned()
    }
}

impl Said {
    /// Appends lines, each with its time; what is beyond the limit is not kept, and that is said.
    pub(crate) fn say(&self, at: Timestamp, lines: &str) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() > MOST {
            return;
        }
        for line in lines.lines() {
            text.extend_from_slice(format!("{at:.3} ").as_bytes());
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        if text.len() > MOST {
            text.extend_from_slice(format!("{at:.3} what follows is not kept\n").as_bytes());
        }
        let length = text.len();
        drop(text);
        self.length.send_modify(|told| told.0 = length);
    }

    pub(crate) fn end(&self) {
        self.length.send_modify(|told| told.1 = true);
    }

    fn piece(&self, from: usize) -> Vec<u8> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.get(from..text.len().min(from + PIECE)).unwrap_or_default().to_vec()
    }
}

/// Follows one until its end.
pub(crate) async fn tail(
    said: Option<Arc<Said>>,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
) {
    let Some(said) = said else {
        let message = Safe::of("what the engine said of it is not kept: another run of this program built it");
        // Whoever is gone needs no answer.
        let _ = tx.send((id, LogEvent::Failed { message })).await;
        return;
    };
    cancel.run_until_cancelled(follow(&said, id, &tx)).await;
}

async fn follow(said: &Said, id: TailId, tx: &mpsc::Sender<(TailId, LogEvent)>) {
    let mut length = said.length.subscribe();
    let mut lines = Lines::default();
    let mut done = 0;
    if tx.send((id, LogEvent::Opened)).await.is_err() {
        return;
    }
    loop {
        let (now, ended) = *length.borrow_and_update();
        while done < now {
            let piece = said.piece(done);
            done += piece.len();
            lines.push(&piece);
            if done == now {
                lines.finish();
            }
            while let Some(chunk) = lines.take() {
                if tx.send((id, LogEvent::Lines(chunk))).await.is_err() {
                    return;
                }
            }
        }
        if ended {
            // Whoever is gone needs no answer.
            let _ = tx.send((id, LogEvent::Ended)).await;
            return;
        }
        if length.changed().await.is_err() {
            return;
        }
    }
}
