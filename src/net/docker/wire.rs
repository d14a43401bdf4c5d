//! One connection for one request: nothing is kept, so nothing dead is found in a pool, and nothing
//! is ever sent twice.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::{Address, Inner, words};
use crate::net::error::NetError;

/// What is sent with a request.
pub(super) type Content = UnsyncBoxBody<Bytes, std::io::Error>;

/// Nothing.
pub(super) fn nothing() -> Content {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// Why there is no answer, and whether anything may have left.
pub(super) struct Fault {
    pub(super) left: bool,
    pub(super) error: NetError,
}

impl Fault {
    const fn before(error: NetError) -> Self {
        Self { left: false, error }
    }
}

/// Ends the connection with whoever waits for its answer: an engine stops what nobody reads.
#[derive(Debug)]
pub(super) struct Open(Option<tokio::task::AbortHandle>);

impl Open {
    /// It ends with the body instead.
    fn let_go(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// A request that is more than a path.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) headers: HeaderMap,
    pub(super) body: Content,
    /// Until the status line.
    pub(super) head: Duration,
}

impl Inner {
    /// The head of the answer to a GET.
    pub(super) async fn send(&self, path: &str) -> Result<Response<Incoming>, NetError> {
        let ask =
            Ask { method: Method::GET, path, headers: HeaderMap::new(), body: nothing(), head: self.deadlines.head };
        let (answer, open) = self.ask(ask).await.map_err(|fault| fault.error)?;
        open.let_go();
        Ok(answer)
    }

    /// The head of the answer to any request, and what keeps its connection open.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<(Response<Incoming>, Open), Fault> {
        let path = ask.path;
        let host = match &self.address {
            Address::Socket(_) => "docker",
            Address::Tcp(uri) => uri.authority().map_or("docker", http::uri::Authority::as_str),
        };
        let mut request = Request::builder()
            .method(ask.method)
            .uri(path)
            .header(header::HOST, host)
            .header(header::USER_AGENT, crate::net::USER_AGENT)
            .body(ask.body)
            .map_err(|error| Fault::before(NetError::Unusable(format!("{path} is no path: {error}"))))?;
        request.headers_mut().extend(ask.headers);
        match &self.address {
            Address::Socket(path) => {
                let stream = self.connected(UnixStream::connect(path)).await.map_err(Fault::before)?;
                let stream = stream
                    .map_err(|error| Fault::before(NetError::Connect(words::of_socket(&self.at, path, &error))))?;
                self.exchange(TokioIo::new(stream), request, ask.head).await
            }
            Address::Tcp(uri) => {
                let connecting = self.connected(connector(self.deadlines.connect).oneshot(uri.clone()));
                let stream = connecting.await.map_err(Fault::before)?;
                let stream =
                    stream.map_err(|error| Fault::before(NetError::Connect(words::of_tcp(&self.at, &error))))?;
                self.exchange(stream, request, ask.head).await
            }
        }
    }

    async fn connected<T>(&self, connecting: impl Future<Output = T>) -> Result<T, NetError> {
        let after = self.deadlines.connect;
        timeout(after, connecting).await.map_err(|_| NetError::Connect(words::unanswered(&self.at, after)))
    }

    async fn exchange<T>(
        &self,
        stream: T,
        request: Request<Content>,
        after: Duration,
    ) -> Result<(Response<Incoming>, Open), Fault>
    where
        T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let broken =
            |error: hyper::Error| Fault { left: true, error: NetError::Connect(words::of_exchange(&self.at, &error)) };
        let (mut sender, connection) = http1::Builder::new()
            // What lies in between for a slow reader stays in the engine's socket.
            .max_buf_size(64 << 10)
            .handshake(stream)
            .await
            .map_err(broken)?;
        // It ends with the body: nobody sends a second request.
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the engine ended");
            }
        });
        let open = Open(Some(task.abort_handle()));
        match timeout(after, sender.send_request(request)).await {
            Ok(answer) => answer.map(|answer| (answer, open)).map_err(broken),
            Err(_) => Err(Fault { left: true, error: NetError::Connect(words::silent(&self.at, after)) }),
        }
    }
}

/// Keepalive finds a host that went away under a quiet stream.
fn connector(connect: Duration) -> HttpConnector {
    let mut http = HttpConnector::new();
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect));
    http.set_keepalive(Some(Duration::from_secs(5)));
    http.set_keepalive_interval(Some(Duration::from_secs(3)));
    http.set_keepalive_retries(Some(3));
    http
}
