//! Whether a Grafana answers, and takes us for somebody who may read annotations.

use super::{ingest, perform};
use crate::net::{Grafana, NetError};
use crate::systems::beat;
use crate::systems::polled::{Gone, Outlet};

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: Grafana, outlet: Outlet) -> Result<(), Gone> {
    let ask = || {
        let client = client.clone();
        async move {
            let answer = client.annotations(&[perform::OURS], 1).await?;
            let odd = |error| NetError::Unreadable(format!("{}: {error}; check sources.grafana.url", client.url()));
            ingest::found(&answer.body).map(drop).map_err(odd)
        }
    };
    beat::run(outlet, ask).await
}
