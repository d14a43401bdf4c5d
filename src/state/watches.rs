//! "Tell me when": what is watched, how it stands, and whether that is worth telling. Pure; what is
//! told goes out as an effect of [`crate::update`].

use std::time::Duration;

use jiff::Timestamp;

use super::freshness::{self, Freshness};
use super::lists;
use super::ui::{Place, RowId};
use super::{State, deployment_status, rollout_phase, runs, workload_status};
use crate::model::kubernetes::RolloutVerdict;
use crate::model::notify::{Answer, Occasion, Seen};
use crate::model::pipelines::{Conclusion, Job, Run, RunStatus};
use crate::model::rollouts::{AnalysisPhase, Rollout, Step};
use crate::model::{Kind, Name, ObjectId, Uid};
use crate::safe;
use crate::text::Safe;

/// Watches that can be armed at a time.
pub const MOST: usize = 50;
/// States that are kept of one: the first, and the last ones.
pub const SEEN: usize = 24;
/// A source that is not heard for so long is told of.
const SILENCE: Duration = Duration::from_secs(30);

/// Everything that is watched, and whether the bell rings.
#[derive(Debug, Clone, Default)]
pub struct Watches {
    pub armed: Vec<Watch>,
    /// The bell was switched off; everything else is told all the same.
    pub mute: bool,
}

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A run, a job, a Rollout, a Deployment, an AnalysisRun.
    Object(ObjectId),
    /// A step of a job, by its number.
    Step(ObjectId, u32),
}

/// How far something is, as far as somebody wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Going,
    /// For a person.
    Waiting,
    Good,
    Bad,
}

/// One that is armed: it tells once, and is gone then.
#[derive(Debug, Clone)]
pub struct Watch {
    pub target: Target,
    pub name: Safe,
    pub armed: Timestamp,
    pub phase: Phase,
    pub seen: Vec<Seen>,
    /// That its source is silent was told.
    pub silent: bool,
}

/// How something stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub phase: Phase,
    pub words: Safe,
}

impl Target {
    #[must_use]
    pub const fn object(&self) -> &ObjectId {
        match self {
            Self::Object(id) | Self::Step(id, _) => id,
        }
    }

    /// What it is of: the highlighted row, else the object whose page this is.
    #[must_use]
    pub fn selected(state: &State) -> Option<Self> {
        let row = lists::selected(state, &state.ui.list_id());
        let of_row = match row {
            Some(RowId::JobStep(job, number)) => {
                state.world.details.job(&job).map(|job| Self::Step(job.id.clone(), number))
            }
            Some(RowId::Object(id) | RowId::Waiting(_, id)) if can_be_watched(id.kind) => Some(Self::Object(id)),
            _ => None,
        };
        of_row.or_else(|| match &state.ui.place {
            Place::Run(id) | Place::Rollout(id) | Place::Workload(id) | Place::Analysis(id) | Place::Log(id)
                if can_be_watched(id.kind) =>
            {
                Some(Self::Object(id.clone()))
            }
            _ => None,
        })
    }

    /// The row of a list that shows it.
    #[must_use]
    pub fn is_row(&self, row: &RowId) -> bool {
        match (self, row) {
            (Self::Object(id), RowId::Object(row) | RowId::Waiting(_, row)) => id == row,
            (Self::Step(job, number), RowId::JobStep(of, row)) => job.uid == *of && number == row,
            _ => false,
        }
    }
}

const fn can_be_watched(kind: Kind) -> bool {
    kind.is_run()
        || kind.is_job()
        || matches!(kind, Kind::Rollout | Kind::Deployment | Kind::AnalysisRun)
        || kind.is_controlled()
}

impl Watch {
    /// The run whose jobs must be read for it.
    #[must_use]
    pub fn run(&self, state: &State) -> Option<ObjectId> {
        let id = self.target.object();
        let uid = if id.kind.is_job() { state.world.details.job(&id.uid)?.run.clone() } else { return None };
        state.world.runs.get(&uid).map(|run| run.id())
    }

    /// Notes how it stands, when that is new.
    pub fn note(&mut self, at: Timestamp, words: &Safe) {
        if self.seen.last().is_none_or(|seen| seen.words != *words) {
            self.seen.push(Seen { at, words: words.clone() });
        }
        if self.seen.len() > SEEN {
            self.seen.remove(1);
        }
    }
}

