//! `SelfSubjectAccessReview`: in the demo everybody may do what the demo serves.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::failure::Failure;
use crate::demo::kinds::KINDS;

pub(super) const PATH: [&str; 4] = ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"];

pub(super) fn answer(body: &[u8]) -> Result<Response, Failure> {
    let mut review: Value = serde_json::from_slice(body)
        .map_err(|error| Failure::bad_request(format!("error decoding the review: {error}")))?;
    let word = |name: &str| {
        let place = format!("/spec/resourceAttributes/{name}");
        review.pointer(&place).and_then(Value::as_str).unwrap_or_default()
    };
    let row = KINDS.iter().find(|row| row.group == word("group") && row.plural == word("resource"));
    let allowed = row.is_some_and(|row| match (word("verb"), word("subresource")) {
        ("get" | "list" | "watch" | "patch", "") => true,
        ("get" | "patch", "status") => row.status,
        ("get", "log") => row.plural == "pods",
        _ => false,
    });
    let Value::Object(fields) = &mut review else { return Err(Failure::unprocessable()) };
    fields.insert("status".to_owned(), json!({ "allowed": allowed }));
    Ok((StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], review.to_string()).into_response())
}
