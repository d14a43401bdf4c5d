//! The jobs of the runs that somebody looks at: read when it is new, every few seconds while it runs,
//! and no more once it has ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::watch::{Known, Watch};
use super::words::Trouble;
use super::{ingest, jobs_path};
use crate::model::ObjectId;
use crate::model::pipelines::{Jobs, JobsRead, RunStatus};
use crate::model::source::{Detail, FeedEvent};
use crate::net::{Etags, Listed};
use crate::systems::polled::Gone;
use crate::text::Safe;

/// One run that is looked at.
#[derive(Debug)]
pub(super) struct Looked {
    etags: Etags,
    due: Instant,
    /// The run as it was when its jobs were read and all had ended: until it changes, they stay so.
    settled: Option<Known>,
    /// Its jobs, as they were read last, had all ended.
    ended: bool,
}

impl Watch {
    /// Reads the jobs that are due; when the next ones are.
    pub(super) async fn look(&mut self) -> Result<Option<Instant>, Gone> {
        let interest = Arc::clone(&self.outlet.interest.borrow_and_update());
        let here = &self.outlet.id;
        let ours = |run: &&ObjectId| run.cluster == here.cluster && Some(&run.namespace) == here.namespace.as_ref();
        let wanted: Vec<ObjectId> = interest.jobs.iter().filter(ours).cloned().collect();
        self.looked.retain(|uid, _| wanted.iter().any(|run| run.uid == *uid));
        let mut next: Option<Instant> = None;
        for run in wanted {
            let known = self.runs.get(&run.uid).copied();
            let now = Instant::now();
            let looked = self.looked.entry(run.uid.clone()).or_insert_with(|| Looked {
                etags: Etags::default(),
                due: now,
                settled: None,
                ended: false,
            });
            if looked.settled.is_some() && looked.settled == known {
                continue;
            }
            if looked.settled.take().is_some() {
                looked.due = now;
            }
            if looked.due <= now {
                self.read_jobs(&run, known).await?;
                self.tell_quota().await?;
            }
            if let Some(looked) = self.looked.get(&run.uid)
                && looked.settled.is_none()
            {
                next = Some(next.map_or(looked.due, |other: Instant| other.min(looked.due)));
            }
        }
        Ok(next)
    }

    async fn read_jobs(&mut self, run: &ObjectId, known: Option<Known>) -> Result<(), Gone> {
        let Some(mut looked) = self.looked.remove(&run.uid) else { return Ok(()) };
        let path = jobs_path(run);
        let wait = match self.client.list(&path, None, &mut looked.etags).await {
            Ok(Listed::Unchanged { .. }) => self.rhythm(),
            Ok(Listed::Pages { bodies, .. }) => match ingest::jobs(run, known.map_or(1, |run| run.attempt), &bodies) {
                Ok(jobs) => {
                    looked.ended = has_ended(&jobs);
                    self.tell_jobs(run, Ok(Arc::new(jobs))).await?;
                    self.rhythm()
                }
                Err(error) => {
                    looked.etags = Etags::default();
                    self.tell_jobs(run, Err(Safe::line(&error.to_string()))).await?;
                    self.outlet.pace.cap
                }
            },
            Err(error) => {
                let (message, wait) = match self.trouble(error).await {
                    Trouble::Denied(message) => (message, self.outlet.pace.runs.1),
                    Trouble::Passing(message, wait) => (message, wait.unwrap_or(self.outlet.pace.cap)),
                };
                looked.ended = false;
                self.tell_jobs(run, Err(message)).await?;
                wait
            }
        };
        let now = Instant::now();
        looked.due = now + wait;
        match known {
            Some(known) if looked.ended && !known.active => looked.settled = Some(known),
            // The list does not know it yet, and a run that goes on cannot be run again.
            Some(_) if looked.ended => self.due = self.due.min(now),
            _ => {}
        }
        self.looked.insert(run.uid.clone(), looked);
        Ok(())
    }

    fn rhythm(&self) -> Duration {
        self.outlet.between(self.outlet.pace.jobs).max(self.client.least_interval())
    }

    async fn tell_jobs(&self, run: &ObjectId, jobs: Result<Arc<Jobs>, Safe>) -> Result<(), Gone> {
        self.outlet.tell(FeedEvent::Detail(Detail::Jobs(JobsRead { run: run.uid.clone(), jobs }))).await
    }
}

fn has_ended(jobs: &Jobs) -> bool {
    jobs.jobs.iter().all(|job| job.status == RunStatus::Completed)
}
