//! What is left out of an object before it is shown or saved: what its controllers keep for themselves, copies
//! of it, and what may be a secret. One too many is hidden rather than one too few.

mod inline;

use serde_json::{Map, Value};

use crate::model::masked;

/// Stands for a value that must not be seen.
pub(super) const MASK: &str = "••••••";
/// Annotations that repeat the whole object, values of its environment included. Other tools have others: see
/// `is_copy`.
const COPIES: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "rollout.argoproj.io/workload-ref"];
/// Fields whose names look secret and whose values only say where something is.
const PLACES: [&str; 7] = [
    "key",
    "secretName",
    "topologyKey",
    "matchLabelKeys",
    "mismatchLabelKeys",
    "nodeTaintKey",
    "tokenExpirationSeconds",
];
/// Below a field of a secret name (`secretKeyRef`, `imagePullSecrets`) these only say where it is.
const REFERENCES: [&str; 11] = [
    "name",
    "namespace",
    "key",
    "secretName",
    "path",
    "kind",
    "group",
    "apiVersion",
    "version",
    "mountPath",
    "operator",
];
/// Where a chart's values stand as text.
const TEXTS: [&str; 2] = ["values", "valuesYaml"];

/// Without `managedFields` and copies of itself, secrets masked. How many were.
pub(super) fn tidy(object: &mut Value) -> usize {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|name, value| !is_copy(name, value));
        }
    }
    mask("", object)
}

/// An annotation that holds a whole object, as whatever applied it last keeps it.
fn is_copy(name: &str, value: &Value) -> bool {
    let whole = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => {
            ["apiVersion", "kind", "spec", "data"].iter().any(|part| fields.contains_key(*part))
        }
        _ => false,
    };
    COPIES.contains(&name) || name.contains("last-applied") || value.as_str().is_some_and(whole)
}

fn is_secret(name: &str) -> bool {
    masked::is_secret(name) && !PLACES.contains(&name)
}

/// What stands under `name`.
fn mask(name: &str, value: &mut Value) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(|item| mask("", item)).sum(),
        Value::Object(fields) => mask_fields(fields),
        Value::String(text) if masked::looks_secret(text) => {
            MASK.clone_into(text);
            1
        }
        Value::String(text) if text.contains('\n') || text.starts_with(['{', '[']) || TEXTS.contains(&name) => {
            let (without, count) = mask_text(text);
            *text = without;
            count
        }
        // What stands behind a colon there is a tag.
        Value::String(_) if matches!(name, "image" | "imageID") => 0,
        Value::String(text) => {
            let (without, count) = inline::mask(text);
            if count > 0 {
                *text = without;
            }
            count
        }
        _ => 0,
    }
}

/// All of it but what says where it is.
fn blank(value: &mut Value) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(blank).sum(),
        Value::Object(fields) => fields
            .iter_mut()
            .filter(|(name, _)| !REFERENCES.contains(&name.as_str()))
            .map(|(_, field)| blank(field))
            .sum(),
        Value::Null | Value::Bool(_) => 0,
        Value::String(text) if text.is_empty() => 0,
        other => {
            *other = Value::String(MASK.to_owned());
            1
        }
    }
}

fn mask_fields(fields: &mut Map<String, Value>) -> usize {
    // `{ name: DB_PASSWORD, value: … }` of a container's environment, `{ key: Authorization, value: … }` of a request.
    let named = |name: &str| fields.get(name).and_then(Value::as_str).is_some_and(masked::is_secret);
    let secret = named("name") || named("key");
    let of_secret = fields.get("kind").and_then(Value::as_str) == Some("Secret");
    let mut count = 0;
    for (name, field) in fields.iter_mut() {
        let all = of_secret && matches!(name.as_str(), "data" | "stringData");
        count += match field {
            Value::Object(entries) if all => entries.values_mut().map(blank).sum(),
            field if all || is_secret(name) || (name == "value" && secret) => blank(field),
            field => mask(name, field),
        };
    }
    for name in ["args", "command"] {
        count += fields.get_mut(name).and_then(Value::as_array_mut).map_or(0, mask_words);
    }
    count
}

