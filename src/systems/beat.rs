//! Whether a source answers of which nothing is listed: it is asked something small now and then.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::pace::Backoff;
use super::polled::{Gone, Outlet};
use crate::model::source::{FeedEvent, FeedStatus};
use crate::net::NetError;
use crate::text::Safe;

/// Until the loop is gone.
pub(super) async fn run<F>(mut outlet: Outlet, ask: impl Fn() -> F + Send) -> Result<(), Gone>
where
    F: Future<Output = Result<(), NetError>> + Send,
{
    let mut backoff = Backoff::new(outlet.pace.floor, outlet.pace.cap);
    let (mut listed, mut since) = (false, None);
    loop {
        let wait = match ask().await {
            Ok(()) => {
                if !listed || since.is_some() {
                    outlet.tell(FeedEvent::ListBegins).await?;
                    outlet.tell(FeedEvent::Listed).await?;
                } else {
                    outlet.tell(FeedEvent::Alive).await?;
                }
                (listed, since) = (true, None);
                backoff.reset();
                outlet.between(outlet.pace.runs.1)
            }
            Err(error) => fell(&outlet, &error, listed, &mut since, &mut backoff).await?,
        };
        let due = Instant::now() + wait;
        tokio::select! {
            () = sleep_until(due) => {}
            () = outlet.tx.closed() => return Err(Gone),
            changed = outlet.refresh.changed() => changed.map_err(|_| Gone)?,
        }
    }
}

/// Says how it stands; for how long nobody asks.
async fn fell(
    outlet: &Outlet,
    error: &NetError,
    listed: bool,
    since: &mut Option<Duration>,
    backoff: &mut Backoff,
) -> Result<Duration, Gone> {
    let mono = outlet.clock.now().mono;
    let message = Safe::line(&error.to_string());
    let denied = matches!(error, NetError::Credential(_)) || matches!(error.code(), Some(401 | 403));
    let wait = match error {
        // A wrong login that is shown again and again helps nobody.
        _ if denied => outlet.pace.runs.1,
        NetError::Api { retry_after: Some(after), .. } => (*after).min(outlet.pace.runs.1).max(backoff.next()),
        _ => backoff.next(),
    };
    let since = *since.get_or_insert(mono);
    let retry_at = Some(mono + wait);
    let status = match listed {
        _ if denied => FeedStatus::Denied { message },
        true => FeedStatus::Stale { since, message, retry_at },
        false => FeedStatus::Failed { message, retry_at },
    };
    outlet.tell(FeedEvent::Status(status)).await?;
    Ok(wait)
}
