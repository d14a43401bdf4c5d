//! Follows the log of a container (apis.md §3.5). The stream just ends when the container stops or
//! a connection on the way breaks; it is asked for again from the last time seen, and what came
//! before is left out. What the reader does not take waits in a bounded channel, then in the
//! server's socket: memory stays bounded however fast the container writes.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use crate::model::log::{LogEvent, LogRequest, LogSince, TailId};
use crate::net::{BodyStream, NetError, ReadStack, jitter, segment};
use crate::safe;
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

/// Follows until it is cancelled, the reader is gone, or nothing more can come.
pub async fn tail(
    read: ReadStack,
    request: LogRequest,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
    pace: Pace,
) {
    let tail = Tail { read, request, id, tx, pace, lines: Lines::default(), wait: pace.retry_first, silent: 0 };
    cancel.run_until_cancelled(tail.run()).await;
}

/// The reader of the events is gone.
struct Gone;

struct Tail {
    read: ReadStack,
    request: LogRequest,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    pace: Pace,
    lines: Lines,
    wait: Duration,
    /// Streams in a row that ended well without a new line.
    silent: u32,
}

/// What comes after a stream.
enum Next {
    /// The container (or the log that does not follow) ended.
    Ended,
    Broken(Safe),
    Hopeless(Safe),
}

impl Tail {
    async fn run(mut self) {
        while let Ok(next) = self.stream().await {
            let event = match next {
                Next::Hopeless(message) => {
                    let _ = self.say(LogEvent::Failed { message }).await;
                    return;
                }
                Next::Ended if self.request.previous => {
                    let _ = self.say(LogEvent::Ended).await;
                    return;
                }
                // The container may be started again, so the server is asked again, ever less often.
                Next::Ended if self.silent > 1 => LogEvent::Ended,
                Next::Ended => LogEvent::Reconnecting { message: Safe::of("the stream ended; asked again") },
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
        let stream = match self.read.log_stream(&path(&self.request, self.lines.last())).await {
            Ok(stream) => stream,
            Err(error) => return Ok(self.refused(&error)),
        };
        let before = self.lines.last();
        let ended = self.pump(stream).await?;
        if self.lines.last() > before {
            self.wait = self.pace.retry_first;
            self.silent = 0;
        }
        Ok(match ended {
            Ok(()) => {
                self.silent += 1;
                Next::Ended
            }
            Err(error) => Next::Broken(Safe::line(&error.to_string())),
        })
    }

    /// Delivers what the stream brings. That it is open is said with its first bytes, or when it
    /// has stayed open for a while: an ended container answers at once with nothing.
    async fn pump(&mut self, mut stream: BodyStream) -> Result<Result<(), NetError>, Gone> {
        let mut opened = false;
        let mut due = Instant::now() + self.pace.retry_first;
        let ended = loop {
            tokio::select! {
                chunk = stream.chunk() => match chunk {
                    Ok(Some(bytes)) => {
                        let waiting = self.lines.has_lines();
                        self.lines.push(&bytes);
                        if !opened || self.lines.is_full() {
                            opened = self.deliver(opened).await?;
                        } else if !waiting {
                            due = Instant::now() + self.pace.gather;
                        }
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                },
                () = sleep_until(due), if !opened || self.lines.has_lines() => {
                    opened = self.deliver(opened).await?;
                }
            }
        };
        if ended.is_ok() {
            self.lines.finish();
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

    fn refused(&self, error: &NetError) -> Next {
        let message = Safe::line(&error.to_string());
        match error {
            NetError::Api { code: 404, .. } => Next::Hopeless(safe!("the pod is gone: {}", message)),
            NetError::Api { code: 401 | 403, .. } | NetError::Unusable(_) => Next::Hopeless(message),
            NetError::Api { code: 400, message: said, .. } if self.request.previous || is_final(said) => {
                Next::Hopeless(message)
            }
            _ => Next::Broken(message),
        }
    }
}

/// 400s that no waiting cures; the others say that the container has not started yet.
fn is_final(said: &str) -> bool {
    ["is not valid for pod", "must be specified", "previous terminated container"]
        .iter()
        .any(|part| said.contains(part))
}

/// The request, from the beginning or from the second of the last line seen: the server's time is
/// in whole seconds, so lines of that second come again.
fn path(request: &LogRequest, last: Option<Timestamp>) -> String {
    let mut path = format!(
        "/api/v1/namespaces/{}/pods/{}/log?timestamps=true",
        segment(request.pod.namespace.raw()),
        segment(request.pod.name.raw())
    );
    if let Some(container) = &request.container {
        path.push_str("&container=");
        path.push_str(&segment(container.raw()));
    }
    path.push_str(if request.previous { "&previous=true" } else { "&follow=true" });
    let from = match (last, request.since) {
        (Some(last), _) => match Timestamp::from_second(last.as_second()) {
            Ok(second) => format!("&sinceTime={}", segment(&second.to_string())),
            Err(_) => String::new(),
        },
        (None, LogSince::Tail(lines)) => format!("&tailLines={lines}"),
        (None, LogSince::Head) => String::new(),
        (None, LogSince::Last(span)) => format!("&sinceSeconds={}", span.as_secs().max(1)),
    };
    path.push_str(&from);
    path
}
