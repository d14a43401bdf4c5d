//! One connection for one request: nothing is kept, so nothing dead is found in a pool, and nothing
//! is ever sent twice.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::{Address, Inner, words};
use crate::net::error::NetError;

impl Inner {
    /// The head of the answer to a GET.
    pub(super) async fn send(&self, path: &str) -> Result<Response<Incoming>, NetError> {
        let host = match &self.address {
            Address::Socket(_) => "docker",
            Address::Tcp(uri) => uri.authority().map_or("docker", http::uri::Authority::as_str),
        };
        let request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(header::HOST, host)
            .header(header::USER_AGENT, crate::net::USER_AGENT)
            .body(Empty::<Bytes>::new())
            .map_err(|error| NetError::Unusable(format!("{path} is no path: {error}")))?;
        match &self.address {
            Address::Socket(path) => {
                let stream = self.connected(UnixStream::connect(path)).await?;
                let stream = stream.map_err(|error| NetError::Connect(words::of_socket(&self.at, path, &error)))?;
                self.exchange(TokioIo::new(stream), request).await
            }
            Address::Tcp(uri) => {
                let stream = self.connected(connector(self.deadlines.connect).oneshot(uri.clone())).await?;
                let stream = stream.map_err(|error| NetError::Connect(words::of_tcp(&self.at, &error)))?;
                self.exchange(stream, request).await
            }
        }
    }

    async fn connected<T>(&self, connecting: impl Future<Output = T>) -> Result<T, NetError> {
        let after = self.deadlines.connect;
        timeout(after, connecting).await.map_err(|_| NetError::Connect(words::unanswered(&self.at, after)))
    }

    async fn exchange<T>(&self, stream: T, request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, NetError>
    where
        T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let broken = |error: hyper::Error| NetError::Connect(words::of_exchange(&self.at, &error));
        let (mut sender, connection) = http1::Builder::new()
            // What lies in between for a slow reader stays in the engine's socket.
            .max_buf_size(64 << 10)
            .handshake(stream)
            .await
            .map_err(broken)?;
        // It ends with the body: nobody sends a second request.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the engine ended");
            }
        });
        let after = self.deadlines.head;
        match timeout(after, sender.send_request(request)).await {
            Ok(answer) => answer.map_err(broken),
            Err(_) => Err(NetError::Connect(words::silent(&self.at, after))),
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
