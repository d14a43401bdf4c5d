//! What is expected of a job, a step, a run: the median and the 90th percentile of how long the last
//! ones took that went well, of the same source, repository, workflow and name.
//!
//! Samples come from whatever jobs are read anyway, of every system alike, and of whole runs from the
//! lists of runs, which tell when a run began and ended. For a console that has none yet the jobs of up
//! to [`FIRST`] runs of the chosen, running workflow are read that ended well, each once, one after the
//! other and only while the host's hour has more than half of its requests left ([`super::interest`]).

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::{State, history, runs};
use crate::model::durations::{self, Book, Flow, Samples};
use crate::model::pipelines::{Conclusion, Job, Jobs, Run, RunStatus};
use crate::model::{Kind, ObjectId, Uid};

/// Fewer say nothing.
pub const FEWEST: usize = 3;
/// Runs that ended, whose jobs are read to begin with.
pub const FIRST: usize = 5;
/// What is slower by less than this, or by less than a fifth, is as always.
const NOISE: Duration = Duration::from_secs(5);

/// What was learnt, and what of it is not on the disk yet.
#[derive(Debug, Clone, Default)]
pub struct Learnt {
    pub book: Arc<Book>,
    /// Jobs that were taken in: they come again with every reading of their run.
    pub jobs: HashSet<Uid>,
    /// Runs that ended, whose jobs were read for the samples.
    pub runs: HashSet<Uid>,
    /// There is something that has not been given to the disk.
    pub is_new: bool,
    /// When it was given last (monotonic).
    pub kept: Option<Duration>,
}

/// How long something takes, as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    pub median: Duration,
    pub p90: Duration,
    /// Made from so many.
    pub count: usize,
}

/// How long something that runs has run, beside what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As expected: so much of it is left.
    Left(Duration),
    /// Longer than half of them took, and not longer than is usual: up to so much is left.
    Late(Duration),
    /// Longer than nine of ten took.
    Slow,
}

impl Expected {
    /// From spans in any order; `None` of too few.
    #[must_use]
    pub fn of(spans: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut all: Vec<Duration> = spans.into_iter().collect();
        if all.len() < FEWEST {
            return None;
        }
        all.sort_unstable();
        let count = all.len();
        // Between the two in the middle; the nearest rank that nine of ten do not pass.
        let median = (all[(count - 1) / 2] + all[count / 2]) / 2;
        let p90 = all[(count * 9).div_ceil(10) - 1];
        Some(Self { median, p90, count })
    }

    fn of_samples(samples: &Samples) -> Option<Self> {
        Self::of(samples.all().iter().map(|sample| Duration::from_millis(sample.millis)))
    }

    /// How it stands after so long.
    #[must_use]
    pub fn pace(&self, elapsed: Duration) -> Pace {
        if let Some(left) = self.median.checked_sub(elapsed) {
            return Pace::Left(left);
        }
        let usual = self.p90.max(self.median + NOISE.max(self.median / 5));
        usual.checked_sub(elapsed).map_or(Pace::Slow, Pace::Late)
    }
}

/// The workflow of a run, as it is known from one start to the next.
#[must_use]
pub fn flow(state: &State, run: &Run) -> Option<Flow> {
    let source = state.world.source(run.meta.cluster)?;
    let workflow = if run.path.raw().is_empty() { &run.workflow } else { &run.path };
    Some(Flow {
        source: source.name.raw().to_owned(),
        kind: run.kind.as_str().to_owned(),
        namespace: run.meta.namespace.raw().to_owned(),
        workflow: workflow.raw().to_owned(),
    })
}

fn expected(state: &State, run: &Run, job: &str, step: Option<&str>) -> Option<Expected> {
    Expected::of_samples(state.learnt.book.samples(&flow(state, run)?, job, step)?)
}

/// Of a whole run.
#[must_use]
pub fn of_run(state: &State, run: &Run) -> Option<Expected> {
    expected(state, run, "", None)
}

