//! When an analysis measures next, how long a canary has had traffic.

use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::state::canary::{self, Next};
use serde_json::{Value, json};

use crate::ingest::blockers::objects::{canary as rollout, merge, meta};
use crate::ingest::world::with;

fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

/// A run with this metric's results.
fn next(spec: &Value, result: &Value) -> Option<Next> {
    let mut metric = json!({ "name": "error-rate", "interval": "30s", "count": 10, "provider": { "prometheus": {} } });
    merge(&mut metric, spec);
    let mut row = json!({ "name": "error-rate", "phase": "Running" });
    merge(&mut row, result);
    let run = json!({ "metadata": meta("run", None), "spec": { "metrics": [metric] },
        "status": { "phase": "Running", "startedAt": "2026-11-21T01:59:00Z", "metricResults": [row] } });
    let state = with(now(), &json!({ "analysisruns": [run] }));
    let run = &state.world.analysis_runs.rows()[0];
    canary::next(run, &run.metrics[0], now())
}

#[test]
fn a_metric_is_measured_again_after_its_interval_and_ten_seconds_after_an_error() {
    let measured = |phase: &str, finished: &str| json!({ "measurements": [{ "phase": phase, "startedAt": "2026-11-21T01:59:30Z", "finishedAt": finished }] });
    let seconds = |count| Some(Next::In(Duration::from_secs(count)));
    let (early, late) = ("2026-11-21T01:59:50Z", "2026-11-21T01:59:58Z");
    for (name, spec, result, expected) in [
        ("after its interval", json!({}), measured("Successful", early), seconds(20)),
        ("a failure waits as long", json!({}), measured("Failed", late), seconds(28)),
        ("after an error", json!({}), measured("Error", late), seconds(8)),
        ("due", json!({}), measured("Successful", "2026-11-21T01:59:30Z"), Some(Next::Now)),
        ("being measured", json!({}), json!({ "measurements": [{ "startedAt": late }] }), Some(Next::Now)),
        ("the first at once", json!({}), json!({}), Some(Next::Now)),
        ("the first after a delay", json!({ "initialDelay": "2m" }), json!({}), seconds(60)),
        ("once only", json!({ "interval": null }), measured("Successful", early), None),
        ("over", json!({}), json!({ "phase": "Failed", "measurements": [{ "finishedAt": early }] }), None),
    ] {
        assert_eq!(next(&spec, &result), expected, "{name}");
    }
}

/// slo.md D5: the hours with traffic count, not those of a canary that is aborted or has none yet.
#[test]
fn a_canary_dwells_while_it_has_traffic() {
    let set = json!({ "metadata": meta("set", Some("checkout")), "spec": { "replicas": 1 } });
    let dwell = |change: &Value| {
        let state = with(now(), &json!({ "rollouts": [rollout(change)], "replicasets": [set] }));
        canary::dwell(&state, &state.world.rollouts.rows()[0])
    };
    assert_eq!(dwell(&json!({})), Some(Duration::from_mins(1)));
    assert_eq!(dwell(&json!({ "status": { "abort": true } })), None);
    assert_eq!(dwell(&json!({ "status": { "stableRS": "new" } })), None, "nothing is on its way");
    let first = json!({ "spec": { "strategy": { "canary": { "steps": [{ "pause": {} }, { "setWeight": 25 }] } } },
        "status": { "currentStepIndex": 0 } });
    assert_eq!(dwell(&first), None, "no weight is set yet");
    assert_eq!(canary::DWELL, Duration::from_hours(24));
}
