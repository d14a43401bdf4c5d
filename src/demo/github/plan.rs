//! Workflows as data: their jobs and steps, and how one attempt of a run goes, worked out in full
//! when it begins. What a server says of it at a moment is then a matter of comparing times.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::demo::DemoError;
use crate::demo::value::{hash, later, mix};

const WORKFLOWS: &str = include_str!("../../../demo/workflows.yaml");

/// Between the wish to cancel and the end of what runs.
const STOPPING: Duration = Duration::from_secs(3);

pub(super) const SUCCESS: &str = "success";
pub(super) const FAILURE: &str = "failure";
pub(super) const CANCELLED: &str = "cancelled";
pub(super) const SKIPPED: &str = "skipped";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workflow {
    pub(super) name: String,
    pub(super) path: String,
    /// Builds the images of versions.
    #[serde(default)]
    pub(super) releases: bool,
    /// Names of repositories; all when empty.
    #[serde(default)]
    pub(super) of: Vec<String>,
    /// Nobody has started it yet: of the repositories that it names it is one, without a run.
    #[serde(default)]
    pub(super) unused: bool,
    /// What it asks for when somebody starts it by hand; `None`: nobody can.
    pub(super) dispatch: Option<Vec<Asks>>,
    pub(super) jobs: Vec<JobPlan>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobPlan {
    pub(super) name: String,
    /// Labels, between commas.
    pub(super) runner: String,
    /// Jobs before it in the list.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// It waits for this environment's approval.
    pub(super) environment: Option<Environment>,
    /// `if: always()`: it runs whatever became of the others, a cancel included.
    #[serde(default)]
    pub(super) always: bool,
    pub(super) steps: Vec<StepPlan>,
}

/// An input of `workflow_dispatch`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asks {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) required: bool,
    pub(super) default: Option<String>,
    #[serde(default)]
    pub(super) options: Vec<String>,
}

/// An environment with its protection rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    pub(super) name: String,
    pub(super) reviewers: Vec<String>,
    pub(super) team: Option<String>,
    /// Whether one may approve what one began oneself.
    #[serde(default = "yes")]
    pub(super) own: bool,
    /// Minutes.
    #[serde(default)]
    pub(super) wait: u64,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepPlan {
    pub(super) name: String,
    pub(super) seconds: u64,
    #[serde(default)]
    pub(super) writes: Writes,
}

/// What a step's log is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::demo) enum Writes {
    #[default]
    Plain,
    Build,
    Install,
    Lint,
    Unit,
    Services,
    E2e,
    Schema,
    Image,
    Push,
    Plan,
    Deploy,
}

/// A job of these attempts fails in its last step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Fault {
    pub(super) job: String,
    /// Up to and including this attempt; all when absent.
    pub(super) attempts: Option<u32>,
}

#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) number: u32,
    pub(super) started: Timestamp,
    /// Who asked for it; of the first one the run's actor.
    pub(super) actor: &'static str,
    pub(super) jobs: Vec<Job>,
    pub(super) cancelled: Option<Timestamp>,
    /// Its logs tell what runner and steps do.
    pub(super) debug: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: u64,
    /// Its place in the workflow.
    pub(super) plan: usize,
    /// Not known to anybody before.
    pub(super) created: Timestamp,
    pub(super) started: Timestamp,
    /// `None`: it waits for a person.
    pub(super) ended: Option<(Timestamp, &'static str)>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) conclusion: &'static str,
    pub(super) writes: Option<Writes>,
}

/// The workflows of the demo.
pub(super) fn workflows() -> Result<Vec<Workflow>, DemoError> {
    serde_yaml::from_str(WORKFLOWS)
        .map_err(|error| DemoError::Scenario { scenario: "workflows".to_owned(), reason: error.to_string() })
}

/// What the schedule of an attempt depends on.
pub(super) struct Start<'a> {
    pub(super) run: u64,
    pub(super) number: u32,
    pub(super) at: Timestamp,
    pub(super) actor: &'static str,
    pub(super) fault: Option<&'a Fault>,
    /// The one before, of which jobs are kept.
    pub(super) before: Option<(&'a Attempt, Again)>,
    pub(super) debug: bool,
}

/// What of the attempt before is done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    All,
    /// What did not pass.
    Failed,
    /// The job at this place, and those that need it.
    Job(usize),
}

