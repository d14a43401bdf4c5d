//! What `kubectl rollout status --watch=false` says of a Deployment: its verdict and its last line
//! (apis.md §3.1; kubectl's `polymorphichelpers/rollout_status.go`).

use crate::model::kubernetes::{Deployment, RolloutStatus, RolloutVerdict};
use crate::safe;
use crate::text::Safe;

/// The order of the questions is kubectl's.
#[must_use]
pub fn status(deployment: &Deployment) -> RolloutStatus {
    let name = deployment.meta.name.safe();
    let replicas = deployment.replicas;
    let waiting = |what: Safe| RolloutStatus {
        verdict: RolloutVerdict::Progressing,
        message: safe!("Waiting for deployment \"{}\" rollout to finish: {}...", name, what),
    };
    if is_complete(deployment) {
        return RolloutStatus {
            verdict: RolloutVerdict::Complete,
            message: safe!("deployment \"{}\" successfully rolled out", name),
        };
    }
    if deployment.meta.generation > deployment.observed_generation {
        return RolloutStatus {
            verdict: RolloutVerdict::Progressing,
            message: Safe::of("Waiting for deployment spec update to be observed..."),
        };
    }
    if deadline_exceeded(deployment) {
        return RolloutStatus {
            verdict: RolloutVerdict::Failed,
            message: safe!("deployment \"{}\" exceeded its progress deadline", name),
        };
    }
    if replicas.updated < replicas.desired {
        return waiting(safe!("{} out of {} new replicas have been updated", replicas.updated, replicas.desired));
    }
    if replicas.current > replicas.updated {
        return waiting(safe!("{} old replicas are pending termination", replicas.current - replicas.updated));
    }
    waiting(safe!("{} of {} updated replicas are available", replicas.available, replicas.updated))
}

/// The verdict of most of them at most times, without a sentence.
#[must_use]
pub fn is_complete(deployment: &Deployment) -> bool {
    let replicas = deployment.replicas;
    deployment.meta.generation <= deployment.observed_generation
        && !deadline_exceeded(deployment)
        && replicas.updated >= replicas.desired
        && replicas.current <= replicas.updated
        && replicas.available >= replicas.updated
}

/// The controller gave up on the update.
#[must_use]
pub fn deadline_exceeded(deployment: &Deployment) -> bool {
    let progressing = deployment.conditions.iter().find(|condition| condition.kind.as_str() == "Progressing");
    progressing.is_some_and(|condition| condition.reason.as_str() == "ProgressDeadlineExceeded")
}
