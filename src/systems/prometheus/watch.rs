//! How it is read: objectives with their figures, and alerts, each by a task of its own.

use std::sync::Arc;

use super::ingest::{self, Alerts};
use super::poll::{Fault, Poll};
use super::slos::Slos;
use crate::model::Kind;
use crate::model::slo::ObjectiveSpec;
use crate::model::source::{FeedEvent, Object};
use crate::net::Prometheus;
use crate::systems::polled::{Gone, Outlet};

/// Until the loop is gone.
pub(in crate::systems) async fn run(
    client: Prometheus,
    objectives: Arc<[ObjectiveSpec]>,
    outlet: Outlet,
) -> Result<(), Gone> {
    let kind = outlet.id.kind;
    let poll = Poll::new(client, outlet);
    match kind {
        Kind::Alert => alerts(poll).await,
        _ => Slos::new(poll, objectives).run().await,
    }
}

async fn alerts(mut poll: Poll) -> Result<(), Gone> {
    loop {
        let wait = match read_alerts(&mut poll).await? {
            Ok(told) => {
                let objects = told.alerts.into_iter().map(|alert| Object::Alert(Arc::new(alert))).collect();
                match told.warning {
                    None => {
                        tell(&poll.outlet, objects, told.left_out).await?;
                        poll.went_well();
                        poll.between()
                    }
                    // A part of them: what is missing in it may still fire, and stays.
                    Some(why) => {
                        poll.outlet.tell(FeedEvent::Applied(objects)).await?;
                        poll.went_wrong(&Fault::Odd(why)).await?
                    }
                }
            }
            Err(fault) => poll.went_wrong(&fault).await?,
        };
        poll.rest_alone(wait).await?;
    }
}

async fn read_alerts(poll: &mut Poll) -> Result<Result<Alerts, Fault>, Gone> {
    let answer = match poll.client.alerts().await {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(error.into())),
    };
    poll.heard(&answer).await?;
    Ok(ingest::alerts(poll.outlet.id.cluster, &answer.body).map_err(Fault::from))
}

/// A whole list.
pub(super) async fn tell(outlet: &Outlet, objects: Vec<Object>, left_out: u64) -> Result<(), Gone> {
    outlet.tell(FeedEvent::ListBegins).await?;
    outlet.tell(FeedEvent::Applied(objects)).await?;
    outlet.tell(FeedEvent::LeftOut(left_out)).await?;
    outlet.tell(FeedEvent::Listed).await
}
