//! An object as YAML, to be read: what its controllers keep for themselves is left out, and what may be a
//! secret is masked.

use serde_json::{Map, Value};

use crate::model::masked;

/// Stands for a value that must not be seen.
const MASK: &str = "••••••";
/// Annotations that repeat the whole object, values of its environment included.
const COPIES: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "rollout.argoproj.io/workload-ref"];

/// Without `managedFields` and copies of itself, secrets masked. How many were.
pub(super) fn tidy(object: &mut Value) -> usize {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|name, _| !COPIES.contains(&name.as_str()));
        }
    }
    mask(object)
}

fn mask(value: &mut Value) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(mask).sum(),
        Value::Object(fields) => mask_fields(fields),
        Value::String(text) if masked::looks_secret(text) => {
            MASK.clone_into(text);
            1
        }
        _ => 0,
    }
}

fn mask_fields(fields: &mut Map<String, Value>) -> usize {
    // `{ name: DB_PASSWORD, value: … }` of a container's environment.
    let secret = fields.get("name").and_then(Value::as_str).is_some_and(masked::is_secret);
    let mut count = 0;
    for (name, field) in fields.iter_mut() {
        match field {
            Value::String(text) if !text.is_empty() && (name == "value" && secret) => {
                MASK.clone_into(text);
                count += 1;
            }
            field => count += mask(field),
        }
    }
    // `--password=…` of a command line, in one word or two.
    for name in ["args", "command"] {
        let Some(words) = fields.get_mut(name).and_then(Value::as_array_mut) else { continue };
        let mut next = false;
        for word in words.iter_mut() {
            let Value::String(text) = word else { continue };
            let flag = text.trim_start_matches('-');
            let masked = match flag.split_once('=') {
                _ if next => Some(MASK.to_owned()),
                Some((name, _)) if masked::is_secret(name) => {
                    Some(format!("{}{name}={MASK}", &text[..text.len() - flag.len()]))
                }
                _ => None,
            };
            next = masked.is_none() && text.starts_with('-') && !flag.contains('=') && masked::is_secret(flag);
            if let Some(masked) = masked {
                *text = masked;
                count += 1;
            }
        }
    }
    count
}

/// The whole value, a line feed at its end.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => object(fields, 0, &mut out),
        Value::Array(items) if !items.is_empty() => array(items, 0, &mut out),
        other => {
            scalar(other, 0, &mut out);
            out.push('\n');
        }
    }
    out
}

fn object(fields: &Map<String, Value>, depth: usize, out: &mut String) {
    for (at, (name, field)) in fields.iter().enumerate() {
        if at > 0 || !out.ends_with("- ") {
            indent(depth, out);
        }
        text(name, depth, out);
        out.push(':');
        below(field, depth, out);
    }
}

fn array(items: &[Value], depth: usize, out: &mut String) {
    for item in items {
        indent(depth, out);
        match item {
            Value::Object(fields) if !fields.is_empty() => {
                out.push_str("- ");
                object(fields, depth + 1, out);
            }
            item => {
                out.push('-');
                below(item, depth + 1, out);
            }
        }
    }
}

/// What stands behind a colon or a dash.
fn below(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            out.push('\n');
            object(fields, depth + 1, out);
        }
        // As kubectl has it: a list is no deeper than its name.
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            array(items, depth, out);
        }
        other => {
            out.push(' ');
            scalar(other, depth + 1, out);
            out.push('\n');
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn scalar(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::String(words) => text(words, depth, out),
        // Numbers, truth values, null, and what is empty, as JSON writes them.
        other => out.push_str(&other.to_string()),
    }
}

fn text(words: &str, depth: usize, out: &mut String) {
    if words.contains('\n')
        && words.chars().all(|c| c == '\n' || c == '\t' || !c.is_control())
        && !words.starts_with([' ', '\n', '\t'])
    {
        out.push_str(if words.ends_with('\n') { "|" } else { "|-" });
        for line in words.trim_end_matches('\n').split('\n') {
            out.push('\n');
            if !line.is_empty() {
                indent(depth, out);
                out.push_str(line);
            }
        }
    } else if is_plain(words) {
        out.push_str(words);
    } else {
        out.push_str(&Value::String(words.to_owned()).to_string());
    }
}

/// It reads as this text and nothing else without quotes.
fn is_plain(words: &str) -> bool {
    let first = |c: char| c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '/' | '.' | '_' | '$' | '(' | '•');
    let inside = |c: char| !c.is_control() && !matches!(c, '#' | '"' | '\'' | '\\');
    words.starts_with(first)
        && words.chars().all(inside)
        && !words.contains(": ")
        && !words.ends_with([':', ' '])
        && words.parse::<f64>().is_err()
        && !matches!(
            words.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n" | ".nan" | ".inf"
        )
        // Another reader may take these for a time or a number of another base.
        && !words.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_reads_as_kubectl_writes_it() {
        let object = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "annotations": {}, "labels": { "app": "till", "version": "1.0" }, "name": "till-1" },
            "spec": { "containers": [
                { "args": ["-c", "sleep 1\necho done\n"], "image": "shop/till:1", "ports": [{ "containerPort": 80 }] },
                { "image": "shop/side:2" }],
                "hostNetwork": true, "nodeName": null, "when": "2026-11-21T02:00:00Z", "word": "yes", "note": "a: b # c" },
        });
        let expected = "\
apiVersion: v1
kind: Pod
metadata:
  annotations: {}
  labels:
    app: till
    version: \"1.0\"
  name: till-1
spec:
  containers:
  - args:
    - \"-c\"
    - |
      sleep 1
      echo done
    image: shop/till:1
    ports:
    - containerPort: 80
  - image: shop/side:2
  hostNetwork: true
  nodeName: null
  note: \"a: b # c\"
  when: \"2026-11-21T02:00:00Z\"
  word: \"yes\"
";
        let mut sorted = object;
        sorted.sort_all_objects();
        assert_eq!(write(&sorted), expected);
    }

    #[test]
    fn secrets_are_masked_and_copies_left_out() {
        let mut object = json!({
            "metadata": { "managedFields": [{}], "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"env\":\"hunter2\"}", "keep": "1" } },
            "spec": { "containers": [{
                "env": [{ "name": "DB_PASSWORD", "value": "hunter2" }, { "name": "MODE", "value": "fast" },
                    { "name": "API_TOKEN", "valueFrom": { "secretKeyRef": { "name": "api", "key": "token" } } }],
                "args": ["--password=hunter2", "--token", "hunter2", "--mode=fast"] }] },
        });
        let masked = tidy(&mut object);
        let text = write(&object);
        assert_eq!(masked, 3, "{text}");
        assert!(!text.contains("hunter2") && !text.contains("managedFields"), "{text}");
        for kept in ["keep: ", "fast", "--mode=fast", "key: token", "name: API_TOKEN"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }
}
