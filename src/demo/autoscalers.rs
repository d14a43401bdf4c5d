//! HorizontalPodAutoscalers that a scenario plays moment by moment: what they measure, and how many
//! replicas they give their workload.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::kinds::{Key, Kind};
use super::scenario::Strategy;
use super::value::{int, rfc3339, seconds, set};
use super::world::World;

/// The controller looks every 15 seconds.
const PERIOD: Duration = Duration::from_secs(15);

/// An autoscaler, named after its workload.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// `namespace/name`.
    pub(super) workload: String,
    min: i64,
    /// Percent of the requested processor time.
    target: i64,
    pub(super) moments: Vec<Moment>,
}

/// How it stands from a time on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Moment {
    /// Since the opening.
    pub(super) at: String,
    /// The most it may give then.
    max: i64,
    replicas: i64,
    /// What it would give if it were free to.
    wants: i64,
    cpu: i64,
}

impl Plan {
    fn key(&self) -> Key {
        let (namespace, name) = self.workload.split_once('/').unwrap_or(("default", &self.workload));
        Key::new(Kind::HorizontalPodAutoscaler, namespace, name)
    }
}

/// Makes them, before the world opens.
pub(super) fn install(world: &mut World) {
    let opens = world.scenario.opens;
    for plan in world.scenario.autoscalers.clone() {
        let key = plan.key();
        let strategy = world.scenario.workloads.iter().find(|it| it.name == plan.workload).map(|it| it.strategy);
        let (version, kind) = match strategy {
            Some(Strategy::Deployment) | None => ("apps/v1", "Deployment"),
            Some(Strategy::Canary | Strategy::BlueGreen) => ("argoproj.io/v1alpha1", "Rollout"),
        };
        let mut object = json!({
            "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": {},
            "spec": {
                "scaleTargetRef": { "apiVersion": version, "kind": kind, "name": key.name },
                "minReplicas": plan.min, "maxReplicas": plan.moments.first().map_or(plan.min, |it| it.max),
                "metrics": [{ "type": "Resource", "resource": { "name": "cpu",
                    "target": { "type": "Utilization", "averageUtilization": plan.target } } }],
            },
            "status": {},
        });
        world.christen(&mut object, &key);
        world.store.put(&key, object);
        world.look_again(&key, opens);
    }
}

/// The controller's look at one.
pub(super) fn reconcile(world: &mut World, key: &Key) {
    let Some(plan) = world.scenario.autoscalers.iter().find(|plan| plan.key() == *key).cloned() else { return };
    let (now, opens) = (world.now, world.scenario.opens);
    let begins = |moment: &Moment| -> Timestamp {
        let after = SignedDuration::from_secs(seconds(&moment.at).unwrap_or_default());
        opens.checked_add(after).unwrap_or(opens)
    };
    let Some(moment) = plan.moments.iter().rev().find(|moment| begins(moment) <= now) else { return };
    let Some(mut object) = world.store.value(key).cloned() else { return };
    let before = object.clone();
    let target = if super::value::text(&object, "/spec/scaleTargetRef/kind") == "Rollout" {
        Kind::Rollout
    } else {
        Kind::Deployment
    };
    scale(world, &Key::new(target, &key.namespace, &key.name), moment.replicas);
    set(&mut object, "/spec/maxReplicas", moment.max);
    let since = rfc3339(begins(moment));
    let condition = |kind: &str, holds: bool, reason: &str, message: &str| {
        json!({ "type": kind, "status": if holds { "True" } else { "False" }, "reason": reason, "message": message,
            "lastTransitionTime": since })
    };
    let limited = moment.wants > moment.max;
    let limit = if limited {
        condition(
            "ScalingLimited",
            true,
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
    } else {
        condition("ScalingLimited", false, "DesiredWithinRange", "the desired count is within the acceptable range")
    };
    let status = json!({
        "observedGeneration": int(&object, "/metadata/generation"), "currentReplicas": moment.replicas,
        // As the real one writes it: never beyond its maximum.
        "desiredReplicas": moment.wants.min(moment.max),
        "currentMetrics": [{ "type": "Resource", "resource": { "name": "cpu",
            "current": { "averageUtilization": moment.cpu, "averageValue": format!("{}m", moment.cpu * 10) } } }],
        "conditions": [
            condition("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size"),
            condition("ScalingActive", true, "ValidMetricFound", "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)"),
            limit,
        ],
    });
    set(&mut object, "/status", status);
    if object != before {
        world.put(key, object);
    }
    world.look_again(key, super::value::later(now, PERIOD));
}

fn scale(world: &mut World, key: &Key, to: i64) {
    let Some(mut object) = world.store.value(key).cloned() else { return };
    if int(&object, "/spec/replicas") == to {
        return;
    }
    set(&mut object, "/spec/replicas", to);
    let generation = int(&object, "/metadata/generation") + 1;
    set(&mut object, "/metadata/generation", generation);
    world.put(key, object);
}
