//! Follows a log, whatever system it is of: a [`Source`] says how it is asked for. The stream just
//! ends when what writes it stops or a connection on the way breaks; it is asked for again from the
//! last time seen, and what came before is left out. What the reader does not take waits in a bounded
//! channel, then in the server's socket: memory stays bounded however fast lines are written.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use crate::model::Name;
use crate::model::log::{LogEvent, TailId};
use crate::net::{BodyStream, NetError, jitter};
use crate::text::Safe;

/// The waits of a tail; shorter in tests.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Before the first new try; doubles with each that brings nothing.
    pub retry_first: Duration,
    pub retry_most: Duration,
    /// How long a line may wait for others before both are delivered.
    pub gather: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(30),
            gather: Duration::from_millis(20),
        }
    }
}

/// Where a log comes from.
pub trait Source: Send {
    /// Asks for it: from its beginning, or, after a break, from the second of the last line seen.
    fn open(&mut self, last: Option<Timestamp>) -> impl Future<Output = Result<BodyStream, NetError>> + Send;

    /// What an answer that brought no stream means.
    fn refused(&self, error: &NetError) -> Next;

    /// The log has an end, and is not asked for again once it was read to it.
    fn is_finite(&self) -> bool {
        false
    }

    /// Takes the body's bytes in. `Err`: they cannot be a log.
    fn take(&mut self, bytes: &[u8], lines: &mut Lines) -> Result<(), Safe> {
        lines.push(bytes);
        Ok(())
    }

    /// The stream ended: what is unfinished is a line, too.
    fn finish(&mut self, lines: &mut Lines) {
        lines.finish();
    }
}

/// What comes after a stream.
#[derive(Debug)]
pub enum Next {
    /// What writes it (or the log that does not follow) ended.
    Ended,
    /// Nothing is broken: there is no log before something has happened.
    NotYet(Safe),
    Broken(Safe),
    Hopeless(Safe),
    /// The pod is not there any more: its name, where the log was asked for by another.
    Gone(Option<Name>, Safe),
}

/// Follows until it is cancelled, the reader is gone, or nothing more can come.
pub async fn follow(
    source: impl Source,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
    pace: Pace,
) {
    let tail = Tail { source, id, tx, pace, lines: Lines::default(), wait: pace.retry_first, silent: 0 };
    cancel.run_until_cancelled(tail.run()).await;
}

/// The reader of the events is gone.
struct Gone;

struct Tail<S> {
    source: S,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    pace: Pace,
    lines: Lines,
    wait: Duration,
    /// Streams in a row that ended well without a new line.
    silent: u32,
}

impl<S: Source> Tail<S> {
    async fn run(mut self) {
        while let Ok(next) = self.stream().await {
            let event = match next {
                Next::Hopeless(message) => {
                    let _ = self.say(LogEvent::Failed { message }).await;
                    return;
                }
                Next::Gone(pod, message) => {
                    let _ = self.say(LogEvent::Gone { pod, message }).await;
                    return;
                }
                Next::Ended if self.source.is_finite() => {
                    let _ = self.say(LogEvent::Ended).await;
                    return;
                }
                // The container may be started again, so the server is asked again, ever less often.
                Next::Ended if self.silent > 1 => LogEvent::Ended,
                Next::Ended => LogEvent::Reconnecting { message: Safe::of("the stream ended; asked again") },
                Next::NotYet(message) => LogEvent::Waiting { message },
                Next::Broken(message) => LogEvent::Reconnecting { message },
            };
            if self.say(event).await.is_err() {
                return;
            }
            sleep(self.wait + jitter(self.wait / 4)).await;
            self.wait = (self.wait * 2).min(self.pace.retry_most);
            self.lines.reconnected();
        }
    }

    async fn say(&self, event: LogEvent) -> Result<(), Gone> {
        self.tx.send((self.id, event)).await.map_err(|_| Gone)
    }

    /// One stream from its request to its end.
    async fn stream(&mut self) -> Result<Next, Gone> {
        let stream = match self.source.open(self.lines.last()).await {
            Ok(stream) => stream,
            Err(error) => return Ok(self.source.refused(&error)),
        };
        let before = self.lines.last();
        let ended = self.pump(stream).await?;
        if self.lines.last() > before {
            self.wait = self.pace.retry_first;
            self.silent = 0;
        }
        if matches!(ended, Next::Ended) {
            self.silent += 1;
        }
        Ok(ended)
    }

    /// Delivers what the stream brings. That it is open is said with its first bytes, or when it
    /// has stayed open for a while: an ended container answers at once with nothing.
    async fn pump(&mut self, mut stream: BodyStream) -> Result<Next, Gone> {
        let mut opened = false;
        let mut due = Instant::now() + self.pace.retry_first;
        let finite = self.source.is_finite();
        let ended = loop {
            tokio::select! {
                chunk = next_of(&mut stream, finite) => match chunk {
                    Ok(Some(bytes)) => {
                        let waiting = self.lines.has_lines();
                        if let Err(why) = self.source.take(&bytes, &mut self.lines) {
                            break Next::Hopeless(why);
                        }
                        if !opened || self.lines.is_full() {
                            opened = self.deliver(opened).await?;
                        } else if !waiting {
                            due = Instant::now() + self.pace.gather;
                        }
                    }
                    Ok(None) => break Next::Ended,
                    Err(error) => break Next::Broken(Safe::line(&error.to_string())),
                },
                () = sleep_until(due), if !opened || self.lines.has_lines() => {
                    opened = self.deliver(opened).await?;
                }
            }
        };
        if matches!(ended, Next::Ended) {
            self.source.finish(&mut self.lines);
        }
        if self.lines.has_lines() {
            self.deliver(opened).await?;
        }
        Ok(ended)
    }

    async fn deliver(&mut self, opened: bool) -> Result<bool, Gone> {
        if !opened {
            self.say(LogEvent::Opened).await?;
        }
        if let Some(chunk) = self.lines.take() {
            self.say(LogEvent::Lines(chunk)).await?;
        }
        Ok(true)
    }
}

/// A log that is followed may be silent for days; one that has an end may not.
async fn next_of(stream: &mut BodyStream, finite: bool) -> Result<Option<Bytes>, NetError> {
    if finite { stream.chunk_in_time().await } else { stream.chunk().await }
}