/// `--password=…` of a command line, in one word or two.
fn mask_words(words: &mut Vec<Value>) -> usize {
    let mut count = 0;
    let mut next = false;
    for word in words {
        let Value::String(text) = word else { continue };
        let flag = text.trim_start_matches('-');
        let masked = match flag.split_once('=') {
            _ if next => Some(MASK.to_owned()),
            // A command in one word was looked through before.
            Some((name, value)) if value != MASK && !name.contains(' ') && masked::is_secret(name) => {
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
    count
}

/// A text that holds an object: JSON as it is read, all others line by line and then word by word.
fn mask_text(text: &str) -> (String, usize) {
    if let Ok(mut value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
        let count = mask("", &mut value);
        return if count == 0 { (text.to_owned(), 0) } else { (value.to_string(), count) };
    }
    let (without, count) = mask_lines(text);
    let (without, more) = inline::mask(&without);
    (without, count + more)
}

/// YAML and the like, what is commented out too.
fn mask_lines(text: &str) -> (String, usize) {
    let mut count = 0;
    // Lines that stand deeper than this belong to a secret.
    let mut below: Option<usize> = None;
    // The pair that this line is of has a name that looks secret: `- name: DB_PASSWORD`, then `value: …`.
    let mut named = false;
    let mut out: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let body = line.trim_start_matches([' ', '\t', '#', '-', '"', '\'']);
        let start = line.len() - body.len();
        // What only closes a bracket too.
        if body.trim().trim_end_matches(['}', ']', ')', ',', ';']).is_empty() {
            out.push(line.to_owned());
            continue;
        }
        below = below.filter(|depth| start > *depth);
        let (name, value) = pair(body);
        let value = value.trim();
        let item = line.trim_start().starts_with('-');
        let places = REFERENCES.contains(&name);
        let own = !name.is_empty() && (is_secret(name) || (name == "value" && named));
        if item || matches!(name, "name" | "key") {
            let names = matches!(name, "name" | "key") && masked::is_secret(value);
            named = names || (named && !item);
        }
        let hidden = if below.is_some() { !places } else { own || in_flow(value) };
        if own && below.is_none() && (matches!(value, "" | "{" | "[") || value.starts_with(['|', '>', '&'])) {
            below = Some(start);
            out.push(line.to_owned());
        } else if hidden && !(below.is_some() && value.is_empty() && !name.is_empty()) {
            count += 1;
            let kept = if name.is_empty() { start } else { line.len() - pair(body).1.len() };
            let gap = if !name.is_empty() && line[..kept].ends_with(':') { " " } else { "" };
            out.push(format!("{}{gap}{MASK}", &line[..kept]));
        } else {
            out.push(line.to_owned());
        }
    }
    (out.join("\n"), count)
}

/// `name: value` or `NAME=value` of a line; no name where it is neither.
fn pair(body: &str) -> (&str, &str) {
    let named = body.strip_prefix("export ").unwrap_or(body);
    let Some(at) = named.find([':', '=']) else { return ("", body) };
    let name = named[..at].trim_end().trim_matches(['"', '\'']);
    if name.is_empty() || name.contains(char::is_whitespace) { ("", body) } else { (name, &named[at + 1..]) }
}

/// `{ password: … }` in one line.
fn in_flow(value: &str) -> bool {
    value.starts_with(['{', '['])
        && value.split(['{', '}', ',', '[', ']']).any(|part| {
            part.split_once(':')
                .is_some_and(|(name, rest)| !rest.trim().is_empty() && is_secret(name.trim().trim_matches(['"', '\''])))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::systems::kubernetes::yaml;

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
        let text = yaml::write(&object);
        assert_eq!(masked, 3, "{text}");
        assert!(!text.contains("hunter2") && !text.contains("managedFields"), "{text}");
        for kept in ["keep: ", "fast", "--mode=fast", "key: token", "name: API_TOKEN"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let text = "db:\n  user: shop\n  password: hunter2\n  tls: |\n    plain\n  privateKey: |\n    hunter2\n    hunter2\n\
             env:\n- name: API_TOKEN\n  value: hunter2\n- name: MODE\n  value: fast\n# token: hunter2\nside: { password: hunter2 }\n";
        let kept = ["user: shop", "plain", "value: fast", "name: API_TOKEN", "privateKey: |"];
        let cases: [(&str, Value, &[&str]); 17] = [
            (
                "a map",
                json!({ "spec": { "helm": { "valuesObject": { "db": { "password": "hunter2", "port": 5432 } } } } }),
                &["5432"],
            ),
            ("a number", json!({ "spec": { "pin": 7_734, "port": 80 } }), &["80"]),
            ("a text", json!({ "spec": { "helm": { "values": text } } }), &kept),
            ("one line", json!({ "helm": { "values": "password: hunter2" } }), &["password: "]),
            (
                "a header",
                json!({ "web": { "headers": [{ "key": "Authorization", "value": "hunter2" }, { "key": "Accept", "value": "json" }] } }),
                &["Authorization", "json"],
            ),
            (
                "another tool's copy",
                json!({ "metadata": { "annotations": { "kapp.k14s.io/original": "{\"kind\":\"Pod\",\"spec\":{\"x\":\"hunter2\"}}", "keep": "1" } } }),
                &["keep"],
            ),
            (
                "a packed copy",
                json!({ "metadata": { "annotations": { "banzaicloud.com/last-applied": "hunter2" } } }),
                &[],
            ),
            (
                "JSON",
                json!({ "metadata": { "annotations": { "net": "{\"password\":\"hunter2\",\"mode\":\"fast\"}" } } }),
                &["fast"],
            ),
            (
                "a Secret",
                json!({ "kind": "Secret", "data": { "name": "hunter2", "b": "" }, "stringData": { "c": "hunter2" }, "type": "Opaque" }),
                &["Opaque", "name: "],
            ),
            (
                "below",
                json!({ "auth": { "mysql": { "root": "hunter2" } }, "secret": { "list": ["hunter2"] } }),
                &["mysql"],
            ),
            (
                "a line under a harmless name",
                json!({ "data": { "app.ini": "mode=fast password=hunter2", "note": "token: hunter2", "url": "postgres://shop:hunter2@db/shop" } }),
                &["mode=fast password=", "token: "],
            ),
            (
                "a command in one word",
                json!({ "command": ["sh", "-c", "serve --db-password=hunter2 --token hunter2 --mode fast"] }),
                &["serve --db-password=", "--token ", "--mode fast"],
            ),
            (
                "short names in a command",
                json!({ "command": ["sh", "-c", "env DB_PASS=hunter2 serve"], "args": ["serve --signing-key=hunter2", "mode=fast;Pwd=hunter2"] }),
                &["env DB_PASS=•••••• serve", "serve --signing-key=••••••", "mode=fast;Pwd=••••••"],
            ),
            (
                "JSON in a text",
                json!({ "data": { "conf": "{\"credentials\":{\"name\":\"till\",\"of\":\"hunter2\"},\"tokens\":[],\"mode\":\"fast\"}" } }),
                &[
                    r#"credentials\":{\"name\":\"till\",\"of\":\"••••••\"},"#,
                    r#"\"tokens\":[]"#,
                    r#"\"mode\":\"fast\""#,
                ],
            ),
            (
                "JSON with a remark",
                json!({ "data": { "conf": "{\n  // for now\n  \"credentials\": {\n    \"of\": {\n      \"a\": \"hunter2\"\n    }\n  },\n  \"mode\": \"fast\"\n}" } }),
                &["credentials", "fast"],
            ),
            (
                "lines of a program",
                json!({ "data": { "run.sh": "set -e\ncurl -H 'Authorization: Bearer hunter2' https://shop.example\nlogin(api_key=\"hunter2\")\n" } }),
                &["set -e", "https://shop.example", "login(api_key="],
            ),
            (
                "places",
                json!({ "volumes": [{ "secret": { "secretName": "till-tls", "items": [{ "key": "tls.crt", "path": "crt" }] } }],
                    "imagePullSecrets": [{ "name": "regcred" }], "topologyKey": "kubernetes.io/hostname",
                    "tolerations": [{ "key": "spot", "value": "yes-it-is" }], "automountServiceAccountToken": true }),
                &["till-tls", "tls.crt", "regcred", "kubernetes.io/hostname", "yes-it-is", "true"],
            ),
        ];
        for (what, mut object, kept) in cases {
            tidy(&mut object);
            let text = yaml::write(&object);
            assert!(!text.contains("hunter2") && !text.contains("7734"), "{what}: {text}");
            for kept in kept {
                assert!(text.contains(kept), "{what}: {kept}: {text}");
            }
        }
    }
}
