//! Takes in how long jobs took that went well and how jobs ended, and gives it to the disk now and then.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::Effect;
use crate::model::Uid;
use crate::model::asides::Told;
use crate::model::durations::{Book, Flow, Outcome, Sample};
use crate::model::pipelines::{Conclusion, Job, Jobs, JobsRead, Run, RunStatus};
use crate::model::source::{Detail, FeedEvent, Object};
use crate::state::State;
use crate::state::expected::{self, Learnt};

/// From one writing to the next: what a crash loses is read again.
const EVERY: Duration = Duration::from_mins(1);
/// A step that is over sooner needs no expectation, unless it took longer before.
const SHORT_STEP: u64 = 5_000;
/// Jobs and runs that are remembered as taken in; beyond that they are looked at again, which costs
/// time and changes nothing.
const REMEMBERED: usize = 20_000;

/// What a source said, before the world has it.
pub(super) fn hear(state: &mut State, event: &FeedEvent) {
    match event {
        FeedEvent::Applied(objects) => {
            for object in objects {
                if let Object::Run(run) = object {
                    whole_run(state, run);
                }
            }
        }
        FeedEvent::Detail(Detail::Jobs(read)) => jobs(state, read),
        FeedEvent::Detail(Detail::Aside(read)) => {
            if let Ok(Told::Attempt(attempt)) = read.told.as_deref() {
                take_jobs(state, &attempt.run.meta.uid, &attempt.jobs);
            }
        }
        FeedEvent::Detail(Detail::Past(read)) => {
            jobs(state, read);
            // One that cannot be read is not asked for again.
            remember(&mut state.learnt.runs, read.run.clone());
        }
        _ => {}
    }
}

fn remember(known: &mut HashSet<Uid>, uid: Uid) {
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(uid);
}

/// `updated_at` is the last of a run's own changes: its end, as long as nobody touches it afterwards,
/// which the median bears.
fn whole_run(state: &mut State, run: &Run) {
    if !expected::went_well(run) {
        return;
    }
    let Some(sample) = Sample::between(run.started.or(run.created), run.updated) else { return };
    let Some(flow) = expected::flow(state, run) else { return };
    take(&mut state.learnt, &flow, "", None, sample);
}

fn jobs(state: &mut State, read: &JobsRead) {
    if let Ok(jobs) = &read.jobs {
        take_jobs(state, &read.run, jobs);
    }
}

fn take_jobs(state: &mut State, run: &Uid, jobs: &Jobs) {
    let Some(run) = state.world.runs.get(run) else { return };
    let Some(flow) = expected::flow(state, run) else { return };
    for job in &jobs.jobs {
        let Some(failed) = ended(job) else { continue };
        if state.learnt.jobs.contains(&job.id.uid) {
            continue;
        }
        if !failed {
            take_job(&mut state.learnt, &flow, job);
        }
        take_outcome(&mut state.learnt, &flow, job, failed);
        remember(&mut state.learnt.jobs, job.id.uid.clone());
    }
}

/// Whether a job failed, of one that ended by itself.
fn ended(job: &Job) -> Option<bool> {
    match job.conclusion.as_ref().filter(|_| job.status == RunStatus::Completed)? {
        Conclusion::Success => Some(false),
        how => how.is_bad().then_some(true),
    }
}

fn take_outcome(learnt: &mut Learnt, flow: &Flow, job: &Job, failed: bool) {
    let Some(completed) = job.completed else { return };
    let outcome = Outcome { ended: completed.as_second(), failed };
    if !learnt.book.outcomes(flow, job.id.name.raw()).contains(&outcome) {
        learnt.is_new |= Arc::make_mut(&mut learnt.book).learn_outcome(flow, job.id.name.raw(), outcome);
    }
}

fn take_job(learnt: &mut Learnt, flow: &Flow, job: &Job) {
    let name = job.id.name.raw();
    let Some(sample) = Sample::between(job.started, job.completed).filter(|_| !name.is_empty()) else { return };
    take(learnt, flow, name, None, sample);
    for step in &job.steps {
        if !passed(&step.status, step.conclusion.as_ref()) {
            continue;
        }
        let (Some(sample), Some(step)) =
            (Sample::between(step.started, step.completed), expected::step_name(job, step.number))
        else {
            continue;
        };
        if sample.millis >= SHORT_STEP || learnt.book.knows(flow, name, Some(&step)) {
            take(learnt, flow, name, Some(&step), sample);
        }
    }
}

fn passed(status: &RunStatus, conclusion: Option<&Conclusion>) -> bool {
    *status == RunStatus::Completed && conclusion == Some(&Conclusion::Success)
}

/// A list says the same again and again: only what is new is written to.
fn take(learnt: &mut Learnt, flow: &Flow, job: &str, step: Option<&str>, sample: Sample) {
    let known = learnt.book.samples(flow, job, step).is_some_and(|samples| samples.all().contains(&sample));
    if !known {
        learnt.is_new |= Arc::make_mut(&mut learnt.book).learn(flow, job, step, sample);
    }
}

/// What is to be written now, if anything.
pub(super) fn keep(state: &mut State) -> Option<Effect> {
    let learnt = &mut state.learnt;
    let due = learnt.kept.is_none_or(|kept| state.now.mono >= kept + EVERY);
    if !learnt.is_new || !due {
        return None;
    }
    (learnt.is_new, learnt.kept) = (false, Some(state.now.mono));
    Some(Effect::Keep(Arc::clone(&learnt.book)))
}

/// What was known when the program ended last.
pub fn remembered(state: &mut State, book: Book) {
    state.learnt.book = Arc::new(book);
    // The first writing waits its time.
    state.learnt.kept = Some(state.now.mono);
}
