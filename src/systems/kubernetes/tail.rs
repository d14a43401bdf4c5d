//! The log of a pod's container (apis.md §3.5).

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::model::log::{LogEvent, LogRequest, LogSince, TailId};
use crate::net::{BodyStream, NetError, ReadStack, segment};
use crate::safe;
use crate::systems::tail::{Next, Source, follow};
use crate::text::Safe;

pub use crate::systems::tail::Pace;

/// Follows until it is cancelled, the reader is gone, or nothing more can come.
pub async fn tail(
    read: ReadStack,
    request: LogRequest,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
    pace: Pace,
) {
    follow(PodLog { read, request }, id, tx, cancel, pace).await;
}

struct PodLog {
    read: ReadStack,
    request: LogRequest,
}

impl Source for PodLog {
    async fn open(&mut self, last: Option<Timestamp>) -> Result<BodyStream, NetError> {
        self.read.log_stream(&path(&self.request, last)).await
    }

    fn is_finite(&self) -> bool {
        self.request.previous
    }

    fn refused(&self, error: &NetError) -> Next {
        let message = Safe::line(&error.to_string());
        match error {
            NetError::Api { code: 404, .. } => Next::Gone(None, safe!("the pod is gone: {}", message)),
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
