//! An object as YAML, to be read.

use serde_json::{Map, Value};

/// The whole value, a line feed at its end.
pub(in crate::systems) fn write(value: &Value) -> String {
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
                // A text stands one deeper than its dash; a list within a list too.
                below(item, depth + usize::from(item.is_array()), out);
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
}
