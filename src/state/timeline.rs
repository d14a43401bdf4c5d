//! Jobs and steps on the time scale of their run. All times by the operator's clock.

use std::time::Duration;

use jiff::Timestamp;

use super::State;
use super::expected::Usual;
use super::groups::Group;
use crate::model::SourceId;
use crate::model::pipelines::{Job, JobStep, Jobs, Run, RunStatus};

/// While a run moves its scale ends at the next of these, so that bars grow to the right and only
/// now and then all of them change.
const ENDS: [u64; 18] =
    [30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 2_700, 3_600, 5_400, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400];

/// From when the first job was queued to the end of the last, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    pub from: Timestamp,
    pub span: Duration,
    /// Something is expected of one of the jobs: words beside the bars say what.
    pub expects: bool,
}

/// From when to when something ran.
pub type Span = (Timestamp, Timestamp);

impl Scale {
    /// The scale of a run; `None` before any of its jobs began.
    #[must_use]
    pub fn of(state: &State, run: &Run, jobs: &Jobs) -> Option<Self> {
        let usual = Usual::of(state, run);
        let spans: Vec<Span> = jobs.jobs.iter().filter_map(|job| span_of(state, job, usual)).collect();
        let queued = jobs.jobs.iter().filter_map(|job| of_queue(state, job));
        // A job that passed in an earlier attempt stands beside those of this one, hours before them.
        let begun = run.started.map(|at| state.ours(run.meta.cluster, at));
        let of_now = |(_, to): &Span| begun.is_none_or(|begun| *to >= begun);
        let first = spans.iter().copied().chain(queued).filter(of_now).map(|(from, _)| from).min();
        let from = first.or_else(|| spans.iter().map(|(from, _)| *from).min())?;
        let to = spans.iter().map(|(_, to)| *to).max()?;
        let span = length((from, to));
        let span = if run.is_active() { next_end(span) } else { span };
        let expects = jobs.jobs.iter().any(|job| usual.pace(state, job).is_some());
        Some(Self { from, span: span.max(Duration::from_secs(1)), expects })
    }

    /// First cell and number of cells of a bar in so many; never past their end, never none.
    #[must_use]
    pub fn cells(&self, (from, to): Span, width: u16) -> (u16, u16) {
        let place = |at: Timestamp| {
            let part = length((self.from, at)).as_secs_f64() / self.span.as_secs_f64();
            (part.min(1.0) * f64::from(width)).round() as u16
        };
        let first = place(from).min(width.saturating_sub(1));
        (first, place(to).saturating_sub(first).max(1).min(width - first))
    }
}

/// When a job ran, or runs until now; `None` of one that has not begun.
#[must_use]
pub fn of_job(state: &State, job: &Job) -> Option<Span> {
    span(state, job.id.cluster, &job.status, job.started, job.completed)
}

/// From when the first job of a group began to when the last ended, or to now.
#[must_use]
pub fn of_group(state: &State, group: &Group) -> Option<Span> {
    let from = state.ours(group.source, group.started?);
    let to = group.completed.map_or(state.now.wall, |to| state.ours(group.source, to));
    Some((from, to.max(from)))
}

/// The same with the time that it will run on, as a rule.
#[must_use]
pub fn expected_span(state: &State, job: &Job) -> Option<Span> {
    let usual = state.world.runs.get(&job.run).map(|run| Usual::of(state, run));
    span_of(state, job, usual.unwrap_or_default())
}

/// The same of one of the jobs of a run.
#[must_use]
pub fn span_of(state: &State, job: &Job, usual: Usual<'_>) -> Option<Span> {
    let (from, to) = of_job(state, job)?;
    let end = usual.pace(state, job).and_then(|(expected, _)| from.checked_add(expected.median).ok());
    Some((from, end.map_or(to, |end| end.max(to))))
}

/// When a job that has begun was queued before.
#[must_use]
pub fn of_queue(state: &State, job: &Job) -> Option<Span> {
    let (begun, _) = of_job(state, job)?;
    let queued = state.ours(job.id.cluster, job.created?);
    (queued < begun).then_some((queued, begun))
}

/// The same of a step of a job.
#[must_use]
pub fn of_step(state: &State, source: SourceId, step: &JobStep) -> Option<Span> {
    span(state, source, &step.status, step.started, step.completed)
}

fn span(
    state: &State,
    source: SourceId,
    status: &RunStatus,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
) -> Option<Span> {
    let from = state.ours(source, started?);
    let to = match status {
        RunStatus::Completed => state.ours(source, completed?),
        RunStatus::InProgress => state.now.wall,
        RunStatus::Queued | RunStatus::Waiting | RunStatus::Other(_) => return None,
    };
    Some((from, to.max(from)))
}

/// How long it is; an end before its beginning is no time at all.
#[must_use]
pub fn length((from, to): Span) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

fn next_end(span: Duration) -> Duration {
    let end = ENDS.iter().find(|end| **end > span.as_secs());
    end.map_or(span, |end| Duration::from_secs(*end))
}
