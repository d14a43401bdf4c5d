//! What stands beside a run's jobs on its page (checks with their annotations, deployments, artifacts,
//! earlier attempts) and beside a workload (what GitHub deployed there): what is asked for while
//! somebody looks, and the rows it makes. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::history::{self, History};
use super::ui::Place;
use super::{State, environment, gates, runs};
use crate::model::asides::{Annotation, Artifact, Aside, Attempt, Check, Deployed, Moves, Told, Wanted, What};
use crate::model::pipelines::{Conclusion, Job, Run};
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use crate::text::Safe;

/// Jobs and other checks whose annotations are read.
const JOBS: usize = 4;
/// Annotations under one job; the rest is counted.
pub const SHOWN: usize = 5;
/// Earlier attempts that are read.
const ATTEMPTS: u32 = 5;
/// Environments whose deployments are read.
const ENVIRONMENTS: usize = 3;

/// Identity of such a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Row {
    /// How often a job fails, or that it passed on a later attempt.
    History(Uid),
    /// Of a check run, by place.
    Annotation(Uid, usize),
    /// Annotations of a check run that are not shown.
    More(Uid),
    Check(Uid),
    /// A line of its summary.
    Summary(Uid, usize),
    Deployed(Name, usize),
    Artifact(usize),
    Attempt(u32),
    /// How many more there are of a part than were read.
    Rest(Part),
    /// A part of the page that is being read, or cannot be.
    Unread(Part),
}

/// The parts of a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    Checks,
    /// Of a check run.
    Annotations(Uid),
    Deployments(Name),
    Artifacts,
}

/// A row to draw.
#[derive(Debug, Clone)]
pub enum Beside {
    /// The attempt on which it passed, and what is known of those before it.
    History {
        passed_on: Option<u32>,
        history: Option<History>,
    },
    Annotation(Annotation),
    /// So many more of a part; `open`: at least.
    More {
        of: Part,
        count: u64,
        open: bool,
    },
    Check(Box<Check>),
    Summary(Safe),
    Deployed(Name, Box<Deployed>),
    Artifact(Box<Artifact>),
    /// With whether its jobs stand below it.
    Attempt {
        number: u32,
        read: Option<Result<Box<Attempt>, Safe>>,
        open: bool,
    },
    /// `None`: it is being read.
    Unread(Part, Option<Safe>),
}

impl Row {
    /// The part of the page that it stands in; those of a job stand under the job.
    #[must_use]
    pub const fn section(&self) -> Section {
        match self {
            Self::History(_)
            | Self::Annotation(..)
            | Self::More(_)
            | Self::Rest(Part::Annotations(_))
            | Self::Unread(Part::Annotations(_)) => Section::Jobs,
            Self::Check(_) | Self::Summary(..) | Self::Rest(Part::Checks) | Self::Unread(Part::Checks) => {
                Section::Checks
            }
            Self::Deployed(..) | Self::Rest(Part::Deployments(_)) | Self::Unread(Part::Deployments(_)) => {
                Section::Deployments
            }
            Self::Artifact(_) | Self::Rest(Part::Artifacts) | Self::Unread(Part::Artifacts) => Section::Artifacts,
            Self::Attempt(_) => Section::Attempts,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Jobs,
    Checks,
    Deployments,
    Artifacts,
    Attempts,
}

/// What groups of a list remember an attempt by that somebody opened.
#[must_use]
pub fn attempt_key(number: u32) -> String {
    format!("@{number}")
}

fn of_run(run: &Run, what: What) -> Aside {
    Aside { source: run.meta.cluster, repository: run.meta.namespace.clone(), what }
}

fn told<'a>(state: &'a State, aside: &Aside) -> Option<Result<&'a Told, &'a Safe>> {
    state.world.details.aside(aside).map(|told| told.as_ref().map(AsRef::as_ref))
}

fn checks_of(run: &Run) -> Aside {
    of_run(run, What::Checks { sha: Name::new(run.sha.as_str()) })
}

/// The checks of a run's commit, when they have been read.
#[must_use]
pub fn checks<'a>(state: &'a State, run: &Run) -> Option<&'a [Check]> {
    match told(state, &checks_of(run))? {
        Ok(Told::Checks(checks)) => Some(&checks.rows),
        _ => None,
    }
}

