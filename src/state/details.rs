//! What the sources said of what somebody looks at (see [`crate::model::interest`]): jobs of runs,
//! canaries beside their stable arm, budget spent; and the quota of each GitHub host.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

mod beside;
mod differences;

pub use differences::Known;

use super::security::Scanned;
use crate::model::access::AccessRead;
use crate::model::approvals::{Pending, PendingRead};
use crate::model::asides::{Aside, AsideRead, Attempt, Told};
use crate::model::builds::Folder;
use crate::model::docker::{Taken, Usage};
use crate::model::gitops::{Apart, Overlay, Pins, Range};
use crate::model::helm::{Content, ContentRead};
use crate::model::nodes::{Nodes, NodesRead};
use crate::model::pipelines::{CiPipeline, Job, Jobs, JobsRead, Quota};
use crate::model::revisions::RevisionsRead;
use crate::model::runners::RunnersRead;
use crate::model::security::SecurityRead;
use crate::model::slo::{ArmMetric, Comparison, Reading, Spent};
use crate::model::source::Detail;
use crate::model::workflows::{Dispatchable, Startable, StartablesRead, WorkflowRead, WorkflowWanted};
use crate::model::{Name, SourceId, Uid};
use crate::text::Safe;

/// Jobs and steps that are kept of all runs together.
const MOST: usize = 50_000;
/// Once there are more, they are forgotten down to so many: not with every run that is looked at.
const FEWER: usize = MOST / 4 * 3;
/// What stands beside runs is kept of so many; what was heard of longest ago goes.
const ASIDES: usize = 64;
/// Comparisons of two commits that are kept beside those that are needed.
const RANGES: usize = 500;

/// What is in a revision of Helm's, in which version of its record.
pub type Recorded = (Arc<str>, Result<Arc<Content>, Safe>);

/// A comparison, whose it is, and when it came (monotonic).
#[derive(Debug, Clone)]
pub struct Compared {
    pub source: SourceId,
    pub heard: Duration,
    pub row: Arc<Comparison>,
}

#[derive(Debug, Clone, Default)]
pub struct Details {
    pub quotas: BTreeMap<SourceId, Quota>,
    jobs: HashMap<Uid, Result<Arc<Jobs>, Safe>>,
    pending: HashMap<Uid, Result<Arc<Pending>, Safe>>,
    asides: BTreeMap<Aside, (Duration, Result<Arc<Told>, Safe>)>,
    /// The run of each job, and where the job stands in it.
    places: HashMap<Uid, (Uid, usize)>,
    /// Of each RustCI server.
    pipelines: BTreeMap<SourceId, Arc<[CiPipeline]>>,
    comparisons: BTreeMap<(Uid, ArmMetric), Compared>,
    spent: HashMap<Uid, Spent>,
    /// The workflow that was asked for last.
    workflow: Option<WorkflowRead>,
    /// Of each Prometheus: objectives that could not be read.
    unread_objectives: BTreeMap<SourceId, Arc<[Safe]>>,
    /// Of the repository of which somebody chose last.
    startables: Option<StartablesRead>,
    runners: BTreeMap<(SourceId, Name), RunnersRead>,
    security: BTreeMap<(SourceId, Name), Scanned>,
    /// What containers take, and when that was read (monotonic).
    usage: HashMap<Uid, (Duration, Result<Taken, Safe>)>,
    /// Of each repository and folder.
    folders: BTreeMap<(Name, String), Result<Folder, Safe>>,
    overlays: BTreeMap<Overlay, Result<Arc<Pins>, Safe>>,
    /// Why those that were read could not be read again.
    old_overlays: BTreeMap<Overlay, Safe>,
    ranges: BTreeMap<Range, Result<Apart, Safe>>,
    /// Of revisions of Helm's.
    releases: HashMap<Uid, Recorded>,
    /// Of the StatefulSet or DaemonSet that was looked at last.
    revisions: Option<RevisionsRead>,
    /// Of each cluster.
    nodes: BTreeMap<SourceId, Result<Arc<Nodes>, Safe>>,
    old_nodes: BTreeMap<SourceId, Safe>,
    /// What the account may do, by cluster and namespace, and when that was read (monotonic).
    access: BTreeMap<(SourceId, Name), (Duration, Arc<AccessRead>)>,
    /// Of each Application that was looked at.
    differences: HashMap<Uid, Known>,
    revision: u64,
    /// How often jobs were forgotten because there were too many.
    forgotten: u64,
}

