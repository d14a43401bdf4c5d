//! What each workload and Application waits for, kept by its uid: after a change only what that was about
//! is looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::limits::Short;
use super::silent::{self, Unanswered};
use super::{
    Blocker, Reason, below, controlled, deployment, gitops, limits, of_application, of_object, rollout, run, source,
};
use crate::model::applications::Application;
use crate::model::kubernetes::Deployment;
use crate::model::rollouts::Rollout;
use crate::model::workloads::Controlled;
use crate::model::{Kind, Uid};
use crate::state::{State, environment, workload_status};

#[derive(Debug, Clone, Default)]
pub struct Causes {
    blocked: BTreeMap<Uid, Blocker>,
    paused: BTreeMap<Uid, Blocker>,
    /// One of them became another since it was asked last.
    changed: bool,
}

/// What is found once for all of them.
struct Found<'a> {
    unanswered: Unanswered<'a>,
    short: Short<'a>,
}

impl<'a> Found<'a> {
    fn of(state: &'a State) -> Self {
        Self { unanswered: silent::unanswered(state), short: Short::of(state) }
    }
}

impl Causes {
    /// Of all.
    #[must_use]
    pub fn of(state: &State) -> Self {
        // Nobody knows what was before.
        let mut all = Self { changed: true, ..Self::default() };
        let (world, found) = (&state.world, Found::of(state));
        for row in world.rollouts.rows() {
            all.rollout(state, &found, row);
        }
        for row in world.deployments.rows() {
            all.put(&row.meta.uid, of_deployment(state, &found, row));
        }
        for row in workload_status::listed(world) {
            all.put(&row.meta.uid, of_controlled(state, &found, row));
        }
        for row in world.applications.rows() {
            all.put(&row.meta.uid, of_argo(state, row));
        }
        all
    }

    /// Of these again; the others are as they were.
    pub fn again(&mut self, state: &State, uids: &BTreeSet<Uid>) {
        let (world, found) = (&state.world, Found::of(state));
        let mut jobs = false;
        for uid in uids {
            if let Some(row) = world.rollouts.get(uid) {
                self.rollout(state, &found, row);
            } else if let Some(row) = world.deployments.get(uid) {
                self.put(uid, of_deployment(state, &found, row));
            } else if let Some(row) = world.applications.get(uid) {
                self.put(uid, of_argo(state, row));
            } else {
                jobs |= world.controlled.get(uid).is_some();
            }
        }
        if jobs {
            // Which of a CronJob's is listed is known of all together.
            for row in workload_status::listed(world).into_iter().filter(|row| uids.contains(&row.meta.uid)) {
                self.put(&row.meta.uid, of_controlled(state, &found, row));
            }
        }
    }

    fn rollout(&mut self, state: &State, found: &Found<'_>, row: &Rollout) {
        let paused = rollout::paused(state, row).map(|cause| of_object(state, &row.meta, Kind::Rollout, cause));
        self.changed |= put(&mut self.paused, &row.meta.uid, paused);
        self.put(&row.meta.uid, of_rollout(state, found, row));
    }

    fn put(&mut self, uid: &Uid, blocker: Option<Blocker>) {
        self.changed |= put(&mut self.blocked, uid, blocker);
    }

    /// Most news change nothing of it.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The Rollouts that wait for a person, whatever else is the matter with them.
    pub fn paused(&self) -> impl Iterator<Item = &Blocker> {
        self.paused.values()
    }

    /// With the others, in their order.
    #[must_use]
    pub fn ordered(&self, state: &State, others: &[Blocker]) -> Vec<Blocker> {
        let mut all: Vec<Blocker> = self.blocked.values().chain(others).cloned().collect();
        all.sort_by_cached_key(|blocker| {
            let protected = match (&blocker.object, &blocker.environment) {
                // A source that is in trouble may hide anything, production too.
                (None, _) => true,
                (Some(_), environment) => {
                    environment.as_ref().is_some_and(|name| environment::is_protected(state, name))
                }
            };
            // More load than it may grow for is felt by users, however long the others have waited.
            let felt = blocker.reason == Reason::HpaAtMax;
            let since = blocker.since.unwrap_or(Timestamp::MAX);
            (!protected, blocker.severity, !felt, since, blocker.sentence.clone())
        });
        all
    }
}

/// Those of runs and of sources.
#[must_use]
pub fn others(state: &State) -> Vec<Blocker> {
    run::blockers(state).chain(source::blockers(state)).collect()
}

/// Whether that is another than before.
fn put(all: &mut BTreeMap<Uid, Blocker>, uid: &Uid, blocker: Option<Blocker>) -> bool {
    let changed = all.get(uid) != blocker.as_ref();
    match blocker {
        Some(blocker) => drop(all.insert(uid.clone(), blocker)),
        None => drop(all.remove(uid)),
    }
    changed
}

fn of_rollout(state: &State, found: &Found<'_>, row: &Rollout) -> Option<Blocker> {
    let about = (Kind::Rollout, &row.meta, &row.template.labels);
    let cause = rollout::cause(state, &found.unanswered, row).map(|it| limits::at_max_too(&found.short, about, it));
    let below = || below(&state.world, &row.meta.uid);
    let cause = cause.or_else(|| limits::cause(state, &found.short, about, below()))?;
    Some(of_object(state, &row.meta, Kind::Rollout, cause))
}

fn of_deployment(state: &State, found: &Found<'_>, row: &Deployment) -> Option<Blocker> {
    let about = (Kind::Deployment, &row.meta, &row.template.labels);
    let cause = deployment::cause(state, &found.unanswered, row).map(|it| limits::at_max_too(&found.short, about, it));
    let below = || below(&state.world, &row.meta.uid);
    let cause = cause.or_else(|| limits::cause(state, &found.short, about, below()))?;
    Some(of_object(state, &row.meta, Kind::Deployment, cause))
}

fn of_controlled(state: &State, found: &Found<'_>, row: &Arc<Controlled>) -> Option<Blocker> {
    let cause = controlled::cause(state, &found.unanswered, row).or_else(|| {
        let about = (row.kind, &row.meta, &row.template.labels);
        limits::cause(state, &found.short, about, state.world.pods.owned_by(&row.meta.uid))
    })?;
    Some(of_object(state, &row.meta, row.kind, cause))
}

fn of_argo(state: &State, row: &Application) -> Option<Blocker> {
    Some(of_application(state, row, gitops::cause(state, row)?))
}
