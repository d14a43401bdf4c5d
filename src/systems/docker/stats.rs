//! What the containers on the screen take: read every few seconds while they are there, and of nothing
//! else, since each reading costs the engine a walk through its control groups.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::timeout;

use super::ingest;
use super::watch::Watch;
use crate::model::docker::{Counted, Taken, Usage};
use crate::model::source::{Detail, FeedEvent};
use crate::model::{ObjectId, Uid};
use crate::net::{Docker, segment};
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Containers that are read at a time, and at once of them.
const MOST: usize = 60;
const AT_ONCE: usize = 8;
/// Until the engine has counted one; older ones wait a second for it.
const WITHIN: Duration = Duration::from_secs(4);

/// Now, and a moment before where the engine said that too.
type Read = Result<(Option<Counted>, Option<Counted>), Safe>;

impl Watch {
    pub(super) fn is_looked_at(&self) -> bool {
        let here = self.outlet.id.cluster;
        self.outlet.interest.borrow().containers.iter().any(|container| container.cluster == here)
    }

    /// Reads those that are looked at, and tells what they take.
    pub(super) async fn count(&mut self) -> Result<(), Gone> {
        let here = self.outlet.id.cluster;
        let interest = std::sync::Arc::clone(&self.outlet.interest.borrow_and_update());
        let mine = |container: &&ObjectId| container.cluster == here;
        let wanted: Vec<Uid> = interest.containers.iter().filter(mine).take(MOST).map(|id| id.uid.clone()).collect();
        self.counted.retain(|id, _| wanted.iter().any(|uid| uid.raw() == id));
        let client = self.client.clone();
        let asked = wanted.into_iter().map(move |uid| read(client.clone(), uid));
        let told: Vec<(Uid, Read)> = futures::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        for (container, read) in told {
            let taken = match read {
                Ok((Some(now), before)) => {
                    let before = self.counted.insert(container.raw().to_owned(), now).or(before);
                    Ok(Taken {
                        cpu: before.and_then(|before| now.share_since(&before)),
                        memory: now.memory,
                        memory_limit: now.memory_limit,
                    })
                }
                Ok((None, _)) => Err(Safe::of("it does not run")),
                Err(why) => Err(why),
            };
            self.outlet.tell(FeedEvent::Detail(Detail::Usage(Usage { container, taken }))).await?;
        }
        Ok(())
    }
}

async fn read(client: Docker, uid: Uid) -> (Uid, Read) {
    let path = format!("/containers/{}/stats?stream=false&one-shot=true", segment(uid.raw()));
    let read = match timeout(WITHIN, client.get(&path)).await {
        Ok(Ok(answer)) => ingest::stats(&answer.body).map_err(|error| Safe::line(&error.to_string())),
        Ok(Err(error)) => Err(Safe::line(&error.to_string())),
        Err(_) => Err(Safe::of("the engine did not count it in time")),
    };
    (uid, read)
}
