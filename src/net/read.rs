//! The client that reads: GET only (but for the one question of [`super::review`]), with deadlines, limits and a retry that the caller can see.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use jiff::Timestamp;
use kube::client::Body;
use tokio::time::{Instant, sleep, timeout};
use tower::BoxError;

use super::access::{Access, Deadlines};
use super::error::NetError;
use super::jitter;

/// Tries of a one-shot read.
const TRIES: u32 = 3;
/// How many times the least wait jitter may add to it: up to 5 s between two tries.
const WAIT_JITTER: u32 = 24;
/// A longer `Retry-After` is not waited for inside a call.
const RETRY_AFTER_MOST: Duration = Duration::from_mins(1);
/// Of a body read whole.
const BODY_LIMIT: usize = 64 << 20;
/// Of a body that comes with an error status.
const ERROR_LIMIT: usize = 64 << 10;

/// Reads from one server. Cheap to clone.
#[derive(Clone)]
pub struct ReadStack {
    pub(super) access: Arc<Access>,
    accept: &'static str,
}

impl fmt::Debug for ReadStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadStack").field(&self.access).finish()
    }
}

const WHOLE: &str = "application/json, */*";
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// The same of a watch, whose frames are objects and no list.
const METADATA_FRAMES: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// A whole answer, 2xx.
#[derive(Debug, Clone)]
pub struct Answer {
    pub body: Bytes,
    /// The server's clock.
    pub date: Option<Timestamp>,
}

impl ReadStack {
    pub(super) fn new(access: Arc<Access>) -> Self {
        Self { access, accept: WHOLE }
    }

    /// The same, which asks for what objects are called and labelled with, where the server can leave out
    /// the rest (KEP-2334).
    #[must_use]
    pub fn of_metadata(&self) -> Self {
        Self { access: Arc::clone(&self.access), accept: METADATA }
    }

    #[must_use]
    pub fn deadlines(&self) -> Deadlines {
        self.access.deadlines
    }

    /// A read that may be tried three times, all within the total deadline.
    pub async fn get(&self, path: &str) -> Result<Answer, NetError> {
        let total = self.access.deadlines.total;
        let until = Instant::now() + total;
        let mut tries = 0;
        loop {
            tries += 1;
            let left = until.saturating_duration_since(Instant::now());
            let error = match self.get_once(path, left).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = retry_wait(&error, self.access.deadlines.again).min(RETRY_AFTER_MOST);
            if tries >= TRIES || !error.is_passing() || Instant::now() + wait >= until {
                return Err(error);
            }
            sleep(wait).await;
        }
    }

    /// A read tried once; the caller has its own back-off and shows it.
    pub async fn get_once(&self, path: &str, total: Duration) -> Result<Answer, NetError> {
        let whole = async {
            let stream = self.open(path).await?;
            let date = stream.date;
            let body = stream.collect(BODY_LIMIT).await.map_err(|error| error.at(&self.access.server()))?;
            Ok(Answer { body, date })
        };
        timeout(total, whole).await.unwrap_or(Err(NetError::Deadline { what: "whole answer", after: total }))
    }

    /// A heartbeat on a connection of its own: a pooled one may be the very thing that is dead.
    pub async fn probe(&self, path: &str) -> Result<Answer, NetError> {
        let after = self.access.deadlines.probe;
        // An exec plug-in may take longer than an answer should; that is not the server's silence.
        let client = self.access.fresh().await?;
        let whole = async {
            let response = client
                .send(request(path, self.accept)?)
                .await
                .map_err(|error| NetError::from_send(&error, &self.access.server()))?;
            let stream = accept(response, self.access.deadlines.idle).await?;
            let date = stream.date;
            let body = stream.collect(BODY_LIMIT).await.map_err(|error| error.at(&self.access.server()))?;
            Ok(Answer { body, date })
        };
        timeout(after, whole).await.unwrap_or(Err(NetError::Deadline { what: "answer", after }))
    }

