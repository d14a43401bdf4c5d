//! The write-ahead journal: every way a disk can fail, every place a file can be cut.

mod damage;
mod disk;
mod replaced;
mod ways;

use std::time::Duration;

use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome};
use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::text::Safe;

/// The cluster the operations of these tests belong to.
pub fn scope() -> Vec<SourceScope> {
    vec![SourceScope {
        system: SystemId::Kubernetes,
        discovered: None,
        id: SourceId(3),
        name: Name::new("east"),
        server: Safe::of("https://east:6443"),
        user: Safe::of("ada"),
        namespaces: None,
        unusable: None,
    }]
}

/// An operation whose number is in its id.
pub fn operation(number: u32, change: Change) -> Operation {
    let at = "2026-08-01T12:00:00Z".parse().unwrap();
    Operation {
        id: OperationId(format!("1785585600000-{number}")),
        action: Action {
            target: ObjectId {
                cluster: SourceId(3),
                kind: Kind::Rollout,
                namespace: Name::new("production"),
                name: Name::new("checkout"),
                uid: Uid::new(SourceId(3), "4b7f"),
            },
            change,
        },
        cluster: Name::new("east"),
        environment: Name::new("prod"),
        reason: Safe::line("errors over 2 %"),
        summary: Safe::of("canary 50 % → 0 %"),
        expects: Safe::of("weight 0 and status Degraded"),
        outcome: Outcome::Intended,
        generation: None,
        made: None,
        started: at,
        started_mono: Duration::ZERO,
        changed: at,
    }
}

pub fn abort(number: u32) -> Operation {
    operation(number, Change::Abort { pod_hash: Safe::identity("67c9f6889f") })
}
