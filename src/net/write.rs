//! The client that writes: one request, one connection, one send. Whoever does not hear the end of
//! it looks at the object; nobody sends again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::access::Access;
use super::error::NetError;

/// Of an answer to a write.
const BODY_LIMIT: usize = 8 << 20;

/// The right to write. Every function that sends what may change something takes one, so where none was
/// made (`--read-only`) no client that writes can be: there is nothing to ask.
#[derive(Debug, Clone, Copy)]
pub struct Writes(());

impl Writes {
    #[must_use]
    pub const fn granted() -> Self {
        Self(())
    }
}

/// Writes to one server.
#[derive(Clone)]
pub struct WriteStack {
    access: Arc<Access>,
}

impl fmt::Debug for WriteStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteStack").field(&self.access).finish()
    }
}

/// A JSON patch, ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    pub path: String,
    pub body: Vec<u8>,
}

/// An object to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub path: String,
    pub body: Vec<u8>,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// 2xx, with the object as the server has it now (`null` when the body did not come whole).
    Accepted(Value),
    /// The server said no: nothing was changed.
    Refused { code: u16, reason: String, message: String },
    /// It never left: no credential, no connection.
    NotSent { message: String },
    /// It left, or part of it, and nobody knows.
    Unknown { message: String },
}

impl WriteStack {
    pub(super) fn new(access: Arc<Access>) -> Self {
        Self { access }
    }

    /// Sends once.
    pub async fn send(&self, patch: Patch) -> Sent {
        self.once(Method::PATCH, "application/json-patch+json", &patch.path, patch.body).await
    }

    /// Sends once, too: a POST that came twice would make two objects.
    pub async fn create(&self, post: Post) -> Sent {
        self.once(Method::POST, "application/json", &post.path, post.body).await
    }

    async fn once(&self, method: Method, kind: &'static str, path: &str, body: Vec<u8>) -> Sent {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, kind)
            .header(header::ACCEPT, "application/json")
            .body(Body::from(body));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Sent::NotSent { message: format!("{path} is no path: {error}") },
        };
        // A credential may take an exec plug-in its time; nothing has left meanwhile.
        let client = match self.access.fresh().await {
            Ok(client) => client,
            Err(error) => return Sent::NotSent { message: error.to_string() },
        };
        let after = self.access.deadlines.write;
        let until = Instant::now() + after;
        match timeout_at(until, client.send(request)).await {
            Ok(Ok(response)) => {
                let status = response.status();
                classify(status, &body_of(response, self.access.deadlines.idle, until).await)
            }
            Ok(Err(error)) => match NetError::from_send(&error, &self.access.server()) {
                failed @ NetError::Connect(_) => Sent::NotSent { message: failed.to_string() },
                failed => Sent::Unknown { message: failed.to_string() },
            },
            Err(_) => Sent::Unknown { message: format!("no answer within {} s", after.as_secs_f32()) },
        }
    }
}

/// What came of the body: all of it, or what there was before it broke, stalled, or the write's time
/// was over.
async fn body_of(response: http::Response<Body>, idle: Duration, until: Instant) -> Vec<u8> {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Ok(Some(Ok(frame))) = timeout_at(until.min(Instant::now() + idle), body.frame()).await {
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() > BODY_LIMIT {
            break;
        }
    }
    bytes
}

fn classify(status: StatusCode, bytes: &[u8]) -> Sent {
    if status.is_success() {
        // The status line is the server's word; a body cut short does not take it back.
        return Sent::Accepted(serde_json::from_slice(bytes).unwrap_or(Value::Null));
    }
    let NetError::Api { code, reason, message, .. } = NetError::from_status(status.as_u16(), bytes, None) else {
        return Sent::Unknown { message: format!("HTTP {status}") };
    };
    if status.is_server_error() {
        // A gateway that gives up does not know what the server behind it did.
        Sent::Unknown { message: format!("{message} ({code})") }
    } else {
        Sent::Refused { code, reason, message }
    }
}
