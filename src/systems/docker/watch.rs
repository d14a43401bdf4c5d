//! How it is read.

use crate::net::Docker;
use crate::systems::polled::{Gone, Outlet};

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: Docker, outlet: Outlet) -> Result<(), Gone> {
    drop(client);
    outlet.tell(crate::model::source::FeedEvent::Alive).await
}
