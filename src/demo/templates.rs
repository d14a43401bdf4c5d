//! The shapes of the demo's objects, cut from recordings of real servers: names, times, counts and
//! hashes are written anew, fields are not invented (a test compares every field path).
//!
//! `managedFields` is left out: nothing reads it and it would have to be invented.

use serde_json::Value;

use super::DemoError;
use super::value::{at, items, text, unset};

const ROLLOUTS: &str = include_str!("../../demo/recordings/regression/rollouts.list.json");
const REPLICA_SETS: &str = include_str!("../../demo/recordings/deployment/replicasets.list.json");
const DEPLOYMENTS: &str = include_str!("../../demo/recordings/deployment/deployments.list.json");
const PODS: &str = include_str!("../../demo/recordings/regression/pods.list.json");
const EVENTS: &str = include_str!("../../demo/recordings/regression/events.list.json");
const ANALYSIS_RUNS: &str = include_str!("../../demo/recordings/regression/analysisruns.watch.jsonl");

/// One recorded object of each kind, without its identity.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    /// A canary rollout behind a traffic router.
    pub(super) canary: Value,
    /// A blue-green rollout.
    pub(super) blue_green: Value,
    pub(super) deployment: Value,
    /// A ReplicaSet of a Deployment.
    pub(super) replica_set: Value,
    pub(super) pod: Value,
    /// An event in the style of controllers (`source`, `count`).
    pub(super) event: Value,
    /// An event in the style of the scheduler (`eventTime`, `action`).
    pub(super) scheduled: Value,
    /// An AnalysisRun that has not begun.
    pub(super) analysis_run: Value,
}

impl Templates {
    /// Cuts them out of the embedded recordings.
    pub(super) fn cut() -> Result<Self, DemoError> {
        let rollouts = list(ROLLOUTS)?;
        let sets = list(REPLICA_SETS)?;
        let events = list(EVENTS)?;
        let owned_by_deployment = |set: &Value| text(set, "/metadata/ownerReferences/0/kind") == "Deployment";
        Ok(Self {
            canary: pick(&rollouts, "canary rollout", |it| at(it, "/spec/strategy/canary").is_object())?,
            blue_green: pick(&rollouts, "blue-green rollout", |it| at(it, "/spec/strategy/blueGreen").is_object())?,
            deployment: pick(&list(DEPLOYMENTS)?, "deployment", |_| true)?,
            replica_set: pick(&sets, "ReplicaSet", owned_by_deployment)?,
            pod: pick(&list(PODS)?, "pod", |it| text(it, "/status/phase") == "Running")?,
            event: pick(&events, "event", |it| at(it, "/count").is_number())?,
            scheduled: pick(&events, "scheduler's event", |it| text(it, "/reason") == "Scheduled")?,
            analysis_run: pick(&frames(ANALYSIS_RUNS)?, "AnalysisRun", |it| text(it, "/status/phase").is_empty())?,
        })
    }
}

/// The whole text of a recorded pod, `managedFields` included, for the world that shows size.
pub(super) fn pod_as_recorded() -> Result<Value, DemoError> {
    let all: Value = serde_json::from_str(PODS).map_err(|error| broken(&error.to_string()))?;
    items(&all, "/items").first().cloned().ok_or_else(|| broken("no pod recorded"))
}

fn list(recording: &str) -> Result<Vec<Value>, DemoError> {
    let mut all: Value = serde_json::from_str(recording).map_err(|error| broken(&error.to_string()))?;
    match all.pointer_mut("/items").map(Value::take) {
        Some(Value::Array(list)) => Ok(list),
        _ => Err(broken("a recorded list has no items")),
    }
}

fn frames(recording: &str) -> Result<Vec<Value>, DemoError> {
    let parse = |line: &str| {
        serde_json::from_str::<Value>(line)
            .map(|mut line| line.pointer_mut("/frame/object").map(Value::take).unwrap_or_default())
    };
    recording.lines().map(parse).collect::<Result<_, _>>().map_err(|error| broken(&error.to_string()))
}

fn pick(from: &[Value], what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value, DemoError> {
    let mut found =
        from.iter().find(|it| wanted(it)).cloned().ok_or_else(|| broken(&format!("no {what} was recorded")))?;
    unset(&mut found, "/metadata/managedFields");
    Ok(found)
}

fn broken(reason: &str) -> DemoError {
    DemoError::Scenario { scenario: "recordings".to_owned(), reason: reason.to_owned() }
}
