//! What Grafana answers. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How many annotations there are in an answer to a search.
pub fn found(body: &[u8]) -> Result<usize, serde_json::Error> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(rename = "id")]
        _id: i64,
    }
    serde_json::from_slice::<Vec<Row>>(body).map(|rows| rows.len())
}

/// Of annotations that belong to no dashboard.
const ORGANIZATION: &str = "annotations:type:organization";

/// Whether an account with these permissions may make an annotation such as ours, as Grafana's own authorizer takes
/// scopes: `*` at the end stands for all below.
pub fn may_create(body: &[u8]) -> Result<bool, serde_json::Error> {
    let all: BTreeMap<String, Vec<String>> = serde_json::from_slice(body)?;
    let reaches = |scope: &String| match scope.strip_suffix('*') {
        Some(above) => (above.is_empty() || above.ends_with(':')) && ORGANIZATION.starts_with(above),
        None => scope == ORGANIZATION,
    };
    Ok(all.get("annotations:create").is_some_and(|scopes| scopes.iter().any(reaches)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_annotate_is_told_by_action_and_scope() {
        for (scopes, wanted) in [
            (r#""annotations:create":["annotations:type:organization"]"#, true),
            (r#""annotations:create":["annotations:type:dashboard","annotations:type:*"]"#, true),
            (r#""annotations:create":["annotations:*"]"#, true),
            (r#""annotations:create":["*"]"#, true),
            (r#""annotations:create":["annotations:type:dashboard"]"#, false),
            (r#""annotations:create":["dashboards:*","folders:uid:general"]"#, false),
            (r#""annotations:create":["annotations:ty*"]"#, false),
            (r#""annotations:create":[""]"#, false),
            (r#""annotations:create":[]"#, false),
            (r#""annotations:read":["annotations:*"]"#, false),
            ("", false),
        ] {
            let body = format!("{{{scopes}}}");
            assert_eq!(may_create(body.as_bytes()).unwrap(), wanted, "{body}");
        }
        for odd in [&b"[]"[..], b"{\"annotations:create\":true}", b"<html>", b""] {
            assert!(may_create(odd).is_err());
        }
    }

    #[test]
    fn annotations_are_counted_and_nothing_else_is() {
        assert_eq!(found(br#"[{"id":7,"text":"x"},{"id":8}]"#).unwrap(), 2);
        assert_eq!(found(b"[]").unwrap(), 0);
        for odd in [&b"{}"[..], b"[{}]", b"<html>", b""] {
            assert!(found(odd).is_err());
        }
    }
}
