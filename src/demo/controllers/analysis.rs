//! The analysis controller: one measurement of each metric at each interval, judged against its
//! limit; the run fails when a metric has failed more often than its limit allows.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::rollouts::{CONTROLLER, Look};
use crate::demo::kinds::{Key, Kind};
use crate::demo::scenario::Metric;
use crate::demo::value::{at, int, items, later, rfc3339, seconds, set, text, time_at, yes};
use crate::demo::world::World;

/// The controller keeps this many measurements of a metric.
const KEPT: usize = 10;

/// Makes the AnalysisRun of a step; returns its name.
pub(super) fn start(world: &mut World, look: &Look, rollout: &Value, step: &Value, index: i64) -> String {
    let base = format!("{}-{}-{}-{index}", look.key.name, look.hash, look.revision);
    let mut key = Key::new(Kind::AnalysisRun, &look.key.namespace, &base);
    let mut again = 0;
    while world.store.get(&key).is_some() {
        again += 1;
        key.name = format!("{base}.{again}");
    }
    let template = text(step, "/analysis/templates/0/templateName").to_owned();
    let mut run = world.templates.analysis_run.clone();
    world.christen(&mut run, &key);
    set(&mut run, "/metadata/annotations", json!({ "rollout.argoproj.io/revision": look.revision.to_string() }));
    set(
        &mut run,
        "/metadata/labels",
        json!({
            "app": look.key.name, "rollout-type": "Step", "rollouts-pod-template-hash": look.hash, "step-index": index.to_string(),
        }),
    );
    set(
        &mut run,
        "/metadata/ownerReferences",
        json!([{
            "apiVersion": "argoproj.io/v1alpha1", "blockOwnerDeletion": true, "controller": true, "kind": "Rollout",
            "name": look.key.name, "uid": rollout["metadata"]["uid"],
        }]),
    );
    set(&mut run, "/spec/args", at(step, "/analysis/args").clone());
    let recorded = at(&run, "/spec/metrics/0").clone();
    let metrics: Vec<Value> = world.scenario.metrics(&template).iter().map(|it| metric(&recorded, it)).collect();
    set(&mut run, "/spec/metrics", metrics);
    world.put(&key, run);
    key.name
}

fn metric(recorded: &Value, metric: &Metric) -> Value {
    let mut value = recorded.clone();
    value["name"] = metric.name.clone().into();
    value["count"] = metric.count.into();
    value["interval"] = metric.interval.clone().into();
    value["failureLimit"] = metric.failure_limit.into();
    let (sign, limit) = match (metric.at_least, metric.at_most) {
        (Some(limit), _) => (">=", limit),
        (None, limit) => ("<=", limit.unwrap_or_default()),
    };
    value["successCondition"] = format!("len(result) == 0 || isNaN(result[0]) || result[0] {sign} {limit}").into();
    set(&mut value, "/provider/prometheus/address", "http://prometheus.monitoring:9090");
    set(&mut value, "/provider/prometheus/query", metric.query.clone());
    value
}

pub(super) fn reconcile(world: &mut World, key: &Key) {
    let Some(mut run) = world.store.value(key).cloned() else { return };
    if at(&run, "/status/completedAt").is_string() {
        return;
    }
    if text(&run, "/status/phase").is_empty() {
        set(&mut run, "/status", json!({ "dryRunSummary": {}, "phase": "Running", "runSummary": {} }));
        set(&mut run, "/status/startedAt", rfc3339(world.now));
        let started = world.now;
        world.story.began(&key.name, started);
    }
    if yes(&run, "/spec/terminate") {
        end(world.now, &mut run, "Successful", Some("Run Terminated".to_owned()));
        world.put(key, run);
        return;
    }
    let started = world.story.begin_of(&key.name).or_else(|| time_at(&run, "/status/startedAt")).unwrap_or(world.now);
    let metrics = items(&run, "/spec/metrics").to_vec();
    let mut results = items(&run, "/status/metricResults").to_vec();
    for (index, metric) in metrics.iter().enumerate() {
        if results.len() <= index {
            results.push(json!({ "name": metric["name"], "phase": "Running", "measurements": [] }));
        }
        let due = later(started, interval(metric) * u32::try_from(int(&results[index], "/count")).unwrap_or_default());
        if int(&results[index], "/count") < int(metric, "/count") {
            if world.now >= due {
                measure(world, &run, metric, &mut results[index]);
                world.look_again(key, later(due, interval(metric)));
            } else {
                world.look_again(key, due);
            }
        }
    }
    set(&mut run, "/status/runSummary/count", metrics.len());
    set(&mut run, "/status/metricResults", results.clone());
    let generation = int(&run, "/metadata/generation");
    if at(&run, "/status/metricResults")
        != world.store.value(key).map_or(&Value::Null, |it| at(it, "/status/metricResults"))
    {
        // Status is no subresource of this kind, so every measurement is a new generation.
        set(&mut run, "/metadata/generation", generation + 1);
    }
    verdict(world, key, &mut run, &metrics, &results);
    world.put(key, run);
}

