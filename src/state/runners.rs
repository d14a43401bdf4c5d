//! Runners by what jobs ask of them: how many are free, how long jobs wait for them, and why one does not
//! begin. What may not be seen is said to be unknown, never counted as none.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{State, runs};
use crate::model::pipelines::{Job, RunStatus};
use crate::model::runners::{self, Larger, Runner, RunnerStatus, RunnersRead};
use crate::model::{Kind, Name, SourceId, SystemId};
use crate::safe;
use crate::text::{Safe, plural};

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
    /// Somebody waits, and nothing is free for them.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.queued > 0 && self.count.idle == 0
    }

    /// No runner that may be seen has the labels, and not all may be seen.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.hosted || (self.count.all() == 0 && !self.unseen.is_empty())
    }
}

/// Repositories whose runners are worth a look: all while their list is shown, else those where a job waits
/// for one that GitHub does not host.
#[must_use]
pub fn wanted(state: &State, all: bool) -> Vec<(SourceId, Name)> {
    let mut wanted: Vec<(SourceId, Name)> = if all {
        let hosts = state.world.of_system(SystemId::GitHub).filter(|host| host.unusable.is_none());
        hosts.flat_map(|host| host.namespaces.iter().flatten().map(|name| (host.id, name.clone()))).collect()
    } else {
        jobs(state)
            .filter(|job| job.status == RunStatus::Queued && !job.labels.is_empty() && !runners::is_hosted(&job.labels))
            .map(|job| (job.id.cluster, job.id.namespace.clone()))
            .collect()
    };
    wanted.sort();
    wanted.dedup();
    wanted
}

/// The jobs of GitHub's runs that move, as far as they were read.
fn jobs(state: &State) -> impl Iterator<Item = &Job> {
    let open = runs::ordered(state).open().iter().filter(|run| run.kind == Kind::Run && run.is_active());
    let uids: Vec<_> = open.map(|run| run.meta.uid.clone()).collect();
    uids.into_iter().filter_map(|uid| runs::jobs(state, &uid)).flat_map(|jobs| &jobs.jobs)
}

/// Those that have the labels, as far as they may be seen.
fn count<'a>(read: Option<&'a RunnersRead>, labels: &[Safe]) -> (Count, Vec<&'a Arc<runners::Runners>>) {
    let lists: Vec<_> = read.into_iter().flat_map(|read| [&read.own, &read.shared]).flatten().collect();
    let mut count = Count::default();
    let mut seen: Vec<i64> = Vec::new();
    for runner in lists.iter().flat_map(|list| &list.rows).filter(|runner| runner.takes(labels)) {
        // One list may repeat the other's.
        if !seen.contains(&runner.id) {
            seen.push(runner.id);
            count.add(runner.stands);
        }
    }
    (count, lists)
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
    let lists = [&read.own, &read.shared].into_iter().flatten();
    if lists.into_iter().any(|list| list.more || list.left_out > 0) {
        all.push(Safe::of("not all runners were read"));
    }
    all.dedup();
    all
}

/// One row for what is asked for in each repository, and one for each kind of runner nobody asks for; who
/// waits for what is not there stands first.
#[must_use]
pub fn pools(state: &State) -> Vec<Pool> {
    let mut all: BTreeMap<(SourceId, Name, String), Pool> = BTreeMap::new();
    for job in jobs(state).filter(|job| matches!(job.status, RunStatus::Queued | RunStatus::InProgress)) {
        let pool = pool(state, &mut all, (job.id.cluster, &job.id.namespace), &job.labels);
        if job.status == RunStatus::InProgress {
            pool.running += 1;
            continue;
        }
        pool.queued += 1;
        let since = job.created.map(|at| state.ours(job.id.cluster, at));
        pool.since = [pool.since, since].into_iter().flatten().min();
    }
    let asked: Vec<(SourceId, Name, Vec<Safe>)> =
        all.values().map(|pool| (pool.source, pool.repository.clone(), pool.labels.clone())).collect();
    let mut shared: BTreeMap<(SourceId, Name), &Arc<runners::Runners>> = BTreeMap::new();
    for read in state.world.details.all_runners() {
        let here = |row: &&(SourceId, Name, Vec<Safe>)| row.0 == read.source && row.1 == read.repository;
        for runner in read.own.iter().flat_map(|list| &list.rows) {
            if !asked.iter().filter(here).any(|(_, _, labels)| runner.takes(labels)) {
                pool(state, &mut all, (read.source, &read.repository), &runner.labels);
            }
        }
        // What may not be seen has a row of its own, or nobody would miss it.
        if let Err(why) = &read.own {
            entry(&mut all, (read.source, &read.repository), &[]).unseen.push(why.clone());
        }
        let owner = owner(&read.repository);
        for row in read.larger.iter().flat_map(|list| &list.rows) {
            let pool = entry(&mut all, (read.source, &owner), std::slice::from_ref(&row.name));
            (pool.hosted, pool.larger) = (true, Some(row.clone()));
        }
        match &read.shared {
            Ok(list) => drop(shared.insert((read.source, owner), list)),
            Err(why) => {
                let pool = entry(&mut all, (read.source, &owner), &[]);
                if !pool.unseen.contains(why) {
                    pool.unseen.push(why.clone());
                }
            }
        }
    }
    // Those of an organization stand once, whoever may use them.
    for ((source, owner), list) in shared {
        let here = |row: &&(SourceId, Name, Vec<Safe>)| row.0 == source && self::owner(&row.1) == owner;
        let idle = |runner: &&Runner| !asked.iter().filter(here).any(|(_, _, labels)| runner.takes(labels));
        for runner in list.rows.iter().filter(idle) {
            let pool = entry(&mut all, (source, &owner), &runner.labels);
            pool.count.add(runner.stands);
        }
    }
    let mut rows: Vec<Pool> = all.into_values().collect();
    rows.sort_by_key(|pool| (!pool.is_short(), pool.hosted, pool.queued == 0, pool.since));
    rows
}

