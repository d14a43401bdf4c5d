//! The runs of a world: which begin when, their numbers, and what people did with them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::approvals;
use super::plan::{self, Attempt, Fault, Start, Workflow};
use super::quota::Quota;
use crate::demo::DemoError;
use crate::demo::scenario::{Build, By, Scenario};
use crate::demo::value::{hash, later, mix, seconds};

/// Runs kept of one repository.
const KEPT: usize = 300;
pub(super) const PEOPLE: [&str; 4] = ["ana", "ben", "carla", "dmitri"];
const ROBOT: &str = "renovate[bot]";

/// A version that a workload gets, as the world plans it.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Deploy {
    pub(in crate::demo) at: Timestamp,
    pub(in crate::demo) image: String,
    pub(in crate::demo) environment: String,
    pub(in crate::demo) version: String,
    /// Comes again after this, with the next of these versions.
    pub(in crate::demo) again: Option<(Duration, Vec<String>)>,
}

impl Deploy {
    /// Where its image comes from.
    pub(super) fn repository(&self) -> &str {
        self.image.split_once('/').map_or(self.image.as_str(), |(_, name)| name)
    }
}

/// A run that will begin.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) repository: usize,
    pub(super) workflow: usize,
    pub(super) branch: String,
    /// What the commit is derived from.
    pub(super) commit: String,
    /// What it builds.
    pub(super) version: Option<String>,
    pub(super) title: String,
    pub(super) event: &'static str,
    pub(super) actor: &'static str,
    pub(super) fault: Option<Fault>,
    pub(super) ships: Option<Ships>,
    pub(super) again: Option<Again>,
}

/// It comes again.
#[derive(Debug, Clone)]
pub(super) enum Again {
    /// The build of the next of these versions.
    Version(Duration, Vec<String>),
    /// The next of these titles.
    Title(Duration, Vec<String>),
}

/// A job that, when it passes, gives a workload a version.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Ships {
    job: String,
    pub(in crate::demo) workload: String,
    pub(in crate::demo) version: String,
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) workflow: usize,
    pub(super) branch: String,
    pub(super) sha: String,
    version: Option<String>,
    pub(super) title: String,
    pub(super) event: &'static str,
    pub(super) actor: &'static str,
    pub(super) created: Timestamp,
    pub(super) attempts: Vec<Attempt>,
    /// What people said of it, oldest first.
    pub(super) reviews: Vec<approvals::Review>,
    pub(super) fault: Option<Fault>,
    ships: Option<Ships>,
}

impl Run {
    /// The newest attempt.
    pub(super) fn latest(&self) -> Option<&Attempt> {
        self.attempts.last()
    }
}

/// An image that a run has pushed.
#[derive(Debug)]
pub(in crate::demo) struct Pushed<'a> {
    pub(in crate::demo) at: Timestamp,
    pub(in crate::demo) sha: &'a str,
    pub(in crate::demo) branch: &'a str,
    pub(in crate::demo) version: Option<&'a str>,
}

#[derive(Debug)]
pub(super) struct Repository {
    /// `shop/checkout`.
    pub(super) name: String,
    /// Oldest first.
    pub(super) runs: Vec<Run>,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    NotFound,
    /// A rerun of what still runs.
    Running,
    /// Nothing in it failed.
    Passed,
    /// A cancel of what is over.
    Over,
    /// An approval by who may not give it.
    Forbidden,
    /// An approval of what does not wait, or one without a comment.
    Invalid,
}

#[derive(Debug)]
pub(in crate::demo) struct Book {
    pub(super) workflows: Vec<Workflow>,
    pub(super) repositories: Vec<Repository>,
    pub(super) quota: Quota,
    /// What is deployed when, for the history of environments.
    pub(in crate::demo) deploys: Vec<Deploy>,
    due: BTreeMap<(Timestamp, usize), Due>,
    /// Of each repository and workflow: the number of its next run.
    numbers: BTreeMap<(usize, usize), u64>,
    seed: u64,
    planned: usize,
}

impl Book {
    /// The runs that a scenario names, and those that built what it deploys.
    pub(in crate::demo) fn open(scenario: &Scenario, deploys: &[Deploy], seed: u64) -> Result<Self, DemoError> {
        let mut book = Self {
            workflows: plan::workflows()?,
            repositories: Vec::new(),
            quota: Quota::default(),
            deploys: deploys.to_vec(),
            due: BTreeMap::new(),
            numbers: BTreeMap::new(),
            seed,
            planned: 0,
        };
        let mut built: Vec<(usize, &str)> = Vec::new();
        for build in &scenario.builds {
            let repository = book.repository_named(&build.repository);
            built.extend(build.version.as_deref().map(|version| (repository, version)));
        }
        for deploy in deploys {
            let repository = book.repository_named(deploy.repository());
            let known = built.contains(&(repository, deploy.version.as_str()));
            if deploy.again.is_some() || !known {
                built.push((repository, &deploy.version));
                book.release(repository, deploy);
            }
        }
        for build in &scenario.builds {
            book.named(scenario, build)?;
        }
        if let Some(quota) = &scenario.quota {
            book.quota.pressure = quota.pressure(scenario.opens);
        }
        Ok(book)
    }