impl Details {
    pub(super) fn take(&mut self, source: SourceId, mono: Duration, detail: Detail) {
        // Requests that are left are counted with every answer; what hangs on the quota asks whether it is spent.
        let news = |known: &Quota, quota: &Quota| {
            known.held_until != quota.held_until || known.anonymous != quota.anonymous || known.limit != quota.limit
        };
        match &detail {
            Detail::Quota(quota) if self.quotas.get(&source).is_some_and(|known| !news(known, quota)) => {}
            // Read again and the same: only its age is another.
            Detail::Differences(read) if self.is_known(read) => {}
            // They come every few seconds, and nothing is made of them but cells.
            Detail::Usage(_) => {}
            _ => self.revision += 1,
        }
        match detail {
            Detail::Quota(quota) => drop(self.quotas.insert(source, quota)),
            // What was read before is better than why it cannot be read now.
            Detail::Jobs(JobsRead { run, jobs: Err(why) }) => {
                self.jobs
                    .entry(run)
                    .and_modify(|jobs| {
                        if jobs.is_err() {
                            *jobs = Err(why.clone());
                        }
                    })
                    .or_insert(Err(why));
            }
            Detail::Jobs(JobsRead { run, jobs: Ok(jobs) }) => self.keep_jobs(run, jobs),
            // Only how long they took is of interest, and that was learnt.
            // The last are rows of the world.
            Detail::Past(_) | Detail::Applications(_) => {}
            Detail::Pipelines(rows) => drop(self.pipelines.insert(source, rows)),
            // As of jobs: what was read is kept.
            Detail::Pending(PendingRead { run, pending }) => {
                if pending.is_ok() || !self.pending.get(&run).is_some_and(Result::is_ok) {
                    self.pending.insert(run, pending);
                }
            }
            Detail::Aside(read) => self.keep_aside(mono, read),
            Detail::Comparison(row) => {
                let key = (row.query.rollout.clone(), row.query.metric);
                drop(self.comparisons.insert(key, Compared { source, heard: mono, row: Arc::from(row) }));
            }
            Detail::Runners(read) => {
                drop(self.runners.insert((read.source, read.repository.clone()), read));
            }
            Detail::Security(read) => {
                let key = (read.source, read.repository.clone());
                let before = self.security.remove(&key);
                self.security.insert(key, Scanned::after(before, mono, *read));
            }
            Detail::Workflow(read) => self.workflow = Some(read),
            Detail::UnreadObjectives(names) => drop(self.unread_objectives.insert(source, names)),
            Detail::Startables(read) => self.startables = Some(read),
            Detail::Spent(row) => drop(self.spent.insert(row.slo.clone(), row)),
            Detail::Revisions(read) => self.revisions = Some(read),
            Detail::Release(ContentRead { uid, version, content }) => {
                drop(self.releases.insert(uid, (version, content)));
            }
            Detail::Nodes(NodesRead { nodes }) => match nodes {
                Err(why) if self.nodes.get(&source).is_some_and(Result::is_ok) => {
                    self.old_nodes.insert(source, why);
                }
                nodes => {
                    self.old_nodes.remove(&source);
                    self.nodes.insert(source, nodes);
                }
            },
            Detail::Access(read) => {
                let key = (source, read.namespace.clone());
                drop(self.access.insert(key, (mono, Arc::new(read))));
            }
            Detail::Differences(read) => self.keep_differences(mono, read),
            Detail::Usage(Usage { container, taken }) => drop(self.usage.insert(container, (mono, taken))),
            // What was read stays beside why it cannot be read now: it may be another by now.
            Detail::Overlay(read) => match read.pins {
                Err(why) if self.overlays.get(&read.overlay).is_some_and(Result::is_ok) => {
                    self.old_overlays.insert(read.overlay, why);
                }
                pins => {
                    self.old_overlays.remove(&read.overlay);
                    self.overlays.insert(read.overlay, pins);
                }
            },
            Detail::Range(read) => drop(self.ranges.insert(read.range, read.apart)),
            // What was read before is better than why it cannot be read now.
            Detail::Folder(read) => {
                let key = (read.repository, read.folder);
                if read.known.is_ok() || !self.folders.get(&key).is_some_and(Result::is_ok) {
                    self.folders.insert(key, read.known);
                }
            }
        }
    }

    /// What the account may do in a namespace, and when that was read (monotonic).
    #[must_use]
    pub fn access(&self, source: SourceId, namespace: &Name) -> Option<&(Duration, Arc<AccessRead>)> {
        self.access.get(&(source, namespace.clone()))
    }