/// `acme` of `acme/checkout`.
fn owner(repository: &Name) -> Name {
    Name::new(repository.raw().split('/').next().unwrap_or_default())
}

/// The row of these labels; one that is new counts nothing yet.
fn entry<'a>(
    all: &'a mut BTreeMap<(SourceId, Name, String), Pool>,
    (source, repository): (SourceId, &Name),
    labels: &[Safe],
) -> &'a mut Pool {
    let mut names: Vec<String> = labels.iter().map(|label| label.as_str().to_ascii_lowercase()).collect();
    names.sort();
    all.entry((source, repository.clone(), names.join(","))).or_insert_with(|| Pool {
        source,
        repository: repository.clone(),
        labels: labels.to_vec(),
        hosted: runners::is_hosted(labels),
        larger: None,
        count: Count::default(),
        unseen: Vec::new(),
        queued: 0,
        since: None,
        running: 0,
    })
}

/// As [`entry`], with those that a repository may use counted.
fn pool<'a>(
    state: &State,
    all: &'a mut BTreeMap<(SourceId, Name, String), Pool>,
    (source, repository): (SourceId, &Name),
    labels: &[Safe],
) -> &'a mut Pool {
    let pool = entry(all, (source, repository), labels);
    let read = state.world.details.runners(source, repository);
    pool.count = count(read, labels).0;
    pool.larger = larger(read, labels).cloned();
    pool.hosted |= pool.larger.is_some();
    pool.unseen = if pool.hosted { Vec::new() } else { unseen(read) };
    pool
}

/// How many runners a queued job could have, and how many of them are free; `None` where that is not known.
#[must_use]
pub fn free(state: &State, job: &Job) -> Option<(usize, usize)> {
    if job.id.kind != Kind::Job || job.status != RunStatus::Queued || runners::is_hosted(&job.labels) {
        return None;
    }
    let read = state.world.details.runners(job.id.cluster, &job.id.namespace)?;
    if larger(Some(read), &job.labels).is_some() {
        return None;
    }
    let (count, lists) = count(Some(read), &job.labels);
    // Where nothing may be seen, nothing is counted.
    (!lists.is_empty() && (count.all() > 0 || unseen(Some(read)).is_empty())).then(|| (count.idle, count.all()))
}

/// Why a queued job does not begin, as far as its runners tell.
#[must_use]
pub fn why(state: &State, job: &Job) -> Option<Safe> {
    if job.id.kind != Kind::Job || job.status != RunStatus::Queued || job.labels.is_empty() {
        return None;
    }
    if runners::is_hosted(&job.labels) {
        return Some(Safe::of("GitHub hosts these: it is short of them, or your plan lets no more jobs run at once"));
    }
    let read = state.world.details.runners(job.id.cluster, &job.id.namespace)?;
    if let Some(row) = larger(Some(read), &job.labels) {
        return Some(safe!("GitHub hosts these larger runners: {}", words_of(row)));
    }
    let (count, lists) = count(Some(read), &job.labels);
    let unseen = unseen(Some(read));
    Some(match (count.all(), unseen.first()) {
        (0, Some(why)) if lists.is_empty() => safe!("which runners there are is not known: {}", why.clone()),
        (0, Some(why)) => safe!("none that may be seen has these labels; others: {}", why.clone()),
        (0, None) => Safe::of("no runner has these labels"),
        (all, _) if count.offline == all => {
            let offline = plural(all as u64, "runner is offline", "runners are offline");
            safe!("{}, and nothing else has its labels", offline)
        }
        (all, _) if count.idle == 0 => safe!("no free runner: {}", counted(count, all)),
        _ => safe!("{}: it begins any moment, or their group does not serve this repository", count.words()),
    })
}

/// `linux-x64, Ready, at most 8 at once`.
#[must_use]
pub fn words_of(row: &Larger) -> Safe {
    let most = row.most.map_or_else(Safe::default, |most| safe!(", at most {} at once", most));
    safe!("{}, {}{}", row.platform.clone(), row.status.clone(), most)
}

fn counted(count: Count, all: usize) -> Safe {
    if count.busy == all { safe!("{} of {} busy", all, all) } else { count.words() }
}
