//! The transition, as tables: what a message does to the state and what it asks of the loop.

mod applications;
mod approvals;
mod argocd_ways;
mod canary;
mod dialog;
mod dialog_findings;
mod dialog_true;
mod differences;
mod drift;
mod environments;
mod evidence;
mod findings;
mod first_row;
mod forms;
mod gone_pods;
mod groups;
mod holds;
mod inbox;
mod kept;
mod lane;
mod life;
mod look;
mod many_jobs;
mod places;
pub mod releases;
mod rights;
mod rollout_verbs;
mod run_again;
mod run_verbs;
mod runners;
mod served;
mod silent;
mod tekton;
mod told;
mod verbs;
mod watches;
mod weights;
mod windows;
mod workloads;
pub mod world;

use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome};
use quarterdeck::model::{Name, ObjectId};
use quarterdeck::text::Safe;

/// An operation that was accepted two minutes ago.
pub fn accepted(target: ObjectId, change: Change) -> Operation {
    Operation {
        id: OperationId("7-1".to_owned()),
        action: Action { target, change },
        cluster: Name::new("test"),
        environment: Name::new("production"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Accepted,
        generation: None,
        made: None,
        started: "2026-11-21T01:57:00Z".parse().unwrap(),
        started_mono: std::time::Duration::from_secs(1),
        changed: crate::ingest::blockers::objects::now(),
    }
}
