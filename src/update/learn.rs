//! Takes in how long jobs took that went well, and gives it to the disk now and then.

use std::sync::Arc;
use std::time::Duration;

use super::Effect;
use crate::model::durations::{Book, Flow, Sample};
use crate::model::pipelines::{Conclusion, Job, JobsRead, Run, RunStatus};
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
        FeedEvent::Detail(Detail::Past(read)) => {
            jobs(state, read);
            // One that cannot be read is not asked for again.
            remember(&mut state.learnt.runs, read.run.clone());
        }
        _ => {}
    }
}

fn remember(known: &mut std::collections::HashSet<crate::model::Uid>, uid: crate::model::Uid) {
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
    let Ok(jobs) = &read.jobs else { return };
    let Some(run) = state.world.runs.get(&read.run) else { return };
    let Some(flow) = expected::flow(state, run) else { return };
    for job in &jobs.jobs {
        if passed(&job.status, job.conclusion.as_ref()) && !state.learnt.jobs.contains(&job.id.uid) {
            take_job(&mut state.learnt, &flow, job);
            remember(&mut state.learnt.jobs, job.id.uid.clone());
        }
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
