//! What the tasks of sources have in common that are asked again and again: the way to the loop, how
//! they stand, the operator's refresh, what is looked at.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::pace::Pace;
use super::scope::Upstream;
use super::{argocd, docker, github, grafana, loki, prometheus, registry, rustci};
use crate::clock::Clock;
use crate::model::interest::Interest;
use crate::model::source::{FeedEvent, FeedId};
use crate::text::Safe;

/// What every such task is given.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    pub(super) id: FeedId,
    pub(super) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(super) clock: Clock,
    pub(super) pace: Pace,
    /// Counts the operator's refreshes.
    pub(super) refresh: watch::Receiver<u64>,
    pub(super) interest: watch::Receiver<Arc<Interest>>,
}

/// The loop is gone; nothing needs to be read any more.
#[derive(Debug)]
pub(super) struct Gone;

impl Outlet {
    pub(super) async fn tell(&self, event: FeedEvent) -> Result<(), Gone> {
        self.tx.send((self.id.clone(), event)).await.map_err(|_| Gone)
    }

    /// Between two readings: less in a world whose time runs faster.
    pub(super) fn between(&self, pace: Duration) -> Duration {
        pace.div_f64(self.clock.speed().max(1.0)).max(pace.min(Duration::from_secs(1)))
    }

    /// The task panicked and starts again after `wait`.
    pub(super) async fn stopped(&self, message: Safe, wait: Duration) {
        let restart_at = self.clock.now().mono + wait;
        // A loop that is gone needs no news.
        let _ = self.tell(FeedEvent::TaskStopped { message, restart_at }).await;
    }
}

/// Until the loop is gone.
pub(super) async fn run(upstream: Upstream, outlet: Outlet) {
    let ended = match upstream {
        // Has feeds of its own that watch.
        Upstream::Cluster(_) => Ok(()),
        Upstream::GitHub(client) => github::watch::run(client, outlet).await,
        Upstream::Prometheus(client, objectives) => prometheus::watch::run(client, objectives, outlet).await,
        Upstream::Docker(client) => docker::watch::run(client, outlet).await,
        Upstream::Registry(client) => registry::watch::run(client, outlet).await,
        Upstream::RustCi(client) => rustci::watch::run(client, outlet).await,
        Upstream::Grafana(client) => grafana::watch::run(client, outlet).await,
        Upstream::ArgoServer(client) => argocd::server::run(client, outlet).await,
        Upstream::Loki(client, _) => loki::watch::run(client, outlet).await,
    };
    if let Err(Gone) = ended {
        tracing::debug!("the loop is gone");
    }
}
