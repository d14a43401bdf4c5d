//! How long jobs and their steps took when they went well, and how jobs ended: what an expectation is
//! made from, and how often a job fails. Facts of the servers' own clocks, kept from one start of the program to the next, bounded in every direction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Samples of one job or step; older ones say little of today's code.
pub const SAMPLES: usize = 20;
/// Series (a job or a step of one) of one workflow: a step is not taken in beyond half of them.
pub const OF_A_WORKFLOW: usize = 1_000;
/// Series of all workflows; the workflow that ran longest ago is forgotten first.
pub const ALL: usize = 4_000;
/// A longer name is nothing a person reads, and the file is bounded.
const NAME: usize = 200;

/// A workflow: expectations are never shared between two of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// Name of the source, which is the same at the next start; its number is not.
    pub source: String,
    /// Of the run: `Run`, `PipelineRun`, `Execution`.
    pub kind: String,
    /// Repository or namespace.
    pub namespace: String,
    /// The workflow's file, or its name where it has none.
    pub workflow: String,
}

/// One that went well: when it ended, by the server's clock, and how long it took. A set of these is
/// the same whoever saw them first, so that two consoles can put theirs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since 1970.
    pub ended: i64,
    pub millis: u64,
}

impl Sample {
    /// From when to when; `None` when it is no span of time.
    #[must_use]
    pub fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Self> {
        let (from, to) = (from?, to?);
        let millis = u64::try_from(to.as_millisecond().checked_sub(from.as_millisecond())?).ok()?;
        Some(Self { ended: to.as_second(), millis })
    }
}

/// Oldest first, none twice, at most [`SAMPLES`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, u64)>", into = "Vec<(i64, u64)>")]
pub struct Samples(Vec<Sample>);

impl From<Vec<(i64, u64)>> for Samples {
    fn from(pairs: Vec<(i64, u64)>) -> Self {
        let mut all = Self::default();
        for (ended, millis) in pairs {
            all.add(Sample { ended, millis });
        }
        all
    }
}

impl From<Samples> for Vec<(i64, u64)> {
    fn from(samples: Samples) -> Self {
        samples.0.into_iter().map(|sample| (sample.ended, sample.millis)).collect()
    }
}

impl Samples {
    /// False when it is known already, or older than all that are kept.
    fn add(&mut self, sample: Sample) -> bool {
        let Err(at) = self.0.binary_search(&sample) else { return false };
        if self.0.len() < SAMPLES {
            self.0.insert(at, sample);
            return true;
        }
        if at == 0 {
            return false;
        }
        self.0.insert(at, sample);
        self.0.remove(0);
        true
    }

    #[must_use]
    pub fn all(&self) -> &[Sample] {
        &self.0
    }

    fn newest(&self) -> i64 {
        self.0.last().map_or(i64::MIN, |sample| sample.ended)
    }
}

/// How one ended that was neither skipped nor cancelled, and when, by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// Seconds since 1970.
    pub ended: i64,
    pub failed: bool,
}

/// Oldest first, none twice, at most [`SAMPLES`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(i64, bool)>", into = "Vec<(i64, bool)>")]
pub struct Outcomes(Vec<Outcome>);

impl From<Vec<(i64, bool)>> for Outcomes {
    fn from(pairs: Vec<(i64, bool)>) -> Self {
        let mut all = Self::default();
        for (ended, failed) in pairs {
            all.add(Outcome { ended, failed });
        }
        all
    }
}

impl From<Outcomes> for Vec<(i64, bool)> {
    fn from(outcomes: Outcomes) -> Self {
        outcomes.0.into_iter().map(|one| (one.ended, one.failed)).collect()
    }
}

impl Outcomes {
    /// False when it is known already, or older than all that are kept.
    fn add(&mut self, outcome: Outcome) -> bool {
        let Err(at) = self.0.binary_search(&outcome) else { return false };
        let full = self.0.len() >= SAMPLES;
        if full && at == 0 {
            return false;
        }
        self.0.insert(at, outcome);
        if full {
            self.0.remove(0);
        }
        true
    }

    #[must_use]
    pub fn all(&self) -> &[Outcome] {
        &self.0
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn newest(&self) -> i64 {
        self.0.last().map_or(i64::MIN, |one| one.ended)
    }
}

/// A job, and its steps by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    #[serde(default)]
    pub took: Samples,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, Samples>,
    /// How the job's last ones ended.
    #[serde(default, skip_serializing_if = "Outcomes::is_empty")]
    pub ended: Outcomes,
}

/// The jobs of a workflow by their names; the one without a name is the whole run.
pub type Jobs = BTreeMap<String, Times>;

/// Everything that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    flows: BTreeMap<Flow, Jobs>,
    /// Series in all of them.
    series: usize,
}

