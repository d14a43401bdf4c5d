//! Autoscalers, disruption budgets, quotas, network policies and locks as the API writes them → model (apis.md §3.7).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;

use super::quantity;
use crate::model::workloads::{Autoscaler, Beside, Budget, Lock, Measured, Policy, Quota, QuotaRow, Share, What};
use crate::model::{Name, SourceId};
use crate::safe;
use crate::systems::ingest::IngestError;
use crate::systems::meta::{ConditionWire, MetaWire, Pool, SelectorWire, conditions, selector};
use crate::systems::wire::{Int, List, Obj, Text, Time};
use crate::text::Safe;

/// Any of them: what it does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BesideWire<'a> {
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
    #[serde(borrow)]
    scale_target_ref: Obj<TargetWire<'a>>,
    min_replicas: Int,
    max_replicas: Int,
    #[serde(borrow)]
    metrics: List<Obj<MetricWire<'a>>>,
    #[serde(borrow)]
    selector: Obj<SelectorWire<'a>>,
    #[serde(borrow)]
    min_available: Text<'a>,
    #[serde(borrow)]
    max_unavailable: Text<'a>,
    #[serde(borrow)]
    pod_selector: Obj<SelectorWire<'a>>,
    #[serde(borrow)]
    policy_types: List<Text<'a>>,
    ingress: List<serde::de::IgnoredAny>,
    egress: List<serde::de::IgnoredAny>,
    #[serde(borrow)]
    holder_identity: Text<'a>,
    lease_duration_seconds: Int,
    acquire_time: Time,
    renew_time: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    observed_generation: Int,
    current_replicas: Int,
    desired_replicas: Int,
    #[serde(borrow)]
    current_metrics: List<Obj<MetricWire<'a>>>,
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
    disruptions_allowed: Int,
    current_healthy: Int,
    desired_healthy: Int,
    expected_pods: Int,
    #[serde(borrow)]
    hard: Obj<BTreeMap<String, Text<'a>>>,
    #[serde(borrow)]
    used: Obj<BTreeMap<String, Text<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TargetWire<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MetricWire<'a> {
    #[serde(borrow)]
    resource: Obj<SourceWire<'a>>,
    #[serde(borrow)]
    container_resource: Obj<SourceWire<'a>>,
    #[serde(borrow)]
    pods: Obj<SourceWire<'a>>,
    #[serde(borrow)]
    object: Obj<SourceWire<'a>>,
    #[serde(borrow)]
    external: Obj<SourceWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SourceWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    metric: Obj<NameWire<'a>>,
    #[serde(borrow)]
    current: Obj<ValueWire<'a>>,
    #[serde(borrow)]
    target: Obj<ValueWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NameWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ValueWire<'a> {
    average_utilization: Int,
    #[serde(borrow)]
    average_value: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
}

type Parts<'w, 'a> = (&'w MetaWire<'a>, &'w Spec<'a>, &'w Status<'a>);

fn with(
    what: &'static str,
    cluster: SourceId,
    wire: &BesideWire<'_>,
    pool: &mut Pool,
    make: impl FnOnce(Parts<'_, '_>, &mut Pool) -> What,
) -> Result<Beside, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what, field: "metadata" })?;
    let (no_spec, no_status) = (Spec::default(), Status::default());
    let spec = wire.spec.0.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    let meta = metadata.model(what, cluster, pool)?;
    Ok(Beside { meta, what: make((metadata, spec, status), pool) })
}

pub fn autoscaler(cluster: SourceId, wire: &BesideWire<'_>, pool: &mut Pool) -> Result<Beside, IngestError> {
    with("HorizontalPodAutoscaler", cluster, wire, pool, |(_, spec, status), pool| {
        let (no_target, current) = (TargetWire::default(), &status.current_metrics.0);
        let target = spec.scale_target_ref.0.as_ref().unwrap_or(&no_target);
        let current: Vec<(Safe, Safe)> = current
            .iter()
            .filter_map(|metric| source(metric.0.as_ref()?))
            .filter_map(|(name, source)| Some((name, figure(source.current.0.as_ref()?)?)))
            .collect();
        let metrics = spec.metrics.0.iter().filter_map(|metric| source(metric.0.as_ref()?));
        What::Autoscaler(Autoscaler {
            target_kind: pool.line(target.kind.as_str()),
            target: Name::new(target.name.as_str()),
            min: spec.min_replicas.0.unwrap_or(1),
            max: spec.max_replicas.or_zero(),
            current: status.current_replicas.or_zero(),
            desired: status.desired_replicas.or_zero(),
            metrics: metrics
                .map(|(name, source)| Measured {
                    current: current.iter().find(|(of, _)| *of == name).map(|(_, value)| value.clone()),
                    target: source.target.0.as_ref().and_then(figure).unwrap_or_else(|| Safe::of("?")),
                    name,
                })
                .collect(),
            conditions: conditions(&status.conditions, pool),
        })
    })
}

