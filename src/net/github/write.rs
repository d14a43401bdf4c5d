//! What is sent once: no retry, no redirect, no connection used before.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Duration, Instant, sleep_until, timeout_at};

use super::stack::{self, Answer, Keep};
use super::{ERROR_LIMIT, GitHub, Share};
use crate::net::error::NetError;
use crate::net::read::BodyStream;
use crate::net::write::{Sent, Writes};

/// Between two writes (GitHub's advice for secondary limits).
const APART: Duration = Duration::from_secs(1);

/// The right to write next. What is looked at before a write is looked at while it is held, so that
/// no other write lies between the look and the send.
#[derive(Debug)]
pub struct Turn(OwnedMutexGuard<Option<Instant>>);

impl GitHub {
    /// Waits until no other write is on its way, and for the time that must lie between two.
    pub async fn turn(&self) -> Turn {
        let last = Arc::clone(&self.inner.last_write).lock_owned().await;
        if let Some(last) = *last {
            sleep_until(last + APART).await;
        }
        Turn(last)
    }

    /// One object, whole, before a write or after one nobody heard the end of: from what is left to
    /// the user when our share of the hour is spent.
    pub async fn get_for_write(&self, path: &str) -> Result<Bytes, NetError> {
        self.object(path, Share::Whole).await
    }

    /// Sends a POST once.
    pub async fn post(&self, _: Writes, mut turn: Turn, path: &str, body: Option<&Value>) -> Sent {
        let sent = self.post_now(path, body).await;
        *turn.0 = Some(Instant::now());
        if matches!(sent, Sent::Accepted(_) | Sent::Unknown { .. }) {
            self.inner.stirred.send_modify(|count| *count += 1);
        }
        sent
    }

    async fn post_now(&self, path: &str, body: Option<&Value>) -> Sent {
        let not_sent = |error: NetError| Sent::NotSent { message: error.to_string() };
        let prepared = async {
            let held = self.held().await?;
            let hold = self.budget().hold(self.inner.clock.now().mono);
            self.refuse(hold)?;
            Ok((self.client(&held, Keep::Nothing)?, self.uri(path)?, held))
        };
        let (client, uri, held) = match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => return not_sent(error),
        };
        let after = self.inner.deadlines.write;
        let until = Instant::now() + after;
        match timeout_at(until, client._post(uri, body)).await {
            Ok(Ok(answer)) => {
                self.heard(answer.status(), answer.headers(), &held);
                self.outcome(answer, until).await
            }
            Ok(Err(error)) => match stack::failed(self.url(), &error, self.inner.place) {
                failed @ NetError::Connect(_) => not_sent(failed),
                failed => Sent::Unknown { message: failed.to_string() },
            },
            Err(_) => Sent::Unknown { message: format!("no answer within {} s", after.as_secs_f32()) },
        }
    }

    async fn outcome(&self, answer: Answer, until: Instant) -> Sent {
        let (head, body) = answer.into_parts();
        let stream = BodyStream::new(body, None, self.inner.deadlines.idle);
        // The status line is the server's word; a body cut short does not take it back.
        let body = timeout_at(until, stream.collect(ERROR_LIMIT)).await.ok().and_then(Result::ok).unwrap_or_default();
        let code = head.status.as_u16();
        if head.status.is_success() {
            return Sent::Accepted(serde_json::from_slice(&body).unwrap_or(Value::Null));
        }
        if head.status.is_redirection() {
            let message = match self.redirected(&head.headers) {
                NetError::Moved { .. } => {
                    "the repository has another name now; name it in the configuration".to_owned()
                }
                other => other.to_string(),
            };
            return Sent::Refused { code, reason: String::new(), message };
        }
        let (reason, message) = match self.refused(head.status, &body) {
            NetError::Api { reason, message, .. } => (reason, message),
            // A limit of the host: from now on nothing is asked until it ends.
            held @ NetError::Held { .. } => (String::new(), held.to_string()),
            _ => return Sent::Unknown { message: format!("HTTP {code}") },
        };
        if head.status.is_server_error() || head.status == StatusCode::REQUEST_TIMEOUT {
            // A gateway that gives up does not know what the server behind it did.
            Sent::Unknown { message: format!("{message} ({code})") }
        } else {
            Sent::Refused { code, reason, message }
        }
    }
}