#[must_use]
pub fn of_step(state: &State, job: &Job, number: u32) -> Option<Expected> {
    let run = state.world.runs.get(&job.run)?;
    expected(state, run, job.id.name.raw(), Some(&step_name(job, number)?))
}

/// A step by its name; of several of one name by which of them it is.
#[must_use]
pub fn step_name(job: &Job, number: u32) -> Option<Cow<'_, str>> {
    let at = job.steps.iter().position(|step| step.number == number)?;
    let name = job.steps[at].name.as_str();
    let before = job.steps[..at].iter().filter(|step| step.name.as_str() == name).count();
    Some(if before == 0 { Cow::Borrowed(name) } else { Cow::Owned(format!("{name} #{}", before + 1)) })
}

/// What is known of the jobs of one run: found once for all of them, not anew for each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usual<'a>(Option<&'a durations::Jobs>);

impl<'a> Usual<'a> {
    #[must_use]
    pub fn of(state: &'a State, run: &Run) -> Self {
        Self(flow(state, run).and_then(|flow| state.learnt.book.jobs(&flow)))
    }

    fn of_job(self, job: &Job) -> Option<Expected> {
        Expected::of_samples(&self.0?.get(job.id.name.raw())?.took)
    }

    /// As [`pace_of_job`], of a job of this run.
    #[must_use]
    pub fn pace(self, state: &State, job: &Job) -> Option<(Expected, Pace)> {
        if job.status != RunStatus::InProgress {
            return None;
        }
        let expected = self.of_job(job)?;
        Some((expected, expected.pace(runs::job_duration(state, job)?)))
    }
}

/// How a job that runs stands beside what is expected of it.
#[must_use]
pub fn pace_of_job(state: &State, job: &Job) -> Option<(Expected, Pace)> {
    if job.status != RunStatus::InProgress {
        return None;
    }
    Usual::of(state, state.world.runs.get(&job.run)?).pace(state, job)
}

/// It runs longer than nine of ten did.
#[must_use]
pub fn is_slow_job(state: &State, job: &Job) -> bool {
    pace_of_job(state, job).is_some_and(|(_, pace)| pace == Pace::Slow)
}

/// When a run will have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eta {
    /// In about so long.
    In(Duration),
    /// It takes longer than it does as a rule, which is so long.
    Slow(Duration),
}

/// When a run that moves will have ended: no sooner than the longest of its jobs that run or wait for
/// a runner, and no sooner than whole runs take as a rule, because a system does not tell of the jobs
/// that are still to come. `None` where too little is known, and while it waits for a person, which has
/// no end that could be told.
#[must_use]
pub fn eta(state: &State, run: &Run) -> Option<Eta> {
    if !matches!(run.status, RunStatus::InProgress | RunStatus::Queued) {
        return None;
    }
    let whole = of_run(state, run);
    let elapsed = runs::duration(state, run)?;
    let jobs = runs::current_jobs(state, run).map_or(&[][..], |jobs| &jobs.jobs);
    if jobs.iter().any(|job| job.status == RunStatus::Waiting) {
        return None;
    }
    let usual = Usual::of(state, run);
    let left = jobs.iter().filter_map(|job| match job.status {
        RunStatus::InProgress => match usual.pace(state, job)?.1 {
            Pace::Left(left) | Pace::Late(left) => Some(left),
            Pace::Slow => None,
        },
        RunStatus::Queued => usual.of_job(job).map(|expected| expected.median),
        _ => None,
    });
    let stage = left.max();
    match whole.map(|whole| (whole, whole.pace(elapsed))) {
        // A rerun of some of its jobs is shorter than the whole: that says nothing of it.
        _ if run.attempt > 1 => stage.map(Eta::In),
        Some((whole, Pace::Slow)) => Some(stage.map_or(Eta::Slow(whole.median), Eta::In)),
        Some((_, Pace::Left(left) | Pace::Late(left))) => Some(Eta::In(stage.map_or(left, |stage| stage.max(left)))),
        // Of jobs that are still to come nothing is known.
        None => None,
    }
}

