//! What changes something in an engine: sent once, its answer read as it comes. A build or a push goes on
//! only as long as somebody reads it: whoever drops the answer ends it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::Value;
use tokio::sync::mpsc;

use super::wire::{self, Ask, Open};
use super::{Docker, ERROR_LIMIT, words};
use crate::net::error::NetError;
use crate::net::read::BodyStream;
use crate::net::write::Writes;

/// The bytes of a context as they are made; an error ends the request.
pub type Context = mpsc::Receiver<Result<Bytes, String>>;

/// A POST of an engine.
pub struct EngineAsk {
    /// Without the version.
    pub path: String,
    /// `X-Registry-Auth` or `X-Registry-Config`.
    pub login: Option<(&'static str, HeaderValue)>,
    pub context: Option<Context>,
    /// Until the status line: a restart waits for the container's end, a build for the whole context.
    pub head: Duration,
}

impl fmt::Debug for EngineAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineAsk").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Debug)]
pub enum Answered {
    /// 2xx, with what the engine says meanwhile.
    Taken(EngineAnswer),
    /// The engine said no.
    Refused { code: u16, message: String },
    /// Nothing left.
    NotSent { message: String },
    /// It left, or part of it, and nobody knows.
    Unknown { message: String },
}

/// An answer as it comes; its connection ends with it.
#[derive(Debug)]
pub struct EngineAnswer {
    stream: BodyStream,
    _open: Open,
}

impl EngineAnswer {
    /// The next bytes; `None` at the end. Safe to drop while waiting.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        self.stream.chunk().await
    }
}

impl Docker {
    /// Sends once.
    pub async fn post(&self, _: Writes, ask: EngineAsk) -> Answered {
        let version = match self.spoken().await {
            Ok(version) => version,
            Err(error) => return Answered::NotSent { message: error.to_string() },
        };
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = ask.login {
            headers.insert(HeaderName::from_static(name), value);
        }
        let body = match ask.context {
            Some(context) => {
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
                let bytes = futures::stream::unfold(context, async |mut context| {
                    let next = context.recv().await?;
                    Some((next.map(Frame::data).map_err(std::io::Error::other), context))
                });
                StreamBody::new(Box::pin(bytes)).boxed_unsync()
            }
            None => wire::nothing(),
        };
        let path = format!("/{version}{}", ask.path);
        let ask = Ask { method: Method::POST, path: &path, headers, body, head: ask.head };
        let (answer, open) = match self.inner.ask(ask).await {
            Ok(answered) => answered,
            Err(fault) if fault.left => return Answered::Unknown { message: fault.error.to_string() },
            Err(fault) => return Answered::NotSent { message: fault.error.to_string() },
        };
        let status = answer.status();
        let stream = BodyStream::new(answer.into_body(), None, self.inner.deadlines.idle);
        if status.is_success() || status.as_u16() == 304 {
            return Answered::Taken(EngineAnswer { stream, _open: open });
        }
        let code = status.as_u16();
        if status.is_redirection() {
            return Answered::Refused { code, message: words::no_engine(&self.inner.at) };
        }
        // An error page that does not come whole still is an error with a code.
        let body = stream.collect(ERROR_LIMIT).await.unwrap_or_default();
        let message = match NetError::from_status(code, &body, None) {
            NetError::Api { message, .. } => message,
            other => other.to_string(),
        };
        if is_nobodys(code, &body) {
            return Answered::Unknown { message: format!("{message} ({code})") };
        }
        Answered::Refused { code, message }
    }
}

/// Not the engine's word: a gateway gave up on what stands behind it, or somebody stumbled and says so otherwise than
/// an engine does.
fn is_nobodys(code: u16, body: &[u8]) -> bool {
    let of_engine = || serde_json::from_slice::<Value>(body).is_ok_and(|whole| whole.get("message").is_some());
    matches!(code, 408 | 502..=504) || code >= 500 && !of_engine()
}