/// Checks that say something a job does not say of itself.
fn others<'a>(state: &'a State, run: &Run) -> impl Iterator<Item = &'a Check> {
    let says = |check: &&Check| !check.is_job && (check.title.is_some() || !check.summary.is_empty());
    checks(state, run).unwrap_or_default().iter().filter(says)
}

fn is_bad(check: &Check) -> bool {
    check.conclusion.as_ref().is_some_and(Conclusion::is_bad)
}

/// How many annotations a check run has, where its commit's checks tell.
fn count(state: &State, run: &Run, check: &Uid) -> Option<u64> {
    checks(state, run)?.iter().find(|one| one.id == *check).map(|one| one.annotations)
}

/// An earlier attempt as it was read.
#[must_use]
pub fn attempt<'a>(state: &'a State, run: &Run, number: u32) -> Option<Result<&'a Attempt, &'a Safe>> {
    match told(state, &of_run(run, What::Attempt { run: run.meta.uid.clone(), number }))? {
        Ok(Told::Attempt(attempt)) => Some(Ok(attempt)),
        Ok(_) => None,
        Err(why) => Some(Err(why)),
    }
}

/// Attempts before the one that is shown, newest first.
fn earlier(run: &Run) -> impl Iterator<Item = u32> + use<> {
    let last = run.attempt;
    (last.saturating_sub(ATTEMPTS).max(1)..last).rev()
}

