//! The jobs of the runs that somebody looks at: read when it is new, every few seconds while it runs,
//! and no more once it has ended.

use std::sync::Arc;

use tokio::time::Instant;

use super::rhythm::Came;
use super::watch::Watch;
use super::words::Trouble;
use super::{ingest, jobs_path};
use crate::model::ObjectId;
use crate::model::pipelines::{Jobs, JobsRead, RunStatus};
use crate::model::source::{Detail, FeedEvent};
use crate::net::{Etags, Listed};
use crate::systems::polled::Gone;
use crate::text::Safe;

impl Watch {
    /// Reads the jobs that are due.
    pub(super) async fn look(&mut self) -> Result<(), Gone> {
        let interest = Arc::clone(&self.outlet.interest.borrow());
        let here = &self.outlet.id;
        let ours = |run: &&ObjectId| run.cluster == here.cluster && Some(&run.namespace) == here.namespace.as_ref();
        let wanted: Vec<ObjectId> = interest.jobs.iter().filter(ours).cloned().collect();
        if std::mem::replace(&mut self.forgotten, interest.forgotten) != interest.forgotten {
            // What is looked at may have been left and come back to before this was heard of.
            self.jobs_etags.clear();
            self.rhythm.jobs_forgotten();
            self.queued.refresh();
        }
        let queued = self.wanted_queued();
        self.jobs_etags.retain(|uid, _| wanted.iter().chain(&queued).any(|run| run.uid == *uid));
        for run in self.rhythm.jobs_due(Instant::now(), &wanted) {
            let came = self.read_jobs(&run).await?;
            let wait = self.client.paced(self.outlet.between(self.outlet.pace.jobs));
            self.rhythm.jobs_read(Instant::now(), &run.uid, came, wait);
            self.tell_quota().await?;
        }
        Ok(())
    }

    pub(super) async fn read_jobs(&mut self, run: &ObjectId) -> Result<Came, Gone> {
        let attempt = self.rhythm.run(&run.uid).map_or(1, |run| run.attempt);
        let etags = self.jobs_etags.entry(run.uid.clone()).or_default();
        let came = match self.client.list(&jobs_path(run), None, etags).await {
            Ok(Listed::Unchanged { .. }) => Came::Unchanged,
            Ok(Listed::Pages { bodies, .. }) => match ingest::jobs(run, attempt, &bodies) {
                Ok(jobs) => {
                    let all_ended = has_ended(&jobs);
                    self.tell_jobs(run, Ok(Arc::new(jobs))).await?;
                    Came::Jobs { all_ended }
                }
                Err(error) => {
                    *etags = Etags::default();
                    self.tell_jobs(run, Err(Safe::line(&error.to_string()))).await?;
                    Came::Odd(self.outlet.pace.cap)
                }
            },
            Err(error) => {
                let (message, wait) = match self.trouble(error).await {
                    Trouble::Denied(message) => (message, self.outlet.pace.runs.1),
                    Trouble::Passing(message, wait) => (message, wait.unwrap_or(self.outlet.pace.cap)),
                };
                self.tell_jobs(run, Err(message)).await?;
                Came::Trouble(wait)
            }
        };
        Ok(came)
    }

    async fn tell_jobs(&self, run: &ObjectId, jobs: Result<Arc<Jobs>, Safe>) -> Result<(), Gone> {
        self.outlet.tell(FeedEvent::Detail(Detail::Jobs(JobsRead { run: run.uid.clone(), jobs }))).await
    }
}

fn has_ended(jobs: &Jobs) -> bool {
    jobs.jobs.iter().all(|job| job.status == RunStatus::Completed)
}