/// The one of the five that is there, and what it measures.
fn source<'w, 'a>(metric: &'w MetricWire<'a>) -> Option<(Safe, &'w SourceWire<'a>)> {
    let all = [&metric.resource, &metric.container_resource, &metric.pods, &metric.object, &metric.external];
    let source = all.into_iter().find_map(|source| source.0.as_ref())?;
    let name = source.name.some().or_else(|| source.metric.0.as_ref()?.name.some()).unwrap_or("?");
    Some((Safe::line(name), source))
}

fn figure(value: &ValueWire<'_>) -> Option<Safe> {
    match value.average_utilization.0 {
        Some(percent) => Some(safe!("{} %", percent)),
        None => value.average_value.some().or_else(|| value.value.some()).map(Safe::line),
    }
}

pub fn budget(cluster: SourceId, wire: &BesideWire<'_>, pool: &mut Pool) -> Result<Beside, IngestError> {
    with("PodDisruptionBudget", cluster, wire, pool, |(metadata, spec, status), _| {
        let wants = match (spec.min_available.some(), spec.max_unavailable.some()) {
            (Some(least), _) => safe!("minAvailable {}", Safe::line(least)),
            (None, Some(most)) => safe!("maxUnavailable {}", Safe::line(most)),
            (None, None) => Safe::of("no number"),
        };
        What::Budget(Budget {
            // Without one it selects nothing; an empty one selects all.
            selector: spec.selector.0.as_ref().map(selector),
            wants,
            allowed: status.disruptions_allowed.or_zero(),
            healthy: status.current_healthy.or_zero(),
            desired_healthy: status.desired_healthy.or_zero(),
            expected: status.expected_pods.or_zero(),
            observed: status.observed_generation.0.is_some_and(|seen| seen >= metadata.generation.or_zero()),
        })
    })
}

pub fn quota(cluster: SourceId, wire: &BesideWire<'_>, pool: &mut Pool) -> Result<Beside, IngestError> {
    with("ResourceQuota", cluster, wire, pool, |(_, _, status), _| {
        let hard = status.hard.0.as_ref();
        let used = |resource: &str| status.used.0.as_ref()?.get(resource)?.some();
        let row = |(resource, hard): (&String, &Text<'_>)| {
            let (used, hard) = (used(resource), hard.as_str());
            let share = used.and_then(|used| quantity::share(used, hard)).map(Share);
            QuotaRow {
                resource: Safe::line(resource),
                used: Safe::line(used.unwrap_or("?")),
                hard: Safe::line(hard),
                share,
            }
        };
        What::Quota(Quota { rows: hard.into_iter().flatten().map(row).collect() })
    })
}

pub fn policy(cluster: SourceId, wire: &BesideWire<'_>, pool: &mut Pool) -> Result<Beside, IngestError> {
    with("NetworkPolicy", cluster, wire, pool, |(_, spec, _), _| {
        let named = |way: &str| spec.policy_types.0.iter().any(|it| it.as_str() == way);
        let untold = spec.policy_types.0.is_empty();
        let (ingress, egress) = (spec.ingress.0.len(), spec.egress.0.len());
        What::Policy(Policy {
            selector: spec.pod_selector.0.as_ref().map(selector).unwrap_or_default(),
            // Unless it says otherwise it is about what comes in, and about what goes out if it has a rule for that.
            ingress: (untold || named("Ingress")).then_some(ingress),
            egress: (named("Egress") || untold && egress > 0).then_some(egress),
        })
    })
}

/// What it locks stands in its label `app.kubernetes.io/name`, else it is named after that.
pub fn lock(cluster: SourceId, wire: &BesideWire<'_>, pool: &mut Pool) -> Result<Beside, IngestError> {
    with("Lease", cluster, wire, pool, |(metadata, spec, _), pool| {
        let lasts = spec.lease_duration_seconds.0.map(SignedDuration::from_secs);
        let renewed = spec.renew_time.0.or(spec.acquire_time.0);
        What::Lock(Lock {
            service: pool.name(metadata.label("app.kubernetes.io/name").unwrap_or(metadata.name.as_str())),
            holder: spec.holder_identity.line(),
            acquired: spec.acquire_time.0,
            until: renewed.zip(lasts).and_then(|(at, lasts)| at.checked_add(lasts).ok()),
        })
    })
}