impl Watches {
    #[must_use]
    pub fn is_armed(&self, target: &Target) -> bool {
        self.armed.iter().any(|watch| watch.target == *target)
    }

    /// Whether a row of a list is watched.
    #[must_use]
    pub fn marks(&self, row: &RowId) -> bool {
        self.armed.iter().any(|watch| watch.target.is_row(row))
    }
}

/// How it stands; `None` when it is not there any more.
#[must_use]
pub fn standing(state: &State, target: &Target) -> Option<Standing> {
    let world = &state.world;
    match target {
        Target::Object(id) => match id.kind {
            kind if kind.is_run() => world.runs.get(&id.uid).map(|run| of_run(state, run)),
            kind if kind.is_job() => world.details.job(&id.uid).map(of_job),
            Kind::Rollout => world.rollouts.get(&id.uid).map(|rollout| of_rollout(rollout)),
            kind if kind == Kind::Deployment || kind.is_controlled() => {
                let status = match world.deployments.get(&id.uid) {
                    Some(row) => deployment_status::status(row),
                    None => workload_status::status(world.controlled.get(&id.uid)?),
                };
                let phase = match status.verdict {
                    RolloutVerdict::Complete => Phase::Good,
                    RolloutVerdict::Progressing => Phase::Going,
                    RolloutVerdict::Failed => Phase::Bad,
                };
                Some(Standing { phase, words: status.message })
            }
            Kind::AnalysisRun => world.analysis_runs.get(&id.uid).map(|run| of_analysis(&run.phase)),
            _ => None,
        },
        Target::Step(job, number) => {
            let job = world.details.job(&job.uid)?;
            let step = job.steps.iter().find(|step| step.number == *number)?;
            Some(of_pipeline(&step.status, step.conclusion.as_ref()))
        }
    }
}

fn of_run(state: &State, run: &Run) -> Standing {
    let mut standing = of_pipeline(&run.status, run.conclusion.as_ref());
    let Some(jobs) = runs::current_jobs(state, run) else { return standing };
    let failed: Vec<Safe> = runs::failed_jobs(jobs).map(|job| job.id.name.safe().clone()).collect();
    if let Some(first) = failed.first() {
        let more = failed.len() - 1;
        let jobs = if more == 0 { first.clone() } else { safe!("{} and {} more", first, more) };
        standing.words = safe!("{}, {} failed", standing.words, jobs);
    }
    standing
}

fn of_job(job: &Job) -> Standing {
    of_pipeline(&job.status, job.conclusion.as_ref())
}

fn of_pipeline(status: &RunStatus, conclusion: Option<&Conclusion>) -> Standing {
    let (phase, words) = match (status, conclusion) {
        (RunStatus::Queued, _) => (Phase::Going, Safe::of("queued")),
        (RunStatus::InProgress, _) => (Phase::Going, Safe::of("running")),
        (RunStatus::Other(word), _) => (Phase::Going, word.clone()),
        (RunStatus::Waiting, _) => (Phase::Waiting, Safe::of("waits for an approval or its concurrency group")),
        (RunStatus::Completed, Some(Conclusion::ActionRequired)) => (Phase::Waiting, Safe::of("waits for a person")),
        (RunStatus::Completed, Some(Conclusion::Success)) => (Phase::Good, Safe::of("passed")),
        (RunStatus::Completed, Some(how @ (Conclusion::Skipped | Conclusion::Neutral))) => {
            (Phase::Good, Safe::line(how.as_str()))
        }
        // Cancelled, stale and what is not known: nothing that was hoped for came of it.
        (RunStatus::Completed, Some(how)) => (Phase::Bad, Safe::line(&how.as_str().replace('_', " "))),
        (RunStatus::Completed, None) => (Phase::Bad, Safe::of("ended, and nobody says how")),
    };
    Standing { phase, words }
}

fn of_rollout(rollout: &Rollout) -> Standing {
    let (word, message) = rollout_phase::phase(rollout);
    let timed = || match rollout_phase::current_step(rollout) {
        Some((_, Some(Step::Pause(Some(_))))) => {
            rollout.pause_conditions.iter().all(|condition| condition.reason.as_str() == "CanaryPauseStep")
        }
        _ => false,
    };
    let phase = match word.as_str() {
        "Healthy" => Phase::Good,
        "Degraded" => Phase::Bad,
        // A pause with an end goes on by itself.
        "Paused" if !timed() => Phase::Waiting,
        _ => Phase::Going,
    };
    let at = rollout_phase::current_step(rollout).filter(|_| phase != Phase::Good);
    let words = match (at, message.is_empty()) {
        (Some((index, _)), _) => safe!("{} at {}", word, super::steps::numbered(rollout, index as i64)),
        (None, false) => safe!("{}: {}", word, message),
        (None, true) => word,
    };
    Standing { phase, words }
}

