//! StatefulSets, DaemonSets and Jobs as the API writes them → model (apis.md §3.1).

use serde::Deserialize;

use crate::model::kubernetes::Replicas;
use crate::model::workloads::{Controlled, Update};
use crate::model::{Kind, SourceId};
use crate::systems::ingest::IngestError;
use crate::systems::meta::{
    ConditionWire, MetaWire, Pool, SelectorWire, TemplateWire, conditions, images, selector, template,
};
use crate::systems::wire::{Flag, Int, List, Obj, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ControlledWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
    #[serde(borrow)]
    spec: Obj<Spec<'a>>,
    #[serde(borrow)]
    status: Obj<Status<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec<'a> {
    replicas: Int,
    completions: Int,
    parallelism: Int,
    backoff_limit: Int,
    suspend: Flag,
    #[serde(borrow)]
    pod_management_policy: Text<'a>,
    #[serde(borrow)]
    update_strategy: Obj<Strategy<'a>>,
    #[serde(borrow)]
    template: Obj<TemplateWire<'a>>,
    #[serde(borrow)]
    selector: Obj<SelectorWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Strategy<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    rolling_update: Obj<Rolling>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rolling {
    partition: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    observed_generation: Int,
    replicas: Int,
    current_replicas: Int,
    updated_replicas: Int,
    ready_replicas: Int,
    available_replicas: Int,
    #[serde(borrow)]
    current_revision: Text<'a>,
    #[serde(borrow)]
    update_revision: Text<'a>,
    desired_number_scheduled: Int,
    current_number_scheduled: Int,
    updated_number_scheduled: Int,
    number_ready: Int,
    number_available: Int,
    active: Int,
    ready: Int,
    succeeded: Int,
    failed: Int,
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
}

pub fn stateful_set(cluster: SourceId, wire: &ControlledWire<'_>, pool: &mut Pool) -> Result<Controlled, IngestError> {
    controlled(Kind::StatefulSet, cluster, wire, pool)
}

pub fn daemon_set(cluster: SourceId, wire: &ControlledWire<'_>, pool: &mut Pool) -> Result<Controlled, IngestError> {
    controlled(Kind::DaemonSet, cluster, wire, pool)
}

pub fn job(cluster: SourceId, wire: &ControlledWire<'_>, pool: &mut Pool) -> Result<Controlled, IngestError> {
    controlled(Kind::BatchJob, cluster, wire, pool)
}

fn controlled(
    kind: Kind,
    cluster: SourceId,
    wire: &ControlledWire<'_>,
    pool: &mut Pool,
) -> Result<Controlled, IngestError> {
    let what = kind.as_str();
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what, field: "metadata" })?;
    let (no_spec, no_status) = (Spec::default(), Status::default());
    let spec = wire.spec.0.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    let strategy = spec.update_strategy.0.as_ref();
    // What is not set is what the server makes of it.
    let rolling = strategy.and_then(|it| it.kind.some()).is_none_or(|kind| kind == "RollingUpdate");
    let (replicas, update) = match kind {
        Kind::StatefulSet => {
            let partition = strategy.and_then(|it| it.rolling_update.0.as_ref()).map(|rolling| rolling.partition.0);
            let replicas = Replicas {
                desired: spec.replicas.0.unwrap_or(1),
                current: status.replicas.or_zero(),
                updated: status.updated_replicas.or_zero(),
                ready: status.ready_replicas.or_zero(),
                available: status.available_replicas.or_zero(),
            };
            let update = Update::Stateful {
                rolling,
                ordered: spec.pod_management_policy.as_str() != "Parallel",
                partition,
                current: status.current_replicas.or_zero(),
                current_revision: status.current_revision.line(),
                update_revision: status.update_revision.line(),
            };
            (replicas, update)
        }
        Kind::DaemonSet => {
            let replicas = Replicas {
                desired: status.desired_number_scheduled.or_zero(),
                current: status.current_number_scheduled.or_zero(),
                updated: status.updated_number_scheduled.or_zero(),
                ready: status.number_ready.or_zero(),
                available: status.number_available.or_zero(),
            };
            (replicas, Update::Daemon { rolling })
        }
        _ => job_of(spec, status),
    };
    Ok(Controlled {
        meta: metadata.model(what, cluster, pool)?,
        kind,
        observed_generation: status.observed_generation.or_zero(),
        replicas,
        update,
        conditions: conditions(&status.conditions, pool),
        images: images(&spec.template, pool),
        template: template(&spec.template, pool),
        // Of a Job nobody asks.
        selector: spec.selector.0.as_ref().filter(|_| kind != Kind::BatchJob).map(selector),
        managed_by: metadata.managed_by(),
    })
}

/// Without `completions` any one pod that succeeds ends it.
fn job_of(spec: &Spec<'_>, status: &Status<'_>) -> (Replicas, Update) {
    let (active, done) = (status.active.or_zero(), status.succeeded.or_zero());
    let replicas = Replicas {
        desired: spec.completions.0.or(spec.parallelism.0).unwrap_or(1),
        current: active + done,
        updated: active + done,
        ready: status.ready.or_zero() + done,
        available: done,
    };
    let update = Update::Job {
        active,
        failed: status.failed.or_zero(),
        backoff_limit: spec.backoff_limit.0.unwrap_or(6),
        suspended: spec.suspend.is_true(),
    };
    (replicas, update)
}
