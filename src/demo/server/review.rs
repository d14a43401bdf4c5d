//! `SelfSubjectAccessReview`: in the demo everybody may do what the demo serves.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Place;
use super::failure::Failure;
use super::scale::is_scaled;
use crate::demo::kinds::KINDS;

pub(super) const PATH: [&str; 4] = ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"];
pub(super) const RULES: [&str; 4] = ["apis", "authorization.k8s.io", "v1", "selfsubjectrulesreviews"];

/// Verbs on what the demo's server refuses, in tests: with the answer of a review, or in spite of it.
#[derive(Debug, Clone)]
pub(in crate::demo) struct Forbidden {
    /// Empty = in every namespace.
    pub(in crate::demo) namespace: String,
    /// `rollouts/status`.
    pub(in crate::demo) resource: String,
    /// A review says so too.
    pub(in crate::demo) told: bool,
}

impl Forbidden {
    pub(super) fn is(&self, namespace: &str, resource: &str) -> bool {
        self.resource == resource && (self.namespace.is_empty() || self.namespace == namespace)
    }
}

fn whole(plural: &str, sub: Option<&str>) -> String {
    match sub.filter(|sub| !sub.is_empty()) {
        Some(sub) => format!("{plural}/{sub}"),
        None => plural.to_owned(),
    }
}

/// Refuses a write that is forbidden.
pub(super) fn check(forbidden: &[Forbidden], place: &Place) -> Result<(), Failure> {
    let resource = whole(place.row.plural, place.sub);
    if forbidden.iter().any(|one| one.is(place.namespace, &resource)) {
        return Err(Failure::forbidden(place.row, place.namespace, place.name.unwrap_or_default(), &resource));
    }
    Ok(())
}

/// All rules of a namespace at once.
pub(super) fn rules(forbidden: &[Forbidden], body: &[u8]) -> Result<Response, Failure> {
    let mut review: Value = serde_json::from_slice(body)
        .map_err(|error| Failure::bad_request(format!("error decoding the review: {error}")))?;
    let namespace = review.pointer("/spec/namespace").and_then(Value::as_str).unwrap_or_default().to_owned();
    let denied = |resource: &str| forbidden.iter().any(|one| one.told && one.is(&namespace, resource));
    let rule = |verbs: &[&str], group: &str, resource: String| {
        (!denied(&resource) || verbs == ["get", "list", "watch"])
            .then(|| json!({ "verbs": verbs, "apiGroups": [group], "resources": [resource] }))
    };
    let mut all = Vec::new();
    for row in &KINDS {
        all.push(rule(&["get", "list", "watch"], row.group, row.plural.to_owned()));
        all.push(rule(&["patch"], row.group, row.plural.to_owned()));
        if row.status {
            all.push(rule(&["patch"], row.group, format!("{}/status", row.plural)));
        }
    }
    all.push(rule(&["get"], "", "pods/log".to_owned()));
    for plural in ["pipelineruns", "taskruns"] {
        all.push(rule(&["create"], "tekton.dev", plural.to_owned()));
    }
    for row in KINDS.iter().filter(|row| is_scaled(row)) {
        all.push(rule(&["patch"], row.group, format!("{}/scale", row.plural)));
    }
    let rules: Vec<Value> = all.into_iter().flatten().collect();
    let Value::Object(fields) = &mut review else { return Err(Failure::unprocessable()) };
    fields.insert("status".to_owned(), json!({ "resourceRules": rules, "nonResourceRules": [], "incomplete": false }));
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], review.to_string()).into_response())
}

pub(super) fn answer(forbidden: &[Forbidden], body: &[u8]) -> Result<Response, Failure> {
    let mut review: Value = serde_json::from_slice(body)
        .map_err(|error| Failure::bad_request(format!("error decoding the review: {error}")))?;
    let word = |name: &str| {
        let place = format!("/spec/resourceAttributes/{name}");
        review.pointer(&place).and_then(Value::as_str).unwrap_or_default()
    };
    let row = KINDS.iter().find(|row| row.group == word("group") && row.plural == word("resource"));
    let allowed = row.is_some_and(|row| match (word("verb"), word("subresource")) {
        ("patch" | "create", sub)
            if forbidden.iter().any(|one| one.told && one.is(word("namespace"), &whole(row.plural, Some(sub)))) =>
        {
            false
        }
        ("get" | "list" | "watch" | "patch", "") => true,
        ("create", "") => ["pipelineruns", "taskruns"].contains(&row.plural),
        ("get" | "patch", "status") => row.status,
        ("get", "log") => row.plural == "pods",
        ("patch", "scale") => is_scaled(row),
        _ => false,
    });
    let Value::Object(fields) = &mut review else { return Err(Failure::unprocessable()) };
    fields.insert("status".to_owned(), json!({ "allowed": allowed }));
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], review.to_string()).into_response())
}
