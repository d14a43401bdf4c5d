//! Errors as the API server says them: `Status` objects with its own words.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::demo::kinds::Row;

/// A refused request.
#[derive(Debug)]
pub(super) struct Failure {
    code: u16,
    reason: &'static str,
    message: String,
    details: Value,
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null }
    }

    fn with_details(mut self, row: &Row, name: &str) -> Self {
        self.details = json!({ "name": name, "kind": row.plural });
        if !row.group.is_empty() {
            self.details["group"] = row.group.into();
        }
        self
    }

    /// 404 for an object that is not there.
    pub(super) fn not_found(row: &Row, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", row.resource())).with_details(row, name)
    }

    /// 403: this account may not do that.
    pub(super) fn forbidden(row: &Row, namespace: &str, name: &str, resource: &str) -> Self {
        let group = row.group;
        let message = format!(
            "{} \"{name}\" is forbidden: User \"demo\" cannot patch resource \"{resource}\" in API group \"{group}\" in the namespace \"{namespace}\"",
            row.resource()
        );
        Self::new(403, "Forbidden", message).with_details(row, name)
    }

    /// 403 on a list.
    pub(super) fn not_shown(row: &Row) -> Self {
        let message = format!(
            "{} is forbidden: User \"demo\" cannot list resource \"{}\" in API group \"{}\" at the cluster scope",
            row.resource(),
            row.plural,
            row.group
        );
        Self::new(403, "Forbidden", message)
    }

    /// 405 for a verb that the demo does not serve.
    pub(super) fn method_not_allowed() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    /// 400.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 409: the resource version in the patch is not the object's.
    pub(super) fn conflict(row: &Row, name: &str) -> Self {
        let what = row.resource();
        let message = format!(
            "Operation cannot be fulfilled on {what} \"{name}\": the object has been modified; please apply your changes to the latest version and try again"
        );
        Self::new(409, "Conflict", message).with_details(row, name)
    }

    /// 410: asked for something that the history no longer holds.
    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 415.
    pub(super) fn media_type(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 422 as a JSON patch gets it whose `test` fails or whose path does not exist. The real server
    /// does not say which.
    pub(super) fn unprocessable() -> Self {
        let mut failure = Self::new(422, "Invalid", "the server rejected our request due to an error in our request");
        failure.details = json!({});
        failure
    }

    /// 422 with the fields that are wrong.
    pub(super) fn invalid(row: &Row, name: &str, causes: &[(String, String)]) -> Self {
        let all: Vec<String> = causes.iter().map(|(field, why)| format!("{field}: {why}")).collect();
        let list = if all.len() == 1 { all[0].clone() } else { format!("[{}]", all.join(", ")) };
        let kind = if row.group.is_empty() { row.name.to_owned() } else { format!("{}.{}", row.name, row.group) };
        let mut failure = Self::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {list}"));
        let causes: Vec<Value> = causes
            .iter()
            .map(|(field, why)| json!({ "reason": "FieldValueTypeInvalid", "message": why, "field": field }))
            .collect();
        failure.details = json!({ "name": name, "group": row.group, "kind": row.name, "causes": causes });
        failure
    }

    /// The `Status` object.
    pub(super) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, [(header::CONTENT_TYPE, "application/json")], self.status().to_string()).into_response()
    }
}
