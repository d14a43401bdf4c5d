//! The jobs of runs that ended, read once for how long they took and how they ended: what is expected
//! of those that run now, and how often a job fails. One after the other, when nothing else is due, while more than half of the hour's requests are
//! left, and never without a token.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::time::Instant;

use super::watch::Watch;
use super::{all_jobs_path, ingest};
use crate::model::pipelines::JobsRead;
use crate::model::source::{Detail, FeedEvent};
use crate::model::{ObjectId, Uid};
use crate::net::{Etags, Listed};
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Runs that are remembered as read.
const REMEMBERED: usize = 1_000;

/// Which were read, and when the next may be.
#[derive(Debug)]
pub(super) struct Past {
    read: HashSet<Uid>,
    due: Instant,
}

impl Past {
    pub(super) fn new(now: Instant) -> Self {
        Self { read: HashSet::new(), due: now }
    }

    /// Whatever comes of it: it is not worth a second request.
    fn remember(&mut self, uid: Uid) {
        if self.read.len() >= REMEMBERED {
            self.read.clear();
        }
        self.read.insert(uid);
    }
}

impl Watch {
    /// Reads the jobs of one run, if there is time until `until`; when there is something to do next.
    pub(super) async fn look_back(&mut self, until: Instant) -> Result<Instant, Gone> {
        let now = Instant::now();
        let Some(run) = self.next_past() else { return Ok(until) };
        if until <= now {
            return Ok(until);
        }
        if self.past.due > now {
            return Ok(until.min(self.past.due));
        }
        let limits = self.client.limits();
        let plenty = limits.limit == 0 || limits.remaining.saturating_mul(2) > limits.limit;
        if limits.anonymous || limits.held.is_some() || !plenty {
            self.past.due = now + self.outlet.pace.cap;
            return Ok(until.min(self.past.due));
        }
        self.past.remember(run.uid.clone());
        let jobs = match self.client.list(&all_jobs_path(&run), None, &mut Etags::default()).await {
            Ok(Listed::Pages { bodies, .. }) => {
                ingest::jobs(&run, 1, &bodies).map(Arc::new).map_err(|error| Safe::line(&error.to_string()))
            }
            Ok(Listed::Unchanged { .. }) => return Ok(until),
            Err(error) => Err(Safe::line(&error.to_string())),
        };
        self.outlet.tell(FeedEvent::Detail(Detail::Past(JobsRead { run: run.uid, jobs }))).await?;
        self.tell_quota().await?;
        self.past.due = Instant::now() + self.outlet.pace.floor;
        Ok(until.min(self.past.due))
    }

    fn next_past(&self) -> Option<ObjectId> {
        let (interest, here) = (self.outlet.interest.borrow(), &self.outlet.id);
        let next = interest.past.iter().find(|run| {
            let ours = run.cluster == here.cluster && Some(&run.namespace) == here.namespace.as_ref();
            ours && !self.past.read.contains(&run.uid)
        });
        next.cloned()
    }
}