/// What is asked for now.
#[must_use]
pub fn wanted(state: &State) -> Vec<Wanted> {
    match &state.ui.place {
        Place::Run(id) if id.kind == Kind::Run => {
            state.world.runs.get(&id.uid).map(|run| beside_run(state, run)).unwrap_or_default()
        }
        Place::Workload(id) | Place::Rollout(id) => {
            let deployed = deployments_of(state, id);
            deployed.map(|aside| Wanted { aside, moves: Moves::Late }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn beside_run(state: &State, run: &Run) -> Vec<Wanted> {
    let moves = if run.is_active() { Moves::Soon } else { Moves::Late };
    let mut all = Vec::new();
    let mut add = |what, moves| all.push(Wanted { aside: of_run(run, what), moves });
    add(checks_of(run).what, moves);
    for check in annotated(state, run) {
        add(What::Annotations { check }, Moves::Never);
    }
    for number in earlier(run) {
        add(What::Attempt { run: run.meta.uid.clone(), number }, Moves::Never);
    }
    for environment in environments(state, run) {
        add(What::Deployments { environment }, moves);
    }
    add(What::Artifacts { run: run.meta.uid.clone() }, moves);
    all
}

/// The check runs whose annotations are shown: of jobs and others that failed, unless there are none.
fn annotated(state: &State, run: &Run) -> Vec<Uid> {
    let jobs = runs::current_jobs(state, run).into_iter().flat_map(|jobs| runs::failed_jobs(jobs));
    let jobs = jobs.map(|job| &job.id.uid).filter(|uid| count(state, run, uid) != Some(0));
    let others = others(state, run).filter(|check| is_bad(check) && check.annotations > 0).map(|check| &check.id);
    jobs.chain(others).take(JOBS).cloned().collect()
}

/// Where a run deploys: what it waits for, else what its words tell.
fn environments(state: &State, run: &Run) -> Vec<Name> {
    let pending = gates::pending(state, &run.meta.uid).map_or(&[][..], |pending| &pending.deployments);
    let mut all: Vec<Name> = pending.iter().map(|row| row.name.clone()).collect();
    if all.is_empty() {
        all.extend(environment::of_run(state, run));
    }
    let mut seen = BTreeSet::new();
    all.retain(|name| seen.insert(name.clone()));
    all.truncate(ENVIRONMENTS);
    all
}

/// The deployments to the environment of a workload, of the repository that its service is built from.
fn deployments_of(state: &State, workload: &ObjectId) -> Option<Aside> {
    let environment = environment::of_object(state, workload)?;
    let (source, repository) = repository_of(state, workload)?;
    Some(Aside { source, repository, what: What::Deployments { environment } })
}

/// The repository that the service of a workload is built from, where it is read, of whatever host.
#[must_use]
pub fn repository_of(state: &State, workload: &ObjectId) -> Option<(SourceId, Name)> {
    let named = state.settings.services.iter().find(|service| service.name == workload.name);
    let named = named.and_then(|service| service.repository.as_ref());
    let is_its = |name: &Name| match named {
        Some(repository) => name == repository,
        // Without a configuration a repository that is called as the workload.
        None => name.raw().rsplit('/').next() == Some(workload.name.raw()),
    };
    let hosts = state.world.of_system(SystemId::GitHub);
    let mut read = hosts.flat_map(|host| host.namespaces.iter().flatten().map(|name| (host.id, name)));
    read.find(|(_, name)| is_its(name)).map(|(host, name)| (host, name.clone()))
}

/// The rows under a job that failed, or that passed after it had failed.
#[must_use]
pub fn below_job(state: &State, run: &Run, job: &Job) -> Vec<Row> {
    if job.id.kind != Kind::Job {
        return Vec::new();
    }
    let failed = job.conclusion.as_ref().is_some_and(Conclusion::is_bad);
    let counted = failed && history::of_job(state, run, job).is_some();
    let has_history = counted || history::passed_on(state, run, job).is_some();
    let mut rows = Vec::new();
    if has_history {
        rows.push(Row::History(job.id.uid.clone()));
    }
    if failed {
        rows.extend(annotations(state, run, &job.id.uid));
    }
    rows
}

fn annotations(state: &State, run: &Run, check: &Uid) -> Vec<Row> {
    match told(state, &of_run(run, What::Annotations { check: check.clone() })) {
        Some(Ok(Told::Annotations(all))) => {
            let mut rows: Vec<Row> =
                (0..all.rows.len().min(SHOWN)).map(|at| Row::Annotation(check.clone(), at)).collect();
            if all.rows.len() > SHOWN || all.left_out > 0 {
                rows.push(Row::More(check.clone()));
            }
            rows
        }
        Some(Err(_)) => vec![Row::Unread(Part::Annotations(check.clone()))],
        _ => Vec::new(),
    }
}

/// The rows after the jobs of a run, with their depth; those of attempts that were opened come as jobs.
#[must_use]
pub fn after_jobs(state: &State, run: &Run) -> Vec<(u8, Row)> {
    let mut rows = Vec::new();
    if run.kind != Kind::Run {
        return rows;
    }
    if checks(state, run).is_none() {
        rows.push((0, Row::Unread(Part::Checks)));
    }
    for check in others(state, run) {
        rows.push((0, Row::Check(check.id.clone())));
        rows.extend((0..check.summary.len()).map(|at| (1, Row::Summary(check.id.clone(), at))));
        rows.extend(annotations(state, run, &check.id).into_iter().map(|row| (1, row)));
    }
    rows.extend(rest(state, run, &Part::Checks).map(|_| (0, Row::Rest(Part::Checks))));
    for environment in environments(state, run) {
        rows.extend(deployed(state, &of_run(run, What::Deployments { environment })).into_iter().map(|row| (0, row)));
    }
    match told(state, &of_run(run, What::Artifacts { run: run.meta.uid.clone() })) {
        Some(Ok(Told::Artifacts(all))) => rows.extend((0..all.rows.len()).map(|at| (0, Row::Artifact(at)))),
        _ => rows.push((0, Row::Unread(Part::Artifacts))),
    }
    rows.extend(rest(state, run, &Part::Artifacts).map(|_| (0, Row::Rest(Part::Artifacts))));
    rows.extend(earlier(run).map(|number| (0, Row::Attempt(number))));
    rows
}

/// How many more there are of a part than were read.
fn rest(state: &State, run: &Run, part: &Part) -> Option<(u64, bool)> {
    let aside = match part {
        Part::Checks => checks_of(run),
        Part::Artifacts => of_run(run, What::Artifacts { run: run.meta.uid.clone() }),
        Part::Annotations(_) | Part::Deployments(_) => return None,
    };
    match told(state, &aside)?.ok()? {
        Told::Checks(all) => all.rest(),
        Told::Artifacts(all) => all.rest(),
        _ => None,
    }
}

/// The deployments of a workload's page; beside the Deck they are not asked for.
#[must_use]
pub fn of_workload(state: &State, workload: &ObjectId) -> Vec<Row> {
    let shown = matches!(&state.ui.place, Place::Workload(id) | Place::Rollout(id) if id == workload);
    if !shown {
        return Vec::new();
    }
    deployments_of(state, workload).map(|aside| deployed(state, &aside)).unwrap_or_default()
}

fn deployed(state: &State, aside: &Aside) -> Vec<Row> {
    let What::Deployments { environment } = &aside.what else { return Vec::new() };
    match told(state, aside) {
        Some(Ok(Told::Deployments(all))) => (0..all.len()).map(|at| Row::Deployed(environment.clone(), at)).collect(),
        _ => vec![Row::Unread(Part::Deployments(environment.clone()))],
    }
}

/// What a row of a page shows.
#[must_use]
pub fn beside(state: &State, place: &Place, row: &Row, turned: &BTreeSet<String>) -> Option<Beside> {
    let run = match place {
        Place::Run(id) => state.world.runs.get(&id.uid),
        _ => None,
    };
    let of = |what: What| run.map(|run| of_run(run, what));
    Some(match row {
        Row::History(job) => {
            let run = run?;
            let job = history::job(state, run, job)?;
            let passed_on = history::passed_on(state, run, job);
            Beside::History { passed_on, history: history::of_job(state, run, job) }
        }
        Row::Annotation(check, at) => match told(state, &of(What::Annotations { check: check.clone() })?)? {
            Ok(Told::Annotations(all)) => Beside::Annotation(all.rows.get(*at)?.clone()),
            _ => return None,
        },
        Row::More(check) => more(state, run?, check)?,
        Row::Check(id) => Beside::Check(Box::new(checks(state, run?)?.iter().find(|check| check.id == *id)?.clone())),
        Row::Summary(id, at) => {
            Beside::Summary(checks(state, run?)?.iter().find(|check| check.id == *id)?.summary.get(*at)?.clone())
        }
        Row::Deployed(environment, at) => {
            let aside = deployments(state, place, run, environment)?;
            match told(state, &aside)? {
                Ok(Told::Deployments(all)) => Beside::Deployed(environment.clone(), Box::new(all.get(*at)?.clone())),
                _ => return None,
            }
        }
        Row::Artifact(at) => match told(state, &of(What::Artifacts { run: run?.meta.uid.clone() })?)? {
            Ok(Told::Artifacts(all)) => Beside::Artifact(Box::new(all.rows.get(*at)?.clone())),
            _ => return None,
        },
        Row::Attempt(number) => {
            let read = attempt(state, run?, *number);
            let read = read.map(|read| read.map(|read| Box::new(read.clone())).map_err(Clone::clone));
            Beside::Attempt { number: *number, read, open: turned.contains(&attempt_key(*number)) }
        }
        Row::Rest(part) => {
            let (count, open) = rest(state, run?, part)?;
            Beside::More { of: part.clone(), count, open }
        }
        Row::Unread(part) => {
            let aside = match part {
                Part::Checks => checks_of(run?),
                Part::Annotations(check) => of(What::Annotations { check: check.clone() })?,
                Part::Artifacts => of(What::Artifacts { run: run?.meta.uid.clone() })?,
                Part::Deployments(environment) => deployments(state, place, run, environment)?,
            };
            Beside::Unread(part.clone(), told(state, &aside).and_then(Result::err).cloned())
        }
    })
}

/// The page in the browser of what a row shows, where it has one of its own.
#[must_use]
pub fn address(state: &State, place: &Place, row: &Row) -> Option<Safe> {
    let (Row::Check(id) | Row::Summary(id, _) | Row::Annotation(id, _) | Row::More(id)) = row else { return None };
    let Place::Run(run) = place else { return None };
    let run = state.world.runs.get(&run.uid)?;
    checks(state, run)?.iter().find(|check| check.id == *id)?.url.clone()
}

fn deployments(state: &State, place: &Place, run: Option<&Arc<Run>>, environment: &Name) -> Option<Aside> {
    match (place, run) {
        (_, Some(run)) => Some(of_run(run, What::Deployments { environment: environment.clone() })),
        (Place::Workload(id) | Place::Rollout(id), None) => deployments_of(state, id),
        _ => None,
    }
}

fn more(state: &State, run: &Run, check: &Uid) -> Option<Beside> {
    let Ok(Told::Annotations(all)) = told(state, &of_run(run, What::Annotations { check: check.clone() }))? else {
        return None;
    };
    let read = all.rows.len() as u64 + all.left_out;
    let known = count(state, run, check).filter(|count| *count >= read);
    let count = known.unwrap_or(read).saturating_sub(SHOWN.min(all.rows.len()) as u64);
    Some(Beside::More { of: Part::Annotations(check.clone()), count, open: known.is_none() && all.more })
}