impl Workflow {
    /// How an attempt goes if nobody interferes.
    pub(super) fn attempt(&self, start: &Start) -> Attempt {
        let mut jobs: Vec<Job> = Vec::new();
        self.go_on(start, &mut jobs);
        Attempt {
            number: start.number,
            started: start.at,
            actor: start.actor,
            jobs,
            cancelled: None,
            debug: start.debug,
        }
    }

    /// Makes the jobs that are not there yet and that nothing keeps from being made.
    pub(super) fn go_on(&self, start: &Start, jobs: &mut Vec<Job>) {
        for (index, plan) in self.jobs.iter().enumerate() {
            if jobs.iter().any(|job| job.plan == index) {
                continue;
            }
            let id = job_id(start.run, start.number, index);
            if let Some(kept) = start.before.and_then(|before| self.kept(before, index)) {
                jobs.push(Job { id, ..kept.clone() });
                continue;
            }
            let needs: Vec<Option<&Job>> =
                plan.needs.iter().map(|name| jobs.iter().find(|job| self.jobs[job.plan].name == *name)).collect();
            let begin = later(start.at, Duration::from_secs(1));
            let ends = needs.iter().map(|job| job.and_then(|job| job.ended));
            // What it needs waits for a person or was never made: neither is it.
            let Some(ends) = ends.collect::<Option<Vec<_>>>() else { continue };
            let ready = ends.iter().map(|(end, _)| *end).fold(begin, Timestamp::max);
            let job = if !plan.always && ends.iter().any(|(_, how)| *how != SUCCESS) {
                Job {
                    id,
                    plan: index,
                    created: ready,
                    started: ready,
                    ended: Some((ready, SKIPPED)),
                    steps: Vec::new(),
                }
            } else if plan.environment.is_some() {
                Job { id, plan: index, created: ready, started: ready, ended: None, steps: Vec::new() }
            } else {
                let fails = start.fault.is_some_and(|fault| {
                    fault.job == plan.name && fault.attempts.is_none_or(|last| start.number <= last)
                });
                plan.run(id, index, ready, fails)
            };
            jobs.push(job);
        }
    }

    /// The job of the attempt before that stands as it is.
    fn kept<'a>(&self, (before, again): (&'a Attempt, Again), index: usize) -> Option<&'a Job> {
        let job = before.jobs.iter().find(|job| job.plan == index)?;
        let kept = match again {
            Again::All => false,
            Again::Failed => job.ended.is_some_and(|(_, how)| how == SUCCESS),
            Again::Job(which) => !self.needs(index, which),
        };
        kept.then_some(job)
    }

    /// Whether a job is that one, or runs after it.
    fn needs(&self, index: usize, which: usize) -> bool {
        let place = |name: &String| self.jobs.iter().position(|job| job.name == *name);
        index == which
            // Jobs need only jobs before them in the list.
            || self.jobs[index].needs.iter().filter_map(place).any(|before| before < index && self.needs(before, which))
    }

    /// The time from start to end of an ordinary run.
    pub(super) fn length(&self) -> Duration {
        let at = Timestamp::UNIX_EPOCH;
        let attempt =
            self.attempt(&Start { run: 1, number: 1, at, actor: "", fault: None, before: None, debug: false });
        let end = attempt.jobs.iter().filter_map(|job| job.ended).map(|(end, _)| end).max().unwrap_or(at);
        end.duration_since(at).unsigned_abs()
    }
}

impl JobPlan {
    /// What `runs-on` asks for.
    pub(super) fn labels(&self) -> Vec<&str> {
        self.runner.split(", ").collect()
    }

    /// A machine of one's own, and no hosted one.
    pub(super) fn is_own(&self) -> bool {
        self.runner.starts_with("self-hosted")
    }