fn of_analysis(phase: &AnalysisPhase) -> Standing {
    let (phase, words) = match phase {
        AnalysisPhase::Successful => (Phase::Good, Safe::of("successful")),
        AnalysisPhase::Failed => (Phase::Bad, Safe::of("failed")),
        AnalysisPhase::Error => (Phase::Bad, Safe::of("error")),
        AnalysisPhase::Inconclusive => (Phase::Waiting, Safe::of("inconclusive")),
        AnalysisPhase::Pending => (Phase::Going, Safe::of("pending")),
        AnalysisPhase::Running | AnalysisPhase::Other(_) => (Phase::Going, Safe::of("running")),
    };
    Standing { phase, words }
}

/// It cannot change any more: another attempt is another thing.
#[must_use]
pub fn has_ended(target: &Target, phase: Phase) -> bool {
    let kind = target.object().kind;
    matches!(phase, Phase::Good | Phase::Bad)
        && !matches!(kind, Kind::Rollout | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
}

/// What is to be told when it stood so and stands so now. What ended when the watch was armed (a
/// Rollout that is healthy) is waited for again.
#[must_use]
pub fn occasion(before: Phase, now: Phase) -> Option<Occasion> {
    match now {
        _ if now == before => None,
        Phase::Going => None,
        Phase::Waiting => Some(Occasion::Waiting),
        Phase::Good => Some(Occasion::Finished),
        Phase::Bad => Some(Occasion::Failed),
    }
}

/// Why nobody knows how it stands, once that has lasted.
#[must_use]
pub fn silence(state: &State, target: &Target) -> Option<Safe> {
    let id = target.object();
    let kind = match id.kind {
        Kind::TaskRun => Kind::PipelineRun,
        kind => kind.read_with(),
    };
    match freshness::of_place(state, id.cluster, kind, &id.namespace) {
        Freshness::Stale { since, why, .. } if since >= SILENCE => Some(why),
        Freshness::Denied { why } | Freshness::Absent { why } | Freshness::Failed { why, .. } => Some(why),
        _ => None,
    }
}

/// What it is called: of a job or a step with what it belongs to.
#[must_use]
pub fn name(state: &State, target: &Target) -> Safe {
    let of_run = |run: &Uid| state.world.runs.get(run).map(|run| runs::called(run));
    let of_job = |id: &ObjectId| {
        let run = state.world.details.job(&id.uid).and_then(|job| of_run(&job.run));
        run.map_or_else(|| id.name.safe().clone(), |run| safe!("{} of {}", id.name, run))
    };
    match target {
        Target::Object(id) if id.kind.is_run() => of_run(&id.uid).unwrap_or_else(|| id.name.safe().clone()),
        Target::Object(id) if id.kind.is_job() => of_job(id),
        Target::Object(id) => id.name.safe().clone(),
        Target::Step(id, number) => {
            let job = state.world.details.job(&id.uid);
            let step = job.and_then(|job| job.steps.iter().find(|step| step.number == *number));
            step.map_or_else(|| of_job(id), |step| safe!("{}, {}", step.name, of_job(id)))
        }
    }
}

/// What is told of a watch.
#[must_use]
pub fn answer(state: &State, watch: &Watch, occasion: Occasion, words: Safe) -> Answer {
    let id = watch.target.object();
    let source = state.world.source(id.cluster).map_or_else(|| Name::new(""), |source| source.name.clone());
    let job = state.world.details.job(&id.uid);
    let run = || state.world.runs.get(job.map_or(&id.uid, |job| &job.run)).map(|run| run.url.clone());
    Answer {
        occasion,
        kind: id.kind,
        name: watch.name.clone(),
        namespace: id.namespace.clone(),
        source,
        words,
        url: job.and_then(|job| job.url.clone()).or_else(run).filter(|url| !url.is_empty()),
        armed: watch.armed,
        at: state.now.wall,
        seen: watch.seen.clone(),
    }
}