    /// As of jobs: what was read is better than why it cannot be read now.
    fn keep_aside(&mut self, mono: Duration, AsideRead { aside, told }: AsideRead) {
        if told.is_err() && self.asides.get(&aside).is_some_and(|(_, told)| told.is_ok()) {
            return;
        }
        self.asides.insert(aside, (mono, told));
        while self.asides.len() > ASIDES {
            let oldest = self.asides.iter().min_by_key(|(_, (heard, _))| *heard).map(|(aside, _)| aside.clone());
            drop(oldest.and_then(|oldest| self.asides.remove(&oldest)));
        }
    }

    /// Jobs that were made here, of objects that are listed.
    pub(super) fn group(&mut self, run: &Uid, jobs: Jobs) {
        if matches!(self.jobs.get(run), Some(Ok(known)) if **known == jobs) {
            return;
        }
        self.revision += 1;
        self.keep_jobs(run.clone(), Arc::new(jobs));
    }

    fn keep_jobs(&mut self, run: Uid, jobs: Arc<Jobs>) {
        if let Some(Ok(before)) = self.jobs.get(&run) {
            for job in &before.jobs {
                self.places.remove(&job.id.uid);
            }
        }
        for (at, job) in jobs.jobs.iter().enumerate() {
            self.places.insert(job.id.uid.clone(), (run.clone(), at));
        }
        self.jobs.insert(run, Ok(jobs));
    }

    /// Runs are gone: nothing is kept but what is `there`.
    pub(super) fn keep_runs(&mut self, there: impl Fn(&Uid) -> bool) {
        self.jobs.retain(|run, _| there(run));
        self.pending.retain(|run, _| there(run));
        self.places.retain(|_, (run, _)| there(run));
        self.revision += 1;
    }

    /// Forgets the jobs of runs that are not `wanted`, the oldest (by `age`) first, once there are very
    /// many; read again when somebody looks at one of them. Those that were not `read` (see
    /// [`Self::group`]) are neither counted nor forgotten: nobody would read them again.
    pub(super) fn bound_jobs<A: Ord>(
        &mut self,
        wanted: impl Fn(&Uid) -> bool,
        read: impl Fn(&Uid) -> bool,
        age: impl Fn(&Uid) -> A,
    ) {
        let rows = |jobs: &Jobs| jobs.jobs.iter().map(|job| 1 + job.steps.len()).sum::<usize>();
        let counted = self.jobs.iter().filter(|(run, _)| read(run));
        let counted = counted.filter_map(|(run, jobs)| Some((run, rows(jobs.as_ref().ok()?))));
        let counted: Vec<(&Uid, usize)> = counted.collect();
        let mut all: usize = counted.iter().map(|(_, rows)| rows).sum();
        if all <= MOST {
            return;
        }
        let mut unwanted: Vec<_> = counted.into_iter().filter(|(run, _)| !wanted(run)).collect();
        unwanted.sort_by_cached_key(|(run, _)| (age(run), (*run).clone()));
        let enough = unwanted.iter().take_while(|(_, rows)| {
            let over = all > FEWER;
            all -= if over { *rows } else { 0 };
            over
        });
        let dropped: HashSet<Uid> = enough.map(|(run, _)| (*run).clone()).collect();
        if !dropped.is_empty() {
            self.jobs.retain(|run, _| !dropped.contains(run));
            self.places.retain(|_, (run, _)| !dropped.contains(run));
            self.revision += 1;
            self.forgotten += 1;
        }
    }

    /// How often jobs that nobody looked at were forgotten.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// As [`Self::keep_runs`], for Rollouts.
    pub(super) fn keep_rollouts(&mut self, there: impl Fn(&Uid) -> bool) {
        self.comparisons.retain(|(rollout, _), _| there(rollout));
        self.revision += 1;
    }

    /// As [`Self::keep_runs`], for containers.
    pub(super) fn keep_containers(&mut self, there: impl Fn(&Uid) -> bool) {
        self.usage.retain(|container, _| there(container));
    }

    /// As [`Self::keep_runs`], for objectives.
    pub(super) fn keep_objectives(&mut self, there: impl Fn(&Uid) -> bool) {
        self.spent.retain(|slo, _| there(slo));
        self.revision += 1;
    }

    /// Runs whose jobs, Rollouts whose arms, objectives whose loss are kept.
    #[must_use]
    pub fn kept(&self) -> (usize, usize, usize) {
        (self.jobs.len(), self.comparisons.len(), self.spent.len())
    }

    /// The jobs of a run as they were read last; `Err`: why they cannot be read.
    #[must_use]
    pub fn jobs(&self, run: &Uid) -> Option<&Result<Arc<Jobs>, Safe>> {
        self.jobs.get(run)
    }