    pub(super) fn run(&self, id: u64, plan: usize, created: Timestamp, fails: bool) -> Job {
        let noise = |part: u64, of: u64| mix(id ^ part) % of;
        // There is one for all, and it works for others until the evening.
        let queued = if self.runner.ends_with("gpu") {
            4 * 3_600
        } else if self.runner.contains("arm") {
            31 + noise(1, 25)
        } else {
            2 + noise(1, 5)
        };
        let started = later(created, Duration::from_secs(queued));
        let mut steps: Vec<Step> = Vec::new();
        let mut now = started;
        let mut add = |name: &str, seconds: u64, conclusion, writes| {
            let ended = later(now, Duration::from_secs(seconds));
            steps.push(Step { name: name.to_owned(), started: now, ended, conclusion, writes });
            now = ended;
        };
        add("Set up job", 1 + noise(2, 2), SUCCESS, None);
        add("Run actions/checkout@v5", 1 + noise(3, 3), SUCCESS, Some(Writes::Plain));
        for (index, step) in self.steps.iter().enumerate() {
            let last = index + 1 == self.steps.len();
            let seconds = step.seconds + noise(4 + index as u64, step.seconds / 10 + 1);
            add(&step.name, seconds, if fails && last { FAILURE } else { SUCCESS }, Some(step.writes));
        }
        add("Post Run actions/checkout@v5", noise(20, 2), SUCCESS, None);
        add("Complete job", 0, SUCCESS, None);
        Job { id, plan, created, started, ended: Some((now, if fails { FAILURE } else { SUCCESS })), steps }
    }
}

/// The same job of another attempt has another one.
fn job_id(run: u64, attempt: u32, index: usize) -> u64 {
    40_000_000_000 + hash(&format!("{run}/{attempt}/{index}")) % 50_000_000_000
}

impl Attempt {
    /// When and how it is over; `None` while a job waits for a person.
    pub(super) fn end(&self) -> Option<(Timestamp, &'static str)> {
        let ends: Vec<_> = self.jobs.iter().map(|job| job.ended).collect::<Option<_>>()?;
        let last = ends.iter().map(|(end, _)| *end).max()?;
        let how = [CANCELLED, FAILURE].into_iter().find(|word| ends.iter().any(|(_, how)| how == word));
        // One whose last job did not care for the cancel was cancelled all the same.
        let how = how.or(self.cancelled.map(|_| CANCELLED));
        Some((last, how.unwrap_or(SUCCESS)))
    }

    /// Ends what still runs a moment after `at`, as a cancelled run ends: what runs `always` goes on,
    /// unless force is used.
    pub(super) fn cancel(&mut self, plans: &[JobPlan], at: Timestamp, force: bool) {
        let stop = later(at, STOPPING);
        self.cancelled = Some(stop);
        let goes_on = |job: &Job| !force && plans.get(job.plan).is_some_and(|plan| plan.always) && job.started <= stop;
        self.jobs.retain(|job| job.created <= stop);
        for job in &mut self.jobs {
            if job.ended.is_some_and(|(end, _)| end <= stop) || goes_on(job) {
                continue;
            }
            job.ended = Some((stop, CANCELLED));
            job.started = job.started.min(stop);
            for step in &mut job.steps {
                if step.started >= stop {
                    (step.started, step.ended, step.conclusion) = (stop, stop, SKIPPED);
                } else if step.ended > stop {
                    (step.ended, step.conclusion) = (stop, CANCELLED);
                }
            }
        }
    }

    /// The newest change that was there at `now`.
    pub(super) fn changed(&self, now: Timestamp) -> Timestamp {
        let jobs = self.jobs.iter().flat_map(|job| {
            let steps = job.steps.iter().flat_map(|step| [step.started, step.ended]);
            steps.chain([job.created, job.started]).chain(job.ended.map(|(end, _)| end))
        });
        jobs.filter(|time| *time <= now).fold(self.started, Timestamp::max)
    }

    /// `status` and `conclusion` at a moment.
    pub(super) fn state(&self, now: Timestamp) -> (&'static str, Option<&'static str>) {
        if let Some((end, how)) = self.end()
            && end <= now
        {
            return ("completed", Some(how));
        }
        let known = || self.jobs.iter().filter(|job| job.created <= now);
        let moves = known().any(|job| job.state(now).0 == "in_progress");
        let waits = known().any(|job| job.ended.is_none());
        let begun = known().any(|job| job.started <= now);
        let status = match (moves, waits, begun) {
            (true, ..) | (false, false, true) => "in_progress",
            (false, true, _) => "waiting",
            (false, false, false) => "queued",
        };
        (status, None)
    }
}

impl Job {
    pub(super) fn state(&self, now: Timestamp) -> (&'static str, Option<&'static str>) {
        match self.ended {
            None => ("waiting", None),
            Some((end, how)) if end <= now => ("completed", Some(how)),
            Some(_) if self.started <= now => ("in_progress", None),
            Some(_) => ("queued", None),
        }
    }
}
