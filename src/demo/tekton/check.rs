//! What Tekton's admission webhook says of a changed or a new run.

use serde_json::Value;

use super::runs;
use crate::demo::kinds::Kind;
use crate::demo::value::{at, text, unset};

const DENIED: &str =
    "admission webhook \"validation.webhook.pipeline.tekton.dev\" denied the request: validation failed: ";
const HOW: [&str; 5] = ["", "Cancelled", "CancelledRunFinally", "StoppedRunFinally", "PipelineRunPending"];

/// Why a run may not become so; `None` when it may.
pub(in crate::demo) fn change(kind: Kind, before: &Value, after: &Value) -> Option<String> {
    if !matches!(kind, Kind::PipelineRun | Kind::TaskRun) || at(before, "/spec") == at(after, "/spec") {
        return None;
    }
    if runs::ended(before) {
        return Some(format!(
            "{DENIED}invalid value: Once the {} is complete, no updates are allowed: spec",
            word(kind)
        ));
    }
    let mut specs = [at(before, "/spec").clone(), at(after, "/spec").clone()];
    for spec in &mut specs {
        unset(spec, "/status");
        unset(spec, "/statusMessage");
    }
    if !at(before, "/status/startTime").is_null() && specs[0] != specs[1] {
        let message = format!("Once the {} has started, only status updates are allowed", word(kind));
        return Some(format!("{DENIED}invalid value: {message}: spec"));
    }
    let asked = text(after, "/spec/status");
    let known =
        if kind == Kind::PipelineRun { HOW.contains(&asked) } else { ["", "TaskRunCancelled"].contains(&asked) };
    (!known).then(|| format!("{DENIED}invalid value: {asked} should be {}: spec.status", HOW[1..].join(" or ")))
}

/// Why a run may not be made.
pub(in crate::demo) fn new(kind: Kind, object: &Value) -> Option<String> {
    let named = ["/metadata/name", "/metadata/generateName"].iter().any(|field| !text(object, field).is_empty());
    if !named {
        return Some("name or generateName is required".to_owned());
    }
    let reference = match kind {
        Kind::PipelineRun => ["/spec/pipelineRef/name", "/spec/pipelineSpec"],
        _ => ["/spec/taskRef/name", "/spec/taskSpec"],
    };
    let refers = reference.iter().any(|field| !at(object, field).is_null());
    (!refers)
        .then(|| format!("{DENIED}expected exactly one, got neither: spec.{}Ref", word(kind).trim_end_matches("Run")))
}

fn word(kind: Kind) -> &'static str {
    if kind == Kind::PipelineRun { "PipelineRun" } else { "TaskRun" }
}
