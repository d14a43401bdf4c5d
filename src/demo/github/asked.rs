//! What people ask of a run: another attempt, or its end.

use jiff::Timestamp;

use super::book::{Book, Refused, Run};
use super::plan::{self, Again, Start, Workflow};

impl Book {
    pub(super) fn run_mut(&mut self, repository: &str, id: u64) -> Option<(&[Workflow], &mut Run)> {
        let repository = self.repositories.iter_mut().find(|it| it.name.eq_ignore_ascii_case(repository))?;
        Some((&self.workflows, repository.runs.iter_mut().find(|run| run.id == id)?))
    }

    /// The run of a job's newest attempt, and the job's place in its workflow.
    pub(super) fn place_of_job(&self, repository: &str, job: u64) -> Option<(u64, usize)> {
        let repository = self.repositories.iter().find(|it| it.name.eq_ignore_ascii_case(repository))?;
        repository.runs.iter().find_map(|run| {
            let job = run.latest()?.jobs.iter().find(|it| it.id == job)?;
            Some((run.id, job.plan))
        })
    }

    /// Begins another attempt.
    pub(super) fn rerun(
        &mut self,
        repository: &str,
        id: u64,
        now: Timestamp,
        again: Again,
        debug: bool,
    ) -> Result<(), Refused> {
        let (workflows, run) = self.run_mut(repository, id).ok_or(Refused::NotFound)?;
        let last = run.attempts.last().ok_or(Refused::NotFound)?;
        match last.state(now) {
            ("completed", Some(plan::SUCCESS)) if again == Again::Failed => return Err(Refused::Passed),
            ("completed", _) => {}
            _ => return Err(Refused::Running),
        }
        let start = Start {
            run: id,
            number: last.number + 1,
            at: now,
            actor: super::approvals::DEMO,
            fault: run.fault.as_ref(),
            before: Some((last, again)),
            debug,
        };
        let next = workflows[run.workflow].attempt(&start);
        run.attempts.push(next);
        Ok(())
    }

    /// Ends what still runs.
    pub(super) fn cancel(&mut self, repository: &str, id: u64, now: Timestamp, force: bool) -> Result<(), Refused> {
        let (workflows, run) = self.run_mut(repository, id).ok_or(Refused::NotFound)?;
        let jobs = &workflows[run.workflow].jobs;
        let last = run.attempts.last_mut().ok_or(Refused::NotFound)?;
        if last.state(now).0 == "completed" {
            return Err(Refused::Over);
        }
        if last.cancelled.is_none() || force {
            last.cancel(jobs, now, force);
        }
        Ok(())
    }
}
