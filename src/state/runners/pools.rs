//! What jobs ask for beside what is there: one row for the labels that are asked for in each repository,
//! and one for each kind of runner that nobody asks for.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::pipelines::{Job, RunStatus};
use crate::model::runners::{self, Larger, Runner, RunnerStatus, RunnersRead};
use crate::model::{Name, SourceId};
use crate::safe;
use crate::state::State;
use crate::text::Safe;

/// The runners that have these labels, and the jobs that ask for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    pub source: SourceId,
    pub repository: Name,
    pub labels: Vec<Safe>,
    /// GitHub hosts them, and lists none.
    pub hosted: bool,
    /// What is known of those all the same.
    pub larger: Option<Larger>,
    pub count: Count,
    /// At least one list of runners was read.
    pub listed: bool,
    /// Why there may be others.
    pub unseen: Vec<Safe>,
    pub queued: usize,
    /// Since when the first of them waits, by the operator's clock.
    pub since: Option<Timestamp>,
    pub running: usize,
}

/// How many stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub idle: usize,
    pub busy: usize,
    pub offline: usize,
    pub unknown: usize,
}

impl Count {
    #[must_use]
    pub const fn all(&self) -> usize {
        self.idle + self.busy + self.offline + self.unknown
    }

    fn add(&mut self, stands: RunnerStatus) {
        *match stands {
            RunnerStatus::Idle => &mut self.idle,
            RunnerStatus::Busy => &mut self.busy,
            RunnerStatus::Offline => &mut self.offline,
            RunnerStatus::Unknown => &mut self.unknown,
        } += 1;
    }

    /// `2 busy, 1 offline`.
    #[must_use]
    pub fn words(&self) -> Safe {
        let all = [(self.idle, "free"), (self.busy, "busy"), (self.offline, "offline"), (self.unknown, "in doubt")];
        let parts: Vec<Safe> =
            all.iter().filter(|(count, _)| *count > 0).map(|(count, word)| safe!("{} {}", *count, *word)).collect();
        Safe::join(parts.iter(), ", ")
    }
}

impl Pool {
    /// Somebody waits, and nothing that may be seen is free for them.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.queued > 0 && self.count.idle == 0
    }

    /// No runner that may be seen has the labels. That there is none would be another matter: those of an
    /// enterprise, and sets that start machines as jobs come, are in no list.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.hosted || self.count.all() == 0
    }
}

type Key = (SourceId, Name, String);

/// All of it, made once for a change of the world (see [`crate::state::derived`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    /// Who waits for what is not there stands first.
    pub rows: Vec<Pool>,
    at: BTreeMap<Key, usize>,
    /// Runs of GitHub that go on, and those of them whose jobs were read.
    pub runs: usize,
    pub read: usize,
}

impl Demand {
    /// The row of these labels.
    #[must_use]
    pub fn find(&self, source: SourceId, repository: &Name, labels: &[Safe]) -> Option<&Pool> {
        self.rows.get(*self.at.get(&key(source, repository, labels))?)
    }
}

fn key(source: SourceId, repository: &Name, labels: &[Safe]) -> Key {
    let mut names: Vec<String> = labels.iter().map(|label| label.as_str().to_ascii_lowercase()).collect();
    names.sort();
    (source, repository.clone(), names.join(","))
}

/// Made of the runners that were read and the jobs of the runs that go on.
#[must_use]
pub fn demand(state: &State) -> Demand {
    let mut all: BTreeMap<Key, Pool> = BTreeMap::new();
    for job in super::jobs(state).filter(|job| matches!(job.status, RunStatus::Queued | RunStatus::InProgress)) {
        let pool = counted(state, &mut all, (job.id.cluster, &job.id.namespace), &job.labels);
        ask(state, pool, job);
    }
    let mut asked: BTreeMap<(SourceId, Name), Vec<Vec<Safe>>> = BTreeMap::new();
    for pool in all.values() {
        asked.entry((pool.source, pool.repository.clone())).or_default().push(pool.labels.clone());
    }
    not_asked_for(state, &mut all, &asked);
    let mut rows: Vec<(Key, Pool)> = all.into_iter().collect();
    rows.sort_by_key(|(_, pool)| (!pool.is_short(), pool.hosted, pool.queued == 0, pool.since));
    let at = rows.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
    let (runs, read) = super::runs_read(state);
    Demand { rows: rows.into_iter().map(|(_, pool)| pool).collect(), at, runs, read }
}

fn ask(state: &State, pool: &mut Pool, job: &Job) {
    if job.status == RunStatus::InProgress {
        pool.running += 1;
        return;
    }
    pool.queued += 1;
    let since = job.created.map(|at| state.ours(job.id.cluster, at));
    pool.since = [pool.since, since].into_iter().flatten().min();
}

