//! Why a Deployment is not moving.

use super::silent::{self, Unanswered};
use super::{Cause, Reason, Severity, image, pods};
use crate::command::Command;
use crate::model::kubernetes::Deployment;
use crate::safe;
use crate::state::{State, deployment_status, holds};

pub(super) fn cause(state: &State, unanswered: &Unanswered<'_>, row: &Deployment) -> Option<Cause> {
    let replicas = row.replicas;
    let observed = row.meta.generation <= row.observed_generation;
    let deadline = deployment_status::deadline_exceeded(row);
    let done = replicas.updated >= replicas.desired
        && replicas.current <= replicas.updated
        && replicas.available >= replicas.updated;
    if observed && done && !deadline {
        return None;
    }
    if let Some(cause) = silent::cause(state, unanswered, &row.meta, "deployment controller") {
        return Some(cause);
    }
    let sets = state.world.replica_sets.owned_by(&row.meta.uid).filter(|set| set.desired > 0 || set.current > 0);
    let foreign = || image::cause(state, &row.images, "", &[Command::Undo]);
    let of_pods = pods::cause(state, sets, &[Command::Undo]).map(|cause| image::instead(cause, foreign));
    if let Some(cause) = of_pods.or_else(foreign) {
        return Some(cause);
    }
    let stuck = |reason, severity, since, words| {
        Some(Cause { reason, severity, since, part: "", words, keys: vec![Command::Look, Command::Undo] })
    };
    let changed = |kind: &str| row.conditions.iter().find(|condition| condition.kind.as_str() == kind)?.changed;
    if deadline {
        let words = safe!(
            "passed its progress deadline: {} of {} updated replicas are available",
            replicas.available.min(replicas.updated),
            replicas.desired
        );
        return stuck(Reason::Deadline, Severity::Broken, changed("Progressing"), words);
    }
    if row.paused && replicas.updated < replicas.desired {
        let by = holds::paused_by(state, &row.meta.uid, row.meta.cluster, row.paused_by.as_ref());
        let words = safe!("is paused{}: {} of {} replicas are updated", by.brief(), replicas.updated, replicas.desired);
        return stuck(Reason::ManualPause, Severity::Waiting, changed("Progressing"), words);
    }
    None
}
