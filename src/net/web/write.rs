//! What is sent once: no retry, no redirect, no connection used before.

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::words::Deed;
use super::{Web, is_page};
use crate::net::error::NetError;
use crate::net::write::{Sent, Writes};

/// Of the answer to a write.
const ANSWER_LIMIT: usize = 1 << 20;

impl Web {
    /// Sends a POST with JSON once.
    pub(in crate::net) async fn post(&self, _: Writes, path: &str, body: &Value) -> Sent {
        self.once(Method::POST, path, body.to_string()).await
    }

    /// Sends a DELETE once.
    pub(in crate::net) async fn delete(&self, _: Writes, path: &str) -> Sent {
        self.once(Method::DELETE, path, String::new()).await
    }

    /// Sends a GET once by which the server does something.
    pub(in crate::net) async fn ask(&self, _: Writes, path: &str) -> Sent {
        self.once(Method::GET, path, String::new()).await
    }

    async fn once(&self, method: Method, path: &str, body: String) -> Sent {
        let not_sent = |error: NetError| Sent::NotSent { message: error.to_string() };
        let held = match self.held().await {
            Ok(held) => held,
            Err(error) => return not_sent(error),
        };
        let client = match self.client(held.as_ref(), 0).await {
            Ok(client) => client,
            Err(error) => return not_sent(error),
        };
        let after = self.inner.deadlines.write;
        let until = Instant::now() + after;
        // The kind is asked of what changes something, also where there is nothing in it.
        let read = method == Method::GET;
        let request = client.request(method, format!("{}{path}", self.inner.url));
        let request = if read { request } else { request.header(CONTENT_TYPE, "application/json").body(body) };
        match timeout_at(until, request.send()).await {
            Ok(Ok(response)) => self.outcome(response, until).await,
            Ok(Err(error)) if error.is_builder() => not_sent(NetError::Unusable(error.to_string())),
            Ok(Err(error)) => match self.failed(&error) {
                failed @ NetError::Connect(_) => not_sent(failed),
                failed => Sent::Unknown { message: failed.to_string() },
            },
            Err(_) => Sent::Unknown { message: format!("no answer within {} s", after.as_secs_f32()) },
        }
    }

    async fn outcome(&self, mut response: reqwest::Response, until: Instant) -> Sent {
        let (status, page) = (response.status(), is_page(&response));
        if status.is_success() && !page {
            // The status line is the server's word; a body cut short does not take it back.
            let body = timeout_at(until, self.body(&mut response, ANSWER_LIMIT)).await;
            let body = body.ok().and_then(Result::ok).unwrap_or_default();
            return Sent::Accepted(serde_json::from_slice(&body).unwrap_or(Value::Null));
        }
        let code = status.as_u16();
        let message = match timeout_at(until, self.refused(response, Deed::Write)).await {
            Ok(NetError::Api { message, .. }) => message,
            Ok(other) => other.to_string(),
            Err(_) => format!("HTTP {code}"),
        };
        // A server that stumbles does so in the middle, a gateway that gives up does not know what stands behind
        // it, and a page with 200 is no word of the server's.
        if matches!(code, 200..=299 | 408 | 500 | 502..) {
            Sent::Unknown { message: format!("{message} ({code})") }
        } else {
            Sent::Refused { code, reason: String::new(), message }
        }
    }
}