/// Runners that no job asks for, and what may not be seen: without a row of its own nobody would miss it.
fn not_asked_for(state: &State, all: &mut BTreeMap<Key, Pool>, asked: &BTreeMap<(SourceId, Name), Vec<Vec<Safe>>>) {
    let takes = |wanted: &[Vec<Safe>], runner: &Runner| wanted.iter().any(|labels| runner.takes(labels));
    // Those of an organization stand once, whoever may use them.
    let mut organizations: BTreeMap<(SourceId, Name), &Arc<runners::Runners>> = BTreeMap::new();
    for read in state.world.details.all_runners() {
        let here = asked.get(&(read.source, read.repository.clone())).map_or(&[][..], Vec::as_slice);
        for runner in read.own.iter().flat_map(|list| &list.rows).filter(|runner| !takes(here, runner)) {
            counted(state, all, (read.source, &read.repository), &runner.labels);
        }
        if let Err(why) = &read.own {
            entry(all, (read.source, &read.repository), &[]).unseen.push(why.clone());
        }
        let owner = owner(&read.repository);
        for row in read.larger.iter().flat_map(|list| &list.rows) {
            let pool = entry(all, (read.source, &owner), std::slice::from_ref(&row.name));
            (pool.hosted, pool.larger) = (true, Some(row.clone()));
        }
        match &read.shared {
            Ok(list) => drop(organizations.insert((read.source, owner), list)),
            Err(why) => {
                let pool = entry(all, (read.source, &owner), &[]);
                if !pool.unseen.contains(why) {
                    pool.unseen.push(why.clone());
                }
            }
        }
    }
    for ((source, organization), list) in organizations {
        let of_it = asked.iter().filter(|((of, name), _)| *of == source && owner(name) == organization);
        let wanted: Vec<Vec<Safe>> = of_it.flat_map(|(_, labels)| labels.iter().cloned()).collect();
        for runner in list.rows.iter().filter(|runner| !takes(&wanted, runner)) {
            let pool = entry(all, (source, &organization), &runner.labels);
            (pool.hosted, pool.listed) = (false, true);
            pool.count.add(runner.stands);
        }
    }
}

/// `acme` of `acme/checkout`.
fn owner(repository: &Name) -> Name {
    Name::new(repository.raw().split('/').next().unwrap_or_default())
}

/// The row of these labels; one that is new counts nothing yet.
fn entry<'a>(
    all: &'a mut BTreeMap<Key, Pool>,
    (source, repository): (SourceId, &Name),
    labels: &[Safe],
) -> &'a mut Pool {
    all.entry(key(source, repository, labels)).or_insert_with(|| empty(source, repository, labels))
}

fn empty(source: SourceId, repository: &Name, labels: &[Safe]) -> Pool {
    Pool {
        source,
        repository: repository.clone(),
        labels: labels.to_vec(),
        hosted: runners::is_hosted(labels),
        larger: None,
        count: Count::default(),
        listed: false,
        unseen: Vec::new(),
        queued: 0,
        since: None,
        running: 0,
    }
}

/// As [`entry`], with those that a repository may use counted.
fn counted<'a>(
    state: &State,
    all: &'a mut BTreeMap<Key, Pool>,
    (source, repository): (SourceId, &Name),
    labels: &[Safe],
) -> &'a mut Pool {
    all.entry(key(source, repository, labels)).or_insert_with(|| pool(state, (source, repository), labels))
}

/// The runners of a repository that have these labels; nobody waits for them yet.
#[must_use]
pub(super) fn pool(state: &State, (source, repository): (SourceId, &Name), labels: &[Safe]) -> Pool {
    let mut pool = empty(source, repository, labels);
    let read = state.world.details.runners(source, repository);
    pool.larger = larger(read, labels).cloned();
    pool.hosted |= pool.larger.is_some();
    if !labels.is_empty() {
        count(&mut pool, read);
    }
    pool.listed = read.is_some_and(|read| read.own.is_ok() || read.shared.is_ok());
    if !pool.hosted {
        pool.unseen = unseen(read);
    }
    pool
}

/// Those that have the labels, as far as they may be seen. A job without labels asks for a group by its
/// name, and who is in which group is in no list.
fn count(pool: &mut Pool, read: Option<&RunnersRead>) {
    let lists = read.into_iter().flat_map(|read| [&read.own, &read.shared]).flatten();
    let mut seen: HashSet<i64> = HashSet::new();
    for runner in lists.flat_map(|list| &list.rows) {
        // One list may repeat the other's.
        if runner.takes(&pool.labels) && seen.insert(runner.id) {
            pool.count.add(runner.stands);
        }
    }
}

/// The larger runner that a job asks for by its name.
fn larger<'a>(read: Option<&'a RunnersRead>, labels: &[Safe]) -> Option<&'a Larger> {
    read?.larger.as_ref().ok()?.rows.iter().find(|row| row.takes(labels))
}

/// Why there may be other runners than those that are counted.
fn unseen(read: Option<&RunnersRead>) -> Vec<Safe> {
    let Some(read) = read else { return vec![Safe::of("its runners have not been read")] };
    let mut all: Vec<Safe> = [&read.own, &read.shared].into_iter().filter_map(|part| part.clone().err()).collect();
    all.extend(read.larger.clone().err());
    let lists = [&read.own, &read.shared].into_iter().flatten().map(|list| (list.more, list.left_out));
    let larger = read.larger.iter().map(|list| (list.more, list.left_out));
    for (more, left_out) in lists.chain(larger) {
        all.extend(more.then(|| Safe::of("there are more runners than were read")));
        all.extend((left_out > 0).then(|| Safe::of("some runners could not be read")));
    }
    let mut told = HashSet::new();
    all.retain(|why| told.insert(why.clone()));
    all
}