    /// The names of the repositories.
    pub(in crate::demo) fn names(&self) -> Vec<String> {
        self.repositories.iter().map(|it| it.name.clone()).collect()
    }

    pub(super) fn repository_named(&mut self, name: &str) -> usize {
        if let Some(known) = self.repositories.iter().position(|it| it.name == name) {
            return known;
        }
        self.repositories.push(Repository { name: name.to_owned(), runs: Vec::new() });
        self.repositories.len() - 1
    }

    /// Plans the run that builds a version before it is deployed.
    fn release(&mut self, repository: usize, deploy: &Deploy) {
        let name = self.repositories[repository].name.rsplit('/').next().unwrap_or_default().to_owned();
        let mine = |it: &Workflow| it.releases && (it.of.is_empty() || it.of.contains(&name));
        let Some(workflow) = self.workflows.iter().position(mine) else { return };
        let pause = Duration::from_secs(70 + self.number(&format!("{name}{}", deploy.version)) % 240);
        let lead = self.workflows[workflow].length() + pause;
        let at = deploy.at.checked_sub(lead).unwrap_or(deploy.at);
        let due = Due {
            repository,
            workflow,
            branch: format!("v{}", deploy.version),
            commit: deploy.version.clone(),
            version: Some(deploy.version.clone()),
            title: format!("Release {}", deploy.version),
            event: "push",
            actor: self.person(&deploy.version),
            fault: None,
            ships: None,
            again: deploy.again.clone().map(|(every, versions)| Again::Version(every, versions)),
        };
        self.plan(at, due);
    }

    /// Plans a run of the scenario's list.
    fn named(&mut self, scenario: &Scenario, build: &Build) -> Result<(), DemoError> {
        let broken = |reason: String| DemoError::Scenario { scenario: "builds".to_owned(), reason };
        let workflow = self.workflows.iter().position(|it| it.name == build.workflow);
        let workflow = workflow.ok_or_else(|| broken(format!("no workflow is named {:?}", build.workflow)))?;
        let span = seconds(&build.at).ok_or_else(|| broken(format!("{:?} is no span of time", build.at)))?;
        let at = scenario.opens.checked_add(jiff::SignedDuration::from_secs(span)).unwrap_or(scenario.opens);
        let repository = self.repository_named(&build.repository);
        let title = build.titles.first().cloned().unwrap_or_default();
        let every = build.every.as_deref().and_then(seconds).map(|every| Duration::from_secs(every.unsigned_abs()));
        let (event, actor) = match (build.schedule, build.by) {
            (true, _) => ("schedule", ROBOT),
            (false, Some(By::Demo)) => ("push", approvals::DEMO),
            (false, None) => ("push", self.person(&title)),
        };
        let due = Due {
            repository,
            workflow,
            branch: build.branch.clone(),
            commit: build.version.clone().unwrap_or_else(|| format!("{}{title}", build.at)),
            version: build.version.clone(),
            title,
            event,
            actor,
            fault: build.fails.clone(),
            ships: build.ships.as_ref().map(|it| Ships {
                job: it.job.clone(),
                workload: it.workload.clone(),
                version: build.version.clone().unwrap_or_default(),
            }),
            again: every.map(|every| Again::Title(every, build.titles.clone())),
        };
        self.plan(at, due);
        Ok(())
    }

    pub(super) fn plan(&mut self, at: Timestamp, due: Due) {
        self.planned += 1;
        self.due.insert((at, self.planned), due);
    }

