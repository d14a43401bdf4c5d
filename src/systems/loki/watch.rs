//! Whether a Loki answers: nothing of it is listed, and its lines are asked for when somebody wants them. So it
//! is asked for the names of its labels now and then, which costs it next to nothing.

use super::ingest;
use crate::net::{Loki, NetError};
use crate::systems::beat;
use crate::systems::polled::{Gone, Outlet};

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: Loki, outlet: Outlet) -> Result<(), Gone> {
    let ask = || {
        let client = client.clone();
        async move {
            let answer = client.labels(None).await?;
            let odd = |error| NetError::Unreadable(format!("{}: {error}; check sources.loki.url", client.url()));
            ingest::labels(&answer.body).map(drop).map_err(odd)
        }
    };
    beat::run(outlet, ask).await
}