fn interval(metric: &Value) -> Duration {
    Duration::from_secs(seconds(text(metric, "/interval")).unwrap_or(60).unsigned_abs())
}

fn measure(world: &mut World, run: &Value, metric: &Value, result: &mut Value) {
    let service = text(run, "/spec/args/0/value").to_owned();
    let value = world.measure(metric, &service);
    let limit = |sign| text(metric, "/successCondition").rsplit_once(sign).and_then(|(_, it)| it.parse::<f64>().ok());
    let (most, least) = (limit("<= "), limit(">= "));
    let good = value.is_nan() || most.is_none_or(|most| value <= most) && least.is_none_or(|least| value >= least);
    let now = rfc3339(world.now);
    let one = json!({
        "phase": if good { "Successful" } else { "Failed" }, "value": format!("[{value}]"),
        "startedAt": now, "finishedAt": now,
    });
    let mut measurements = items(result, "/measurements").to_vec();
    measurements.push(one);
    let old = measurements.len().saturating_sub(KEPT);
    result["measurements"] = measurements.split_off(old).into();
    result["count"] = (int(result, "/count") + 1).into();
    if good {
        result["successful"] = (int(result, "/successful") + 1).into();
        result["consecutiveSuccess"] = (int(result, "/consecutiveSuccess") + 1).into();
    } else {
        result["failed"] = (int(result, "/failed") + 1).into();
        if let Value::Object(map) = result {
            map.remove("consecutiveSuccess");
        }
    }
    let query = text(metric, "/provider/prometheus/query").replace("{{args.service}}", &service);
    result["metadata"] = json!({ "ResolvedPrometheusQuery": query });
}

fn verdict(world: &mut World, key: &Key, run: &mut Value, metrics: &[Value], results: &[Value]) {
    let failed =
        metrics.iter().zip(results).find(|(metric, result)| int(result, "/failed") > int(metric, "/failureLimit"));
    if let Some((metric, result)) = failed {
        let (name, failed, limit) = (text(metric, "/name"), int(result, "/failed"), int(metric, "/failureLimit"));
        let message = format!("Metric \"{name}\" assessed Failed due to failed ({failed}) > failureLimit ({limit})");
        let (name, index) = (name.to_owned(), results.iter().position(|it| it == result).unwrap_or_default());
        end(world.now, run, "Failed", Some(message));
        set(run, &format!("/status/metricResults/{index}/phase"), "Failed");
        set(run, "/status/runSummary/failed", 1);
        set(run, "/status/runSummary/successful", metrics.len() - 1);
        world.event(key, CONTROLLER, "MetricFailed", &format!("Metric '{name}' Completed. Result: Failed"));
        world.event(key, CONTROLLER, "AnalysisRunFailed", "Analysis Completed. Result: Failed");
    } else if metrics.iter().zip(results).all(|(metric, result)| int(result, "/count") >= int(metric, "/count")) {
        end(world.now, run, "Successful", None);
        world.event(key, CONTROLLER, "AnalysisRunSuccessful", "Analysis Completed. Result: Successful");
    }
}

fn end(now: Timestamp, run: &mut Value, phase: &str, message: Option<String>) {
    set(run, "/status/completedAt", rfc3339(now));
    set(run, "/status/phase", phase);
    if let Some(message) = message {
        set(run, "/status/message", message);
    }
    let count = items(run, "/status/metricResults").len();
    for index in 0..count {
        set(run, &format!("/status/metricResults/{index}/phase"), "Successful");
    }
    set(run, "/status/runSummary/count", count);
    set(run, "/status/runSummary/successful", count);
}
