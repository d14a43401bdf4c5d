//! What `kubectl rollout status --watch=false` says of a StatefulSet and of a DaemonSet (apis.md §3.1;
//! kubectl's `polymorphichelpers/rollout_status.go`). Of a Job, which kubectl has no such words for, its
//! own conditions speak.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::World;
use crate::model::kubernetes::{Condition, RolloutStatus, RolloutVerdict};
use crate::model::workloads::{Controlled, Update};
use crate::model::{Kind, Uid};
use crate::safe;
use crate::text::Safe;

/// As it is called on the screen.
#[must_use]
pub const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::BatchJob => "Job",
        kind => kind.as_str(),
    }
}

/// The order of the questions is kubectl's.
#[must_use]
pub fn status(row: &Controlled) -> RolloutStatus {
    match &row.update {
        Update::Stateful { rolling: false, .. } | Update::Daemon { rolling: false } => on_delete(row),
        Update::Stateful { partition, current, current_revision, update_revision, .. } => {
            stateful(row, *partition, *current, (current_revision, update_revision))
        }
        Update::Daemon { .. } => daemon(row),
        Update::Job { active, failed, suspended, .. } => job(row, *active, *failed, *suspended),
    }
}

fn progressing(message: Safe) -> RolloutStatus {
    RolloutStatus { verdict: RolloutVerdict::Progressing, message }
}

fn complete(message: Safe) -> RolloutStatus {
    RolloutStatus { verdict: RolloutVerdict::Complete, message }
}

/// kubectl refuses to say anything of it. It is brought up to date by whoever deletes its pods, so what
/// is left to tell is whether those there are run.
fn on_delete(row: &Controlled) -> RolloutStatus {
    let message = Safe::of("rollout status is only available for RollingUpdate strategy type");
    let verdict = if row.replicas.ready >= row.replicas.desired && row.observed_generation >= row.meta.generation {
        RolloutVerdict::Complete
    } else {
        RolloutVerdict::Progressing
    };
    RolloutStatus { verdict, message }
}

#[expect(clippy::option_option, reason = "set without a number is not the same as not set")]
fn stateful(
    row: &Controlled,
    partition: Option<Option<i64>>,
    current: i64,
    revisions: (&Safe, &Safe),
) -> RolloutStatus {
    let replicas = row.replicas;
    if row.observed_generation == 0 || row.meta.generation > row.observed_generation {
        return progressing(Safe::of("Waiting for statefulset spec update to be observed..."));
    }
    if replicas.ready < replicas.desired {
        return progressing(safe!("Waiting for {} pods to be ready...", replicas.desired - replicas.ready));
    }
    if let Some(partition) = partition {
        let wanted = replicas.desired - partition.unwrap_or(0);
        if partition.is_some() && replicas.updated < wanted {
            return progressing(safe!(
                "Waiting for partitioned roll out to finish: {} out of {} new pods have been updated...",
                replicas.updated,
                wanted
            ));
        }
        return complete(safe!("partitioned roll out complete: {} new pods have been updated...", replicas.updated));
    }
    let (current_revision, update_revision) = revisions;
    if current_revision != update_revision {
        return progressing(safe!(
            "waiting for statefulset rolling update to complete {} pods at revision {}...",
            replicas.updated,
            update_revision
        ));
    }
    complete(safe!("statefulset rolling update complete {} pods at revision {}...", current, current_revision))
}

fn daemon(row: &Controlled) -> RolloutStatus {
    let (name, replicas) = (row.meta.name.safe(), row.replicas);
    if row.meta.generation > row.observed_generation {
        return progressing(Safe::of("Waiting for daemon set spec update to be observed..."));
    }
    let waiting = |what: Safe| progressing(safe!("Waiting for daemon set \"{}\" rollout to finish: {}...", name, what));
    if replicas.updated < replicas.desired {
        return waiting(safe!("{} out of {} new pods have been updated", replicas.updated, replicas.desired));
    }
    if replicas.available < replicas.desired {
        return waiting(safe!("{} of {} updated pods are available", replicas.available, replicas.desired));
    }
    complete(safe!("daemon set \"{}\" successfully rolled out", name))
}

fn job(row: &Controlled, active: i64, failed: i64, suspended: bool) -> RolloutStatus {
    let (done, wanted) = (row.replicas.available, row.replicas.desired);
    if let Some(condition) = failure(row) {
        let message = safe!("{}: {}", condition.reason, condition.message);
        return RolloutStatus { verdict: RolloutVerdict::Failed, message };
    }
    if holds(row, "Complete").is_some() {
        return complete(safe!("{} of {} completions", done, wanted));
    }
    if suspended {
        return progressing(safe!("suspended: {} of {} completions", done, wanted));
    }
    progressing(safe!("{} of {} completions, {} active, {} failed", done, wanted, active, failed))
}

/// The condition that ended a Job badly.
#[must_use]
pub fn failure(row: &Controlled) -> Option<&Condition> {
    holds(row, "Failed")
}

fn holds<'a>(row: &'a Controlled, kind: &str) -> Option<&'a Condition> {
    row.conditions.iter().find(|condition| condition.kind.as_str() == kind && condition.status == Some(true))
}

/// Those that are listed as workloads: of the Jobs that a CronJob makes the newest alone, and none that
/// measures for an analysis or works for something else.
#[must_use]
pub fn listed(world: &World) -> Vec<&Arc<Controlled>> {
    let mut newest: BTreeMap<&Uid, &Arc<Controlled>> = BTreeMap::new();
    let mut all = Vec::new();
    for row in world.controlled.rows() {
        match row.meta.owner.as_ref().filter(|_| row.kind == Kind::BatchJob) {
            Some(owner) if owner.kind.as_str() == "CronJob" => {
                let last = newest.entry(&owner.uid).or_insert(row);
                if row.meta.created > last.meta.created {
                    *last = row;
                }
            }
            Some(_) => {}
            None => all.push(row),
        }
    }
    all.extend(newest.into_values());
    all
}
