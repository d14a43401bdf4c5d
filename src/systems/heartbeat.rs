//! Whether a cluster's server answers at all: `GET /version` every five seconds, each on a fresh
//! connection. A quiet watch is not stale while the heart beats; a stopped server is found out
//! within seconds, although its sockets stay open.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use super::supervise::supervise;
use crate::clock::Clock;
use crate::net::{NetError, ReadStack};
use crate::text::Safe;

/// What the feeds of a cluster are told after every beat.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    /// Set after two misses; cleared by the next answer.
    pub(super) down: Option<Down>,
    /// How many times it came back.
    pub(super) recoveries: u64,
    /// Server's clock minus ours, seconds.
    pub(super) skew: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) struct Down {
    /// When the first miss was sent off, monotonic.
    pub(super) since: Duration,
    /// What is wrong, whole.
    pub(super) message: Arc<str>,
}

/// Beats until it is dropped.
pub(super) async fn beat(read: ReadStack, clock: Clock, pace: Pace, health: watch::Sender<Health>) {
    let mut missed: Option<Duration> = None;
    loop {
        let sent = clock.now().mono;
        let answer = read.probe("/version").await;
        let wait = match alive(clock, &answer) {
            Ok(skew) => {
                missed = None;
                health.send_modify(|health| {
                    answered(health);
                    health.skew = skew.or(health.skew);
                });
                pace.beat
            }
            Err(error) => {
                let since = *missed.get_or_insert(sent);
                if sent != since {
                    let message = Arc::from(format!("the server does not answer: {error}"));
                    health.send_modify(|health| health.down = Some(Down { since, message }));
                }
                pace.beat_again
            }
        };
        sleep(wait).await;
    }
}

fn answered(health: &mut Health) {
    if health.down.take().is_some() {
        health.recoveries += 1;
    }
}

/// Any answer of the server itself is a heartbeat, a refusal too; a gateway's is not.
fn alive(clock: Clock, answer: &Result<crate::net::Answer, NetError>) -> Result<Option<i64>, &NetError> {
    match answer {
        Ok(answer) => Ok(answer.date.and_then(|date| skew(clock, date))),
        Err(NetError::Api { code, .. }) if !matches!(code, 502..=504) => Ok(None),
        // Not the server's fault, and its feeds say so themselves.
        Err(NetError::Credential(_) | NetError::Unusable(_) | NetError::TooLarge { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Nothing where our clock is a demo's: it runs at a pace of its own, and its server's does not.
fn skew(clock: Clock, date: jiff::Timestamp) -> Option<i64> {
    clock.is_system().then(|| date.as_second() - clock.now().wall.as_second())
}

/// Runs the heartbeat. While it has stopped nobody knows whether the server answers: every feed of
/// the cluster says so, until it beats again.
pub(super) async fn supervised<F, T>(
    cancel: CancellationToken,
    clock: Clock,
    pace: Pace,
    beat: F,
    health: watch::Sender<Health>,
) where
    F: Fn() -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let stopped = |message: Safe, _| {
        tracing::error!(message = message.as_str(), "heartbeat stopped");
        let message = Arc::from(format!("the heartbeat stopped: {}", message.as_str()));
        let since = clock.now().mono;
        health.send_modify(|health| health.down = Some(Down { since, message }));
        std::future::ready(())
    };
    supervise(cancel, pace, beat, stopped).await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn r12_a_heartbeat_that_panics_is_told_to_the_feeds_and_beats_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let floor = Duration::from_millis(1);
            let pace = Pace { restart: (floor, floor * 60), ..Pace::default() };
            let (health, mut beats) = watch::channel(Health::default());
            let (cancel, first, of_beat) = (CancellationToken::new(), AtomicBool::new(true), health.clone());
            let beat = move || {
                let (first, health) = (first.swap(false, Ordering::SeqCst), of_beat.clone());
                async move {
                    assert!(!first, "out of step");
                    health.send_modify(answered);
                    std::future::pending::<()>().await;
                }
            };
            let running = tokio::spawn(supervised(cancel.clone(), Clock::system(), pace, beat, health));
            let down = beats.wait_for(|health| health.down.is_some()).await.unwrap().down.clone();
            assert_eq!(
                down.map(|down| down.message.to_string()).as_deref(),
                Some("the heartbeat stopped: out of step")
            );
            let back = beats.wait_for(|health| health.down.is_none()).await.unwrap().recoveries;
            assert_eq!(back, 1);
            cancel.cancel();
            running.await.unwrap();
        });
    }
}