impl Book {
    /// Takes one in; false when nothing is new.
    pub fn learn(&mut self, flow: &Flow, job: &str, step: Option<&str>, sample: Sample) -> bool {
        if step.is_some_and(|step| step.len() > NAME) || !self.has_room(flow, job, step) {
            return false;
        }
        let Some(times) = self.times(flow, job) else { return false };
        let mut new_step = 0;
        let learnt = match step {
            None => times.took.add(sample),
            Some(step) => {
                if !times.steps.contains_key(step) {
                    times.steps.insert(step.to_owned(), Samples::default());
                    new_step = 1;
                }
                times.steps.get_mut(step).is_some_and(|samples| samples.add(sample))
            }
        };
        self.series += new_step;
        self.shrink();
        learnt
    }

    /// The same of how a job ended.
    pub fn learn_outcome(&mut self, flow: &Flow, job: &str, outcome: Outcome) -> bool {
        if job.is_empty() || !self.has_room(flow, job, None) {
            return false;
        }
        let learnt = self.times(flow, job).is_some_and(|times| times.ended.add(outcome));
        self.shrink();
        learnt
    }

    fn has_room(&self, flow: &Flow, job: &str, step: Option<&str>) -> bool {
        let long = [&flow.source, &flow.kind, &flow.namespace, &flow.workflow].iter().any(|word| word.len() > NAME);
        let full = || !self.knows(flow, job, step) && self.is_full(flow, step.is_some());
        !long && job.len() <= NAME && !full()
    }

    /// Of a job, which is a series from now on.
    fn times(&mut self, flow: &Flow, job: &str) -> Option<&mut Times> {
        let jobs = self.flows.entry(flow.clone()).or_default();
        if !jobs.contains_key(job) {
            jobs.insert(job.to_owned(), Times::default());
            self.series += 1;
        }
        jobs.get_mut(job)
    }

    /// How the last ones of a job ended, oldest first.
    #[must_use]
    pub fn outcomes(&self, flow: &Flow, job: &str) -> &[Outcome] {
        self.flows.get(flow).and_then(|jobs| jobs.get(job)).map_or(&[], |times| times.ended.all())
    }

    fn is_full(&self, flow: &Flow, step: bool) -> bool {
        let most = if step { OF_A_WORKFLOW / 2 } else { OF_A_WORKFLOW };
        self.flows.get(flow).is_some_and(|jobs| series(jobs) >= most)
    }

    /// Whether there is a series for it.
    #[must_use]
    pub fn knows(&self, flow: &Flow, job: &str, step: Option<&str>) -> bool {
        self.samples(flow, job, step).is_some()
    }

    /// Of a job, or of a step of it.
    #[must_use]
    pub fn samples(&self, flow: &Flow, job: &str, step: Option<&str>) -> Option<&Samples> {
        let times = self.flows.get(flow)?.get(job)?;
        match step {
            None => Some(&times.took),
            Some(step) => times.steps.get(step),
        }
    }

    /// The jobs of a workflow, the whole run among them.
    #[must_use]
    pub fn jobs(&self, flow: &Flow) -> Option<&Jobs> {
        self.flows.get(flow)
    }

    /// Puts in what another console has seen.
    pub fn merge(&mut self, other: &Self) {
        for (flow, jobs) in &other.flows {
            self.add(flow, jobs);
        }
    }

    /// The same of one workflow.
    pub fn add(&mut self, flow: &Flow, jobs: &Jobs) {
        for (job, times) in jobs {
            for sample in times.took.all() {
                self.learn(flow, job, None, *sample);
            }
            for outcome in times.ended.all() {
                self.learn_outcome(flow, job, *outcome);
            }
            for (step, samples) in &times.steps {
                for sample in samples.all() {
                    self.learn(flow, job, Some(step), *sample);
                }
            }
        }
    }

    /// Workflows in their order, for the file.
    pub fn flows(&self) -> impl Iterator<Item = (&Flow, &Jobs)> {
        self.flows.iter()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// How many series there are.
    #[must_use]
    pub const fn series(&self) -> usize {
        self.series
    }

    fn shrink(&mut self) {
        while self.series > ALL && self.flows.len() > 1 {
            let oldest = self.flows.iter().min_by_key(|(_, jobs)| newest(jobs)).map(|(flow, _)| flow.clone());
            let gone = oldest.and_then(|flow| self.flows.remove(&flow));
            self.series -= gone.as_ref().map_or(0, series);
        }
    }
}

fn series(jobs: &Jobs) -> usize {
    jobs.values().map(|times| 1 + times.steps.len()).sum()
}

fn newest(jobs: &Jobs) -> i64 {
    let of = |times: &Times| {
        let steps = times.steps.values().map(Samples::newest).max().unwrap_or(i64::MIN);
        steps.max(times.took.newest()).max(times.ended.newest())
    };
    jobs.values().map(of).max().unwrap_or(i64::MIN)
}