    /// What a run waits for as it was read last; `Err`: why it cannot be read.
    #[must_use]
    pub fn pending(&self, run: &Uid) -> Option<&Result<Arc<Pending>, Safe>> {
        self.pending.get(run)
    }

    /// A workflow that is about to be started, as it was read last; `Err`: why it cannot be.
    #[must_use]
    pub fn workflow(&self, wanted: &WorkflowWanted) -> Option<&Result<Arc<Dispatchable>, Safe>> {
        self.workflow.as_ref().filter(|read| read.wanted == *wanted).map(|read| &read.workflow)
    }

    /// The names of objectives that could not be read.
    pub fn unread_objectives(&self) -> impl Iterator<Item = &Safe> {
        self.unread_objectives.values().flat_map(|names| names.iter())
    }

    /// What can be started by hand in a repository, as far as it was read; `Err`: why it is not known.
    #[must_use]
    pub fn startables(&self, source: SourceId, repository: &Name) -> Option<&Result<Arc<Startable>, Safe>> {
        let read = self.startables.as_ref();
        read.filter(|read| read.source == source && read.repository == *repository).map(|read| &read.rows)
    }

    /// The runners of a repository as they were read last.
    #[must_use]
    pub fn runners(&self, source: SourceId, repository: &Name) -> Option<&RunnersRead> {
        self.runners.get(&(source, repository.clone()))
    }

    /// Of every repository whose runners were read.
    pub fn all_runners(&self) -> impl Iterator<Item = &RunnersRead> {
        self.runners.values()
    }

    /// What scanners found in a repository, as it was read last.
    #[must_use]
    pub fn security(&self, source: SourceId, repository: &Name) -> Option<&SecurityRead> {
        self.security.get(&(source, repository.clone())).map(|scanned| &scanned.read)
    }

    /// When what is known of them was read, of that part of it which is oldest.
    #[must_use]
    pub fn security_heard(&self, source: SourceId, repository: &Name) -> Option<Duration> {
        self.security.get(&(source, repository.clone())).map(Scanned::heard)
    }

    /// Of every repository whose findings were read.
    pub fn all_security(&self) -> impl Iterator<Item = &SecurityRead> {
        self.security.values().map(|scanned| &scanned.read)
    }

    /// What stands beside a run, as it was read last; `Err`: why it cannot be read.
    #[must_use]
    pub fn aside(&self, aside: &Aside) -> Option<&Result<Arc<Told>, Safe>> {
        self.asides.get(aside).map(|(_, told)| told)
    }

    /// An earlier attempt that has this job.
    fn attempt_of(&self, job: &Uid) -> Option<&Attempt> {
        self.asides.values().find_map(|(_, told)| match told.as_ref().ok()?.as_ref() {
            Told::Attempt(attempt) if attempt.jobs.jobs.iter().any(|row| row.id.uid == *job) => Some(attempt.as_ref()),
            _ => None,
        })
    }

    /// Runs that waited for something when they were read last.
    pub fn with_pending(&self) -> impl Iterator<Item = &Uid> {
        let waits = |read: &Result<Arc<Pending>, Safe>| read.as_ref().is_ok_and(|read| read.is_open());
        self.pending.iter().filter(move |(_, read)| waits(read)).map(|(run, _)| run)
    }

    /// A job by its id, of whatever run and attempt.
    #[must_use]
    pub fn job(&self, id: &Uid) -> Option<&Job> {
        let Some((run, at)) = self.places.get(id) else {
            return self.attempt_of(id)?.jobs.jobs.iter().find(|job| job.id.uid == *id);
        };
        self.jobs.get(run)?.as_ref().ok()?.jobs.get(*at)
    }

    /// The pipelines of all RustCI servers, in the servers' order.
    pub fn pipelines(&self) -> impl Iterator<Item = &CiPipeline> {
        self.pipelines.values().flat_map(|rows| rows.iter())
    }

    #[must_use]
    pub fn pipeline(&self, id: &Uid) -> Option<&CiPipeline> {
        self.pipelines().find(|row| row.id.uid == *id)
    }

    /// The canary of a Rollout beside its stable arm, errors first.
    pub fn comparisons(&self, rollout: &Uid) -> impl Iterator<Item = &Compared> {
        [ArmMetric::Errors, ArmMetric::Slow, ArmMetric::Latency]
            .into_iter()
            .filter_map(move |metric| self.comparisons.get(&(rollout.clone(), metric)))
    }

    /// Budget of an objective spent since then; `None` when it was counted from another time.
    #[must_use]
    pub fn spent(&self, slo: &Uid, since: Timestamp) -> Option<&Reading<f64>> {
        self.spent.get(slo).filter(|row| row.since == since).map(|row| &row.spent)
    }
}
