//! What is sent once: no retry, no redirect, no connection used before.

use std::hash::{BuildHasher as _, Hasher as _};

use http::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{RustCi, is_page};
use crate::net::error::NetError;
use crate::net::secret::Held;
use crate::net::write::{Sent, Writes};

/// Of the answer to a write.
const ANSWER_LIMIT: usize = 1 << 20;

impl RustCi {
    /// Sends a POST with JSON once.
    pub async fn post(&self, _: Writes, path: &str, body: &Value) -> Sent {
        let body = body.to_string();
        self.send(Method::POST, path, |request| request.header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Sends a DELETE once.
    pub async fn delete(&self, _: Writes, path: &str) -> Sent {
        self.send(Method::DELETE, path, |request| request).await
    }

    /// Uploads a file once, as the one part of a form.
    pub async fn upload(&self, _: Writes, path: &str, field: &str, file: &str, text: &str) -> Sent {
        let boundary = boundary(text);
        let body = form(&boundary, field, file, text);
        let kind = format!("multipart/form-data; boundary={boundary}");
        self.send(Method::POST, path, |request| request.header(CONTENT_TYPE, kind).body(body)).await
    }

    async fn send(&self, method: Method, path: &str, with: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Sent {
        let not_sent = |error: NetError| Sent::NotSent { message: error.to_string() };
        let held = match self.held().await {
            Ok(held) => held,
            Err(error) => return not_sent(error),
        };
        let client = match self.client(held.as_ref(), 0) {
            Ok(client) => client,
            Err(error) => return not_sent(error),
        };
        let after = self.inner.deadlines.write;
        let until = Instant::now() + after;
        let request = with(client.request(method, self.at(path)));
        let sent = match timeout_at(until, request.send()).await {
            Ok(Ok(response)) => self.outcome(response, held.as_ref(), until).await,
            Ok(Err(error)) if error.is_builder() => not_sent(NetError::Unusable(error.to_string())),
            Ok(Err(error)) => match self.failed(&error) {
                failed @ NetError::Connect(_) => not_sent(failed),
                failed => Sent::Unknown { message: failed.to_string() },
            },
            Err(_) => Sent::Unknown { message: format!("no answer within {} s", after.as_secs_f32()) },
        };
        if matches!(sent, Sent::Accepted(_) | Sent::Unknown { .. }) {
            self.inner.stirred.send_modify(|count| *count += 1);
        }
        sent
    }

    async fn outcome(&self, mut response: Response, held: Option<&Held>, until: Instant) -> Sent {
        let (status, page) = (response.status(), is_page(&response));
        if status.is_success() && !page {
            // The status line is the server's word; a body cut short does not take it back.
            let body = timeout_at(until, self.body(&mut response, ANSWER_LIMIT)).await;
            let body = body.ok().and_then(Result::ok).unwrap_or_default();
            return Sent::Accepted(serde_json::from_slice(&body).unwrap_or(Value::Null));
        }
        let error = timeout_at(until, self.refused(response, held)).await;
        let code = status.as_u16();
        match error {
            Ok(NetError::Api { message, .. }) if is_doubtful(code) => {
                Sent::Unknown { message: format!("{message} ({code})") }
            }
            Ok(NetError::Api { message, .. }) => Sent::Refused { code, reason: String::new(), message },
            Ok(other) => Sent::Refused { code, reason: String::new(), message: other.to_string() },
            Err(_) if is_doubtful(code) => Sent::Unknown { message: format!("HTTP {code}") },
            Err(_) => Sent::Refused { code, reason: String::new(), message: format!("HTTP {code}") },
        }
    }
}

/// Whether the server may have done it all the same: one that stumbles does so in the middle, a
/// gateway that gives up does not know what stands behind it, and a page with 200 is no word of RustCI's.
/// What it does not have (501) it did not do.
const fn is_doubtful(code: u16) -> bool {
    matches!(code, 200..=299 | 408 | 500 | 502..)
}

/// A line that stands nowhere in the text.
fn boundary(text: &str) -> String {
    loop {
        let random = std::hash::RandomState::new().build_hasher().finish();
        let boundary = format!("quarterdeck-{random:016x}");
        if !text.contains(&boundary) {
            return boundary;
        }
    }
}

/// A form with one file. Its name must not end the line it stands in.
fn form(boundary: &str, field: &str, file: &str, text: &str) -> String {
    let name: String = file.chars().map(|c| if c.is_control() || matches!(c, '"' | '\\') { '_' } else { c }).collect();
    format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         Content-Type: application/x-yaml\r\n\r\n{text}\r\n--{boundary}--\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_the_file_and_nothing_else_can_end_it() {
        let text = "name: nightly\nstages: []\n";
        let boundary = boundary(text);
        let body = form(&boundary, "pipeline", "a\"\r\nX: y.yaml", text);
        let (head, rest) = body.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.lines().count(), 3, "{head}");
        assert!(head.contains("filename=\"a___X: y.yaml\""), "{head}");
        assert_eq!(rest.strip_suffix(&format!("\r\n--{boundary}--\r\n")), Some(text));
    }

    #[test]
    fn a_server_that_stumbles_is_not_taken_for_one_that_refuses() {
        for code in [200, 204, 408, 500, 502, 503, 504, 599] {
            assert!(is_doubtful(code), "{code}");
        }
        for code in [301, 400, 401, 403, 404, 405, 413, 415, 422, 429, 501] {
            assert!(!is_doubtful(code), "{code}");
        }
    }
}