    /// Lets every run begin that is due until `to`.
    pub(in crate::demo) fn advance(&mut self, to: Timestamp) {
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= to) {
            let ((at, _), due) = entry.remove_entry();
            self.begin(at, due);
        }
    }

    pub(super) fn begin(&mut self, at: Timestamp, due: Due) {
        let workflow = &self.workflows[due.workflow];
        let id = id_of(at, due.repository, due.workflow);
        let first = 60 + mix(self.seed ^ hash(&format!("{}/{}", due.repository, workflow.name))) % 1_900;
        let number = self.numbers.entry((due.repository, due.workflow)).or_insert(first);
        let start =
            Start { run: id, number: 1, at, actor: due.actor, fault: due.fault.as_ref(), before: None, debug: false };
        let attempts = vec![workflow.attempt(&start)];
        let sha = sha(self.seed, &self.repositories[due.repository].name, &due.commit);
        let run = Run {
            id,
            number: *number,
            workflow: due.workflow,
            branch: due.branch.clone(),
            sha,
            version: due.version.clone(),
            title: due.title.clone(),
            event: due.event,
            actor: due.actor,
            created: at,
            attempts,
            reviews: Vec::new(),
            fault: due.fault.clone(),
            ships: due.ships.clone(),
        };
        *number += 1;
        let runs = &mut self.repositories[due.repository].runs;
        runs.push(run);
        if runs.len() > KEPT {
            runs.remove(0);
        }
        self.again(at, due);
    }

    fn again(&mut self, at: Timestamp, mut due: Due) {
        let every = match &mut due.again {
            None => return,
            Some(Again::Version(every, versions)) => {
                versions.rotate_left(1);
                let version = versions.first().cloned().unwrap_or_default();
                (due.branch, due.title) = (format!("v{version}"), format!("Release {version}"));
                due.version = Some(version.clone());
                due.commit = version;
                *every
            }
            Some(Again::Title(every, titles)) => {
                titles.rotate_left(1);
                due.title = titles.first().cloned().unwrap_or_default();
                due.commit = format!("{at}{}", due.title);
                due.version = None;
                *every
            }
        };
        if due.event != "schedule" {
            due.actor = self.person(&due.title);
        }
        due.fault = None;
        self.plan(later(at, every), due);
    }

    /// What passes next and gives a workload a version.
    pub(in crate::demo) fn ships_at(&self) -> Option<Timestamp> {
        self.shipping().map(|(at, ..)| at).min()
    }

    /// Takes what has passed by now.
    pub(in crate::demo) fn shipped(&mut self, now: Timestamp) -> Option<Ships> {
        let (_, repository, run) = self.shipping().filter(|(at, ..)| *at <= now).min()?;
        self.repositories[repository].runs[run].ships.take()
    }

    fn shipping(&self) -> impl Iterator<Item = (Timestamp, usize, usize)> {
        let runs = self.repositories.iter().enumerate().flat_map(|(index, repository)| {
            repository.runs.iter().enumerate().map(move |(place, run)| (index, place, run))
        });
        runs.filter_map(|(index, place, run)| {
            let ships = run.ships.as_ref()?;
            let named = |job: &&plan::Job| self.workflows[run.workflow].jobs[job.plan].name == ships.job;
            let (end, how) = run.latest()?.jobs.iter().find(named)?.ended?;
            (how == plan::SUCCESS).then_some((end, index, place))
        })
    }

    /// What the runs of a repository have pushed to the registry by now, oldest first.
    pub(in crate::demo) fn pushed(&self, repository: &str, now: Timestamp) -> Vec<Pushed<'_>> {
        let runs = self.repositories.iter().filter(|it| it.name == repository).flat_map(|it| &it.runs);
        let mut all: Vec<Pushed<'_>> = runs
            .filter_map(|run| {
                let steps = run.attempts.iter().flat_map(|attempt| &attempt.jobs).flat_map(|job| &job.steps);
                let pushes = steps.filter(|step| step.writes == Some(plan::Writes::Push));
                let done = pushes.filter(|step| step.conclusion == plan::SUCCESS && step.ended <= now);
                let at = done.map(|step| step.ended).min()?;
                Some(Pushed { at, sha: &run.sha, branch: &run.branch, version: run.version.as_deref() })
            })
            .collect();
        all.sort_by_key(|pushed| pushed.at);
        all
    }

    fn number(&self, of: &str) -> u64 {
        mix(self.seed ^ hash(of))
    }

    /// The commit of a version.
    pub(super) fn sha_of(&self, repository: &str, version: &str) -> String {
        sha(self.seed, repository, version)
    }

    pub(super) fn person(&self, of: &str) -> &'static str {
        PEOPLE[(self.number(of) % PEOPLE.len() as u64) as usize]
    }
}

/// Rises with time, as GitHub's do.
pub(super) fn id_of(at: Timestamp, repository: usize, workflow: usize) -> u64 {
    let seconds = at.as_second().saturating_sub(1_750_000_000).unsigned_abs();
    3_000_000_000 + seconds * 400 + (repository as u64 * 40 + workflow as u64) % 400
}

/// The commit that a version or title stands for.
fn sha(seed: u64, repository: &str, commit: &str) -> String {
    let number = mix(seed ^ hash(&format!("{repository}@{commit}")));
    format!("{:016x}{:016x}{:08x}", number, mix(number), mix(number ^ 1) >> 32)
}
