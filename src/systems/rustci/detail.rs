//! The stages of the executions that somebody looks at: read when it is new, every few seconds while
//! something of it runs, and no more once all has ended.

use std::sync::Arc;

use tokio::time::Instant;

use super::watch::{Known, Watch};
use super::{execution_path, ingest};
use crate::model::ObjectId;
use crate::model::pipelines::{Jobs, JobsRead, Run, RunStatus};
use crate::model::source::{Detail, FeedEvent, Object};
use crate::net::NetError;
use crate::systems::polled::Gone;
use crate::text::Safe;

/// One execution that is looked at.
#[derive(Debug)]
pub(super) struct Looked {
    due: Instant,
    /// The row as it was when all of it had ended: until it changes, it stays so.
    settled: Option<Known>,
}

impl Watch {
    /// Reads the executions that are due; when the next ones are.
    pub(super) async fn look(&mut self) -> Result<Option<Instant>, Gone> {
        let interest = Arc::clone(&self.outlet.interest.borrow_and_update());
        let (kind, source) = (self.outlet.id.kind, self.outlet.id.cluster);
        let ours = |run: &&ObjectId| run.cluster == source && run.kind == kind;
        let wanted: Vec<ObjectId> = interest.jobs.iter().filter(ours).cloned().collect();
        if std::mem::replace(&mut self.forgotten, interest.forgotten) != interest.forgotten {
            // What is looked at may have been left and come back to before this was heard of.
            self.looked.clear();
        }
        self.looked.retain(|uid, _| wanted.iter().any(|run| run.uid == *uid));
        let mut next: Option<Instant> = None;
        for run in wanted {
            let known = self.runs.get(&run.uid).map(|run| Known::of(run));
            let now = Instant::now();
            let looked = self.looked.entry(run.uid.clone()).or_insert(Looked { due: now, settled: None });
            if looked.settled.is_some() && looked.settled == known {
                continue;
            }
            if looked.settled.take().is_some() {
                looked.due = now;
            }
            if looked.due <= now {
                let (wait, ended) = self.read_stages(&run).await?;
                let due = Instant::now() + wait;
                let settled = known.filter(|known| ended && !known.active);
                self.looked.insert(run.uid.clone(), Looked { due, settled });
                if ended && known.is_some_and(|known| known.active) {
                    // The list does not know its end yet.
                    self.due = self.due.min(Instant::now() + self.outlet.pace.floor);
                }
            }
            if let Some(looked) = self.looked.get(&run.uid)
                && looked.settled.is_none()
            {
                next = Some(next.map_or(looked.due, |other: Instant| other.min(looked.due)));
            }
        }
        Ok(next)
    }

    /// Until it is read again, and whether all of it has ended.
    async fn read_stages(&mut self, run: &ObjectId) -> Result<(std::time::Duration, bool), Gone> {
        let read = self.client.get(&execution_path(run.uid.raw())).await;
        let pause = read.as_ref().err().and_then(NetError::pause).unwrap_or_default();
        let read = read.map_err(|error| Safe::line(&error.to_string()));
        let read = read
            .and_then(|answer| ingest::execution(run, &answer.body).map_err(|error| Safe::line(&error.to_string())));
        match read {
            Ok(execution) => {
                let moves = |status: &RunStatus| *status == RunStatus::InProgress;
                let runs = execution.jobs.jobs.iter().any(|job| moves(&job.status));
                let ended = execution.status == RunStatus::Completed && !runs;
                self.tell_row(run, &execution).await?;
                self.tell_stages(run, Ok(Arc::new(execution.jobs))).await?;
                Ok((self.outlet.between(self.outlet.pace.jobs), ended))
            }
            Err(why) => {
                self.tell_stages(run, Err(why)).await?;
                Ok((self.outlet.pace.cap.max(pause), false))
            }
        }
    }

    /// The row as this reading has it: newer than the list, and with what started it, which only this
    /// tells.
    async fn tell_row(&mut self, run: &ObjectId, told: &ingest::Execution) -> Result<(), Gone> {
        self.triggers.insert(run.uid.clone(), told.trigger.clone());
        let Some(row) = self.runs.get_mut(&run.uid) else { return Ok(()) };
        let mut now: Run = (**row).clone();
        ingest::update(&mut now, told);
        if now == **row {
            return Ok(());
        }
        *row = Arc::new(now);
        let row = Object::Run(Arc::clone(row));
        self.outlet.tell(FeedEvent::Applied(vec![row])).await
    }

    async fn tell_stages(&self, run: &ObjectId, jobs: Result<Arc<Jobs>, Safe>) -> Result<(), Gone> {
        self.outlet.tell(FeedEvent::Detail(Detail::Jobs(JobsRead { run: run.uid.clone(), jobs }))).await
    }
}