/// A whole run that takes longer than it does as a rule.
#[must_use]
pub fn is_slow(state: &State, run: &Run) -> bool {
    let slow = || Some(of_run(state, run)?.pace(runs::duration(state, run)?) == Pace::Slow);
    run.attempt <= 1 && run.status == RunStatus::InProgress && slow() == Some(true)
}

/// Runs whose jobs are worth reading for what is learnt of them alone: the newest of the workflow of a
/// run that moves, while too little is known of its jobs; of one of which a job failed, or that was run
/// again, those that ended before it, whatever way, so that they can be counted.
#[must_use]
pub fn wanted(state: &State, run: &Run) -> Vec<ObjectId> {
    if run.kind != Kind::Run {
        return Vec::new();
    }
    let Some(flow) = flow(state, run) else { return Vec::new() };
    let known = |jobs: &crate::model::durations::Jobs| {
        jobs.iter().filter(|(name, _)| !name.is_empty()).map(|(_, times)| times.took.all().len()).max().unwrap_or(0)
    };
    let mut all = Vec::new();
    if run.is_active() && state.learnt.book.jobs(&flow).map_or(0, known) < FIRST {
        all = newest_alike(state, run, FIRST, &went_well);
    }
    if history::is_asked_for(state, run) {
        let ended = |other: &Run| match &other.conclusion {
            Some(how) => *how == Conclusion::Success || how.is_bad(),
            None => false,
        };
        for id in newest_alike(state, run, history::COUNTED, &ended) {
            if !all.contains(&id) {
                all.push(id);
            }
        }
    }
    all.retain(|id| !state.learnt.runs.contains(&id.uid));
    all
}

/// The newest runs of the same workflow that are as wanted.
fn newest_alike(state: &State, run: &Run, most: usize, wanted: &dyn Fn(&Run) -> bool) -> Vec<ObjectId> {
    let alike = |other: &&Arc<Run>| wanted(other) && other.path == run.path && other.workflow == run.workflow;
    let mut all: Vec<&Arc<Run>> =
        state.world.runs.of_namespace(run.meta.cluster, &run.meta.namespace).iter().filter(alike).collect();
    all.sort_by_key(|run| Reverse((run.created, run.number)));
    all.into_iter().take(most).map(|run| run.id()).collect()
}

/// It ended well, and all of it ran: a later attempt may have run only what failed before.
#[must_use]
pub fn went_well(run: &Run) -> bool {
    run.status == RunStatus::Completed && run.conclusion == Some(Conclusion::Success) && run.attempt <= 1
}

/// The jobs without which the run would have ended sooner: the one that ends last, the one that ended
/// last before that one could begin, and so on. No system tells which job needs which; what began before
/// another had ended did not wait for it. In the order of time, by their places among the jobs.
#[must_use]
pub fn longest_chain(state: &State, run: &Run, jobs: &Jobs) -> Vec<usize> {
    let usual = Usual::of(state, run);
    let span = |job: &Job| {
        let ran = job.conclusion != Some(Conclusion::Skipped);
        super::timeline::span_of(state, job, usual).filter(|_| ran)
    };
    let spans: Vec<_> = jobs.jobs.iter().map(span).collect();
    let ends = |at: usize| spans[at].map(|(_, to)| to);
    let mut chain = Vec::new();
    let mut next = (0..spans.len()).filter(|at| spans[*at].is_some()).max_by_key(|at| ends(*at));
    while let Some(at) = next.filter(|_| chain.len() < spans.len()) {
        chain.push(at);
        let job = &jobs.jobs[at];
        // GitHub and Tekton make a job when what it needs has ended.
        let Some(begun) = job.created.or(job.started) else { break };
        let begun = state.ours(job.id.cluster, begun);
        let before = |other: &usize| {
            let ended = jobs.jobs[*other].status == RunStatus::Completed && !chain.contains(other);
            ended && spans[*other].is_some_and(|(_, to)| to.duration_since(begun).as_secs() <= 1)
        };
        next = (0..spans.len()).filter(before).max_by_key(|at| ends(*at));
    }
    chain.reverse();
    chain
}