    /// A body that is read as it comes. Only the headers have a deadline; what silence means, the
    /// caller decides.
    pub async fn open(&self, path: &str) -> Result<BodyStream, NetError> {
        let (epoch, error) = match self.open_with_credential(path).await {
            Ok(stream) => return Ok(stream),
            Err(failed) => failed,
        };
        // The plug-in's token may have been revoked before its time: one new one, once.
        if error.code() == Some(401) && self.access.renew(epoch).await {
            return self.open_with_credential(path).await.map_err(|(_, error)| error);
        }
        Err(error)
    }

    /// The body of `GET …/log`, chunk by chunk. See [`Self::open`].
    pub async fn log_stream(&self, path_and_query: &str) -> Result<BodyStream, NetError> {
        self.open(path_and_query).await
    }

    async fn open_with_credential(&self, path: &str) -> Result<BodyStream, (u64, NetError)> {
        let (epoch, client) = self.access.pooled().await.map_err(|error| (0, error))?;
        // A list that is asked for as one object is refused, and a watch as a list says nothing.
        let frames = self.accept == METADATA && path.contains("watch=1");
        let accept = if frames { METADATA_FRAMES } else { self.accept };
        let request = request(path, accept).map_err(|error| (epoch, error))?;
        let after = self.access.deadlines.headers;
        let sent = timeout(after, client.send(request)).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err((epoch, NetError::from_send(&error, &self.access.server()))),
            Err(_) => return Err((epoch, NetError::Deadline { what: "answer", after })),
        };
        self::accept(response, self.access.deadlines.idle).await.map_err(|error| (epoch, error))
    }
}

fn request(path: &str, accept: &str) -> Result<Request<Body>, NetError> {
    Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .map_err(|error| NetError::Unusable(format!("{path} is no path: {error}")))
}

/// Takes a 2xx; makes an error of anything else.
pub(super) async fn accept(response: Response<Body>, idle: Duration) -> Result<BodyStream, NetError> {
    let status = response.status();
    let retry_after = retry_after(&response);
    let date = header_text(&response, header::DATE).and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    let stream = BodyStream::new(response.into_body(), date.map(|date| date.timestamp()), idle);
    if status.is_success() {
        return Ok(stream);
    }
    // An error page that does not come whole still is an error with a code.
    let body = stream.collect(ERROR_LIMIT).await.unwrap_or_default();
    Err(NetError::from_status(status.as_u16(), &body, retry_after))
}

fn header_text(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// `Retry-After` in seconds; API servers send no dates, and a date is a clock we cannot trust.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    header_text(response, header::RETRY_AFTER)?.trim().parse().ok().map(Duration::from_secs)
}

fn retry_wait(error: &NetError, least: Duration) -> Duration {
    match error {
        NetError::Api { retry_after: Some(after), .. } => *after,
        _ => least + jitter(least * WAIT_JITTER),
    }
}

/// A body on its way.
pub struct BodyStream {
    /// The server's clock.
    pub date: Option<Timestamp>,
    body: UnsyncBoxBody<Bytes, BoxError>,
    idle: Duration,
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream").finish_non_exhaustive()
    }
}

impl BodyStream {
    pub(super) fn new<B>(body: B, date: Option<Timestamp>, idle: Duration) -> Self
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self { date, body: body.map_err(Into::into).boxed_unsync(), idle }
    }

    /// The next bytes; `None` at the end. Waits as long as it takes. Safe to drop while waiting:
    /// nothing is lost.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => {
                    return Err(NetError::Transport(super::failure::sentence(super::error::NAMELESS, &*error)));
                }
            }
        }
    }

    /// As [`Self::chunk`], of a body that has an end: silence longer than the idle deadline is a fault.
    pub async fn chunk_in_time(&mut self) -> Result<Option<Bytes>, NetError> {
        let after = self.idle;
        timeout(after, self.chunk()).await.unwrap_or(Err(NetError::Deadline { what: "more of the answer", after }))
    }

    /// The whole body, chunk after chunk within the idle deadline.
    pub(super) async fn collect(mut self, limit: usize) -> Result<Bytes, NetError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk_in_time().await? {
            if whole.len() + chunk.len() > limit {
                return Err(NetError::TooLarge { limit, from: String::new() });
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }
}
