//! An object in words, as `kubectl describe` has it: what it is, whose it is, its containers, conditions
//! and events. Made of the object as it was read, secrets masked before.

use serde_json::Value;

use crate::systems::perform::text;

/// Lines of a description.
pub(super) fn describe(kind: &str, object: &Value, events: Option<&[Value]>) -> String {
    let mut out = Vec::new();
    head(kind, object, &mut out);
    counts(object, &mut out);
    containers(object, &mut out);
    conditions(object, &mut out);
    told(events, &mut out);
    out.join("\n") + "\n"
}

fn title(name: &str, out: &mut Vec<String>) {
    out.push(String::new());
    out.push(format!("━━ {name}"));
}

fn line(label: &str, value: &str, out: &mut Vec<String>) {
    if !value.is_empty() {
        out.push(format!("{label:<14} {value}"));
    }
}

/// `a=b, c=d`.
fn pairs(value: Option<&Value>) -> Vec<String> {
    let fields = value.and_then(Value::as_object);
    fields.into_iter().flatten().map(|(name, value)| format!("{name}={}", plain(value))).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn head(kind: &str, object: &Value, out: &mut Vec<String>) {
    let word = |pointer: &str| text(object, pointer).unwrap_or_default();
    line("Kind", kind, out);
    line("Name", word("/metadata/name"), out);
    line("Namespace", word("/metadata/namespace"), out);
    line("Created", word("/metadata/creationTimestamp"), out);
    line("Being deleted", word("/metadata/deletionTimestamp"), out);
    line("UID", word("/metadata/uid"), out);
    line("Version", word("/metadata/resourceVersion"), out);
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    for owner in owners.into_iter().flatten() {
        let of = |field: &str| text(owner, field).unwrap_or_default();
        line("Controlled by", &format!("{}/{}", of("/kind"), of("/name")), out);
    }
    for (label, pointer) in [
        ("Labels", "/metadata/labels"),
        ("Annotations", "/metadata/annotations"),
        ("Selector", "/spec/selector/matchLabels"),
        ("Node selector", "/spec/template/spec/nodeSelector"),
    ] {
        for (at, pair) in pairs(object.pointer(pointer)).iter().enumerate() {
            line(if at == 0 { label } else { "" }, pair, out);
        }
    }
}

/// Whatever the spec and the status say in one word: numbers, names, phases.
fn counts(object: &Value, out: &mut Vec<String>) {
    for (name, pointer) in [("SPEC", "/spec"), ("STATUS", "/status")] {
        let fields = object.pointer(pointer).and_then(Value::as_object);
        let simple: Vec<(&String, &Value)> = fields
            .into_iter()
            .flatten()
            .filter(|(_, value)| value.is_number() || value.is_boolean() || value.is_string())
            .collect();
        if simple.is_empty() {
            continue;
        }
        title(name, out);
        for (name, value) in simple {
            out.push(format!("{name:<30} {}", plain(value)));
        }
    }
}

fn containers(object: &Value, out: &mut Vec<String>) {
    let spec = object.pointer("/spec/template/spec").or_else(|| object.pointer("/spec")).unwrap_or(&Value::Null);
    for (kind, name) in [("CONTAINER", "containers"), ("INIT CONTAINER", "initContainers")] {
        for container in spec.get(name).and_then(Value::as_array).into_iter().flatten() {
            title(&format!("{kind} {}", text(container, "/name").unwrap_or_default()), out);
            line("Image", text(container, "/image").unwrap_or_default(), out);
            for (label, field) in [("Command", "command"), ("Args", "args")] {
                let words = container.get(field).and_then(Value::as_array).into_iter().flatten();
                line(label, &words.map(plain).collect::<Vec<_>>().join(" "), out);
            }
            for (label, pointer) in [("Requests", "/resources/requests"), ("Limits", "/resources/limits")] {
                line(label, &pairs(container.pointer(pointer)).join(", "), out);
            }
            for (label, field) in
                [("Startup", "startupProbe"), ("Readiness", "readinessProbe"), ("Liveness", "livenessProbe")]
            {
                line(label, &container.get(field).map(Value::to_string).unwrap_or_default(), out);
            }
            for (at, row) in container.get("env").and_then(Value::as_array).into_iter().flatten().enumerate() {
                let value = match (row.get("value"), row.get("valueFrom")) {
                    (Some(value), _) => plain(value),
                    (None, Some(from)) => format!("from {from}"),
                    (None, None) => String::new(),
                };
                let words = format!("{}={value}", text(row, "/name").unwrap_or_default());
                line(if at == 0 { "Environment" } else { "" }, &words, out);
            }
        }
    }
}

fn conditions(object: &Value, out: &mut Vec<String>) {
    let rows = object.pointer("/status/conditions").and_then(Value::as_array);
    let Some(rows) = rows.filter(|rows| !rows.is_empty()) else { return };
    title("CONDITIONS", out);
    for row in rows {
        let word = |pointer: &str| text(row, pointer).unwrap_or_default();
        let words = format!(
            "{:<24} {:<8} {:<26} {}  {}",
            word("/type"),
            word("/status"),
            word("/reason"),
            word("/lastTransitionTime"),
            word("/message")
        );
        out.push(words.trim_end().to_owned());
    }
}

fn told(events: Option<&[Value]>, out: &mut Vec<String>) {
    title("EVENTS", out);
    let Some(events) = events else {
        return out.push("they could not be read".to_owned());
    };
    if events.is_empty() {
        return out.push("none".to_owned());
    }
    let when = |event: &Value| -> String {
        let places = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
        places.iter().find_map(|place| text(event, place)).unwrap_or_default().to_owned()
    };
    let mut rows: Vec<(String, &Value)> = events.iter().map(|event| (when(event), event)).collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0));
    for (when, event) in rows {
        let word = |pointer: &str| text(event, pointer).unwrap_or_default();
        let count = event.get("count").and_then(Value::as_i64).unwrap_or(1);
        let times = if count > 1 { format!(" ×{count}") } else { String::new() };
        out.push(format!("{when}  {:<8} {:<20} {}{times}", word("/type"), word("/reason"), word("/message")));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_description_tells_containers_conditions_and_events_newest_first() {
        let object = json!({
            "metadata": { "name": "till", "namespace": "shop", "labels": { "app": "till" },
                "ownerReferences": [{ "kind": "ReplicaSet", "name": "till-1" }] },
            "spec": { "replicas": 3, "template": { "spec": { "containers": [{ "name": "app", "image": "shop/till:1",
                "resources": { "limits": { "memory": "1Gi" } }, "env": [{ "name": "MODE", "value": "fast" }] }] } } },
            "status": { "conditions": [{ "type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable" }] },
        });
        let event = |at: &str, reason: &str| json!({ "lastTimestamp": at, "type": "Warning", "reason": reason, "message": "m", "count": 2 });
        let events = [event("2026-11-21T01:00:00Z", "First"), event("2026-11-21T02:00:00Z", "Second")];
        let text = describe("Deployment", &object, Some(&events));
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words} in {text}"));
        for words in [
            "Controlled by  ReplicaSet/till-1",
            "Limits         memory=1Gi",
            "MODE=fast",
            "MinimumReplicasUnavailable",
            "×2",
        ] {
            at(words);
        }
        assert!(at("Second") < at("First"));
        assert!(describe("Deployment", &object, None).contains("could not be read"));
    }
}
