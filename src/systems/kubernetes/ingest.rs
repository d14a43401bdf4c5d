//! Namespaces, Deployments, ReplicaSets and Events as the API writes them → model (apis.md §3).

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::Name;
use crate::model::SourceId;
use crate::model::kubernetes::{Deployment, Event, Namespace, ReplicaSet, Replicas};
use crate::systems::ingest::IngestError;
use crate::systems::managers::{Held, Managers, set_by};
use crate::systems::meta::{ConditionWire, MetaWire, Pool, TemplateWire, conditions, images, template};
use crate::systems::wire::{Flag, Int, List, Obj, Spec, Text, Time};
use crate::text::Safe;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NamespaceWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
}

/// The namespace stands in its own namespace, so that a feed of one namespace covers it.
pub fn namespace(cluster: SourceId, wire: &NamespaceWire<'_>, pool: &mut Pool) -> Result<Namespace, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "Namespace", field: "metadata" })?;
    let mut meta = metadata.model("Namespace", cluster, pool)?;
    meta.namespace = meta.name.clone();
    Ok(Namespace { meta, environment: metadata.label("environment").map(Name::new) })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkloadWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a, Managers<'a>>>,
    #[serde(borrow)]
    spec: Spec<'a, WorkloadSpec<'a>>,
    #[serde(borrow)]
    status: Obj<WorkloadStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WorkloadSpec<'a> {
    replicas: Int,
    paused: Flag,
    progress_deadline_seconds: Int,
    #[serde(borrow)]
    template: Obj<TemplateWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WorkloadStatus<'a> {
    observed_generation: Int,
    replicas: Int,
    updated_replicas: Int,
    ready_replicas: Int,
    available_replicas: Int,
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
}

pub fn deployment(cluster: SourceId, wire: &WorkloadWire<'_>, pool: &mut Pool) -> Result<Deployment, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "Deployment", field: "metadata" })?;
    let (no_spec, no_status) = (WorkloadSpec::default(), WorkloadStatus::default());
    let spec = wire.spec.wire.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    Ok(Deployment {
        meta: metadata.model("Deployment", cluster, pool)?,
        spec: wire.spec.hash(),
        paused: spec.paused.is_true(),
        paused_by: spec.paused.is_true().then(|| set_by(&metadata.managed_fields, Held::Paused)).flatten(),
        replicas_by: set_by(&metadata.managed_fields, Held::Replicas),
        revision: metadata.number("deployment.kubernetes.io/revision"),
        observed_generation: status.observed_generation.or_zero(),
        replicas: Replicas {
            desired: spec.replicas.0.unwrap_or(1),
            current: status.replicas.or_zero(),
            updated: status.updated_replicas.or_zero(),
            ready: status.ready_replicas.or_zero(),
            available: status.available_replicas.or_zero(),
        },
        conditions: conditions(&status.conditions, pool),
        completed: completed(&status.conditions),
        images: images(&spec.template, pool),
        template: template(&spec.template, pool),
        progress_deadline: spec.progress_deadline_seconds.0,
        managed_by: metadata.managed_by(),
    })
}

fn completed(conditions: &List<Obj<ConditionWire<'_>>>) -> Option<Timestamp> {
    let mut all = conditions.0.iter().filter_map(|row| row.0.as_ref());
    let row = all.find(|row| row.is("Progressing", "True") && row.reason.as_str() == "NewReplicaSetAvailable")?;
    row.last_update_time.0
}

pub fn replica_set(cluster: SourceId, wire: &WorkloadWire<'_>, pool: &mut Pool) -> Result<ReplicaSet, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "ReplicaSet", field: "metadata" })?;
    let (no_spec, no_status) = (WorkloadSpec::default(), WorkloadStatus::default());
    let spec = wire.spec.wire.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    let hash = metadata.label("rollouts-pod-template-hash").or_else(|| metadata.label("pod-template-hash"));
    Ok(ReplicaSet {
        meta: metadata.model("ReplicaSet", cluster, pool)?,
        revision: metadata
            .number("rollout.argoproj.io/revision")
            .or_else(|| metadata.number("deployment.kubernetes.io/revision")),
        template_hash: hash.map(|hash| pool.line(hash)),
        desired: spec.replicas.0.unwrap_or(1),
        current: status.replicas.or_zero(),
        ready: status.ready_replicas.or_zero(),
        available: status.available_replicas.or_zero(),
        observed_generation: status.observed_generation.or_zero(),
        conditions: conditions(&status.conditions, pool),
        images: images(&spec.template, pool),
        scale_down_at: metadata.annotation("scale-down-deadline").and_then(|at| at.parse().ok()),
        experiment_template: metadata.annotation("experiment.argoproj.io/template-name").map(Safe::line),
        change_cause: metadata.annotation("kubernetes.io/change-cause").map(Safe::line),
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EventWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
    #[serde(borrow)]
    involved_object: Obj<AboutWire<'a>>,
    /// The same in events.k8s.io/v1.
    #[serde(borrow)]
    regarding: Obj<AboutWire<'a>>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    note: Text<'a>,
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    count: Int,
    deprecated_count: Int,
    last_timestamp: Time,
    deprecated_last_timestamp: Time,
    first_timestamp: Time,
    event_time: Time,
    series: Obj<SeriesWire>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AboutWire<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SeriesWire {
    count: Int,
    last_observed_time: Time,
}

/// Newer events leave `lastTimestamp` null: series, last, event time, creation, in this order.
pub fn event(cluster: SourceId, wire: &EventWire<'_>, pool: &mut Pool) -> Result<Event, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "Event", field: "metadata" })?;
    let nothing = AboutWire::default();
    let about = wire.involved_object.0.as_ref().or(wire.regarding.0.as_ref()).unwrap_or(&nothing);
    let (series_count, series_last) =
        wire.series.0.as_ref().map_or((None, None), |series| (series.count.0, series.last_observed_time.0));
    Ok(Event {
        meta: metadata.model("Event", cluster, pool)?,
        about_kind: pool.line(about.kind.as_str()),
        about_name: pool.name(about.name.as_str()),
        about_uid: about.uid.some().map(|uid| pool.uid(cluster, uid)),
        warning: wire.kind.as_str() == "Warning",
        reason: pool.line(wire.reason.as_str()),
        message: wire.message.some().or(wire.note.some()).map_or_else(|| Safe::of(""), Safe::line),
        count: series_count.or(wire.count.0).or(wire.deprecated_count.0).unwrap_or(1).max(1),
        last: series_last
            .or(wire.last_timestamp.0)
            .or(wire.deprecated_last_timestamp.0)
            .or(wire.event_time.0)
            .or(wire.first_timestamp.0)
            .or(metadata.creation_timestamp.0),
    })
}
