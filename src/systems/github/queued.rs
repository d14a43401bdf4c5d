//! The jobs of runs that stand in a queue, read to tell who waits for which runner: one after the other, so that
//! nothing else waits for all of them, more rarely than those that are on a screen, and only while more than half of
//! the hour's requests are left.

use tokio::time::Instant;

use super::rhythm::Came;
use super::watch::Watch;
use crate::model::ObjectId;
use crate::systems::polled::Gone;

impl Watch {
    /// Reads the jobs of one run, if there is time until `until`; when there is something to do next.
    pub(super) async fn read_queued(&mut self, until: Instant) -> Result<Instant, Gone> {
        let now = Instant::now();
        let wanted = self.wanted_queued();
        let due = self.queued.due(now, &wanted);
        let next = |watch: &Self| watch.queued.next().map_or(until, |next| next.min(until));
        let Some(run) = due.filter(|_| until > now) else { return Ok(next(self)) };
        if self.client.limits().anonymous || !self.has_plenty() {
            self.queued.again(now, &run.uid, self.outlet.pace.runs.1);
            return Ok(next(self));
        }
        let wait = match self.read_jobs(&run).await? {
            Came::Trouble(wait) | Came::Odd(wait) => wait,
            Came::Unchanged | Came::Jobs { .. } => self.client.paced(self.outlet.between(self.outlet.pace.runs.1)),
        };
        self.queued.again(Instant::now(), &run.uid, wait);
        self.tell_quota().await?;
        // The rest comes at once, after what else is due.
        Ok(Instant::now())
    }

    /// More than half of the hour's requests are left: for what may wait.
    pub(super) fn has_plenty(&self) -> bool {
        let limits = self.client.limits();
        limits.held.is_none() && (limits.limit == 0 || limits.remaining.saturating_mul(2) > limits.limit)
    }

    /// Those whose jobs are not read anyway.
    pub(super) fn wanted_queued(&self) -> Vec<ObjectId> {
        let (interest, here) = (self.outlet.interest.borrow(), &self.outlet.id);
        let ours = |run: &&ObjectId| run.cluster == here.cluster && Some(&run.namespace) == here.namespace.as_ref();
        let others = interest.queued.iter().filter(ours).filter(|run| !interest.jobs.contains(run));
        others.cloned().collect()
    }
}
