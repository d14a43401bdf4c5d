//! How the server says no: three shapes of its own, and axum's plain text before them.

use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

/// Which of its branches the server is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    Main,
    /// As its documentation has it, and no code.
    Docs,
    Runners,
}

/// Why nothing was done.
#[derive(Debug)]
pub(super) struct Refusal {
    code: u16,
    message: String,
    /// It comes from axum, before the server itself looks.
    plain: bool,
}

impl Refusal {
    pub(super) fn of(code: u16, message: &str) -> Self {
        Self { code, message: message.to_owned(), plain: false }
    }

    pub(super) fn plain(code: u16, message: &str) -> Self {
        Self { code, message: message.to_owned(), plain: true }
    }

    pub(super) fn unknown_route() -> Self {
        Self::plain(404, "")
    }

    pub(super) fn missing(field: &str) -> Self {
        let place = format!("missing field `{field}` at line 1 column 2");
        Self::plain(422, &format!("Failed to deserialize the JSON body into the target type: {place}"))
    }

    /// As this branch says it.
    pub(super) fn answer(self, branch: Branch, method: &Method, path: &str, now: Timestamp) -> Response {
        if self.plain {
            return self.into_response();
        }
        let (word, advice) = kind(self.code);
        let body = match branch {
            Branch::Main => json!({ "error": self.message, "status": self.code, "timestamp": now.to_string() }),
            Branch::Docs => json!({
                "error": word, "message": self.message, "details": null,
                "suggestions": [advice], "timestamp": now.to_string(),
            }),
            Branch::Runners => json!({
                "error": { "code": word, "message": self.message, "details": null, "recovery_suggestions": [advice] },
                "request_id": "req-1", "timestamp": now.to_string(), "path": path, "method": method.as_str(),
            }),
        };
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], self.message).into_response()
    }
}

fn kind(code: u16) -> (&'static str, &'static str) {
    match code {
        400 => ("VALIDATION_ERROR", "Check the request against the documentation"),
        401 => ("AUTHENTICATION_ERROR", "Log in again"),
        403 => ("AUTHORIZATION_ERROR", "Ask an administrator for the permission"),
        404 => ("NOT_FOUND", "List what there is first"),
        413 => ("FILE_SIZE_EXCEEDED", "Upload a smaller file"),
        415 => ("UNSUPPORTED_FILE_TYPE", "Upload a .yaml or .yml file"),
        _ => ("INTERNAL_ERROR", "Try again later"),
    }
}
