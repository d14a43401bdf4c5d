//! The log of a container of a Docker Engine (apis.md §9).

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Frames;
use super::ingest::{self, Inspected};
use crate::clock::Clock;
use crate::model::log::{LogEvent, LogRequest, LogSince, TailId};
use crate::net::{BodyStream, Docker, NetError, segment};
use crate::safe;
use crate::systems::lines::Lines;
use crate::systems::tail::{Next, Pace, Source, follow};
use crate::text::Safe;

/// Follows until it is cancelled, the reader is gone, or nothing more can come.
pub async fn tail(
    client: Docker,
    request: LogRequest,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
    (pace, clock): (Pace, Clock),
) {
    let source = ContainerLog { client, request, clock, told: Inspected::default(), frames: Frames::default() };
    follow(source, id, tx, cancel, pace).await;
}

struct ContainerLog {
    client: Docker,
    request: LogRequest,
    clock: Clock,
    told: Inspected,
    frames: Frames,
}

impl Source for ContainerLog {
    async fn open(&mut self, last: Option<Timestamp>) -> Result<BodyStream, NetError> {
        self.frames = Frames::default();
        let path = format!("/containers/{}", segment(self.request.pod.uid.raw()));
        // Whether the log has frames is not said with it by engines before API 1.42.
        let answer = self.client.get(&format!("{path}/json")).await?;
        self.told = ingest::inspect(&answer.body).map_err(|error| NetError::Transport(error.to_string()))?;
        // `since` is measured by the engine's clock, which may not be ours.
        let now = answer.date.unwrap_or_else(|| self.clock.now().wall);
        self.client.open(&format!("{path}/logs?{}", query(&self.request, last, now))).await
    }

    fn take(&mut self, bytes: &[u8], lines: &mut Lines) -> Result<(), Safe> {
        if self.told.tty {
            lines.push(bytes);
            return Ok(());
        }
        self.frames.push(bytes, lines)
    }

    fn finish(&mut self, lines: &mut Lines) {
        self.frames.finish(lines);
        lines.finish();
    }

    fn refused(&self, error: &NetError) -> Next {
        let message = Safe::line(&error.to_string());
        match error {
            NetError::Api { code: 404, .. } => Next::Hopeless(safe!("the container is gone: {}", message)),
            NetError::Api { code: 500 | 501, message: said, .. } if said.contains("does not support reading") => {
                let driver = self.told.log_driver.clone().unwrap_or_else(|| Safe::of("it has"));
                Next::Hopeless(safe!(
                    "its log driver, {}, keeps nothing that can be read; run it with json-file, local or journald",
                    driver
                ))
            }
            NetError::Api { code: 400 | 401 | 403, .. } | NetError::Unusable(_) => Next::Hopeless(message),
            _ => Next::Broken(message),
        }
    }
}

/// From the beginning, or from the second of the last line seen: lines of that second come again.
fn query(request: &LogRequest, last: Option<Timestamp>, now: Timestamp) -> String {
    let from = match (last, request.since) {
        (Some(last), _) => format!("&since={}", last.as_second()),
        (None, LogSince::Tail(lines)) => format!("&tail={lines}"),
        (None, LogSince::Head) => String::new(),
        (None, LogSince::Last(span)) => {
            format!("&since={}", now.as_second().saturating_sub(span.as_secs().max(1) as i64))
        }
    };
    format!("follow=true&stdout=true&stderr=true&timestamps=true{from}")
}
